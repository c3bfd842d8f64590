"""The sheet of a gate: saved one by one, nothing lost, evidence of every kind, provable after."""

from __future__ import annotations

import hashlib

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ProtectedError

from people.actors import Actor
from projects.actions import judge_evidence, show_evidence
from projects.models import Answer
from tests.changes.walking import walk as walk_request
from tests.projects.test_pages import client, page, sheet_of
from tests.projects.walking import DAY, Walk, walk
from tests.refusing import refused
from workflows.actions import attach_file
from workflows.door import perform
from workflows.events import broken_chains
from workflows.invariants import violations
from workflows.models import Attachment
from workflows.refusals import BadData, Conflict, NotAllowed
from workflows.timeline import entries, sentence

pytestmark = pytest.mark.engine
PART = {"headers": {"HX-Request": "true"}}
DRILL = b"the restore took 40 minutes"


def criterion(step: Walk, code: str = "G1-01"):
    return step.case.criteria.get(code=code)


def show(step: Walk, code: str = "G1-01", who: str = "pm", **said):
    values = {"evidence": "", "link": "", "is_left_out": False, **said}
    return show_evidence(gate=step.case, criterion=criterion(step, code), at=step.at,
                         actor=step.world[who], **values)  # fmt: skip


def judge(step: Walk, result: str, remark: str = "", code: str = "G1-01", who="ops_reviewer",
          **more):  # fmt: skip
    return judge_evidence(gate=step.case, criterion=criterion(step, code), result=result,
                          remark=remark, actor=step.world[who], at=step.at, **more)  # fmt: skip


def drill(name: str = "drill.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, DRILL)


def send(step: Walk, who: str, code: str = "G1-01", part: bool = True, **said):
    """Post the form of one criterion, as the script of the sheet does."""
    with time_machine.travel(step.at, tick=False):
        return client(step.world[who]).post(
            f"{sheet_of(step)}{code}/", {f"{code}-{name}": value for name, value in said.items()},
            **(PART if part else {}),
        )  # fmt: skip


def version(step: Walk) -> int:
    step.case.refresh_from_db()
    return step.case.version


# -- kinds of evidence -----------------------------------------------------------------------------
def test_a_file_is_kept_with_the_gate_and_its_hash_is_shown(world):
    step = walk(world)
    answer = show(step, upload=drill())
    assert answer.is_present
    assert list(step.case.attachments.all()) == [answer.file]
    assert answer.file.sha256 == hashlib.sha256(DRILL).hexdigest()
    shown = page(world, "ops_reviewer", sheet_of(step), step.at)
    assert answer.file.sha256 in shown
    assert f"/cases/{step.case.number}/files/{answer.file.pk}/" in shown


def test_the_same_file_is_kept_once_and_may_be_shown_for_several_criteria(world):
    step = walk(world)
    first = show(step, upload=drill())
    again = show(step, "G1-02", upload=drill("copy.txt"))
    third = show(step, "G1-03", kept=first.file.pk)
    assert first.file == again.file == third.file
    assert Attachment.objects.count() == 1
    assert show(step).file is None


def test_a_file_of_another_gate_is_no_evidence_here(world):
    step, other = walk(world), walk(world)
    file = attach_file(case=other.case, file=drill(), actor=world["pm"], at=step.at)
    with refused(BadData):
        show(step, kept=file.pk)
    assert not Answer.objects.exists()


def test_a_record_is_a_case_the_writer_may_see_and_a_link_for_who_may_see_it(world):
    step = walk(world)
    seen = walk_request(world, by="pm").case
    hidden = walk_request(world).case
    with refused(BadData):
        show(step, record=hidden.number)
    answer = show(step, record=f" {seen.number.lower()} ")
    assert (answer.record.number, answer.is_present) == (seen.number, True)
    link = f'href="/cases/{seen.number}/"'
    assert link in page(world, "pm", sheet_of(step), step.at)
    for_another = page(world, "supervisor", sheet_of(step), step.at)
    assert link not in for_another
    assert seen.number in for_another


def test_a_record_that_moved_on_since_it_was_shown_is_marked(world):
    step = walk(world)
    seen = walk_request(world, by="pm")
    show(step, record=seen.case.number)
    words = "has moved on since it was shown"
    assert words not in page(world, "pm", sheet_of(step), step.at)
    perform(seen.case, "withdraw", actor=world["pm"], at=step.at + DAY, reason="Not needed.")
    assert words in page(world, "pm", sheet_of(step), step.at + DAY)
    kept = step.case.events.get(action="show").data["record"]
    assert (kept["number"], kept["hash"]) == (seen.case.number, seen.case.chain_head)


def test_the_evidence_form_takes_a_file_and_says_which_it_does_not_take(world):
    step = walk(world)
    bad = send(step, "pm", evidence="See", upload=SimpleUploadedFile("x.exe", b"MZ"))
    assert bad.status_code == 422
    assert "files of this kind are not accepted" in bad.content.decode()
    assert send(step, "pm", upload=drill()).status_code == 200
    assert Answer.objects.get().file.name == "drill.txt"
    nobody = send(step, "pm", record="REQ-2026-99999", evidence="typed")
    assert nobody.status_code == 422
    assert "There is no such case." in nobody.content.decode()
    assert "typed" in nobody.content.decode()


# -- frozen on submission --------------------------------------------------------------------------
def test_evidence_does_not_change_after_submission_without_a_new_round(world):
    step = walk(world)
    file = show(step, upload=drill()).file
    step.show(leave="G1-01")
    step.case = perform(step.case, "submit", actor=world["pm"], at=step.at).case
    with refused(Conflict):
        show(step, evidence="Another.")
    with refused(Conflict):
        show(step, upload=SimpleUploadedFile("other.txt", b"other"))
    attach_file(case=step.case, file=SimpleUploadedFile("drill.txt", b"x"), actor=world["pm"])
    with pytest.raises(ProtectedError):
        file.delete()
    answer = step.case.answers.get(criterion__code="G1-01")
    assert (answer.file, answer.file.sha256) == (file, hashlib.sha256(DRILL).hexdigest())
    assert answer.file.file.open("rb").read() == DRILL


def test_a_submission_taken_back_shows_the_old_evidence_and_counts_none_of_it(world):
    step = walk(world)
    show(step, upload=drill())
    step.show(leave="G1-01")
    step.case = perform(step.case, "submit", actor=world["pm"], at=step.at).case
    step.act("ops_reviewer", "agree").act("pm", "take_back")
    assert step.case.round == 2
    shown = page(world, "pm", sheet_of(step), step.at)
    assert "In the round before" in shown
    assert "drill.txt" in shown
    assert "0 are shown and 0 passed." in shown
    with refused(Conflict, "G1-01"):
        perform(step.case, "submit", actor=world["pm"], at=step.at)


# -- two at once -----------------------------------------------------------------------------------
def test_what_another_said_meanwhile_is_not_overwritten(world):
    step = walk(world, "in_review")
    seen = version(step)
    judge(step, "fail", "No second path.", who="supervisor")
    answer = send(step, "ops_reviewer", result="pass", remark="Looks good", expected_version=seen)
    assert answer.status_code == 409
    shown = answer.content.decode()
    for words in ("No second path.", "Looks good", f"{world['supervisor']} acted on this"):
        assert words in shown
    assert Answer.objects.get(criterion__code="G1-01").result == "fail"
    assert f'name="G1-01-expected_version" value="{version(step)}"' in shown
    again = send(step, "ops_reviewer", result="pass", expected_version=version(step))
    assert again.status_code == 200
    assert Answer.objects.get(criterion__code="G1-01").result == "pass"


def test_fast_clicks_of_one_person_and_other_criteria_are_no_conflict(world):
    step = walk(world, "in_review")
    seen = version(step)
    judge(step, "fail", "No second path.", code="G1-02", who="supervisor")
    for result in ("pass", "partly", "fail", "pass"):
        answer = send(step, "ops_reviewer", result=result, remark="So.", expected_version=seen)
        assert answer.status_code == 200, answer.content.decode()
    assert Answer.objects.get(criterion__code="G1-01").result == "pass"
    assert list(broken_chains()) == []
    assert list(violations(step.at)) == []


def test_a_judgement_of_an_earlier_round_is_not_taken_for_the_next(world):
    step = walk(world, "in_review")
    seen = version(step)
    step.act("pm", "take_back").act("pm", "submit")
    unwritten = step.case.criteria.filter(level="should").first().code  # in both rounds
    with refused(Conflict, "meanwhile"):
        judge(step, "pass", code=unwritten, expected_version=seen)
    judge(step, "pass", code=unwritten, expected_version=version(step))


def test_a_version_that_never_was_is_refused(world):
    step = walk(world, "in_review")
    with refused(Conflict):
        judge(step, "pass", expected_version=10**6)
    assert send(step, "ops_reviewer", result="pass", expected_version="x").status_code == 422


def test_what_was_typed_for_a_gate_that_moved_on_is_shown(world):
    step = walk(world, "awaiting_verdict").judge().act("head", "rework")
    for part in (True, False):
        answer = send(step, "ops_reviewer", part=part, result="fail", remark="The second drill")
        assert answer.status_code == 409
        shown = answer.content.decode()
        assert "The second drill" in shown
        assert "Open for submission" in shown
        assert ("<html" in shown) is not part


# -- provable afterwards ---------------------------------------------------------------------------
def test_every_answer_leaves_an_event_and_the_same_again_leaves_none(world):
    step = walk(world, "in_review")
    before = version(step)
    judge(step, "fail", "No second path.")
    judge(step, "fail", "No second path.")
    judge(step, "pass", who="supervisor")
    judge(step, "", who="supervisor")
    events = step.case.events.filter(action="judge")
    assert version(step) == before + 3
    said = [(one.actor.username, one.data.get("result"), one.data.get("remark")) for one in events]
    assert said == [("ops_reviewer", "fail", "No second path."), ("supervisor", "pass", None),
                    ("supervisor", None, None)]  # fmt: skip
    shown = page(world, "head", sheet_of(step), step.at)
    assert "What was said before" in shown
    assert "No second path." in shown


def test_a_submission_is_no_conflict_with_the_answers_of_the_same_moment(world):
    step = walk(world)
    seen = version(step)
    step.show()
    assert perform(step.case, "submit", actor=world["pm"], at=step.at, expected_version=seen)


def test_the_history_tells_many_answers_in_one_line(world):
    step = walk(world, "in_review")
    for code in ("G1-01", "G1-02"):
        judge(step, "pass", code=code)
    judge(step, "pass", code="G1-03", who="supervisor")
    shown = [one.text for one in entries(step.case, Actor.of(world["head"], step.at))]
    assert shown[:2] == ["judged G1-03", "judged G1-01, G1-02"]
    last = step.case.events.get(data__code="G1-02", action="judge")
    assert sentence(step.case, last) == "judged G1-02"


# -- the page --------------------------------------------------------------------------------------
def test_with_scripts_only_the_criterion_and_the_foot_are_answered(world):
    step = walk(world, "in_review")
    answer = send(step, "ops_reviewer", result="pass")
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in shown
    assert shown.count("<li ") == 1
    assert 'aria-pressed="true"' in shown
    assert "1 passed." in shown
    for part in ("og-foot", "og-filters", "og-said"):
        assert f'id="{part}"' in shown
    assert "Open: G1-02" in shown


def test_without_scripts_the_sheet_comes_back_at_the_criterion(world):
    step = walk(world, "in_review")
    answer = send(step, "ops_reviewer", part=False, result="pass")
    assert (answer.status_code, answer["Location"]) == (302, f"{sheet_of(step)}#G1-01")


def test_the_next_step_says_what_is_in_its_way(world):
    step = walk(world)
    step.show(leave="G1-03")
    shown = page(world, "pm", sheet_of(step), step.at)
    assert "Evidence is missing for what must be shown: G1-03." in shown
    assert f"/cases/{step.case.number}/do/submit/" not in shown
    show(step, "G1-03", evidence="Here.")
    shown = page(world, "pm", sheet_of(step), step.at)
    assert f"/cases/{step.case.number}/do/submit/" in shown
    assert "do/submit/" not in page(world, "ops_reviewer", sheet_of(step), step.at)


def test_a_reviewer_is_led_to_the_opinion(world):
    step = walk(world, "in_review")
    assert "Give an opinion" in page(world, "ops_reviewer", sheet_of(step), step.at)
    step.act("ops_reviewer", "agree").act("supervisor", "agree")
    shown = page(world, "head", sheet_of(step), step.at)
    assert "these musts have not passed" in shown


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [("", {"G1-01", "G1-02", "G1-03"}), ("?show=open", {"G1-03"}), ("?show=failed", {"G1-02"}),
     ("?show=nonsense", {"G1-01", "G1-02", "G1-03"})],
)  # fmt: skip
def test_filters_are_links(world, wanted, codes):
    step = walk(world, "in_review")
    for one in step.case.criteria.exclude(code="G1-03"):
        judge(step, "fail" if one.code == "G1-02" else "pass", "Why.", code=one.code)
    shown = page(world, "ops_reviewer", sheet_of(step) + wanted, step.at)
    found = {code for code in ("G1-01", "G1-02", "G1-03") if f'id="{code}"' in shown}
    assert found == codes


def test_musts_are_filtered_and_what_failed_last_round_is_found(world):
    step = walk(world, "awaiting_verdict").judge(leave="G1-02")
    judge(step, "fail", "No.", code="G1-02")
    step.act("head", "rework")
    shown = page(world, "pm", f"{sheet_of(step)}?show=failed", step.at)
    assert 'id="G1-02"' in shown
    assert 'id="G1-01"' not in shown
    shown = page(world, "pm", f"{sheet_of(step)}?show=musts", step.at)
    for one in step.case.criteria:
        assert (f'id="{one.code}"' in shown) is one.is_must


def test_the_sheet_is_read_in_as_many_queries_for_more_answers(
    world, django_assert_max_num_queries
):
    step = walk(world)
    seen = walk_request(world, by="pm").case
    for one in step.case.criteria:
        show(step, one.code, upload=drill(), record=seen.number)
        show(step, one.code, upload=drill(), record=seen.number, evidence="And more.")
    browser = client(world["pm"])
    with time_machine.travel(step.at, tick=False), django_assert_max_num_queries(24):
        assert browser.get(sheet_of(step)).status_code == 200


# -- the API ---------------------------------------------------------------------------------------
def put(step: Walk, who: str, what: str, code: str = "G1-01", **said):
    with time_machine.travel(step.at, tick=False):
        return client(step.world[who]).put(
            f"/api/v1/gates/{step.case.number}/sheet/{code}/{what}/", said, "application/json"
        )


def read(step: Walk, who: str):
    with time_machine.travel(step.at, tick=False):
        return client(step.world[who]).get(f"/api/v1/gates/{step.case.number}/sheet/")


def test_the_api_reads_the_sheet_in_twelve_queries(world, django_assert_max_num_queries):
    step = walk(world)
    seen = walk_request(world, by="pm").case
    for one in step.case.criteria:
        show(step, one.code, upload=drill(), record=seen.number)
    browser = client(world["pm"])
    with time_machine.travel(step.at, tick=False), django_assert_max_num_queries(12):
        found = browser.get(f"/api/v1/gates/{step.case.number}/sheet/").json()
    assert (found["state"], found["may_write"], found["shown"]) == ("open", "shows", 8)
    assert found["step"] == {"name": "submit", "label": "Submit", "reason": ""}
    answer = found["criteria"][0]["answer"]
    assert answer["file"]["sha256"] == hashlib.sha256(DRILL).hexdigest()
    assert answer["record"] == seen.number


def test_evidence_and_judgements_are_written_by_the_api_and_again_is_the_same(world):
    step = walk(world)
    for _again in range(2):
        shown = put(step, "pm", "evidence", evidence="Signed.", link="https://example.com/a")
        assert shown.status_code == 200, shown.content
        assert shown.json()["answer"]["evidence"] == "Signed."
    assert step.case.events.filter(action="show").count() == 1
    step.act("pm", "submit")
    judged = put(step, "ops_reviewer", "judgement", result="partly", remark="One is missing.")
    assert judged.json()["answer"]["result"] == "partly"
    assert read(step, "ops_reviewer").json()["may_write"] == "judges"


def test_the_api_refuses_as_the_page_does(world):
    step = walk(world)
    assert put(step, "ops_reviewer", "evidence", evidence="x").status_code == 403
    assert put(step, "ops_reviewer", "judgement", result="pass").status_code == 409
    assert put(step, "developer", "evidence", evidence="x").status_code == 404
    assert put(step, "pm", "evidence", code="G2-01", evidence="x").status_code == 404
    for wrong in (
        {"is_left_out": True}, {"link": "nowhere"}, {"kept": 10**6}, {"record": "X-1"},
        {"kept": "x"}, {"upload": "x"}, {"evidence": ["x"]}, {"expected_version": -1},
    ):  # fmt: skip
        answer = put(step, "pm", "evidence", **wrong)
        assert answer.status_code == 422, wrong
        assert answer.json()["errors"], wrong
    assert not Answer.objects.exists()
    step.act("pm", "submit")
    assert put(step, "pm", "evidence", evidence="x").status_code == 409
    assert put(step, "ops_reviewer", "judgement", result="fail").status_code == 422
    assert put(step, "pm", "judgement", result="pass").status_code == 403
    seen = version(step)
    judge(step, "fail", "No.", who="supervisor")
    stale = put(step, "ops_reviewer", "judgement", result="pass", expected_version=seen)
    assert stale.status_code == 409
    assert "meanwhile" in stale.json()["message"]


def test_a_sheet_of_no_gate_or_of_a_stranger_is_not_found_by_the_api(world):
    step = walk(world)
    assert read(step, "developer").status_code == 404
    browser = client(world["pm"])
    assert browser.get(f"/api/v1/gates/{step.project.number}/sheet/").status_code == 404


def test_a_file_is_sent_by_the_api(world):
    step = walk(world)
    boundary = "x"
    body = (
        b'--x\r\nContent-Disposition: form-data; name="upload"; filename="drill.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n" + DRILL + b"\r\n--x--\r\n"
    )
    with time_machine.travel(step.at, tick=False):
        answer = client(world["pm"]).generic(
            "PUT", f"/api/v1/gates/{step.case.number}/sheet/G1-01/evidence/", body,
            f"multipart/form-data; boundary={boundary}",
        )  # fmt: skip
    assert answer.status_code == 200, answer.content
    assert answer.json()["answer"]["file"]["name"] == "drill.txt"


def test_who_only_reads_writes_nothing(world):
    step = walk(world, "in_review")
    with refused(NotAllowed):
        judge(step, "pass", who="auditor")
