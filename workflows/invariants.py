"""What must hold of every case at every moment, asked of the database as it is.

Each rule yields a sentence for every row that breaks it; an engine that keeps its word yields none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from workflows.events import broken_chains, missing_numbers


def violations(at: datetime) -> Iterator[str]:
    """Yield a sentence for everything that is not as it must be at `at`."""
    yield from broken_chains()
    yield from missing_numbers()
