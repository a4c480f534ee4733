"""Rows of rounds ridden elsewhere: who they were, joined and parted; and what each publication moved in the season."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Edition, Entry, Role
from results.api.rulings import LeagueMoveRow
from results.league import asked, history, joining
from results.models import RoundResult


class LeagueLikely(serializers.Serializer[Any]):
    """Who a row may have been: the entry of a rider of ours, or another row."""

    entry = serializers.IntegerField(allow_null=True)
    row = serializers.IntegerField(allow_null=True, source="line")
    bib = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    team = serializers.CharField()
    group = serializers.CharField()
    basis = serializers.CharField(help_text="`name_and_team`, `name_other_team`, or `name` where a team is missing")


class LeagueRow(serializers.Serializer[Any]):
    """A row of a round ridden elsewhere that no document tells who it was."""

    row = serializers.IntegerField()
    round = serializers.IntegerField()
    group = serializers.CharField()
    place = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    team = serializers.CharField()
    joined = serializers.BooleanField()
    bib = serializers.IntegerField(allow_null=True, help_text="Of the rider of ours that it is joined to")
    seen = serializers.CharField(help_text="To whom it is joined, to be sent back when it is parted")
    likely = LeagueLikely(many=True)


class LeagueJoinRequest(serializers.Serializer[Any]):
    """Join a row to an entry or to another row."""

    entry = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    row = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    reason = serializers.CharField(max_length=300)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if ("entry" in attrs) == ("row" in attrs):
            raise serializers.ValidationError("entry or row, and not both")
        return attrs


class LeaguePartRequest(serializers.Serializer[Any]):
    """Part a row from whom it was joined to."""

    reason = serializers.CharField(max_length=300)
    seen = serializers.CharField(required=False, default="", max_length=16, allow_blank=True)


class LeagueDone(serializers.Serializer[Any]):
    """Whether anything was changed: a repeated request changes nothing."""

    changed = serializers.BooleanField()


class LeagueRows(Scoped):
    """Rows that are joined by hand, or wait to be."""

    roles = {"GET": (Role.Name.COMMISSAIRE, Role.Name.ORGANISER)}

    @extend_schema(
        parameters=[OpenApiParameter("edition", str), OpenApiParameter("league", str, required=True)],
        responses=LeagueRow(many=True),
    )
    def get(self, request: Request) -> Response:
        """The rows of a league that no document tells who they were: those to join with proposals, then those joined."""
        league = asked.league_of(self.edition(), request.query_params.get("league", ""))
        lines = joining.lines_of(league)
        found = [_row(one.line, one.likely) for one in joining.loose(league, lines)]
        found += [_row(line, ()) for line in lines if line.member]
        return Response(LeagueRow(found, many=True).data)


def _row(line: RoundResult, likely: tuple[joining.Likely, ...]) -> dict[str, Any]:
    return {
        "row": line.pk, "round": line.round.order, "group": line.group, "place": line.place, "name": line.name,
        "team": line.team, "joined": bool(line.member), "bib": line.entry.bib if line.entry else None,
        "seen": joining.mark(line), "likely": likely,
    }  # fmt: skip


class LeagueJoin(Scoped):
    """Say who a row was."""

    roles = {"POST": (Role.Name.ORGANISER, Role.Name.CHIEF)}

    @extend_schema(parameters=[OpenApiParameter("edition", str)], request=LeagueJoinRequest, responses=LeagueDone)
    def post(self, request: Request, pk: int) -> Response:
        """Join a row to the rider of an entry of ours, or to another row of the league."""
        edition, line = row_of(self, pk)
        wanted = LeagueJoinRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        to: Entry | RoundResult = (
            get_object_or_404(Entry.objects.select_related("category"), pk=given["entry"])
            if "entry" in given
            else get_object_or_404(RoundResult, pk=given["row"], round__league=line.round.league_id)
        )
        return Response({"changed": joining.join(line, to, edition=edition, by=self.actor(), reason=given["reason"])})


class LeaguePart(Scoped):
    """Take back who a row was."""

    roles = {"POST": (Role.Name.ORGANISER, Role.Name.CHIEF)}

    @extend_schema(parameters=[OpenApiParameter("edition", str)], request=LeaguePartRequest, responses=LeagueDone)
    def post(self, request: Request, pk: int) -> Response:
        """Part a row from whom it was joined to; it stands alone again."""
        edition, line = row_of(self, pk)
        wanted = LeaguePartRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        changed = joining.part(line, edition=edition, by=self.actor(), reason=given["reason"], seen=given["seen"])
        return Response({"changed": changed})


def row_of(view: Scoped, pk: int) -> tuple[Edition, RoundResult]:
    """The edition that is asked from, and a row of a league of it."""
    edition = view.edition()
    if edition is None:
        raise Http404
    rows = RoundResult.objects.select_related("round").filter(round__league__rounds__edition=edition).distinct()
    return edition, get_object_or_404(rows, pk=pk)


class LeagueStep(serializers.Serializer[Any]):
    """A publication and what it moved. `first`: the race's first one, with which its points come in."""

    race = serializers.CharField(source="publication.race.slug")
    version = serializers.IntegerField(source="publication.version")
    standing = serializers.CharField(source="publication.standing")
    at = serializers.DateTimeField(source="publication.at", allow_null=True)
    reason = serializers.CharField(source="publication.reason")
    first = serializers.BooleanField()
    communique = serializers.CharField(source="paper.code", allow_null=True, default=None)
    moved = LeagueMoveRow(many=True)


class LeagueChanges(Scoped):
    """What each publication moved in the season."""

    roles = {"GET": ("public",)}

    @extend_schema(
        parameters=[OpenApiParameter("league", str), OpenApiParameter("group", str)],
        responses={200: LeagueStep(many=True), 404: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> Response:
        """The newest publications that bear on a group (or `teams`), the newest first."""
        given = request.query_params
        league, group = asked.chosen(given.get("league", ""), given.get("group", ""))
        return Response(LeagueStep(history.steps(league, group), many=True).data)
