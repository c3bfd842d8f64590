"""Rows read and written by SQL that is built once: for the few statements every action runs.

Django's ORM builds the SQL of a statement anew each time, which costs more than PostgreSQL needs
to run it (0.4 to 1.5 ms against 0.1 to 0.5). The engine runs some twenty statements an action;
their SQL is built by the ORM too, once per process, and run again with other values. Everything
else uses the ORM as usual. See docs/decisions/0015-statements-built-once.md.
"""

from rows.reading import Reading
from rows.writing import Change, insert, update, update_many

__all__ = ["Change", "Reading", "insert", "update", "update_many"]
