"""What is said, attached, linked and followed."""

from __future__ import annotations

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from workflows import actions, attachments, timeline
from workflows.api import looks
from workflows.api.endpoint import Endpoint
from workflows.api.serializers import (
    AttachmentDocument,
    CommentDocument,
    FileSent,
    LinkDocument,
    LinkSent,
)
from workflows.models import Case
from workflows.refusals import BadData


class Comments(Endpoint):
    @extend_schema(
        operation_id="list_comments", summary="What was said, oldest first",
        responses=CommentDocument(many=True),
    )  # fmt: skip
    def get(self, request: Request, number: str) -> Response:
        return self.paged(timeline.readable_comments(self.case(number), self.who), CommentDocument)

    @extend_schema(
        operation_id="add_comment", summary="Say something",
        request=CommentDocument, responses={201: CommentDocument},
    )  # fmt: skip
    def post(self, request: Request, number: str) -> Response:
        case, sent = self.case(number), CommentDocument(data=request.data)
        sent.is_valid(raise_exception=True)
        comment = actions.add_comment(case=case, actor=self.user, at=self.at, **sent.validated_data)
        return Response(CommentDocument(comment).data, status=201)


class Attachments(Endpoint):
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="list_attachments", summary="The files of a case",
        responses=AttachmentDocument(many=True),
    )  # fmt: skip
    def get(self, request: Request, number: str) -> Response:
        files = self.case(number).attachments.select_related("uploaded_by").order_by("pk")
        return self.paged(files, AttachmentDocument)

    @extend_schema(
        operation_id="attach_file", summary="Add a file",
        request={"multipart/form-data": FileSent}, responses={201: AttachmentDocument},
    )  # fmt: skip
    def post(self, request: Request, number: str) -> Response:
        case, sent = self.case(number), FileSent(data=request.data)
        sent.is_valid(raise_exception=True)
        attachment = actions.attach_file(
            case=case, file=sent.validated_data["file"], actor=self.user, at=self.at
        )
        return Response(AttachmentDocument(attachment).data, status=201)


class OneAttachment(Endpoint):
    @extend_schema(
        operation_id="download_attachment", summary="Download a file",
        responses={(200, "*/*"): OpenApiTypes.BINARY},  # as the file is
    )  # fmt: skip
    def get(self, request: Request, number: str, pk: int) -> FileResponse:
        return attachments.served(get_object_or_404(self.case(number).attachments, pk=pk))


class Watching(Endpoint):
    @extend_schema(
        operation_id="watch_case", summary="Follow a case", request=None, responses={204: None}
    )
    def post(self, request: Request, number: str) -> Response:
        actions.watch_case(case=self.case(number), actor=self.user, at=self.at)
        return Response(status=204)

    @extend_schema(operation_id="unwatch_case", summary="Stop following", responses={204: None})
    def delete(self, request: Request, number: str) -> Response:
        actions.unwatch_case(case=self.case(number), actor=self.user, at=self.at)
        return Response(status=204)


class Links(Endpoint):
    pagination_class = None

    @extend_schema(
        operation_id="link_cases", summary="Link a case to another",
        request=LinkSent, responses={201: LinkDocument(many=True)},
        description="Answers with all links of the case that you may see.",
    )  # fmt: skip
    def post(self, request: Request, number: str) -> Response:
        case, sent = self.case(number), LinkSent(data=request.data)
        sent.is_valid(raise_exception=True)
        target = Case.objects.visible_to(self.who).filter(number=sent.validated_data["target"])
        if (other := target.first()) is None:
            raise BadData({"target": [_("There is no such case.")]})
        actions.link_cases(
            source=case, target=other, relation=sent.validated_data["relation"],
            actor=self.user, at=self.at,
        )  # fmt: skip
        return Response(LinkDocument(looks.linked(case, self.who), many=True).data, status=201)
