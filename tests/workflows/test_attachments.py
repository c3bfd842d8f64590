"""Files: accepted by what they are, kept under a random name, shown under their own."""

import io
import re
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.changes.walking import walk
from tests.refusing import refused
from tests.world import NOON
from workflows.actions import attach_file
from workflows.attachments import check
from workflows.models import Attachment
from workflows.refusals import BadData, UnknownAction

pytestmark = pytest.mark.engine

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 20
PDF = b"%PDF-1.7\n"
CHINESE = "报表自动汇总" * 1000


def zipped(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names or ["a.xml"]:
            archive.writestr(name, "<a/>")
    return buffer.getvalue()


def office(main_part):
    return zipped("[Content_Types].xml", "_rels/.rels", main_part)


def file(name, content):
    return SimpleUploadedFile(name, content, content_type="text/html")


@pytest.mark.parametrize(
    ("name", "content", "served_as"),
    [
        ("a.png", PNG, "image/png"),
        ("A.PNG", PNG, "image/png"),
        ("a.jpg", JPEG, "image/jpeg"),
        ("a.jpeg", JPEG, "image/jpeg"),
        ("a.gif", b"GIF89a.....", "image/gif"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("a.pdf", PDF, "application/pdf"),
        ("a.zip", zipped(), "application/zip"),
        ("a.xlsx", office("xl/workbook.xml"),
         "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.docx", office("word/document.xml"),
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.pptx", office("ppt/presentation.xml"),
         "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ("a.txt", b"plain", "text/plain"),
        ("a.csv", CHINESE.encode(), "text/plain"),
        ("a.csv", CHINESE.encode("gb18030"), "text/plain"),  # what Excel in China writes
        ("a.txt", b"x" + CHINESE.encode(), "text/plain"),  # cut inside a character at 4096 bytes
        ("a.txt", b"x" + CHINESE.encode("gb18030"), "text/plain"),
        ("报表.v2.md", b"# x", "text/plain"),
    ],
)  # fmt: skip
def test_a_file_is_what_its_name_says(name, content, served_as):
    assert check(file(name, content)) == served_as


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ"),
        ("a", b"no extension"),
        ("a.html", b"<script>"),
        ("a.svg", b"<svg/>"),
        ("a.png.html", PNG),
        ("a.png", JPEG),
        ("a.png", b"<script>alert(1)</script>"),
        ("a.pdf", zipped()),
        ("a.xlsx", PDF),
        ("a.xlsx", zipped()),  # an archive, and no workbook
        ("a.xlsx", zipped("xl/workbook.xml")),
        ("a.docx", office("xl/workbook.xml")),
        ("a.docx", zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
        ("a.zip", zipped()[:-1]),  # cut off
        ("a.zip", zipped("b.zip")),
        ("a.zip", zipped("../b.txt")),
        ("a.txt", PNG),
        ("a.txt", b"\x00"),
        ("a.txt", b"\xff\xfe\xfd"),  # three bytes that are no text
        ("a.txt", JPEG),
        ("a.png", b""),
        ("a.txt", b""),
    ],
)
def test_a_file_that_is_something_else_is_refused(name, content):
    with pytest.raises(ValidationError):
        check(file(name, content))


@pytest.mark.parametrize(("more", "accepted"), [(0, True), (1, False)])
def test_a_file_has_at_most_so_many_bytes(settings, more, accepted):
    settings.ATTACHMENT_MAX_BYTES = 10
    found = file("a.txt", b"x" * (10 + more))
    if accepted:
        assert check(found) == "text/plain"
        return
    with pytest.raises(ValidationError, match="larger than"):
        check(found)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("report.txt", "report.txt"),
        ("报表 1.txt", "报表 1.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\secret\\a.txt", "a.txt"),
        ("a\u202etxt.exe.txt", "atxt.exe.txt"),  # no character that turns the direction
        ("a\x07b.txt", "ab.txt"),
        ("CON.txt", "_CON.txt"),  # a device where Windows runs
        ("lpt1 .tar.txt", "_lpt1 .tar.txt"),
        ("console.txt", "console.txt"),
        ("a" * 240 + ".txt", "a" * 196 + ".txt"),  # cut, and still a .txt
    ],
)
def test_a_name_is_shown_without_folders_and_tricks(world, given, shown):
    step = walk(world)
    upload = SimpleUploadedFile("x.txt", b"x")
    upload._name = given  # past Django's own cleaning
    kept = attach_file(case=step.case, file=upload, actor=world["desk"], at=NOON)
    assert kept.name == shown
    assert re.fullmatch(r"[0-9a-f]{4}/[0-9a-f]{32}\.txt", kept.file.name)


def test_a_file_is_recorded_with_its_fingerprint(world):
    step = walk(world)
    kept = attach_file(
        case=step.case, file=file("a.txt", b"abc"), actor=world["requester"], at=NOON
    )
    sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (kept.sha256, kept.size, kept.content_type) == (sha, 3, "text/plain")
    assert kept.file.read() == b"abc"
    event = step.case.events.latest("seq")
    assert event.data == {"name": "a.txt", "sha256": sha, "id": kept.pk}


def test_a_bad_file_and_a_stranger_are_refused(world):
    case = walk(world).case
    with refused(BadData) as caught:
        attach_file(case=case, file=file("a.exe", b"MZ"), actor=world["desk"], at=NOON)
    assert set(caught.value.errors) == {"file"}
    with refused(UnknownAction):
        attach_file(case=case, file=file("a.txt", b"x"), actor=world["pm"], at=NOON)
    assert not Attachment.objects.exists()
