"""What SQLite needs besides its tables; quick tests without a server run there."""

import pytest
from django.db import DatabaseError, connection, transaction

from tests.changes.walking import walk
from workflows import triggers
from workflows.models import Case


def test_sqlite_gets_back_the_triggers_of_a_table_that_was_rebuilt(world):
    """A migration that alters a table there makes a new one and drops the old, triggers and all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        before = {name for (name,) in cursor.fetchall()}
        for name in before:
            cursor.execute(f"DROP TRIGGER {name}")
        triggers.restore()
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        assert {name for (name,) in cursor.fetchall()} == before
    step = walk(world, title="数据仓库")
    assert list(Case.objects.matching("仓库")) == [step.case.case_ptr]
    with pytest.raises(DatabaseError), transaction.atomic():
        step.case.events.update(note="forged")
