"""Somebody at a keyboard, who never touches a mouse."""

from __future__ import annotations

from datetime import datetime

from playwright.sync_api import Browser, Locator

from tests.browsing import Site, watched

FARTHEST = 100
"""Presses of a key after which somebody gives up."""
SLOWLY = """(() => {
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (...sent) {
    setTimeout(() => send.apply(this, sent), MILLISECONDS);
  };
})();"""
"""What makes the answers of htmx come late."""
SEND = "form.og-form .og-form__end > button:first-child"


class Hands:
    """Logs in as `who`; keys are pressed, and what they do is only read."""

    def __init__(
        self,
        chromium: Browser,
        site: Site,
        who: str,
        *,
        with_scripts: bool = True,
        late: int = 0,
    ) -> None:
        """Answers come `late` milliseconds later than from a machine next door."""
        site.speak(who, "en")
        self.context = chromium.new_context(
            base_url=site.address, java_script_enabled=with_scripts, locale="en"
        )
        if late:
            self.context.add_init_script(SLOWLY.replace("MILLISECONDS", str(late)))
        self.page, self.complaints = watched(self.context, site)
        self.page.goto("/login/")
        self.fill(username=who, password="demo")
        with self.page.expect_navigation():
            self.press("Enter")

    @property
    def focus(self) -> Locator:
        return self.page.locator(":focus")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str, *, pace: int = 0) -> None:
        """Type with `pace` milliseconds between letters."""
        self.page.keyboard.type(text, delay=pace)

    def press_until(self, key: str, wanted: str) -> None:
        found = self.page.locator(wanted)
        for _press in range(FARTHEST):
            if found.count():
                return
            self.press(key)
        raise AssertionError(f"{key} does not come to {wanted} on {self.page.url}")

    def reach(self, selector: str) -> None:
        """Press Tab until what is wanted has the focus."""
        self.press_until("Tab", f":is({selector}):focus")

    def skip_to_content(self) -> None:
        """Take the first link of a page that has just come."""
        self.press("Tab", "Enter", "Tab")
        assert self.page.locator("main :focus").count(), f"nothing is skipped on {self.page.url}"

    def tick(self, selector: str) -> None:
        self.reach(selector)
        self.press("Space")

    def fill(self, **values: str) -> None:
        """Reach each field in turn and enter its value as its kind takes it."""
        for name, value in values.items():
            self.reach(f"[name={name}]")
            kind = self.focus.evaluate("one => one.type")
            if kind in ("radio", "select-one"):
                chosen = f"[value={value}]:checked"
                self.press_until("ArrowDown", f"[name={name}]{chosen}, [name={name}] {chosen}")
            elif kind == "date":
                self.write(f"{datetime.fromisoformat(value):%m%d%Y}")
            elif kind == "datetime-local":
                at = datetime.fromisoformat(value)
                self.write(f"{at:%m%d%Y}")
                self.press("ArrowRight")  # a year may have more than four digits
                self.write(f"{at:%I%M%p}")
            else:
                self.write(value)

    def follow(self, selector: str) -> None:
        """Reach a link or button and press Enter; a new page is there afterwards."""
        self.reach(selector)
        with self.page.expect_navigation():
            self.press("Enter")

    def send(self, **values: str) -> None:
        self.fill(**values)
        self.follow(SEND)

    def do(self, action: str, **values: str) -> None:
        """Go from a case to the form of an action, fill it in and send it."""
        self.follow(f'a[href$="/do/{action}/"]')
        self.send(**values)

    def number(self) -> str:
        """Return the number of the case whose page is shown."""
        parts = self.page.url.rstrip("/").split("/")
        assert parts[-2] == "cases", self.page.url
        return parts[-1]

    def leave(self) -> None:
        self.context.close()
        assert self.complaints == [], self.complaints
