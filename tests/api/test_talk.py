"""Comments, files, links."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.api.test_refusals import refused

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


@pytest.fixture
def number(requester):
    return requester.file()


def png(name="图 1.png"):
    return SimpleUploadedFile(name, PNG, "text/html")


def test_both_sides_talk_and_internal_words_stay_inside(number, requester, desk):
    path = f"cases/{number}/comments/"
    said = requester.post(path, {"body": "How is it going?"})
    assert said.status_code == 201
    assert list(said.json()) == ["id", "author", "body", "is_internal", "created_at"]
    desk.post(path, {"body": "Nonsense, if you ask me.", "is_internal": True})
    assert desk.get(path).json()["count"] == 2
    seen = requester.get(path).json()
    assert (seen["count"], [one["body"] for one in seen["results"]]) == (1, ["How is it going?"])
    assert desk.get(f"cases/{number}/events/").json()["count"] == 3
    story = requester.get(f"cases/{number}/events/").json()
    assert (story["count"], [one["action"] for one in story["results"]]) == (2, ["open", "comment"])


def test_who_asked_says_nothing_internal(number, requester):
    refused(requester.post(f"cases/{number}/comments/", {"body": "psst", "is_internal": True}), 403)


@pytest.mark.parametrize("body", ["", "  ", None, "x" * 20_001])
def test_a_comment_says_something(number, requester, body):
    _message, errors = refused(requester.post(f"cases/{number}/comments/", {"body": body}), 422)
    assert list(errors) == ["body"]


def test_a_file_is_added_and_comes_back_as_it_was(number, requester, desk):
    added = requester.upload(f"cases/{number}/attachments/", file=png())
    assert added.status_code == 201
    listed = desk.get(f"cases/{number}/attachments/").json()["results"]
    assert listed == [added.json()]
    assert (listed[0]["name"], listed[0]["content_type"], listed[0]["uploaded_by"]) == (
        "图 1.png", "image/png", "requester",
    )  # fmt: skip
    answer = desk.get(f"cases/{number}/attachments/{listed[0]['id']}/")
    assert b"".join(answer.streaming_content) == PNG
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "image/png"


def test_a_file_is_only_for_who_sees_the_case(number, requester, stranger):
    path = f"cases/{number}/attachments/"
    pk = requester.upload(path, file=png()).json()["id"]
    refused(stranger.upload(path, file=png()), 404)
    refused(stranger.get(f"{path}{pk}/"), 404)
    own = stranger.file()
    refused(stranger.get(f"cases/{own}/attachments/{pk}/"), 404)


def test_a_file_that_is_gone_is_not_found(number, requester):
    from workflows.models import Attachment

    path = f"cases/{number}/attachments/"
    pk = requester.upload(path, file=png()).json()["id"]
    Attachment.objects.get().file.delete(save=False)
    refused(requester.get(f"{path}{pk}/"), 404)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"file": "text"},
        {"file": SimpleUploadedFile("a.exe", b"MZ")},
        {"file": SimpleUploadedFile("a.png", b"not a picture")},
        {"other": png()},
    ],
)
def test_what_is_no_acceptable_file_is_refused(number, requester, files):
    _message, errors = refused(requester.upload(f"cases/{number}/attachments/", **files), 422)
    assert list(errors) == ["file"]


def test_a_case_can_be_filed_with_files_in_one_go(requester):
    answer = requester.upload(
        "cases/", kind="optimization", title="With a picture", service="erp", wanted="x",
        urgency="normal", attachments=[png("a.png"), png("b.png")],
    )  # fmt: skip
    assert answer.status_code == 201, answer.content.decode()
    page = requester.get(f"cases/{answer.json()['number']}/attachments/").json()
    assert [one["name"] for one in page["results"]] == ["a.png", "b.png"]


def test_a_broken_upload_is_told_so(number, requester):
    sent = requester.client.generic(
        "POST", f"/api/v1/cases/{number}/attachments/", b"--x\r\nbroken",
        "multipart/form-data; boundary=", headers=requester.headers,
    )  # fmt: skip
    refused(sent, 400)


def test_cases_are_linked_and_say_so_from_both_sides(requester, desk):
    one, other = requester.file(), requester.file()
    answer = requester.post(f"cases/{one}/links/", {"target": other, "relation": "blocks"})
    assert answer.status_code == 201
    assert [(link["relation"], link["outgoing"], link["number"]) for link in answer.json()] == [
        ("blocks", True, other)
    ]
    back = desk.get(f"cases/{other}/").json()["links"]
    assert [(link["number"], link["outgoing"]) for link in back] == [(one, False)]
    refused(requester.post(f"cases/{one}/links/", {"target": other, "relation": "blocks"}), 409)


def test_a_link_shows_nothing_one_may_not_see(requester, stranger, desk):
    own, foreign = requester.file(), stranger.file()
    path = f"cases/{own}/links/"
    _message, errors = refused(
        requester.post(path, {"target": foreign, "relation": "relates"}), 422
    )
    assert list(errors) == ["target"]
    unknown = requester.post(path, {"target": "REQ-2026-99999", "relation": "relates"})
    assert unknown.json()["errors"] == errors
    desk.post(path, {"target": foreign, "relation": "relates"})
    assert requester.get(f"cases/{own}/").json()["links"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"target": "REQ-2026-00001", "relation": "loves"}, "relation"),
        ({"target": "REQ-2026-00001", "relation": "relates"}, "target"),  # itself
        ({"relation": "relates"}, "target"),
    ],
)
def test_a_link_that_makes_no_sense_is_refused(number, requester, body, field):
    _message, errors = refused(requester.post(f"cases/{number}/links/", body), 422)
    assert list(errors) == [field]
