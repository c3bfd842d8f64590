#!/usr/bin/env bash
# Run the suite: on PostgreSQL what says something about the database, then everything on SQLite.
# The whole suite comes last, so that the last line of the output counts all of it.
set -euo pipefail
python=${PY:-.venv/bin/python}

unset DATABASE_URL
if [ -n "${TEST_DATABASE_URL:-}" ]; then
  echo "On PostgreSQL: tests marked engine or postgres"
  DATABASE_URL=$TEST_DATABASE_URL "$python" -m pytest -n auto -m "(engine or postgres) and not proof"
fi
echo "On SQLite: every test"
exec "$python" -m pytest -n auto -m "not proof${TEST_DATABASE_URL:+ and not postgres}" "$@"
