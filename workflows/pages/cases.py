"""The page of one case, and what people do to it besides moving it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import FileResponse, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.models import User
from workflows import actions, attachments, bpmn, case_page, company
from workflows.drafts import drop_draft
from workflows.forms import AttachForm, CommentForm, LinkForm, WatcherForm
from workflows.lifecycles import lifecycle_of
from workflows.models import Attachment, Case
from workflows.news.actions import mark_acted_on
from workflows.pages import Request, find_case, posted_or_back
from workflows.refusals import BadData, UnknownAction
from workflows.shell import actor_of
from workflows.timeline import reads_internal
from workflows.words import listing


@login_required
@require_safe
def show_case(request: Request, number: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    return render(request, "workflows/case_detail.html", case_page.context(case, who))


@login_required
@posted_or_back
def comment(request: Request, number: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    form = CommentForm(request.POST, may_be_internal=reads_internal(case, who))
    if not form.is_valid():
        context = {**case_page.context(case, who), "comment_form": form}
        return render(request, "workflows/case_detail.html", context, status=422)
    with transaction.atomic():
        actions.add_comment(case=case, actor=request.user, **form.cleaned_data)
        mark_acted_on(case=case, actor=request.user, at=who.at)
        drop_draft(key=request.path, user=request.user)
    if unheard := company.unheard(case, form.cleaned_data["body"], who.at):
        sentence = _("Not told, for they may not see this case: %(people)s.")
        messages.warning(request, sentence % {"people": listing(unheard)})
    return redirect(f"{case.get_absolute_url()}#og-history")


@login_required
@posted_or_back
def attach(request: Request, number: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    form = AttachForm(request.POST, request.FILES)
    if not form.is_valid():
        context = {**case_page.context(case, who), "upload_form": form}
        return render(request, "workflows/case_detail.html", context, status=422)
    for file in form.cleaned_data["attachments"]:
        actions.attach_file(case=case, file=file, actor=request.user)
    return redirect(case)


@login_required
@posted_or_back
def link(request: Request, number: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    form = LinkForm(request.POST)
    if form.is_valid():
        visible = Case.objects.visible_to(who)
        other = visible.filter(number=form.cleaned_data["target"].upper()).first()
        if other is None:
            form.add_error("target", _("There is no such case."))
        elif other.pk == case.pk:
            form.add_error("target", _("A case cannot be linked to itself."))
        else:
            source, target = (other, case) if form.is_from_other else (case, other)
            actions.link_cases(source=source, target=target, relation=form.said, actor=who.user)
            return redirect(f"{case.get_absolute_url()}#og-links")
    context = {**case_page.context(case, who), "link_form": form}
    return render(request, "workflows/case_detail.html", context, status=422)


@login_required
@require_safe
def download(request: Request, number: str, pk: int) -> FileResponse:
    """Hand out a file to who may see its case; never shown inside a page of ours."""
    case = find_case(actor_of(request), number)
    return attachments.served(get_object_or_404(Attachment, case=case.pk, pk=pk))


@login_required
@require_safe
def show_image(request: Request, number: str, pk: int) -> FileResponse:
    """Show a picture of a case inside a page of ours, to who may see the case."""
    case = find_case(actor_of(request), number)
    return attachments.shown(get_object_or_404(Attachment, case=case.pk, pk=pk))


@login_required
@posted_or_back
def paste(request: Request, number: str) -> HttpResponse:
    """Attach what was pasted or dropped into a comment, and return the words that show it."""
    case = find_case(actor_of(request), number)
    form = AttachForm(request.POST, request.FILES)
    if not form.is_valid():
        sentences = [str(one) for errors in form.errors.values() for one in errors]
        return JsonResponse({"said": " ".join(sentences)}, status=422)
    found = [
        actions.attach_file(case=case, file=file, actor=request.user)
        for file in form.cleaned_data["attachments"]
    ]
    return JsonResponse({"text": "\n".join(case_page.reference(case, one) for one in found)})


@login_required
@require_safe
def suggest_people(request: Request, number: str) -> HttpResponse:
    """Answer with the people who may be called into a comment; without scripts nobody asks."""
    who = actor_of(request)
    case = find_case(who, number)
    found = company.people_like(case, request.GET.get("q", ""), who.at)
    return render(request, "workflows/_people_options.html", {"people": found})


@login_required
@posted_or_back
def add_watcher(request: Request, number: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    form = WatcherForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["watcher"].strip().removeprefix("@")
        person = User.objects.filter(username=name, is_active=True).first()
        try:
            if person is None:
                raise BadData({"watcher": [_("There is nobody of this user name.")]})
            actions.add_watcher(case=case, person=person, actor=request.user)
            return redirect(f"{case.get_absolute_url()}#og-people")
        except BadData as refusal:
            for sentence in refusal.errors["watcher"]:
                form.add_error("watcher", sentence)
    context = {**case_page.context(case, who), "watcher_form": form}
    return render(request, "workflows/case_detail.html", context, status=422)


@login_required
@require_safe
def show_chart(request: Request, number: str) -> HttpResponse:
    """Show the picture of the process by itself, as large as the page."""
    who = actor_of(request)
    case = find_case(who, number)
    context = {"case": case, **case_page.chart(case, case_page.visited(case))}
    return render(request, "workflows/chart_page.html", context)


@login_required
@posted_or_back
def watch(request: Request, number: str) -> HttpResponse:
    case = find_case(actor_of(request), number)
    change = actions.unwatch_case if request.POST.get("stop") else actions.watch_case
    change(case=case, actor=request.user)
    return redirect(case)


@login_required
@require_safe
def explain_clock(request: Request, number: str, metric: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    flow = case.lifecycle(case, who, who.at)
    clocks = {clock.metric: clock for clock in case_page.latest_clocks(flow)}
    if metric not in clocks:
        raise UnknownAction(_("This case has no such clock."))
    context = case_page.explanation(clocks[metric], who.at)
    template = "_explanation" if request.headers.get("HX-Request") else "explanation"
    return render(request, f"workflows/{template}.html", context)


@login_required
@require_safe
def download_bpmn(request: Request, kind: str) -> HttpResponse:
    response = HttpResponse(bpmn.bpmn_xml(lifecycle_of(kind)), content_type="application/xml")
    response["Content-Disposition"] = f'attachment; filename="{kind}.bpmn"'
    return response
