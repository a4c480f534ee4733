"""The league for machines: public standings, and rounds ridden elsewhere brought in by the organiser."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.entry_import import RawBody
from race.api.scope import Scoped
from race.models import Role
from results.league import asked, imports, rules, standings
from results.league.imports import Outcome
from results.league.standings import Standings
from results.models import Round


class LeagueImportAnswer(serializers.Serializer[Any]):
    """What a list would do (`written` false) or has done."""

    written = serializers.BooleanField()
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    removed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    wrong = serializers.IntegerField()
    seen = serializers.CharField()
    rows = serializers.ListField(child=serializers.DictField(), help_text="Rows that are not right: number, problems")


class LeagueStandings(Scoped):
    """The standings of a league, and its rounds ridden elsewhere."""

    roles = {"GET": ("public",), "POST": (Role.Name.ORGANISER, Role.Name.CHIEF)}
    parser_classes = [MultiPartParser, RawBody]

    @extend_schema(
        parameters=[
            OpenApiParameter("league", str), OpenApiParameter("group", str), OpenApiParameter("now", bool),
        ],
        responses=OpenApiTypes.OBJECT,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """A group of a league (default: the first of the newest), or `group=teams`; `now=1`: if every race stopped now."""
        given = request.query_params
        league, group = asked.chosen(given.get("league", ""), given.get("group", ""))
        return Response(
            as_json(standings.of(league, group, now=given.get("now") in ("1", "true")), asked.groups(league))
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("edition", str), OpenApiParameter("league", str, required=True),
            OpenApiParameter("round", int, required=True), OpenApiParameter("dry_run", bool),
            OpenApiParameter("seen", str, description="`seen` of the dry run: nothing newer is replaced unseen"),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY, "multipart/form-data": OpenApiTypes.OBJECT},
        responses={200: LeagueImportAnswer, 201: LeagueImportAnswer},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Take in a round ridden elsewhere (XLSX or CSV, raw body or the field `file`), all of it or nothing."""
        edition, asked = self.edition(), request.query_params
        assert edition is not None
        number = asked.get("round", "")
        # An organiser brings in rounds of the leagues that an edition of theirs is a round of, and of no others.
        rounds = Round.objects.filter(league__slug=asked.get("league", ""), league__rounds__edition=edition)
        made = get_object_or_404(rounds.distinct(), order=int(number) if number.isascii() and number.isdigit() else -1)
        sent: Any = request.data
        if not isinstance(sent, bytes):
            if "file" not in sent or not hasattr(sent["file"], "read"):
                raise serializers.ValidationError({"file": _("The form has no field named file.")})
            sent = sent["file"].read()
        if asked.get("dry_run") in ("1", "true"):
            return Response(outcome_json(imports.dry_run(made, sent)))
        done = imports.apply(made, sent, edition=edition, by=self.actor(), seen=asked.get("seen", "")[:16])
        return Response(outcome_json(done), status=201 if done.added or done.changed or done.removed else 200)


def as_json(table: Standings, groups: list[str]) -> dict[str, Any]:
    """Standings as JSON: names and teams, never who somebody is."""
    return {
        "league": table.league.slug, "season": table.league.season, "group": table.group, "groups": groups,
        "rules": rules.sentences(table.league, table.group),
        "rounds": [
            {
                "number": one.round.order, "zh": one.round.name_zh, "en": one.round.name_en,
                "held_on": one.round.held_on.isoformat(), "state": one.state, "under_protest": one.waiting,
            }
            for one in table.columns
        ],
        "rows": [
            {
                "rank": line.rank, "name": [line.who.zh, line.who.latin] if line.who else list(line.team),
                "team": list(line.team), "points": line.points, "pending": line.waits, "decided_by": line.by,
                "rounds": [
                    None if cell.points is None
                    else {"place": cell.place, "points": cell.points, "counts": cell.counts, "pending": cell.waits}
                    | (
                        {"riders": [
                            {"name": [each.who.zh, each.who.latin], "group": each.group, "points": each.points}
                            for each in line.made[at]
                        ]} if line.made else {}
                    )
                    for at, cell in enumerate(line.cells)
                ],
            }
            for line in table.lines
        ],
        "without_points": table.without,
    }  # fmt: skip


def outcome_json(found: Outcome) -> dict[str, Any]:
    """An outcome as JSON, with the rows that are not right."""
    wrong = [
        {"row": row.number, "problems": [{"column": column, "text": text} for column, text in row.problems]}
        for row in found.rows
        if row.problems
    ]
    names = ("written", "added", "changed", "removed", "unchanged", "wrong", "seen")
    return {name: getattr(found, name) for name in names} | {"rows": wrong[:200]}
