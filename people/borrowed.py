"""Sentences of Django that people read here, named so that our catalogue says them in our tone."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

PASSWORDS = (
    _("Your old password was entered incorrectly. Please enter it again."),
    _("Your password can’t be too similar to your other personal information."),
    _("Your password can’t be a commonly used password."),
    _("Your password can’t be entirely numeric."),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
        "min_length",
    ),
)
