"""How votes add up: seats, all of, n of m, panels, vetoes; on paper and through the door."""

import pytest

from people.models import Grant, User
from people.roles import Role
from tests.changes.walking import DAY
from tests.refusing import refused
from tests.workflows.toys import define_voting, registered_only_here
from tests.world import NOON
from workflows.door import open_case, perform
from workflows.models import Case, Task
from workflows.quorums import Panel, Seat, all_of, at_least
from workflows.refusals import BadData, Conflict, NotAllowed

pytestmark = pytest.mark.engine

A, B, C = Role.SYSTEM_OWNER, Role.HEAD_OF_OPS, Role.CHANGE_MANAGER
SEATS = (Seat(A), Seat(B), Seat(C))
LETTERS = {"a": A, "b": B, "c": C}
OUTCOMES = {"+": "approve", "-": "reject", "0": "abstain"}


def verdict(quorum, votes):
    """`"a+ b- c?"`: a said yes, b no, c is still to vote; 0 abstains; d has no seat at all."""
    cast, waiting = {}, set()
    for letter, outcome in votes.split():
        slot = LETTERS.get(letter, f"{Role.CAB_MEMBER}:{letter}")
        if outcome == "?":
            waiting.add(slot)
        else:
            cast[slot] = OUTCOMES[outcome]
    return quorum.verdict(cast, waiting)


@pytest.mark.parametrize(
    ("quorum", "votes", "result"),
    [
        (Seat(A), "a?", None),
        (Seat(A), "a+", True),
        (Seat(A), "a-", False),
        (Seat(A), "a0", False),  # an abstention is no yes
        (Seat(A), "", True),  # not needed for this case
        (all_of(*SEATS), "a? b? c?", None),
        (all_of(*SEATS), "a+ b+ c?", None),
        (all_of(*SEATS), "a+ b+ c+", True),
        (all_of(*SEATS), "a+ b- c?", False),  # the third need not be asked
        (all_of(*SEATS), "a+ b+", True),  # c is not needed
        (at_least(2, *SEATS), "a+ b? c?", None),
        (at_least(2, *SEATS), "a+ b+ c?", True),  # not waiting for the third
        (at_least(2, *SEATS), "a- b? c?", None),  # 0 yes + 2 waiting ≥ 2
        (at_least(2, *SEATS), "a- b- c?", False),  # 0 + 1 < 2
        (at_least(2, *SEATS), "a- b0 c?", False),  # 0 + 1 < 2
        (at_least(2, *SEATS), "a+ b0 c?", None),  # 1 + 1 = 2
        (at_least(1, *SEATS), "a- b- c-", False),
        (Panel(Role.CAB_MEMBER, 2), "1? 2? 3?", None),
        (Panel(Role.CAB_MEMBER, 2), "1+ 2+ 3?", True),
        (Panel(Role.CAB_MEMBER, 2), "1+ 2- 3?", None),
        (Panel(Role.CAB_MEMBER, 2), "1+ 2- 3-", False),
        (Panel(Role.CAB_MEMBER, 2), "1+ 20 3?", None),
        (Panel(Role.CAB_MEMBER, 2), "1+ 20 3-", False),  # 1 + 0 < 2
        (Panel(Role.CAB_MEMBER, 2), "1?", False),  # one member can never be two
        (Panel(Role.CAB_MEMBER, 2), "", False),
    ],
)
def test_what_votes_come_to(quorum, votes, result):
    assert verdict(quorum, votes) is result


CAB = Panel(Role.CAB_MEMBER, 2)
NESTED = all_of(Seat(A), at_least(1, Seat(B), Seat(C)))
VETO = at_least(2, Seat(A), Seat(B), Seat(C, veto=True))
DEEP_VETO = at_least(1, all_of(Seat(A)), all_of(CAB, Seat(C, veto=True)))


@pytest.mark.parametrize(
    ("quorum", "votes", "result"),
    [
        (NESTED, "a+ b- c+", True),
        (NESTED, "a+ b- c?", None),
        (NESTED, "a+ b- c-", False),
        (NESTED, "a- b? c?", False),
        (VETO, "a+ b? c-", False),  # a veto ends it though 2 of 3 could still say yes
        (VETO, "a+ b+ c-", False),
        (VETO, "a+ b+ c?", True),
        (VETO, "a+ b+ c0", True),  # an abstention is no veto
        (VETO, "a- b+ c?", None),
        (all_of(CAB, Seat(C)), "1+ 2+ 3? c?", None),
        (all_of(CAB, Seat(C)), "1+ 2+ 3? c+", True),
        (all_of(CAB, Seat(C)), "1+ 2- 3- c+", False),
        (DEEP_VETO, "a+ 1? 2? c?", True),
        (DEEP_VETO, "a? 1+ 2+ c-", False),  # a veto counts however deep
    ],
)
def test_parts_nest_and_vetoes_end_it(quorum, votes, result):
    assert verdict(quorum, votes) is result


def test_an_optional_seat_cannot_be_one_of_several_alternatives():
    """Absent it would count as a yes."""
    with pytest.raises(ValueError, match="use it in all_of"):
        at_least(1, Seat(A), Seat(B, when=lambda case: False))


def test_a_quorum_names_its_roles():
    assert list(all_of(CAB, at_least(1, Seat(A), Seat(B))).roles()) == [Role.CAB_MEMBER, A, B]


# -- through the door ----------------------------------------------------------------------------
@pytest.fixture
def cab(world):
    """Three members of a CAB besides the change manager, who is not one here."""
    Grant.objects.filter(role=Role.CAB_MEMBER).delete()
    unit = world["auditor"].unit
    for name in ("ada", "ben", "cao"):
        world[name] = User.objects.create(username=name, unit=unit)
        Grant.objects.create(user=world[name], role=Role.CAB_MEMBER, unit=unit, from_at=NOON - DAY)
    return world


@pytest.fixture
def toy(cab):
    """A change: 2 of the CAB must say yes, and the change manager, whose no ends it."""
    with registered_only_here():
        define_voting(all_of(Panel(Role.CAB_MEMBER, 2), Seat(Role.CHANGE_MANAGER, veto=True)))
        yield open_case("toy", actor=cab["requester"], at=NOON, title="Swap the router").case


def vote(world, case, *ballots):
    for ballot in ballots:
        name, outcome = ballot[:-1], {"+": "approve", "-": "refuse", "0": "stay_out"}[ballot[-1]]
        case = perform(case, outcome, actor=world[name], at=NOON, reason="why").case
    return case.state


@pytest.mark.parametrize(
    ("ballots", "state"),
    [
        (["ada+"], "voting"),
        (["ada+", "ben+"], "voting"),  # the change manager is still to say yes
        (["ada+", "ben+", "change_manager+"], "yes"),
        (["change_manager+", "ada-", "ben+", "cao+"], "yes"),  # 2 of 3
        (["ada-"], "voting"),
        (["ada-", "ben-"], "no"),  # 0 + 1 < 2
        (["ada+", "change_manager-"], "no"),
        (["change_manager-"], "no"),
        (["ada0", "ben+", "cao+", "change_manager+"], "yes"),  # 2 of the 2 who took part
        (["ada0", "ben0"], "no"),  # 1 left < 2
    ],
)
def test_a_board_decides_through_the_door(toy, cab, ballots, state):
    assert vote(cab, toy, *ballots) == state
    assert Task.objects.open().filter(case=toy).exists() is (state == "voting")


def test_each_member_of_a_board_has_a_seat_of_their_own(toy, cab):
    seats = Task.objects.filter(case=toy).values_list("slot", "assignee__username")
    assert set(seats) == {
        (f"cab_member:{cab['ada'].pk}", "ada"),
        (f"cab_member:{cab['ben'].pk}", "ben"),
        (f"cab_member:{cab['cao'].pk}", "cao"),
        ("change_manager", None),
    }


def test_a_member_votes_once(toy, cab):
    vote(cab, toy, "ada+")
    with refused(NotAllowed):
        perform(toy, "approve", actor=cab["ada"], at=NOON)


def test_votes_and_outcomes_are_kept_with_the_seats(toy, cab):
    vote(cab, toy, "ada-", "ben+", "cao+", "change_manager+")
    outcomes = Task.objects.filter(case=toy).values_list("done_by__username", "outcome")
    assert dict(outcomes) == {
        "ada": "reject", "ben": "approve", "cao": "approve", "change_manager": "approve",
    }  # fmt: skip


def test_the_last_vote_is_the_transition_the_others_are_votes(toy, cab):
    vote(cab, toy, "ada+", "ben+", "change_manager+")
    kinds = [(event.kind, event.action) for event in toy.events.all()]
    assert kinds == [
        ("action", "open"), ("vote", "approve"), ("vote", "approve"), ("action", "approve"),
    ]  # fmt: skip


def test_after_the_decision_nobody_votes(toy, cab):
    vote(cab, toy, "change_manager-")
    with refused(Conflict):
        perform(toy, "approve", actor=cab["ada"], at=NOON)
    assert Task.objects.filter(case=toy, status="cancelled").count() == 3


def test_a_member_who_lost_the_role_meanwhile_does_not_vote(toy, cab):
    Grant.objects.filter(user=cab["ada"]).update(to_at=NOON)
    with refused(NotAllowed):
        perform(toy, "approve", actor=cab["ada"], at=NOON)


def test_a_board_too_small_to_decide_is_said_at_once(cab):
    Grant.objects.filter(user__username__in=["ada", "ben"]).delete()
    with registered_only_here():
        define_voting(Panel(Role.CAB_MEMBER, 2))
        with refused(Conflict) as caught:
            open_case("toy", actor=cab["requester"], at=NOON, title="Swap the router")
    assert "Too few people can decide “Vote”" in caught.value.sentence


def test_a_refusal_needs_its_reason(toy, cab):
    with refused(BadData):
        perform(toy, "refuse", actor=cab["ada"], at=NOON)


def test_the_toy_is_gone_after_the_test(toy):
    assert Case.objects.get(kind="toy").number == "TOY-2026-00001"
