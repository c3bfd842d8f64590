"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

from change_control.gate import Gate
from projects import sheet_api

handler400 = "workflows.error_pages.bad_request"
handler403 = "workflows.error_pages.forbidden"
handler404 = "workflows.error_pages.not_found"
handler500 = "workflows.error_pages.broken"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/changes/<slug:number>/gate/", Gate.as_view(), name="change_gate"),
    path("api/v1/gates/<slug:number>/sheet/", sheet_api.ReadSheet.as_view(), name="api_sheet"),
    path(
        "api/v1/gates/<slug:number>/sheet/<slug:code>/evidence/",
        sheet_api.Evidence.as_view(),
        name="api_evidence",
    ),
    path(
        "api/v1/gates/<slug:number>/sheet/<slug:code>/judgement/",
        sheet_api.Judgement.as_view(),
        name="api_judgement",
    ),
    path("api/v1/", include("workflows.api.urls")),
    path("", include("people.urls")),
    path("", include("change_control.urls")),
    path("", include("projects.urls")),
    path("", include("workflows.urls")),
]
