"""The door: who passes, who is refused and how, and that a refusal leaves nothing behind."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from changes.flows import OptimizationLifecycle
from changes.models import Optimization
from people.actors import Actor
from people.models import Grant, User
from people.roles import Role
from tests.changes.walking import FILING, GOOD, QUARTER, walk
from tests.refusing import refused
from tests.world import NOON
from workflows.actions import add_comment, assign_task, attach_file, claim_task, watch_case
from workflows.door import open_case, perform
from workflows.models import Case, Event, IdempotencyRecord, NumberSequence, Outbox, Task
from workflows.refusals import BadData, Conflict, NotAllowed, UnknownAction

pytestmark = pytest.mark.engine

EACH_ACTION = sorted({(a.name, a.transition.source) for a in OptimizationLifecycle.actions()})


def required_by(action):
    fields = action.form.base_fields if action.form else {}
    return {name for name, field in fields.items() if field.required}


NEEDY = [action for action in OptimizationLifecycle.actions() if required_by(action)]


def file(actor, **more):
    return open_case("optimization", actor=actor, **{"at": NOON, **FILING, **more})


# -- filing --------------------------------------------------------------------------------------
def test_filing_gives_a_number_a_task_a_clock_and_an_event(world):
    case = file(world["requester"]).case
    assert (case.number, case.state, case.version) == ("REQ-2026-00001", "submitted", 1)
    assert case.unit == world["requester"].unit
    assert [(t.step, t.role, t.status) for t in case.tasks.all()] == [
        ("submitted", "service_desk", "open")
    ]
    assert [(c.metric, c.state) for c in case.clocks.all()] == [("response", "running")]
    assert [(e.seq, e.action, e.source, e.target) for e in case.events.all()] == [
        (1, "open", "", "submitted")
    ]


def test_the_year_of_a_number_is_that_of_the_company(world):
    """2026-12-31 16:00 UTC is 2027-01-01 00:00 in Shanghai."""
    turn = NOON.replace(month=12, day=31, hour=16)
    assert file(world["requester"], at=turn).case.number == "REQ-2027-00001"
    before = turn.replace(hour=15, minute=59)
    assert file(world["requester"], at=before).case.number == "REQ-2026-00001"


def test_an_unknown_kind_is_not_found(world):
    with refused(UnknownAction):
        open_case("nonsense", actor=world["requester"], **FILING)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"service": "no-such-system"}, "service"),
        ({"service": "application-systems"}, "service"),
        ({"urgency": "yesterday"}, "urgency"),
        ({"wanted": ""}, "wanted"),
        ({"desired_on": "2026-11-22"}, "desired_on"),
        ({"desired_on": "soon"}, "desired_on"),
        ({"on_behalf_of": "nobody"}, "on_behalf_of"),
        ({"title": "nul \x00"}, "title"),
        ({"attachments": SimpleUploadedFile("a.exe", b"MZ")}, "attachments"),
    ],
)
def test_bad_filing_names_the_field(world, wrong, field):
    with refused(BadData) as caught:
        file(world["requester"], **wrong)
    assert set(caught.value.errors) == {field}


def test_the_day_that_is_today_at_filing_may_be_wished_for(world):
    assert file(world["requester"], desired_on="2026-11-23").case.desired_on.day == 23


def test_somebody_without_a_unit_cannot_file_for_themselves(world):
    nobody = User.objects.create(username="homeless")
    with refused(BadData):
        file(nobody)


def test_numbers_have_no_gap_after_a_refused_filing(world):
    first = file(world["requester"]).case
    with refused(BadData):
        file(world["requester"], title="")
    nobody = User.objects.create(username="homeless")
    with refused(BadData):  # refused after the number was drawn
        file(nobody)
    second = file(world["requester2"]).case
    assert (first.number, second.number) == ("REQ-2026-00001", "REQ-2026-00002")
    assert NumberSequence.objects.get().last == 2


def test_files_come_with_the_filing(world):
    files = [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.txt", b"two")]
    case = file(world["requester"], attachments=files).case
    assert [one.name for one in case.attachments.all()] == ["a.txt", "b.txt"]
    assert [e.action for e in case.events.all()] == ["open", "attach", "attach"]


# -- the four refusals ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["nonsense", "", "__init__", "put", "case", "tasks", "is_barred", "state"]
)
def test_only_declared_actions_exist(world, name):
    case = walk(world).case
    with refused(UnknownAction):
        perform(case, name, actor=world["desk"], at=NOON)


def test_a_stranger_learns_nothing_of_a_case(world):
    case = walk(world).case
    for name in ("start_triage", "withdraw", "nonsense"):
        with refused(UnknownAction) as caught:
            perform(case, name, actor=world["requester2"], at=NOON, **GOOD.get(name, {}))
        assert caught.value.sentence == "There is no such case."


def test_the_wrong_person_is_told_it_is_not_theirs(world):
    case = walk(world).case
    with refused(NotAllowed) as caught:
        perform(case, "start_triage", actor=world["requester"], at=NOON)
    assert caught.value.sentence == "“Begin triage” is not yours to do here."


def test_the_wrong_state_is_told_with_the_state(world):
    case = walk(world).case
    with refused(Conflict) as caught:
        perform(case, "propose", actor=world["desk"], at=NOON, **GOOD["propose"])
    assert caught.value.sentence == ("This case is now “Submitted”, so that is no longer possible.")


def test_an_unmet_condition_says_why(world):
    case = walk(world, "accepting").case
    with refused(Conflict) as caught:
        perform(case, "dispute", actor=world["requester"], at=NOON, **GOOD["dispute"])
    assert caught.value.sentence.startswith("Send it back first")


def test_bad_data_is_refused_by_field(world):
    case = walk(world, "triage").case
    with refused(BadData) as caught:
        perform(case, "pass_to_assessment", actor=world["desk"], at=NOON, size="huge")
    assert set(caught.value.errors) == {"service", "priority", "size"}


@pytest.mark.parametrize(("name", "source"), EACH_ACTION)
def test_every_action_refuses_who_has_no_part_in_it(world, name, source):
    """Unseen to a stranger; seen by a watcher, who may do nothing; a superuser is no better."""
    step = walk(world, source)
    root = User.objects.create_superuser("root", unit=world["admin"].unit)
    for stranger in (world["pm"], root):
        with refused(UnknownAction):
            perform(step.case, name, actor=stranger, at=step.at, **GOOD[name])
        let_watch(step, stranger)
        with refused(NotAllowed):
            perform(step.case, name, actor=stranger, at=step.at, **GOOD[name])


def let_watch(step, person):
    """Following needs to see; so a role that reads is held for the moment of following."""
    values = {"user": person, "role": Role.AUDITOR, "unit": step.case.unit, "from_at": NOON}
    grant = Grant.objects.create(**values)
    watch_case(case=step.case, actor=person, at=step.at)
    grant.delete()


@pytest.mark.parametrize("name", sorted({name for name, _ in EACH_ACTION}))
def test_every_action_refuses_a_state_it_does_not_leave(world, name):
    sources = {source for one, source in EACH_ACTION if one == name}
    elsewhere = "accepting" if "accepting" not in sources else "triage"
    step = walk(world, elsewhere)
    people = {"accepting": "requester", "triage": "desk"}
    with refused(Conflict):
        perform(step.case, name, actor=world[people[elsewhere]], at=step.at, **GOOD[name])


def test_a_disabled_person_passes_nothing(world):
    step = walk(world)
    User.objects.filter(username="desk").update(is_active=False)
    desk = User.objects.get(username="desk")
    with refused(UnknownAction):
        perform(step.case, "start_triage", actor=desk, at=NOON)
    with refused(NotAllowed):
        file(desk)


@pytest.mark.parametrize(
    ("name", "source"),
    [(action.name, action.transition.source) for action in NEEDY],
)
def test_every_form_that_must_say_something_refuses_silence(world, name, source):
    step = walk(world, source)
    needed = required_by(OptimizationLifecycle.action(name, source))
    with refused(BadData) as caught:
        perform(step.case, name, actor=doer_of(step, name), at=step.at)
    assert needed <= set(caught.value.errors)


def doer_of(step, name):
    """The first person of the world to whom the action is permitted."""
    looks = {one: Actor.of(one, step.at) for one in step.world.values()}
    action = step.case.lifecycle.action(name, step.case.state)
    return next(
        person
        for person, who in looks.items()
        if action.transition.has_perm(step.case.lifecycle(step.case, who, step.at), who)
    )


# -- versions ------------------------------------------------------------------------------------
def test_a_stale_version_is_refused(world):
    step = walk(world)
    seen = step.case.version
    step.act("desk", "start_triage")
    with refused(Conflict):
        perform(
            step.case, "pass_to_assessment", actor=world["desk"], at=step.at,
            expected_version=seen, **GOOD["pass_to_assessment"],
        )  # fmt: skip


def test_a_version_from_the_future_is_refused(world):
    step = walk(world)
    with refused(Conflict):
        perform(step.case, "start_triage", actor=world["desk"], at=NOON, expected_version=2)


def test_comments_claims_and_files_do_not_make_a_version_stale(world):
    step = walk(world)
    seen, case = step.case.version, step.case
    claim_task(task=step.task, actor=world["desk"], at=NOON)
    add_comment(case=case, body="on it", actor=world["desk"], at=NOON)
    attach_file(case=case, file=SimpleUploadedFile("a.txt", b"x"), actor=world["desk"], at=NOON)
    perform(case, "start_triage", actor=world["desk"], at=NOON, expected_version=seen)
    assert Case.objects.get().version == seen + 5  # claim, comment, answered, attach, action


def test_a_vote_makes_a_version_stale(world):
    step = walk(world, "awaiting_approval")
    seen = step.case.version
    step.act("owner", "approve")
    with refused(Conflict):
        perform(step.case, "approve", actor=world["head"], at=step.at, expected_version=seen)


# -- once and only once --------------------------------------------------------------------------
def test_the_same_key_files_once(world):
    first = file(world["requester"], idempotency_key="k")
    again = file(world["requester"], idempotency_key="k", at=NOON + QUARTER)
    assert (first.is_replay, again.is_replay) == (False, True)
    assert again.case == first.case
    assert Optimization.objects.count() == Event.objects.count() == 1


def test_the_same_key_acts_once(world):
    case = walk(world).case
    for _ in range(2):
        perform(case, "start_triage", actor=world["desk"], at=NOON, idempotency_key="k")
    assert Event.objects.filter(action="start_triage").count() == 1


def test_the_same_key_with_another_body_is_refused(world):
    file(world["requester"], idempotency_key="k")
    with refused(Conflict):
        file(world["requester"], idempotency_key="k", title="something else")


def test_the_same_key_on_another_case_is_refused(world):
    one, other = walk(world).case, walk(world).case
    perform(one, "start_triage", actor=world["desk"], at=NOON, idempotency_key="k")
    with refused(Conflict):
        perform(other, "start_triage", actor=world["desk"], at=NOON, idempotency_key="k")


def test_two_people_may_use_the_same_key(world):
    file(world["requester"], idempotency_key="k")
    file(world["requester2"], idempotency_key="k")
    assert Optimization.objects.count() == 2


def test_a_refused_request_does_not_use_up_its_key(world):
    with refused(BadData):
        file(world["requester"], idempotency_key="k", title="")
    assert not IdempotencyRecord.objects.exists()
    assert not file(world["requester"], idempotency_key="k").is_replay


# -- what hangs on a move ------------------------------------------------------------------------
def test_one_move_writes_one_event_and_one_message_per_recipient(world):
    step = walk(world)
    Outbox.objects.all().delete()
    step.act("desk", "start_triage").act("desk", "pass_to_assessment")
    told = Outbox.objects.filter(data__seq=step.case.version).values_list(
        "topic", "recipient__username"
    )
    assert sorted(told) == [("moved", "requester"), ("work", "analyst")]


def test_time_never_runs_backwards_on_a_case(world):
    """A request that waited for the lock read its watch before the one that went first."""
    step = walk(world, "triage")
    late = step.at - QUARTER / 2
    case = perform(
        step.case, "pass_to_assessment", actor=world["desk"], at=late, **GOOD["pass_to_assessment"]
    ).case
    assert [event.at for event in case.events.all()] == [NOON, step.at, step.at]
    assert not Task.objects.filter(done_at__lt=step.at).exists()


def test_work_handed_to_a_tester_who_may_not_is_refused_without_trace(world):
    step = walk(world, "testing")
    with refused(BadData):
        assign_task(task=step.task, to=world["pm"], actor=world["service_manager"], at=step.at)
