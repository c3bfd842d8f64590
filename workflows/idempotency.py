"""The same request twice is done once and answered the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

import rows
from people.models import User
from workflows.lifecycles import Lifecycle
from workflows.models import Event, IdempotencyRecord
from workflows.models.events import jsonable
from workflows.refusals import Conflict

Render = Callable[["Answer"], dict[str, Any]]


@dataclass
class Answer:
    """What the door gives back: the case as it is now, and the actor's look at it.

    `kept`: what was rendered for the key of the request, now or the first time.
    """

    case: Any
    flow: Lifecycle
    event: Event | None = None
    kept: dict[str, Any] | None = None
    is_replay: bool = False

    def keep(self, record: IdempotencyRecord | None, render: Render | None) -> Answer:
        """Keep what `render` makes of this for the key, in the transaction of the act.

        There is never an answer without its act, or the other way round.
        """
        if record is not None:
            record.case, record.answer = self.case, render(self) if render else None
            self.kept = record.answer
            rows.update(record, ("case", "answer"))
        return self


def reserve(
    actor: User, key: str | None, what: str, data: dict[str, Any], at: datetime
) -> IdempotencyRecord | None:
    """Claim `key` for this request, or return the record of the one before (`case` set).

    A second request at the same time waits here for the first. Raises `Conflict` when the key
    was used for something else.
    """
    if not key:
        return None
    text = json.dumps([what, jsonable(data)], sort_keys=True, ensure_ascii=False)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    record = IdempotencyRecord(actor=actor, key=key[:200], fingerprint=fingerprint, created_at=at)
    if rows.insert([record], ignore_conflicts=True):
        return record
    earlier = IdempotencyRecord.objects.select_related("case").get(actor=actor, key=key[:200])
    if earlier.fingerprint != fingerprint:
        raise Conflict(
            _("This was already sent, with something else in it. Look at what became of it.")
        )
    return earlier
