"""What nobody in their right mind sends, and somebody will."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_from_bytes

MEGABYTE = 2**20

TEXTS: dict[str, str] = {
    "nothing": "", "blank": " \t\r\n\u3000", "large": "x" * MEGABYTE,
    "large in Chinese": "报" * 300_000,
    # characters
    "NUL": "a\x00b", "control": "\x01\x08\x1b[2J\x7f\x85", "half a character": "\ud800",
    "other half": "a\udfffb", "both halves": "\ud83d\ude00", "no character": "\ufffe\uffff",
    "last character": "\U0010ffff", "right to left": "\u202egpj.exe",
    "isolates": "\u2066\u2067\u2068x",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff" * 40, "combining": "Z" + "\u0301\u0489" * 3000,
    "family": "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 20, "tags": "\U000e0041" * 60,
    "line breaks": "a\r\nX-Evil: 1\u2028\u2029b",
    # numbers
    "2^31": str(2**31), "2^63": str(2**63), "-2^63-1": str(-(2**63) - 1), "10^400": "1" + "0" * 400,
    "digits": "9" * 5000, "1e999": "1e999", "-1e999": "-1e999", "1e-999": "1e-999", "NaN": "NaN",
    "sNaN": "sNaN", "Infinity": "Infinity", "-Infinity": "-Infinity", "-1": "-1", "-0": "-0",
    "hexadecimal": "0x10", "underscores": "1_000", "other digits": "१२", "full width": "１２",
    "raised": "²", "circled": "①", "roman": "Ⅷ", "1.5": "1.5", "0.005": "0.005", "comma": "1,5",
    # days
    "day zero": "0000-00-00", "last day": "9999-12-31", "first day": "0001-01-01",
    "year 10000": "10000-01-01", "year -1": "-0001-01-01", "no such day": "2026-02-30",
    "other day": "２０２６-01-01", "no such time": "2026-11-23T25:61:61Z",
    "last instant": "9999-12-31T23:59:59+00:00", "first instant": "0001-01-01T00:00:00+23:59",
    # languages of machines
    "SQL": "' OR 1=1; --", "LIKE": "%_\\%", "FTS": '"a" NEAR/0 (b* OR -c) ^',
    "template": "{{7*7}}{% x %}",
    "format": "%s%n%(x)s{0}{x.__class__}", "path": "../../../../etc/passwd",
    "address": "//evil.example/",
    "script": "javascript:alert(1)", "markdown": "[" * 2000 + "](x)" * 2000,
    "mentions": "@desk" * 2000,
    "quotes": ">" * 2000 + "x", "JSON": '{"a": [1, null]}', "null": "null", "true": "true",
    "dunder": "__init__", "comma list": "a,,b," * 300, "email": "a@b",
    "regular": "(a+)+$" + "a" * 40,
}  # fmt: skip
"""Texts for any field of a form, any part of an address, any string of JSON."""

VALUES: dict[str, Any] = {
    **TEXTS,
    "number 2^63": 2**63, "number -2^63-1": -(2**63) - 1, "number 10^400": 10**400,
    "number 1e308": 1e308, "number -0.0": -0.0, "number 1.5": 1.5, "number 0": 0, "number -1": -1,
    "none": None, "yes": True, "no": False, "list": [], "object": {}, "list of text": ["x"],
    "list of none": [None], "list of lists": [[["x"]]], "long list": list(range(5000)),
    "deep": {"a": {"a": {"a": ["\ud800", {"\x00": "\x00"}]}}}, "half a key": {"\ud800": 1},
}  # fmt: skip
"""Values for any field of a JSON body."""


def documents(good: bytes) -> dict[str, bytes]:
    """Return bodies that are no JSON or no object, or that bend `good`, an honest one."""
    return {
        "nothing": b"", "cut off": good[:-1], "cut in a character": good[: len(good) // 2],
        "twice": good + good, "rest": good + b"]", "a list": b"[" + good + b"]", "null": b"null",
        "number": b"7", "text": b'"x"', "word": b"undefined", "NaN": b'{"title": NaN}',
        "Infinity": b'{"title": -Infinity}', "1e999": b'{"expected_version": 1e999}',
        "10^5000": b'{"expected_version": 1' + b"0" * 5000 + b"}", "deep list": b"[" * 10_000,
        "closed deep list": b"[" * 10_000 + b"]" * 10_000,
        "deep object": b'{"title":' * 10_000 + b"1" + b"}" * 10_000,
        "same key": b'{"title": "a", "title": ["b"],' + good[1:], "NUL": b"\x00",
        "bytes": b"\xff\xfe{",
        "not UTF-8": good[:-1] + b', "title": "\xc3\x28"}',
        "surrogate": b'{"title": "\xed\xa0\x80"}',
        "half escape": good[:-1] + b', "title": "\\ud800"}',
        "byte order mark": b"\xef\xbb\xbf" + good,
        "UTF-16": good.decode().encode("utf-16"), "comment": b"/* */" + good, "single": b"{'a': 1}",
        "spaces": b" " * MEGABYTE + good, "too large": b'{"title": "' + b"x" * 3 * MEGABYTE + b'"}',
        "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(20_000)) + b"}",
        "form": b"title=x", "multipart": b"--x\r\n\r\n", "XML": b"<?xml version='1.0'?><a/>",
    }  # fmt: skip


KINDS = [
    "application/json", "application/json; charset=hex", "application/json; charset=utf-16",
    "application/json;;;", "APPLICATION/JSON", "text/plain", "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-32", "multipart/form-data",
    "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; boundary=\xe9", "multipart/form-data; boundary=x; charset=idna",
    "multipart/mixed; boundary=x", "application/xml", "", "/", "x", "\xff", "*/*", "a/b" * 1000,
]  # fmt: skip
"""Content types."""


def _part(named: bytes, content: bytes = b"a", more: bytes = b"") -> bytes:
    said = b"Content-Disposition: form-data" + named
    return b"--x\r\n" + said + b"\r\n" + more + b"\r\n" + content + b"\r\n"


END = b"--x--\r\n"
BASE64 = b"Content-Transfer-Encoding: base64\r\n"
MULTIPARTS: dict[str, bytes] = {
    "nothing": b"", "bytes": bytes(range(256)) * 40, "only the end": END,
    "no end": _part(b'; name="title"'), "no head": b"--x\r\n\r\n\r\n" + END,
    "no name": _part(b"") + END,
    "other boundary": b"--y\r\n\r\na\r\n--y--\r\n",
    "base64 that is none": _part(b'; name="file"; filename="a.txt"', b"!!!", BASE64) + END,
    "text in base64": _part(b'; name="title"', b"\xff===", BASE64) + END,
    "long head": b"--x\r\nA: " + b"a" * 200_000 + b"\r\n\r\na\r\n" + END,
    "many heads": b"--x\r\n" + b"A: a\r\n" * 5000 + b"\r\na\r\n" + END,
    "many parts": _part(b'; name="a"') * 3000 + END,
    "many files": _part(b'; name="file"; filename="a"') * 300 + END,
    "strange name": _part(b'; name="\xff\x00"') + END,
    "strange file": _part(b"; name=\"file\"; filename*=hex''%zz") + END,
    "strange kind": _part(b'; name="file"; filename="a"', more=b"Content-Type: \xff\r\n") + END,
    "file with no name": _part(b'; name="file"; filename=""') + END,
    "text for a file": _part(b'; name="file"') + END,
    "file for a text": _part(b'; name="title"; filename="a.txt"') + END,
}  # fmt: skip
"""Bodies of forms with files, with the boundary x."""

HEADERS: dict[str, list[str]] = {
    "Accept-Language": [
        "", "x", "*", "zh-Hans;q=\xff", "en;q=1e999", "a-" * 2000, "zz-ZZ,\x00", "," * 3000,
    ],
    "Accept": ["", "x", "*/*;q=NaN", "application/xml", "a/b;" * 2000, "\xff", "text/html;level=1"],
    "Authorization": ["Bearer", "Bearer \x00", "Bearer \xff", "Basic !", "Token " + "x" * 9000],
    "Idempotency-Key": ["\x00", "\xff\xfe", " ", "x" * 201, "x" * 60_000, "\xed\xa0\x80"],
    "Prefer": ["return=", "return=representation;;", "\xff", "x" * 60_000, "wait=NaN"],
    "If-Match": ["*", '"1"', "W/", "\xff", "x" * 9000], "If-None-Match": ["*", '"', "\xff"],
    "If-Modified-Since": ["x", "Mon, 32 Foo 99999 99:99:99 GMT", "9" * 5000],
    "Range": ["bytes=0-", "bytes=-1", "bytes=\xb2-", "lines=1", "bytes=0-1" + ",1-" * 999],
    "X-Request-ID": ["x", "\x00", "\xff", "x" * 9000, "00000000-0000-0000-0000-000000000000"],
    "X-Forwarded-For": ["", "x", "::1%\xff", "," * 5000],
    "X-Forwarded-Proto": ["x", "https,http", "\xff"],
    "Host": [
        "", "x", "\xff", "[::1", "a" * 9000, "localhost:99999", "evil.example", "localhost:\xb2",
    ],
    "Origin": ["null", "x", "http://[", "\xff"], "Referer": ["x", "http://[", "\xff", "x" * 9000],
    "X-CSRFToken": ["x", "\xff", "x" * 9000], "X-HTTP-Method-Override": ["DELETE", "\xff"],
    "HX-Request": ["true", "\xff"], "HX-Target": ["og-inbox", "\xff", "x" * 9000],
    "HX-Current-URL": ["http://[", "\xff", "%ff%00"], "HX-Current-URL-URI-AutoEncoded": ["true"],
    "HX-Prompt": ["%ff%00"], "Content-Encoding": ["gzip", "\xff"], "Expect": ["x"],
    "Cookie": [
        "", ";" * 3000, "sessionid=", "sessionid=\x00", "sessionid=\xff", "sessionid=" + "x" * 9000,
        "sessionid='; DROP TABLE x", "csrftoken=\xff", "messages=x", "messages=" + "[" * 5000,
        "django_language=\xff", "django_language=../../x", "django_language=zz", 'a="\\777' * 900,
    ],
}  # fmt: skip
"""Headers, each with what it must survive; latin-1, as they arrive."""

PATHS = [
    "0", str(2**63), "9" * 400, "-1", "१", "１", "²", "a\x00b", "..", ".", "%", "%2f", "\u202e",
    "\ud800",
    "e\u0301" * 200, "x" * 8000, "' OR 1=1", "REQ-2026-00001\n", "REQ-2026-00001 ",
    "req-2026-00001",
    "REQ－2026－00001", "__class__", "{{7*7}}", "approve;", "İ", "ß", "\ufeff",
]  # fmt: skip
"""For each named part of an address."""


def escaped(text: str) -> str:
    """Return text as it stands in an address or a form, half characters and all."""
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")


def encoded(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{escaped(name)}={escaped(value)}" for name, value in pairs)
