"""How the API says no: one shape, the right status, never an error of ours."""

import json

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import UnreadablePostError
from django.test import Client

from people.models import ApiToken
from tests.api.conftest import API, FILING, Caller
from workflows.models import Case

pytestmark = pytest.mark.engine  # what one database swallows, another refuses

TOO_MANY = 10**30
READS = [
    "kinds/", "cases/", "cases/{number}/", "cases/{number}/events/",
    "cases/{number}/comments/", "cases/{number}/attachments/",
    "cases/{number}/clocks/response/explanation/", "tasks/", "cases/{number}/attachments/1/",
]  # fmt: skip
WRITES = [
    "cases/", "cases/{number}/actions/withdraw/", "cases/{number}/comments/",
    "cases/{number}/attachments/", "cases/{number}/watch/", "cases/{number}/links/",
    "tasks/1/claim/", "tasks/1/release/", "tasks/1/assign/",
]  # fmt: skip
OF_ONE_CASE = [path for path in READS if "{number}" in path]


def refused(answer, status):
    """Check status and shape; return the message and the errors."""
    assert answer.status_code == status, answer.content.decode()
    assert answer["Content-Type"] == "application/json"
    said = json.loads(answer.content)
    assert list(said) == ["message", "errors"]
    assert said["message"]
    return said["message"], said["errors"]


@pytest.fixture
def number(requester):
    return requester.file()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", path) for path in READS] + [("POST", path) for path in WRITES]
)
def test_nobody_comes_in_without_a_name(number, method, path):
    anonymous = Caller(Client())
    answer = anonymous.call(method, path.format(number=number), {} if method == "POST" else None)
    refused(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Token wrong", "Bearer", "bearer  ", "Bearer \xff"]
)
def test_an_unknown_token_is_refused(world, header):
    refused(Caller(Client(), Authorization=header).get("cases/"), 401)


def test_a_token_works_with_either_word_until_it_is_revoked(requester):
    secret = requester.headers["Authorization"].removeprefix("Bearer ")
    caller = Caller(Client(), Authorization=f"Token {secret}")
    assert caller.get("cases/").status_code == 200
    ApiToken.objects.update(revoked_at="2026-11-23T00:00:00Z")
    refused(caller.get("cases/"), 401)


def test_a_token_of_somebody_who_left_is_refused(requester, world):
    world["requester"].is_active = False
    world["requester"].save(update_fields=["is_active"])
    refused(requester.get("cases/"), 401)


def test_a_session_needs_the_csrf_token_to_write(by_session):
    caller = by_session("requester")
    assert caller.get("cases/").status_code == 200
    refused(caller.post("cases/", FILING, **{"X-CSRFToken": "x"}), 403)
    assert caller.post("cases/", FILING).status_code == 201


@pytest.mark.parametrize("path", OF_ONE_CASE)
def test_a_stranger_finds_nothing(number, stranger, path):
    refused(stranger.get(path.format(number=number)), 404)
    assert stranger.get(path.format(number="REQ-2026-09999")).content == (
        stranger.get(path.format(number=number)).content
    )


def test_a_stranger_cannot_touch_a_case(number, stranger, desk):
    task = desk.get(f"cases/{number}/").json()["tasks"][0]["id"]
    for path in WRITES[1:]:
        body = {"target": number, "relation": "relates", "body": "x", "to": "desk"}
        if "attachments" in path:
            continue  # multipart: see test_talk
        refused(stranger.post(path.format(number=number).replace("/1/", f"/{task}/"), body), 404)
    refused(stranger.delete(f"cases/{number}/watch/"), 404)


def test_an_unknown_action_kind_or_address_is_not_found(number, requester):
    refused(requester.post(f"cases/{number}/actions/explode/", {}), 404)
    refused(requester.post(f"cases/{number}/actions/__init__/", {}), 404)
    refused(requester.get(f"cases/{number}/clocks/nothing/explanation/"), 404)
    refused(requester.get("nothing/here/"), 404)
    refused(requester.post("cases", FILING), 404)
    refused(requester.get(f"cases/{number}/attachments/{TOO_MANY}/"), 404)
    refused(requester.post(f"tasks/{TOO_MANY}/claim/"), 404)


def test_the_wrong_person_is_told_so(number, requester):
    message, _errors = refused(
        requester.post(f"cases/{number}/actions/reject/", {"reason": "x"}), 403
    )
    assert "Reject" in message


def test_the_wrong_state_is_told_so(number, requester):
    message, _errors = refused(requester.post(f"cases/{number}/actions/approve/", {}), 409)
    assert "Submitted" in message


def test_who_acts_on_an_old_version_is_told_so(number, requester, desk):
    desk.act(number, "start_triage")
    stale = {"reason": "x", "expected_version": 1}
    refused(requester.post(f"cases/{number}/actions/withdraw/", stale), 409)
    fresh = {"reason": "x", "expected_version": 2}
    assert requester.post(f"cases/{number}/actions/withdraw/", fresh).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "kind"),
    [
        ("cases/%00/", {}, "application/json"),
        ("cases/", {"Host": "evil.example"}, "application/json"),
        ("cases/", {"Host": ""}, "application/json"),
        ("cases/", {}, "multipart/form-data; boundary=x; charset=idna"),
        ("docs/", {"Host": "[::1"}, "application/json"),
    ],
)
def test_what_no_view_could_answer_has_the_shape_too(requester, path, headers, kind):
    answer = requester.client.generic(
        "POST", f"{API}{path}", "{}", kind, headers={**requester.headers, **headers}
    )
    message, _errors = refused(answer, 400)
    assert message == "This request cannot be read."


def test_a_body_that_breaks_off_is_no_error_of_ours(requester, monkeypatch):
    def broken_off(*args):
        raise UnreadablePostError

    monkeypatch.setattr(WSGIRequest, "read", broken_off)
    refused(requester.post("cases/", FILING), 400)


def test_a_form_with_half_a_head_is_told_so(number, requester):
    refused(requester.client.generic(
        "POST", f"{API}cases/{number}/attachments/", "--x", "multipart/form-data; boundary=",
        headers=requester.headers,
    ), 400)  # fmt: skip


def test_the_pages_of_the_contract_refuse_in_json(requester):
    refused(requester.post("docs/", {}), 405)
    refused(requester.call("OPTIONS", "docs/"), 405)
    for accept in ("x", "application/xml", "text/plain"):
        assert requester.get("docs/", Accept=accept).status_code == 200


def test_the_wrong_method_or_type_is_told_so(number, requester):
    answer = requester.call("PUT", "cases/", {})
    refused(answer, 405)
    refused(requester.call("OPTIONS", "cases/"), 405)
    refused(requester.call("POST", "schema/"), 405)
    sent = requester.client.post(
        f"{API}cases/", "<a/>", content_type="text/xml", headers=requester.headers
    )
    refused(sent, 415)
    refused(requester.post(f"cases/{number}/attachments/", {"file": "x"}), 415)


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "",
        "nonsense",
        "[" * 100_000,
        b"\xff\xfe",
        '{"a": NaN}',
        "9" * 5000,
        '{"a": 1}}',
        '{"a": 1, "a": 1}',
    ],
)
def test_what_is_not_json_is_told_so(number, requester, body):
    answer = requester.post("cases/", body)
    if body == "":
        refused(answer, 422)  # nothing sent is an empty object
    else:
        refused(answer, 400)


def test_json_is_read_as_utf_8_whatever_the_header_says(requester):
    sent = requester.client.generic(
        "POST", f"{API}cases/", json.dumps(FILING), "application/json; charset=hex",
        headers=requester.headers,
    )  # fmt: skip
    assert sent.status_code == 201


def test_too_large_a_body_is_told_so(requester, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    refused(requester.post("cases/", {**FILING, "wanted": "x" * 1000}), 413)


@pytest.mark.parametrize("body", [[], [1], "text", 5, None, True, 1.5])
def test_a_body_is_an_object(number, requester, body):
    sent = json.dumps(body)
    refused(requester.post("cases/", sent), 422)
    refused(requester.post(f"cases/{number}/actions/withdraw/", sent), 422)
    refused(requester.post(f"cases/{number}/comments/", sent), 422)
    refused(requester.post(f"cases/{number}/links/", sent), 422)


STRANGE = [
    [], ["x"], {}, {"a": 1}, True, "a\x00b", "\ud800", TOO_MANY, -1, 1e308, "x" * 100_000, None,
    [[]], "", " ", "२", 0.1, ["a\x00"],
]  # fmt: skip


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize(
    "field", ["title", "service", "wanted", "desired_on", "urgency", "on_behalf_of", "attachments"]
)
def test_a_strange_value_is_refused_by_its_field_or_taken_as_text(requester, field, value):
    answer = requester.post("cases/", {**FILING, field: value})
    if answer.status_code == 201:
        return
    _message, errors = refused(answer, 422)
    assert field in errors
    assert all(isinstance(one, str) and one for one in errors[field])
    assert not Case.objects.exists()


@pytest.fixture
def assessed(requester, desk):
    number = requester.file()
    desk.act(number, "pass_to_assessment", service="erp", priority="low", size="small")
    return number


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("field", ["effort_analysis", "due_on", "risk"])
def test_a_strange_value_is_refused_by_its_field_or_taken_as_a_number(
    assessed, by_token, field, value
):
    body = {
        "solution": "x", "effort_analysis": 1, "effort_development": 1, "effort_testing": 1,
        "risk": "low", "due_on": "2026-12-04", "requirement_document": "y", field: value,
    }  # fmt: skip
    answer = by_token("analyst").post(f"cases/{assessed}/actions/propose/", body)
    if answer.status_code == 200:
        assert (field, value) in [("effort_analysis", 0.1), ("effort_analysis", "२")]
        return
    _message, errors = refused(answer, 422)
    assert field in errors


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", [], {}, True])
def test_what_is_no_text_is_refused_with_a_sentence(number, requester, value):
    _message, errors = refused(requester.post("cases/", {**FILING, "title": value}), 422)
    assert errors["title"]
    for path, field in [
        (f"cases/{number}/actions/withdraw/", "reason"),
        (f"cases/{number}/comments/", "body"),
        (f"cases/{number}/links/", "target"),
        (f"cases/{number}/links/", "relation"),
    ]:
        _message, errors = refused(requester.post(path, {field: value}), 422)
        assert errors[field]


@pytest.mark.parametrize("value", [0, 1.5, True, [], {}, None])
def test_what_is_sent_of_another_type_is_refused(number, requester, desk, value):
    task = desk.get(f"cases/{number}/").json()["tasks"][0]["id"]
    for path, field in [
        (f"cases/{number}/comments/", "body"),
        (f"cases/{number}/links/", "target"),
        (f"tasks/{task}/assign/", "to"),
    ]:
        body = {"relation": "relates", field: value}
        _message, errors = refused(desk.post(path, body), 422)
        assert list(errors) == [field]
    if value is not True:
        path = f"cases/{number}/comments/"
        _message, errors = refused(desk.post(path, {"body": "x", "is_internal": value}), 422)
        assert list(errors) == ["is_internal"]


@pytest.mark.parametrize(
    "version", ["abc", 2**70, -1, True, [], {}, 1.5, "", "1 ", "२", "9" * 4000]
)
def test_an_expected_version_is_a_version_number(number, requester, version):
    body = {"reason": "x", "expected_version": version}
    _message, errors = refused(requester.post(f"cases/{number}/actions/withdraw/", body), 422)
    assert list(errors) == ["expected_version"]


@pytest.mark.parametrize("kind", ["nothing", None, [], {}, 5, "optimization\x00"])
def test_a_kind_that_does_not_exist_is_refused_by_its_field(requester, kind):
    _message, errors = refused(requester.post("cases/", {**FILING, "kind": kind}), 422)
    assert list(errors) == ["kind"]


def test_missing_fields_are_named_all_at_once(requester):
    _message, errors = refused(requester.post("cases/", {"kind": "optimization"}), 422)
    assert {"title", "service", "wanted", "urgency"} <= set(errors)


@pytest.mark.parametrize(
    "query",
    [
        "q=%00", "service=%00", "unit=a%00", "requester=%00", "kind=%00", "state=%00",
        "ordering=password", "ordering=requester__password", "ordering=,", "ordering=number,",
        "ordering=", "open=",
        "open=maybe", "open=2", "limit=x",
        "limit=0", "limit=-1", "limit=1.5", "limit=", "limit=२", "offset=-1", "offset=x",
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused(requester, query):
    refused(requester.get(f"cases/?{query}"), 422)


@pytest.mark.parametrize(
    "query",
    [
        f"limit={TOO_MANY}", f"offset={TOO_MANY}", "open=TRUE", "limit=200", "offset=0",
        "q=%ff", f"q={'x' * 3000}", "q='", "q=%25", "q=_", "format=xml", "foo=bar",
    ],
)  # fmt: skip
def test_a_question_that_makes_little_sense_is_answered(requester, query):
    assert requester.get(f"cases/?{query}").status_code in (200, 404)


def test_an_unknown_view_of_tasks_is_refused(desk):
    _message, errors = refused(desk.get("tasks/?view=everything"), 422)
    assert list(errors) == ["view"]


def test_refusals_speak_the_callers_language(number, requester):
    path = f"cases/{number}/actions/withdraw/"
    english, _errors = refused(requester.post(path, {}), 422)
    assert english == "Please correct what is marked."
    _message, errors = refused(requester.post(path, {}, **{"Accept-Language": "zh-hans"}), 422)
    assert errors == {"reason": ["该字段是必填项。"]}


def test_whoever_asks_too_often_is_told_when_to_come_back(requester, settings):
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"user": "2/minute"},
    }  # fmt: skip
    assert requester.get("kinds/").status_code == 200
    assert requester.get("kinds/").status_code == 200
    answer = requester.get("kinds/")
    refused(answer, 429)
    assert 0 < int(answer["Retry-After"]) <= 61


def test_an_error_of_ours_keeps_the_shape_and_is_logged(requester, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("workflows.api.cases.registered", broken)
    requester.client.raise_request_exception = False
    refused(requester.get("kinds/"), 500)
    assert "ZeroDivisionError" in caplog.text
