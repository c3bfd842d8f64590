"""Bad input at every address: refused in a clear sentence, or taken; never an error of ours.

Every address of the resolver, every form of every page, every action of the process in a state in
which somebody may do it. What is refused leaves no trace; what is taken breaks no rule. Each
request is undone before the next. In the short round dice choose among the requests, by SEED.
"""

from __future__ import annotations

import json
import logging
import random
import re
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import lxml.html
import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from people.actors import Actor
from people.models import User
from people.tokens import issue_token
from projects import editions
from tests.changes.walking import FILING, GOOD, REWORKED, ROUTES, Walk
from tests.proof.nasty import (
    HEADERS,
    KINDS,
    MULTIPARTS,
    PATHS,
    TEXTS,
    VALUES,
    documents,
    encoded,
    escaped,
)  # fmt: skip
from tests.proof.scale import SEED, rounds
from tests.proof.strangers import back_office
from tests.proof.strangers.routes import PARAMETER, patterns, routes
from tests.proof.strangers.town import BACKEND, LENIENT, Town
from workflows.invariants import violations
from workflows.models import Webhook

pytestmark = pytest.mark.ignore_template_errors  # of the back office, which are Django's
T = TypeVar("T")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
FILING_BY_API = {"kind": "optimization", **FILING}
TABLES = [
    "workflows_event", "workflows_task", "workflows_clock", "workflows_clocksegment",
    "workflows_custody", "workflows_outbox", "workflows_idempotencyrecord", "workflows_comment",
    "workflows_attachment", "workflows_watch", "workflows_caselink", "changes_effortbooking",
    "people_user", "people_grant", "people_absence", "auditlog_logentry",
]  # fmt: skip


def some(of_all: Sequence[T], *, full: int, short: int) -> list[T]:
    """Return as many of them as this round has time for, chosen by dice that fall alike."""
    number = rounds(full=full, short=short)
    return random.Random(SEED).sample(of_all, min(number, len(of_all)))


# -- who sends, and what is held against the answer ------------------------------------------------
@dataclass
class Sender:
    """Somebody at a browser, or a program with somebody's token."""

    user: User | None = None
    session: str = ""
    token: str = ""

    @classmethod
    def of(cls, username: str) -> Sender:
        user = User.objects.get(username=username)
        client = Client()
        client.force_login(user, BACKEND)
        secret = issue_token(user=user, name="proof")
        return cls(user, client.cookies["sessionid"].value, secret)

    def send(
        self, method: str, address: str, body: bytes | str = b"", kind: str = FORM, **headers: str
    ) -> HttpResponse:
        """Send, judge the answer, and undo what it did."""
        browser = Client(raise_request_exception=False)
        browser.handler = LENIENT
        if self.session:
            browser.cookies["sessionid"] = self.session
        headers = {"Accept-Language": self.language, **headers}
        if self.token and address.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self.token}", **headers}
        with transaction.atomic():
            before = traces()
            answer = browser.generic(method, address, body, kind, headers=headers)
            content = answer.getvalue()
            answer.close()
            wrong = self.wrong_with(address, answer, content, traces() != before)
            transaction.set_rollback(True)
        if wrong:
            where = re.sub(r"[?].*|\d+", "", address)[:80]
            sent = f"{method} {address[:300]} {kind[:80]} {headers!r:.300} {body!r:.3000}"
            COMPLAINTS.setdefault((method, where, wrong[-120:]), f"{sent}\n  {wrong}")
        return answer

    @property
    def language(self) -> str:
        return self.user.language if self.user else "en"

    def wrong_with(self, address: str, answer: HttpResponse, content: bytes, is_trace: bool) -> str:
        """Return what is wrong with the answer; nothing, if it is a good one."""
        if answer.status_code >= 500:
            return "".join(traceback.format_exception(*answer.exc_info)[-2:])
        if answer.status_code < 400:
            return "; ".join(violations(timezone.now())) if is_trace else ""
        if is_trace:
            return f"{answer.status_code} left a trace"
        if address.startswith("/api/"):
            return fault_of_problem(answer, content)
        if answer["Content-Type"] == JSON:  # a script asked, and shows the words
            said = json.loads(content)["said"]
            return "" if is_said(said, self.language) else f"says only {said!r}"
        return fault_of_page(content, self.language)


def fault_of_problem(answer: HttpResponse, content: bytes) -> str:
    if answer["Content-Type"] != JSON:
        return f"{answer.status_code} as {answer['Content-Type']}"
    said = json.loads(content)
    sentences = [said["message"], *(one for found in said["errors"].values() for one in found)]
    is_clear = list(said) == ["message", "errors"] and all(one.strip() for one in sentences)
    return "" if is_clear else f"unclear: {said}"


def fault_of_page(content: bytes, language: str) -> str:
    if not content:
        return "an empty page"
    page = lxml.html.document_fromstring(content.decode())
    if page.get("lang") != language:
        return f"speaks {page.get('lang')}"
    text = " ".join(" ".join(one.itertext()) for one in page.iter("main"))
    return "" if is_said(text, language) else f"says only {text[:100]!r}"


def is_said(text: str, language: str) -> bool:
    """Tell whether `text` has words of a language in a row."""
    words = "[\u4e00-\u9fff]{4}" if language == "zh-hans" else r"\w+ \w+"
    return re.search(words, text) is not None


COMPLAINTS: dict[tuple[str, ...], str] = {}
"""What was wrong in the test that runs, one of each kind."""


def traces() -> tuple[Any, ...]:
    """Count what a request can leave behind."""
    wanted = ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(version), count(*), {wanted} FROM workflows_case")
        found: tuple[Any, ...] = cursor.fetchone()
    return found


@pytest.fixture
def requester(town: Town) -> Sender:
    return Sender.of("requester")  # reads Chinese


@pytest.fixture
def manager(town: Town) -> Sender:
    return Sender.of("service_manager")  # reads English


@pytest.fixture
def root(town: Town) -> Sender:
    Webhook.objects.create(
        name="hook", address="https://example.com/", owner=town.people["superuser"],
        created_at=timezone.now(), secret_made_at=timezone.now(),
    )  # fmt: skip
    User.objects.filter(username="root").update(language="en")
    return Sender.of("root")


@pytest.fixture(autouse=True)
def in_patience() -> Iterator[None]:
    """Nobody is told here that they ask too often."""
    cache.clear()
    COMPLAINTS.clear()
    logging.disable()  # a log of thousands of refusals
    yield
    logging.disable(logging.NOTSET)
    cache.clear()
    assert not COMPLAINTS, "\n".join(
        [f"{len(COMPLAINTS)} kinds of complaints", *COMPLAINTS.values()]
    )


# -- addresses and headers -------------------------------------------------------------------------
def honest(pattern: str, town: Town) -> str:
    if back_office.label(pattern):
        return back_office.address(pattern)
    route = next(one for one in routes() if one.pattern == pattern)
    return route.address(town.things["own"])


def test_strange_parts_of_an_address(town: Town, requester: Sender, root: Sender) -> None:
    asked = [
        (pattern, part, method)
        for pattern in patterns()
        if PARAMETER.search(pattern) or pattern == ""
        for part in PATHS
        for method in ("GET", "POST")
    ]
    for pattern, part, method in some(asked, full=10**6, short=200):
        sender = root if pattern.startswith("admin/") else requester
        address = re.sub(r"<[^>]*>", lambda found: escaped(part), pattern)  # noqa: B023
        cache.clear()
        sender.send(method, "/" + re.sub(r"\(\?P[^)]*\)|[\^$]", escaped(part), address))


ASKED = [
    "q", "status", "kind", "state", "service", "unit", "priority", "page", "view", "rows", "title",
    "next", "open", "ordering", "limit", "offset", "requester", "format", "script", "lang", "o",
    "p", "e", "all", "_facets", "_popup", "_to_field", "_changelist_filters", "kind__exact",
    "role__exact", "is_active__exact", "webhook__id__exact", "sent_at__isempty", "case__number",
    "app_label", "term", "model_name", "field_name", "password", "from_at__year", "next/", "once",
]  # fmt: skip
QUERIES = [
    *(encoded([(name, text)]) for name in ASKED for text in TEXTS.values() if len(text) < 10_000),
    *(encoded([(name, "1"), (name, "x"), (name, "")] * 20) for name in ASKED),
    "&" * 5000, "=" * 500, "q=%ff%fe", "q=%", "q=%zz", "%00=%00", "page=1&" * 2000, "q[]=1&q[a]=2",
    "\xff=\xff", "q=" + "x" * 200_000, ";q=1", "?", "%ud800",
]  # fmt: skip


def test_strange_questions(town: Town, requester: Sender, root: Sender) -> None:
    read = [pattern for pattern in patterns() if "logout" not in pattern]
    dice = random.Random(SEED)
    for pattern in read:
        address, sender = honest(pattern, town), root if "admin" in pattern else requester
        cache.clear()
        for query in dice.sample(QUERIES, rounds(full=200, short=2)):
            sender.send("GET", f"{address}?{query}")


def test_strange_headers(town: Town, requester: Sender, root: Sender) -> None:
    sent = [(name, value) for name, values in HEADERS.items() for value in values]
    dice = random.Random(SEED)
    for pattern in patterns():
        address, sender = honest(pattern, town), root if "admin" in pattern else requester
        cache.clear()
        for name, value in dice.sample(sent, rounds(full=len(sent), short=1)):
            for method in ("GET", "POST"):
                sender.send(method, address, "", **{name: value})


def test_strange_headers_where_they_are_read(town: Town, requester: Sender) -> None:
    """Log-in, languages, downloads, parts of pages, and what is done once."""
    case, filing = f"/cases/{town.things['own'].number}/", json.dumps(FILING_BY_API)
    doors = [
        ("GET", "/login/", "", FORM), ("GET", case, "", FORM), ("GET", f"{case}files/1/", "", FORM),
        ("GET", "/inbox/", "", FORM), ("POST", "/api/v1/cases/", filing, JSON),
    ]  # fmt: skip
    asked = [
        (door, name, value)
        for door in doors
        for name, values in HEADERS.items()
        for value in values
    ]
    for door, name, value in some(asked, full=10**6, short=100):
        cache.clear()
        requester.send(*door, **{name: value})


# -- forms of pages --------------------------------------------------------------------------------
@dataclass
class Form:
    """A form of a page as a browser fills it: where it goes, and what stands in its fields."""

    sender: Sender
    address: str
    values: dict[str, str]

    def strange(self) -> Iterator[list[tuple[str, str]]]:
        """Yield one bad field after the other, and each field missing, twice, and by itself."""
        for name in self.values:
            rest = [(other, value) for other, value in self.values.items() if other != name]
            yield from ([*rest, (name, text)] for text in TEXTS.values())
            yield rest
            yield [*rest, (name, "x"), (name, "1")]
            yield [(name, self.values[name])]


def forms_of(sender: Sender, address: str, **good: str) -> Iterator[Form]:
    """Yield the forms of a page that are sent, with what is `good` for them; none of no page."""
    answer = sender.send("GET", address)
    if answer.status_code != 200:
        return
    page = lxml.html.document_fromstring(answer.getvalue().decode())
    for form in page.forms:
        if form.method == "POST" and "logout" not in (form.action or ""):
            names = [
                one.name for one in form.inputs if one.name and one.name != "csrfmiddlewaretoken"
            ]
            values = dict.fromkeys(names, "") | dict(form.form_values())
            mine = {name: value for name, value in good.items() if name in names}
            yield Form(sender, form.action or address, values | mine)


def fill(forms: Sequence[Form]) -> int:
    """Send the forms in all bad ways; return how many bodies were taken all the same."""
    sent = [(form, pairs) for form in forms for pairs in form.strange()]
    taken = 0
    for form, pairs in some(sent, full=10_000, short=120):
        cache.clear()
        taken += form.sender.send("POST", form.address, encoded(pairs)).status_code < 400
    return taken


@pytest.fixture
def offers(town: Town) -> dict[str, tuple[str, str]]:
    """Return for every action who may do it, and on which case."""
    world = {user.username: user for user in User.objects.filter(is_active=True)}
    found: dict[str, tuple[str, str]] = {}
    walks = [Walk(world, title=state).to(state) for state in ["submitted", *ROUTES]]
    again = Walk(world, title="refused twice").to("accepting")
    for name, action in [*REWORKED, *REWORKED]:
        again.act(name, action)
    for case in [walk.case for walk in [*walks, again]]:
        for name, user in world.items():
            who = Actor.of(user, timezone.now())
            for action in case.lifecycle(case, who, who.at).available(who):
                found.setdefault(action.name, (name, case.number))
    assert set(found) >= set(GOOD) - {"close_unanswered", "rate"}
    return found


def test_strange_forms_of_actions(offers: dict[str, tuple[str, str]]) -> None:
    senders = {name: Sender.of(name) for name, _number in offers.values()}
    forms = [
        form
        for action, (name, number) in offers.items()
        for form in forms_of(senders[name], f"/cases/{number}/do/{action}/", **GOOD[action])
    ]
    assert len(forms) > 2 * len(offers) - 1
    assert fill(forms) > 5


def test_strange_forms_of_pages(town: Town, requester: Sender, manager: Sender) -> None:
    number, other = town.things["own"].number, town.things["assigned"].number
    forms = [
        *forms_of(requester, "/new/optimization/", **FILING),
        *forms_of(requester, f"/cases/{number}/", body="Any news?"),
        *forms_of(manager, f"/cases/{other}/", body="Any news?"),
        *forms_of(manager, "/cases/"),
        *forms_of(Sender(), "/login/", username="colleague", password="right"),
    ]
    task = town.things["assigned"].task
    forms.append(Form(manager, f"/tasks/{task}/assign/", {"to": "developer"}))
    fill(forms)


def test_strange_forms_of_gates_and_criteria(town: Town, requester: Sender) -> None:
    """The requester leads the project of the gate, the service manager edits the criteria."""
    manager = User.objects.get(username="service_manager")
    draft = editions.draft_version(actor=manager, at=timezone.now())
    editor = Sender.of("service_manager")
    sheet = [
        form for form in forms_of(requester, f"/gates/{town.things['own'].gate}/sheet/")
        if "/sheet/" in form.address
    ]  # fmt: skip
    assert len(sheet) == 15  # a form for each criterion of the light track
    pages = ("G1-01/", "add/", "publish/", "import/")
    criteria = [
        form for page in pages for form in forms_of(editor, f"/criteria/{draft.number}/{page}")
        if "/criteria/" in form.address
    ]  # fmt: skip
    assert len(criteria) == len(pages)
    fill([*sheet[:2], *criteria])


def test_strange_forms_of_the_back_office(root: Sender) -> None:
    forms = [form for page in pages_of_the_back_office() for form in forms_of(root, page)]
    assert len(forms) > 40
    fill(forms)


def pages_of_the_back_office() -> Iterator[str]:
    """Yield list, new row, and the first row with its deletion, of every table."""
    for model in admin.site._registry:
        table = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield from (table, f"{table}add/")
        if row := model._default_manager.first():
            yield from (f"{table}{row.pk}/change/", f"{table}{row.pk}/delete/")


# -- bodies of the API -----------------------------------------------------------------------------
def test_strange_values_for_actions(offers: dict[str, tuple[str, str]]) -> None:
    senders = {name: Sender.of(name) for name, _number in offers.values()}
    bodies = [
        (action, {**GOOD[action], field: value})
        for action in offers
        for field in [*GOOD[action], "expected_version", "actor", "at", "note", "self", "\ud800"]
        for value in VALUES.values()
    ]
    for action, body in some(bodies, full=10_000, short=120):
        name, number = offers[action]
        cache.clear()
        senders[name].send(
            "POST", f"/api/v1/cases/{number}/actions/{action}/", json.dumps(body), JSON
        )


def writes(town: Town) -> dict[str, dict[str, Any]]:
    thing, task = town.things["own"], town.things["assigned"].task
    case = f"/api/v1/cases/{thing.number}/"
    return {
        "/api/v1/cases/": {
            **FILING_BY_API, "on_behalf_of": "owner", "desired_on": "2026-12-24", "reason": "x",
            "attachments": [],
        },
        f"{case}comments/": {"body": "Any news?", "is_internal": False},
        f"{case}links/": {"target": thing.target, "relation": "relates"},
        f"{case}attachments/": {"file": "x"}, f"{case}watch/": {},
        f"{case}actions/withdraw/": {"reason": "x", "expected_version": 5},
        f"/api/v1/tasks/{task}/assign/": {"to": "developer"}, f"/api/v1/tasks/{task}/claim/": {},
        f"/api/v1/tasks/{task}/release/": {},
    }  # fmt: skip


def test_strange_values_for_the_api(town: Town, requester: Sender, manager: Sender) -> None:
    bodies = [
        (address, {**good, field: value})
        for address, good in writes(town).items()
        for field in [*good, "\x00", "actor"]
        for value in VALUES.values()
    ]
    for address, body in some(bodies, full=10_000, short=150):
        cache.clear()
        sender = manager if "tasks" in address else requester
        sender.send("POST", address, json.dumps(body), JSON)


def test_strange_values_for_the_sheet(town: Town, requester: Sender) -> None:
    good = {"evidence": "See.", "link": "https://example.com/a", "kept": 1, "record": "REQ-1",
            "is_left_out": False, "expected_version": 1, "upload": "x"}  # fmt: skip
    address = f"/api/v1/gates/{town.things['own'].gate}/sheet/G1-01/evidence/"
    bodies = [{**good, field: value} for field in [*good, "actor"] for value in VALUES.values()]
    alone = [{field: value} for field in good for value in VALUES.values()]
    for body in some([*bodies, *alone], full=10_000, short=60):
        cache.clear()
        requester.send("PUT", address, json.dumps(body), JSON)


def test_bodies_that_are_none(town: Town, requester: Sender) -> None:
    asked = [
        (address, body, kind)
        for address, good in writes(town).items()
        for kind in [JSON, *KINDS]
        for body in documents(json.dumps(good or {"x": 1}).encode()).values()
    ]
    asked += [
        (address, body, kind)
        for address in [*writes(town), *pages_with_forms(town)]
        for kind in ["multipart/form-data; boundary=x", *KINDS]
        for body in MULTIPARTS.values()
    ]
    for address, body, kind in some(asked, full=20_000, short=250):
        cache.clear()
        requester.send("POST", address, body, kind)


def pages_with_forms(town: Town) -> list[str]:
    thing = town.things["own"]
    case = f"/cases/{thing.number}/"
    return [
        "/new/optimization/",
        "/login/",
        "/language/",
        f"{case}comment/",
        f"{case}attach/",
        f"{case}do/withdraw/",
    ]
