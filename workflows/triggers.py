"""SQL of the triggers that keep history: events are only added, spells are closed once."""

from __future__ import annotations

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
