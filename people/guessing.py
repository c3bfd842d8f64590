"""Wrong codes of the second step count as wrong passwords do: five, then a wait (django-axes)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.mfa.signals import authentication_failed
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from people.models import User


def may_try(request: HttpRequest, user: User) -> bool:
    """Tell whether `user` may try again from where `request` comes from."""
    allowed: bool = AxesProxyHandler.is_allowed(request, {"username": user.username})
    return allowed


def count_failure(request: HttpRequest, user: User) -> None:
    """Count a failure; the one that is too many is answered by `people.views.locked_out`."""
    user_login_failed.send(
        sender=__name__, credentials={"username": user.username}, request=request
    )


def wait_until(at: datetime) -> datetime:
    """Return when somebody who failed once too often at `at` may try again."""
    until: datetime = at + settings.AXES_COOLOFF_TIME
    return until


@receiver(authentication_failed)
def count_wrong_code(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    count_failure(request, user)
