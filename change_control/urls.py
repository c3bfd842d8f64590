"""Addresses of the pages of change control."""

from django.urls import path

from change_control import views

urlpatterns = [
    path("changes/", views.show_calendar, name="change_calendar"),
    path("changes/subscribe/", views.subscribe, name="change_subscribe"),
    path("changes/feed/<str:secret>.ics", views.feed, name="change_feed"),
    path("changes/figures/", views.show_figures, name="change_figures"),
    path("changes/<str:number>/slots/", views.show_slots, name="change_slots"),
    path("changes/meetings/", views.list_meetings, name="cab_meetings"),
    path("changes/meetings/<str:number>/minutes/", views.show_minutes, name="cab_minutes"),
    path("changes/meetings/<str:number>/minutes.pdf", views.minutes_pdf, name="cab_minutes_pdf"),
]
