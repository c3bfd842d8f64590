"""Tricks with files: what is kept is what it says, and what is handed out is never run."""

from __future__ import annotations

import random
import re
import time
import tracemalloc
import zlib
from email.message import Message
from io import BytesIO
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from xlsxwriter import Workbook

from people.tokens import issue_token
from tests.changes.walking import walk
from tests.proof.bombs import (
    MEGABYTE,
    OFFICE,
    POLYGLOTS,
    archive,
    bomb,
    by_hand,
    crowded,
    document,
    onion,
    overlapping,
    zeros,
)
from tests.proof.scale import SEED, rounds
from workflows.attachments import check
from workflows.invariants import violations
from workflows.models import Attachment

BOUNDARY = "----a-line-that-is-in-no-file"
TEXT = b"plain text"
Files = list[tuple[str, bytes]]


class Desk:
    """Sends files to one case by the page and by the API, byte for byte as given."""

    def __init__(self, world):
        self.case = walk(world).case
        self.browser = Client(headers={"Accept-Language": "en"})
        self.browser.force_login(world["service_manager"])
        self.token = issue_token(user=world["service_manager"], name="proof")

    def page(self, files: Files, length: int | None = None):
        return self._post(f"/cases/{self.case.number}/attach/", "attachments", files, length)

    def api(self, files: Files, length: int | None = None):
        address = f"/api/v1/cases/{self.case.number}/attachments/"
        key = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        return self._post(address, "file", files, length, headers=key)

    def _post(self, address, field, files, length, **more):
        body = b"".join(self._part(field, name, content) for name, content in files)
        body += f"--{BOUNDARY}--\r\n".encode()
        if length is not None:
            more["CONTENT_LENGTH"] = str(length)
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.browser.generic("POST", address, body, kind, **more)

    def _part(self, field, name, content):
        is_plain = not set(name) & set('"\\\r\n\x00&')
        filename = f'filename="{name}"' if is_plain else f"filename*=UTF-8''{quote(name)}"
        said = f'form-data; name="{field}"; {filename}'
        head = f"--{BOUNDARY}\r\nContent-Disposition: {said}\r\nContent-Type: text/html\r\n\r\n"
        return head.encode() + content + b"\r\n"

    def fetch(self, kept: Attachment):
        """Yield the answer of the page, then of the API."""
        yield self.browser.get(f"/cases/{self.case.number}/files/{kept.pk}/")
        key = {"Authorization": f"Bearer {self.token}"}
        address = f"/api/v1/cases/{self.case.number}/attachments/{kept.pk}/"
        yield self.browser.get(address, headers=key)

    @property
    def files(self) -> list[Attachment]:
        return list(Attachment.objects.order_by("pk"))


@pytest.fixture
def desk(world):
    found = Desk(world)
    yield found
    assert list(violations(timezone.now())) == []
    for kept in found.files:
        assert re.fullmatch(r"[0-9a-f]{4}/[0-9a-f]{32}\.[a-z]{2,4}", kept.file.name)


def stored() -> int:
    """Count the files that lie in the store."""
    folders, files = default_storage.listdir("")
    return len(files) + sum(len(default_storage.listdir(one)[1]) for one in folders)


def assert_refused(desk: Desk, name: str, content: bytes, sentence: str) -> None:
    before = stored()
    for answer in (desk.page([(name, content)]), desk.api([(name, content)])):
        assert answer.status_code == 422
        assert sentence in answer.content.decode(), name
    assert desk.files == []
    assert stored() == before


# -- how it is handed out ------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "content", "kind"), POLYGLOTS.values(), ids=list(POLYGLOTS))
def test_a_file_of_two_kinds_is_saved_and_never_run(desk, name, content, kind):
    assert desk.page([(name, content)]).status_code == 302
    assert desk.api([(name, content)]).status_code == 201
    for kept in desk.files:
        for answer in desk.fetch(kept):
            assert answer.getvalue() == content
            assert answer["Content-Type"].partition(";")[0] == kind
            assert answer["Content-Disposition"].startswith("attachment;")
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
            assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
            answer.close()


def test_a_file_whose_content_is_lost_is_not_found(desk):
    desk.page([("a.txt", TEXT)])
    kept = desk.files[0]
    kept.file.storage.delete(kept.file.name)
    assert [answer.status_code for answer in desk.fetch(kept)] == [404, 404]


# -- archives ------------------------------------------------------------------------------------

EXPLODES = "would unpack to far more"
OTHER_KIND = "is not what its name says"


@pytest.mark.parametrize("extension", [".zip", *OFFICE])
def test_ten_megabytes_that_unpack_to_ten_gigabytes_are_refused(desk, extension):
    made = bomb(10, OFFICE.get(extension, "a.xml"))
    assert 9 * MEGABYTE < len(made) < 12 * MEGABYTE
    assert_refused(desk, f"a{extension}", made, EXPLODES)


def test_the_bomb_is_one():
    megabytes = rounds(full=2048, short=128)
    content, crc = zeros(megabytes)
    press, length, found = zlib.decompressobj(-15), 0, 0
    for start in range(0, len(content), 4096):
        part = press.decompress(content[start : start + 4096])
        length, found = length + len(part), zlib.crc32(part, found)
    assert (length, found, press.eof) == (megabytes * MEGABYTE, crc, True)


@pytest.mark.parametrize(
    ("name", "made", "sentence"),
    [
        ("a.zip", lambda: overlapping(300, 20), EXPLODES),
        ("a.zip", lambda: overlapping(50, 1), EXPLODES),  # harmless in length, not in kind
        ("a.zip", lambda: by_hand([("a.log", bytes(20 * MEGABYTE), 1200 * MEGABYTE, 0)]), EXPLODES),
        ("a.zip", lambda: crowded(10_001), EXPLODES),
        ("a.zip", lambda: bomb(0.2), EXPLODES),
        ("a.zip", lambda: onion(3), "holds another archive"),
        ("a.zip", lambda: archive("logs/app.log.gz"), "holds another archive"),
        ("a.docx", lambda: document(".docx", "word/embeddings/a.zip"), "holds another archive"),
        ("a.zip", lambda: archive("../../etc/cron.d/a"), "outside their folder"),
        ("a.zip", lambda: archive("..\\a.bat"), "outside their folder"),
        ("a.zip", lambda: archive("/etc/passwd"), "outside their folder"),
        ("a.zip", lambda: archive("C:\\a.bat"), "outside their folder"),
        ("a.docx", lambda: archive("word/document.xml"), OTHER_KIND),  # no [Content_Types].xml
        ("a.xlsx", lambda: document(".docx"), OTHER_KIND),
        ("a.docx", lambda: document(".docx", "word/vbaProject.bin"), OTHER_KIND),
        ("a.docx", lambda: b"PK\x03\x04" + b"\x00" * 4096, OTHER_KIND),
        ("a.zip", lambda: archive("a.txt")[:-7], OTHER_KIND),
        ("a.zip", lambda: crowded(500_000), OTHER_KIND),  # its directory alone is 26 MB
    ],
)
def test_an_archive_that_means_harm_is_refused(desk, name, made, sentence):
    content = made()
    if len(content) > 20 * MEGABYTE:
        content = content[:46] + content[-20 * MEGABYTE :]  # its end says what is in it
    assert_refused(desk, name, content, sentence)


def test_honest_documents_and_archives_are_kept(desk):
    sheet = BytesIO()
    with Workbook(sheet, {"constant_memory": True}) as book:
        page = book.add_worksheet()
        for line in range(rounds(full=300_000, short=30_000)):  # zeros: nothing packs better
            for column in range(6):
                page.write_number(line, column, 0)
    made = [
        ("zeros.xlsx", sheet.getvalue()),
        ("letter.docx", document(".docx", "word/embeddings/table.xlsx")),
        ("slides.pptx", document(".pptx")),
        ("logs.zip", archive(*[f"logs/{n}.log" for n in range(2000)], content=b"line\n" * 2000)),
    ]
    for one in made:
        assert desk.page([one]).status_code == 302, one[0]
    assert [kept.name for kept in desk.files] == [name for name, _content in made]


def test_a_directory_without_end_costs_neither_time_nor_memory():
    upload = SimpleUploadedFile("a.zip", crowded(rounds(full=450_000, short=200_000)))
    tracemalloc.start()
    began = time.perf_counter()
    with pytest.raises(ValidationError):
        check(upload)
    seconds, peak = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 1
    assert peak < 8 * MEGABYTE


def test_a_damaged_archive_is_refused_or_kept_and_nothing_else():
    luck = random.Random(SEED)
    kept = refused = 0
    for _round in range(rounds(full=20_000, short=1500)):
        content = bytearray(luck.choice([document(".docx"), archive("a.txt", "b/ü.txt")]))
        for _byte in range(luck.randint(1, 6)):
            content[luck.randrange(4, len(content))] = luck.randrange(256)
        name = luck.choice(["a.docx", "a.zip"])
        try:
            check(SimpleUploadedFile(name, bytes(content[: luck.randint(4, 3 * len(content))])))
            kept += 1
        except ValidationError:
            refused += 1
    assert kept > 0
    assert refused > 0


# -- names ---------------------------------------------------------------------------------------

NAMES = {
    "../../../etc/passwd.txt": "passwd.txt",
    "..\\..\\boot.txt": "boot.txt",
    "C:\\Users\\a.txt": "a.txt",
    "/etc/cron.d/x.log": "x.log",
    "&#46;&#46;/a.txt": "a.txt",
    "a\x00.php.txt": "a.php.txt",
    "a\r\nX-Evil: 1.txt": "aX-Evil: 1.txt",
    "a\u202etxt.exe.txt": "atxt.exe.txt",
    "\u2066a\u2069\u200b.txt": "a.txt",
    "a.exe\t .txt": "a.exe .txt",
    "CON.txt": "_CON.txt",
    "nul.txt": "_nul.txt",
    "Aux.tar.log": "_Aux.tar.log",
    "com1.csv": "_com1.csv",
    "lpt9 .md": "_lpt9 .md",
    "console.txt": "console.txt",
    "-rf ~.txt": "-rf ~.txt",
    '"><img src=x onerror=alert(1)>.txt': '"><img src=x onerror=alert(1)>.txt',
    "报表（2026年）.csv": "报表（2026年）.csv",
    "%2e%2e%2fa.txt": "%2e%2e%2fa.txt",
    "x" * 800 + ".txt": "x" * 196 + ".txt",
    "报" * 250 + ".csv": "报" * 196 + ".csv",
    "a.TXT": "a.TXT",
}
NO_NAMES = [
    "a.pdf.exe", "a.txt.html", "a.html", "a.htm", "a.xhtml", "a.svg", "a.svgz", "a.xml", "a.js",
    "a.mjs", "a.php", "a.phtml", "a.txt.", "a.txt ", "a.docm", "a.xlsm", "a.bat", "a.lnk", "a.hta",
    "a.url", ".htaccess", ".txt", "a", "a.exe\u202e", "a.txt\u200b.exe", "txt", "a.txt::$DATA",
]  # fmt: skip


@pytest.mark.parametrize(("given", "shown"), NAMES.items(), ids=range(len(NAMES)))
def test_a_name_is_shown_without_its_tricks(desk, given, shown):
    assert desk.page([(given, TEXT)]).status_code == 302
    assert desk.api([(given, TEXT)]).status_code == 201
    assert [kept.name for kept in desk.files] == [shown, shown]
    for answer in desk.fetch(desk.files[0]):
        said = Message()
        said["Content-Disposition"] = answer["Content-Disposition"]
        assert said.get_filename() == shown
        assert "X-Evil" not in answer.headers
        answer.close()


def test_a_name_of_four_thousand_characters_is_refused(desk):
    for send in (desk.page, desk.api):
        assert send([("x" * 4000 + ".txt", TEXT)]).status_code == 400
    assert desk.files == []


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_of_a_kind_nobody_reads_is_refused(desk, name):
    assert_refused(desk, name, TEXT, "files of this kind are not accepted")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b"<html>"), ("a.pdf", b"MZ\x90\x00"), ("a.gif", b"\x89PNG\r\n\x1a\n"),
        ("a.txt", b"MZ\x90\x00\x03"), ("a.csv", b"\x7fELF\x02\x01\x01\x00"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ("a.jpg", b"%PDF-1.7"),
        ("a.zip", b"Rar!\x1a\x07\x00"), ("a.md", b"\xff\xfe<\x00s\x00"),
    ],
)  # fmt: skip
def test_a_file_that_lies_about_itself_is_refused(desk, name, content):
    assert_refused(desk, name, content, OTHER_KIND)


# -- how much and how often ----------------------------------------------------------------------


def test_the_same_name_twice_is_two_files(desk):
    assert desk.page([("a.txt", b"one"), ("a.txt", b"two")]).status_code == 302
    assert [(kept.name, kept.file.read()) for kept in desk.files] == [
        ("a.txt", b"one"), ("a.txt", b"two"),
    ]  # fmt: skip


def test_an_empty_file_is_refused_with_a_sentence(desk):
    assert_refused(desk, "a.txt", b"", "is empty.")


def test_one_bad_file_among_good_ones_keeps_none(desk):
    answer = desk.page([("a.txt", TEXT), ("b.exe", b"MZ"), ("c.txt", TEXT)])
    assert answer.status_code == 422
    assert desk.files == []


def test_a_thousand_files_at_once_are_refused_and_a_hundred_are_kept(desk):
    answer = desk.page([(f"{n}.txt", TEXT) for n in range(1000)])
    assert answer.status_code == 400
    assert "too large or not in order" in answer.content.decode()
    assert desk.files == []
    assert desk.page([(f"{n}.txt", TEXT) for n in range(100)]).status_code == 302
    assert len(desk.files) == 100


def test_a_file_above_the_limit_is_refused_with_a_sentence(desk, settings):
    settings.ATTACHMENT_MAX_BYTES = 2 * MEGABYTE
    assert_refused(desk, "a.txt", b"x" * (2 * MEGABYTE + 1), "is larger than 2 MB.")
    assert desk.page([("a.txt", b"x" * 2 * MEGABYTE)]).status_code == 302


def test_a_body_above_the_limit_is_refused_before_it_is_read(desk, settings):
    settings.REQUEST_MAX_BYTES = 1000
    page, api = desk.page([("a.txt", b"x" * 1000)]), desk.api([("a.txt", b"x" * 1000)])
    assert (page.status_code, api.status_code) == (413, 413)
    assert "too large" in page.content.decode()
    assert api.json() == {"message": "This is too much at once.", "errors": {}}
    assert desk.page([("a.txt", TEXT)], length=10**20).status_code == 413
    assert desk.files == []
    assert desk.page([("a.txt", b"x" * 500)]).status_code == 302
