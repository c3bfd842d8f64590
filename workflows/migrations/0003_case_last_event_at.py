"""A case knows when something last happened to it, so that no action has to ask its events."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Coalesce


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    events = apps.get_model("workflows", "Event").objects.filter(case=OuterRef("pk"))
    last = events.order_by().values("case").annotate(last=Max("at")).values("last")
    apps.get_model("workflows", "Case").objects.update(
        last_event_at=Coalesce(Subquery(last), "opened_at")
    )


class Migration(migrations.Migration):
    dependencies = [("workflows", "0002_triggers")]

    operations = [
        migrations.AddField(
            "case",
            "last_event_at",
            models.DateTimeField(editable=False, null=True, verbose_name="last event"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "case",
            "last_event_at",
            models.DateTimeField(editable=False, verbose_name="last event"),
        ),
    ]
