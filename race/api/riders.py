"""Riders as the office finds them: the one search box, for machines."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race import search
from race.api.entries import EntryRow
from race.api.scope import Scoped
from race.models import Role

DEFAULT, MOST = 20, 100


class HitRow(serializers.Serializer[Any]):
    """An entry that was found, and by what: bib, pass, chip, document, contact, name or team."""

    why = serializers.CharField()
    entry = EntryRow()


class Riders(Scoped):
    """`?q=` finds entries of `?edition=` by name, initials, bib, chip, document, phone, e-mail, pass or team."""

    roles = {"GET": (Role.Name.OFFICE, Role.Name.ORGANISER)}

    @extend_schema(
        parameters=[OpenApiParameter("q", str), OpenApiParameter("edition", str), OpenApiParameter("limit", int)],
        responses=HitRow(many=True),
    )
    def get(self, request: Request) -> Response:
        """The surest first; nothing for an empty text. No answer holds a document, a phone or an address."""
        edition = self.edition()
        limit = request.query_params.get("limit", "")
        most = min(max(int(limit), 1), MOST) if limit.isascii() and limit.isdigit() and len(limit) < 6 else DEFAULT
        hits = search.find(edition, request.query_params.get("q", ""), most) if edition else []
        return Response(HitRow(hits, many=True).data)
