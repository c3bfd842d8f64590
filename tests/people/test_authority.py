"""A role, and a deputy's turn, end in a moment at the earliest: never for time that has passed."""

from datetime import timedelta

import pytest
from django.utils.timezone import localtime

from people.models import Absence, Grant
from tests.world import NOON

MINUTE, MOMENT, DAY = timedelta(minutes=1), timedelta(seconds=5), timedelta(days=1)


@pytest.fixture(autouse=True)
def _at_noon(time_machine):
    time_machine.move_to(NOON, tick=False)


def ends(row, at):
    """Save `row` with an end; return the end that was kept."""
    row.to_at = at
    row.save()
    row.refresh_from_db()
    return row.to_at


@pytest.mark.parametrize(
    ("before", "asked", "kept"),
    [
        (None, NOON + DAY, NOON + DAY),
        (None, NOON + 2 * MOMENT, NOON + 2 * MOMENT),
        (None, NOON, NOON + MOMENT),
        (None, NOON - DAY, NOON + MOMENT),
        (NOON + DAY, NOON - DAY, NOON + MOMENT),
        (NOON + MOMENT / 5, NOON - DAY, NOON + MOMENT / 5),  # it ends sooner anyway
        (NOON + MOMENT / 5, None, None),
        (NOON - DAY, NOON - 2 * DAY, NOON - 2 * DAY),  # was not in force: nothing is taken away
    ],
)
def test_a_role_in_force_ends_in_a_moment_at_the_earliest(world, before, asked, kept):
    grant = Grant.objects.get(user=world["head"])
    Grant.objects.filter(pk=grant.pk).update(to_at=before)
    assert ends(grant, asked) == kept


def test_a_deputy_who_is_no_longer_needed_has_a_moment_too(world):
    absence = Absence.objects.create(user=world["pm"], deputy=world["desk"], from_at=NOON - DAY)
    assert ends(absence, NOON - MINUTE) == NOON + MOMENT


def test_a_role_written_down_late_may_have_ended_long_ago(world):
    unit = world["pm"].unit
    past = Grant(user=world["pm"], role="tester", unit=unit, from_at=NOON - 9 * DAY)
    assert ends(past, NOON - DAY) == NOON - DAY


def test_the_back_office_ends_roles_and_does_not_delete_them(world, client):
    client.force_login(world["admin"])
    grant = Grant.objects.get(user=world["head"])
    address = f"/admin/people/grant/{grant.pk}"
    assert client.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    begun = localtime(grant.from_at)
    sent = {
        "user": grant.user_id, "role": grant.role, "unit": grant.unit_id,
        "from_at_0": f"{begun:%Y-%m-%d}", "from_at_1": f"{begun:%H:%M:%S}",
        "to_at_0": "2026-11-23", "to_at_1": "09:59:30",  # in Shanghai, half a minute ago
    }  # fmt: skip
    assert client.post(f"{address}/change/", sent).status_code == 302
    grant.refresh_from_db()
    assert grant.to_at == NOON + MOMENT


def test_a_role_that_has_not_begun_can_still_be_deleted(world, client):
    client.force_login(world["admin"])
    unit = world["pm"].unit
    coming = Grant.objects.create(user=world["pm"], role="tester", unit=unit, from_at=NOON + DAY)
    client.post(f"/admin/people/grant/{coming.pk}/delete/", {"post": "yes"})
    assert not Grant.objects.filter(pk=coming.pk).exists()
