"""Files of a case: checked by name and by content, kept under a random name."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404
from django.utils.translation import gettext as _

from workflows import archives
from workflows.models import Attachment
from workflows.passages import Passage

HEAD = 4096
"""Bytes that are looked at to tell what a file is."""
OFFICE = b"PK\x03\x04"
SIGNATURES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    ".webp": ("image/webp", (b"RIFF",)),  # other files begin so too: see WEBP
    ".pdf": ("application/pdf", (b"%PDF-",)),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (OFFICE,)),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (OFFICE,)),
    ".pptx": (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        (OFFICE,),
    ),
    ".zip": ("application/zip", (OFFICE,)),
    ".txt": ("text/plain", ()),
    ".md": ("text/plain", ()),
    ".csv": ("text/plain", ()),
    ".log": ("text/plain", ()),
}
"""Extension → type it is served as, and how such a file begins; none: it must be text."""
IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
WEBP = b"WEBP", slice(8, 12)
"""What else a WebP picture has, and where."""
NAME_LIMIT = 200
DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)")
"""Names that Windows takes for devices, whatever the extension."""


def check(file: UploadedFile[Any]) -> str:
    """Return the content type of an acceptable file; `ValidationError` says what is wrong."""
    extension = PurePath(file.name or "").suffix.lower()
    if extension not in SIGNATURES:
        raise ValidationError(
            _("“%(name)s”: files of this kind are not accepted. Accepted: %(kinds)s.")
            % {"name": file.name, "kinds": ", ".join(sorted(SIGNATURES))}
        )
    if not file.size:
        raise ValidationError(_("“%(name)s” is empty.") % {"name": file.name})
    limit = settings.ATTACHMENT_MAX_BYTES
    if (file.size or 0) > limit:
        raise ValidationError(
            _("“%(name)s” is larger than %(limit)s MB.")
            % {"name": file.name, "limit": limit // 2**20}
        )
    content_type, beginnings = SIGNATURES[extension]
    head = file.read(HEAD)
    file.seek(0)
    fault = None
    mark, place = WEBP
    is_other = extension == ".webp" and head[place] != mark
    if is_other or not (head.startswith(beginnings) if beginnings else _is_text(head)):
        fault = archives.OTHER_KIND
    elif extension in archives.KINDS:
        fault = archives.fault(file, extension)
    if fault:
        raise ValidationError(fault % {"name": file.name})
    return content_type


def store(move: Passage, file: UploadedFile[Any]) -> Attachment:
    """Keep a file with the case of `move` and record it with its SHA-256."""
    content_type = check(file)
    attachment = Attachment.objects.create(
        case=move.case, file=file, name=_display_name(file.name or ""), content_type=content_type,
        size=file.size or 0, sha256=sha256_of(file), uploaded_by=move.who.user, created_at=move.at,
    )  # fmt: skip
    move.note("attach", name=attachment.name, sha256=attachment.sha256, id=attachment.pk)
    return attachment


def sha256_of(file: UploadedFile[Any]) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def served(found: Attachment) -> FileResponse:
    """Return the answer that hands out a file: saved by the browser, never shown or run."""
    try:
        content = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(
        content, as_attachment=True, filename=found.name, content_type=found.content_type,
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )  # fmt: skip


def is_image(found: Attachment) -> bool:
    """Tell whether a page of ours may show the file: its beginning was checked when it came."""
    return found.content_type in IMAGES


def shown(found: Attachment) -> FileResponse:
    """Return a picture for a page of ours to show; 404 for anything else.

    The type is one of ours, not guessed, and opened by itself the file may do nothing.
    """
    if not is_image(found):
        raise Http404
    answer = served(found)
    answer["Content-Disposition"] = "inline"
    return answer


def _display_name(name: str) -> str:
    """Return the name as shown: no folders, no control or direction characters, no device.

    A name that is too long keeps its extension, by which the reader's computer knows the file.
    """
    last = PurePath(name.replace("\\", "/")).name
    seen = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    path = PurePath(f"_{seen}" if DEVICE.match(seen) else seen)
    return path.stem[: NAME_LIMIT - len(path.suffix)] + path.suffix or "file"


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return _is_cut_off(head, error) or _decodes(head, "gb18030")
    return True


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError as error:
        return _is_cut_off(head, error)
    return True


def _is_cut_off(head: bytes, error: UnicodeDecodeError) -> bool:
    """Tell whether only the last character is broken, by the end of what was read."""
    return len(head) == HEAD and error.start > HEAD - 4
