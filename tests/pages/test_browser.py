"""The pages in a real browser, against the product as `make run` starts it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import Site, log_in, visit

pytestmark = pytest.mark.browser

CASE = re.compile(r"/cases/[A-Z]+-\d{4}-\d+/$")


def test_without_scripts_a_request_is_filed_and_decided(chromium: Browser, site: Site) -> None:
    with visit(chromium, site, "requester", java_script_enabled=False) as page:
        page.goto("/new/optimization/")
        page.fill("[name=title]", "没有脚本也能提交")
        page.select_option("[name=service]", "erp")
        page.fill("[name=wanted]", "只用表单")
        page.locator("form.og-form button[type=submit]").click()
        page.wait_for_url(CASE)
        address = page.url
    with visit(chromium, site, "desk", java_script_enabled=False) as page:
        page.goto(f"{address}do/reject/")
        page.fill("[name=reason]", "重复的申请")
        page.locator("form.og-form button[type=submit]").first.click()
        page.wait_for_url(address)
        assert page.locator(".og-state--closed").count() == 1


def test_why_this_due_time_opens_beside_the_case(chromium: Browser, site: Site) -> None:
    with visit(chromium, site, "analyst") as page:
        page.goto("/cases/")
        page.locator(".og-row__link").first.click()
        page.locator(".og-why").first.click()
        page.locator(".og-explain").wait_for()
        assert page.locator(".og-explain table tbody tr").count() >= 1


def test_the_browser_says_the_same_as_the_server_after_a_tick(
    chromium: Browser, site: Site
) -> None:
    with visit(chromium, site, "desk") as page:
        page.goto("/inbox/?view=queue")
        before = page.locator("[data-og-words]").all_inner_texts()
        page.wait_for_timeout(300)
        assert page.locator("[data-og-words]").all_inner_texts() == before
        assert before


def send(page: Page, address: str, action: str, **values: str) -> None:
    """Fill in the form of an action and send it; what begins with # is ticked."""
    page.goto(f"{address}do/{action}/")
    for name, value in values.items():
        if value.startswith("#"):
            page.locator(f"[name={name}][value={value[1:]}]").check()
        else:
            page.fill(f"[name={name}]", value)
    page.locator("form.og-form button[type=submit]").first.click()
    page.wait_for_url(address)


@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_change_is_planned_assessed_and_approved(
    chromium: Browser, site: Site, with_scripts: bool
) -> None:
    options: Any = {"java_script_enabled": with_scripts, "locale": "en"}
    day = date.today() + timedelta(days=30)
    with visit(chromium, site, "analyst", **options) as page:
        page.goto("/new/change/")
        words = {
            "title": "Index built in the browser", "what": "An index", "reason": "Slow",
            "plan": "Build it", "test_evidence": "On a copy", "backout_plan": "Drop it",
            "backout_minutes": "30", "starts_at": f"{day}T22:00", "ends_at": f"{day}T23:30",
            "return_until": f"{day}T22:45",
        }  # fmt: skip
        for name, value in words.items():
            page.fill(f"[name={name}]", value)
        for code in ("portal", "finance-system"):
            page.locator(f"[name=systems][value={code}]").check()
        page.select_option("[name=implementer]", "developer")
        page.select_option("[name=verifier]", "tester")
        page.locator("form.og-form button[type=submit]").click()
        page.wait_for_url(CASE)
        address = page.url
        send(page, address, "submit")
    answers = {
        "impact": "#none", "reach": "#team", "complexity": "#one", "tested": "#like_production",
        "reversible": "#at_once", "experience": "#often", "timing": "#quiet",
    }  # fmt: skip
    with visit(chromium, site, "change_manager", **options) as page:
        send(page, address, "assess", **answers)
        send(page, address, "approve")
    with visit(chromium, site, "owner", **options) as page:  # the team's record is poor: medium
        send(page, address, "approve")
        assert page.locator(".og-stepper__step--now .og-stepper__dot").inner_text() == "4"
        page.goto(f"/changes/?month={day:%Y-%m}")
        assert page.locator(f".og-plan a[href='{address.removeprefix(site.address)}']").count() >= 1


# -- the sheet of a gate ---------------------------------------------------------------------------
FIRST = "#G3-01"
PRESSED = "[aria-pressed=true]"


def sheet(site: Site) -> str:
    return f"/gates/{site.number('gate', 'in_review')}/sheet/"


def put_to_open(page: Page, site: Site, code: str) -> None:
    page.goto(sheet(site))
    page.locator(f"{code} .og-result--open").click()
    page.locator(f"{code} .og-result--open{PRESSED}").wait_for()


@pytest.mark.parametrize("has_scripts", [True, False])
def test_what_belongs_to_other_types_of_change_does_not_show(
    chromium: Browser, site: Site, has_scripts: bool
) -> None:
    with visit(chromium, site, "analyst", java_script_enabled=has_scripts) as page:
        page.goto("/new/change/")
        for kind, shown in (
            ("normal", {"short_notice"}), ("standard", {"template"}),
            ("emergency", {"began_at", "finished_at"}),
        ):  # fmt: skip
            page.check(f"[name=type][value={kind}]")
            for name in ("short_notice", "template", "began_at", "finished_at"):
                is_there = name in shown or not has_scripts
                assert page.locator(f"[name={name}]").is_visible() == is_there, (kind, name)


def test_criteria_are_judged_by_keys_and_saved_without_a_reload(
    chromium: Browser, site: Site
) -> None:
    with visit(chromium, site, "ops_reviewer", locale="en") as page:
        put_to_open(page, site, FIRST)
        page.evaluate("window.isSamePage = true")
        page.keyboard.press("Escape")
        page.keyboard.press("1")  # the button has the focus, and so its criterion
        page.locator(f"{FIRST} .og-result--pass{PRESSED}").wait_for()
        page.keyboard.press("e")
        assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
        page.keyboard.type("1 jk")
        page.keyboard.press("Escape")
        page.keyboard.press("2")
        page.locator(f"{FIRST} .og-result--partly{PRESSED}").wait_for()
        assert page.locator(f"{FIRST} textarea").input_value().endswith("1 jk")
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.id") == "G3-02"
        page.keyboard.press("k")
        assert page.evaluate("document.activeElement.id") == "G3-01"
        assert page.evaluate("window.isSamePage")
        page.reload()
        assert page.locator(f"{FIRST} .og-result--partly{PRESSED}").count() == 1


def test_keys_do_nothing_while_no_criterion_has_the_focus(chromium: Browser, site: Site) -> None:
    with visit(chromium, site, "ops_reviewer") as page:
        put_to_open(page, site, FIRST)
        page.locator("h1").click()
        page.evaluate("document.activeElement.blur()")
        for key in "1j3":
            page.keyboard.press(key)
        page.wait_for_timeout(300)
        assert page.locator(f"{FIRST} .og-result--open{PRESSED}").count() == 1
        assert page.evaluate("document.activeElement.tagName") == "BODY"


@pytest.mark.parametrize("last", ["partly", "save"])
def test_a_second_press_and_what_is_typed_meanwhile_are_not_lost(
    chromium: Browser, site: Site, last: str
) -> None:
    with visit(chromium, site, "ops_reviewer") as page:
        put_to_open(page, site, FIRST)
        page.evaluate(
            """(last) => {
              const press = (name) => document.getElementById(`G3-01-${name}`).click();
              press("pass");
              press("partly");
              document.querySelector("#G3-01 textarea").value = "typed on the way";
              press(last);
            }""",
            last,
        )
        page.locator(f"{FIRST} .og-result--partly{PRESSED}").wait_for()
        assert page.locator(f"{FIRST} textarea").input_value() == "typed on the way"
        page.reload()
        assert page.locator(f"{FIRST} .og-result--partly{PRESSED}").count() == 1
        assert page.locator(f"{FIRST} textarea").input_value() == "typed on the way"


def test_a_missing_remark_does_not_call_back_who_went_on(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(base_url=site.address)  # the browser complains of the 422
    page = context.new_page()
    log_in(page, "ops_reviewer")
    put_to_open(page, site, "#G3-03")
    page.keyboard.press("2")
    page.keyboard.press("j")
    page.locator("#G3-03 [aria-invalid=true]").wait_for()
    assert page.evaluate("document.activeElement.id") == "G3-05"
    context.close()


def test_without_scripts_a_criterion_is_judged_with_one_press(
    chromium: Browser, site: Site
) -> None:
    with visit(chromium, site, "ops_reviewer", java_script_enabled=False) as page:
        put_to_open(page, site, FIRST)
        page.locator(f"{FIRST} .og-result--pass").click()
        page.wait_for_url(f"**{sheet(site)}{FIRST}")
        assert page.locator(f"{FIRST} .og-result--pass{PRESSED}").count() == 1


def test_on_a_phone_the_foot_covers_nothing_that_has_the_focus(
    chromium: Browser, site: Site
) -> None:
    size: Any = {"width": 390, "height": 844}
    calm: Any = {"viewport": size, "reduced_motion": "reduce"}
    with visit(chromium, site, "ops_reviewer", **calm) as page:
        page.goto(sheet(site))
        for button in page.locator(".og-result").all():
            assert (button.bounding_box() or {"height": 0})["height"] >= 44
        page.locator(".og-result").last.focus()
        foot = page.locator("#og-foot").bounding_box()
        last = page.locator(".og-result").last.bounding_box()
        assert foot is not None
        assert last is not None
        assert last["y"] + last["height"] <= foot["y"]
