"""A clock that the browser counts on says what the server would say at that instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils.translation import override
from playwright.sync_api import Browser, Locator

from tests.browsing import Site, log_in, watched
from workflows.words import clock_words

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Shown:
    """A clock as a chip carries it; `moved` is the same one later."""

    remaining: timedelta
    elapsed: timedelta
    is_ticking: bool
    words: str
    level: str

    @classmethod
    def on(cls, chip: Locator) -> Shown:
        length = {
            name: timedelta(seconds=float(chip.get_attribute(f"data-{name}") or 0))
            for name in ("remaining", "elapsed")
        }
        return cls(
            **length, is_ticking=chip.get_attribute("data-og-ticking") is not None,
            words=chip.locator("[data-og-words]").inner_text(),
            level=chip.get_attribute("data-level") or "",
        )  # fmt: skip

    def said_by_the_server(self, later: timedelta) -> tuple[str, str]:
        passed = later if self.is_ticking else timedelta()
        return clock_words(Moved(self.remaining - passed, self.elapsed + passed))


@dataclass(frozen=True)
class Moved:
    remaining: timedelta
    elapsed: timedelta
    state: str = "running"
    is_working_now: bool = True

    @property
    def budget(self) -> timedelta:
        return self.remaining + self.elapsed


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("minutes", [0, 7, 61, 600])
def test_browser_and_server_say_the_same_after_a_while(
    chromium: Browser, site: Site, language: str, minutes: int
) -> None:
    later = timedelta(minutes=minutes)
    site.speak("service_manager", language)
    context = chromium.new_context(base_url=site.address)
    page, complaints = watched(context, site)
    page.clock.install()
    log_in(page, "service_manager")
    page.goto("/cases/")
    before = [Shown.on(chip) for chip in page.locator(".og-clock").all()]
    page.clock.run_for(int(later.total_seconds() * 1000) + 100)
    after = [Shown.on(chip) for chip in page.locator(".og-clock").all()]
    context.close()
    with override(language):
        for was, now in zip(before, after, strict=True):
            if was.is_ticking:
                assert (now.level, now.words) == was.said_by_the_server(later)
            else:
                assert now == was  # a clock that is paused never ticks
    assert before
    assert complaints == []
