"""The addresses of version 1 of the API, below `/api/v1/`."""

from django.urls import path, re_path

from workflows.api import cases, talk, tasks
from workflows.api.docs import Docs, Schema
from workflows.api.endpoint import Nowhere

app_name = "api"

urlpatterns = [
    path("kinds/", cases.Kinds.as_view(), name="kinds"),
    path("cases/", cases.Cases.as_view(), name="cases"),
    path("cases/<slug:number>/", cases.OneCase.as_view(), name="case"),
    path("cases/<slug:number>/events/", cases.Events.as_view(), name="events"),
    path(
        "cases/<slug:number>/clocks/<slug:metric>/explanation/",
        cases.ClockExplanation.as_view(),
        name="clock_explanation",
    ),
    path("cases/<slug:number>/actions/<slug:action>/", cases.Act.as_view(), name="act"),
    path("cases/<slug:number>/comments/", talk.Comments.as_view(), name="comments"),
    path("cases/<slug:number>/attachments/", talk.Attachments.as_view(), name="attachments"),
    path(
        "cases/<slug:number>/attachments/<int:pk>/",
        talk.OneAttachment.as_view(),
        name="attachment",
    ),
    path("cases/<slug:number>/watch/", talk.Watching.as_view(), name="watch"),
    path("cases/<slug:number>/links/", talk.Links.as_view(), name="links"),
    path("tasks/", tasks.Tasks.as_view(), name="tasks"),
    path("tasks/<int:pk>/claim/", tasks.Claim.as_view(), name="claim"),
    path("tasks/<int:pk>/release/", tasks.Release.as_view(), name="release"),
    path("tasks/<int:pk>/assign/", tasks.Assign.as_view(), name="assign"),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="docs"),
    re_path("", Nowhere.as_view()),
]
