"""Django's PostgreSQL, which plans the statements of this package once per connection.

A plan made once is made without the values. For a row by its key that is as good as any; for lists
and searches it is not, so that whatever the ORM builds each time is planned each time.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base

from rows.slots import Statement


class Cursor(base.ServerBindingCursor):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        options.setdefault("prepare", None if isinstance(query, Statement) else False)
        return super().execute(query, params, **options)  # type: ignore[misc]  # the stubs know another psycopg


PLANS = 500
"""Statements kept planned per connection; a step of a process has about thirty."""


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        return {**parameters, "cursor_factory": Cursor}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.prepared_max = PLANS
        return connection
