from decimal import Decimal

import pytest

from agreements.assessment import next_target


@pytest.mark.parametrize(
    ("achieved", "target"),
    [
        ("1", "3"),
        ("2.8", "3"),
        ("2.81", "3.248"),  # 2.81 + 0.20 × 2.19
        ("3", "3.4"),  # 3 + 0.20 × 2
        ("3.99", "4.192"),  # 3.99 + 0.20 × 1.01
        ("4", "4.05"),  # 4 + 0.05 × 1
        ("4.6", "4.62"),  # 4.6 + 0.05 × 0.4
        ("5", "5"),
    ],
)
def test_target_rises_by_the_rule_of_the_agreement(achieved: str, target: str) -> None:
    assert next_target(Decimal(achieved)) == Decimal(target)


@pytest.mark.parametrize("achieved", ["0.99", "5.01"])
def test_satisfaction_outside_the_scale_is_refused(achieved: str) -> None:
    with pytest.raises(ValueError, match="between 1 and 5"):
        next_target(Decimal(achieved))
