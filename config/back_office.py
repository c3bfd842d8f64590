"""The back office: Django's administration, asked only what it and every database understand."""

from __future__ import annotations

import re
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as _

LONGEST = 2000
"""Characters of one value in an address; SQLite searches for no more than some thousands."""
TOO_LARGE = re.compile(r"\s*[-+]?[0-9_]{19,}\s*")
"""A number that needs more than 64 bits, for which SQLite's driver has no answer."""


class BackOffice(AdminSite):
    site_header = site_title = _("Opsgate: administration")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Answer 400 to an address that asks what Django itself would fail at."""
        shown = super().admin_view(view, cacheable)

        @wraps(shown)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not is_understood(request.GET):
                raise BadRequest("a question nobody can answer")
            answered: HttpResponse = shown(request, *args, **kwargs)
            return answered

        return answer


def is_understood(asked: QueryDict) -> bool:
    """Tell whether no value is too long, no field is named that has no name, and whatever is
    compared with a column fits into one."""
    for name, values in asked.lists():
        is_text = name == SEARCH_VAR
        for value in values:
            if len(value) > LONGEST or (TOO_LARGE.fullmatch(value) and not is_text):
                return False
            if name == TO_FIELD_VAR and not value:
                return False
    return True
