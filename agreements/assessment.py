"""The assessment of the service by its customers' satisfaction (M16)."""

from decimal import Decimal

BEST, LOW, GOOD = Decimal(5), Decimal("2.8"), Decimal(4)


def next_target(achieved: Decimal) -> Decimal:
    """Return the next quarter's satisfaction target for the average achieved in the last (M16).

    x ≤ 2.8 → 3; 2.8 < x < 4 → x + 20 % of (5 − x); 4 ≤ x ≤ 5 → x + 5 % of (5 − x). Not rounded.
    Raises ValueError outside 1..5.
    """
    if not 1 <= achieved <= BEST:
        raise ValueError(f"Satisfaction lies between 1 and 5, not at {achieved}.")
    if achieved <= LOW:
        return Decimal(3)
    share = Decimal("0.20") if achieved < GOOD else Decimal("0.05")
    return achieved + share * (BEST - achieved)
