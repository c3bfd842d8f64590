"""What is typed is kept while it is typed, per person and form, until it is sent or dropped."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import Resolver404, resolve
from django.utils.datastructures import MultiValueDict
from django.utils.timezone import now
from django.utils.translation import gettext as _

from people.actors import Actor
from people.models import User
from workflows.models import Case, Draft
from workflows.refusals import BadData, UnknownAction

KEPT_FOR = timedelta(days=30)
LIMIT = 200_000
"""Characters of one draft: more than all fields of the longest form together usually hold."""
MOST = 100
"""Drafts one person may have; the oldest give way."""
OWN = {"csrfmiddlewaretoken", "expected_version", "once", "confirmed", "edit", "then", "draft_key"}
"""What a form carries besides what is typed."""
FORMS = ("case_action", "case_comment", "case_new_kind")


def keep_draft(*, key: str, sent: QueryDict, who: Actor) -> Draft:
    """Keep what was typed into the form at the address `key`; the last word is kept.

    `UnknownAction` (404) when there is no such form, or it is of a case `who` may not see.
    """
    _check(key, who)
    data = {name: sent.getlist(name) for name in sent if name not in OWN}
    if len(json.dumps(data, ensure_ascii=False)) > LIMIT:
        raise BadData({"draft": [_("This is too long to be kept as a draft.")]})
    draft, _is_new = Draft.objects.update_or_create(
        user=who.user, key=key, defaults={"data": data, "saved_at": now()}
    )
    newest = Draft.objects.filter(user=who.user).order_by("-saved_at", "-pk")
    beyond = list(newest.values_list("pk", flat=True)[MOST:])
    Draft.objects.filter(pk__in=beyond).delete()
    return draft


def _check(key: str, who: Actor) -> None:
    number = form_at(key).get("number")
    if number and not Case.objects.visible_to(who).filter(number=number).exists():
        raise UnknownAction(_("There is no such form."))


def form_at(key: str) -> dict[str, Any]:
    """Return what the address of a form names; `UnknownAction` (404) if none has a draft there."""
    try:
        where = resolve(key) if len(key) <= 200 else None
    except Resolver404:
        where = None
    if where is None or where.url_name not in FORMS:
        raise UnknownAction(_("There is no such form."))
    return where.kwargs


def drop_draft(*, key: str, user: User) -> None:
    """Forget what `user` typed into the form at `key`: it was sent, or is not wanted."""
    Draft.objects.filter(user=user, key=key).delete()


def clear_old_drafts(*, at: datetime) -> int:
    return Draft.objects.filter(saved_at__lt=at - KEPT_FOR).delete()[0]


def restored(form: forms.BaseForm | None, *, key: str, user: User) -> Draft | None:
    """Put what `user` typed before into an unsent `form`; return the draft (1 query)."""
    if form is None or form.is_bound:
        return None
    draft = Draft.objects.filter(user=user, key=key).first()
    if draft is None or not any(any(values) for values in draft.data.values()):
        return None
    data: MultiValueDict[str, Any] = MultiValueDict(draft.data)
    form.initial = {**(form.initial or {}), **_typed(form, data)}
    return draft


def _typed(form: forms.BaseForm, data: MultiValueDict[str, Any]) -> dict[str, Any]:
    fields: Iterable[tuple[str, forms.Field]] = form.fields.items()
    return {
        name: field.widget.value_from_datadict(data, MultiValueDict(), form.add_prefix(name))
        for name, field in fields
        if not isinstance(field, forms.FileField)
    }
