"""Tell deputies what falls to them, and the one who returns what was done meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

from people.models import Absence
from workflows.models import Outbox

LOOK_BACK = timedelta(days=30)
"""An absence entered late is still told of for this long."""


def tell_deputies(at: datetime) -> int:
    """Write one message per absence that began and one per absence that ended; 3 queries.

    The key makes each unique, however often this runs; another deputy is told too.
    """
    recent = Absence.objects.filter(from_at__lte=at, from_at__gt=at - LOOK_BACK)
    ended = Absence.objects.filter(to_at__lte=at, to_at__gt=at - LOOK_BACK)
    wanted = {
        f"absence:{one.pk}:begin:{one.deputy_id}": (one, one.deputy_id, "deputy") for one in recent
    }
    wanted |= {f"absence:{one.pk}:end": (one, one.user_id, "handback") for one in ended}
    told = set(Outbox.objects.filter(key__in=wanted).values_list("key", flat=True))
    missing = [
        Outbox(
            key=key, topic=topic, recipient_id=recipient, data={"absence": absence.pk},
            created_at=at, next_try_at=at,
        )
        for key, (absence, recipient, topic) in wanted.items()
        if key not in told
    ]  # fmt: skip
    Outbox.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)
