"""The company that is measured: 50 offices in 10 regions, 2000 people, 400 systems.

Run as a program it founds the database that DATABASE_URL names. Everybody has a token of the API
that follows from the user name, so that the load is spread over as many people as there are.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta

import django

REGIONS, OFFICES, REQUESTERS, SYSTEMS = 10, 5, 36, 400
STAFF = {"desk": 4, "analyst": 4, "developer": 6, "tester": 4, "owner": 1, "inbox": 1}
"""How many of each there are in a region; `inbox` is an analyst with a fixed number of tasks."""


def token_of(username: str) -> str:
    return f"bench-{username}-{'x' * 24}"


def region_of(number: int) -> str:
    return f"region{number % REGIONS}"


def staff_of(region: str, role: str) -> list[str]:
    return [f"{role}{number}.{region}" for number in range(STAFF[role])]


def requester_of(number: int) -> str:
    """Return one of the requesters of the region `region_of(number)`, one after the other."""
    office = number // REGIONS % OFFICES
    return f"person{number // REGIONS // OFFICES % REQUESTERS}.office{office}.{region_of(number)}"


def build(at: datetime) -> None:
    import agreements.demo
    import people.demo
    from people.models import Unit

    people.demo.build(at)
    agreements.demo.build(at)
    group = Unit.objects.get(code="group")
    for number in range(REGIONS):
        region = Unit.objects.create(
            code=region_of(number), name=f"Region {number}", kind=Unit.Kind.REGION, parent=group
        )
        for office in range(OFFICES):
            Unit.objects.create(
                code=f"office{office}.{region.code}", name=f"Office {number}-{office}",
                name_zh=f"第{number}-{office}办事处", kind=Unit.Kind.OFFICE, parent=region,
            )  # fmt: skip
    _people(at)
    _systems()
    _tokens()
    _groups()


def _groups() -> None:
    """Give everybody in a role the permission that stands for it in the peer."""
    from django.contrib.auth.models import Group, Permission

    from people.models import User

    for permission in Permission.objects.filter(content_type__app_label="bench"):
        group = Group.objects.create(name=permission.codename)
        group.permissions.add(permission)
        group.user_set.add(*User.objects.filter(username__startswith=permission.codename))


def _people(at: datetime) -> None:
    from people.models import Grant, Unit, User
    from people.roles import Role

    units = {unit.code: unit for unit in Unit.objects.all()}
    roles = {
        "desk": Role.SERVICE_DESK, "analyst": Role.ANALYST, "developer": Role.DEVELOPER,
        "tester": Role.TESTER, "owner": Role.SYSTEM_OWNER, "inbox": Role.ANALYST,
    }  # fmt: skip
    found, grants = [], []

    def somebody(name: str, unit: Unit) -> User:
        language = ("zh-hans", "en")[len(found) % 2]
        found.append(
            User(username=name, display_name=f"员工 {name}", unit=unit, language=language,
                 email=f"{name}@bench.invalid", password="!")
        )  # fmt: skip
        return found[-1]

    for number in range(REGIONS):
        region = units[region_of(number)]
        for role, count in STAFF.items():
            for name in staff_of(region.code, role)[:count]:
                user = somebody(name, region)
                grants.append(
                    Grant(user=user, role=roles[role], unit=region, from_at=at - timedelta(365))
                )
    for number in range(REGIONS * OFFICES * REQUESTERS):
        name = requester_of(number)
        somebody(name, units[name.partition(".")[2]])
    User.objects.bulk_create(found)
    Grant.objects.bulk_create(grants)


def _systems() -> None:
    from agreements.models import Service
    from people.models import User

    above = Service.objects.filter(kind=Service.Kind.PRODUCT_CLASS).order_by("pk")[0]
    owners = list(User.objects.filter(username__startswith="owner0.").order_by("username"))
    for number in range(SYSTEMS):
        Service.objects.create(
            code=f"system{number}", kind=Service.Kind.SYSTEM, parent=above, name=f"System {number}",
            name_zh=f"业务系统{number}", owner=owners[number % len(owners)],
        )  # fmt: skip


def _tokens() -> None:
    from people.models import ApiToken, User

    ApiToken.objects.bulk_create(
        ApiToken(user=user, name="bench", digest=hashlib.sha256(secret.encode()).hexdigest())
        for user in User.objects.filter(is_active=True)
        for secret in [token_of(user.username)]
    )


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    call_command("migrate", verbosity=0, run_syncdb=True)
    build(timezone.now() - timedelta(minutes=1))


if __name__ == "__main__":
    main()
