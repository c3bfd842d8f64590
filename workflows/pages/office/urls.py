"""Addresses of the back office."""

from django.urls import path

from workflows.pages.office import (
    audit,
    calendars,
    health,
    messages,
    people,
    standards,
    start,
    tokens,
)

urlpatterns = [
    path("", start.show_office, name="office"),
    path("people/", people.list_people, name="office_people"),
    path("people/new/", people.add_person, name="office_person_new"),
    path("people/<int:pk>/", people.show_person, name="office_person"),
    path("calendars/", calendars.list_calendars, name="office_calendars"),
    path("calendars/<slug:code>/", calendars.show_calendar, name="office_calendar"),
    path("calendars/<slug:code>/try/", calendars.try_calendar, name="office_try"),
    path("standards/", standards.list_standards, name="office_standards"),
    path("standards/<slug:code>/", standards.show_standard, name="office_standard"),
    path("services/", standards.list_promises, name="office_promises"),
    path("messages/", messages.list_messages, name="office_messages"),
    path("webhooks/", tokens.list_webhooks, name="office_webhooks"),
    path("tokens/", tokens.list_tokens, name="office_tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke_token, name="office_token_revoke"),
    path("health/", health.show_health, name="office_health"),
    path("audit/", audit.list_changes, name="office_audit"),
]
