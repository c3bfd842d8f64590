"""Found a house in the database that DATABASE_URL names; run by `House.found`.

Migrates, builds the people, the agreement and the criteria of the demo world without any case,
and prints a token of the API for everybody, as JSON.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    import agreements.demo
    import people.demo
    import projects.defaults
    from agreements.actions import Loaded
    from people.models import User
    from people.tokens import issue_token

    call_command("migrate", verbosity=0)
    at = timezone.now() - timedelta(minutes=1)
    people.demo.build(at)
    agreements.demo.build(at)
    projects.defaults.load(Loaded([], []))
    tokens = {
        user.username: issue_token(user=user, name="proof")
        for user in User.objects.filter(is_active=True)
    }
    print(json.dumps(tokens))


if __name__ == "__main__":
    main()
