"""Archives and office documents, told by their directory alone: nothing is ever unpacked here.

What unpacks to far more than it is stops the computer of whoever opens it, so that such a file
is not kept for colleagues. A directory that lies about sizes cannot be found out without
unpacking; readers stop at the size it names.
"""

from __future__ import annotations

import re
import stat
import struct
from pathlib import PurePath
from typing import IO, Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext_lazy as _

MAIN_PART = {".docx": "word/", ".xlsx": "xl/", ".pptx": "ppt/"}
"""Office document → the folder its main part lies in."""
KINDS = {*MAIN_PART, ".zip"}
ARCHIVES = {
    ".7z", ".arj", ".bz2", ".cab", ".gz", ".iso", ".jar", ".lz", ".lz4", ".lzma", ".rar", ".tar",
    ".tgz", ".txz", ".xz", ".z", ".zip", ".zst",
}  # fmt: skip
DIRECTORY_LIMIT = 2 * 2**20  # bytes; a directory is read into memory
ENTRY_LIMIT = 10_000
UNPACKED_LIMIT = 2**30  # bytes
RATIO_LIMIT = 100
"""Times its own size; sheets of zeros reach 40. Counts only above `HARMLESS`."""
HARMLESS = 100 * 2**20  # bytes
UNREADABLE = (BadZipFile, NotImplementedError, ValueError, OSError, OverflowError, struct.error)
"""What `zipfile` raises at a directory it cannot read."""

OTHER_KIND = _("“%(name)s” is not what its name says; its content is of another kind.")
BOMB = _("“%(name)s” would unpack to far more than a file of its size should.")
NESTED = _("“%(name)s” holds another archive. Unpack that one, and pack all files once.")
OUTSIDE = _("“%(name)s” has entries that would be unpacked outside their folder.")


class _Bounded:
    """A file whose directory cannot be longer than `DIRECTORY_LIMIT`: zipfile reads it at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek, self.tell = file.seek, file.tell
        self._read = file.read

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > DIRECTORY_LIMIT:
            raise BadZipFile("directory too long")
        return self._read(size)


def fault(file: Any, extension: str) -> Any:
    """Return the sentence, with `%(name)s`, why an archive is not accepted; None if it is."""
    entries = _directory(file)
    if entries is None or not _is_of_kind(entries, extension):
        return OTHER_KIND
    if _explodes(entries, file.size or 0):
        return BOMB
    if any(_leads_outside(entry) for entry in entries):
        return OUTSIDE
    if any(PurePath(entry.filename).suffix.lower() in ARCHIVES for entry in entries):
        return NESTED
    return None


def _directory(file: Any) -> list[ZipInfo] | None:
    bounded: Any = _Bounded(file)
    try:
        with ZipFile(bounded) as archive:
            return archive.infolist()
    except UNREADABLE:
        return None
    finally:
        file.seek(0)


def _is_of_kind(entries: list[ZipInfo], extension: str) -> bool:
    """Tell whether an office document has its parts, and none that runs by itself."""
    if extension not in MAIN_PART:
        return True
    names = {entry.filename for entry in entries}
    has_parts = any(name.startswith(MAIN_PART[extension]) for name in names)
    has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    return "[Content_Types].xml" in names and has_parts and not has_macros


def _explodes(entries: list[ZipInfo], size: int) -> bool:
    unpacked = sum(entry.file_size for entry in entries)
    overlap = sum(entry.compress_size for entry in entries) > size  # one content, many entries
    is_too_much = unpacked > HARMLESS and unpacked > RATIO_LIMIT * size
    return len(entries) > ENTRY_LIMIT or unpacked > UNPACKED_LIMIT or overlap or is_too_much


def _leads_outside(entry: ZipInfo) -> bool:
    name = entry.filename.replace("\\", "/")
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    return is_link or ".." in name.split("/") or bool(re.match(r"/|[A-Za-z]:", name))
