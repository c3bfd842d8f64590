"""The same request twice is done once and answered the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from people.models import User
from workflows.models import Event, IdempotencyRecord
from workflows.models.events import jsonable
from workflows.refusals import Conflict


@dataclass
class Answer:
    """What the door gives back: the case as it is now. `record` is there with a key."""

    case: Any
    event: Event | None
    record: IdempotencyRecord | None = None
    is_replay: bool = False

    def remember(self, answer: dict[str, Any]) -> None:
        """Keep `answer` for the same key; call it inside the caller's own transaction."""
        if self.record is not None and not self.is_replay:
            self.record.answer = answer
            self.record.save(update_fields=["answer"])


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
    try:
        with transaction.atomic():
            return IdempotencyRecord.objects.create(
                actor=actor, key=key[:200], fingerprint=fingerprint, created_at=at
            )
    except IntegrityError:
        earlier = IdempotencyRecord.objects.select_related("case").get(actor=actor, key=key[:200])
    if earlier.fingerprint != fingerprint:
        raise Conflict(
            _("This was already sent, with something else in it. Look at what became of it.")
        )
    return earlier
