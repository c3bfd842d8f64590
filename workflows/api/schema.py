"""How the contract is written down: the refusals every address may answer with."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers


class Problem(serializers.Serializer[Any]):
    message = serializers.CharField(help_text="One sentence, in the caller's language.")
    errors = serializers.DictField(  # type: ignore[assignment]  # DRF takes it off the class
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Sentences by field; `__all__` is for the whole.",
    )


READING = (401, 403, 404, 405, 422, 429)
WRITING = (400, *READING, 409, 413, 415)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="Done once, answered alike for the same body; at most 200 characters.",
)  # fmt: skip


PREFER = OpenApiParameter(
    "Prefer", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="`return=representation` answers with the whole case, as reading it does "
    "(RFC 7240); otherwise with what it has come to.",
)  # fmt: skip


FILING: dict[str, Any] = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"type": "string"}, "title": {"type": "string"}},
    "additionalProperties": True,
}
ACTION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "expected_version": {
            "type": "integer",
            "minimum": 0,
            "maximum": 2**31 - 1,
            "nullable": True,
            "description": "Refuse (409) when somebody acted since this version.",
        }
    },
    "additionalProperties": True,
}
FIELDS_OF_FILING = dict.fromkeys(("application/json", "multipart/form-data"), FILING)
FIELDS_OF_ACTION = dict.fromkeys(("application/json", "multipart/form-data"), ACTION)


class ApiSchema(AutoSchema):
    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Add the refusals to what the operation itself declares."""
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            shape = self.resolve_serializer(Problem, "response").ref
            for status in READING if self.method == "GET" else WRITING:
                refusal = {
                    "description": HTTPStatus(status).phrase,
                    "content": {"application/json": {"schema": shape}},
                }
                operation["responses"].setdefault(str(status), refusal)
        return operation
