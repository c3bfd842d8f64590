"""Every screen in a browser: for everybody's eyes and hands, in both languages, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import Site, log_in, watched
from tests.proof.scale import IS_FULL
from tests.proof.screens import looking
from tests.proof.screens.places import NOBODY, NOT_SHOWN, Screen, case_pages, pages
from tests.proof.strangers.routes import routes

pytestmark = pytest.mark.browser

CHINESE, ENGLISH = "zh-hans", "en"
LOOKS = [(CHINESE, "light"), (CHINESE, "dark")]
if IS_FULL:
    LOOKS += [(ENGLISH, "light"), (ENGLISH, "dark")]
PARTS = 4
ROUNDS = [
    (look, part)
    for look in LOOKS
    for part in range(PARTS)
    if IS_FULL or (look[1] == "light") == bool(part % 2)
]
"""In the short round each screen is looked at once, in Chinese, light and dark in turn, and judged
by axe at one of two widths in turn."""
AT_A_DESK = [looking.violations, looking.overflow]
ON_A_PHONE = [looking.overflow, looking.violations]  # which leaves the window narrow
EITHER_WAY = [*AT_A_DESK, looking.violations]
Ask = Callable[[Page], list[str]]


@pytest.fixture(scope="session")
def screens(site: Site) -> list[Screen]:
    return [*pages(site), *case_pages(site)]


@pytest.fixture(scope="session")
def written(site: Site) -> list[str]:
    return looking.written_in(site)


class Visitor:
    """Goes from screen to screen as whoever sees them, and notes what is wrong where."""

    def __init__(self, chromium: Browser, site: Site, language: str, **options: Any) -> None:
        self.chromium, self.site, self.options = chromium, site, options
        self.language = language
        self.open: dict[str, tuple[Page, list[str]]] = {}
        self.faults: list[str] = []

    def look(self, screen: Screen, *asked: Ask) -> None:
        page, complaints = self.page_of(screen.who)
        page.set_viewport_size({"width": 1280, "height": 844})
        answer = page.goto(screen.path, wait_until="load")
        assert answer is not None
        if answer.status != 200:
            self.faults.append(f"{screen.who} {screen.path}: {answer.status}")
            complaints.clear()
            return
        found = [fault for ask in asked for fault in ask(page)] + complaints
        self.faults += [f"{screen.who} {screen.path}: {fault}" for fault in found]
        complaints.clear()

    def page_of(self, who: str) -> tuple[Page, list[str]]:
        if who not in self.open:
            context = self.chromium.new_context(base_url=self.site.address, **self.options)
            self.open[who] = watched(context, self.site)
            if who != NOBODY:
                log_in(self.open[who][0], who)
        return self.open[who]

    def leave(self) -> None:
        for page, _complaints in self.open.values():
            page.context.close()


@pytest.fixture
def visitor(
    chromium: Browser, site: Site, screens: list[Screen], request: pytest.FixtureRequest
) -> Iterator[Visitor]:
    language, theme = getattr(request, "param", (ENGLISH, "light"))
    for who in {screen.who for screen in screens}:
        site.speak(who, language)
    calm: Any = {
        "color_scheme": theme,
        "reduced_motion": "reduce",
        "locale": "en" if language == ENGLISH else "zh-CN",
    }
    one = Visitor(chromium, site, language, **calm)
    yield one
    one.leave()


def test_every_address_is_a_screen_or_named_as_none(screens: list[Screen]) -> None:
    addresses = {route.pattern for route in routes() if not route.is_api} - PROBED
    assert {screen.pattern for screen in screens} | set(NOT_SHOWN) == addresses


PROBED = {"healthz", "readyz", "metrics"}


@pytest.mark.parametrize(("visitor", "part"), ROUNDS, indirect=["visitor"])
def test_every_screen_is_accessible_fits_and_speaks_the_language(
    visitor: Visitor, screens: list[Screen], written: list[str], part: int
) -> None:
    def in_english(page: Page) -> list[str]:
        return looking.english_words(page.evaluate(looking.TEXTS), written)

    spoken = [in_english] if visitor.language == CHINESE else []
    for turn, screen in enumerate(screens[part::PARTS]):
        asked = ON_A_PHONE if turn % 2 else AT_A_DESK
        visitor.look(screen, looking.headings, *spoken, *(EITHER_WAY if IS_FULL else asked))
    assert visitor.faults == [], "\n".join(visitor.faults)


@pytest.mark.parametrize("visitor", LOOKS, indirect=True, ids=["-".join(look) for look in LOOKS])
@pytest.mark.parametrize(
    ("path", "status"),
    [("/cases/REQ-1999-1/", 404), ("/office/", 403), ("/logout/", 405), ("/help/?q=%00", 400)],
)
def test_a_refusal_is_a_page_like_others(visitor: Visitor, path: str, status: int) -> None:
    page, _complaints = visitor.page_of("requester")  # the browser itself complains of the status
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == status
    assert looking.headings(page) + looking.violations(page) + looking.overflow(page) == []


def test_tab_reaches_every_control_also_in_english(visitor: Visitor, screens: list[Screen]) -> None:
    seen: set[str] = set()
    for screen in screens:
        if screen.pattern not in seen or "?" in screen.path:
            visitor.look(screen, looking.out_of_reach, looking.overflow)
        seen.add(screen.pattern)
    assert visitor.faults == [], "\n".join(visitor.faults)
