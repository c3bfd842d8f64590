"""Put every payload into every text that somebody can write; print where, as JSON.

Run as `python -m tests.proof.planting EACH` in the environment of a house: cases go through the
door, the rest through the models of the back office. Every EACH-th payload becomes a supplier.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import Any

import django

from tests.proof.payloads import ALL, PAYLOADS


def main(each: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.utils import timezone

    at = timezone.now() - timedelta(hours=1)
    numbers = [plant(number, at) for number in range(len(PAYLOADS))]
    rich = plant_documents(at, PAYLOADS[::each])
    plant_administration(at)
    print(json.dumps({"cases": numbers, "rich": rich}))


def plant(number: int, at: Any) -> str:
    """File a case whose people, unit, system, standard and calendar all have the payload's name.

    Of every second one the work is taken; the others lie in the queue.
    """
    from django.core.files.uploadedfile import SimpleUploadedFile

    from workflows.actions import (
        add_comment,
        assign_task,
        attach_file,
        claim_task,
        link_cases,
        release_task,
    )
    from workflows.door import open_case, perform
    from workflows.models import Case

    payload = PAYLOADS[number]
    asks, works = plant_people(number, at)
    plant_promise(number, at)
    case = open_case(
        "optimization", actor=asks, at=at, title=payload, service=f"s{number}", wanted=payload,
        reason=payload, urgency="normal",
    ).case  # fmt: skip
    claim_task(task=case.tasks.get(), actor=works, at=at)
    case = perform(case, "ask_requester", actor=works, at=at, note=payload).case
    case = perform(case, "answer", actor=asks, at=at, note=payload).case
    add_comment(case=case, body=payload, actor=works, at=at)
    add_comment(case=case, body=payload, actor=works, is_internal=True, at=at)
    upload = SimpleUploadedFile("a.txt", b"text")
    upload._name = f"{payload}.txt"  # past Django's own cleaning
    attach_file(case=case, file=upload, actor=asks, at=at)
    task = case.tasks.open().get()
    if number % 2:
        assign_task(task=task, to=works, actor=works, at=at)
    else:
        release_task(task=task, actor=works, at=at)
    if number:
        before = Case.objects.get(title=PAYLOADS[number - 1])
        link_cases(source=case, target=before, relation="relates", actor=works, at=at)
    return case.number


def plant_people(number: int, at: Any) -> tuple[Any, Any]:
    from people.models import Absence, CustomerClass, Grant, Unit, User
    from people.roles import Role

    payload, group = PAYLOADS[number], Unit.objects.get(code="group")
    unit = Unit.objects.create(
        code=f"u{number}", name=payload, name_zh=payload, parent=group, kind="office"
    )
    password = User.objects.get(username="desk").password
    asks, works = (
        User.objects.create(
            username=f"{role}{number}", display_name=payload, first_name=payload,
            last_name=payload, unit=unit, email=f"{role}{number}@demo.invalid", password=password,
        )
        for role in ("asks", "works")
    )  # fmt: skip
    Grant.objects.create(
        user=works, role=Role.SERVICE_DESK, unit=group, from_at=at - timedelta(days=9)
    )
    week = {"from_at": at - timedelta(days=9), "to_at": at - timedelta(days=2)}
    Absence.objects.create(user=asks, deputy=works, reason=payload, **week)
    CustomerClass.objects.create(user=asks, grade="B", **week)
    return asks, works


def plant_promise(number: int, at: Any) -> None:
    """Make a system with a standard of its own, in the hours of a calendar of its own."""
    from agreements.models import (
        Calendar,
        CalendarDay,
        CalendarVersion,
        Service,
        Standard,
        StandardVersion,
    )

    payload, erp = PAYLOADS[number], Service.objects.get(code="erp")
    names = {"name": payload, "name_zh": payload}
    calendar = Calendar.objects.create(code=f"c{number}", **names)
    weekly = Calendar.default().version_at(at).weekly
    version = CalendarVersion.objects.create(calendar=calendar, number=1, weekly=weekly)
    CalendarDay.objects.create(
        version=version, date=at.date() + timedelta(days=99), kind="off", source=payload, **names
    )
    version.published_at = at - timedelta(days=9)
    version.save()
    service = Service.objects.create(
        code=f"s{number}", kind="system", parent=erp.parent, owner=erp.owner, standard=payload,
        standard_zh=payload, **names,
    )  # fmt: skip
    standard = Standard.objects.create(
        code=f"st{number}", metric="response", kind="optimization", service=service, **names
    )
    StandardVersion.objects.create(
        standard=standard, number=1, amount=8, unit="business_hours", calendar=calendar,
        effective_from=at - timedelta(days=9),
    )  # fmt: skip


def plant_documents(at: Any, suppliers: list[str]) -> str:
    """Walk one case to its end, every payload in every document and note."""
    from people.models import User
    from tests.changes.walking import Walk

    world = {user.username: user for user in User.objects.all()}
    step = Walk(world, by="asks0", at=at, service="erp", title="rich", wanted=ALL, reason=ALL)
    no_time = {"after": timedelta(seconds=1)}
    due = {"due_on": (at + timedelta(days=9)).date().isoformat()}
    step.act("desk", "start_triage", **no_time)
    step.act("desk", "pass_to_assessment", note=ALL, **no_time)
    step.act("analyst", "propose", solution=ALL, requirement_document=ALL, **due, **no_time)
    step.act("owner", "approve", note=PAYLOADS[0], **no_time)
    step.act("head", "approve", note=PAYLOADS[1], **no_time)
    for payload in suppliers:
        step.act("developer", "outsource", supplier=payload[:120], reason=payload, **no_time)
        step.act("analyst", "take_back", reason=payload, **no_time)
    step.act("developer", "book_effort", worked_on=at.date().isoformat(), note=PAYLOADS[2],
             **no_time)  # fmt: skip
    step.act("developer", "hand_to_test", development_document=ALL, **no_time)
    step.act("tester", "pass_test", change_reference=PAYLOADS[7][:60],
             went_live_on=at.date().isoformat(), note=ALL, **no_time)  # fmt: skip
    step.act("asks0", "accept", rating="5", rating_comment=ALL, **no_time)
    return step.case.number


def plant_administration(at: Any) -> None:
    from django.contrib.admin.models import CHANGE, LogEntry
    from django.contrib.contenttypes.models import ContentType

    from agreements.models import Agreement, AgreementVersion
    from people.models import ApiToken, Unit, User
    from workflows.models import Outbox

    admin, units = User.objects.get(username="admin"), ContentType.objects.get_for_model(Unit)
    messages = list(Outbox.objects.order_by("pk")[: len(PAYLOADS)])
    for number, payload in enumerate(PAYLOADS):
        agreement = Agreement.objects.create(
            number=payload[:30] + str(number), name=payload, name_zh=payload, provider=payload
        )
        AgreementVersion.objects.create(
            agreement=agreement, number=1, scope=payload, assessment=payload, liability=payload,
            penalties=payload, effective_from=at,
        )  # fmt: skip
        ApiToken.objects.create(user=admin, name=payload[:80], digest=str(number))
        LogEntry.objects.create(
            user=admin, content_type=units, object_id="1", object_repr=payload,
            action_flag=CHANGE, change_message=json.dumps([{"changed": {"fields": [payload]}}]),
        )  # fmt: skip
        Outbox.objects.filter(pk=messages[number].pk).update(last_error=payload)


if __name__ == "__main__":
    main(int(sys.argv[1]))
