"""The processes that are walked: each has a reference in a file of its own."""

from tests.walks.change import CHANGE
from tests.walks.gate import GATE
from tests.walks.meeting import MEETING
from tests.walks.optimization import OPTIMIZATION
from tests.walks.project import PROJECT

PROCESSES = [OPTIMIZATION, CHANGE, MEETING, PROJECT, GATE]
