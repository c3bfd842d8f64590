"""Every screen of the product: pages by their addresses, and a form for each action on offer."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import resolve

from tests.browsing import Site


@dataclass(frozen=True)
class Screen:
    """A page as somebody sees it."""

    who: str
    path: str

    @property
    def pattern(self) -> str:
        """Return its address in the resolver."""
        return resolve(self.path.partition("?")[0]).route


NOBODY = ""
GONE = "is sent, not shown, and leads back to a page"
PART = "a part of another page"
FILE = "a file"
LED = "leads to another page"
NOT_SHOWN: dict[str, str] = {
    "": LED, "sign-in/": LED, "login/company/callback/": LED,
    "logout/": GONE, "language/": GONE, "see-as/": GONE, "login/passkey/": GONE,
    "help/hints/": GONE,
    "cases/<str:number>/comment/": GONE, "cases/<str:number>/attach/": GONE,
    "cases/<str:number>/link/": GONE, "cases/<str:number>/watch/": GONE,
    "cases/<str:number>/watchers/": GONE, "cases/<str:number>/paste/": GONE,
    "tasks/<int:pk>/claim/": GONE, "tasks/<int:pk>/assign/": GONE,
    "tasks/<int:pk>/release/": GONE, "inbox/act/": GONE, "views/change/": GONE,
    "drafts/": GONE, "drafts/drop/": GONE, "criteria/draft/": GONE,
    "gates/<str:number>/sheet/<slug:code>/": GONE,
    "notifications/done/": GONE, "notifications/open/": GONE,
    "notifications/preferences/chats/<int:pk>/remove/": GONE,
    "notifications/preferences/chats/<int:pk>/test/": GONE,
    "notifications/preferences/mail/test/": GONE,
    "office/tokens/<int:pk>/revoke/": GONE,
    "profile/absences/": GONE, "profile/absences/<int:pk>/end/": GONE, "profile/tokens/": GONE,
    "profile/tokens/<int:pk>/revoke/": GONE, "profile/again/passkey/": GONE,
    "new/<slug:kind>/similar/": PART, "new/<slug:kind>/promise/": PART,
    "cases/<str:number>/people/": PART, "inbox/news/": PART,
    "changes/feed/<str:secret>.ics": FILE, "changes/meetings/<str:number>/minutes.pdf": FILE,
    "projects/export.csv": FILE, "projects/export.xlsx": FILE,
    "criteria/<int:version>/criteria.xlsx": FILE, "gates/<str:number>/record.pdf": FILE,
    "cases/export.csv": FILE, "cases/export.xlsx": FILE,
    "cases/<str:number>/files/<int:pk>/": FILE, "processes/<slug:kind>.bpmn": FILE,
    "cases/<str:number>/files/<int:pk>/image/": FILE,
    "login/company/": "is there once a company account is set up",
    "login/second-step/": "is looked at in tests/people, behind a password",
    "profile/app/remove/": "is there once an app is set up; looked at in tests/people",
    "profile/codes/": "is there once an app is set up; looked at in tests/people",
    "profile/codes/new/": "is there once an app is set up; looked at in tests/people",
    "profile/passkeys/<int:pk>/remove/": "is there once a passkey is; looked at in tests/people",
    "profile/again/code/": "is there once an app is set up; looked at in tests/people",
}  # fmt: skip
"""Addresses that are no screen of the demo world, each with the reason."""


def pages(site: Site) -> list[Screen]:
    """Return the screens that have an address of their own."""
    change, meeting = site.number("change", "scheduled"), site.number("cab")
    gate, project = site.number("gate", "in_review"), site.ask(AGREED)[0]
    request, edited = site.number("optimization", "assessing"), site.compute(DRAFT)
    day, task = site.ask("SELECT date('now')")[0], site.ask(QUEUED)[0]
    by_reader: dict[str, list[str]] = {
        NOBODY: ["login/"],
        "requester": [
            "home/", "help/", "help/keys/", "help/requester/", "palette/", "palette/?q=REQ",
            "cases/", "new/optimization/", "profile/", "profile/password/",
            "profile/again/password/", "profile/app/add/", "profile/passkeys/add/",
            "welcome/1/", "welcome/2/", "welcome/3/", "notifications/",
        ],
        "desk": [
            "inbox/", "inbox/?view=queue", "inbox/?view=snoozed", "inbox/?q=nothing+like+it",
            f"inbox/choose/?task={task}", "views/", "notifications/", "notifications/?view=all",
            "notifications/preferences/", "notifications/preferences/chats/new/wecom/",
            "cases/?priority=high", "cases/columns/", "search/?q=报表",
            f"cases/{request}/chart/", f"cases/{request}/why/response/",
        ],
        "service_manager": [
            "inbox/", "inbox/?view=awaited", "inbox/?view=done", "cases/", "new/",
            "criteria/", "criteria/proposals/", "criteria/1/", "projects/", "projects/board/",
            f"gates/{gate}/record/",
            *(
                f"criteria/{edited}/{part}"
                for part in (
                    "", "changes/", "import/", "publish/", "add/", "tracks/add/", "tracks/light/",
                    "G1-01/",
                )
            ),
            "office/", "office/calendars/", "office/calendars/business-hours/", "office/standards/",
            "office/calendars/business-hours/try/", "office/messages/", "office/health/",
        ],
        "admin": [
            "office/", "office/people/", "office/people/2/", "office/people/new/",
            "office/services/", "office/tokens/", "office/webhooks/", "office/audit/",
        ],
        "ops_reviewer": [f"gates/{gate}/sheet/"],
        "pm": ["new/project/", f"projects/{project}/handover/"],
        "change_manager": [
            "new/change/", "changes/", f"changes/?day={day}", "changes/subscribe/",
            "changes/figures/", "changes/meetings/", f"changes/{change}/slots/",
            f"changes/meetings/{meeting}/minutes/",
        ],
    }  # fmt: skip
    by_reader["service_manager"] += [f"office/standards/{code}/" for code in site.ask(STANDARD)]
    return [Screen(who, f"/{path}") for who, paths in by_reader.items() for path in paths]


STANDARD = "SELECT code FROM agreements_standard ORDER BY id LIMIT 1"
QUEUED = "SELECT id FROM workflows_task WHERE status = 'open' ORDER BY id LIMIT 1"
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
    shown = [Screen(who, f"/cases/{number}/") for who, number in cases]
    return shown + [Screen(who, f"/cases/{number}/do/{name}/") for who, number, name in forms]
