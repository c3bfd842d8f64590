"""Addresses of the engine's pages."""

from django.urls import include, path

from workflows.pages import acting, cases, filing, inbox, lists, palette

urlpatterns = [
    path("", inbox.home, name="home"),
    path("inbox/", inbox.show_inbox, name="inbox"),
    path("notifications/", include("workflows.news.urls")),
    path("cases/", lists.list_cases, name="case_list"),
    path("cases/export.csv", lists.export_csv, name="case_export_csv"),
    path("cases/export.xlsx", lists.export_xlsx, name="case_export_xlsx"),
    path("search/", lists.list_cases, name="search"),
    path("palette/", palette.show_palette, name="palette"),
    path("new/", filing.pick_kind, name="case_new"),
    path("new/<slug:kind>/", filing.new_case, name="case_new_kind"),
    path("new/<slug:kind>/similar/", filing.show_similar, name="case_similar"),
    path("cases/<str:number>/", cases.show_case, name="case"),
    path("cases/<str:number>/do/<slug:name>/", acting.act, name="case_action"),
    path("cases/<str:number>/comment/", cases.comment, name="case_comment"),
    path("cases/<str:number>/attach/", cases.attach, name="case_attach"),
    path("cases/<str:number>/files/<int:pk>/", cases.download, name="attachment"),
    path("cases/<str:number>/link/", cases.link, name="case_link"),
    path("cases/<str:number>/watch/", cases.watch, name="case_watch"),
    path("cases/<str:number>/why/<slug:metric>/", cases.explain_clock, name="clock_explanation"),
    path("tasks/<int:pk>/claim/", inbox.claim, name="task_claim"),
    path("tasks/<int:pk>/assign/", inbox.assign, name="task_assign"),
    path("tasks/<int:pk>/release/", inbox.release, name="task_release"),
    path("processes/<slug:kind>.bpmn", cases.download_bpmn, name="bpmn"),
]
