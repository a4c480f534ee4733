"""Corrections of reads: what a timekeeper, or a commissaire, says against the machines."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.fields import Instant, VenueInstant
from race.api.scope import Scoped
from race.models import Edition, Entry, Role, TimingPoint, User
from timing import corrections
from timing.models import Correction, Delivery, Read

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Kind = Correction.Kind
Words = Mapping[str, Any]


class CorrectionRow(serializers.ModelSerializer[Correction]):
    """A correction. `read` for ignore and move, or `delivery` for an ignore of all reads it was the first to bring; `race`,
    `bib` and `point` for add; `correction` is what an undo undoes.
    """

    kind = serializers.CharField()
    read = serializers.IntegerField(source="read_id", allow_null=True)
    delivery = serializers.IntegerField(source="delivery_id", allow_null=True)
    race = serializers.CharField(source="entry.race.slug", default=None, allow_null=True)
    bib = serializers.IntegerField(source="entry.bib", default=None, allow_null=True)
    point = serializers.CharField(source="point.code", default=None, allow_null=True)
    at = serializers.SerializerMethodField()
    correction = serializers.IntegerField(source="undoes_id", allow_null=True)
    recorded_at = VenueInstant()

    class Meta:
        model = Correction
        fields = [
            "id", "kind", "read", "delivery", "race", "bib", "point", "at", "correction", "evidence", "revision",
            "recorded_at",
        ]  # fmt: skip

    def get_at(self, made: Correction) -> str | None:
        """The instant that counts, with the offset of the venue."""
        if made.at_us is None:
            return None
        return (EPOCH + timedelta(microseconds=made.at_us)).astimezone(ZoneInfo(made.edition.zone)).isoformat()


class CorrectionRequest(serializers.Serializer[Any]):
    """A correction to make. Which words it needs depends on its kind; the others are left out or null."""

    kind = serializers.CharField(help_text="ignore, move, add or undo")
    read = serializers.IntegerField(required=False, allow_null=True, default=None)
    delivery = serializers.IntegerField(required=False, allow_null=True, default=None)
    race = serializers.SlugField(required=False, allow_null=True, default=None)
    bib = serializers.IntegerField(required=False, allow_null=True, default=None)
    point = serializers.SlugField(required=False, allow_null=True, default=None)
    at = Instant(required=False, allow_null=True, default=None)
    correction = serializers.IntegerField(required=False, allow_null=True, default=None)
    evidence = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")

    def validate_kind(self, kind: str) -> str:
        """One of the four."""
        if kind not in NEEDS:
            raise serializers.ValidationError(f"one of {', '.join(NEEDS)}", "invalid_choice")
        return kind

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Every word the kind needs, and none that it does not know: a correction is read by others later."""
        needs = NEEDS[attrs["kind"]]
        if attrs["kind"] == Kind.IGNORE and attrs["read"] is None and attrs["delivery"] is not None:
            needs = ("delivery",)
        for name in ("read", "delivery", "race", "bib", "point", "at", "correction"):
            if name in needs and attrs[name] is None:
                raise serializers.ValidationError({name: self.fields[name].error_messages["required"]}, "required")
            if name not in needs and attrs[name] is not None:
                raise serializers.ValidationError({name: f"not wanted for {attrs['kind']}"}, "not_wanted")
        return attrs


class Corrections(Scoped):
    """The corrections of an edition. They are facts: each can be undone by another one, none is edited."""

    roles = {"*": (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE)}

    @extend_schema(parameters=[OpenApiParameter("edition", str)], responses=CorrectionRow(many=True))
    def get(self, request: Request) -> Response:
        """All corrections, oldest first."""
        made = Correction.objects.filter(edition=self.edition()).select_related("edition", "entry__race", "point")
        return Response(CorrectionRow(made.order_by("revision", "pk"), many=True).data)

    @extend_schema(
        parameters=[OpenApiParameter("edition", str)], request=CorrectionRequest, responses={201: CorrectionRow}
    )
    def post(self, request: Request) -> Response:
        """Ignore or move a read, add a passing that was seen, or undo a correction."""
        wanted = CorrectionRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        edition = self.edition()
        assert edition is not None
        words = wanted.validated_data
        made = MAKE[words["kind"]](edition, words, self.actor())
        return Response(CorrectionRow(made).data, status=201)


def _read(edition: Edition, words: Words) -> Read:
    read = Read.objects.select_related("source__edition").filter(source__edition=edition, pk=words["read"]).first()
    if read is None:
        raise serializers.ValidationError({"read": "unknown read"})
    return read


def _delivery(edition: Edition, words: Words) -> Delivery:
    ours = Delivery.objects.filter(channel__edition=edition).select_related("channel__edition").defer("body")
    delivery = ours.filter(pk=words["delivery"]).first()
    if delivery is None:
        raise serializers.ValidationError({"delivery": "unknown delivery"})
    return delivery


def _us(words: Words) -> int:
    at: datetime = words["at"]
    return (at - EPOCH) // timedelta(microseconds=1)


def _ignore(edition: Edition, words: Words, by: User | None) -> Correction:
    if words["delivery"] is not None:
        return corrections.ignore_delivery(_delivery(edition, words), by=by, evidence=words["evidence"])
    return corrections.ignore(_read(edition, words), by=by, evidence=words["evidence"])


def _move(edition: Edition, words: Words, by: User | None) -> Correction:
    return corrections.move(_read(edition, words), _us(words), by=by, evidence=words["evidence"])


def _add(edition: Edition, words: Words, by: User | None) -> Correction:
    riders = Entry.objects.select_related("edition", "race").filter(edition=edition, state=Entry.State.CONFIRMED)
    entry = riders.filter(race__slug=words["race"], bib=words["bib"]).first()
    if entry is None:
        raise serializers.ValidationError({"bib": "not on the start list of this race"})
    point = TimingPoint.objects.filter(course=entry.race.course_id, code=words["point"]).first()
    if point is None:
        raise serializers.ValidationError({"point": "unknown timing point"})
    return corrections.add(entry, point, _us(words), by=by, evidence=words["evidence"])


def _undo(edition: Edition, words: Words, by: User | None) -> Correction:
    made = Correction.objects.filter(edition=edition, pk=words["correction"]).first()
    if made is None:
        raise serializers.ValidationError({"correction": "unknown correction"})
    return corrections.undo(made, by=by, evidence=words["evidence"])


#: kind -> the words it needs besides the evidence.
NEEDS: dict[str, tuple[str, ...]] = {
    Kind.IGNORE: ("read",),
    Kind.MOVE: ("read", "at"),
    Kind.ADD: ("race", "bib", "point", "at"),
    Kind.UNDO: ("correction",),
}
#: kind -> what makes it.
MAKE: dict[str, Callable[[Edition, Words, User | None], Correction]] = {
    Kind.IGNORE: _ignore,
    Kind.MOVE: _move,
    Kind.ADD: _add,
    Kind.UNDO: _undo,
}
