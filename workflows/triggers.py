"""SQL of the triggers: events are only added, spells are closed once, search follows the cases.

SQLite forgets the triggers of a table that a migration rebuilds; `restore` sets them anew after
every `migrate`.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

APPEND_ONLY = ("workflows_event",)
CLOSED_ONCE = ("workflows_clocksegment", "workflows_custody")


def sqlite_statements() -> list[str]:
    refuse = "BEGIN SELECT RAISE(ABORT, '{table} is kept: {what}'); END"
    never = refuse.format(table="{table}", what="rows are only added")
    once = refuse.format(table="{table}", what="a closed row does not change")
    found = []
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            found.append(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                + never.format(table=table)
            )
    for table in CLOSED_ONCE:
        found.append(
            f"CREATE TRIGGER {table}_closed_once BEFORE UPDATE ON {table} "
            f"WHEN OLD.ended_at IS NOT NULL " + once.format(table=table)
        )
        found.append(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            + never.format(table=table)
        )
    return found


def postgresql_statements() -> list[str]:
    found = [
        "CREATE FUNCTION opsgate_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '%% is kept: rows are only added, and closed once', TG_TABLE_NAME; "
        "END $$"
    ]
    for table in APPEND_ONLY:
        found.append(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION opsgate_keep()"
        )
    for table in CLOSED_ONCE:
        found.append(
            f"CREATE TRIGGER {table}_closed_once BEFORE UPDATE ON {table} FOR EACH ROW "
            "WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION opsgate_keep()"
        )
        found.append(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION opsgate_keep()"
        )
    return found


def statements(vendor: str) -> list[str]:
    return {"sqlite": sqlite_statements, "postgresql": postgresql_statements}[vendor]()


SEARCH = "workflows_case_search"
FORGET = (
    f"INSERT INTO {SEARCH}({SEARCH}, rowid, search_tokens) "
    "VALUES ('delete', old.id, old.search_tokens);"
)
REMEMBER = f"INSERT INTO {SEARCH}(rowid, search_tokens) VALUES (new.id, new.search_tokens);"


def search_statements() -> list[str]:
    """Return what keeps SQLite's index of search tokens in step with the cases."""
    followed = {
        "added": f"AFTER INSERT ON workflows_case BEGIN {REMEMBER} END",
        "changed": f"AFTER UPDATE OF search_tokens ON workflows_case BEGIN {FORGET} {REMEMBER} END",
        "removed": f"AFTER DELETE ON workflows_case BEGIN {FORGET} END",
    }
    return [f"CREATE TRIGGER {SEARCH}_{verb} {action}" for verb, action in followed.items()]


def restore(using: str = "default", **_: Any) -> None:
    """Set the triggers that SQLite lacks, after `migrate`."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master")
        there = {name for (name,) in cursor.fetchall()}
        if SEARCH not in there:
            return  # the tables are not all made yet
        for statement in [*sqlite_statements(), *search_statements()]:
            if statement.split()[2] not in there:
                cursor.execute(statement)
