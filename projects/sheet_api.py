"""The sheet of a gate in the API: read it whole, write one criterion at a time.

What is written replaces what was there: sent again it is the same, and leaves no second event.
"""
# mypy: disable-error-code="assignment"
# As in workflows/api/serializers.py: names of the contract are also attributes of DRF's classes.

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from projects import actions, forms
from projects.models import Answer, Criterion
from projects.pages import JUDGES, SHOWS
from projects.sheet import Sheet
from workflows.api.bodies import JSONParser, body_of, taken
from workflows.api.endpoint import Endpoint
from workflows.api.serializers import AttachmentDocument, Document, Named
from workflows.refusals import BadData


class AnswerDocument(Document):
    round = serializers.IntegerField()
    is_present = serializers.BooleanField()
    evidence = serializers.CharField(allow_blank=True)
    link = serializers.CharField(allow_blank=True)
    file = serializers.SerializerMethodField()
    record = serializers.CharField(
        source="record.number", allow_null=True, help_text="Number of a case."
    )
    is_left_out = serializers.BooleanField()
    shown_by = Named("username", allow_null=True)
    shown_at = serializers.DateTimeField(allow_null=True)
    result = serializers.CharField(allow_blank=True, help_text="pass, partly, fail or empty.")
    remark = serializers.CharField(allow_blank=True)
    judged_by = Named("username", allow_null=True)
    judged_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(AttachmentDocument(allow_null=True))
    def get_file(self, answer: Answer) -> Any:
        return answer.file and AttachmentDocument(answer.file).data


class LineDocument(Document):
    code = serializers.CharField(source="criterion.code")
    level = serializers.ChoiceField(source="criterion.level", choices=Criterion.Level.choices)
    text = serializers.CharField(source="criterion.said")
    good_evidence = serializers.CharField(source="criterion.good_evidence", allow_blank=True)
    answer = AnswerDocument(allow_null=True, help_text="Of the present round.")
    before = AnswerDocument(allow_null=True, help_text="Of the round before; it does not count.")


class StepDocument(Document):
    name = serializers.CharField(help_text="An action of the gate.")
    label = serializers.CharField()
    reason = serializers.CharField(allow_blank=True, help_text="What is still in its way.")


class SheetDocument(Document):
    number = serializers.CharField(source="gate.number")
    gate = serializers.CharField(source="gate.gate_kind.code")
    state = serializers.CharField(source="gate.state")
    round = serializers.IntegerField(source="gate.round")
    version = serializers.IntegerField(
        source="gate.version", help_text="Send it back as `expected_version`."
    )
    may_write = serializers.ChoiceField(
        source="part", choices=[SHOWS, JUDGES, ""],
        help_text="What you may write now: evidence (shows), judgements (judges), or nothing.",
    )  # fmt: skip
    asked = serializers.IntegerField(source="counts.asked")
    shown = serializers.IntegerField(source="counts.shown")
    passed = serializers.IntegerField(source="counts.passed")
    step = StepDocument(allow_null=True, help_text="Your next step with the gate.")
    criteria = LineDocument(source="lines", many=True)


VERSION = {
    "type": "integer", "minimum": 0, "nullable": True,
    "description": "Refuse (409) when somebody else wrote to this criterion since this version.",
}  # fmt: skip
EVIDENCE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "evidence": {"type": "string"},
        "link": {"type": "string", "format": "uri"},
        "kept": {"type": "integer", "description": "Id of a file of the gate."},
        "record": {"type": "string", "description": "Number of a case you may see."},
        "is_left_out": {"type": "boolean", "description": "Does not apply; `evidence` says why."},
        "expected_version": VERSION,
    },
}
WITH_FILE = {
    **EVIDENCE,
    "properties": {**EVIDENCE["properties"], "upload": {"type": "string", "format": "binary"}},
}
JUDGEMENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "result": {"type": "string", "enum": [*Answer.Result.values, ""]},
        "remark": {"type": "string", "description": "Required unless it passes."},
        "expected_version": VERSION,
    },
}


class OfGate(Endpoint):
    def sheet(self, number: str) -> Sheet:
        return Sheet.of(number, self.who)

    def saved(self, number: str, code: str) -> Response:
        return Response(LineDocument(self.sheet(number).line(code)).data)


class ReadSheet(OfGate):
    pagination_class = None

    @extend_schema(
        operation_id="read_sheet", summary="The sheet of a gate: its criteria and their answers",
        responses=SheetDocument,
    )  # fmt: skip
    def get(self, request: Request, number: str) -> Response:
        return Response(SheetDocument(self.sheet(number)).data)


class Evidence(OfGate):
    parser_classes = [JSONParser, MultiPartParser]

    @extend_schema(
        operation_id="show_evidence", summary="Show the evidence for a criterion",
        description="As project manager, while the gate is open. Replaces all that was shown; "
        "what is not sent is empty.",
        request={"application/json": EVIDENCE, "multipart/form-data": WITH_FILE},
        responses=LineDocument,
    )  # fmt: skip
    def put(self, request: Request, number: str, code: str) -> Response:
        gate = self.sheet(number).gate
        criterion: Criterion = get_object_or_404(gate.criteria, code=code)
        values = _values(request, forms.EvidenceForm, files=list(gate.attachments.all()))
        actions.show_evidence(gate=gate, criterion=criterion, actor=self.user, at=self.at, **values)
        return self.saved(number, code)


class Judgement(OfGate):
    @extend_schema(
        operation_id="judge_evidence", summary="Judge the evidence for a criterion",
        description="As somebody with a seat in the review, until the verdict.",
        request={"application/json": JUDGEMENT}, responses=LineDocument,
    )  # fmt: skip
    def put(self, request: Request, number: str, code: str) -> Response:
        gate = self.sheet(number).gate
        criterion: Criterion = get_object_or_404(gate.criteria, code=code)
        values = _values(request, forms.JudgementForm)
        actions.judge_evidence(
            gate=gate, criterion=criterion, actor=self.user, at=self.at, **values
        )
        return self.saved(number, code)


def _values(request: Request, kind: type[forms.AnswerForm], **more: Any) -> dict[str, Any]:
    """Return what was sent, as the form of the page takes it, or raise `BadData`."""
    given, files = taken(kind(**more).fields, body_of(request)), MultiValueDict[str, Any]()
    if "upload" in given:
        files["upload"] = given.pop("upload")
    form = kind(given, files, **more)
    if not form.is_valid():
        raise BadData({name: [str(one) for one in said] for name, said in form.errors.items()})
    return form.cleaned_data
