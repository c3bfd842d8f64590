"""The tables of the engine. Only the door and its parts write cases, tasks, clocks and events."""

from workflows.models.beats import Beat
from workflows.models.cases import Case, CaseLink, CaseQuerySet, NumberSequence, Watch
from workflows.models.clocks import Clock, ClockSegment, Custody
from workflows.models.delivery import IdempotencyRecord, Outbox, OutboxQuerySet
from workflows.models.desk import ChosenColumns, Page, SavedView, Snooze
from workflows.models.drafts import Draft
from workflows.models.events import Attachment, Comment, Event
from workflows.models.news import Chat, News, NewsPreference
from workflows.models.tasks import Task, TaskQuerySet
from workflows.models.webhooks import Webhook

__all__ = [
    "Attachment",
    "Beat",
    "Case",
    "CaseLink",
    "CaseQuerySet",
    "Chat",
    "ChosenColumns",
    "Clock",
    "ClockSegment",
    "Comment",
    "Custody",
    "Draft",
    "Event",
    "IdempotencyRecord",
    "News",
    "NewsPreference",
    "NumberSequence",
    "Outbox",
    "OutboxQuerySet",
    "Page",
    "SavedView",
    "Snooze",
    "Task",
    "TaskQuerySet",
    "Watch",
    "Webhook",
]
