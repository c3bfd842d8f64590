"""The state hash: the same for the same state, another for any other."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from agreements.models import Calendar
from changes.models import Optimization
from people.models import Grant, Unit, User
from tests.changes.walking import walk
from workflows.keeping.databases import all_models, holds_data, kept_models
from workflows.keeping.fingerprints import fingerprint
from workflows.models import Clock, Outbox, Task

pytestmark = pytest.mark.engine
MICROSECOND = timedelta(microseconds=1)


def state():
    return fingerprint(kept_models(), "default")


@pytest.fixture
def walked(world):
    return walk(world, "in_development").case


def test_the_same_state_has_the_same_hash(walked):
    before = state()
    assert state() == before
    task = Task.objects.filter(case=walked).first()
    Task.objects.filter(pk=task.pk).update(data={"b": 1, "a": [True, None]})
    first = state()
    Task.objects.filter(pk=task.pk).update(data={"a": [True, None], "b": 1})
    assert state() == first != before


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Outbox, {"created_at": F("created_at") + MICROSECOND}),
        (Clock, {"elapsed": F("elapsed") + MICROSECOND}),
        (Clock, {"warn_at": [75]}),
        (Optimization, {"effort_testing": Decimal("1.01")}),
        (Optimization, {"title": "报表自动汇总 "}),
        (Optimization, {"due_on": None}),
        (User, {"is_active": F("is_staff")}),
        (Grant, {"to_at": F("from_at") + MICROSECOND}),
        (Calendar, {"name": "x"}),
    ],
)
def test_any_change_is_another_hash_of_that_table_alone(walked, model, change):
    before = state()
    row = model.objects.first()
    model.objects.filter(pk=row.pk).update(**change)
    after = state()
    assert after.hash != before.hash
    tables = {model._meta.label, "workflows.Case"} if model is Optimization else {model._meta.label}
    assert set(before.differing(after)) <= tables
    assert before.differing(after)


def test_a_row_that_comes_or_goes_is_another_hash(walked):
    before = state()
    unit = Unit.objects.create(code="new", name="New", kind=Unit.Kind.OFFICE)
    more = state()
    assert before.differing(more) == ["people.Unit"]
    assert (more.rows, more.hash != before.hash) == (before.rows + 1, True)
    unit.delete()
    assert state() == before


def test_people_agreements_workflows_and_processes_are_kept():
    kept = {model._meta.label for model in kept_models()}
    assert {
        "people.User", "people.User_groups", "people.ApiToken", "agreements.Agreement_customers",
        "agreements.CalendarDay", "workflows.Event", "workflows.Attachment", "workflows.Outbox",
        "changes.Optimization", "changes.EffortBooking",
    } <= kept  # fmt: skip
    assert not {"sessions.Session", "axes.AccessAttempt"} & kept


def test_tables_come_after_those_they_point_to():
    order = all_models()
    for model in order:
        for field in model._meta.local_concrete_fields:
            if field.related_model not in (None, model):
                assert order.index(field.related_model) < order.index(model)


@pytest.mark.django_db
def test_migrating_alone_makes_no_data():
    assert not holds_data("default")
    Unit.objects.create(code="new", name="New", kind=Unit.Kind.OFFICE)
    assert holds_data("default")


def test_the_command_says_the_hash_and_that_of_each_table(walked):
    said = StringIO()
    call_command("audit", "hash", "--tables", stdout=said)
    *tables, last = said.getvalue().splitlines()
    found = state()
    assert last == found.hash
    assert len(tables) == len(found.tables)
    assert f"{found.tables['people.User'].digest} " in said.getvalue()


def test_a_backup_never_replaces_a_file_and_a_restore_reads_only_backups(walked, tmp_path):
    file = tmp_path / "there.zip"
    file.write_bytes(b"something")
    with pytest.raises(CommandError, match="never replaces"):
        call_command("backup", str(file))
    with pytest.raises(CommandError, match="cannot be read as a backup"):
        call_command("restore", str(file))
    source = "no address" if connection.vendor == "sqlite" else "must name the SQLite"
    with pytest.raises(CommandError, match=source):
        call_command("move_data", "--to", "nonsense")
    assert file.read_bytes() == b"something"
