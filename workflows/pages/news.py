"""The pages of one's notifications: the list, what one chooses, and where one is told."""

from __future__ import annotations

import re
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from workflows.models import Case, Chat, NewsPreference, Outbox
from workflows.news import actions, reading
from workflows.news.forms import ChatForm, ChoicesForm
from workflows.news.hours import zone_of
from workflows.pages import FORM, Request
from workflows.shell import actor_of


def posted(back: str) -> Any:
    """Lead who comes by address, as after a log-in in between, to the page `back`."""

    def decorate(view: Any) -> Any:
        @login_required
        @require_http_methods(FORM)
        @wraps(view)
        def answered(request: Request, **where: Any) -> HttpResponse:
            if request.method != "POST":
                return redirect(back)
            answer: HttpResponse = view(request, **where)
            return answer

        return answered

    return decorate


# -- the list ------------------------------------------------------------------------------------
@login_required
@require_safe
def show_news(request: Request) -> HttpResponse:
    who, everything = actor_of(request), request.GET.get("view") == "all"
    page = reading.page_of(who, request.GET.get("page"), everything=everything)
    newest = max((group.upto for group in page.object_list), default=0)
    context = {
        "page_obj": page, "groups": page.object_list, "everything": everything, "newest": newest,
        "has_new": any(group.new for group in page.object_list),
    }  # fmt: skip
    return render(request, "workflows/news.html", context)


def _upto(request: Request) -> int:
    value = request.POST.get("upto", "")
    return int(value) if re.fullmatch("[0-9]{1,18}", value) else 0


def _mark(request: Request) -> str:
    """Mark one group done, or all of them; return which, by its key."""
    at, group = actor_of(request).at, request.POST.get("group", "")
    if group == "all":
        actions.mark_done(actor=request.user, upto=_upto(request), at=at)
    elif group == "absences" or re.fullmatch("[0-9]{1,18}", group):
        case_id = None if group == "absences" else int(group)
        actions.mark_case_done(actor=request.user, case_id=case_id, upto=_upto(request), at=at)
    else:
        raise Http404
    return group


@posted("news")
def done(request: Request) -> HttpResponse:
    _mark(request)
    view = "?view=all" if request.POST.get("view") == "all" else ""
    return redirect(f"{reverse('news')}{view}")


@posted("news")
def open_case(request: Request) -> HttpResponse:
    """Mark what is told of a case done, and go there."""
    group = _mark(request)
    if not group.isdigit():
        return redirect("inbox")
    visible = Case.objects.visible_to(actor_of(request)).filter(pk=int(group)).first()
    if visible is None:
        messages.info(request, _("You may not see this case any more."))
        return redirect("news")
    return redirect(visible)


# -- what one chooses ----------------------------------------------------------------------------
def _chats(request: Request) -> QuerySet[Chat]:
    """Return the chats of who asks, with how much waits for each and why."""
    unsent = Outbox.objects.filter(chat=OuterRef("pk"), sent_at__isnull=True)
    failed = unsent.exclude(last_error="").order_by("-pk").values("last_error")
    return (
        Chat.objects.kept()
        .filter(user=request.user)
        .annotate(
            waiting=Count("messages", filter=Q(messages__sent_at__isnull=True)),
            problem=Subquery(failed[:1]),
        )
    )


@login_required
@require_http_methods(FORM)
def preferences(request: Request) -> HttpResponse:
    at, chats = actor_of(request).at, list(_chats(request))
    found = NewsPreference.objects.filter(user=request.user).first()
    chosen = found or NewsPreference(user=request.user)
    form = ChoicesForm(request.POST or None, chosen=chosen, chats=chats)
    if request.method == "POST" and form.is_valid():
        actions.choose(actor=request.user, chosen=form.chosen, muted=form.muted, at=at)
        messages.success(request, _("Saved. What waits for you follows the new choice."))
        return redirect("news_preferences")
    context = {
        "form": form, "chats": chats, "kinds": Chat.Kind.choices, "zone": str(zone_of(request.user))
    }  # fmt: skip
    return render(
        request, "workflows/news_preferences.html", context, status=422 if form.is_bound else 200
    )


@posted("news_preferences")
def test_mail(request: Request) -> HttpResponse:
    refusal = actions.try_mail(actor=request.user, at=actor_of(request).at)
    if refusal:
        messages.error(request, _("The test was not sent: %(reason)s") % {"reason": refusal})
    else:
        said = _("The mail server took the test for %(address)s.")
        messages.success(request, said % {"address": request.user.email})
    return redirect("news_preferences")


@login_required
@require_http_methods(FORM)
def new_chat(request: Request, chat: str) -> HttpResponse:
    if chat not in Chat.Kind.values:
        raise Http404
    form = ChatForm(request.POST or None, kind=chat)
    if request.method == "POST" and form.is_valid():
        given = {"secret": "", **form.cleaned_data}
        at = actor_of(request).at
        made = actions.add_chat(actor=request.user, kind=chat, at=at, **given)
        _try(request, made)
        return redirect(f"{reverse('news_preferences')}#og-chats")
    context = {"form": form, "label": Chat.Kind(chat).label, "is_group": chat != Chat.Kind.WEBHOOK}
    status = 422 if form.is_bound else 200
    return render(request, "workflows/chat_new.html", context, status=status)


def _try(request: Request, chat: Chat) -> None:
    """Send a test and say what became of it."""
    refusal = actions.try_chat(chat=chat, actor=request.user, at=actor_of(request).at)
    if refusal:
        said = _("%(chat)s: the test did not arrive. %(reason)s")
        messages.error(request, said % {"chat": chat.name, "reason": refusal})
    else:
        messages.success(request, _("%(chat)s: the test has arrived.") % {"chat": chat.name})


def _own_chat(request: Request, pk: int) -> Chat:
    return get_object_or_404(Chat.objects.kept(), user=request.user, pk=pk)


@posted("news_preferences")
def test_chat(request: Request, pk: int) -> HttpResponse:
    _try(request, _own_chat(request, pk))
    return redirect(f"{reverse('news_preferences')}#og-chats")


@posted("news_preferences")
def remove_chat(request: Request, pk: int) -> HttpResponse:
    chat = _own_chat(request, pk)
    actions.remove_chat(chat=chat, actor=request.user, at=actor_of(request).at)
    messages.success(request, _("%(chat)s is removed.") % {"chat": chat.name})
    return redirect(f"{reverse('news_preferences')}#og-chats")
