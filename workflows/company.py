"""Whom one can call to a case: people who may see it, found by what is typed of their name."""

from __future__ import annotations

from datetime import datetime

from people.actors import Actor
from people.models import User, called
from workflows.actions import mentioned_in
from workflows.models import Case

SHOWN = 8
LOOKED_AT = 24
"""People of a fitting name whose rights are looked up: an answer while one types."""


def people_like(case: Case, words: str, at: datetime) -> list[User]:
    """Return up to eight people who may see `case` and whose name has `words`.

    Those who have to do with the case come first. A few queries for each that is looked at.
    """
    words = words.strip()[:60]
    people = User.objects.filter(is_active=True)
    if words:
        people = people.filter(called(words))
    involved = set(case.events.values_list("actor_id", flat=True).distinct())
    involved |= {case.requester_id, case.on_behalf_of_id or 0}
    involved |= set(case.watches.values_list("user_id", flat=True))
    near = list(people.filter(pk__in=involved).order_by("display_name", "username")[:LOOKED_AT])
    far = people.exclude(pk__in=involved).order_by("display_name", "username")
    found: list[User] = []
    for person in [*near, *far[: LOOKED_AT - len(near)]]:
        if _sees(person, case, at):
            found.append(person)
        if len(found) == SHOWN:
            break
    return found


def unheard(case: Case, body: str, at: datetime) -> list[User]:
    """Return who is called by `body` and may not see `case` (1 query, and a few for each)."""
    return [one for one in mentioned_in(body) if not _sees(one, case, at)]


def _sees(person: User, case: Case, at: datetime) -> bool:
    return Case.objects.visible_to(Actor.of(person, at)).filter(pk=case.pk).exists()
