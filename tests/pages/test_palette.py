"""The palette, as a page and as the list in the shell's dialog."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import time_machine
from django.test import Client

from people.models import Grant, User
from tests.changes.walking import QUARTER, walk
from tests.world import NOON
from workflows.actions import watch_case
from workflows.models import Case

PART = {"HX-Request": "true", "HX-Target": "og-palette-list"}
MOST = 8


def client(user):
    User.objects.update(language="en")
    browser = Client()
    browser.force_login(user)
    return browser


def asked(user, words="", **headers):
    with time_machine.travel(NOON + QUARTER, tick=False):
        return client(user).get("/palette/", {"q": words}, headers=headers)


def found(user, words=""):
    """Return what is offered, the lines of each group by its key."""
    groups = asked(user, words).context["groups"]
    return {group.key: group.choices for group in groups}


def labels(choices):
    return [choice.label for choice in choices]


def test_nothing_typed_offers_ones_latest_cases_and_the_commands(world):
    case = walk(world).case
    offered = found(world["requester"])
    assert list(offered) == ["cases", "commands"]
    assert [one.number for one in offered["cases"]] == [case.number]
    assert {"Go to: Inbox", "Go to: Cases", "Print this page", "Log out"} <= set(
        labels(offered["commands"])
    )
    assert offered["commands"][-2].value == "zh-hans"


def test_a_watched_case_is_among_the_latest(world):
    case = walk(world).case
    assert "cases" not in found(world["service_manager"])
    watch_case(case=case, actor=world["service_manager"], at=NOON)
    assert [one.number for one in found(world["service_manager"])["cases"]] == [case.number]


def test_the_exact_number_comes_first(world):
    numbers = [walk(world).case.number for _again in range(3)]
    case = Case.objects.get(number=numbers[0])
    Case.objects.filter(number=numbers[1]).update(number=f"{case.number}9")
    offered = found(world["requester"], case.number.lower())
    assert next(iter(offered)) == "cases"
    assert [one.number for one in offered["cases"]] == [case.number, f"{case.number}9"]


def test_cases_are_found_by_their_words_and_end_in_the_whole_search(world):
    case = walk(world).case
    word = case.title.split()[0]
    offered = found(world["requester"], word)
    assert case.number in [one.number for one in offered["cases"]]
    assert offered["all"][0].url == f"/cases/?q={quote(word)}"


@pytest.mark.parametrize("by", ["number", "title"])
def test_a_case_one_may_not_see_is_not_found(world, by):
    case = walk(world).case
    Grant.objects.filter(user=world["requester2"]).delete()
    assert "cases" not in found(world["requester2"], getattr(case, by))


@pytest.mark.parametrize("words", ["1", "REQ-1", "req-00001"])
def test_a_number_is_found_as_people_say_it(world, words):
    case = walk(world).case
    walk(world)
    assert [one.number for one in found(world["desk"], words)["cases"]] == [case.number]


def test_people_lead_to_their_cases_for_those_who_work_here(world):
    case, name = walk(world).case, world["requester"].display_name or "requester"
    (asker,) = [one for one in found(world["desk"], name)["people"] if one.note == "requester"]
    page = client(world["desk"]).get(asker.url)
    assert [row[0].case.number for row in page.context["rows"]] == [case.number]
    assert "people" not in found(world["requester"], name)


def test_systems_lead_to_their_cases(world):
    (system,) = found(world["requester"], "portal")["systems"]
    assert system.url == "/cases/?service=portal"


def test_a_command_is_found_by_every_word_of_it(world):
    assert labels(found(world["requester"], "go INBOX")["commands"]) == ["Go to: Inbox"]
    assert "commands" not in found(world["requester"], "go nowhere")


def test_only_what_one_may_file_is_offered(world):
    def filed(who):
        return [one.url for one in found(world[who], "new")["commands"] if one.url]

    assert "/new/project/" in filed("pm")
    assert "/new/project/" not in filed("requester")


def test_signs_alone_find_no_case(world):
    walk(world)
    assert "cases" not in found(world["requester"], "?!")


def test_the_dialog_gets_the_list_alone(world):
    page = asked(world["requester"], "inbox", **PART).content.decode()
    assert "<html" not in page
    assert page.count('role="option"') == 2  # the command, and the whole search


def test_who_is_not_logged_in_finds_nothing(world):
    assert Client().get("/palette/").url.startswith("/login/")


@pytest.mark.parametrize("words", ["", "portal", "SR-2026-0001"])
def test_it_asks_no_more_often_for_more_cases(world, words, django_assert_max_num_queries):
    browser = client(world["desk"])
    for _ten in range(2):
        for _again in range(10):
            walk(world)
        with time_machine.travel(NOON + QUARTER, tick=False), django_assert_max_num_queries(MOST):
            assert browser.get("/palette/", {"q": words}, headers=PART).status_code == 200


# -- the shell -------------------------------------------------------------------------------------
def places(world, path):
    with time_machine.travel(NOON + QUARTER, tick=False):
        nav = client(world["requester"]).get(path).context["shell"]["nav"]
    return {str(place["label"]): place["current"] for place in nav if place["current"]}


def test_a_place_is_current_on_its_page_and_above_what_lies_below(world):
    case = walk(world).case
    assert places(world, "/cases/") == {"Cases": "page"}
    assert places(world, case.get_absolute_url()) == {"Cases": "true"}
    assert places(world, "/palette/") == {}


@pytest.mark.parametrize(("wants", "said"), [(True, "on"), (False, "off")])
def test_the_page_says_whether_one_wants_single_keys(world, wants, said):
    User.objects.update(has_single_key_shortcuts=wants)
    assert f'data-og-keys="{said}"' in asked(world["requester"]).content.decode()


@pytest.mark.parametrize(("who", "letters"), [("requester", "IC"), ("pm", "ICKB")])
def test_the_list_of_keys_has_the_places_of_ones_rail_and_no_others(world, who, letters):
    with time_machine.travel(NOON, tick=False):
        shell = client(world[who]).get("/help/keys/").context["shell"]
    (ways,) = (keys for group, keys in shell["shortcuts"] if str(group).startswith("Go to"))
    assert "".join(key for key, _label in ways) == letters
