"""What is suggested while a title is typed: open cases like it, of those the person may see."""

from __future__ import annotations

import pytest

from people.actors import Actor
from tests.changes.walking import Walk, walk
from tests.world import NOON
from workflows.similar import similar_cases, telling_words

pytestmark = pytest.mark.engine


def suggested(title, person):
    return [case.title for case in similar_cases(title, Actor.of(person, NOON))]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("销售报表", ["销售", "售报", "报表"]),
        ("The ERP report of 2026", ["erp", "report"]),  # no numbers, no small words
        ("表", []),  # one character is in every second title
        ("a b %_", []),
        ("", []),
    ],
)
def test_only_telling_words_count(title, words):
    assert telling_words(title) == words


def test_who_shares_most_words_comes_first(world):
    for title in ("销售报表打印", "销售报表自动汇总", "门禁卡"):
        Walk(world, title=title, wanted="x")
    assert suggested("销售报表自动汇总", world["desk"]) == ["销售报表自动汇总", "销售报表打印"]
    assert suggested("门禁卡补办", world["desk"]) == ["门禁卡"]


def test_the_beginning_of_a_word_is_enough(world):
    Walk(world, title="Monthly totals", wanted="x")
    assert suggested("mont", world["desk"]) == ["Monthly totals"]


def test_what_is_closed_is_not_suggested(world):
    step = walk(world)
    assert suggested(step.case.title, world["desk"]) == [step.case.title]
    step.act("requester", "withdraw")
    assert suggested(step.case.title, world["desk"]) == []


def test_nothing_is_suggested_that_one_may_not_see(world):
    step = walk(world)
    assert suggested(step.case.title, world["requester"]) == [step.case.title]
    assert suggested(step.case.title, world["requester2"]) == []


def test_at_most_five_are_suggested_by_one_query(world, django_assert_num_queries):
    for _number in range(7):
        walk(world)
    who = Actor.of(world["desk"], NOON)
    with django_assert_num_queries(1):
        assert len(similar_cases("报表自动汇总", who)) == 5


def test_the_page_asks_for_the_part_with_suggestions(client, world):
    step = walk(world)
    client.force_login(world["requester"])
    page = client.get("/new/optimization/").content.decode()
    assert 'hx-get="/new/optimization/similar/"' in page
    part = client.get("/new/optimization/similar/", {"title": "报表汇总"})
    assert step.case.number in part.content.decode()
    assert "<html" not in part.content.decode()
    assert client.get("/new/optimization/similar/").content.strip() == b""
    assert client.get("/new/nothing/similar/", {"title": "报表"}).status_code == 404
    client.logout()
    assert client.get("/new/optimization/similar/", {"title": "报表"}).status_code == 302
