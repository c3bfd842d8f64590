"""Back up everything into one file, and bring it back."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models

from workflows.events import broken_chains, missing_numbers
from workflows.keeping import archives
from workflows.keeping.archives import ATTACHMENTS, Manifest
from workflows.keeping.databases import (
    NotKept,
    all_models,
    holds_data,
    kept_models,
    lent_file,
    migrations_of,
    refuse_unmigrated,
)
from workflows.keeping.engines import Sqlite, engine
from workflows.keeping.fingerprints import Fingerprint, fingerprint


def back_up(target: Path, at: datetime) -> Manifest:
    """Write a backup to the new file `target` while the product runs; return its manifest.

    Everything in it is of one instant. Attachments that are not on the disk are named in the
    manifest. Needs room for a copy of the database beside `target`.
    """
    if target.exists():
        raise NotKept(f"{target} is there already; a backup never replaces another.")
    target.parent.mkdir(parents=True, exist_ok=True)
    refuse_unmigrated()
    source = engine()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        copy = Path(folder) / source.member
        with source.copied(copy) as alias:
            mark = fingerprint(kept_models(), alias)
            has, _known = migrations_of(alias)
            names = sorted(set(_file_names(alias)))
        manifest = Manifest(
            made_at=at.isoformat(timespec="seconds"), version=archives.product_version(),
            database=connections[DEFAULT_DB_ALIAS].vendor, migrations=sorted(has),
            state_hash=mark.hash, counts=_counts(mark),
        )  # fmt: skip
        with archives.appearing(target) as draft:
            archives.write(draft, manifest, (source.member, copy), names)
    return manifest


def _file_names(using: str) -> Iterator[str]:
    """Yield the names of all files that rows of any model speak of."""
    for model in all_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.FileField):
                rows = model._base_manager.using(using).values_list(field.attname, flat=True)
                yield from filter(None, rows.iterator())


def _counts(mark: Fingerprint) -> dict[str, int]:
    return {name: table.rows for name, table in mark.tables.items()}


def restore(file: Path, *, replace: bool) -> Manifest:
    """Bring back what the backup `file` holds, attachments first; return its manifest.

    Nothing is written before every file has its hash. On SQLite the state and its chains are
    verified before the copy takes its place, on PostgreSQL right afterwards.
    """
    with archives.opened(file) as (packed, manifest):
        is_older = _refuse_foreign(manifest)
        if not replace and holds_data(DEFAULT_DB_ALIAS):
            raise NotKept(
                "The database holds data, which restoring would replace. Keep a backup of it, stop "
                "the product, and say --replace."
            )
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.VAR_DIR, prefix=".restore-") as folder:
            archives.unpack(packed, manifest, Path(folder))
            _put_back(Path(folder), manifest, is_older=is_older)
    return manifest


def _refuse_foreign(manifest: Manifest) -> bool:
    """Refuse what cannot live here; tell whether this version has migrations the backup lacks."""
    vendor = connections[DEFAULT_DB_ALIAS].vendor
    if manifest.database != vendor:
        raise NotKept(
            f"This is a backup of {manifest.database}, and DATABASE_URL names {vendor}. Restore it "
            "to a database of its kind; manage.py move_data moves from SQLite to PostgreSQL."
        )
    _has, known = migrations_of(DEFAULT_DB_ALIAS)
    if strange := sorted(set(manifest.migrations) - known):
        raise NotKept(
            f"This backup was made by version {manifest.version} with {strange[0]}, which is not "
            "part of this installation: install that version, or the package in EXTRA_APPS."
        )
    return bool(known - set(manifest.migrations))


def _put_back(folder: Path, manifest: Manifest, *, is_older: bool) -> None:
    source = engine()
    copy = folder / source.member
    if isinstance(source, Sqlite):
        with lent_file(copy) as alias:
            _refuse_damaged(copy)
            _verify(alias, manifest, is_older=is_older)
    _put_back_attachments(folder / ATTACHMENTS)
    try:
        source.put_back(copy)
    except (sqlite3.Error, DatabaseError) as error:
        raise NotKept(f"The database could not be written: {error}.") from error
    if not isinstance(source, Sqlite):
        _verify(DEFAULT_DB_ALIAS, manifest, is_older=is_older)


def _refuse_damaged(copy: Path) -> None:
    with sqlite3.connect(copy) as connection:
        said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    connection.close()
    if said != "ok":
        raise NotKept(f"The database in the backup is damaged: {said}.")


def _verify(using: str, manifest: Manifest, *, is_older: bool) -> None:
    """Hold the restored database to the manifest; one of an older version is migrated instead."""
    if is_older:
        call_command("migrate", database=using, verbosity=0, interactive=False)
    elif (found := fingerprint(kept_models(), using)).hash != manifest.state_hash:
        counts = _counts(found)
        odd = [name for name in counts if counts[name] != manifest.counts.get(name)]
        raise NotKept(
            f"The restored state is not the one that was backed up ({found.hash}, not "
            f"{manifest.state_hash}; other numbers of rows: {', '.join(odd) or 'none'})."
        )
    if problems := [*broken_chains(using), *missing_numbers(using)]:
        raise NotKept("\n".join(["What the backup holds is not sound:", *problems]))


def _put_back_attachments(folder: Path) -> None:
    """Move each file to its place; names are random, so none is taken by another file."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            place = settings.MEDIA_ROOT / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, place)
