"""Search finds Chinese without spaces, and English by the beginnings of words."""

import pytest

from tests.changes.walking import Walk, walk
from workflows.models import Case
from workflows.search import token_text, tokens

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("数据库 VPN", ["数据", "据库", "vpn"]),
        ("ERP报表v2", ["erp", "报表", "v2"]),
        ("表", ["表"]),
        ("REQ-2026-00042", ["req", "2026", "00042"]),
        ("Müller's naïve_plan", ["müller", "s", "naïve", "plan"]),
        ("%_!?、。", []),
    ],
)
def test_text_is_cut_into_words_and_pairs(text, found):
    assert tokens(text) == found


def test_each_word_is_kept_once():
    assert token_text("a b A 报表 报表") == " a b 报表 "


@pytest.fixture
def cases(world):
    Walk(world, title="财务报表自动汇总", wanted="每月的 VPN 登录数据")
    Walk(world, title="Slow ERP报表", wanted="The monthly report takes 100% too long")
    Walk(world, title="Door badge", wanted="snake_case is not snakeXcase")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("报表", [1, 2]),  # two characters
        ("自动汇总", [1]),
        ("汇总自动", []),  # every pair must be there: 总自 is not
        ("表", [1, 2]),  # one character is looked for in the title
        ("数据", [1]),  # in the text, not the title
        ("ERP", [2]),
        ("erp 报表", [2]),
        ("erp报表", [2]),
        ("month", [2]),  # the beginning of a word
        ("onthly", []),  # but not its middle
        ("vpn 报表", [1]),
        ("REQ-2026-00003", [3]),
        ("00003", [3]),
        ("100%", [2]),
        ("snake", [3]),
        ("snakeXc", [3]),
        ("sn_ke", []),  # no wildcards: sn and ke must begin words
        ("nothing", []),
        ("", [1, 2, 3]),
    ],
)
def test_words_find_cases(cases, words, found):
    numbers = Case.objects.matching(words).order_by("pk").values_list("number", flat=True)
    assert list(numbers) == [f"REQ-2026-0000{n}" for n in found]


def test_what_is_written_later_is_found_too(world):
    walk(world, "assessing").act("analyst", "propose", solution="物化视图")
    assert Case.objects.matching("物化视图").exists()
