"""A passkey, made and used in a real browser; the key itself is one of Chromium's for tests."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import Site

pytestmark = pytest.mark.browser

KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def type_password(page: Page) -> None:
    page.goto("/login/")
    page.locator("input[name=username]:visible").fill("buyer")
    page.locator("input[name=password]:visible").fill("demo")
    page.locator("form.og-form button[type=submit]").first.click()


def press_passkey(page: Page) -> None:
    page.locator("form[data-og-passkey] button:visible").click()


def test_a_passkey_opens_the_account_alone_and_as_the_second_step(
    chromium: Browser, site: Site
) -> None:
    # a passkey belongs to a name; 127.0.0.1 is none
    context = chromium.new_context(base_url=site.address.replace("127.0.0.1", "localhost"))
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

    type_password(page)
    page.wait_for_url("**/inbox/")
    page.goto("/profile/passkeys/add/")  # leads by the question who one is
    page.locator("input[name=password]").fill("demo")
    page.locator("main form button[type=submit]").first.click()
    page.locator("input[name=name]").fill("laptop")
    press_passkey(page)
    page.wait_for_url("**/profile/codes/")
    assert page.locator(".og-codes li").count() == 10

    context.clear_cookies()
    page.goto("/login/?next=/cases/")
    press_passkey(page)
    page.wait_for_url(lambda url: url.endswith("/cases/") and "/login/" not in url)

    context.clear_cookies()
    type_password(page)
    page.wait_for_url("**/login/second-step/")
    press_passkey(page)
    page.wait_for_url("**/inbox/")
    assert complaints == []
    context.close()


def test_an_address_without_a_name_offers_no_passkey(chromium: Browser, site: Site) -> None:
    page = chromium.new_page(base_url=site.address)
    page.goto("/login/")
    assert not page.locator("form[data-og-passkey]").is_visible()
    page.close()
