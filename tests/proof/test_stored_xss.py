"""Whatever people write stays text, on every page that shows it, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.proof.house import House
from tests.proof.payloads import ALL, PAYLOADS, mark
from tests.proof.scale import IS_FULL, rounds

pytestmark = pytest.mark.browser

EVERY = set(range(len(PAYLOADS)))
EACH = rounds(full=1, short=5)
"""Where one page shows one text in one way only, every so many payloads are tried."""
WATCH = "window.RAN = []; window.XSS = (what) => window.RAN.push(what || 'ran');"
FOREIGN = """() => {
  const found = [], own = location.origin;
  const wrong = (element, why) => found.push(`${why}: ${element.outerHTML.slice(0, 160)}`);
  const forbidden = new Set(["iframe", "frame", "object", "embed", "base", "math", "video",
    "audio", "source", "animate", "style", "applet", "foreignobject"]);
  const links = new Set(["href", "src", "action", "formaction", "data", "xlink:href", "poster"]);
  for (const element of document.querySelectorAll("*")) {
    if (forbidden.has(element.localName.toLowerCase())) wrong(element, "element");
    if (element.localName === "meta" && element.httpEquiv) wrong(element, "meta");
    if (element.localName === "script") {
      const path = new URL(element.src || "about:blank", own).pathname;
      const isOurs = path.startsWith("/static/") || path === "/admin/jsi18n/";
      if (!isOurs && element.type !== "application/json") wrong(element, "script");
    }
    for (const attribute of element.attributes) {
      const name = attribute.name.toLowerCase();
      if (/^(on|hx-on|data-hx-on|srcdoc)/.test(name)) wrong(element, "handler");
      if (!links.has(name) || attribute.value.startsWith("#")) continue;
      let url;
      try { url = new URL(attribute.value, own); } catch { wrong(element, "address"); continue; }
      if (url.origin !== own && url.protocol !== "mailto:") wrong(element, "leads away");
    }
  }
  return found;
}"""
MODELS = [
    "people/user", "people/unit", "people/grant", "people/absence", "people/customerclass",
    "people/apitoken", "agreements/service", "agreements/agreement",
    "agreements/agreementversion", "agreements/calendar", "agreements/calendarversion",
    "agreements/standard", "agreements/standardversion", "workflows/case", "workflows/task",
    "workflows/event", "workflows/outbox", "auditlog/logentry",
]  # fmt: skip
"""Models of the back office whose rows say what somebody wrote."""


@dataclass
class Visitor:
    """One person's browser: goes to pages, and tells of everything that was more than text."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    expected_status: int = 200

    def __post_init__(self) -> None:
        self.page.on("dialog", self._dialog)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._request)

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, message: Any) -> None:
        is_status = f"status of {self.expected_status}" in message.text
        has_no_icon = message.location["url"].endswith("/favicon.ico")  # the back office has none
        if message.type == "error" and not is_status and not has_no_icon:
            self.complaints.append(f"console: {message.text} {message.location['url']}")

    def _request(self, request: Any) -> None:
        """What is typed stands in addresses of our own; nothing is asked of anybody else."""
        host = urlsplit(request.url).hostname or ""
        if host.endswith("evil.example") or request.url.startswith(("javascript:", "data:text")):
            self.complaints.append(f"request: {request.url}")

    def go(self, path: str, *, shows: set[int] | None = None, status: int = 200) -> None:
        self.expected_status = status
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        self.check(path, shows)

    def check(self, path: str, shows: set[int] | None = None) -> None:
        """Nothing ran and nothing was made of the payloads, and `shows` are on the page."""
        ran, foreign = self.page.evaluate("window.RAN"), self.page.evaluate(FOREIGN)
        assert (ran, foreign, self.complaints) == ([], [], []), path
        if shows is not None:
            text = self.page.evaluate("document.documentElement.outerHTML")
            seen = {number for number in EVERY if mark(number) in text}
            assert shows <= seen, f"{path} does not show {sorted(shows - seen)}"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, dict[str, Any]]:
    """A house in which every text is a payload; its mails are written."""
    house = House(tmp_path_factory.mktemp("planted")).found()
    house.manage("collectstatic", "--no-input", "-v0")
    planting = ("-m", "tests.proof.planting", str(EACH))
    placed = json.loads(house.python(*planting).splitlines()[-1])
    return house, placed


@pytest.fixture(scope="module")
def site(planted: tuple[House, dict[str, Any]]) -> Iterator[str]:
    house, _placed = planted
    with house.web(workers=1):
        yield house.address


@pytest.fixture
def visitor(chromium: Browser, site: str) -> Iterator[Any]:
    """Return a function that logs somebody in."""
    contexts = []

    def log_in(who: str, *, language: str = "") -> Visitor:
        context = chromium.new_context(base_url=site)
        context.add_init_script(WATCH)
        contexts.append(context)
        found = Visitor(context.new_page())
        found.page.goto("/login/")
        found.check("/login/")
        found.page.locator("input[name=username]:visible").fill(who)
        found.page.locator("input[name=password]:visible").fill("demo")
        found.page.locator("form.og-form button[type=submit]").first.click()
        found.page.wait_for_url(lambda url: "/login/" not in url)
        return found

    yield log_in
    for context in contexts:
        context.close()


READERS = ["desk", "service_manager"]  # one reads Chinese, the other English


@pytest.mark.parametrize("who", READERS)
def test_lists_show_text(visitor: Any, who: str) -> None:
    person = visitor(who)
    person.go("/cases/?status=open", shows=EVERY)
    person.go("/cases/?q=xss")
    if who == "desk":
        person.go("/inbox/?view=queue", shows={number for number in EVERY if number % 2 == 0})
    person.go("/new/optimization/", shows=EVERY)  # systems to choose from, and people
    person.page.fill("[name=title]", "script xss onerror img src svg onload")
    person.page.locator(".og-similar li").nth(4).wait_for()
    person.check("similar cases")


@pytest.mark.parametrize("who", READERS)
def test_every_case_page_and_every_explanation_shows_text(
    visitor: Any, planted: tuple[House, dict[str, Any]], who: str
) -> None:
    person, cases = visitor(who), planted[1]["cases"]
    turn = READERS.index(who)
    for number, case in enumerate(cases):
        if IS_FULL or number % 2 == turn:
            person.go(f"/cases/{case}/", shows={number})
            assert person.page.locator("h1").inner_text() == " ".join(PAYLOADS[number].split())
        if IS_FULL or number % 4 == turn:
            person.go(f"/cases/{case}/why/response/", shows={number})


@pytest.mark.parametrize("who", [*READERS, "asks0"])
def test_documents_notes_and_the_story_show_text(
    visitor: Any, planted: tuple[House, dict[str, Any]], who: str
) -> None:
    person, case = visitor(who), planted[1]["rich"]
    person.go(f"/cases/{case}/", shows=EVERY)
    suppliers = set(range(0, len(PAYLOADS), EACH))
    places = {".og-entry .og-note": EVERY, ".og-prose": EVERY, ".og-changes": suppliers}
    for place, expected in places.items():
        text = " ".join(person.page.locator(place).all_text_contents())
        assert expected <= {number for number in EVERY if mark(number) in text}, place
    person.page.emulate_media(media="print")
    person.check("print", EVERY)


def test_forms_say_back_text(visitor: Any, planted: tuple[House, dict[str, Any]]) -> None:
    """What was typed comes back: a form that is not complete, a case that moved on, a search."""
    person, case = visitor("desk"), planted[1]["cases"][0]
    person.expected_status = 422
    person.page.goto("/new/optimization/")
    for number in range(0, len(PAYLOADS), rounds(full=1, short=10)):
        person.page.fill("[name=title]", PAYLOADS[number])
        person.page.fill("[name=wanted]", ALL)
        person.page.locator("form.og-form button[type=submit]").click()
        person.page.locator(".og-notice--error").wait_for()
        person.check("filing", EVERY)
    person.go(f"/cases/{case}/do/reject/", shows={0})
    person.expected_status = 409
    person.page.fill("[name=reason]", PAYLOADS[4])
    hidden = person.page.locator("[name=expected_version]")
    hidden.evaluate("input => { input.value = '1' }")
    person.page.locator("form.og-form button[type=submit]").first.click()
    person.page.locator(".og-typed").wait_for()
    person.check("conflict", {0, 4})
    for number in range(0, len(PAYLOADS), rounds(full=1, short=10)):
        person.page.goto("/cases/")
        person.page.fill("#og-search", PAYLOADS[number])
        person.page.press("#og-search", "Enter")
        person.page.wait_for_url(lambda url: "/search/" in url)
        person.check("search", {number})


def test_strangers_who_type_payloads_read_text(chromium: Browser, site: str) -> None:
    context = chromium.new_context(base_url=site)
    context.add_init_script(WATCH)
    person = Visitor(context.new_page())
    person.go("/login/")
    for number in (4, 28):
        person.page.locator("input[name=username]:visible").fill(PAYLOADS[number])
        person.page.locator("input[name=password]:visible").fill(PAYLOADS[number])
        person.page.locator("form.og-form button[type=submit]").first.click()
        person.page.locator(".og-notice--error:visible").wait_for()
        person.check("log-in", {number})
    person.go("/login/?next=%22%3E%3Cscript%3EXSS()%3C/script%3E")
    person.go("/%22%3E%3Cscript%3EXSS()%3C%2Fscript%3E", status=404)
    context.close()


def test_the_back_office_shows_text(visitor: Any) -> None:
    person = visitor("admin")
    person.go("/admin/", shows=set(range(len(PAYLOADS) - 10, len(PAYLOADS))))  # recent actions
    for model in MODELS:
        person.go(f"/admin/{model}/?all=")
        rows = person.page.locator("#result_list tbody th a, #result_list td.field-__str__ a")
        links = [one.get_attribute("href") for one in rows.all()]
        text = person.page.locator("#result_list").inner_html()
        shown = sorted(number for number in EVERY if mark(number) in text)
        assert shown or model in ("workflows/task", "auditlog/logentry"), model
        pages = [link.partition("?")[0] for link in links if link and "/change/" in link]
        for page in dict.fromkeys(pages[:: 1 if IS_FULL else max(1, len(pages) // 2)]):
            person.go(page)
    for page in ("/admin/people/unit/1/history/", "/admin/people/unit/1/delete/"):
        person.go(page)


def test_answers_of_the_api_are_shown_as_text(visitor: Any) -> None:
    person = visitor("service_manager")
    answer = person.page.goto("/api/v1/cases/?q=xss")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    person.check("api")


def test_a_file_is_saved_not_opened(visitor: Any, planted: tuple[House, dict[str, Any]]) -> None:
    person, case = visitor("service_manager"), planted[1]["cases"][5]
    person.go(f"/cases/{case}/")
    with person.page.expect_download() as saved:
        person.page.locator(".og-files a").first.click()
    assert saved.value.suggested_filename.endswith(".txt")
    person.check("download", {5})


def test_mails_are_plain_text_with_one_line_of_subject(
    planted: tuple[House, dict[str, Any]],
) -> None:
    house, _placed = planted
    house.manage("sweep")
    letters = [
        BytesParser(policy=policy.default).parsebytes(one.strip(b"\n") + b"\n")
        for file in (house.folder / "mail").iterdir()
        for one in re.split(rb"^-{79}$", file.read_bytes(), flags=re.MULTILINE)
        if one.strip()
    ]
    assert len(letters) > len(PAYLOADS)
    text = "".join(letter.get_content() + letter["Subject"] for letter in letters)
    assert {number for number in EVERY if mark(number) in text} == EVERY
    for letter in letters:
        assert letter.get_content_type() == "text/plain"
        assert letter["To"].count("@") == 1
        assert set(letter.keys()) == {
            "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To",
            "Date", "Message-ID", "Auto-Submitted",
        }  # fmt: skip


def test_nothing_of_it_broke_what_must_hold(planted: tuple[House, dict[str, Any]]) -> None:
    house, _placed = planted
    assert house.manage("audit", "verify")
    assert Path(house.folder).is_dir()
