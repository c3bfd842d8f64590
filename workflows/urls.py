"""Addresses of the engine's pages."""

from django.urls import path

from workflows import list_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("inbox/", views.show_inbox, name="inbox"),
    path("cases/", list_views.list_cases, name="case_list"),
    path("cases/export.csv", list_views.export_csv, name="case_export_csv"),
    path("cases/export.xlsx", list_views.export_xlsx, name="case_export_xlsx"),
    path("search/", list_views.list_cases, name="search"),
    path("new/", views.pick_kind, name="case_new"),
    path("new/<slug:kind>/", views.new_case, name="case_new_kind"),
    path("new/<slug:kind>/similar/", list_views.show_similar, name="case_similar"),
    path("cases/<str:number>/", views.show_case, name="case"),
    path("cases/<str:number>/do/<slug:name>/", views.act, name="case_action"),
    path("cases/<str:number>/comment/", views.comment, name="case_comment"),
    path("cases/<str:number>/attach/", views.attach, name="case_attach"),
    path("cases/<str:number>/files/<int:pk>/", views.download, name="attachment"),
    path("cases/<str:number>/link/", views.link, name="case_link"),
    path("cases/<str:number>/watch/", views.watch, name="case_watch"),
    path("cases/<str:number>/why/<slug:metric>/", views.explain_clock, name="clock_explanation"),
    path("tasks/<int:pk>/claim/", views.claim, name="task_claim"),
    path("tasks/<int:pk>/assign/", views.assign, name="task_assign"),
    path("tasks/<int:pk>/release/", views.release, name="task_release"),
    path("processes/<slug:kind>.bpmn", views.download_bpmn, name="bpmn"),
]
