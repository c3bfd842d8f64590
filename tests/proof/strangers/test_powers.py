"""The back office gives nobody more than they have, and nothing of it passes the door."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from people.models import Grant, User
from tests.proof.strangers.town import Town
from workflows.models import Outbox

pytestmark = pytest.mark.ignore_template_errors  # the pages are Django's own


def fields(answer: Any) -> dict[str, Any]:
    """Return what a browser would send of the form of a person, unchanged."""
    form = answer.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    plain = {name: value for name, value in sent.items() if value not in (None, False)}
    moment = plain.pop("date_joined", None)
    if moment is not None:
        plain |= {"date_joined_0": f"{moment:%Y-%m-%d}", "date_joined_1": f"{moment:%H:%M:%S}"}
    plain.pop("last_login", None)
    counts = {"grants-TOTAL_FORMS": "0", "grants-INITIAL_FORMS": "0"}
    return {**plain, **counts}


def person_page(user: User) -> str:
    return f"/admin/people/user/{user.pk}/change/"


def test_an_administrator_makes_nobody_a_superuser(town: Town) -> None:
    browser = town.browser("administrator")
    for role in ("administrator", "same unit"):
        person = town.people[role]
        page = browser.get(person_page(person))
        assert not {"is_superuser", "groups", "user_permissions"} & set(
            page.context["adminform"].form.fields
        )
        sent = {**fields(page), "is_superuser": "on", "user_permissions": ["1"], "email": "a@b.cn"}
        answer = browser.post(person_page(person), sent)
        assert answer.status_code == 302, answer.context["adminform"].errors
        person = User.objects.get(pk=person.pk)
        assert (person.email, person.is_superuser) == ("a@b.cn", False)
        assert not person.user_permissions.exists()


def test_an_administrator_does_not_become_a_superuser_by_a_new_password(town: Town) -> None:
    browser, root = town.browser("administrator"), town.people["superuser"]
    before = User.objects.get(pk=root.pk).password
    sent = {"password1": "Xq7!mmzz9", "password2": "Xq7!mmzz9", "usable_password": "true"}
    assert browser.post(f"/admin/people/user/{root.pk}/password/", sent).status_code == 403
    assert browser.post(person_page(root), {"email": "me@b.cn"}).status_code == 403
    assert browser.post(f"/admin/people/user/{root.pk}/delete/", {"post": "yes"}).status_code == 403
    kept = User.objects.get(pk=root.pk)
    assert (kept.password, kept.email, kept.is_active) == (before, "", True)


def test_a_superuser_may_do_both(town: Town) -> None:
    browser, person = town.browser("superuser"), town.people["same unit"]
    page = browser.get(person_page(person))
    assert "is_superuser" in page.context["adminform"].form.fields
    answer = browser.post(person_page(person), {**fields(page), "is_superuser": "on"})
    assert answer.status_code == 302
    assert User.objects.get(pk=person.pk).is_superuser


def test_only_who_may_change_the_figures_may_write_them_first(town: Town) -> None:
    address = "/admin/changes/optimizationpolicy/add/"
    statuses = {
        role: town.browser(role).get(address).status_code
        for role in ("auditor", "administrator", "service manager", "superuser")
    }
    assert statuses == {
        "auditor": 403, "administrator": 403, "service manager": 200, "superuser": 200,
    }  # fmt: skip


@pytest.mark.parametrize("table", ["case", "task", "clock", "event", "outbox"])
@pytest.mark.parametrize("role", ["service manager", "administrator", "superuser"])
def test_what_the_engine_keeps_is_written_by_nobody(town: Town, role: str, table: str) -> None:
    browser = town.browser(role)
    assert browser.get(f"/admin/workflows/{table}/add/").status_code == 403
    rows = browser.get(f"/admin/workflows/{table}/").context["cl"].queryset
    for row in rows[:2]:
        for page in ("change", "delete"):
            address = f"/admin/workflows/{table}/{row.pk}/{page}/"
            assert browser.post(address, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk for row in rows[:2]]}
    browser.post(f"/admin/workflows/{table}/", {**chosen, "post": "yes"})
    assert {row.pk for row in rows[:2]} <= set(rows.model.objects.values_list("pk", flat=True))


def test_only_who_runs_delivery_sends_again(town: Town) -> None:
    message = Outbox.objects.first()
    assert message is not None
    Outbox.objects.filter(pk=message.pk).update(dead_at=message.created_at, attempts=12)
    sent = {"action": "retry", "_selected_action": [message.pk]}
    for role, is_dead in (("auditor", True), ("administrator", True), ("service manager", False)):
        town.browser(role).post("/admin/workflows/outbox/", sent)
        assert Outbox.objects.filter(pk=message.pk, dead_at__isnull=False).exists() is is_dead


def test_a_role_that_is_over_opens_no_back_office(town: Town) -> None:
    Grant.objects.filter(user=town.people["administrator"]).delete()
    assert town.browser("administrator").get("/admin/people/user/").status_code == 403


def test_a_person_who_is_no_longer_staff_is_out_at_once(town: Town) -> None:
    User.objects.filter(pk=town.people["superuser"].pk).update(is_staff=False)
    answer = town.browser("superuser").get("/admin/")
    assert answer.status_code == 302
    assert Client().get("/admin/").status_code == 302
