"""Databases as a whole: one more beside the default, one that stands still, one that is empty."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.migrations.loader import MigrationLoader

from workflows.lifecycles import registered

BESIDE = "beside"
"""The alias of the database that is lent."""
MADE_BY_MIGRATING: tuple[type[models.Model], ...] = (ContentType, Permission)
OWN_APPS = ("people", "agreements", "workflows")
NO_TIME_LIMITS = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)


class NotKept(Exception):
    """Why data could not be copied, put back or moved, as a sentence for the operator."""


@contextmanager
def lent(settings: dict[str, Any]) -> Iterator[str]:
    """Open the database of `settings`, as in DATABASES, beside the default; yields its alias."""
    whole = connections.configure_settings({DEFAULT_DB_ALIAS: dict(settings)})
    connections.databases[BESIDE] = whole[DEFAULT_DB_ALIAS]
    try:
        yield BESIDE
    finally:
        connections[BESIDE].close()
        del connections[BESIDE]
        del connections.databases[BESIDE]


def lent_file(path: object) -> Any:
    """Open an SQLite file that nobody else uses."""
    return lent(
        {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path),
            "OPTIONS": {"init_command": "PRAGMA foreign_keys=ON"},
        }
    )


@contextmanager
def standing_still() -> Iterator[str]:
    """Read the product's database as it is at one instant while others write; yields an alias."""
    default = connections[DEFAULT_DB_ALIAS]
    if default.in_atomic_block:
        yield DEFAULT_DB_ALIAS
    elif default.vendor == "sqlite":
        options = {**default.settings_dict["OPTIONS"], "transaction_mode": "DEFERRED"}
        with (
            lent({**default.settings_dict, "OPTIONS": options}) as alias,
            transaction.atomic(using=alias),
        ):
            yield alias
    else:
        with transaction.atomic(), default.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for statement in NO_TIME_LIMITS:
                cursor.execute(statement)
            yield DEFAULT_DB_ALIAS


def all_models() -> list[type[models.Model]]:
    """Return every model with a table, those pointed to before those that point to them."""
    found = {
        model: {
            field.related_model
            for field in model._meta.local_concrete_fields
            if isinstance(field, models.ForeignKey) and field.related_model is not model
        }
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
    return list(graphlib.TopologicalSorter(found).static_order())


def kept_models() -> list[type[models.Model]]:
    """Return the models of people, agreements, workflows and processes, by name."""
    processes = {apps.get_containing_app_config(one.__module__) for one in registered()}
    labels = {*OWN_APPS, *(config.label for config in processes if config)}
    kept = [model for model in all_models() if model._meta.app_label in labels]
    return sorted(kept, key=lambda model: model._meta.label)


def holds_data(using: str) -> bool:
    """Tell whether any table has a row that migrating alone does not make."""
    tables = set(connections[using].introspection.table_names())
    return any(
        model._base_manager.using(using).exists()
        for model in all_models()
        if model._meta.db_table in tables and model not in MADE_BY_MIGRATING
    )


def migrations_of(using: str) -> tuple[set[str], set[str]]:
    """Return the migrations the database has, and those this version of the product knows."""
    loader = MigrationLoader(connections[using], ignore_no_migrations=True)
    has = {".".join(key) for key in loader.applied_migrations}
    return has, {".".join(key) for key in loader.disk_migrations}


def refuse_unmigrated(using: str = DEFAULT_DB_ALIAS) -> None:
    has, known = migrations_of(using)
    if missing := sorted(known - has):
        raise NotKept(
            f"The database lacks {len(missing)} migrations, the first is {missing[0]}; "
            "run manage.py migrate first."
        )
