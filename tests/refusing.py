"""Assert that something is refused, and that the refusal leaves no trace in any table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps

from workflows.refusals import Refusal


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table a case may touch."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for app in ("workflows", "changes", "change_control", "projects")
        for model in apps.get_app_config(app).get_models()
    }


@contextmanager
def refused(by: type[Refusal], saying: str = "") -> Iterator[pytest.ExceptionInfo[Any]]:
    before = all_rows()
    with pytest.raises(by) as caught:
        yield caught
    assert caught.type is by
    assert saying in f"{caught.value} {getattr(caught.value, 'errors', '')}"
    assert all_rows() == before
