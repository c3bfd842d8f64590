"""How a case and what hangs on it are written in JSON.

People are their user names, services and units their codes: what is read can be sent back.
"""
# mypy: disable-error-code="assignment"
# The contract's names (`label`, `help_text`, `fields`) are also attributes of DRF's own classes;
# its metaclass takes declared fields off the class, so nothing is overridden.

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from people.actors import Actor
from workflows.api.fields import asked, described
from workflows.api.looks import claimable, clock_row, linked, own_value
from workflows.case_page import latest_clocks, with_people
from workflows.lifecycles import Action, Lifecycle
from workflows.models import Case, CaseLink, Event, Task
from workflows.timeline import is_customer, sentence


class Seconds(serializers.IntegerField):
    """A length of working time in whole seconds; negative when over."""

    def to_representation(self, value: timedelta) -> int:  # type: ignore[override]  # read only
        return int(value.total_seconds())


class Text(serializers.CharField):
    """Text, and no number that could be written as one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Truth(serializers.BooleanField):
    """True or false, and none of the words and numbers that could mean it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Anything(serializers.JSONField):
    """Text, number, truth value or null, depending on the field it is of."""


@extend_schema_field(OpenApiTypes.STR)
class Named(serializers.SlugRelatedField[Any]):
    """A row by its user name or code, which says who or what it is outside this database too."""

    def __init__(self, slug: str, **kwargs: Any) -> None:
        super().__init__(slug_field=slug, read_only=True, **kwargs)


class Document(serializers.Serializer[Any]):
    """What is shown and never taken in: its fields are made once, not anew for every answer."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: self._shown(field, instance) for name, field in _fields_of(type(self))}

    def _shown(self, field: Any, instance: Any) -> Any:
        if isinstance(field, serializers.SerializerMethodField):
            return getattr(self, field.method_name)(instance)  # here `context` is known
        value = field.get_attribute(instance)
        return None if value is None else field.to_representation(value)


@cache
def _fields_of(document: type[Document]) -> list[tuple[str, Any]]:
    return list(document().fields.items())


# -- forms ----------------------------------------------------------------------------------------
class ChoiceDocument(Document):
    value = serializers.CharField()
    label = serializers.CharField()


class FieldDocument(Document):
    name = serializers.CharField()
    label = serializers.CharField()
    help = serializers.CharField(allow_blank=True)
    type = serializers.CharField(
        help_text="text, long_text, integer, decimal, date, time, datetime, duration, boolean, "
        "choice, multiple, file or json."
    )
    required = serializers.BooleanField()
    choices = ChoiceDocument(
        many=True, allow_null=True, help_text="Null where nothing is chosen, or too much to list."
    )


class KindDocument(Document):
    kind = serializers.CharField()
    label = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    fields = FieldDocument(many=True)


class ActionDocument(Document):
    name = serializers.CharField()
    label = serializers.CharField()
    tone = serializers.CharField(allow_blank=True, help_text="primary, danger or empty.")
    fields = FieldDocument(many=True)


# -- what hangs on a case -------------------------------------------------------------------------
class TaskDocument(Document):
    id = serializers.IntegerField()
    step = serializers.CharField()
    label = serializers.CharField()
    slot = serializers.CharField()
    role = serializers.CharField(allow_blank=True)
    assignee = Named("username", allow_null=True)
    status = serializers.CharField(help_text="open, claimed, done or cancelled.")
    due_at = serializers.DateTimeField(allow_null=True)
    can_claim = serializers.SerializerMethodField()

    def get_can_claim(self, task: Task) -> bool:
        return task.pk in self.context["claimable"]


class ClockDocument(Document):
    metric = serializers.CharField()
    label = serializers.CharField()
    state = serializers.CharField(help_text="running, paused, met, missed or cancelled.")
    due_at = serializers.DateTimeField(allow_null=True, help_text="Null unless it runs.")
    remaining_seconds = Seconds(source="remaining", help_text="Working time; negative when over.")
    first_due_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField()
    stopped_at = serializers.DateTimeField(allow_null=True)
    breached = serializers.BooleanField()


class LinkDocument(Document):
    relation = serializers.ChoiceField(choices=CaseLink.Relation.choices)
    outgoing = serializers.BooleanField(help_text="Read from this case to the other.")
    number = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()


# -- cases ----------------------------------------------------------------------------------------
class CaseSummary(Document):
    number = serializers.CharField()
    kind = serializers.CharField()
    kind_label = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    state_label = serializers.CharField()
    version = serializers.IntegerField()
    priority = serializers.CharField()
    requester = Named("username")
    on_behalf_of = Named("username", allow_null=True)
    unit = Named("code")
    service = Named("code", allow_null=True)
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class CaseReceipt(CaseSummary):
    """What a case has come to; context: `flow`, the reader's look at it."""

    description = serializers.CharField(allow_blank=True)
    fields = serializers.SerializerMethodField("own_fields")
    tasks = serializers.SerializerMethodField()
    clocks = serializers.SerializerMethodField()

    @property
    def flow(self) -> Lifecycle:
        flow: Lifecycle = self.context["flow"]
        return flow

    @property
    def who(self) -> Actor:
        assert self.flow.who is not None  # it is the caller who looks
        return self.flow.who

    def own_fields(self, case: Case) -> dict[str, Any]:
        return {name: own_value(case, name) for name in case.lifecycle.details}

    @extend_schema_field(TaskDocument(many=True))
    def get_tasks(self, case: Case) -> Any:
        """Return the tasks that are open."""
        return self.written(self.flow.open_tasks)

    def written(self, tasks: list[Task]) -> Any:
        context = {"claimable": claimable(tasks, self.who, [self.flow])}
        return TaskDocument(tasks, many=True, context=context).data

    @extend_schema_field(ClockDocument(many=True))
    def get_clocks(self, case: Case) -> Any:
        rows = [clock_row(clock, self.flow.at) for clock in latest_clocks(self.flow)]
        return ClockDocument(rows, many=True).data


class CaseDocument(CaseReceipt):
    """A case as the reader may see it; `tasks` are all there ever were."""

    warnings = serializers.SerializerMethodField()
    is_watching = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField()
    links = serializers.SerializerMethodField()

    def get_warnings(self, case: Case) -> list[str]:
        """Return what whoever decides should know; it is not meant for who asked."""
        found = [] if is_customer(case, self.who) else self.flow.warnings()
        return [str(one) for one in found]

    def get_is_watching(self, case: Case) -> bool:
        return case.watches.filter(user=self.who.user).exists()

    @extend_schema_field(ActionDocument(many=True))
    def get_actions(self, case: Case) -> Any:
        found = [self._action(action) for action in self.flow.available(self.who)]
        return ActionDocument(found, many=True).data

    def _action(self, action: Action) -> dict[str, Any]:
        form = asked(action.form, self.who, self.flow)
        return {
            "name": action.name, "label": str(action.label), "tone": action.tone,
            "fields": described(form),
        }  # fmt: skip

    @extend_schema_field(TaskDocument(many=True))
    def get_tasks(self, case: Case) -> Any:
        return self.written(with_people(self.flow.tasks))

    @extend_schema_field(LinkDocument(many=True))
    def get_links(self, case: Case) -> Any:
        return LinkDocument(linked(case, self.who), many=True).data


def whole_case(flow: Lifecycle) -> Any:
    """Return a case, with its kind's fields loaded, as the reader sees it (about 10 queries)."""
    return CaseDocument(flow.case, context={"flow": flow}).data


def receipt(flow: Lifecycle) -> Any:
    """Return what an action made of a case (at most 2 queries: who has the open tasks)."""
    return CaseReceipt(flow.case, context={"flow": flow}).data


class CaseReference(Document):
    number = serializers.CharField()
    kind = serializers.CharField()
    kind_label = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    state_label = serializers.CharField()
    priority = serializers.CharField()
    requester = Named("username")
    service = Named("code", allow_null=True)


class TaskOfCase(TaskDocument):
    opened_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField(allow_blank=True)
    case = CaseReference()


# -- the story ------------------------------------------------------------------------------------
class ChangeDocument(Document):
    field = serializers.CharField()
    before = Anything(allow_null=True)
    after = Anything(allow_null=True)


class EventDocument(Document):
    """One event; context: `case` and `changes` by sequence number."""

    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    kind = serializers.CharField(help_text="action, vote, note or clock.")
    action = serializers.CharField()
    text = serializers.SerializerMethodField()
    source = serializers.CharField(allow_blank=True)
    target = serializers.CharField()
    actor = Named("username")
    on_behalf_of = Named("username", allow_null=True)
    note = serializers.CharField(allow_blank=True)
    changes = serializers.SerializerMethodField()

    def get_text(self, event: Event) -> str:
        return str(sentence(self.context["case"], event))

    @extend_schema_field(ChangeDocument(many=True))
    def get_changes(self, event: Event) -> Any:
        return ChangeDocument(self.context["changes"].get(event.seq, []), many=True).data


class SegmentDocument(Document):
    kind = serializers.CharField(help_text="running, paused or stopped.")
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True, help_text="Null while it lasts.")
    state_label = serializers.CharField()
    worked_seconds = Seconds(source="worked")
    running_total_seconds = Seconds(source="running_total")


class ExplanationDocument(Document):
    metric = serializers.CharField(source="reading.metric")
    label = serializers.CharField(source="reading.label")
    standard = serializers.CharField()
    standing = serializers.CharField(allow_blank=True)
    calendar = serializers.CharField()
    budget_seconds = Seconds(source="reading.budget")
    elapsed_seconds = Seconds(source="reading.elapsed")
    remaining_seconds = Seconds(source="reading.remaining")
    due_at = serializers.DateTimeField(source="reading.due_at", allow_null=True)
    first_due_at = serializers.DateTimeField(source="reading.first_due_at")
    lines = SegmentDocument(many=True)
    arithmetic = serializers.ListField(child=serializers.CharField())


class CommentDocument(Document):
    id = serializers.IntegerField(read_only=True)
    author = Named("username")
    body = Text(
        max_length=20_000, trim_whitespace=False, help_text="Markdown; `@username` calls somebody."
    )
    is_internal = Truth(default=False, help_text="Hidden from who asked.")
    created_at = serializers.DateTimeField(read_only=True)


class AttachmentDocument(Document):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)
    content_type = serializers.CharField(read_only=True)
    size = serializers.IntegerField(read_only=True, help_text="Bytes.")
    sha256 = serializers.CharField(read_only=True)
    uploaded_by = Named("username")
    created_at = serializers.DateTimeField(read_only=True)


# -- what is sent ---------------------------------------------------------------------------------
class FileSent(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True)


class LinkSent(serializers.Serializer[Any]):
    target = Text(help_text="The number of a case you may see.")
    relation = serializers.ChoiceField(choices=CaseLink.Relation.choices)


class AssignmentSent(serializers.Serializer[Any]):
    to = Text(help_text="A user name.")
