"""Time zones are called what their readers call them."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from people.zones import zone_choices, zone_label


@pytest.mark.parametrize(
    ("language", "label"), [("en", "China (Shanghai) Time"), ("zh-hans", "中国（上海）时间")]
)
def test_a_zone_is_named_in_the_readers_language(language: str, label: str) -> None:
    with override(language):
        assert zone_label("Asia/Shanghai") == label
        assert ("Asia/Shanghai", label) in zone_choices()


def test_a_zone_nobody_named_keeps_its_own_name() -> None:
    assert zone_label("Nowhere/Land") == "Nowhere/Land"


def test_no_place_is_offered_twice() -> None:
    zones = [zone for zone, _label in zone_choices()]
    assert len(zones) == len(set(zones))
    assert "" in zones
