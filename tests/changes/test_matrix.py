"""Who may do what with an optimization request in which state."""

from pathlib import Path

import pytest

from changes.states import OptimizationState
from tests.changes.walking import walk
from tests.offers import check_offers

pytestmark = pytest.mark.engine

GOLDEN = Path(__file__).parent / "golden" / "optimization.matrix.txt"


def test_the_matrix_of_state_person_and_action_is_the_reviewed_one(world):
    check_offers(GOLDEN, world, walk, OptimizationState.values)
