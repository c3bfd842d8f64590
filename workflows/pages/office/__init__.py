"""The back office in the shell: what a service manager or an administrator does every week.

Who sees and who changes what is said by the permissions their roles bring, as in Django's
administration, which stays for the rare rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.messages import success
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from workflows.pages import FORM, Request

PAGE = 25
UNPROCESSABLE = 422


@dataclass(frozen=True)
class Deed:
    """Something a page lets one do: who may, what is asked, and what does it.

    `run` is given the subject of the page, the request and what the form says; it returns the
    sentence that tells what was done.
    """

    permission: str
    run: Callable[[Any, Request, dict[str, Any]], str]
    form: type[forms.Form] = forms.Form


Deeds = Mapping[str, Deed]


def office_page(permission: str, *, methods: list[str] | None = None) -> Any:
    """Open a page to whoever holds a permission: strangers are sent to log in, others get 403."""

    def opened(view: Any) -> Any:
        @login_required
        @require_http_methods(methods or FORM)
        @wraps(view)
        def shown(request: Request, **where: Any) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            answer: HttpResponse = view(request, **where)
            return answer

        return shown

    return opened


def blank(deeds: Deeds, request: Request, **initial: dict[str, Any]) -> dict[str, forms.Form]:
    """Return an empty form for each deed this person may do."""
    return {
        name: deed.form(auto_id=f"id_{name}_%s", initial=initial.get(name, {}))
        for name, deed in deeds.items()
        if request.user.has_perm(deed.permission)
    }


def carry_out(deeds: Deeds, request: Request, subject: Any) -> tuple[str, forms.Form] | None:
    """Do what was posted; None when it is done, else its name and the form that says why not."""
    name = request.POST.get("do", "")
    deed = deeds.get(name)
    if deed is None:
        raise Http404
    if not request.user.has_perm(deed.permission):
        raise PermissionDenied
    form = deed.form(request.POST, auto_id=f"id_{name}_%s")
    if form.is_valid():
        try:
            success(request, deed.run(subject, request, form.cleaned_data))
        except ValidationError as refusal:
            _tell(form, refusal)
        else:
            return None
    return name, form


def _tell(form: forms.Form, refusal: ValidationError) -> None:
    known = hasattr(refusal, "error_dict")
    for field, errors in (refusal.error_dict if known else {"": refusal.error_list}).items():
        for error in errors:
            form.add_error(field if field in form.fields else None, error)
