"""The pages of the criteria: what is in force, a draft and its edits, versions side by side."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from people.actors import Actor
from projects import editions, exchange
from projects import standard_forms as forms
from projects.models import CatalogueVersion, Criterion, Track
from projects.supervision import pages as supervision
from workflows.pages import FORM, Request
from workflows.shell import actor_of


@login_required
@require_safe
def show_in_force(request: Request) -> HttpResponse:
    """Show the criteria in force; everybody who is logged in may read what will be asked."""
    who = actor_of(request)
    return _show(request, who, CatalogueVersion.objects.in_force(who.at).first())


@login_required
@require_safe
def show_version(request: Request, version: int) -> HttpResponse:
    who = actor_of(request)
    return _show(request, who, _version(who, version))


def _show(request: Request, who: Actor, version: CatalogueVersion | None) -> HttpResponse:
    others = CatalogueVersion.objects.all()
    if not editions.may_edit(who):
        others = others.filter(published_at__isnull=False)
    context = {
        "version": version, "others": others, "may_edit": editions.may_edit(who),
        "gates": version.gates.prefetch_related("criteria") if version else (),
        "tracks": version.tracks.all() if version else (),
        "has_one_before": bool(version and version.number > 1),
    }  # fmt: skip
    return render(request, "projects/criteria.html", context)


@login_required
@require_safe
def show_proposals(request: Request) -> HttpResponse:
    """Show what findings of technical supervision propose, the undecided first."""
    found = supervision.proposals(actor_of(request))
    return render(request, "projects/proposals.html", {"proposals": found})


@login_required
@require_safe
def show_changes(request: Request, version: int) -> HttpResponse:
    """Show what a version changed of the one before it, or of the one asked for (`from`)."""
    found = _version(actor_of(request), version)
    others = CatalogueVersion.objects.filter(number__lt=version)
    if since := request.GET.get("from", ""):
        others = others.filter(number=since) if since.isdecimal() else others.none()
    before = others.first()
    if before is None:
        raise Http404
    rows = list(editions.differences(before, found))
    context = {"version": found, "before": before, "rows": rows}
    return render(request, "projects/changes.html", context)


@login_required
@require_safe
def export(request: Request, version: int) -> HttpResponse:
    found = _version(actor_of(request), version)
    answer = HttpResponse(exchange.write(found), exchange.XLSX)
    answer["Content-Disposition"] = f'attachment; filename="criteria-{version}.xlsx"'
    return answer


@login_required
@require_POST
def make_draft(request: Request) -> HttpResponse:
    draft = editions.draft_version(actor=request.user, at=actor_of(request).at)
    return redirect("criteria_version", draft.number)


@login_required
@require_http_methods(FORM)
def import_file(request: Request, version: int) -> HttpResponse:
    """Let a draft say what a workbook says, or name every line that is wrong."""
    who, draft = _to_edit(request, version)
    form, content = forms.WorkbookForm(request.POST or None, request.FILES or None), None
    if form.is_valid():
        content = exchange.read(form.cleaned_data["file"], draft)
        if not content.faults:
            editions.replace_content(
                version=draft, gates=content.gates, criteria=content.criteria,
                tracks=content.tracks, actor=request.user, at=who.at,
            )  # fmt: skip
            return redirect("criteria_version", version)
    context = {"version": draft, "form": form, "faults": content.faults if content else []}
    return render(request, "projects/import.html", context, status=_status(request))


@login_required
@require_http_methods(FORM)
def publish(request: Request, version: int) -> HttpResponse:
    who, draft = _to_edit(request, version)
    form = forms.PublishForm(request.POST or None)
    if form.is_valid():
        editions.publish_version(
            version=draft, note=form.cleaned_data["note"], actor=request.user, at=who.at
        )
        return redirect("criteria")
    return render(
        request, "projects/publish.html", {"version": draft, "form": form}, status=_status(request)
    )


@login_required
@require_http_methods(FORM)
def add_criterion(request: Request, version: int) -> HttpResponse:
    return _edit(request, version, None)


@login_required
@require_http_methods(FORM)
def edit_criterion(request: Request, version: int, code: str) -> HttpResponse:
    criterion = get_object_or_404(Criterion, gate__version__number=version, code=code)
    return _edit(request, version, criterion)


def _edit(request: Request, version: int, criterion: Criterion | None) -> HttpResponse:
    who, draft = _to_edit(request, version)
    page = HttpResponseRedirect(draft.get_absolute_url())
    if criterion and "remove" in request.POST:
        editions.remove_criterion(criterion=criterion, actor=request.user, at=who.at)
        return page
    form = forms.CriterionForm(request.POST or None, instance=criterion, version=draft)
    if form.is_valid():
        editions.save_criterion(criterion=form.save(commit=False), actor=request.user, at=who.at)
        return page
    context = {"version": draft, "form": form, "criterion": criterion}
    return render(request, "projects/criterion.html", context, status=_status(request))


@login_required
@require_http_methods(FORM)
def add_track(request: Request, version: int) -> HttpResponse:
    return _edit_track(request, version, None)


@login_required
@require_http_methods(FORM)
def edit_track(request: Request, version: int, code: str) -> HttpResponse:
    return _edit_track(
        request, version, get_object_or_404(Track, version__number=version, code=code)
    )


def _edit_track(request: Request, version: int, track: Track | None) -> HttpResponse:
    who, draft = _to_edit(request, version)
    page = HttpResponseRedirect(draft.get_absolute_url())
    if track and "remove" in request.POST:
        editions.remove_track(track=track, actor=request.user, at=who.at)
        return page
    form = forms.TrackForm(request.POST or None, instance=track or Track(version=draft))
    if form.is_valid():
        editions.save_track(track=form.save(commit=False), actor=request.user, at=who.at)
        return page
    context = {"version": draft, "form": form, "track": track}
    return render(request, "projects/track.html", context, status=_status(request))


def _status(request: Request) -> int:
    return 422 if request.method == "POST" else 200


def _version(who: Actor, number: int) -> CatalogueVersion:
    """Return a version; a draft only to those who edit it."""
    found = get_object_or_404(CatalogueVersion, number=number)
    if not found.is_kept and not editions.may_edit(who):
        raise Http404
    return found


def _to_edit(request: Request, number: int) -> tuple[Actor, CatalogueVersion]:
    """Return a draft to somebody who may edit it, or 404."""
    who: Any = actor_of(request)
    found = _version(who, number)
    if found.is_kept or not editions.may_edit(who):
        raise Http404
    return who, found
