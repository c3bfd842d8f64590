"""What the page of one case shows, gathered for one reader; nothing here writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, TextField, prefetch_related_objects
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from people.actors import Actor, holders_of
from people.models import User
from workflows import actions, charts, prose
from workflows import attachments as files
from workflows.clocks import ClockReading, read
from workflows.drafts import restored
from workflows.explain import explain
from workflows.forms import AttachForm, CommentForm, LinkForm, WatcherForm
from workflows.inbox import holder_label
from workflows.lifecycles import MAIN, Action, Decision, Lifecycle, Work
from workflows.models import Attachment, Case, CaseLink, Clock, Task
from workflows.permissions import may_take, principal
from workflows.timeline import entries, is_customer, reads_internal, shown_value
from workflows.words import listing

UNFOLDED = 50
"""Entries of the history that are shown before somebody asks for all."""


def context(case: Any, who: Actor) -> dict[str, Any]:
    """Return everything the case page needs; the number of queries does not grow with events."""
    flow = case.lifecycle(case, who, who.at)
    shown = head(flow)
    choices, story = buttons(flow, who), entries(case, who)
    speaks = is_customer(case, who) or not who.only_reads
    watchers = following(case)
    return {
        **shown,
        "actions": choices,
        "main_action": choices[0] if choices and choices[0]["is_primary"] else None,
        "waiting_for": "" if flow.task_for(who) else waiting_for(flow),
        "held_back": held_back(flow, who, choices),
        "stands_in_for": stands_in_for(flow, who),
        "warnings": warnings(flow, who),
        "parts": flow.parts(who),
        "tasks": [task_row(flow, who, task) for task in with_people(flow.open_tasks)],
        "entries": story,
        "folded": max(0, len(story) - UNFOLDED),
        "unfolded": UNFOLDED,
        "links": links(case, who),
        "link_form": LinkForm() if speaks else None,
        "link_url": reverse("case_link", args=[case.number]),
        "attachments": attachments(case),
        **composer(case, who, speaks),
        "upload_form": AttachForm() if speaks else None,
        "upload_url": reverse("case_attach", args=[case.number]),
        "is_watching": who.user in watchers,
        "watchers": watchers,
        "watch_url": reverse("case_watch", args=[case.number]),
        "watcher_form": WatcherForm() if reads_internal(case, who) and speaks else None,
        "watchers_url": reverse("case_watchers", args=[case.number]),
        **chart(case, shown["been"]),
    }


def composer(case: Any, who: Actor, speaks: bool) -> dict[str, Any]:
    """Return the form of a comment with what was typed into it before, and where it asks."""
    form = CommentForm(may_be_internal=reads_internal(case, who))
    url = reverse("case_comment", args=[case.number])
    return {
        "comment_form": form,
        "comment_url": url,
        "draft": restored(form, key=url, user=who.user) if speaks else None,
        "draft_key": url,
        "can_comment": speaks,
        "people_url": reverse("case_people", args=[case.number]),
        "paste_url": reverse("case_paste", args=[case.number]),
    }


def following(case: Case) -> list[User]:
    """Return who follows the case, by name (1 query)."""
    people = User.objects.filter(watches__case=case.pk)
    return list(people.order_by("display_name", "username"))


def chart(case: Case, been: list[str]) -> dict[str, Any]:
    """Return the picture of the process with the way of the case, and the same in sentences."""
    return {
        "chart_svg": charts.chart_svg(case.lifecycle, done=been, now=case.state),
        "chart_text": charts.chart_text(case.lifecycle, been, case.state),
        "chart_url": reverse("case_chart", args=[case.number]),
        "bpmn_url": reverse("bpmn", args=[case.kind]),
    }


def head(flow: Lifecycle) -> dict[str, Any]:
    """Return what every page about a case begins with."""
    case = flow.case
    been = visited(case)
    return {
        "case": case,
        "been": been,
        "lifecycle": flow,
        "phases": phases(case, been),
        "clocks": [shown_clock(clock, flow.at) for clock in latest_clocks(flow)],
        "details": details(case),
        "sections": sections(case),
        "now": flow.at,
    }


def visited(case: Case) -> list[str]:
    """Return the states the case has been in, in order (1 query)."""
    return list(dict.fromkeys(case.events.order_by("seq").values_list("target", flat=True)))


def phases(case: Case, been: list[str]) -> list[dict[str, Any]]:
    """Return the steps of the main path; a detour is shown at the step it left."""
    path = list(case.lifecycle.path)
    if not path:
        return []
    reached = [state for state in been if state in path]
    left = reached[-1] if reached else path[0]
    now = case.state if case.state in path else case.lifecycle.beside.get(case.state, left)
    position = path.index(now)
    is_over = case.is_closed
    return [
        {
            "label": case.lifecycle.State(state).label,
            "status": "done" if index < position or (is_over and index <= position)
            else "now" if index == position and not is_over else "todo",
        }
        for index, state in enumerate(path)
    ]  # fmt: skip


def latest_clocks(flow: Lifecycle) -> list[Clock]:
    """Return the clocks of a case in the order declared, of a repeated one the last."""
    clocks = {clock.metric: clock for clock in flow.clock_rows}
    return [clocks[spec.metric] for spec in flow.clocks if spec.metric in clocks]


def with_people(tasks: list[Task]) -> list[Task]:
    """Load who has each of the tasks (1 query)."""
    prefetch_related_objects(tasks, "assignee")
    return tasks


class ShownClock:
    """A reading with the address of its explanation; attributes are those of the reading."""

    def __init__(self, reading: ClockReading, explain_url: str) -> None:
        self.reading = reading
        self.explain_url = explain_url

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reading, name)


def shown_clock(clock: Clock, at: datetime) -> ShownClock:
    url = reverse("clock_explanation", args=[clock.case.number, clock.metric])
    return ShownClock(read(clock, at), url)


def details(case: Any) -> list[tuple[str, str]]:
    """Return label and value of the short fields of the case that say something."""
    found = [
        (_("Organisation unit"), str(case.unit)),
        (_("Priority"), case.get_priority_display()),
    ]
    fields = (case._meta.get_field(name) for name in case.lifecycle.details)
    short = (field for field in fields if not isinstance(field, TextField))
    rows = ((capfirst(field.verbose_name), shown_value(case, field)) for field in short)
    return found + [(label, value) for label, value in rows if value]


def askers(case: Any) -> list[tuple[str, str]]:
    """Return who filed the case, and for whom."""
    found = [(_("Filed by"), str(case.filed_by))]
    return found + ([(_("On behalf of"), str(case.on_behalf_of))] if case.on_behalf_of else [])


def sections(case: Any) -> list[tuple[str, SafeString]]:
    """Return label and HTML of the texts that were written into the case after it was filed."""
    fields = (case._meta.get_field(name) for name in case.lifecycle.details)
    long = (field for field in fields if isinstance(field, TextField))
    texts = ((capfirst(field.verbose_name), getattr(case, field.name)) for field in long)
    return [(str(label), prose.render(text)) for label, text in texts if text]


def buttons(flow: Lifecycle, who: Actor) -> list[dict[str, Any]]:
    """Return what the reader can do now: the main thing first, what ends the case last."""
    rank = {"primary": 0, "danger": 2}
    available = sorted(flow.available(who), key=lambda action: rank.get(action.tone, 1))
    return [action_button(flow, action) for action in available]


def held_back(flow: Lifecycle, who: Actor, choices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the main actions that only a condition keeps from `choices`, with what is missing."""
    offered, found = {one["name"] for one in choices}, []
    for action in flow.actions(flow.case.state):
        if action.name in offered or action.tone != MAIN:
            continue
        if action.transition.has_perm(flow, who):
            unmet = action.transition.get_unmet_condition(flow)
            reason = getattr(unmet[1], "message", "") if unmet else ""
            if reason:
                found.append({"label": action.label, "reason": reason})
    return found


def action_button(flow: Lifecycle, action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "label": action.label,
        "url": reverse("case_action", args=[flow.case.number, action.name]),
        "is_primary": action.tone == "primary",
        "is_danger": action.tone == "danger",
        "description": action.help,
        "next_text": next_text(flow, action),
    }


def next_text(flow: Lifecycle, action: Action) -> str:
    """Say where the case goes and to whom, as far as it is known before."""
    spec = flow.work.get(action.transition.source)
    text = _leads_to(flow, action)
    if isinstance(spec, Decision) and action.name in spec.votes:
        return _("This is your vote. If it decides: %(what)s") % {"what": text}
    return text


def _leads_to(flow: Lifecycle, action: Action) -> str:
    found = action.leads_to(flow)
    targets = [one for one in found if one != action.transition.source]
    names = listing(f"“{flow.State(target).label}”" for target in targets)
    if not targets:
        return _("The case stays where it is.")
    if len(targets) < len(found):
        return _(
            "Depending on what you enter, the case stays where it is or becomes: %(states)s."
        ) % {"states": names}
    if len(targets) > 1:
        return _("Depending on what you enter, the case becomes one of: %(states)s.") % {
            "states": names
        }
    state, work = flow.State(targets[0]).label, flow.work.get(targets[0])
    who = listing(role.label for role in work.roles()) if work else ""
    if isinstance(work, Work) and work.person:
        who = str(work.person(flow.case) or "")
    if not who:
        return _("The case becomes “%(state)s”.") % {"state": state}
    return _("The case becomes “%(state)s” and goes to: %(who)s.") % {"state": state, "who": who}


def waiting_for(flow: Lifecycle) -> str:
    """Say who must act, for those who need not."""
    if flow.case.is_closed:
        return ""
    who = listing(
        _("%(person)s (%(step)s)")
        % {"person": holder_label(task), "step": flow.work_label(task.step)}
        for task in flow.open_tasks
    )
    return _("Waiting for %(who)s.") % {"who": who} if who else ""


def stands_in_for(flow: Lifecycle, who: Actor) -> User | None:
    """Return on whose behalf the reader would do the open task; None for themselves."""
    task = flow.task_for(who)
    principal_id = principal(who, task) if task else None
    return User.objects.filter(pk=principal_id).first() if principal_id else None


def task_row(flow: Lifecycle, who: Actor, task: Task) -> dict[str, Any]:
    is_mine = task.assignee_id in who.identities
    can_take = task.assignee_id is None and may_take(flow, who, task)
    return {
        "step_label": flow.work_label(task.step),
        "holder_label": holder_label(task),
        "clock": None,
        "is_mine": is_mine,
        "take_url": reverse("task_claim", args=[task.pk]) if can_take else "",
        "assign_url": reverse("task_assign", args=[task.pk]),
        "candidates": candidates(flow, who, task),
        "release_url": reverse("task_release", args=[task.pk]) if is_mine and task.role else "",
    }


def candidates(flow: Lifecycle, who: Actor, task: Task) -> list[User]:
    """Return whom the reader may give `task` to; nobody when it is not theirs to give."""
    own = task.assignee_id in who.identities
    if not task.role or task.is_own_seat or not (own or actions.hands_out(who, task)):
        return []
    people = holders_of(task.role, task.unit, who.at)
    others = [one for one in people if one.pk != task.assignee_id]
    if flow.work[task.step].barred is None:
        return others
    return [one for one in others if not flow.is_barred(task.step, Actor.of(one, who.at))]


def warnings(flow: Lifecycle, who: Actor) -> list[str]:
    """Return what whoever decides should read first; nothing for who asked, or when it is over."""
    return [] if flow.case.is_closed or is_customer(flow.case, who) else flow.warnings()


def links(case: Case, who: Actor) -> list[dict[str, Any]]:
    """Return the linked cases the reader may see, said from this case (2 queries)."""
    return [
        {
            "label": link.get_relation_display() if link.source_id == case.pk
            else CaseLink.Relation(link.relation).backwards,
            "case": other,
        }
        for link, other in visible_links(case, who)
    ]  # fmt: skip


def visible_links(case: Case, who: Actor) -> list[tuple[CaseLink, Case]]:
    """Return each link with the case at its other end, if `who` may see that (2 queries)."""
    rows = CaseLink.objects.filter(Q(source=case) | Q(target=case)).order_by("pk")
    pairs = [
        (link, link.target if link.source_id == case.pk else link.source)
        for link in rows.select_related("source", "target")
    ]
    seen = Case.objects.visible_to(who).filter(pk__in=[other.pk for _link, other in pairs])
    visible = set(seen.values_list("pk", flat=True)) if pairs else set()
    return [(link, other) for link, other in pairs if other.pk in visible]


def image_url(case: Case, one: Attachment) -> str:
    return reverse("attached_image", args=[case.number, one.pk])


def reference(case: Case, one: Attachment) -> str:
    """Return the words by which a comment shows a picture, or leads to a file."""
    name = "".join(c for c in one.name if c not in "[]()<>\\`*_")
    if files.is_image(one):
        return f"![{name}]({image_url(case, one)})"
    return f"[{name}]({reverse('attachment', args=[case.number, one.pk])})"


def attachments(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name, "size": one.size, "uploaded_by": one.uploaded_by,
            "at": one.created_at, "url": reverse("attachment", args=[case.number, one.pk]),
            "image_url": image_url(case, one) if files.is_image(one) else "",
        }
        for one in case.attachments.select_related("uploaded_by")
    ]  # fmt: skip


def explanation(clock: Clock, at: datetime) -> dict[str, Any]:
    """Return what the explanation of a clock shows."""
    found = explain(clock, at)
    return {
        "case": clock.case,
        "reading": found.reading,
        "now": at,
        "standard": {"name": found.standard, "standing": found.standing},
        "calendar_label": found.calendar,
        "segments": found.lines,
        "arithmetic": found.arithmetic,
    }
