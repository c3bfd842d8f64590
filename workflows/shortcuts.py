"""The keys of the product: one list for the dialog that `?` opens and for the page of help."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from workflows.declarations import Place, Text

Group = tuple[Text, tuple[tuple[str, Text], ...]]
"""A group of keys by its name: each key with what it does."""

EVERYWHERE: Group = (
    _("Everywhere"),
    (
        ("Ctrl / ⌘ K", _("Find a case, a system or a command")),
        ("/", _("Go to the search")),
        ("?", _("Show these keys")),
        ("C", _("Ask for something new")),
        ("Esc", _("Close what is open")),
    ),
)
ON_PAGES: tuple[Group, ...] = (
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


def shortcuts(places: Iterable[Place]) -> list[Group]:
    """Return the keys of somebody whose rail has `places`."""
    keys = tuple((place.key.upper(), place.label) for place in places if place.key)
    return [EVERYWHERE, (_("Go to: first G, then"), keys), *ON_PAGES]
