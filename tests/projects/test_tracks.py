"""Tracks of the house: which gates a project goes through, and that nothing asked for is lost."""

from __future__ import annotations

import importlib
import io

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from openpyxl import load_workbook

from projects import editions, exchange
from projects.models import CatalogueVersion, Criterion, Project, Track
from tests.projects.test_pages import client, page
from tests.projects.test_standard import draft, publish
from tests.projects.walking import DAY, LIGHT, Walk
from tests.refusing import refused
from tests.world import NOON
from workflows.refusals import BadData, Conflict, NotAllowed

pytestmark = pytest.mark.engine
SHORT = {"code": "short", "name": "Short track", "name_zh": "短流程", "gates": ["G1", "G5", "G8"],
         "limit_days": 60}  # fmt: skip
LATER = NOON + 2 * DAY


def save(world, version, **values):
    track = Track(version=version, **{**SHORT, **values})
    editions.save_track(track=track, actor=world["service_manager"], at=NOON)
    return track


def house(world, **values):
    """Publish a version with a track of the house."""
    version = draft(world)
    save(world, version, **values)
    publish(world, version, NOON + DAY)
    return version


def codes(gate):
    return list(gate.criteria.values_list("code", flat=True))


def test_a_project_on_a_track_of_the_house_has_its_gates(world):
    house(world)
    step = Walk(world, at=LATER, track="short", effort_days="60")
    gates = step.project.gates.order_by("place")
    assert [gate.gate_kind.code for gate in gates] == ["G1", "G5", "G8"]
    assert str(gates.last().planned_on) == "2027-07-23"
    for _ in range(3):
        step.pass_on()


def test_what_a_left_out_gate_asks_for_is_asked_at_the_next_one(world):
    house(world)
    full = Walk(world, at=LATER)
    short = Walk(world, at=LATER, track="short", effort_days="60")
    asked = [code for place in (1, 2, 3) for code in codes(short.gate(place))]
    assert asked == [code for place in range(1, 9) for code in codes(full.gate(place))]
    assert {code[:2] for code in codes(short.gate(2))} == {"G2", "G3", "G4", "G5"}


def test_a_track_ends_at_its_limit(world):
    house(world)
    with refused(BadData, "This track is for at most 60 person-days."):
        Walk(world, at=LATER, track="short", effort_days="60.5")


def test_a_project_is_offered_the_tracks_in_force(world):
    version = draft(world)
    save(world, version)
    with refused(BadData, "track"):
        Walk(world, track="short", effort_days="60")
    assert "Short track" not in page(world, "pm", "/new/project/")
    publish(world, version, NOON + DAY)
    assert "Short track" in page(world, "pm", "/new/project/", LATER)


def test_a_project_says_its_track_in_the_language_of_the_reader(world):
    house(world)
    step = Walk(world, at=LATER, track="short", effort_days="60")
    address = step.project.get_absolute_url()
    assert "Short track" in page(world, "pm", address, LATER)
    assert "短流程" in page(world, "pm", address, LATER, language="zh-hans")


def test_only_light_criteria_are_for_small_jobs_whatever_the_track_is_called(world):
    version = draft(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        save(world, version, is_light=True, limit_days=15)
    with pytest.raises(IntegrityError), transaction.atomic():
        save(world, version, is_light=True, limit_days=None)
    save(world, version, code="tiny", is_light=True, limit_days=5, gates=["G6", "G8"])
    publish(world, version, NOON + DAY)
    step = Walk(world, **{**LIGHT, "track": "tiny", "effort_days": "5"}, at=LATER)
    assert step.project.is_light
    light = Criterion.objects.filter(gate__version=version, is_light=True).count()
    assert step.case.criteria.count() + step.gate(2).criteria.count() == light
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.filter(pk=step.project.pk).update(effort_days=11)


@pytest.mark.parametrize("gates", [["G1", "G9"], ["G9", "G8"], ["G1"]])
def test_a_version_is_not_published_with_a_track_that_leads_nowhere(world, gates):
    version = draft(world)
    save(world, version, gates=gates)
    with refused(Conflict, "leave the last one out: short."):
        publish(world, version)


def test_a_version_is_not_published_without_any_track(world):
    version = draft(world)
    version.tracks.all().delete()
    with refused(Conflict, "no track"):
        publish(world, version)


def test_a_published_track_does_not_change(world):
    version = house(world)
    track = version.tracks.get(code="short")
    with refused(Conflict, "does not change"):
        editions.save_track(track=track, actor=world["service_manager"], at=NOON)
    with refused(Conflict, "does not change"):
        editions.remove_track(track=track, actor=world["service_manager"], at=NOON)
    track.limit_days = 600
    with pytest.raises(ValidationError, match="does not change"):
        track.save()
    with pytest.raises(ValidationError, match="does not change"):
        Track.objects.create(version=version, code="more", name="More")


@pytest.mark.parametrize("who", ["pm", "ops_reviewer", "auditor"])
def test_nobody_else_edits_tracks(world, who):
    version = draft(world)
    with refused(NotAllowed):
        editions.save_track(track=Track(version=version, **SHORT), actor=world[who], at=NOON)
    with refused(NotAllowed):
        editions.remove_track(track=version.tracks.first(), actor=world[who], at=NOON)
    for address in ("add", "light"):
        assert client(world[who]).get(f"/criteria/2/tracks/{address}/").status_code == 404


# -- copies, differences, workbooks ---------------------------------------------------------------
def test_a_draft_copies_the_tracks_and_the_differences_name_them(world):
    version, before = draft(world), CatalogueVersion.objects.get(number=1)
    assert [one.code for one in version.tracks.all()] == ["full", "light"]
    assert list(editions.differences(before, version)) == []
    save(world, version)
    light = version.tracks.get(code="light")
    light.limit_days, light.gates = 5, ["G6", "G8"]
    editions.save_track(track=light, actor=world["head"], at=NOON)
    found = {one.code: one for one in editions.differences(before, version)}
    assert {code: one.kind for code, one in found.items()} == {
        "short": "added", "light": "changed",
    }  # fmt: skip
    assert [after for _label, _before, after in found["light"].changes] == ["G6, G8", 5]
    shown = page(world, "service_manager", "/criteria/2/changes/")
    assert "Short track" in shown
    assert "G6, G8" in shown


def read_back(world, edit):
    version = draft(world)
    save(world, version)
    book = load_workbook(io.BytesIO(exchange.write(version)))
    edit(book)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return version, exchange.read(file, version)


def replace(world, version, content):
    editions.replace_content(
        version=version, gates=content.gates, criteria=content.criteria, tracks=content.tracks,
        actor=world["service_manager"], at=NOON,
    )  # fmt: skip


def told(version):
    return list(version.tracks.values_list(*editions.TRACK_FIELDS))


def test_tracks_are_read_back_from_a_workbook_as_they_were(world):
    version, content = read_back(world, lambda book: None)
    before = told(version)
    assert content.faults == []
    replace(world, version, content)
    assert told(version) == before
    assert len(before) == 3


def test_a_workbook_of_earlier_days_leaves_the_tracks(world):
    version, content = read_back(world, lambda book: book.remove(book["tracks"]))
    before = told(version)
    assert (content.faults, content.tracks) == ([], None)
    replace(world, version, content)
    assert told(version) == before


def test_every_wrong_line_of_the_tracks_is_named(world):
    def edit(book):
        sheet = book["tracks"]
        sheet["D2"] = "G1、G9"  # no such gate
        sheet["E3"] = "many"  # person-days
        sheet["A4"] = "no code"
        sheet.append(["wide", "Wide", "", "", "40", "yes"])  # light, but not small
        sheet.append(["part", "Part", "", "G1", "40", ""])  # without the last gate

    _version, content = read_back(world, edit)
    assert sorted(fault.line for fault in content.faults) == [2, 3, 4, 5, 6]


# -- pages ----------------------------------------------------------------------------------------
def test_a_track_is_added_edited_and_removed_on_pages(world):
    browser = client(world["service_manager"])
    with time_machine.travel(NOON, tick=False):
        browser.post("/criteria/draft/")
        shown = browser.get("/criteria/2/").content.decode()
        assert "/criteria/2/tracks/add/" in shown
        assert "/tracks/" not in browser.get("/criteria/1/").content.decode()
        add = "/criteria/2/tracks/add/"
        assert browser.get(add).status_code == 200
        for wrong, sentence in (
            ({"gates": ["G1"]}, "Every track ends with the last gate"),
            ({"gates": ["G9"]}, "G9"),
            ({"is_light": "on"}, "at most 10 person-days"),
            ({"code": "light"}, "has a track of this code"),
            ({"limit_days": "-3"}, "greater than or equal to 0"),
        ):
            answer = browser.post(add, {**SHORT, **wrong})
            assert answer.status_code == 422, wrong
            assert sentence in answer.content.decode()
        assert browser.post(add, SHORT).status_code == 302
        track = Track.objects.get(version__number=2, code="short")
        assert track.gates == ["G1", "G5", "G8"]
        edit = "/criteria/2/tracks/short/"
        assert "checked" in browser.get(edit).content.decode()
        assert browser.post(edit, {**SHORT, "gates": []}).status_code == 302
        track.refresh_from_db()
        assert track.gates == []
        assert browser.post(edit, {"remove": "1"}).status_code == 302
        assert browser.get(edit).status_code == 404
        assert browser.get("/criteria/1/tracks/light/").status_code == 404  # published
    assert "up to 10 person-days" in page(world, "requester", "/criteria/")


# -- what was there before there were tracks -------------------------------------------------------
def test_versions_and_projects_of_earlier_days_get_their_tracks(world):
    light = Walk(world, **LIGHT).project
    full = Walk(world).project
    before = told(CatalogueVersion.objects.get(number=1))
    Track.objects.all().delete()
    Project.objects.update(is_light=False)
    migration = importlib.import_module("projects.migrations.0002_tracks")
    for _twice in range(2):
        migration.fill(apps, None)
        assert told(CatalogueVersion.objects.get(number=1)) == before
    light.refresh_from_db()
    full.refresh_from_db()
    assert (light.is_light, full.is_light) == (True, False)
