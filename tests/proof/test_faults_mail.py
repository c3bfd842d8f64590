"""A mail server that hangs: nobody at work notices, every letter is tried again, none is lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from people.models import User
from tests.changes.walking import walk
from tests.proof.copies import copy_of
from tests.proof.house import House, until
from tests.proof.load import Load, excess
from tests.proof.receivers import Mailbox, mail_to, mailbox
from tests.proof.scale import IS_FULL, rounds
from tests.proof.servers import Postgres
from tests.proof.states import rows, state_of
from tests.world import NOON
from workflows.models import Outbox
from workflows.relay import MAX_TRIES, relay

HANGS_FOR = rounds(full=60.0, short=6.0)  # seconds
UNSENT = "SELECT count(*) FROM workflows_outbox WHERE sent_at IS NULL"
MUCH = rounds(full=0.050, short=0.250)
"""Seconds that 95 of 100 answers may take longer; a short round has too few to tell less."""
DATABASES = ["postgresql", "sqlite"] if IS_FULL else ["sqlite"]
PAUSES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]
"""Seconds between the tries: doubled each time, at most 15 minutes; the twelfth is the last."""


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as server:
        yield server


@pytest.fixture
def letters(world: dict[str, User], box: Mailbox, settings: LazySettings) -> dict[str, Outbox]:
    """Two letters that wait for a mail server."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    walk(world)
    walk(world)
    return {one.key: one for one in Outbox.objects.all()}


@pytest.mark.parametrize("moment", ["connect", "DATA", "."])
def test_a_letter_that_is_not_taken_dies_after_twelve_tries_and_can_be_revived(
    letters: dict[str, Outbox],
    box: Mailbox,
    client: Client,
    world: dict[str, User],
    settings: LazySettings,
    moment: str,
) -> None:
    settings.EMAIL_TIMEOUT = 0.1
    box.hang(moment)
    tried = tries_until_dead(box)
    assert [(later - earlier).total_seconds() for earlier, later in pairwise(tried)] == PAUSES
    assert relay(tried[-1] + timedelta(days=30)) == 0

    settings.EMAIL_TIMEOUT = 10
    box.heal()
    client.force_login(world["admin"])
    chosen = {"action": "retry", "_selected_action": [one.pk for one in letters.values()]}
    assert client.post("/admin/workflows/outbox/", chosen).status_code == 302
    assert relay(timezone.now() + timedelta(minutes=1)) == len(letters)
    assert relay(timezone.now() + timedelta(days=30)) == 0

    assert not Outbox.objects.filter(sent_at__isnull=True).exists()
    got = box.deliveries.counts()
    assert len(got) == len(letters)  # one Message-ID and one reader for each
    # What the server took without saying so came again, under the same Message-ID.
    assert set(got.values()) == ({MAX_TRIES + 1} if moment == "." else {1})


def tries_until_dead(box: Mailbox) -> list[datetime]:
    """Let the relay come whenever it is due, and return when it tried the letters."""
    tried, at = [], NOON
    while (waiting := Outbox.objects.unsent()).exists():
        before = box.visits
        assert relay(at - timedelta(milliseconds=1)) == 0
        assert box.visits == before  # nothing is tried before its time
        assert relay(at) == 0
        assert box.visits - before == Outbox.objects.count()
        tried.append(at)
        at = waiting.order_by("next_try_at").values_list("next_try_at", flat=True).first() or at
    assert len(tried) == MAX_TRIES
    assert set(Outbox.objects.values_list("attempts", flat=True)) == {MAX_TRIES}
    return tried


@pytest.fixture
def two_houses(
    request: pytest.FixtureRequest, tmp_path: Path, founded: House, postgres_server: Postgres
) -> tuple[House, House]:
    """One whose mail server will hang, and one whose letters are files."""
    if request.param == "postgresql":
        one, other = (copy_of(founded, postgres_server, tmp_path / name) for name in ("a", "b"))
    else:
        one, other = House(tmp_path / "a"), House(tmp_path / "b")
        one.folder.mkdir()
        shutil.copytree(one.found().folder, other.folder)
        other.tokens = one.tokens
    return one, other


@pytest.mark.parametrize("two_houses", DATABASES, indirect=True)
def test_people_at_work_do_not_notice_a_mail_server_that_hangs(
    two_houses: tuple[House, House], box: Mailbox
) -> None:
    house, control = two_houses
    house.environment |= mail_to(box)
    with house.web(1), house.heartbeat(), control.web(1), control.heartbeat():
        with Load(house, threads=2, pace=4) as load, Load(control, threads=2, pace=4) as usual:
            until(box.deliveries.counts)
            box.hang("connect")
            visits, spell = box.visits, between_now_and(HANGS_FOR)
            assert box.visits > visits, "nothing was tried while it hung"
            box.heal()
        until(lambda: rows(house, UNSENT) == [(0,)], 120)
    slower = excess(load, usual, [spell])
    print(f"p95 {slower * 1000:+.0f} ms while the mail server hung {HANGS_FOR:.0f} s")
    assert load.failed() == usual.failed() == []
    assert slower <= MUCH, f"95 of 100 answers took up to {slower * 1000:.0f} ms longer"
    assert box.deliveries.repeated() == {}
    found = state_of(house)
    assert found["violations"] == []
    assert len(box.deliveries.counts()) == len(found["letters"])


def between_now_and(seconds: float) -> tuple[float, float]:
    began = time.monotonic()
    time.sleep(seconds)
    return began, time.monotonic()
