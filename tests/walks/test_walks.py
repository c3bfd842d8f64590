"""Random walks of every process agree with its reference, and would find what is broken."""

from tests.walks.optimization import OPTIMIZATION
from tests.walks.runner import walk_at_random


def test_whatever_people_do_product_and_reference_agree(world):
    tally = walk_at_random(OPTIMIZATION, walks=12, steps=25)
    ways = OPTIMIZATION.ways
    assert len(tally.reached() & ways) > len(ways) / 2
    assert set(tally.refusals) == {
        "none",
        "UnknownAction",
        "NotAllowed",
        "Conflict",
        "BadData",
    }
