"""What a proof lets the product do in a process of its own: `python -m tests.proof.errands …`.

`webhook=ADDRESS` makes one, `file=N` files N cases and prints their numbers, `relay=SECONDS` lets
a relay run that much later, `violations` prints what is not as it must be; one after the other.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

import django


def make_webhook(address: str) -> None:
    from people.models import User
    from workflows.models import Webhook

    owner = User.objects.get(username="service_manager")
    Webhook.objects.create(name=address, address=address, owner=owner)


def file_cases(count: str) -> None:
    from people.models import User
    from tests.changes.walking import FILING
    from workflows.door import open_case

    requester = User.objects.get(username="requester")
    for _ in range(int(count)):
        print(open_case("optimization", actor=requester, **FILING).case.number)


def run_relay(seconds: str) -> None:
    from django.utils import timezone

    from workflows.relay import relay

    relay(timezone.now() + timedelta(seconds=float(seconds)))


def print_violations(_: str) -> None:
    from django.utils import timezone

    from workflows.invariants import violations

    for sentence in violations(timezone.now()):
        print(sentence)


ERRANDS = {
    "webhook": make_webhook,
    "file": file_cases,
    "relay": run_relay,
    "violations": print_violations,
}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for argument in sys.argv[1:]:
        name, _, value = argument.partition("=")
        ERRANDS[name](value)
