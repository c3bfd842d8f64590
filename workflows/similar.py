"""Open cases like one that is being filed, so that nobody asks twice for the same thing."""

from __future__ import annotations

from django.db.models import Case as Choose
from django.db.models import IntegerField, Value, When

from people.actors import Actor
from workflows.models import Case
from workflows.search import STARTS_CHINESE, condition, tokens

SHOWN = 5
NEWEST = 5000
"""Open cases that are looked through, the newest the reader may see: an answer while one types."""
WORDS = 20
SAY_NOTHING = {
    "all", "and", "are", "but", "can", "could", "for", "from", "has", "have", "into", "its", "not",
    "our", "should", "that", "the", "their", "this", "was", "when", "with", "would", "you", "your",
}  # fmt: skip


def similar_cases(title: str, who: Actor) -> list[Case]:
    """Return up to five open cases that `who` may see and that share words with `title` (1 query).

    Those that share most come first, then the newest. Fewer than a third is no likeness.
    """
    words = telling_words(title)
    if not words:
        return []
    newest = Case.objects.visible_to(who).open().order_by("-opened_at", "-pk").values("pk")
    shared = sum(
        (Choose(When(condition(word), then=1), default=0) for word in words),
        start=Value(0, IntegerField()),
    )
    found = Case.objects.filter(pk__in=newest[:NEWEST]).annotate(shared=shared)
    least = -(-len(words) // 3)
    return list(found.filter(shared__gte=least).order_by("-shared", "-opened_at", "-pk")[:SHOWN])


def telling_words(title: str) -> list[str]:
    """Return the words of `title` that tell something: no numbers, no single characters."""
    words = (word for word in dict.fromkeys(tokens(title[:200])) if word not in SAY_NOTHING)
    return [word for word in words if _is_long_enough(word) and not word.isdigit()][:WORDS]


def _is_long_enough(word: str) -> bool:
    return len(word) >= (2 if STARTS_CHINESE.match(word) else 3)
