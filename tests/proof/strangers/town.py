"""Fourteen people and six cases, named by how they stand to each other; of changes as many.

Roles of the people who work cover Finance alone, except the service manager's, so that the matrix
shows where a unit ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import ClientHandler

from people.models import Absence, Grant, Unit, User
from people.roles import Role
from people.tokens import issue_token
from projects.actions import show_evidence
from projects.takeover import write_agreement
from tests.change_control.walking import Walk as ChangeWalk
from tests.changes.walking import DAY, GOOD, Walk
from tests.projects.walking import AGREEMENT, LIGHT
from tests.projects.walking import Walk as ProjectWalk
from tests.world import NOON, build_world
from workflows.actions import assign_task, attach_file
from workflows.door import open_case, perform

LENIENT, STRICT = ClientHandler(enforce_csrf_checks=False), ClientHandler(enforce_csrf_checks=True)
"""The product behind every browser, built once; the strict one asks forms for their token."""
NOW = NOON + timedelta(hours=5)
"""Monday, 15:00 in Shanghai: when strangers come by."""
BACKEND = "django.contrib.auth.backends.ModelBackend"

ROLES = (
    "anonymous", "requester", "same unit", "other unit", "assignee", "ex-assignee", "deputy",
    "approver", "auditor", "service manager", "administrator", "superuser", "disabled", "token",
)  # fmt: skip
"""Whoever comes, from the point of view of the requester's cases: the columns of the matrix."""
OBJECTS = ("own", "assigned", "same unit", "other unit", "closed", "none")
"""Cases, from the point of view of the requester."""


@dataclass
class Thing:
    """A case as addresses name it, and what is done with it; `none` does not exist."""

    number: str
    task: int
    attachment: int
    action: str
    to: str
    target: str
    change: str = "CHG-2026-99999"
    """A change that stands to the requester as the case does: who carries it out is who asked."""
    meeting: str = "CAB-2026-99999"
    gate: str = "GAT-2026-99999"
    """A gate of a project that whoever asked for the case leads."""
    project: str = "PRJ-2026-99999"

    @property
    def values(self) -> dict[str, Any]:
        """Return what the action asks for."""
        return GOOD[self.action]


@dataclass
class Town:
    people: dict[str, User]
    sessions: dict[str, str]
    headers: dict[str, dict[str, str]]
    things: dict[str, Thing]

    def browser(self, role: str, *, handler: ClientHandler = LENIENT) -> Client:
        """Return a browser as it was when `role` logged in, whatever happened since."""
        found = Client(raise_request_exception=False, headers=self.headers[role])
        found.handler = handler
        if role in self.sessions:
            found.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[role]
        return found


def build_town() -> Town:
    """Let everybody move in, walk the cases to where they stand, and log everybody in."""
    build_world()
    world = {user.username: user for user in User.objects.select_related("unit")}
    people = {role: world[name] for role, name in KNOWN.items()} | _newcomers()
    walks = _walks(world, people)
    things = _things(walks)
    _plan_changes(things)
    _open_projects(things)
    return Town(people, _sessions(people), _headers(people), things)


KNOWN = {
    "requester": "requester", "other unit": "requester2", "approver": "owner",
    "service manager": "service_manager", "token": "requester",
}  # fmt: skip
STAFF = {"auditor", "administrator", "superuser", "disabled"}
NEWCOMERS: dict[str, tuple[str, str, Role | None, str]] = {
    "same unit": ("colleague", "finance", None, ""),
    "assignee": ("assignee", "it", Role.DEVELOPER, "finance"),
    "ex-assignee": ("ex_assignee", "it", Role.DEVELOPER, "finance"),
    "deputy": ("deputy", "sales", None, ""),
    "auditor": ("finance_auditor", "it", Role.AUDITOR, "finance"),
    "administrator": ("administrator", "it", Role.ADMINISTRATOR, "group"),
    "superuser": ("root", "finance", None, ""),
    "disabled": ("disabled", "finance", Role.SERVICE_MANAGER, "group"),
}
"""Role in the matrix → user name, unit, role in the house, and the unit it covers."""


def _newcomers() -> dict[str, User]:
    units = {unit.code: unit for unit in Unit.objects.all()}
    found = {}
    for name, (username, unit, role, covered) in NEWCOMERS.items():
        found[name] = user = User.objects.create_user(
            username, password="right", unit=units[unit], is_staff=name in STAFF,
            is_superuser=name == "superuser", welcomed_at=NOON,
        )  # fmt: skip
        if role:
            Grant.objects.create(user=user, role=role, unit=units[covered], from_at=NOON - DAY)
    return found


def _walks(world: dict[str, User], people: dict[str, User]) -> dict[str, Walk]:
    world = {**world, "colleague": people["same unit"]}
    walks = {
        "own": Walk(world, title="own 自己的").to("awaiting_approval"),
        "assigned": Walk(world, title="assigned 交办的").to("in_development"),
        "same unit": Walk(world, by="colleague", title="next door 同部门").to("in_development"),
        "other unit": Walk(world, by="requester2", title="far away 别部门"),
        "closed": Walk(world, title="over 已结束").to("closed"),
    }
    assigned = walks["assigned"]
    for role in ("ex-assignee", "assignee"):
        assign_task(
            task=assigned.task, to=people[role], actor=world["service_manager"], at=assigned.at
        )
    Grant.objects.filter(user=people["ex-assignee"]).update(to_at=NOW - timedelta(hours=1))
    Absence.objects.create(
        user=people["assignee"], deputy=people["deputy"], from_at=NOON, to_at=NOW + DAY
    )
    for walk in walks.values():
        upload = SimpleUploadedFile("现状.txt", b"as it is")
        attach_file(case=walk.case, file=upload, actor=walk.case.requester, at=walk.at)
    return walks


def _things(walks: dict[str, Walk]) -> dict[str, Thing]:
    def thing(name: str, action: str, to: str, target: str = "own") -> Thing:
        case = walks[name].case
        task = case.tasks.order_by("-pk").first()
        if name == "own":
            task = case.tasks.open().get(role=Role.SYSTEM_OWNER)
        assert task is not None
        attachment = case.attachments.get()
        other = walks[target].case.number
        return Thing(case.number, task.pk, attachment.pk, action, to, other)

    return {
        "own": thing("own", "approve", "owner", "assigned"),
        "assigned": thing("assigned", "hand_to_test", "developer"),
        "same unit": thing("same unit", "hand_to_test", "assignee"),
        "other unit": thing("other unit", "start_triage", "desk"),
        "closed": thing("closed", "reopen", "requester"),
        "none": Thing("REQ-2026-99999", 999_999, 999_999, "approve", "owner", "REQ-2026-00001"),
    }


def _plan_changes(things: dict[str, Thing]) -> None:
    """Give each thing its change, and all of them the one meeting of the board."""
    world = {user.username: user for user in User.objects.select_related("unit")}
    told = {
        "own": ("owner", "requester"), "assigned": ("owner", "assignee"),
        "same unit": ("owner", "colleague"), "other unit": ("pm", "requester2"),
        "closed": ("owner", "requester"),
    }  # fmt: skip
    for name, (by, implementer) in told.items():
        walk = ChangeWalk(world, by=by, title=f"change {name}", implementer=implementer)
        walk.act(by, "submit").act("change_manager", "assess").act("change_manager", "approve")
        if name == "closed":
            walk.act(by, "withdraw")
        things[name].change = walk.case.number
    manager = world["change_manager"]
    meeting = open_case(
        "cab", actor=manager, at=NOON, title="board", meets_at="2026-11-23T11:00"
    ).case  # fmt: skip
    for action, data in (("begin", {"present": ["head"]}), ("close", {})):
        meeting = perform(
            meeting, action, actor=manager, at=NOON + timedelta(hours=1), **data
        ).case  # fmt: skip
    for name in told:
        things[name].meeting = meeting.number


def _open_projects(things: dict[str, Thing]) -> None:
    """Give each thing a gate, open for submission; that of `same unit` is reviewed, that of
    `closed` cancelled."""
    world = {user.username: user for user in User.objects.select_related("unit")}
    leads = {
        "own": "requester", "assigned": "assignee", "same unit": "colleague",
        "other unit": "requester2", "closed": "requester",
    }  # fmt: skip
    for name, manager in leads.items():
        walk = ProjectWalk(world, **{**LIGHT, "title": f"project {name}", "manager": manager})
        if name == "same unit":
            for one in walk.case.criteria:
                show_evidence(gate=walk.case, criterion=one, evidence="See.", link="",
                              is_left_out=False, actor=world[manager], at=NOON)  # fmt: skip
            perform(walk.case, "submit", actor=world[manager], at=NOON)
        if name == "closed":
            perform(walk.project, "cancel", actor=world["head"], at=NOON, reason="no money")
        write_agreement(walk.project, AGREEMENT, by=world[manager], at=NOON)
        things[name].gate, things[name].project = walk.case.number, walk.project.number


def _sessions(people: dict[str, User]) -> dict[str, str]:
    """Log everybody in but the token, which opens no page; also who will be disabled."""
    found = {}
    for role, user in people.items():
        if role != "token":
            browser = Client()
            browser.force_login(user, BACKEND)
            found[role] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return found


def _headers(people: dict[str, User]) -> dict[str, dict[str, str]]:
    """Return what each role sends along; then disable the account that is to be disabled."""
    headers: dict[str, dict[str, str]] = {role: {} for role in ROLES}
    secret = issue_token(user=people["token"], name="matrix")
    headers["token"] = {"Authorization": f"Bearer {secret}"}
    people["disabled"].is_active = False
    people["disabled"].save(update_fields=["is_active"])
    return headers


def upload() -> ContentFile[bytes]:
    return ContentFile(b"more", name="more.txt")
