"""Every screen of the product: pages by their addresses, and a form for each action on offer."""

from __future__ import annotations

from dataclasses import dataclass

from tests.browsing import Site


@dataclass(frozen=True)
class Screen:
    """A page as somebody sees it; `pattern` is its address in the resolver."""

    who: str
    path: str
    pattern: str


NOBODY = ""
GONE = "is sent, not shown, and leads back to a page"
PART = "a part of another page"
FILE = "a file"
NOT_SHOWN: dict[str, str] = {
    "logout/": GONE, "language/": GONE, "cases/<str:number>/comment/": GONE,
    "cases/<str:number>/attach/": GONE, "cases/<str:number>/link/": GONE,
    "cases/<str:number>/watch/": GONE, "tasks/<int:pk>/claim/": GONE,
    "tasks/<int:pk>/assign/": GONE, "tasks/<int:pk>/release/": GONE,
    "gates/<str:number>/sheet/<slug:code>/": GONE,
    "new/<slug:kind>/similar/": PART,
    "changes/feed/<str:secret>.ics": FILE, "changes/meetings/<str:number>/minutes.pdf": FILE,
    "projects/export.csv": FILE, "projects/export.xlsx": FILE,
    "criteria/<int:version>/criteria.xlsx": FILE, "gates/<str:number>/record.pdf": FILE,
    "cases/export.csv": FILE, "cases/export.xlsx": FILE,
    "cases/<str:number>/files/<int:pk>/": FILE, "processes/<slug:kind>.bpmn": FILE,
    "": "leads to the inbox or to the list of cases",
    "criteria/draft/": GONE,
}  # fmt: skip
"""Addresses that are no screen, each with the reason."""


def pages(site: Site) -> list[Screen]:
    """Return the screens that have an address of their own."""
    change, meeting = site.number("change", "scheduled"), site.number("cab")
    gate, project = site.number("gate", "in_review"), site.ask(AGREED)[0]
    request = site.number("optimization", "assessing")
    by_reader: dict[str, dict[str, str]] = {
        "service_manager": {
            "inbox/": "inbox/", "inbox/?view=queue": "inbox/", "inbox/?view=awaited": "inbox/",
            "cases/": "cases/", "search/?q=报表": "search/", "new/": "new/",
            "criteria/": "criteria/", "criteria/proposals/": "criteria/proposals/",
            "criteria/1/": "criteria/<int:version>/",
            "projects/": "projects/", "projects/board/": "projects/board/",
            f"gates/{gate}/sheet/": "gates/<str:number>/sheet/",
            f"gates/{gate}/record/": "gates/<str:number>/record/",
            f"cases/{request}/why/response/": "cases/<str:number>/why/<slug:metric>/",
        },
        NOBODY: {"login/": "login/"},
        "requester": {"cases/": "cases/", "new/optimization/": "new/<slug:kind>/"},
        "pm": {
            "new/project/": "new/<slug:kind>/",
            f"projects/{project}/handover/": "projects/<str:number>/handover/",
        },
        "change_manager": {
            "new/change/": "new/<slug:kind>/", "changes/": "changes/",
            "changes/?day=2026-11-24": "changes/", "changes/subscribe/": "changes/subscribe/",
            "changes/figures/": "changes/figures/", "changes/meetings/": "changes/meetings/",
            f"changes/{change}/slots/": "changes/<str:number>/slots/",
            f"changes/meetings/{meeting}/minutes/": "changes/meetings/<str:number>/minutes/",
        },
    }  # fmt: skip
    edited = site.compute(DRAFT)
    by_reader["service_manager"] |= {
        f"criteria/{edited}/": "criteria/<int:version>/",
        f"criteria/{edited}/changes/": "criteria/<int:version>/changes/",
        f"criteria/{edited}/import/": "criteria/<int:version>/import/",
        f"criteria/{edited}/publish/": "criteria/<int:version>/publish/",
        f"criteria/{edited}/add/": "criteria/<int:version>/add/",
        f"criteria/{edited}/tracks/add/": "criteria/<int:version>/tracks/add/",
        f"criteria/{edited}/tracks/light/": "criteria/<int:version>/tracks/<slug:code>/",
        f"criteria/{edited}/G1-01/": "criteria/<int:version>/<slug:code>/",
    }
    return [
        Screen(who, f"/{path}", pattern)
        for who, shown in by_reader.items()
        for path, pattern in shown.items()
    ]


AGREED = """
SELECT number FROM workflows_case WHERE id IN (SELECT project_id FROM projects_handoveragreement)
"""

DRAFT = """
from django.utils import timezone
from people.models import User
from projects.editions import draft_version

person = User.objects.get(username="service_manager")
print(draft_version(actor=person, at=timezone.now()).number)
"""
"""Begins a draft of the criteria, so that its pages are there; prints its number."""

OFFERS = """
import json
from django.utils import timezone
from people.actors import Actor
from people.models import User
from workflows.models import Case

at, cases, forms = timezone.now(), {}, {}
for person in User.objects.filter(is_active=True).order_by("pk"):
    who = Actor.of(person, at)
    for found in Case.objects.visible_to(who).order_by("pk"):
        case = found.concrete()
        flow = case.lifecycle(case, who, at)
        offered = [action.name for action in flow.available(who)]
        if offered or who.holds:
            cases.setdefault((case.kind, case.state), (person.username, case.number))
        for name in offered:
            forms.setdefault((case.kind, name), (person.username, case.number))
print(json.dumps([[*cases.values()], [[*found, name] for (_, name), found in forms.items()]]))
"""


def case_pages(site: Site) -> list[Screen]:
    """Return a case page for each kind and state there is, and a form for each action on offer."""
    cases, forms = site.compute(OFFERS)
    shown = [Screen(who, f"/cases/{number}/", "cases/<str:number>/") for who, number in cases]
    return shown + [
        Screen(who, f"/cases/{number}/do/{name}/", "cases/<str:number>/do/<slug:name>/")
        for who, number, name in forms
    ]
