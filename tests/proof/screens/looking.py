"""What is asked of a page in the browser."""

from __future__ import annotations

import re
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browsing import SIDEWAYS, Site

AXE = Axe()
RULES: dict[str, Any] = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
WIDTHS = (1280, 768, 390)


def violations(page: Page) -> list[str]:
    """Return what axe finds, each with the first element it concerns."""
    found = AXE.run(page, options=RULES).response["violations"]
    return [f"axe {one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


def overflow(page: Page) -> list[str]:
    """Return the widths at which the page scrolls sideways; the window ends narrow as a phone."""
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        if (sideways := page.evaluate(SIDEWAYS)) > 0:
            faults.append(f"scrolls sideways by {sideways} px at {width} px")
    return faults


def headings(page: Page) -> list[str]:
    count = page.locator("h1").count()
    return [] if count == 1 else [f"has {count} main headings"]


# -- the keyboard ----------------------------------------------------------------------------------
CONTROLS = """() => {
  const isShown = (one) => one.checkVisibility({ visibilityProperty: true })
    && !one.closest("[inert]");
  const controls = [...document.querySelectorAll(
    "a[href], button:not([disabled]), input:not([type=hidden], [disabled]), "
    + "select:not([disabled]), textarea:not([disabled]), summary, [tabindex='0']")].filter(isShown);
  const groups = new Map();
  controls.forEach((one, index) => {
    one.dataset.control = one.type === "radio" ? `radio ${one.form?.id} ${one.name}` : index;
    groups.set(String(one.dataset.control), one.outerHTML.slice(0, 160));
  });
  return [...groups];
}"""
FOCUSED = "document.activeElement.dataset.control ?? ''"


def out_of_reach(page: Page) -> list[str]:
    """Return the controls that Tab does not come to from the top of the page."""
    controls = dict(page.evaluate(CONTROLS))
    missing = dict(controls)
    page.evaluate("document.activeElement.blur(); window.getSelection().removeAllRanges()")
    for _press in range(len(controls) + 40):
        page.keyboard.press("Tab")
        missing.pop(page.evaluate(FOCUSED), None)
        if not missing:
            break
    return [f"Tab does not reach {html}" for html in missing.values()]


# -- the language ----------------------------------------------------------------------------------
TEXTS = """() => {
  const LEFT = "script, style, template, [lang=en], .og-prose, code, kbd, samp, textarea";
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, textContent } = walker.currentNode;
    if (parentElement.closest(LEFT)) continue;
    found.add(textContent.replace(/\\s+/g, " ").trim());
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"]) {
    for (const one of document.querySelectorAll(`body [${name}]`)) {
      if (!one.closest("[lang=en]")) found.add(one.getAttribute(name).replace(/\\s+/g, " ").trim());
    }
  }
  found.add(document.title);
  return [...found];
}"""
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]{2,}")
TERMS = re.compile(
    "Opsgate|SLA|CAB|API|BPMN|Excel|CSV|PDF|XLSX|xlsx|JSON|iCalendar|ERP|CRM|Ctrl|Enter|Esc|Tab|Shift|Alt"
    "|Webhook|Token|EMAIL|HOST|manage|backup|Python|Django|PIN|OIDC|TOTP|URL|HTTPS?|UTC|SQLite|PostgreSQL|Redis|Celery|Markdown|English"
)
"""Words that a Chinese reader meets in English: names, and terms of the trade."""
NUMBER = re.compile(r"（[^）]+）时间|\b[A-Z]{3}-\d{4}-\d+\b|\bG\d-\d+\b|\S+@\S+|https?://\S+")


def english_words(texts: list[str], written: list[str]) -> list[str]:
    """Return the texts of a Chinese page with English words that nobody `written` into the data."""
    whole = "\n".join(written)
    names = sorted({one for one in written if 2 < len(one) < 200}, key=len, reverse=True)
    found = []
    for text in texts:
        if not WORD.search(text) or (len(text) >= 25 and text in whole):
            continue
        rest = NUMBER.sub(" ", text)
        for name in names:
            if name in rest:
                rest = rest.replace(name, " ")
        if not all(TERMS.fullmatch(word) for word in WORD.findall(rest)):
            found.append(f"English: {text[:120]}")
    return found


WRITTEN = """
import json
from django.apps import apps
from django.db.models import CharField, EmailField, JSONField, SlugField, TextField

found = set()

def keep(value):
    if isinstance(value, str):
        found.add(" ".join(value.split()))
    elif isinstance(value, dict):
        [keep(one) for one in value.values()]
    elif isinstance(value, list):
        [keep(one) for one in value]

CODES = "state source target action step slot topic metric kind".split()
APPS = ("people", "agreements", "workflows", "changes", "change_control", "projects")
for model in (one for app in APPS for one in apps.get_app_config(app).get_models()):
    fields = [
        field.name for field in model._meta.local_concrete_fields
        if isinstance(field, (CharField, TextField, JSONField)) and not field.choices
        and field.name not in CODES
    ]
    for row in model._default_manager.values_list(*fields) if fields else ():
        keep(list(row))
print(json.dumps(sorted(found)))
"""


def written_in(site: Site) -> list[str]:
    """Return every text that people, or the shipped data, wrote into the database."""
    found: list[str] = site.compute(WRITTEN)
    return found
