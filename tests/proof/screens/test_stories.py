"""The main stories with nothing but a keyboard: with scripts, and without any."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import Site, watched

pytestmark = pytest.mark.browser

FARTHEST = 250
"""Presses of Tab after which somebody gives up."""


class Hands:
    """Somebody at a keyboard, who never touches a mouse."""

    def __init__(self, chromium: Browser, site: Site, who: str, with_scripts: bool) -> None:
        site.speak(who, "en")
        self.context = chromium.new_context(
            base_url=site.address, java_script_enabled=with_scripts, locale="en"
        )
        self.page, self.complaints = watched(self.context, site)
        self.page.goto("/login/")
        self.write("input[name=username]", who)
        self.write("input[name=password]", "demo")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def reach(self, selector: str) -> None:
        """Press Tab until what is wanted has the focus."""
        for _press in range(FARTHEST):
            self.page.keyboard.press("Tab")
            if self.page.locator(f":is({selector}):focus").count():
                return
        raise AssertionError(f"Tab does not come to {selector} on {self.page.url}")

    def write(self, selector: str, text: str) -> None:
        self.reach(selector)
        self.page.keyboard.type(text)

    def follow(self, selector: str) -> None:
        """Reach a link or button and press Enter; a new page is there afterwards."""
        self.reach(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def leave(self) -> None:
        self.context.close()
        assert self.complaints == []


KEYS = ("Space",)
SEND = "form.og-form button[type=submit]"


def do(hands: Hands, action: str, **values: str) -> None:
    """Go from a case to the form of an action, fill it in and send it."""
    hands.follow(f'a[href$="/do/{action}/"]')
    for name, value in values.items():
        if value in KEYS:
            hands.reach(f"[name={name}]")
            hands.page.keyboard.press(value)
        else:
            hands.write(f"[name={name}]", value)
    hands.follow(SEND)


@pytest.mark.parametrize("with_scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_request_is_filed_taken_assessed_and_approved_by_keyboard(
    chromium: Browser, site: Site, with_scripts: bool
) -> None:
    title = f"Totals by keyboard, scripts {with_scripts}"
    hands = Hands(chromium, site, "requester", with_scripts)
    hands.follow('a[href="/new/"]')
    hands.follow('a[href="/new/optimization/"]')
    hands.write("[name=title]", title)
    hands.write("[name=service]", "E")
    hands.write("[name=wanted]", "A total for each plant")
    hands.follow(SEND)
    number = _number(hands.page)
    hands.write("textarea[name=body]", "Please before the quarter ends.")
    hands.follow(".og-composer button[type=submit]")
    assert "Please before the quarter ends." in hands.page.content()
    hands.leave()

    hands = Hands(chromium, site, "desk", with_scripts)
    hands.page.goto("/inbox/?view=queue")
    hands.follow(f'button[aria-label="Take {number}"]')
    do(hands, "pass_to_assessment", size="Space")
    hands.leave()

    hands = Hands(chromium, site, "analyst", with_scripts)
    hands.page.goto(f"/cases/{number}/")
    do(
        hands, "propose", solution="A report", effort_analysis="1", effort_development="1",
        effort_testing="1", risk="Space", due_on="12012027", requirement_document="As written",
    )  # fmt: skip
    hands.leave()

    hands = Hands(chromium, site, "owner", with_scripts)
    hands.page.goto(f"/cases/{number}/")
    do(hands, "approve", note="Fine")
    hands.leave()
    assert site.ask("SELECT state FROM workflows_case WHERE number = ?", number) == [
        "in_development"
    ]


def _number(page: Page) -> str:
    found: Any = page.url.rstrip("/").rsplit("/", 1)[-1]
    assert str(found).startswith("REQ-"), page.url
    return str(found)
