"""An Idempotency-Key: done once, answered the same byte for byte."""

import pytest

from tests.api.conftest import FILING
from tests.api.test_refusals import refused
from workflows.models import Case, Event

pytestmark = pytest.mark.engine

KEY = {"Idempotency-Key": "7c0ffee"}


def test_a_case_is_filed_once_for_one_key(requester, desk):
    first = requester.post("cases/", FILING, **KEY)
    desk.act(first.json()["number"], "start_triage")  # the world moves on
    again = requester.post("cases/", FILING, **KEY)
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Location"] == first["Location"]
    assert Case.objects.count() == 1


def test_an_action_is_done_once_for_one_key(requester):
    path = f"cases/{requester.file()}/actions/withdraw/"
    first = requester.post(path, {"reason": "no"}, **KEY)
    again = requester.post(path, {"reason": "no"}, **KEY)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert Event.objects.filter(action="withdraw").count() == 1


def test_a_key_is_for_one_request_only(requester):
    number = requester.post("cases/", FILING, **KEY).json()["number"]
    refused(requester.post("cases/", {**FILING, "title": "another"}, **KEY), 409)
    refused(requester.post(f"cases/{number}/actions/withdraw/", {"reason": "x"}, **KEY), 409)
    assert Case.objects.get().state == "submitted"


def test_a_key_belongs_to_a_person(requester, stranger):
    assert requester.post("cases/", FILING, **KEY).status_code == 201
    assert stranger.post("cases/", FILING, **KEY).status_code == 201


def test_a_refused_request_does_not_use_up_its_key(requester):
    refused(requester.post("cases/", {**FILING, "title": ""}, **KEY), 422)
    assert requester.post("cases/", FILING, **KEY).status_code == 201


def test_without_a_key_everything_is_done_again(requester):
    assert requester.file() != requester.file()


@pytest.mark.parametrize(("key", "status"), [("k" * 200, 201), ("k" * 201, 422)])
def test_a_key_has_at_most_200_characters(requester, key, status):
    assert requester.post("cases/", FILING, **{"Idempotency-Key": key}).status_code == status
