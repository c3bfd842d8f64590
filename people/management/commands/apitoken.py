from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from people.models import ApiToken, User
from people.tokens import issue_token


class Command(BaseCommand):
    help = "Print a new API token of a person; --revoke makes all of theirs worthless."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line")
        parser.add_argument("--scope", choices=ApiToken.Scope.values, default="everything")
        parser.add_argument("--revoke", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person called {options['username']}.")
        if options["revoke"]:
            live = ApiToken.objects.filter(user=user, revoked_at__isnull=True)
            self.stdout.write(f"{live.update(revoked_at=timezone.now())} revoked")
            return
        self.stdout.write(issue_token(user=user, name=options["name"], scope=options["scope"]))
