"""`manage.py check` refuses a process that cannot work, and a database that would lose writes."""

import copy

import pytest
from django.core.management import call_command
from django.db import connections, models

from changes.flows import OptimizationLifecycle
from people.roles import Role
from tests.workflows.toys import define_voting, registered_only_here
from workflows.checks import check_database, check_lifecycles, problems_of
from workflows.forms import OpeningForm
from workflows.lifecycles import Clock, Decision, Lifecycle, Work, case_state
from workflows.models import Case
from workflows.permissions import holds_task
from workflows.quorums import Seat


class S(models.TextChoices):
    ONE = "one", "One"
    TWO = "two", "Two"
    END = "end", "End"


@pytest.fixture(autouse=True)
def _forget():
    with registered_only_here():
        yield


def sound(**parts):
    """A sound process ONE → TWO → END, with `parts` of it replaced."""
    slot = case_state(S)

    def go(self):
        pass

    def end(self):
        pass

    body = {
        "kind": "toy", "prefix": "TOY", "label": "Toy", "model": Case, "State": S,
        "initial": S.ONE, "form": OpeningForm, "closed": (S.END,), "state": slot,
        "go": slot.transition(S.ONE, S.TWO, "Go", permission=holds_task)(go),
        "end": slot.transition(S.TWO, S.END, "End", permission=holds_task)(end),
        "work": {
            S.ONE: Work("First", Role.ANALYST),
            S.TWO: Work("Second", Role.ANALYST),
        },
        "clocks": (Clock("response", "Response", starts=[S.ONE], stops=[S.END]),),
        **parts,
    }  # fmt: skip
    return type("Toy", (Lifecycle,), body)


def transition(source, target, label="Do", **more):
    """Return a slot and one more transition of it, to be put into `sound`."""
    slot = case_state(S)

    def do(self):
        pass

    def other(self):
        pass

    return {
        "state": slot,
        "go": slot.transition(source, target, label, **{"permission": holds_task, **more})(do),
        "end": slot.transition(S.TWO, S.END, "End", permission=holds_task)(other),
    }


def found(lifecycle):
    return [problem.id for problem in problems_of(lifecycle)]


def test_the_sound_process_and_the_shipped_one_pass():
    assert found(sound()) == []
    assert found(OptimizationLifecycle) == []


BROKEN = {
    "E001": [transition(S.ONE, S.END)],  # TWO cannot be reached
    "E002": [{"closed": ()}],  # END has no way out
    "E003": [transition(S.ONE, S.TWO, permission=None)],
    "E004": [transition(S.ONE, S.TWO, None)],
    "E005": [{"work": {S.ONE: Work("First", Role.ANALYST)}}],
    "E006": [
        {"work": {S.ONE: Work("First", "wizard"), S.TWO: Work("Second", Role.ANALYST)}},
        {"work": {
            S.ONE: Decision("First", Seat("wizard"), carried="go", lost="go"),
            S.TWO: Work("Second", Role.ANALYST),
        }},
    ],
    "E007": [{"clocks": [Clock("response", "Response", starts=[S.ONE], stops=[])]}],
    "E008": [
        {"work": {
            S.ONE: Decision("First", Seat(Role.ANALYST), carried="go", lost="no"),
            S.TWO: Work("Second", Role.ANALYST),
        }},
    ],
    "E009": [{"clocks": [Clock("response", "Response", starts=["zero"], stops=[S.END])]}],
    "E010": [
        {"clocks": [
            Clock("response", "Response", starts=[S.ONE], stops=[S.END], on_breach="explode")
        ]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "parts"), [(code, parts) for code, cases in BROKEN.items() for parts in cases]
)
def test_each_fault_of_a_process_has_its_code(code, parts):
    assert f"workflows.{code}" in found(sound(**parts))


def test_a_state_where_nobody_owes_work_needs_a_reason():
    lifecycle = sound(work={S.TWO: Work("Second", Role.ANALYST)}, idle={S.ONE: "waits for spring"})
    assert found(lifecycle) == []


def test_a_state_that_only_leads_to_itself_has_no_way_out():
    assert "workflows.E002" in found(sound(**transition(S.ONE, S.ONE)))


def test_the_command_refuses_it():
    define_voting(Seat("wizard"))
    assert [problem.id for problem in check_lifecycles(None)] == ["workflows.E006"]
    with pytest.raises(Exception, match="unknown role wizard"):
        call_command("check")


GOOD_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"transaction_mode": "DEFERRED"}, ["transaction_mode IMMEDIATE"]),
        ({"timeout": 5}, ["timeout of 20 s"]),
        ({"init_command": "PRAGMA foreign_keys=ON;"}, ["journal_mode WAL"]),
        ({"init_command": "PRAGMA journal_mode=WAL;"}, ["foreign_keys on"]),
    ],
)
def test_sqlite_must_queue_its_writers(monkeypatch, change, said):
    settings = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {**GOOD_OPTIONS, **change}}
    assert database_problems(monkeypatch, settings) == [f"SQLite needs {one}" for one in said]


@pytest.mark.parametrize(("atomic", "said"), [(False, []), (True, ["ATOMIC_REQUESTS must be off"])])
def test_postgresql_must_leave_transactions_to_the_door(monkeypatch, atomic, said):
    settings = {"ENGINE": "django.db.backends.postgresql", "ATOMIC_REQUESTS": atomic}
    assert database_problems(monkeypatch, settings) == said


def database_problems(monkeypatch, settings):
    real = connections["default"].settings_dict
    monkeypatch.setattr(connections["default"], "settings_dict", {**copy.copy(real), **settings})
    return [problem.msg for problem in check_database(None)]
