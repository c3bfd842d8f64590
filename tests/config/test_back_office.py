"""The back office answers every address, also one that Django would fail at."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client

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
