"""The back office: Django's administration, asked only what it and every database understand."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from people.views import Login

LONGEST = 2000
"""Characters of one value in an address; SQLite searches for no more than some thousands."""


class BackOffice(AdminSite):
    site_header = site_title = _("Opsgate: administration")

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Let staff in as everybody comes in: with the second step, where one has been set up."""
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        context = {
            **self.each_context(request),
            "title": _("Log in"),
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            REDIRECT_FIELD_NAME: request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"),
            **(extra_context or {}),
        }
        request.current_app = self.name
        view = Login.as_view(
            authentication_form=AdminAuthenticationForm,
            extra_context=context,
            redirect_authenticated_user=False,
            template_name="admin/login.html",
        )
        answer: Any = view(request)
        return answer  # type: ignore[no-any-return]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Answer 400 to what Django itself would fail at: see `is_understood`, and numbers of more
        than 64 bits, which SQLite's driver refuses where a row is chosen by them."""
        shown = super().admin_view(view, cacheable)

        @wraps(shown)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not is_understood(request.GET):
                raise BadRequest("a question nobody can answer")
            try:
                answered: HttpResponse = shown(request, *args, **kwargs)
            except OverflowError as error:
                raise BadRequest("a number no column holds") from error
            return answered

        return answer


def is_understood(asked: QueryDict) -> bool:
    """Tell whether no value is too long, and no field is named that has no name."""
    values = [value for _name, several in asked.lists() for value in several]
    return "" not in asked.getlist(TO_FIELD_VAR) and all(len(one) <= LONGEST for one in values)
