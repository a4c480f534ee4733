"""Rulings of a race."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.fields import VenueInstant
from race.api.scope import Scoped
from race.models import Role
from results import preview, rulings
from results.models import Ruling


class RulingRow(serializers.ModelSerializer[Ruling]):
    """A ruling: bibs, no names."""

    at = VenueInstant()
    recorded_at = VenueInstant()
    bib = serializers.IntegerField(source="entry.bib", default=None, allow_null=True)
    revokes = serializers.IntegerField(source="revokes.number", default=None, allow_null=True)
    hash = serializers.CharField(source="link.hash")

    class Meta:
        model = Ruling
        fields = [
            "number",
            "revision",
            "at",
            "kind",
            "bib",
            "detail",
            "article",
            "reason",
            "revokes",
            "hash",
            "recorded_at",
        ]


class RulingAnswer(RulingRow):
    """A ruling as issued. `warnings`: what the board said against it, as codes."""

    warnings = serializers.SerializerMethodField()

    class Meta(RulingRow.Meta):
        fields = [*RulingRow.Meta.fields, "warnings"]

    def get_warnings(self, ruling: Ruling) -> list[str]:
        """As found before the ruling was issued."""
        found: list[str] = self.context["warnings"]
        return found


class RulingRequest(serializers.Serializer[Any]):
    """A ruling to issue; `revokes` (a number) takes an earlier one back instead."""

    kind = serializers.CharField(required=False)
    bib = serializers.IntegerField(required=False, allow_null=True, default=None)
    detail = serializers.DictField(required=False, default=dict)
    article = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    seen = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The revision looked at: a newer ruling is then not overlooked",
    )
    revokes = serializers.IntegerField(required=False, allow_null=True, default=None)


class Rulings(Scoped):
    """The rulings of a race."""

    roles = {"GET": ("public",), "HEAD": ("public",), "POST": (Role.Name.COMMISSAIRE,)}

    @extend_schema(responses=RulingRow(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """All rulings, oldest first."""
        made = Ruling.objects.filter(race=self.race()).select_related("edition", "entry", "link", "revokes")
        made = made.order_by("number")
        return Response(RulingRow(made, many=True).data)

    @extend_schema(request=RulingRequest, responses={201: RulingAnswer})
    def post(self, request: Request, slug: str) -> Response:
        """Issue a ruling, or revoke one."""
        wanted = RulingRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        data, race = wanted.validated_data, self.race()
        warnings: list[str] = []
        if data["revokes"] is not None:
            earlier = get_object_or_404(Ruling, race=race, number=data["revokes"])
            made = rulings.revoke(earlier, reason=data["reason"], by=self.actor(), seen=data["seen"])
        else:
            warnings = rulings.at_odds(race, data.get("kind", ""), data["bib"])
            made = rulings.issue(
                race,
                data.get("kind", ""),
                bib=data["bib"],
                detail=data["detail"],
                reason=data["reason"],
                by=self.actor(),
                article=data["article"],
                seen=data["seen"],
            )
        return Response(RulingAnswer(made, context={"warnings": warnings}).data, status=201)


class LineRow(serializers.Serializer[Any]):
    """A line as it is published; whole seconds."""

    rank = serializers.IntegerField(allow_null=True)
    status = serializers.CharField()
    laps = serializers.IntegerField()
    time_s = serializers.IntegerField(allow_null=True)
    gap_s = serializers.IntegerField(allow_null=True)
    relegated = serializers.BooleanField()


class ChangeRow(serializers.Serializer[Any]):
    """A rider whose line differs."""

    bib = serializers.IntegerField()
    before = LineRow(allow_null=True)
    after = LineRow(allow_null=True)


class MoneyRow(serializers.Serializer[Any]):
    """A rider whose prize differs, in fen."""

    bib = serializers.IntegerField()
    before = serializers.IntegerField()
    after = serializers.IntegerField()


class TeamMoveRow(serializers.Serializer[Any]):
    """A team whose place differs."""

    team = serializers.CharField()
    before = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)


class LeagueMoveRow(serializers.Serializer[Any]):
    """A rider or a team whose points or place in a league differ; a place of null: no points on that side."""

    league = serializers.CharField()
    group = serializers.CharField(help_text="`teams` for the team league")
    bib = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    team = serializers.CharField()
    points_before = serializers.IntegerField()
    points_after = serializers.IntegerField()
    rank_before = serializers.IntegerField(allow_null=True)
    rank_after = serializers.IntegerField(allow_null=True)
    latin = serializers.CharField(help_text="The name in Latin letters; of a team, its English name")
    team_en = serializers.CharField()


class RulingPreviewAnswer(serializers.Serializer[Any]):
    """What a ruling would change. Send `revision` back as `seen` when it is signed."""

    revision = serializers.IntegerField()
    places = serializers.IntegerField(source="found.places")
    times = serializers.IntegerField(source="found.times")
    statuses = serializers.IntegerField(source="found.statuses")
    changes = ChangeRow(many=True, source="found.changes")
    prizes = MoneyRow(many=True)
    prize_difference_fen = serializers.IntegerField()
    teams = TeamMoveRow(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    league_points = serializers.IntegerField(help_text="How many riders' points of a league differ")
    league = LeagueMoveRow(many=True)


class RulingPreview(Scoped):
    """What a ruling would change, before it is signed."""

    roles = {"POST": (Role.Name.COMMISSAIRE,)}

    @extend_schema(request=RulingRequest, responses=RulingPreviewAnswer)
    def post(self, request: Request, slug: str) -> Response:
        """Compute the standings with the ruling (or without the one revoked), and answer with what differs."""
        wanted = RulingRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        data, race = wanted.validated_data, self.race()
        if data["revokes"] is not None:
            found = preview.of_revocation(get_object_or_404(Ruling, race=race, number=data["revokes"]))
        else:
            asked = {name: data[name] for name in ("bib", "detail", "article")}
            found = preview.of_ruling(race, data.get("kind", ""), **asked)
        return Response(RulingPreviewAnswer(found).data)
