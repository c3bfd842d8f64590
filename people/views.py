"""Coming in, and the language one reads."""

from __future__ import annotations

from typing import Any

import requests
from allauth.account.utils import perform_login
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

from people.actions import keep_language
from people.demo import PASSWORD, demo_people
from people.guessing import wait_until
from people.models import User

COMPANY = "company"


class Login(LoginView):
    """The login page; in the demo world it offers the people one may look around as."""

    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Go on to the second step, where the person has set one up, else in."""
        answer: HttpResponse = perform_login(
            self.request, form.get_user(), redirect_url=self.get_success_url()
        )
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        demo = [
            (one.username, str(one), one.role_label)
            for one in demo_people().prefetch_related("grants")
        ]
        more = {"demo_people": demo, "demo_password": PASSWORD, "wait_until": None}
        return super().get_context_data(**{**more, "company": company_name(), **kwargs})


def company_name() -> str:
    """Return what the button of the company account says; nothing where there is none."""
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"].get("APPS", [])
    return (apps[0]["name"] or gettext("company account")) if apps else ""


@require_POST
def company_login(request: HttpRequest) -> HttpResponse:
    """Send somebody to the provider of the company account, by a page that leads there.

    A redirect would not do: a form may lead nowhere else (`form-action`), redirects included.
    """
    try:
        provider = get_adapter().get_provider(request, COMPANY)
        asked = request.POST.get("next", "")
        page = asked if url_has_allowed_host_and_scheme(asked, None) else None
        there = provider.redirect(request, process="login", next_url=page)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (requests.RequestException, KeyError):
        messages.error(request, gettext("The company account does not answer. Try again later."))
        return redirect("login")
    return render(request, "people/company.html", {"address": there["Location"]})


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the language, keep the page, and remember it for the person."""
    response: HttpResponse = django_set_language(request)
    if isinstance(request.user, User):
        keep_language(user=request.user, chosen=request.POST.get("language", ""))
    return response


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Answer the attempt that is too many: say how long to wait (429)."""
    until = wait_until(timezone.now())
    if request.user.is_authenticated:
        return render(request, "429.html", {"wait_until": until}, status=429)
    view = Login()
    view.setup(request)
    form = AuthenticationForm(request, initial={"username": request.POST.get("username", "")})
    context = view.get_context_data(form=form, wait_until=until)
    return render(request, view.get_template_names(), context, status=429)
