"""Keeping data: copies that can be trusted, putting them back, and moving house.

`databases` lends and looks at databases, `fingerprints` hashes what they hold, `archives` is the
file format of a backup, `engines` copies and puts back SQLite and PostgreSQL, `backups` and `moves`
are what the commands call.
"""
