"""The palette and the keys in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, Request, Route

from tests.browsing import Site, log_in, visit

pytestmark = pytest.mark.browser

CHOSEN = "#og-palette-list [aria-selected=true]"
FOCUSED_ROW = """
[...document.querySelectorAll("[data-og-row]")]
    .indexOf(document.activeElement.closest("[data-og-row]"))
"""
COMPOSING = """
document.body.dispatchEvent(
    new KeyboardEvent("keydown", {key: "c", isComposing: true, bubbles: true, cancelable: true}))
"""


@pytest.fixture
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    """Show the case list to the service desk, in English."""
    site.speak("desk", "en")
    with visit(chromium, site, "desk", locale="en") as page:
        page.goto("/cases/")
        yield page


def answered(page: Page) -> None:
    page.locator(CHOSEN).wait_for()


def test_the_palette_opens_a_case_by_keyboard_alone(page: Page, site: Site) -> None:
    number = site.number("optimization")
    page.keyboard.press("Control+k")
    answered(page)
    page.keyboard.type(number)
    page.keyboard.press("Enter")  # before the answer has come
    page.wait_for_url(f"**/cases/{number}/")


def test_arrows_choose_and_escape_leads_back_to_where_one_was(page: Page) -> None:
    page.locator("#og-search").focus()
    page.keyboard.press("Control+k")
    answered(page)
    first = page.locator("#og-palette-input").get_attribute("aria-activedescendant")
    page.keyboard.press("End")
    last = page.locator("#og-palette-input").get_attribute("aria-activedescendant")
    page.keyboard.press("ArrowDown")
    assert page.locator("#og-palette-input").get_attribute("aria-activedescendant") == first != last
    page.keyboard.press("Escape")
    assert not page.locator("#og-palette").is_visible()
    assert page.evaluate("document.activeElement.id") == "og-search"


def test_the_palette_switches_the_language_and_the_page_stays(page: Page, site: Site) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("中文")
    page.keyboard.press("Enter")
    page.locator("html[lang=zh-hans]").wait_for()
    assert page.url == f"{site.address}/cases/"
    page.keyboard.press("Control+k")
    page.keyboard.type("english")
    page.keyboard.press("Enter")
    page.locator("html[lang=en]").wait_for()


def test_rows_are_walked_and_opened_by_keys(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate(FOCUSED_ROW) == 1
    page.keyboard.press("k")
    assert page.evaluate(FOCUSED_ROW) == 0
    address = page.evaluate("document.activeElement.href")
    page.keyboard.press("Enter")
    page.wait_for_url(address)


def test_letters_lead_to_places(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/inbox/")
    page.keyboard.press("c")
    page.wait_for_url("**/new/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "og-search"


def test_the_list_of_keys_opens_and_holds_the_keys_back(page: Page, site: Site) -> None:
    page.keyboard.press("?")
    page.locator("#og-keys").wait_for()
    page.keyboard.press("c")
    page.keyboard.press("Escape")
    assert not page.locator("#og-keys").is_visible()
    assert page.url == f"{site.address}/cases/"


def test_keys_are_letters_while_one_writes_composes_or_holds_ctrl(page: Page, site: Site) -> None:
    page.locator("#og-search").focus()
    page.keyboard.type("cj?/")
    assert page.locator("#og-search").input_value() == "cj?/"
    page.evaluate("document.activeElement.blur()")
    page.evaluate(COMPOSING)
    page.keyboard.press("Alt+c")
    page.wait_for_timeout(300)
    assert page.url == f"{site.address}/cases/"
    assert page.locator("dialog[open]").count() == 0


def test_switched_off_single_keys_do_nothing_but_the_palette_opens(page: Page, site: Site) -> None:
    wish = "UPDATE people_user SET has_single_key_shortcuts = ? WHERE username = 'desk'"
    site.ask(wish, False)
    page.reload()
    for key in ("j", "?", "/", "g", "i", "c"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.url == f"{site.address}/cases/"
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate(FOCUSED_ROW) == -1
    page.keyboard.press("Control+k")
    answered(page)
    site.ask(wish, True)


def test_switched_off_the_sheet_has_no_keys_either(chromium: Browser, site: Site) -> None:
    wish = "UPDATE people_user SET has_single_key_shortcuts = ? WHERE username = 'ops_reviewer'"
    site.ask(wish, False)
    with visit(chromium, site, "ops_reviewer", locale="en") as page:
        page.goto(f"/gates/{site.number('gate', 'in_review')}/sheet/")
        page.locator(".og-criterion").first.focus()
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement === document.querySelector('.og-criterion')")
    site.ask(wish, True)


def test_without_scripts_the_palette_is_a_page(chromium: Browser, site: Site) -> None:
    number = site.number("optimization")
    with visit(chromium, site, "desk", java_script_enabled=False) as page:
        page.goto("/cases/")
        page.locator(".og-search__key").click()
        page.fill("#og-find", number)
        page.locator("#og-find").press("Enter")
        page.locator(".og-found a").first.click()
        page.wait_for_url(f"**/cases/{number}/")


def refuse(route: Route, _request: Request, status: int | None) -> None:
    if status is None:
        route.abort()
    else:
        route.fulfill(status=status)


def test_what_did_not_come_is_said(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(base_url=site.address, locale="en")
    page = context.new_page()
    site.speak("desk", "en")
    log_in(page, "desk")
    for answer, words in (
        (None, "No answer came"), (404, "no longer there"), (500, "Something went wrong here"),
    ):  # fmt: skip
        page.route("**/palette/**", partial(refuse, status=answer))
        page.keyboard.press("Control+k")
        page.locator(".og-toast--error", has_text=words).wait_for()
        assert page.locator(".og-toast--error").count() == 1
        page.locator(".og-toast--error [data-og-close]").click()
        page.keyboard.press("Escape")
        page.unroute("**/palette/**")
    context.close()
