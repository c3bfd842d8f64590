"""Notifications of one's own: what one wants to be told, and where."""

import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def look_forward(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Nobody begins with thousands of news: what was mailed before there was a list is done."""
    mails = apps.get_model("workflows", "Outbox").objects.filter(channel="mail")
    mails.update(done_at=models.F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0007_part_of"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Chat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("wecom", "WeCom"),
                            ("dingtalk", "DingTalk"),
                            ("feishu", "Feishu"),
                            ("webhook", "My own webhook"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("address", models.CharField(blank=True, max_length=500)),
                ("secret", models.CharField(blank=True, max_length=200)),
                ("muted", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(null=True)),
                ("removed_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "chat of a person",
                "verbose_name_plural": "chats of people",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="NewsPreference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mail", models.JSONField(default=dict)),
                ("quiet_from", models.TimeField(blank=True, null=True)),
                ("quiet_to", models.TimeField(blank=True, null=True)),
                ("quiet_days", models.JSONField(default=list)),
                ("lets_breach_through", models.BooleanField(default=True)),
                ("digest_at", models.TimeField(default=datetime.time(8, 0))),
                (
                    "rhythm",
                    models.CharField(
                        choices=[
                            ("daily", "every day"),
                            ("weekdays", "from Monday to Friday"),
                            ("weekly", "on Mondays"),
                        ],
                        default="daily",
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="outbox",
            name="outbox_one_recipient",
        ),
        migrations.AddField(
            model_name="outbox",
            name="done_at",
            field=models.DateTimeField(null=True, verbose_name="done"),
        ),
        migrations.AddField(
            model_name="outbox",
            name="held_until",
            field=models.DateTimeField(null=True, verbose_name="held until"),
        ),
        migrations.AddField(
            model_name="outbox",
            name="routed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="outbox",
            name="channel",
            field=models.CharField(
                choices=[
                    ("mail", "Mail"),
                    ("webhook", "Webhook"),
                    ("app", "In Opsgate"),
                    ("chat", "Chat"),
                ],
                default="mail",
                max_length=20,
                verbose_name="channel",
            ),
        ),
        migrations.AddField(
            model_name="chat",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="chats",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="outbox",
            name="chat",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="messages",
                to="workflows.chat",
                verbose_name="chat",
            ),
        ),
        migrations.RunPython(look_forward, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="outbox",
            index=models.Index(
                condition=models.Q(("channel__in", ("mail", "app")), ("done_at__isnull", True)),
                fields=["recipient", "-id"],
                name="outbox_news",
            ),
        ),
        migrations.AddConstraint(
            model_name="outbox",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("channel__in", ("mail", "app")),
                        ("chat__isnull", True),
                        ("recipient__isnull", False),
                        ("webhook__isnull", True),
                    ),
                    models.Q(
                        ("channel", "webhook"),
                        ("chat__isnull", True),
                        ("recipient__isnull", True),
                        ("webhook__isnull", False),
                    ),
                    models.Q(
                        ("channel", "chat"),
                        ("chat__isnull", False),
                        ("recipient__isnull", False),
                        ("webhook__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="outbox_one_recipient",
            ),
        ),
        migrations.AddField(
            model_name="newspreference",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="news_preference",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="newspreference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("quiet_from__isnull", True), ("quiet_to__isnull", True)),
                    models.Q(
                        ("quiet_from__isnull", False),
                        ("quiet_to__isnull", False),
                        models.Q(("quiet_from", models.F("quiet_to")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="quiet_hours_begin_and_end",
                violation_error_message="Quiet hours need a beginning and another end.",
            ),
        ),
    ]
