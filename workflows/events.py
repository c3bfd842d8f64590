"""The chain of events of a case: the next link, and whether all links hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django_guid import get_guid

from workflows.models import Case, Event, NumberSequence


def next_event(case: Case, kind: str, action: str, target: str, **values: Any) -> Event:
    """Build the next link of the chain and move `case.version` and `chain_head` on; no query."""
    event = Event(
        case=case, seq=case.version + 1, kind=kind, action=action, target=target,
        request_id=get_guid() or "", previous_hash=case.chain_head, **values,
    )  # fmt: skip
    event.hash = event.digest()
    case.version, case.chain_head, case.last_event_at = event.seq, event.hash, event.at
    return event


CHAIN = ("version", "chain_head", "last_event_at")
"""The columns of a case that every event moves on."""


def substantial_since(case: Case, version: int) -> bool:
    """Tell whether somebody moved, edited or decided the case after `version` (1 query)."""
    kinds = (Event.Kind.ACTION, Event.Kind.VOTE)
    return case.events.filter(seq__gt=version, kind__in=kinds).exists()


def broken_chains() -> Iterator[str]:
    """Yield a sentence for every case whose events were changed, removed or reordered.

    Reads every event once; remembers one short row per case.
    """
    cases = {case.pk: case for case in Case.objects.only("number", "version", "chain_head")}
    counted: dict[int, tuple[int, str]] = {}
    for event in Event.objects.order_by("case_id", "seq").iterator(chunk_size=2000):
        count, head = counted.get(event.case_id, (0, ""))
        number = cases[event.case_id].number if event.case_id in cases else f"#{event.case_id}"
        if event.seq != count + 1:
            yield f"{number}: event {count + 1} is missing"
        elif event.previous_hash != head:
            yield f"{number}: event {event.seq} does not follow the one before it"
        if event.hash != event.digest():
            yield f"{number}: event {event.seq} was changed"
        counted[event.case_id] = (event.seq, event.hash)
    for pk, case in cases.items():
        if counted.get(pk, (0, "")) != (case.version, case.chain_head) and _ends_early(pk):
            yield f"{case.number}: the last events are missing"


def _ends_early(case_id: int) -> bool:
    """Look again at one case: people go on working while chains are verified (2 queries)."""
    case = Case.objects.only("version", "chain_head").get(pk=case_id)
    last = Event.objects.filter(case=case_id).order_by("-seq").values_list("seq", "hash").first()
    return (last or (0, "")) != (case.version, case.chain_head)


def missing_numbers() -> Iterator[str]:
    """Yield every number that was given out and belongs to no case any more."""
    numbers = set(Case.objects.values_list("number", flat=True))
    for sequence in NumberSequence.objects.all():
        for given in range(1, sequence.last + 1):
            number = f"{sequence.prefix}-{sequence.year}-{given:05}"
            if number not in numbers:
                yield f"{number}: the case is missing"
