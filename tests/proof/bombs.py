"""Files that are not what they seem: archives that explode, and files of two kinds at once."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import cache

MEGABYTE = 2**20
OFFICE = {
    ".docx": "word/document.xml",
    ".xlsx": "xl/workbook.xml",
    ".pptx": "ppt/presentation.xml",
}


def archive(*names: str, content: bytes = b"<a/>") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, content)
    return buffer.getvalue()


def document(extension: str, *more: str) -> bytes:
    """Return the smallest document of Office with its parts, and `more` entries."""
    return archive("[Content_Types].xml", "_rels/.rels", OFFICE[extension], *more)


@cache
def zeros(megabytes: int) -> tuple[bytes, int]:
    """Return a deflate stream of so many megabytes of zeros (a thousandth of it), and their CRC."""
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    block, crc = bytes(MEGABYTE), 0
    once = press.compress(block) + press.flush(zlib.Z_FULL_FLUSH)
    for _number in range(megabytes):
        crc = zlib.crc32(block, crc)
    return once * megabytes + zlib.compressobj(9, zlib.DEFLATED, -15).flush(), crc


def by_hand(entries: list[tuple[str, bytes, int, int]], *, share: bool = False) -> bytes:
    """Return an archive of (name, deflated content, length, CRC); `share`: one content for all."""
    body, directory, place = bytearray(), bytearray(), 0
    for number, (name, content, length, crc) in enumerate(entries):
        common = struct.pack(
            "<HHHHHLLLHH", 20, 0x800, 8, 0, 33, crc, len(content), length, len(name.encode()), 0
        )
        if not number or not share:
            place = len(body)
            body += b"PK\x03\x04" + common + name.encode() + content
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common
        directory += struct.pack("<HHHLL", 0, 0, 0, 0, place) + name.encode()
    end = struct.pack(
        "<4sHHHHLLH", b"PK\x05\x06", 0, 0, *[len(entries) & 0xFFFF] * 2, len(directory),
        len(body), 0,
    )  # fmt: skip
    return bytes(body + directory + end)


def bomb(gigabytes: float, main_part: str = "a.xml") -> bytes:
    """Return an archive that unpacks to so many gigabytes, a thousand times its own size."""
    megabytes = int(gigabytes * 1024)
    entries, tiny = [], zlib.compress(b"<a/>", wbits=-15)
    if main_part != "a.xml":
        crc = zlib.crc32(b"<a/>")
        entries = [(name, tiny, 4, crc) for name in ("[Content_Types].xml", "_rels/.rels")]
    while megabytes > 0:
        part = min(megabytes, 2048)  # more in one entry would need the long format
        content, crc = zeros(part)
        entries.append((f"{len(entries)}/{main_part}", content, part * MEGABYTE, crc))
        megabytes -= part
    if main_part != "a.xml":
        entries.append((main_part, tiny, 4, zlib.crc32(b"<a/>")))
    return by_hand(entries)


def overlapping(count: int, megabytes: int) -> bytes:
    """Return an archive whose entries all unpack the same content (D. Fifield, 2019)."""
    content, crc = zeros(megabytes)
    return by_hand(
        [(f"{n}.xml", content, megabytes * MEGABYTE, crc) for n in range(count)], share=True
    )


def crowded(count: int) -> bytes:
    """Return an archive of so many empty entries."""
    empty = zlib.compress(b"", wbits=-15)
    return by_hand([(f"{n:07}", empty, 0, 0) for n in range(count)], share=True)


def onion(depth: int) -> bytes:
    """Return an archive in an archive in an archive …, a bomb at its heart (42.zip)."""
    content = bomb(1)
    for _layer in range(depth):
        content = archive(*[f"lib {n}.zip" for n in range(4)], content=content)
    return content


SCRIPT = b"<script>document.title='run'</script>"
POLYGLOTS = {
    "gif-js": ("a.gif", b"GIF89a/*\x00\x00\x00\x00*/=1;document.title='run'//", "image/gif"),
    "pdf-html": ("a.pdf", b"%PDF-1.7\n<html>" + SCRIPT + b"</html>", "application/pdf"),
    "png-php": ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(64) + b"<?php system($_GET[0]); ?>",
                "image/png"),
    "jpg-html": ("a.jpg", b"\xff\xd8\xff\xe0" + SCRIPT, "image/jpeg"),
    "zip-html": ("a.zip", archive("a.txt") , "application/zip"),
    "html-txt": ("a.txt", b"<!doctype html>" + SCRIPT, "text/plain"),
    "html-md": ("a.md", SCRIPT, "text/plain"),
    "js-csv": ("a.csv", b"alert(1)", "text/plain"),
    "svg-log": ("a.log", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "text/plain"),
}  # fmt: skip
"""Accepted for what their names say, and harmless by how they are handed out."""
