import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse

from agreements.actions import draft_version, revise_standard
from agreements.models import Calendar, CalendarVersion, Service, Standard, StandardVersion
from people.models import User
from tests.agreements.instants import at

# The templates are Django's own; they use variables that are not always there.
pytestmark = pytest.mark.ignore_template_errors

TABLES = [
    "agreement",
    "agreementversion",
    "calendar",
    "calendarversion",
    "service",
    "standard",
    "standardversion",
]


@pytest.fixture
def manager_client(client: Client, service_manager: User, defaults: None) -> Client:
    client.force_login(service_manager, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("table", TABLES)
def test_lists_and_forms_open(manager_client: Client, table: str) -> None:
    for page in ("changelist", "add"):
        response = manager_client.get(reverse(f"admin:agreements_{table}_{page}"))
        assert response.status_code == 200


@pytest.mark.parametrize("model", [Service, Calendar, CalendarVersion, Standard, StandardVersion])
def test_rows_open(manager_client: Client, model: type) -> None:
    name = f"admin:agreements_{model._meta.model_name}_change"
    response = manager_client.get(reverse(name, args=[model.objects.first().pk]))
    assert response.status_code == 200


@pytest.mark.parametrize(
    "sent", ["[" * 10_000, "9" * 5000, "nonsense", '{"a": NaN', "\ud800".encode("utf-8", "replace")]
)
def test_what_is_no_json_is_refused(manager_client: Client, sent: str) -> None:
    page = reverse("admin:agreements_standardversion_add")
    answer = manager_client.post(page, {"warn_at": sent})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["warn_at"]


@pytest.mark.parametrize("sent", ["Infinity", "\u202ex", str(2**63), "9" * 5000, "²", "-1"])
@pytest.mark.parametrize(("table", "field"), [("service", "parent"), ("standard", "service")])
def test_what_is_no_row_is_refused(
    manager_client: Client, table: str, field: str, sent: str
) -> None:
    answer = manager_client.post(reverse(f"admin:agreements_{table}_add"), {field: sent})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors[field]


def test_published_calendar_version_is_read_only(manager_client: Client) -> None:
    version = CalendarVersion.objects.get(calendar__code="business-hours")
    url = reverse("admin:agreements_calendarversion_change", args=[version.pk])
    assert 'name="timezone"' not in manager_client.get(url).content.decode()
    delete = reverse("admin:agreements_calendarversion_delete", args=[version.pk])
    assert manager_client.post(delete, {"post": "yes"}).status_code == 403


def test_recorded_standard_can_only_be_confirmed_or_ended(manager_client: Client) -> None:
    version = StandardVersion.objects.get(standard__code="optimization-response")
    url = reverse("admin:agreements_standardversion_change", args=[version.pk])
    form = manager_client.get(url).context["adminform"].form
    assert sorted(form.fields) == ["effective_to", "is_contractual"]
    data = {"is_contractual": "on", "effective_to_0": "", "effective_to_1": ""}
    assert manager_client.post(url, data).status_code == 302
    version.refresh_from_db()
    assert version.is_contractual


def test_next_calendar_version_is_drafted_and_published_from_the_list(
    manager_client: Client,
) -> None:
    calendar = Calendar.objects.get(code="business-hours")
    manager_client.post(
        reverse("admin:agreements_calendar_changelist"),
        {"action": "draft_next_version", "_selected_action": [calendar.pk]},
    )
    draft = calendar.versions.get(number=2)
    page = manager_client.get(reverse("admin:agreements_calendarversion_change", args=[draft.pk]))
    assert 'name="timezone"' in page.content.decode()
    manager_client.post(
        reverse("admin:agreements_calendarversion_changelist"),
        {"action": "publish", "_selected_action": [draft.pk]},
    )
    draft.refresh_from_db()
    assert draft.published_at is not None


def test_refused_publication_says_why(manager_client: Client, service_manager: User) -> None:
    version = CalendarVersion.objects.get(calendar__code="always")
    response = manager_client.post(
        reverse("admin:agreements_calendarversion_changelist"),
        {"action": "publish", "_selected_action": [version.pk]},
        follow=True,
    )
    assert "This version is published already." in response.content.decode()


def test_changes_are_logged_with_their_author(defaults: None, service_manager: User) -> None:
    standard = Standard.objects.get(code="optimization-response")
    revised = revise_standard(
        standard, actor=service_manager, effective_from=at("2026-07-01"), amount=2
    )
    draft = draft_version(Calendar.objects.get(code="always"), actor=service_manager)
    for row in (revised, draft):
        assert LogEntry.objects.get_for_object(row).get().actor == service_manager
