"""What a form of a page sends, as the door takes it, and the form again when it is refused."""

from __future__ import annotations

from typing import Any

from workflows.pages import Request
from workflows.refusals import BadData


def sent(request: Request, form: Any) -> dict[str, Any]:
    """Return what was posted for the fields of the form, several choices as lists."""
    fields = form.fields if form else {}
    return {
        name: request.FILES.getlist(name)
        if name in request.FILES
        else field.widget.value_from_datadict(request.POST, request.FILES, name)
        for name, field in fields.items()
        if name in request.POST or name in request.FILES
    }


def refilled(form_class: Any, request: Request, refusal: BadData, **kwargs: Any) -> Any:
    """Return the form with what was typed, and the sentences the door gave."""
    form = form_class(request.POST, request.FILES, **kwargs)
    form.is_valid()
    for field, errors in refusal.errors.items():
        known = form.errors.get(field, [])
        for error in errors:
            if error not in known:
                form.add_error(field if field in form.fields else None, error)
    return form
