"""An address inside an address must belong to it: another case's child is nothing here.

The addresses come from the URL resolver, so a new one with several ids is tried by itself, or
fails here until `ids` knows what its new id means.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern
from django.utils import timezone

from changes.models import Optimization
from people.models import User
from people.roles import Role
from projects import editions
from projects.models import Criterion
from tests.changes.walking import walk
from tests.projects.walking import Walk as ProjectWalk
from tests.refusing import all_rows
from tests.workflows.toys import define_voting, registered_only_here
from workflows.actions import attach_file
from workflows.models import Case
from workflows.quorums import Panel

METHODS = ("get", "head", "post", "put", "patch", "delete")
READERS = ("requester", "desk", "head", "service_manager")
"""People who see both cases: what they do not find is not there, rather than not theirs."""
SENT = {"note": "x", "reason": "because", "body": "x", "to": "desk", "target": "x"}


class Route:
    """One address: `{}`-template, names of its ids, and its methods by trying."""

    def __init__(self, template: str, names: tuple[str, ...]) -> None:
        self.template, self.names = template, names

    def __str__(self) -> str:
        return self.template


def routes(below: Any = None, start: str = "/", names: tuple[str, ...] = ()) -> Iterator[Route]:
    """Yield every address of the product, with the names of its ids."""
    for one in (below or get_resolver()).url_patterns:
        template, more = filled(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one, start + template, (*names, *more))
        elif isinstance(one, URLPattern):
            yield Route(start + template, (*names, *more))


def filled(pattern: Any) -> tuple[str, tuple[str, ...]]:
    """Return `cases/{number}/` for `cases/<slug:number>/`, and the names."""
    if isinstance(pattern, RegexPattern):
        return pattern._regex, tuple(pattern.regex.groupindex)
    assert isinstance(pattern, RoutePattern)
    template = str(pattern)
    for name, converter in pattern.converters.items():
        kinds = ("int", "slug", "str", "path", "uuid")
        for spelling in (f"<{name}>", *(f"<{kind}:{name}>" for kind in kinds)):
            template = template.replace(spelling, "{" + name + "}")
        assert "{" + name + "}" in template, f"{pattern}: no such converter is known: {converter}"
    return template, tuple(pattern.converters)


NESTED = [route for route in routes() if len(route.names) > 1]


@pytest.fixture
def two_cases(world: dict[str, User]) -> Iterator[tuple[Optimization, Optimization]]:
    """Two cases everybody of `READERS` sees: a new one, and one far on; each has files."""
    here, other = walk(world).case, walk(world, "accepting").case
    for number in range(4):  # so that the id of the last file is the id of no case
        file = SimpleUploadedFile(f"{number}.png", b"\x89PNG\r\n\x1a\n what happened")
        attach_file(case=here if number < 1 else other, file=file, actor=world["requester"])
    with registered_only_here():
        define_voting(Panel(Role.CAB_MEMBER, 1))
        yield here, other


def ids(case: Case, child_of: Case) -> dict[str, Any]:
    """Return an id for every name in an address: `case`, and something that `child_of` has."""
    is_own = case == child_of
    metrics = set(child_of.clocks.values_list("metric", flat=True))
    only_there = metrics - set(case.clocks.values_list("metric", flat=True))
    file = child_of.attachments.latest("pk")
    kind = ContentType.objects.get_for_model(Optimization)
    return {
        "number": case.number, "pk": file.pk,
        "metric": min(metrics if is_own else only_there),
        "name": "withdraw" if is_own else "stay_out",  # which another process has
        "action": "withdraw" if is_own else "stay_out",
        "content_type_id": kind.pk, "object_id": case.pk if is_own else file.pk,
    }  # fmt: skip


def ids_of_gates(world: dict[str, User], *, is_own: bool) -> dict[str, Any]:
    """A criterion of the gate, or of the next one of the same project."""
    return {"number": ProjectWalk(world).case.number, "code": "G1-01" if is_own else "G2-01"}


def ids_of_criteria(world: dict[str, User], *, is_own: bool) -> dict[str, Any]:
    """A criterion of a draft, or one that only the version before it has."""
    edits: dict[str, Any] = {"actor": world["service_manager"], "at": timezone.now()}
    draft = editions.draft_version(**edits)
    removed = Criterion.objects.get(gate__version=draft, code="G1-02")
    editions.remove_criterion(criterion=removed, **edits)
    return {"version": draft.number, "code": "G1-01" if is_own else "G1-02"}


def ids_of_tracks(world: dict[str, User], *, is_own: bool) -> dict[str, Any]:
    """A track of a draft, or one that only the version before it has."""
    edits: dict[str, Any] = {"actor": world["service_manager"], "at": timezone.now()}
    draft = editions.draft_version(**edits)
    editions.remove_track(track=draft.tracks.get(code="light"), **edits)
    return {"version": draft.number, "code": "full" if is_own else "light"}


def ids_for(
    route: Route, world: dict[str, User], cases: tuple[Optimization, Optimization], *, is_own: bool
) -> dict[str, Any]:
    if route.template.startswith(("/gates/", "/api/v1/gates/")):
        return ids_of_gates(world, is_own=is_own)
    if "/tracks/" in route.template:
        return ids_of_tracks(world, is_own=is_own)
    if route.template.startswith("/criteria/"):
        return ids_of_criteria(world, is_own=is_own)
    return ids(cases[0], cases[0] if is_own else cases[1])


def people(route: Route) -> tuple[str, ...]:
    whose = {"/admin/": ("admin",), "/gates/": ("pm", "ops_reviewer"),
             "/api/v1/gates/": ("pm", "ops_reviewer"),
             "/criteria/": ("service_manager", "head")}  # fmt: skip
    return next((who for start, who in whose.items() if route.template.startswith(start)), READERS)


def test_the_addresses_are_found() -> None:
    found = {route.template for route in NESTED}
    assert {"/cases/{number}/files/{pk}/", "/api/v1/cases/{number}/attachments/{pk}/"} <= found
    assert len(list(routes())) > 100  # the back office too


@pytest.mark.parametrize("route", NESTED, ids=str)
def test_a_child_of_another_case_is_not_found_and_nothing_happens(
    route: Route, world: dict[str, User], two_cases: tuple[Optimization, Optimization]
) -> None:
    there = ids_for(route, world, two_cases, is_own=False)
    unknown = set(route.names) - set(there)
    assert not unknown, f"say in `ids` what {unknown} is, for one's own case and for another"
    address = route.template.format(**there)
    rows = all_rows()
    for who in people(route):
        client = Client()
        client.force_login(world[who])
        for method in METHODS:
            answer = getattr(client, method)(address, SENT)
            is_offered = answer.status_code != 405
            assert answer.status_code == 404 or not is_offered, f"{who} {method} {address}"
    assert all_rows() == rows


@pytest.mark.parametrize("route", NESTED, ids=str)
def test_its_own_child_is_found(
    route: Route, world: dict[str, User], two_cases: tuple[Optimization, Optimization]
) -> None:
    """Else the 404 above would say nothing."""
    client = Client()
    client.force_login(world[people(route)[0]])
    answer = client.get(route.template.format(**ids_for(route, world, two_cases, is_own=True)))
    assert answer.status_code in (200, 302, 405)
