"""The keys of the product: one list for the dialog that `?` opens and for the page of help."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.declarations import Text

SHORTCUTS: tuple[tuple[Text, tuple[tuple[str, Text], ...]], ...] = (
    (
        _("Everywhere"),
        (
            ("Ctrl / ⌘ K", _("Find a case, a system or a command")),
            ("/", _("Go to the search")),
            ("?", _("Show these keys")),
            ("C", _("Ask for something new")),
            ("Esc", _("Close what is open")),
        ),
    ),
    (
        _("Go to: first G, then"),
        (
            ("I", _("Inbox")),
            ("C", _("Cases")),
            ("B", _("Projects and their gates")),
            ("K", _("Change calendar")),
        ),
    ),
    (
        _("In a list"),
        (
            ("J / K", _("Next and previous row")),
            ("O / Enter", _("Open the row")),
            ("X", _("Select the row")),
            ("A", _("Take the work")),
            ("H", _("Put it off until later")),
        ),
    ),
    (
        _("In a case or on a sheet"),
        (
            ("M", _("Write a comment")),
            ("E", _("Edit")),
            ("1 / 2 / 3", _("Choose the first, second or third decision")),
            ("Ctrl / ⌘ Enter", _("Send what you are writing")),
        ),
    ),
)
"""Groups of keys: name of the group, then each key with what it does."""
