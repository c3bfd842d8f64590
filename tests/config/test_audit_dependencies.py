"""The audit of what is pinned finds what it is for, and says what it could not look up."""

import json
from datetime import date
from email.message import Message
from importlib import metadata

import pytest

from scripts import audit_dependencies as audit

HASH = f"sha256:{'0' * 64}"
TODAY = date(2026, 11, 24)


def pinned(tmp_path, text):
    file = tmp_path / "requirements.txt"
    file.write_text(text, encoding="utf-8")
    return audit.pins(file)


def test_the_product_pins_everything_with_hashes_as_installed_under_a_compatible_licence():
    pins = audit.pins(audit.RUNTIME)
    assert len(pins) > 40
    assert list(audit.unpinned(pins)) == []
    assert list(audit.not_as_pinned(pins)) == []
    assert list(audit.bad_licences(pins)) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (f"django==5.2 \\\n    --hash={HASH}", None),
        ("django==5.2", "no SHA-256"),
        ("django==5.2 --hash=md5:0", "no SHA-256"),
        (f"django>=5.2 --hash={HASH}", "not pinned"),
        (f"django==5.* --hash={HASH}", "not pinned"),
        (f"django --hash={HASH}", "not pinned"),
        ("-e ./django", "not pinned"),
        (f"django @ file:///django.whl --hash={HASH}", "not pinned"),
    ],
)
def test_a_pin_is_one_version_with_a_sha256(tmp_path, line, complaint):
    found = list(audit.unpinned(pinned(tmp_path, f"# by hand\n{line}\n")))
    assert (complaint in found[0]) if complaint else found == []


def test_what_is_installed_is_what_is_pinned(tmp_path):
    present = metadata.version("django")
    text = (
        f"Django=={present}\npytest==0.1\nnothing-like-it==1\nother==1 ; sys_platform == 'none'\n"
    )
    found = list(audit.not_as_pinned(pinned(tmp_path, text)))
    assert ["pytest" in found[0], "nothing-like-it" in found[1], len(found)] == [True, True, 2]


def about(**headers):
    message = Message()
    for name, values in headers.items():
        for value in values:
            message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize(
    ("headers", "is_compatible"),
    [
        ({"License_Expression": ["MIT"]}, True),
        ({"License_Expression": ["Apache-2.0 OR GPL-2.0-only"]}, True),
        ({"License_Expression": ["Apache-2.0 AND GPL-2.0-only"]}, False),
        ({"License_Expression": ["(MIT OR GPL-2.0-only) AND SSPL-1.0"]}, False),
        ({"License_Expression": ["GPL-3.0-only WITH Classpath-exception-2.0"]}, True),
        ({"License": ["BSD"]}, True),
        ({"License": ["Proprietary"]}, False),
        ({"License": ["MIT"], "Classifier": ["License :: OSI Approved :: MIT License"]}, True),
        (
            {
                "License": ["MIT"],
                "Classifier": ["License :: OSI Approved :: Academic Free License (AFL)"],
            },
            False,
        ),
        ({}, False),
    ],
)
def test_only_compatible_licences_pass(headers, is_compatible):
    assert audit.is_compatible(audit.declared(about(**headers))) is is_compatible


def report(*packages):
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_known_vulnerability_is_found():
    advisory = {"id": "PYSEC-2026-1", "fix_versions": ["5.2.9"], "aliases": [], "description": ""}
    found, said = audit.judged(
        report({"name": "django", "version": "5.2", "vulns": [advisory]}), "Found 1 vulnerability"
    )
    assert found == [("PYSEC-2026-1", "django 5.2: PYSEC-2026-1, mended in 5.2.9")]
    assert said == []


def test_what_could_not_be_looked_up_is_said():
    skipped = {"name": "amqp", "skip_reason": "Dependency not found and could not be audited"}
    known = {"name": "django", "version": "5.2", "vulns": []}
    found, said = audit.judged(report(skipped, known), "")
    assert (found, len(said)) == ([], 1)
    assert "1 of 2" in said[0]
    found, said = audit.judged("", "ERROR:pip_audit._cli:Could not connect to the feed")
    assert (found, len(said)) == ([], 1)
    assert "not reached" in said[0]


def test_an_audit_that_fails_otherwise_is_a_complaint():
    found, said = audit.judged("", "ERROR: invalid requirements input")
    assert [len(found), said] == [1, []]


@pytest.mark.parametrize(
    ("text", "is_excepted"),
    [
        ('[[exception]]\nid = "X"\nuntil = 2026-11-24\nreason = "not reached"', True),
        ('[[exception]]\nid = "X"\nuntil = 2026-11-23\nreason = "not reached"', False),
        ('[[exception]]\nid = "X"\nuntil = 2026-12-31\nreason = ""', False),
    ],
)
def test_an_exception_has_a_reason_and_an_end(tmp_path, text, is_excepted):
    file = tmp_path / "exceptions.toml"
    file.write_text(text, encoding="utf-8")
    good, over = audit.exceptions(TODAY, file)
    assert (good == {"X"}) is is_excepted
    assert bool(over) is not is_excepted
