"""How the house is doing, each thing with a word and what to do about it.

The figures are those of `metrics`; the rest is asked of the machine when somebody looks.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workflows.metrics import Figures, measure

GOOD, CARE, BAD = "good", "care", "bad"
WORDS: dict[str, Promise] = {
    GOOD: gettext_lazy("In order"),
    CARE: gettext_lazy("Worth a look"),
    BAD: gettext_lazy("Needs you now"),
}
SWEEP_LATE, SWEEP_DEAD = timedelta(minutes=3), timedelta(minutes=15)
MAIL_LATE, MAIL_STUCK = timedelta(minutes=15), timedelta(hours=2)
BACKUP_OLD, BACKUP_LOST = timedelta(days=2), timedelta(days=8)
LITTLE, TOO_LITTLE = 0.15, 0.05
"""Shares of a disk that are free."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    label: str
    level: str
    value: str
    advice: str = ""
    url_name: str = "office_health"
    """Where one sees more of it."""

    @property
    def word(self) -> str:
        return str(WORDS[self.level])


def _clock(age: timedelta | None) -> tuple[str, str]:
    level = BAD if age is None else _level(age, SWEEP_LATE, SWEEP_DEAD)
    sentences = {
        GOOD: _("The SLA clock is healthy."),
        CARE: _("The SLA clock is late."),
        BAD: _("The SLA clock stands still."),
    }
    return level, sentences[level]


def checks(found: Figures, at: datetime) -> list[Check]:
    """Return everything that is looked at, the clock first."""
    return [*_engine(found), *_messages(found), *_machine(at)]


def troubles(at: datetime) -> list[Check]:
    """Return what is not in order, the gravest first."""
    found = [check for check in checks(measure(at), at) if check.level != GOOD]
    return sorted(found, key=lambda check: check.level != BAD)


def _engine(found: Figures) -> Iterator[Check]:
    age = found.beats.get("sweep")
    level, sentence = _clock(age)
    value = _("%(sentence)s Last look at due times: %(ago)s.") % {
        "sentence": sentence, "ago": _ago(age),
    }  # fmt: skip
    yield Check(
        _("SLA clock"), level, value,
        "" if level == GOOD else _("Start the heartbeat, or the worker and beat of Celery."),
    )  # fmt: skip
    night = found.beats.get("invariants")
    is_late = night is None or night > timedelta(hours=48)
    advice = _("Run manage.py check_invariants; what does not fit stands in the log.")
    yield Check(
        _("Nightly check"), CARE if is_late else GOOD,
        _("Last run: %(ago)s.") % {"ago": _ago(night)}, advice if is_late else "",
    )  # fmt: skip


def _messages(found: Figures) -> Iterator[Check]:
    waiting = ngettext(
        "%(number)d message waits, the oldest for %(age)s.",
        "%(number)d messages wait, the oldest for %(age)s.",
        found.waiting,
    ) % {"number": found.waiting, "age": lasting(found.oldest_unsent)}
    level = _level(found.oldest_unsent, MAIL_LATE, MAIL_STUCK)
    yield Check(
        _("Messages on their way"), level, waiting if found.waiting else _("Nothing waits."),
        "" if level == GOOD else _("Look whether the mail server can be reached."),
    )  # fmt: skip
    given_up = ngettext(
        "%(number)d message was given up.", "%(number)d messages were given up.", found.dead
    ) % {"number": found.dead}
    yield Check(
        _("Given up"), CARE if found.dead else GOOD, given_up if found.dead else _("None."),
        _("Mend the cause, then send them again.") if found.dead else "", "office_messages",
    )  # fmt: skip
    to_files = settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")
    yield Check(
        _("Mail server"), CARE if to_files else GOOD,
        _("Mail is written to files and reaches nobody.") if to_files
        else str(getattr(settings, "EMAIL_HOST", "")),
        _("Name a mail server in EMAIL_HOST.") if to_files else "",
    )  # fmt: skip


def _machine(at: datetime) -> Iterator[Check]:
    yield _database()
    yield _cache()
    yield from _disk(Path(settings.VAR_DIR))
    yield _backups(Path(settings.VAR_DIR) / "backups", at)
    versions = f"Python {sys.version.split()[0]}, Django {django.get_version()}"
    yield Check(_("Versions"), GOOD, versions)


def _disk(folder: Path) -> Iterator[Check]:
    if not folder.is_dir():
        return  # nothing was ever written there
    usage = shutil.disk_usage(folder)
    share = usage.free / usage.total
    level = BAD if share < TOO_LITTLE else CARE if share < LITTLE else GOOD
    yield Check(
        _("Disk space"), level,
        _("%(free)d GB of %(total)d GB are free.")
        % {"free": usage.free // 10**9, "total": usage.total // 10**9},
        "" if level == GOOD else _("Make room: attachments and backups grow every day."),
    )  # fmt: skip


def _database() -> Check:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    version = ".".join(map(str, connection.get_database_version()))
    value = f"{connection.display_name} {version}"
    if not missing:
        return Check(_("Database"), GOOD, value)
    return Check(_("Database"), BAD, value, _("Migrations are missing: run manage.py migrate."))


def _cache() -> Check:
    if not settings.CELERY_BROKER_URL:
        return Check("Redis", GOOD, _("Not used: everything runs in one house."))
    try:
        cache.get("health")
    except Exception as error:  # whatever the driver raises is what is told
        return Check("Redis", BAD, str(error), _("Start Redis, or mend REDIS_URL."))
    return Check("Redis", GOOD, _("It answers."))


def _backups(folder: Path, at: datetime) -> Check:
    written = [one.stat().st_mtime for one in folder.glob("*.zip")] if folder.is_dir() else []
    if not written:
        return Check(
            _("Backup"), CARE, _("None is known in the folder for backups."),
            _("Run manage.py backup each night, or see that another way does."),
        )  # fmt: skip
    age = at - datetime.fromtimestamp(max(written), UTC)
    level = _level(age, BACKUP_OLD, BACKUP_LOST)
    return Check(
        _("Backup"), level, _("The newest: %(ago)s.") % {"ago": _ago(age)},
        "" if level == GOOD else _("Run manage.py backup each night."),
    )  # fmt: skip


def _level(age: timedelta, late: timedelta, lost: timedelta) -> str:
    return BAD if age > lost else CARE if age > late else GOOD


def _ago(age: timedelta | None) -> str:
    return _("never") if age is None else _("%(time)s ago") % {"time": lasting(age)}


def lasting(age: timedelta) -> str:
    """Return a length of real time in its largest unit: `40 seconds`, `3 hours`, `2 days`."""
    seconds = max(int(age.total_seconds()), 0)
    if seconds < 120:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    if seconds < 7200:
        return ngettext("%(n)d minute", "%(n)d minutes", seconds // 60) % {"n": seconds // 60}
    if seconds < 172_800:
        return ngettext("%(n)d hour", "%(n)d hours", seconds // 3600) % {"n": seconds // 3600}
    return ngettext("%(n)d day", "%(n)d days", seconds // 86_400) % {"n": seconds // 86_400}
