"""The deployment gate: a pipeline asks, before it acts, whether the change may be made now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from change_control import rules
from change_control.conflicts import conflicts_of
from change_control.flows import ChangeLifecycle
from change_control.models import Change
from change_control.states import ChangeState as S
from people.models import ApiToken
from workflows.api.endpoint import Endpoint

MAY_GO_ON = (S.SCHEDULED, S.IMPLEMENTING)
CODES = ["not_approved", "other_content", "outside_window", "freeze", "not_accepted"]


def reasons(case: Change, at: datetime, digest: str = "") -> Iterator[tuple[str, str]]:
    """Yield code and sentence of everything that keeps the gate closed at `at` (≤ 12 queries).

    `digest`: what the pipeline is about to carry out, as the gate said it before.
    """
    flow = ChangeLifecycle(case, None, at)
    if case.state not in MAY_GO_ON:
        yield "not_approved", _("The change is “%(state)s”.") % {"state": case.state_label}
    elif not rules.approvals_stand(flow):
        yield "not_approved", rules.is_as_approved(flow).unmet
    if digest and digest != rules.content_hash(case):
        yield "other_content", _("The change does not say any more what you are carrying out.")
    if case.starts_at is None:
        yield "outside_window", _("The change has no window yet.")
    elif not rules.window_is_open(flow):
        yield "outside_window", rules.window_is_open(flow).unmet
    frozen = rules.no_hard_freeze(flow)
    if not frozen:
        yield "freeze", frozen.unmet
    accepted = rules.may_go_live(flow)
    if not accepted:
        yield "not_accepted", accepted.unmet


class ReasonDocument(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=CODES)
    sentence = serializers.CharField()


class GateDocument(serializers.Serializer[Any]):
    number = serializers.CharField()
    is_open = serializers.BooleanField()
    reasons = ReasonDocument(many=True)
    conflicts = serializers.ListField(
        child=serializers.CharField(), help_text="What else is near; it does not close the gate."
    )
    content_hash = serializers.CharField(help_text="Of everything that is approved (SHA-256).")
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    checked_at = serializers.DateTimeField()


class Gate(Endpoint):
    """A token of the scope `gate` opens this and nothing else."""

    scopes = (ApiToken.Scope.GATE,)

    @extend_schema(
        operation_id="ask_gate", summary="May this change be deployed now?",
        description="Closed with every reason, or open: approved, inside its window, no freeze.",
        parameters=[
            OpenApiParameter(
                "content_hash", str, description="What the gate said when you prepared."
            )
        ],
        responses=GateDocument,
    )  # fmt: skip
    def get(self, request: Request, number: str) -> Response:
        case = self.case(number)
        if not isinstance(case, Change):
            raise Http404
        found = reasons(case, self.at, request.query_params.get("content_hash", ""))
        closed = [{"code": code, "sentence": sentence} for code, sentence in found]
        answer = {
            "number": case.number, "is_open": not closed, "reasons": closed,
            "conflicts": [str(one) for one in conflicts_of(case, self.at)],
            "content_hash": rules.content_hash(case), "starts_at": case.starts_at,
            "ends_at": case.ends_at, "checked_at": self.at,
        }  # fmt: skip
        return Response(GateDocument(answer).data)
