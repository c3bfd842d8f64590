"""The back office answers every address, also one that Django would fail at."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils.timezone import localtime

from people.models import Unit

CASES = "/admin/workflows/case/"


@pytest.fixture
def root(world):
    world["admin"].is_superuser = world["admin"].is_staff = True
    world["admin"].save()
    client = Client()
    client.force_login(world["admin"])
    return client


@pytest.mark.parametrize(
    "address",
    [
        "/admin/auth/group/7/change/?_to_field=",
        "/admin/people/unit/7/delete/?_to_field=&_popup=1",
        f"{CASES}?requester=-9223372036854775809", f"{CASES}?requester=%2B{2**64}&kind=x",
        f"{CASES}?q={'x' * 60_000}",
    ],
)  # fmt: skip
def test_a_question_nobody_can_answer_is_refused_in_a_sentence(root, address):
    answer = root.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 400
    assert "too large or not in order" in answer.content.decode()


def test_a_choice_nobody_was_offered_is_refused_in_a_sentence(root):
    sent = {"name": "Group", "permissions": str(2**70)}
    answer = root.post("/admin/auth/group/add/", sent, headers={"accept-language": "en"})
    assert answer.status_code == 400
    assert "too large or not in order" in answer.content.decode()
    assert not Group.objects.exists()


@pytest.mark.parametrize(
    "address",
    [CASES, f"{CASES}?q=622202 1234567890123456789", f"{CASES}?q={2**64}", f"{CASES}?requester=7",
     f"{CASES}?o=1.2&state__exact=closed"],
)  # fmt: skip
def test_what_makes_sense_is_answered(root, address):
    assert root.get(address).status_code in (200, 302)


@pytest.mark.parametrize(
    ("change", "is_taken"),
    [({"unit": "it"}, False), ({"role": "tester"}, False),
     ({"to_at_0": "2030-01-01", "to_at_1": "00:00"}, True)],
)  # fmt: skip
def test_a_role_that_has_begun_is_ended_and_not_rewritten(root, world, change, is_taken):
    grant = world["desk"].grants.get(role="service_desk")
    begun = localtime(grant.from_at)
    sent = {
        "user": grant.user_id, "role": grant.role, "unit": grant.unit_id, "to_at_0": "",
        "from_at_0": f"{begun:%Y-%m-%d}", "from_at_1": f"{begun:%H:%M:%S}", "to_at_1": "", **change,
    }  # fmt: skip
    if change.get("unit"):
        sent["unit"] = Unit.objects.get(code=change["unit"]).pk
    before = (grant.role, grant.unit_id)
    answer = root.post(f"/admin/people/grant/{grant.pk}/change/", sent,
                       headers={"accept-language": "en"})  # fmt: skip
    grant.refresh_from_db()
    assert (grant.role, grant.unit_id) == before
    assert (answer.status_code, grant.to_at is not None) == (302 if is_taken else 200, is_taken)
    if not is_taken:
        assert "is not rewritten" in answer.content.decode()


def test_the_administration_leads_back_to_the_product_and_out_of_it(root):
    page = root.get("/admin/", headers={"accept-language": "en"}).content.decode()
    assert '<a href="/">Back to Opsgate</a>' in page
    assert 'method="post" action="/logout/"' in page
    assert "opsgate/admin.css" in page
