"""An app that lets a web worker die inside the door, where a file says; named in EXTRA_APPS.

It listens to the database and to viewflow, not to the product: `die_at` in VAR_DIR holds a point,
and the first worker that reaches it takes the file and kills itself as `kill -9` would.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

BEFORE_COMMIT, AFTER_COMMIT = "before the commit", "after the commit"
STATEMENTS = {
    "the lock": "FOR NO KEY UPDATE",
    "the event": 'INSERT INTO "workflows_event"',
    "the letters": 'INSERT INTO "workflows_outbox"',
}
POINTS = [
    "before the lock", "after the lock", "after the body", "before the event", "after the event",
    "before the letters", "after the letters", BEFORE_COMMIT, AFTER_COMMIT,
]  # fmt: skip
FILE = "die_at"


class Dying(AppConfig):
    name = "tests.proof.dying"

    def ready(self) -> None:
        connection_created.connect(listen, dispatch_uid="dying")
        die_around_commits()
        die_after_bodies()


def reached(point: str) -> None:
    """Die here, if this is the point and nobody else has died of it yet."""
    file = Path(os.environ["VAR_DIR"]) / FILE
    try:
        if file.read_text() != point:
            return
        file.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def listen(connection: Any, **_: Any) -> None:
    if die_around_statements not in connection.execute_wrappers:
        connection.execute_wrappers.append(die_around_statements)


def die_around_statements(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
) -> Any:
    names = [name for name, part in STATEMENTS.items() if part in sql]
    for name in names:
        reached(f"before {name}")
    answer = execute(sql, params, many, context)
    for name in names:
        reached(f"after {name}")
    return answer


def die_around_commits() -> None:
    original = BaseDatabaseWrapper.commit

    def commit(self: BaseDatabaseWrapper) -> None:
        reached(BEFORE_COMMIT)
        original(self)
        reached(AFTER_COMMIT)

    BaseDatabaseWrapper.commit = commit  # type: ignore[method-assign]


def die_after_bodies() -> None:
    from viewflow.fsm.base import TransitionBoundMethod

    original = TransitionBoundMethod.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = original(self, *args, **kwargs)
        reached("after the body")
        return answer

    TransitionBoundMethod.__call__ = call
