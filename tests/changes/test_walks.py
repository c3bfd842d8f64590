import pytest

from changes.states import OptimizationState
from tests.changes.walking import walk

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("state", OptimizationState.values)
def test_every_state_is_reached_through_the_door(world, state):
    assert walk(world, state).case.state == state
