"""The standard grows: drafts, edits, versions side by side, and workbooks read line by line."""

from __future__ import annotations

import io

import pytest
import time_machine
from auditlog.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from projects import editions, exchange
from projects.models import CatalogueVersion, Criterion
from tests.projects.test_pages import client
from tests.projects.walking import DAY, Walk, walk
from tests.refusing import refused
from tests.world import NOON
from workflows.refusals import Conflict, NotAllowed

pytestmark = pytest.mark.engine


def draft(world, who="service_manager"):
    return editions.draft_version(actor=world[who], at=NOON)


def publish(world, version, at=NOON, note="One more drill."):
    editions.publish_version(version=version, note=note, actor=world["service_manager"], at=at)


def test_a_draft_is_a_copy_and_there_is_one_at_a_time(world):
    one, again = draft(world), draft(world, "head")
    assert one == again
    assert (one.number, one.gates.count()) == (2, 8)
    assert Criterion.objects.filter(gate__version=one).count() == 73
    assert list(editions.differences(CatalogueVersion.objects.get(number=1), one)) == []


@pytest.mark.parametrize("who", ["pm", "ops_reviewer", "auditor", "requester"])
def test_nobody_else_edits_the_standard(world, who):
    with refused(NotAllowed):
        draft(world, who)


def test_what_was_added_removed_and_changed_is_told_and_logged(world):
    version = draft(world)
    manager = {"actor": world["service_manager"], "at": NOON}
    changed = Criterion.objects.get(gate__version=version, code="G1-01")
    changed.text, changed.level = "Signed by three.", "should"
    editions.save_criterion(criterion=changed, **manager)
    removed = Criterion.objects.get(gate__version=version, code="G1-02")
    editions.remove_criterion(criterion=removed, **manager)
    added = Criterion(gate=changed.gate, code="G1-99", level="must", text="New",
                      origin="Repeated in three projects")  # fmt: skip
    editions.save_criterion(criterion=added, **manager)
    found = {
        one.code: one
        for one in editions.differences(CatalogueVersion.objects.get(number=1), version)
    }
    assert {code: one.kind for code, one in found.items()} == {
        "G1-01": "changed", "G1-02": "removed", "G1-99": "added",
    }  # fmt: skip
    assert "Signed by three." in [after for _label, _before, after in found["G1-01"].changes]
    assert len(found["G1-01"].changes) == 2
    assert LogEntry.objects.filter(actor=world["service_manager"]).exists()


def test_a_project_keeps_the_version_it_began_with(world):
    before = walk(world)
    version = draft(world)
    Criterion.objects.filter(gate__version=version, gate__code="G1").exclude(code="G1-01").delete()
    publish(world, version, NOON + DAY)
    after = Walk(world, at=NOON + 2 * DAY)
    assert before.case.criteria.count() == 8
    assert after.case.criteria.count() == 1
    assert after.project.catalogue == version


def test_a_published_version_is_not_edited_nor_one_with_an_empty_gate_published(world):
    version = draft(world)
    criteria = Criterion.objects.filter(gate__version=version, gate__code="G4")
    criteria.delete()
    with refused(Conflict, "These gates ask for nothing: G4."):
        publish(world, version)
    kept = Criterion.objects.get(gate__version__number=1, code="G1-01")
    with refused(Conflict, "does not change"):
        editions.remove_criterion(criterion=kept, actor=world["service_manager"], at=NOON)


# -- workbooks ------------------------------------------------------------------------------------
def edited(world, edit):
    """Return what is read from the export of version 1 after `edit` of its two sheets."""
    version = draft(world)
    book = load_workbook(io.BytesIO(exchange.write(CatalogueVersion.objects.get(number=1))))
    edit(book["gates"], book["criteria"])
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return version, exchange.read(file, version)


def test_what_is_exported_is_read_back_as_it_was(world):
    version, content = edited(world, lambda gates, criteria: None)
    assert content.faults == []
    editions.replace_content(version=version, gates=content.gates, criteria=content.criteria,
                             actor=world["service_manager"], at=NOON)  # fmt: skip
    assert list(editions.differences(CatalogueVersion.objects.get(number=1), version)) == []
    assert version.gates.count() == 8


def test_every_wrong_line_is_named_and_nothing_is_read(world):
    def edit(gates, criteria):
        criteria["C3"] = "perhaps"  # level
        criteria["A4"] = "G9"  # gate
        criteria["F5"] = ""  # text
        criteria["B7"] = criteria["B6"].value  # code twice
        criteria["B8"] = "no code"

    _version, content = edited(world, edit)
    lines = {fault.line: fault.sentence for fault in content.faults if fault.line}
    assert sorted(lines) == [3, 4, 5, 7, 8]
    assert "G9" in lines[4]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", b"code;name\n"])
def test_what_is_no_workbook_is_said_in_a_sentence(world, content):
    found = exchange.read(io.BytesIO(content), draft(world))
    assert len(found.faults) == 1
    assert found.faults[0].sentence


def test_a_workbook_with_another_head_is_refused(world):
    book = Workbook()
    book.active.title = "gates"
    book.create_sheet("criteria")
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    assert len(exchange.read(file, draft(world)).faults) == 1


# -- pages ----------------------------------------------------------------------------------------
def test_the_standard_is_edited_compared_and_published_on_pages(world):
    browser = client(world["service_manager"])
    with time_machine.travel(NOON, tick=False):
        assert browser.post("/criteria/draft/")["Location"] == "/criteria/2/"
        shown = browser.get("/criteria/2/").content.decode()
        assert "a draft" in shown
        assert "/criteria/2/G1-01/" in shown
        assert "/criteria/1/G1-01/" not in browser.get("/criteria/1/").content.decode()
        gate = CatalogueVersion.objects.get(number=2).gates.get(code="G1")
        values = {"gate": gate.pk, "code": "G1-01", "level": "must", "area": "both",
                  "text": "Signed by three."}  # fmt: skip
        assert browser.post("/criteria/2/G1-01/", {**values, "text": ""}).status_code == 422
        assert browser.post("/criteria/2/G1-01/", values).status_code == 302
        assert browser.post("/criteria/2/G1-02/", {"remove": "1"}).status_code == 302
        assert browser.post("/criteria/2/add/", {**values, "code": "G1-50"}).status_code == 302
        changes = browser.get("/criteria/2/changes/").content.decode()
        assert "Signed by three." in changes
        assert "removed" in changes
        assert "added" in changes
        assert browser.post("/criteria/2/publish/", {"note": ""}).status_code == 422
        assert browser.post("/criteria/2/publish/", {"note": "Clearer."}).status_code == 302
        assert "Version 2, in force since" in browser.get("/criteria/").content.decode()
        assert browser.get("/criteria/2/G1-01/").status_code == 404  # published


def test_a_workbook_is_taken_on_its_page_or_every_line_named(world):
    browser = client(world["service_manager"])
    with time_machine.travel(NOON, tick=False):
        browser.post("/criteria/draft/")
        kept = browser.get("/criteria/1/criteria.xlsx").getvalue()
        good = SimpleUploadedFile("criteria.xlsx", kept)
        assert browser.post("/criteria/2/import/", {"file": good}).status_code == 302
        book = load_workbook(io.BytesIO(kept))
        book["criteria"]["C3"] = "perhaps"
        file = io.BytesIO()
        book.save(file)
        bad = SimpleUploadedFile("criteria.xlsx", file.getvalue())
        answer = browser.post("/criteria/2/import/", {"file": bad})
        assert answer.status_code == 422
        assert "criteria, line 3" in answer.content.decode()
        text = SimpleUploadedFile("criteria.xlsx", b"no workbook")
        assert browser.post("/criteria/2/import/", {"file": text}).status_code == 422
    assert Criterion.objects.filter(gate__version__number=2).count() == 73


def test_a_draft_is_seen_by_those_who_edit_it_alone(world):
    draft(world)
    for address in ("", "changes/", "criteria.xlsx", "import/", "publish/", "add/", "G1-01/"):
        assert client(world["pm"]).get(f"/criteria/2/{address}").status_code == 404, address
    assert client(world["pm"]).get("/criteria/1/").status_code == 200
    assert client(world["pm"]).post("/criteria/draft/").status_code == 403
