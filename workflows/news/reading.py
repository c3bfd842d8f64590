"""The list of what somebody was told, by case, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Max, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from people.actors import Actor
from people.models import User
from workflows.models import Case, News, Outbox, OutboxQuerySet
from workflows.news.lines import Line, lines

MOST = 99
"""Nobody reads further what the bell counts."""
GROUPS = 20  # of a page
SHOWN = 4  # lines of a group
LOOK_BACK = timedelta(days=90)
"""How far back the list of everything goes; what is new is never too old."""
NEWEST = ("-created_at", "-pk")

ICONS = {
    News.WORK: "clipboard-check", News.MOVED: "arrow-right", News.MENTION: "message",
    News.COMMENT: "message", News.WARNING: "hourglass", News.BREACH: "alert-triangle",
    News.DEPUTY: "users",
}  # fmt: skip


@dataclass
class Group:
    """What somebody was told of one case, or of absences where there is no case.

    `is_hidden`: they may not see the case any more; then nothing of it is shown.
    """

    case_id: int | None
    case: Case | None
    upto: int
    new: int
    is_hidden: bool
    lines: list[Line] = field(default_factory=list)
    told: int = 0

    @property
    def key(self) -> str:
        return str(self.case_id or "absences")

    @property
    def title(self) -> str:
        if self.case:
            return self.case.title
        if self.is_hidden:
            return _("A case you may not see any more")
        return _("Standing in for each other")

    @property
    def label(self) -> str:
        """Return what names the group beside others."""
        return self.case.number if self.case else self.title

    @property
    def icon(self) -> str:
        return ICONS.get(News(self.lines[0].message.news), "bell") if self.lines else "shield-lock"

    @property
    def is_grave(self) -> bool:
        """Tell whether a promised time is over among what is new."""
        new = (one.message for one in self.lines if one.message.done_at is None)
        return any(message.news == News.BREACH for message in new)

    @property
    def more(self) -> int:
        return self.told - len(self.lines) if self.lines else 0


def rung(user: User) -> OutboxQuerySet:
    """Return what the bell counts."""
    return Outbox.objects.of(user).new()


def bell(new: int) -> str:
    """Say how much is new, nothing for nothing."""
    return f"{MOST}+" if new > MOST else str(new or "")


def told(who: Actor, *, everything: bool) -> OutboxQuerySet:
    items = Outbox.objects.of(who.user)
    return items.filter(created_at__gt=who.at - LOOK_BACK) if everything else items.new()


def page_of(who: Actor, number: Any, *, everything: bool) -> Page[Group]:
    """Return a page of groups, the latest first (6 queries)."""
    items = told(who, everything=everything).order_by()
    found = items.values("case").annotate(
        at=Max("created_at"), upto=Max("pk"), told=Count("pk"),
        new=Count("pk", filter=Q(done_at__isnull=True)),
    )  # fmt: skip
    page: Page[Any] = Paginator(found.order_by("-at", "-upto"), GROUPS).get_page(number)
    page.object_list = _groups(who, items, list(page.object_list))
    return page


def _groups(who: Actor, items: OutboxQuerySet, found: list[dict[str, Any]]) -> list[Group]:
    ids = {row["case"] for row in found}
    latest = Window(RowNumber(), partition_by=F("case"), order_by=NEWEST)
    messages = items.filter(Q(case__in=ids - {None}) | Q(case__isnull=True))
    shown = list(messages.annotate(place=latest).filter(place__lte=SHOWN).order_by(*NEWEST))
    readable: dict[int | None, list[Line]] = {}
    for line in lines(shown, who):
        readable.setdefault(line.message.case_id, []).append(line)
    return [
        Group(
            case_id=row["case"],
            case=readable[row["case"]][0].case if row["case"] in readable else None,
            upto=row["upto"],
            new=row["new"],
            is_hidden=row["case"] is not None and row["case"] not in readable,
            lines=readable.get(row["case"], []),
            told=row["told"],
        )
        for row in found
    ]
