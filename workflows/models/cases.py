"""The case: one piece of work, in exactly one state, and its links to others."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from people.models import CustomerClass, Unit, User
from workflows import search

if TYPE_CHECKING:
    from collections.abc import Iterable

    from people.actors import Actor
    from workflows.lifecycles import Lifecycle
    from workflows.models.tasks import Task


class Priority(models.TextChoices):
    LOW = "low", _("Low")
    NORMAL = "normal", _("Normal")
    HIGH = "high", _("High")


class CaseQuerySet(models.QuerySet["Case"]):
    """Also the manager of every kind's own model, which adds only its fields."""

    def visible_to(self, who: Actor) -> Self:
        """Keep what `who` may see; lists, details, counts, search and the API all start here.

        One sees what one, or whoever one stands in for, asked for; what one watches, has or had
        a task on, what waits in a queue of one's roles, and every case of a kind one's role reads
        in its unit. Nothing else.
        """
        from workflows.lifecycles import registered
        from workflows.models.tasks import Task

        if not who.may_act:
            return self.none()
        of_this = Task.objects.filter(case=OuterRef("pk"))
        rule: Q = Q(requester__in=who.identities) | Q(on_behalf_of__in=who.identities)
        # Cheap questions first: the database asks the others only where these said no.
        for hold in who.holds:
            kinds = [cls.kind for cls in registered() if hold.role in cls.readers]
            if kinds:
                rule |= Q(unit__path__contains=f"/{hold.unit_id}/", kind__in=kinds)
        rule |= Q(Exists(of_this.filter(assignee__in=who.identities)))
        rule |= Q(Exists(of_this.filter(done_by=who.user)))
        rule |= Q(Exists(Watch.objects.filter(case=OuterRef("pk"), user=who.user)))
        for hold in who.holds:
            queued = Q(Exists(of_this.open().filter(role=hold.role)))
            rule |= Q(unit__path__contains=f"/{hold.unit_id}/") & queued
        return self.filter(rule)

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def closed(self) -> Self:
        return self.filter(closed_at__isnull=False)

    def matching(self, words: str) -> Self:
        """Keep the cases whose number, title or text has every word; Chinese needs no spaces."""
        return self.filter(search.condition(words))


class Case(models.Model):
    """A piece of work somebody asked for. Kinds with own fields subclass it."""

    number = models.CharField(_("number"), max_length=24, unique=True, editable=False)
    kind = models.SlugField(_("kind"), max_length=40, editable=False)
    title = models.CharField(_("title"), max_length=200)
    state = models.CharField(_("status"), max_length=40, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    chain_head = models.CharField(max_length=64, blank=True, editable=False)
    lifecycle_revision = models.PositiveSmallIntegerField(default=1, editable=False)
    requester = models.ForeignKey(
        User, models.PROTECT, related_name="filed_cases", verbose_name=_("filed by")
    )
    on_behalf_of = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases_for",
        verbose_name=_("on behalf of"),
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="cases", verbose_name=_("organisation unit")
    )
    service = models.ForeignKey(
        Service,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("system or service"),
    )
    customer_class = models.CharField(
        _("customer class"), max_length=1, choices=CustomerClass.Grade, editable=False
    )
    priority = models.CharField(
        _("priority"), max_length=10, choices=Priority, default=Priority.NORMAL
    )
    opened_at = models.DateTimeField(_("opened"), editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    last_event_at = models.DateTimeField(_("last event"), editable=False)
    search_tokens = models.TextField(blank=True, editable=False)

    objects = CaseQuerySet.as_manager()

    search_fields: ClassVar[tuple[str, ...]] = ("number", "title")

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="case_newest"),
            models.Index(fields=["kind", "state", "-opened_at"], name="case_kind_state"),
            models.Index(fields=["requester", "-opened_at"], name="case_requester"),
            models.Index(fields=["unit", "-opened_at"], name="case_unit"),
            models.Index(fields=["service", "-opened_at"], name="case_service"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def is_surely_visible_to(self, who: Actor, tasks: Iterable[Task]) -> bool:
        """Tell, without a query, of most cases `who` may see that they may; `tasks` are its own.

        Says no also where only `visible_to` knows: it never says yes where that says no.
        """
        if not who.may_act:
            return False
        if not who.identities.isdisjoint({self.requester_id, self.on_behalf_of_id}):
            return True
        lineage = self.unit.lineage
        roles = {hold.role for hold in who.holds if hold.unit_id in lineage}
        return not roles.isdisjoint(self.lifecycle.readers) or any(
            task.assignee_id in who.identities
            or task.done_by_id == who.user.pk
            or (task.is_open and task.role in roles)
            for task in tasks
        )

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def system(self) -> Service | None:
        return self.service

    @property
    def is_high_priority(self) -> bool:
        return self.priority == Priority.HIGH

    @property
    def description(self) -> str:
        """Return what was asked for, in the requester's words; kinds say which field that is."""
        return ""

    @property
    def filed_by(self) -> User:
        """Return who wrote it down: for cases raised within others not who it belongs to."""
        return self.requester

    @property
    def beneficiary_id(self) -> int:
        """Return the id of the person it is for: who accepts the result and rates it."""
        return self.on_behalf_of_id or self.requester_id

    @property
    def lifecycle(self) -> type[Lifecycle]:
        from workflows.lifecycles import lifecycle_of

        return lifecycle_of(self.kind)

    @property
    def state_label(self) -> str:
        return str(self.lifecycle.State(self.state).label)

    @property
    def kind_label(self) -> str:
        return str(self.lifecycle.label)

    @property
    def prose(self) -> str:
        """Return the text search looks through, from the fields the kind names."""
        return "\n".join(str(getattr(self, name, "") or "") for name in self.search_fields)

    def get_absolute_url(self) -> str:
        return reverse("case", args=[self.number])

    def concrete(self) -> Case:
        """Return the row of the kind's own model, with its fields (1 query, none if it is)."""
        model = self.lifecycle.model
        if isinstance(self, model):
            return self
        found: Case = model._default_manager.select_related(
            "requester", "on_behalf_of", "unit", "service__owner"
        ).get(pk=self.pk)
        return found


BACKWARDS = {
    "relates": _("relates to"), "blocks": _("is blocked by"), "caused_by": _("caused"),
    "raised_from": _("led to"), "duplicate": _("has the duplicate"), "part_of": _("consists of"),
}  # fmt: skip


class CaseLink(models.Model):
    """Why two cases belong together, read from `source` to `target`."""

    class Relation(models.TextChoices):
        RELATES = "relates", _("relates to")
        BLOCKS = "blocks", _("blocks")
        CAUSED_BY = "caused_by", _("was caused by")
        RAISED_FROM = "raised_from", _("was raised from")
        DUPLICATE = "duplicate", _("is a duplicate of")
        PART_OF = "part_of", _("is part of")

        @property
        def backwards(self) -> Promise:
            """Return how the link reads from its target."""
            return BACKWARDS[self]

    source = models.ForeignKey(Case, models.CASCADE, related_name="links_out")
    target = models.ForeignKey(Case, models.CASCADE, related_name="links_in")
    relation = models.CharField(_("relation"), max_length=20, choices=Relation)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("link between cases")
        verbose_name_plural = _("links between cases")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "target", "relation"],
                name="case_link_once",
                violation_error_message=_("These cases are already linked that way."),
            ),
            models.CheckConstraint(
                condition=~Q(source=models.F("target")),
                name="case_link_to_another",
                violation_error_message=_("A case cannot be linked to itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source.number} {self.get_relation_display()} {self.target.number}"


class Watch(models.Model):
    """Somebody follows a case: sees it, and is told when it moves."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="watches")
    user = models.ForeignKey(User, models.CASCADE, related_name="watches")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="watch_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.case}"


class NumberSequence(models.Model):
    """The last number given per prefix and year; its row lock keeps the numbers gap-free."""

    prefix = models.CharField(max_length=8)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="sequence_once")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}-{self.last:05}"

    @classmethod
    def next(cls, prefix: str, year: int) -> str:
        """Return the next number, `REQ-2026-00042`; a rolled-back case gives its number back.

        One statement on both databases; another writer of the same prefix and year waits.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {cls._meta.db_table} (prefix, year, last) VALUES (%s, %s, 1) "
                f"ON CONFLICT (prefix, year) DO UPDATE SET last = {cls._meta.db_table}.last + 1 "
                "RETURNING last",
                [prefix, year],
            )
            (last,) = cursor.fetchone()
        return str(cls(prefix=prefix, year=year, last=last))
