"""Indexes for searching a million cases, and for the queues and breaches of a million tasks."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLE = "workflows_case_search"
POSTGRESQL = [
    "CREATE INDEX case_search ON workflows_case USING gin "
    "(array_to_tsvector(string_to_array(btrim(search_tokens), ' ')))"
]
SQLITE = [
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5(search_tokens, content='workflows_case', "
    "content_rowid='id', tokenize='unicode61 remove_diacritics 0')",
    f"INSERT INTO {TABLE}({TABLE}) VALUES ('rebuild')",
    f"CREATE TRIGGER {TABLE}_added AFTER INSERT ON workflows_case BEGIN "
    f"INSERT INTO {TABLE}(rowid, search_tokens) VALUES (new.id, new.search_tokens); END",
    f"CREATE TRIGGER {TABLE}_changed AFTER UPDATE OF search_tokens ON workflows_case BEGIN "
    f"INSERT INTO {TABLE}({TABLE}, rowid, search_tokens) "
    "VALUES ('delete', old.id, old.search_tokens); "
    f"INSERT INTO {TABLE}(rowid, search_tokens) VALUES (new.id, new.search_tokens); END",
    f"CREATE TRIGGER {TABLE}_removed AFTER DELETE ON workflows_case BEGIN "
    f"INSERT INTO {TABLE}({TABLE}, rowid, search_tokens) "
    "VALUES ('delete', old.id, old.search_tokens); END",
]


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    vendor = schema_editor.connection.vendor
    for statement in POSTGRESQL if vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("workflows", "0003_case_last_event_at")]

    operations = [
        migrations.RunPython(create),
        migrations.AddIndex(
            "clock",
            models.Index(
                fields=["metric"],
                condition=models.Q(state="running", breached_at__isnull=False),
                name="clock_breached",
            ),
        ),
        migrations.AddIndex(
            "task",
            models.Index(
                fields=["role", "unit", "due_at", "id"],
                condition=models.Q(status="open"),
                name="task_unit_queue",
            ),
        ),
    ]
