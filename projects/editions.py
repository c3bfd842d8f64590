"""The standard grows: a draft is a copy of the version in force, edited, compared, published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditlog.context import set_actor
from django.db import transaction
from django.utils.translation import gettext as _

from people.actors import Actor
from people.models import User
from people.roles import Role
from projects.models import CatalogueVersion, Criterion, GateKind, Track
from workflows.refusals import Conflict, NotAllowed
from workflows.words import listing

EDITORS = (Role.SERVICE_MANAGER, Role.HEAD_OF_OPS)
GATE_FIELDS = ("code", "name", "name_zh", "purpose", "purpose_zh")
CRITERION_FIELDS = (
    "code", "level", "area", "is_light", "text", "text_zh", "evidence", "evidence_zh", "origin",
)  # fmt: skip
TRACK_FIELDS = ("code", "name", "name_zh", "gates", "limit_days", "is_light")


def may_edit(who: Actor) -> bool:
    return who.may_act and any(hold.role in EDITORS for hold in who.holds)


def draft_version(*, actor: User, at: datetime) -> CatalogueVersion:
    """Copy the newest version into a draft; the draft there is, if there is one (403)."""
    with _edited(actor, at):
        newest = CatalogueVersion.objects.select_for_update().first()
        if newest is not None and not newest.is_kept:
            return newest
        draft = CatalogueVersion.objects.create(number=newest.number + 1 if newest else 1)
        if newest is not None:
            _copy(newest, draft)
        return draft


def _copy(newest: CatalogueVersion, draft: CatalogueVersion) -> None:
    for track in newest.tracks.all():
        track.pk, track.version, track._state.adding = None, draft, True
        track.save()
    for gate in newest.gates.prefetch_related("criteria"):
        criteria = list(gate.criteria.all())
        gate.pk, gate.version, gate._state.adding = None, draft, True
        gate.save()
        for one in criteria:
            one.pk, one.gate, one._state.adding = None, gate, True
            one.save()


def publish_version(*, version: CatalogueVersion, note: str, actor: User, at: datetime) -> None:
    """Put a draft in force for the projects opened from now on (403, 409)."""
    with _edited(actor, at):
        _refuse_kept(version)
        _refuse_broken_tracks(version)
        empty = [gate.code for gate in version.gates.filter(criteria__isnull=True)]
        if empty or not version.gates.exists():
            raise Conflict(
                _("These gates ask for nothing: %(gates)s.") % {"gates": ", ".join(empty)}
            )
        version.note, version.published_at = note, at
        version.save(update_fields=["note", "published_at"])


def replace_content(
    *, version: CatalogueVersion, gates: list[GateKind], criteria: list[Criterion],
    tracks: list[Track] | None = None, actor: User, at: datetime,
) -> None:  # fmt: skip
    """Let a draft say what was read from a file, and nothing else (403, 409).

    A file that says nothing of tracks leaves those of the draft.
    """
    with _edited(actor, at):
        _refuse_kept(version)
        version.gates.all().delete()
        for place, gate in enumerate(gates, start=1):
            gate.version, gate.place = version, place
            gate.save()
        for one in criteria:
            one.save()
        if tracks is not None:
            version.tracks.all().delete()
            for track in tracks:
                track.save()


def save_criterion(*, criterion: Criterion, actor: User, at: datetime) -> None:
    with _edited(actor, at):
        _refuse_kept(criterion.owner)
        criterion.save()


def remove_criterion(*, criterion: Criterion, actor: User, at: datetime) -> None:
    with _edited(actor, at):
        _refuse_kept(criterion.owner)
        criterion.delete()


def save_track(*, track: Track, actor: User, at: datetime) -> None:
    with _edited(actor, at):
        _refuse_kept(track.owner)
        track.save()


def remove_track(*, track: Track, actor: User, at: datetime) -> None:
    with _edited(actor, at):
        _refuse_kept(track.owner)
        track.delete()


@contextmanager
def _edited(actor: User, at: datetime) -> Iterator[None]:
    """The frame of every edit: one transaction, by somebody who may, in the audit log."""
    if not may_edit(Actor.of(actor, at)):
        raise NotAllowed(_("The criteria are edited by service manager and head of operations."))
    with transaction.atomic(), set_actor(actor):
        yield


def _refuse_kept(version: CatalogueVersion) -> None:
    if version.is_kept:
        raise Conflict(_("A published version does not change. Make a new one."))


def _refuse_broken_tracks(version: CatalogueVersion) -> None:
    tracks = list(version.tracks.all())
    if not tracks:
        raise Conflict(_("There is no track that a project could go."))
    broken = [track.code for track in tracks if not track.is_whole]
    if broken:
        raise Conflict(
            _("These tracks name gates that are not there, or leave the last one out: %(tracks)s.")
            % {"tracks": ", ".join(broken)}
        )


# -- what differs ---------------------------------------------------------------------------------
Row = Criterion | Track


@dataclass(frozen=True)
class Difference:
    """What became of a criterion or track between versions; `changes`: label, before, after."""

    code: str
    kind: str
    subject: Row
    changes: list[tuple[Any, Any, Any]]


ADDED, REMOVED, CHANGED = "added", "removed", "changed"


def differences(before: CatalogueVersion, after: CatalogueVersion) -> Iterator[Difference]:
    """Yield what was added, removed and changed, tracks first, by code (4 queries)."""
    yield from _differences(_tracks(before), _tracks(after), TRACK_FIELDS)
    yield from _differences(_by_code(before), _by_code(after), CRITERION_FIELDS)


def _differences(
    old: Mapping[str, Row], new: Mapping[str, Row], fields: Sequence[str]
) -> Iterator[Difference]:
    for code in sorted(old.keys() | new.keys()):
        was, now = old.get(code), new.get(code)
        if was is None and now is not None:
            yield Difference(code, ADDED, now, [])
        elif now is None and was is not None:
            yield Difference(code, REMOVED, was, [])
        elif was is not None and now is not None and (changes := list(_changes(was, now, fields))):
            yield Difference(code, CHANGED, now, changes)


def _by_code(version: CatalogueVersion) -> dict[str, Criterion]:
    found = Criterion.objects.filter(gate__version=version).select_related("gate")
    return {one.code: one for one in found}


def _tracks(version: CatalogueVersion) -> dict[str, Track]:
    return {track.code: track for track in version.tracks.all()}


def _changes(was: Row, now: Row, fields: Sequence[str]) -> Iterator[tuple[Any, Any, Any]]:
    for name in fields:
        if getattr(was, name) != getattr(now, name):
            column: Any = was._meta.get_field(name)
            yield column.verbose_name, _shown(was, name), _shown(now, name)


def _shown(one: Row, name: str) -> Any:
    shown, value = getattr(one, f"get_{name}_display", None), getattr(one, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return shown() if shown else listing(value) if isinstance(value, list) else value
