"""Addresses of the pages of projects."""

from django.urls import path

from projects import views

urlpatterns = [
    path("projects/", views.list_projects, name="projects"),
    path("criteria/", views.show_criteria, name="criteria"),
    path("gates/<str:number>/sheet/", views.show_sheet, name="gate_sheet"),
    path("gates/<str:number>/sheet/<slug:code>/", views.answer, name="gate_answer"),
]
