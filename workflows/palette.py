"""What the palette offers for the words typed: commands, cases one may see, systems, people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agreements.models import Service
from people.actors import Actor
from people.models import User, called
from workflows.counting import counted
from workflows.lifecycles import registered
from workflows.models import Case, Watch
from workflows.search import tokens
from workflows.shell import places_of

MOST = 8
"""Lines of one group: what does not show is found by another word."""
LONGEST = 100
NUMBER = re.compile(r"[A-Z]+-\d{4}-\d+")
SHORT = re.compile(r"(?:([A-Z]+)-)?(\d{1,5})")
"""A number as people say it: `12`, `REQ-12`."""


@dataclass(frozen=True)
class Choice:
    """A line of the palette. It leads to `url`, sends the form `form` of the shell, or `prints`."""

    label: str
    icon: str
    url: str = ""
    number: str = ""
    note: str = ""
    form: str = ""
    value: str = ""
    prints: bool = False


@dataclass(frozen=True)
class Group:
    key: str
    label: str
    choices: list[Choice]


def groups(who: Actor, words: str) -> list[Group]:
    """Return what is offered for `words`, empty groups left out (at most 5 queries)."""
    words = " ".join(words[:LONGEST].split())
    commands = Group("commands", _("Commands"), matching(commands_of(who), words))
    if not words:
        recent = Group("cases", _("Your latest cases"), [_case(one) for one in latest(who)])
        found = [recent, commands]
    else:
        cases = Group("cases", _("Cases"), [_case(one) for one in find_cases(who, words)])
        systems = Group("systems", _("Cases of a system"), find_systems(words))
        people = Group("people", _("Cases of a person"), find_people(who, words))
        everything = Group("all", _("Search"), [_all_cases(words)])
        # A number names one case; a word that is a command is more often meant as one.
        first = [cases, commands] if NUMBER.fullmatch(words.upper()) else [commands, cases]
        found = [*first, systems, people, everything]
    return [group for group in found if group.choices]


def latest(who: Actor) -> Iterable[Case]:
    """Return the cases that `who` asked for or watches, last moved first (1 query)."""
    watched = Watch.objects.filter(user=who.user).values("case")
    own = Q(requester__in=who.identities) | Q(pk__in=watched)
    return _lean(Case.objects.visible_to(who).filter(own)).order_by("-last_event_at", "-pk")[:MOST]


def find_cases(who: Actor, words: str) -> Iterable[Case]:
    """Return the cases of a number, the exact one first, or with these words (1 to 3 queries)."""
    visible = Case.objects.visible_to(who)
    if NUMBER.fullmatch(words.upper()):
        return _lean(visible.filter(number__startswith=words.upper())).order_by("number")[:MOST]
    if short := SHORT.fullmatch(words.upper()):
        prefix, digits = short.groups(default="")
        ending = f"-{int(digits):05d}"
        numbered = visible.filter(number__startswith=prefix, number__endswith=ending)
        if found := list(_lean(numbered).order_by("-opened_at")[:MOST]):
            return found
    if not tokens(words):
        return []
    _count, matching_cases = counted(visible.matching(words))
    return _lean(matching_cases)[:MOST]


def _lean(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.only("number", "title", "kind", "state")


def _case(case: Case) -> Choice:
    return Choice(
        case.title, case.lifecycle.icon, case.get_absolute_url(), case.number, case.state_label
    )


def find_systems(words: str) -> list[Choice]:
    """Return the systems in use with a name like `words` (1 query)."""
    named = Q(name__icontains=words) | Q(name_zh__icontains=words) | Q(code__icontains=words)
    systems = Service.objects.active().systems().filter(named).order_by("code")[:MOST]
    return [
        Choice(str(one), "server", f"{reverse('case_list')}?{urlencode({'service': one.code})}")
        for one in systems
    ]


def find_people(who: Actor, words: str) -> list[Choice]:
    """Return the people called like `words`, for whoever works here (1 query)."""
    if not who.holds:
        return []
    people = User.objects.filter(called(words), is_active=True).order_by("display_name", "username")
    return [
        Choice(str(one), "user", f"{reverse('case_list')}?{urlencode({'person': one.username})}",
               note=one.username)
        for one in people[:MOST]
    ]  # fmt: skip


def _all_cases(words: str) -> Choice:
    label = _("Search all cases for “%(words)s”") % {"words": words}
    return Choice(label, "search", f"{reverse('case_list')}?{urlencode({'q': words})}")


def matching(choices: list[Choice], words: str) -> list[Choice]:
    """Keep the choices with every one of `words` in their label."""
    wanted = words.casefold().split()
    return [one for one in choices if all(word in one.label.casefold() for word in wanted)]


def commands_of(who: Actor) -> list[Choice]:
    """Return what `who` can do from anywhere, what changes something last."""
    filable = [cls for cls in registered() if cls.may_be_filed_by(who)]
    return [
        *(
            Choice(
                _("New: %(kind)s") % {"kind": cls.label}, cls.icon,
                reverse("case_new_kind", args=[cls.kind]),
            )
            for cls in filable
        ),
        *(
            Choice(_("Go to: %(place)s") % {"place": place.label}, place.icon,
                   reverse(place.url_name))
            for place in places_of(who)
        ),
        *_pages(),
        Choice(_("Print this page"), "printer", prints=True),
        _other_language(),
        Choice(_("Log out"), "logout", form="og-do-logout"),
    ]  # fmt: skip


def _pages() -> list[Choice]:
    """Return the pages about the product and oneself, as far as there are such."""
    wanted = (("help", _("Help"), "help-circle"), ("profile", _("Your profile"), "user"))
    found = []
    for name, label, icon in wanted:
        try:
            found.append(Choice(label, icon, reverse(name)))
        except NoReverseMatch:
            continue
    return found


def _other_language() -> Choice:
    if get_language() == "zh-hans":
        return Choice(_("Switch to English"), "world", form="og-do-language", value="en")
    return Choice(_("Switch to Chinese (中文)"), "world", form="og-do-language", value="zh-hans")
