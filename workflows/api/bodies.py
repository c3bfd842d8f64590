"""What was sent: JSON or a multipart form, brought into the shape that forms expect.

A JSON body can hold anything; forms are made for text. What does not fit is refused here with a
sentence, and only what a form declares reaches the door.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django import forms
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from workflows.refusals import BadData

OF_THE_DOOR = {
    "kind", "case", "action", "actor", "requester", "at", "expected_version", "idempotency_key",
    "render", "fit",
}  # fmt: skip
"""Names of the door's own arguments: never taken from a body as a field."""
LARGEST_VERSION = 2**31 - 1
LONGEST_KEY = 200
SEVERAL = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
SPOKEN = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False, "": False}


class JSONParser(BaseParser):
    """JSON in UTF-8, no larger than a form may be, nested as deep as Python can follow."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise RequestDataTooBig
        try:
            return json.loads(
                raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(_("This is not JSON: %(why)s.") % {"why": error}) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):  # RFC 8259: what it means is anybody's guess
        raise ValueError("a name stands twice in one object")
    return found


def body_of(request: Request) -> dict[str, Any]:
    """Return the fields of the request; a name sent several times has a list."""
    data = request.data
    if isinstance(data, MultiValueDict):
        return {name: sent[0] if len(sent) == 1 else sent for name, sent in data.lists()}
    if not isinstance(data, dict):
        raise BadData({"__all__": [_("Send a JSON object.")]})
    return data


def sent_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return `body` without the names that are the door's own arguments."""
    return {name: value for name, value in body.items() if name not in OF_THE_DOOR}


def taken(fields: Mapping[str, forms.Field], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `body` has for `fields`, as text where forms expect text; or raise `BadData`."""
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, field in fields.items():
        if name not in body:
            continue
        try:
            values[name] = _fitted(field, body[name])
        except ValidationError as error:
            errors[name] = error.messages
    if errors:
        raise BadData(errors)
    return values


def _fitted(field: forms.Field, value: Any) -> Any:
    """Bring one value into the shape of its field, whose own `clean` judges it later."""
    if isinstance(field, forms.FileField):
        return _files(value)
    if not _is_storable(value):
        raise ValidationError(_("There are characters in this that cannot be stored."))
    if isinstance(field, forms.JSONField):
        return value
    if isinstance(field, SEVERAL):
        given = value if isinstance(value, list) else [] if value is None else [value]
        return [_as_text(one) for one in given]
    return _as_truth(value) if isinstance(field, forms.BooleanField) else _as_text(value)


def _as_text(value: Any) -> str | None:
    if isinstance(value, (bool, list, dict, UploadedFile)):
        raise ValidationError(_("Send text or a number here."))
    return value if value is None else str(value)


def _as_truth(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in SPOKEN:
        raise ValidationError(_("Send true or false here."))
    return SPOKEN[value.lower()]


def _files(value: Any) -> Any:
    given = value if isinstance(value, list) else [value]
    if not all(isinstance(one, UploadedFile) for one in given):
        raise ValidationError(_("Send files as multipart/form-data."))
    return value


def _is_storable(value: Any) -> bool:
    """Tell whether every text in `value` fits into a database: no NUL, no half a character."""
    if isinstance(value, dict):
        return all(_is_storable(key) and _is_storable(one) for key, one in value.items())
    if isinstance(value, list):
        return all(_is_storable(one) for one in value)
    if not isinstance(value, str):
        return True
    return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def expected_version(body: Mapping[str, Any]) -> int | None:
    """Return the version the caller saw, None if not said; `BadData` unless a version number."""
    sent = body.get("expected_version")
    if sent is None:
        return None
    if isinstance(sent, str) and sent.isascii() and sent.isdigit() and len(sent) <= 10:
        sent = int(sent)
    if not isinstance(sent, int) or isinstance(sent, bool) or not 0 <= sent <= LARGEST_VERSION:
        raise BadData({"expected_version": [_("Send the version number of the case you saw.")]})
    return sent


def idempotency_key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY:
        raise BadData({"Idempotency-Key": [_("At most 200 characters, please.")]})
    return key or None
