"""The file of a backup: a zip with the database, the attachments, and a manifest of both."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

from django.conf import settings
from tqdm import tqdm

from workflows.keeping.databases import NotKept

FORMAT = 1
MANIFEST = "manifest.json"
ATTACHMENTS = "attachments/"
PIECE = 1 << 20


def product_version() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


@dataclass
class Manifest:
    """What a backup holds. `files`: member → SHA-256; `missing`: attachments that were not there.

    `counts`: rows by model, over the same tables as `state_hash`.
    """

    made_at: str
    version: str
    database: str
    migrations: list[str]
    state_hash: str
    counts: dict[str, int]
    missing: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @classmethod
    def of(cls, text: bytes) -> Self:
        """Read a manifest; refuse one that is none, or of a format of later versions."""
        try:
            values = json.loads(text)
            if values["format"] > FORMAT:
                raise NotKept("This backup was made by a newer version of the product.")
            return cls(**values)
        except (ValueError, TypeError, KeyError) as error:
            raise NotKept(f"The manifest of this backup cannot be read: {error}.") from error


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """Yield where to write; the file appears at `target` when it is whole, and on the disk."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # holds passwords
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def write(
    draft: Path, manifest: Manifest, database: tuple[str, Path], attachments: Iterable[str]
) -> None:
    """Pack everything, and note in `manifest` the hash of each file and which are missing."""
    sources = {database[0]: database[1]}
    for name in attachments:
        sources[ATTACHMENTS + name] = settings.MEDIA_ROOT / name
    present = {member: path for member, path in sources.items() if path.is_file()}
    manifest.missing = sorted(sources.keys() - present.keys())
    total = sum(path.stat().st_size for path in present.values())
    with (
        zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        _bar(total, "packing") as bar,
    ):
        for member, path in present.items():
            with path.open("rb") as source, packed.open(member, "w", force_zip64=True) as into:
                manifest.files[member] = copied(source, into, bar)
        packed.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1, ensure_ascii=False))


def copied(source: IO[bytes], into: IO[bytes], bar: Any) -> str:
    """Copy to the end; return the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    while piece := source.read(PIECE):
        digest.update(piece)
        into.write(piece)
        bar.update(len(piece))
    return digest.hexdigest()


@contextmanager
def opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open a backup; refuse what is none."""
    try:
        with zipfile.ZipFile(file) as packed:
            yield packed, Manifest.of(packed.read(MANIFEST))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise NotKept(f"{file} cannot be read as a backup: {error}.") from error


def unpack(packed: zipfile.ZipFile, manifest: Manifest, folder: Path) -> None:
    """Write every file below `folder`, and refuse one that is not what the manifest says."""
    members = {info.filename: info for info in packed.infolist() if info.filename != MANIFEST}
    if members.keys() != manifest.files.keys():
        odd = sorted(members.keys() ^ manifest.files.keys())[0]
        raise NotKept(f"The backup and its manifest do not agree about {odd}; nothing was changed.")
    total = sum(info.file_size for info in members.values())
    with _bar(total, "unpacking") as bar:
        for member, info in members.items():
            path = folder / _inside(member)
            path.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(info) as source, path.open("wb") as into:
                if copied(source, into, bar) != manifest.files[member]:
                    raise NotKept(f"{member} in the backup was changed; nothing was restored.")


def _inside(member: str) -> PurePosixPath:
    path = PurePosixPath(member)
    if path.is_absolute() or ".." in path.parts:
        raise NotKept(f"The backup names a file outside of its folder: {member}.")
    return path


def _bar(total: int, say: str) -> Any:
    return tqdm(total=total, desc=say, unit="B", unit_scale=True, disable=None)
