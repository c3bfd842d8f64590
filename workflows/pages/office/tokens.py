"""Keys to the API, and the addresses outside that are told of events."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from people import staffing
from people.models import ApiToken
from workflows import webhooks
from workflows.models import Webhook
from workflows.pages import Request
from workflows.pages.office import PAGE, office_page


@office_page("people.view_apitoken", methods=["GET", "HEAD"])
def list_tokens(request: Request) -> HttpResponse:
    rows = ApiToken.objects.select_related("user").order_by("-created_at", "-pk")
    if request.GET.get("show") != "all":
        rows = rows.filter(revoked_at__isnull=True)
    if words := request.GET.get("q", "").strip()[:100]:
        named = Q(user__username__icontains=words) | Q(user__display_name__icontains=words)
        rows = rows.filter(named | Q(name__icontains=words))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page, "rows": list(page), "q": words, "shows_all": "show" in request.GET,
        "may_revoke": request.user.has_perm("people.change_apitoken"),
    }  # fmt: skip
    return render(request, "office/tokens.html", context)


@office_page("people.change_apitoken", methods=["POST"])
def revoke_token(request: Request, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.select_related("user"), pk=pk)
    try:
        staffing.revoke_token_of(token=token, actor=request.user, at=timezone.now())
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("The token is revoked: it opens nothing any more."))
    return redirect("office_tokens")


@office_page("workflows.view_webhook")
def list_webhooks(request: Request) -> HttpResponse:
    if request.method == "POST":
        return _send_test(request)
    rows = Webhook.objects.select_related("owner").annotate(
        last_sent_at=Max("messages__sent_at"),
        dead=Count("messages", filter=Q(messages__dead_at__isnull=False)),
        waiting=Count(
            "messages", filter=Q(messages__sent_at__isnull=True, messages__dead_at__isnull=True)
        ),
    )
    context = {"rows": rows, "may_change": request.user.has_perm("workflows.change_webhook")}
    return render(request, "office/webhooks.html", context)


def _send_test(request: Request) -> HttpResponse:
    if not request.user.has_perm("workflows.change_webhook"):
        raise PermissionDenied
    webhook = get_object_or_404(Webhook, name=request.POST.get("webhook", ""))
    webhooks.send_test(webhook=webhook, actor=request.user, at=timezone.now())
    said = _("%(name)s: a test is on its way; the log will say what became of it.")
    messages.success(request, said % {"name": webhook.name})
    return redirect("office_webhooks")
