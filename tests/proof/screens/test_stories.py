"""The main stories with nothing but a keyboard: with scripts, and without any."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import Site
from tests.proof.screens.hands import Hands

pytestmark = pytest.mark.browser
either_way = pytest.mark.parametrize("with_scripts", [True, False], ids=["scripts", "no scripts"])


def state(site: Site, number: str) -> str:
    found: str = site.ask("SELECT state FROM workflows_case WHERE number = ?", number)[0]
    return found


@either_way
def test_a_request_is_filed_taken_assessed_and_approved_by_keyboard(
    chromium: Browser, site: Site, with_scripts: bool
) -> None:
    hands = Hands(chromium, site, "requester", with_scripts=with_scripts)
    hands.follow('a[href="/new/"]')
    hands.send(
        title=f"Totals by keyboard, scripts {with_scripts}", service="erp",
        wanted="A total for each plant",
    )  # fmt: skip
    number = hands.number()
    hands.fill(body="Please before the quarter ends.")
    hands.follow(".og-composer button[type=submit]")
    assert "Please before the quarter ends." in hands.page.content()
    hands.leave()

    hands = Hands(chromium, site, "desk", with_scripts=with_scripts)
    hands.page.goto("/inbox/?view=queue")
    hands.follow(f'button[aria-label="Take {number}"]')
    hands.do("pass_to_assessment", size="small")
    hands.leave()

    hands = Hands(chromium, site, "analyst", with_scripts=with_scripts)
    hands.page.goto(f"/cases/{number}/")
    hands.do(
        "propose", solution="A report", effort_analysis="1", effort_development="1",
        effort_testing="1", risk="low", due_on="2027-12-01", requirement_document="As written",
    )  # fmt: skip
    hands.leave()

    hands = Hands(chromium, site, "owner", with_scripts=with_scripts)
    hands.page.goto(f"/cases/{number}/")
    hands.do("approve", note="Fine")
    hands.leave()
    assert state(site, number) == "in_development"


@either_way
def test_a_change_is_filed_submitted_assessed_and_approved_by_keyboard(
    chromium: Browser, site: Site, with_scripts: bool
) -> None:
    day = date.today() + timedelta(days=30)
    hands = Hands(chromium, site, "analyst", with_scripts=with_scripts)
    hands.follow('a[href="/new/"]')
    hands.follow('a[href="/new/change/"]')
    hands.fill(title=f"Index by keyboard, scripts {with_scripts}", what="An index", reason="Slow")
    hands.tick("[name=systems][value=portal]")
    hands.send(
        starts_at=f"{day}T22:00", ends_at=f"{day}T23:30", plan="Build it",
        test_evidence="On a copy", backout_plan="Drop it", backout_minutes="30",
        return_until=f"{day}T22:45", implementer="developer", verifier="tester",
    )  # fmt: skip
    number = hands.number()
    hands.do("submit", note="Complete")
    hands.leave()

    hands = Hands(chromium, site, "change_manager", with_scripts=with_scripts)
    hands.page.goto(f"/cases/{number}/")
    hands.do(
        "assess", impact="some", reach="team", complexity="few", tested="in_part",
        reversible="with_effort", experience="once", timing="quiet",
    )  # fmt: skip
    hands.do("approve", note="Fine")
    hands.leave()
    assert state(site, number) == "awaiting_approval"

    hands = Hands(chromium, site, "owner", with_scripts=with_scripts)
    hands.page.goto(f"/cases/{number}/")
    hands.do("approve", note="Fine")
    hands.leave()
    assert state(site, number) == "scheduled"


def test_a_gate_is_judged_and_decided_by_keyboard(chromium: Browser, site: Site) -> None:
    number = site.number("gate", "in_review")
    hands = Hands(chromium, site, "ops_reviewer", late=200)
    hands.follow('a[href="?view=reviews"]')
    hands.follow(f'a[href="/cases/{number}/"]')
    hands.follow(f'a[href="/gates/{number}/sheet/"]')
    hands.skip_to_content()
    hands.reach(".og-criterion button")
    count = hands.page.locator(".og-criterion").count()
    hands.press(*["1", "j"] * count)  # faster than the answers come
    for result in ("2", "3"):
        hands.press("e")
        hands.write("One drill is missing.", pace=30)  # an answer comes meanwhile
        hands.press("Escape", result, "k")
    for result, times in (("partly", 1), ("fail", 1), ("pass", count - 2)):
        pressed = hands.page.locator(f".og-result--{result}[aria-pressed=true]")
        expect(pressed).to_have_count(times)
    hands.follow("#og-foot .btn-primary")
    hands.do("agree", note="The drill can follow.")
    hands.leave()
    assert state(site, number) == "awaiting_verdict"

    hands = Hands(chromium, site, "head")
    hands.follow('a[href="?view=reviews"]')
    hands.follow(f'a[href="/cases/{number}/"]')
    hands.do("reject", reason="The core has no second path.")
    hands.leave()
    assert state(site, number) == "rejected"
