"""Teams: many riders entered in one request, as the manager's page does it."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race import entry_columns, entry_sheet, links, teams
from race.api.entry_import import RowProblems, answer
from race.api.registrations import KEY, ContactFields, EntryThrottle, SignatureFields, Text, validated
from race.api.scope import Scoped
from race.entry_columns import Row
from race.entry_import import Outcome
from race.models import Edition, Entry, Role, Team
from race.particulars import Contact, Signature


class TeamRequest(serializers.Serializer[Any]):
    """A team and its riders: each row maps columns of the list (`name`, `number`, `category`, `phone` ...) to their cells."""

    edition = serializers.SlugField()
    team = Text(required=True, default=serializers.empty)
    rows = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=200)),
        max_length=teams.MOST,
    )
    contact = ContactFields()
    signature = SignatureFields()
    language = Text(default="zh-hans")
    queue = serializers.BooleanField(default=True, help_text="Whether riders without a place queue, or are left out")


class TeamEntry(serializers.Serializer[Any]):
    """What a rider of the team has now."""

    name = serializers.CharField()
    category = serializers.CharField()
    state = serializers.CharField()


class TeamAnswer(serializers.Serializer[Any]):
    """The team as it was entered; `link` is the manager's private one."""

    link = serializers.CharField(required=False)
    entries = TeamEntry(many=True, required=False)
    rows = RowProblems(many=True, help_text="Of a dry run: what is wrong with each row")


class TeamRow(serializers.ModelSerializer[Team]):
    """A team with how many of its riders live."""

    riders = serializers.IntegerField()

    class Meta:
        model = Team
        fields = ["id", "name_zh", "name_en", "riders"]


class Teams(Scoped):
    """The teams of an edition; entering one is for everybody."""

    roles = {"GET": (Role.Name.OFFICE, Role.Name.ORGANISER), "POST": ("public",)}
    throttle_classes = [EntryThrottle]

    def get_queryset(self) -> QuerySet[Team]:
        """Teams with living entries first in the alphabet of their Chinese names."""
        alive = Count("entries", filter=Q(entries__state__in=Entry.ALIVE))
        return Team.objects.filter(edition=self.edition()).annotate(riders=alive).order_by("name_zh")

    @extend_schema(parameters=[OpenApiParameter("edition", str)], responses=TeamRow(many=True))
    def get(self, request: Request) -> Response:
        """Every team, with the number of its riders."""
        return Response(TeamRow(self.get_queryset(), many=True).data)

    @extend_schema(
        request=TeamRequest,
        responses={200: TeamAnswer, 201: TeamAnswer},
        parameters=[KEY, OpenApiParameter("dry_run", bool)],
    )
    def post(self, request: Request) -> Response:
        """Enter the riders of a team; `?dry_run=1` only judges the rows. The same key and body are one registration."""
        said = validated(TeamRequest, request)
        edition = get_object_or_404(Edition, slug=said["edition"])
        known = entry_columns.LABELS.keys() - set(entry_columns.OFFICE)
        rows = [
            Row(number, {name: cell for name, cell in cells.items() if cell and name in known})
            for number, cells in enumerate(said["rows"], 1)
        ]
        if request.query_params.get("dry_run", "") in ("1", "true"):
            return Response({"rows": answer(Outcome(entry_sheet.judge(rows, edition)))["rows"]})
        key = request.headers.get("Idempotency-Key", "").strip()
        if not key:
            raise serializers.ValidationError({"Idempotency-Key": [_("This header is missing.")]}, code="required")
        made = teams.register(
            edition, said["team"], rows, contact=Contact(**said["contact"]), signature=Signature(**said["signature"]),
            key=key, language=said["language"], queue=said["queue"],
        )  # fmt: skip
        entries = made.entries.select_related("rider", "category").order_by("pk")
        told = [{"name": str(entry.rider), "category": entry.category.code, "state": entry.state} for entry in entries]
        return Response({"link": links.url(links.make(made)), "entries": told, "rows": []}, status=201)
