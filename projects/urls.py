"""Addresses of the pages of projects."""

from django.urls import path

from projects import portfolio_views, record, standard, views

urlpatterns = [
    path("projects/", portfolio_views.list_projects, name="projects"),
    path("projects/board/", portfolio_views.show_board, name="project_board"),
    path("projects/export.csv", portfolio_views.export_csv, name="project_export_csv"),
    path("projects/export.xlsx", portfolio_views.export_xlsx, name="project_export_xlsx"),
    path("projects/<str:number>/handover/", views.show_handover, name="handover"),
    path("criteria/", standard.show_in_force, name="criteria"),
    path("criteria/proposals/", standard.show_proposals, name="criteria_proposals"),
    path("criteria/draft/", standard.make_draft, name="criteria_draft"),
    path("criteria/<int:version>/", standard.show_version, name="criteria_version"),
    path("criteria/<int:version>/changes/", standard.show_changes, name="criteria_changes"),
    path("criteria/<int:version>/criteria.xlsx", standard.export, name="criteria_export"),
    path("criteria/<int:version>/import/", standard.import_file, name="criteria_import"),
    path("criteria/<int:version>/publish/", standard.publish, name="criteria_publish"),
    path("criteria/<int:version>/add/", standard.add_criterion, name="criterion_add"),
    path("criteria/<int:version>/tracks/add/", standard.add_track, name="track_add"),
    path("criteria/<int:version>/tracks/<slug:code>/", standard.edit_track, name="track"),
    path("criteria/<int:version>/<slug:code>/", standard.edit_criterion, name="criterion"),
    path("gates/<str:number>/sheet/", views.show_sheet, name="gate_sheet"),
    path("gates/<str:number>/sheet/<slug:code>/", views.answer, name="gate_answer"),
    path("gates/<str:number>/record/", record.show, name="gate_record"),
    path("gates/<str:number>/record.pdf", record.as_pdf, name="gate_record_pdf"),
]
