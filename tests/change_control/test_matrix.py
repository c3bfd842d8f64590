"""Who may do what with a change in which state."""

from pathlib import Path

import pytest

from change_control.states import ChangeState
from tests.change_control.walking import walk
from tests.offers import check_offers

pytestmark = pytest.mark.engine

GOLDEN = Path(__file__).parent / "golden" / "change.matrix.txt"


def test_the_matrix_of_state_person_and_action_is_the_reviewed_one(world):
    check_offers(GOLDEN, world, walk, ChangeState.values)
