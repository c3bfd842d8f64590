"""Coming in, and the language one reads."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

from people.demo import PASSWORD
from people.models import User


class Login(LoginView):
    """The login page; in the demo world it offers the people one may look around as."""

    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Keep the language that was chosen on the way in."""
        chosen = self.request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen in dict(settings.LANGUAGES):
            User.objects.filter(pk=form.get_user().pk).update(language=chosen)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people = User.objects.filter(email__endswith="@demo.invalid", is_active=True)
        demo = [
            (one.username, str(one), one.role_label) for one in people.prefetch_related("grants")
        ]
        more = {"demo_people": demo, "demo_password": PASSWORD, "is_locked_out": False}
        return super().get_context_data(**{**more, **kwargs})


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the language, keep the page, and remember it for the person."""
    response: HttpResponse = django_set_language(request)
    wanted = request.POST.get("language")
    if isinstance(request.user, User) and wanted in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=wanted)
    return response


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Answer the sixth wrong password: say that waiting helps (429)."""
    view = Login()
    view.setup(request)
    context = view.get_context_data(form=view.get_form(), is_locked_out=True)
    return render(request, view.get_template_names(), context, status=429)
