"""The four ways the door says no; pages and API map them once to a status and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

Errors = Mapping[str, Sequence[str]]


class Refusal(Exception):
    """Somebody asked for something and does not get it; `sentence` says why, translated."""

    status: int

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class UnknownAction(Refusal):
    """404: no such action, or nothing this person may know of."""

    status = 404


class NotAllowed(Refusal):
    """403: somebody else may do this, this person may not."""

    status = 403


class Conflict(Refusal):
    """409: right person, wrong state, unmet condition, or somebody was faster."""

    status = 409


class BadData(Refusal):
    """422: what was sent does not fit; `errors` has the sentences by field."""

    status = 422

    def __init__(self, errors: Errors) -> None:
        super().__init__(_("Please correct what is marked."))
        self.errors = errors
