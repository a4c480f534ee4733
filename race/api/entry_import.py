"""The office's import of an entry list: what it would do, and the deed."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from race import entry_import
from race.api.scope import Scoped
from race.entry_import import Outcome
from race.models import Role

SHOWN = 200


class RawBody(BaseParser):
    """The body as it is, whatever it calls itself."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """All bytes of the body."""
        return stream.read()


class CellProblem(serializers.Serializer[Any]):
    """What is wrong with a cell."""

    column = serializers.CharField()
    code = serializers.CharField()
    text = serializers.CharField()
    blocks = serializers.BooleanField(help_text="Whether the row cannot be entered; else it is only told")


class RowProblems(serializers.Serializer[Any]):
    """A row that something is to be said of."""

    row = serializers.IntegerField(help_text="As the spreadsheet program counts, from 1")
    problems = CellProblem(many=True)


class ImportAnswer(serializers.Serializer[Any]):
    """What a list would do (`written` false) or has done."""

    written = serializers.BooleanField()
    added = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    wrong = serializers.IntegerField()
    unknown_columns = serializers.ListField(child=serializers.CharField())
    rows = RowProblems(many=True, help_text="The first 200 rows that something is to be said of")


class EntryImport(Scoped):
    """An entry list, taken in as a whole or not at all."""

    roles = {"POST": (Role.Name.OFFICE, Role.Name.ORGANISER)}
    parser_classes = [MultiPartParser, RawBody]

    @extend_schema(
        parameters=[
            OpenApiParameter("edition", str),
            OpenApiParameter("dry_run", bool, description="Only tell what the list would do"),
            OpenApiParameter("update", bool, description="Change riders who are entered already to what the list says"),
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY, "multipart/form-data": OpenApiTypes.OBJECT},
        responses={200: ImportAnswer, 201: ImportAnswer},
    )
    def post(self, request: Request) -> Response:
        """Take in a list (XLSX or CSV, raw body or the field `file`). The same bytes with the same key are entered once."""
        edition, body = self.edition(), _body(request)
        assert edition is not None
        update = _flag(request, "update")
        if _flag(request, "dry_run"):
            return Response(answer(entry_import.dry_run(edition, body, update=update)))
        key = request.headers.get("Idempotency-Key") or hashlib.sha256(body).hexdigest()
        outcome = entry_import.apply(edition, body, key=key, by=self.actor(), update=update)
        return Response(answer(outcome), status=201 if outcome.rows else 200)


def answer(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON."""
    told = [row for row in outcome.rows if row.problems][:SHOWN]
    return {
        "written": outcome.written, "added": outcome.added, "updated": outcome.updated, "unchanged": outcome.unchanged,
        "wrong": outcome.wrong,
        "unknown_columns": [heading for _at, heading in outcome.headings.unknown] if outcome.headings else [],
        "rows": [
            {
                "row": row.number,
                "problems": [
                    {"column": one.column, "code": one.code, "text": one.text, "blocks": one.blocks} for one in row.problems
                ],
            }
            for row in told
        ],
    }  # fmt: skip


def _flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("1", "true", "yes")


def _body(request: Request) -> bytes:
    sent: Any = request.data
    if isinstance(sent, bytes):
        return sent
    upload = sent.get("file") if (request.content_type or "").startswith("multipart/") else None
    if upload is None or not hasattr(upload, "read"):
        raise serializers.ValidationError({"file": _("The form has no field named file.")})
    return bytes(upload.read())
