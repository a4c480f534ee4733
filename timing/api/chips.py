"""Chips at the line: unknown ones with who they may be, and what is odd about the known ones."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race import transponders
from race.api.fields import Instant
from race.api.scope import Scoped
from race.models import Assignment, Edition, Entry, Role, User
from timing import chips
from timing.chip_findings import Sighting
from timing.chips import ChipDesk
from timing.clocks import instant
from timing.suggestions import Unknown

SEE = (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER)
ACT = (Role.Name.TIMING_CREW, Role.Name.ORGANISER)
Words = Mapping[str, Any]


class SeenRow(serializers.Serializer[Any]):
    """A chip at a source without a break: where, from when until when, how many reads."""

    course = serializers.CharField()
    point = serializers.CharField()
    source = serializers.IntegerField()  # type: ignore[assignment]
    first = serializers.DateTimeField()
    last = serializers.DateTimeField()
    reads = serializers.IntegerField()


class ReasonRow(serializers.Serializer[Any]):
    """Why it may be a rider; which chip, bib or instant the reason rests on."""

    code = serializers.CharField()
    chip = serializers.CharField(allow_null=True)
    bib = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class SuggestionRow(serializers.Serializer[Any]):
    """A rider it may be."""

    race = serializers.CharField()
    bib = serializers.IntegerField()
    reasons = ReasonRow(many=True)


class HeldRow(serializers.Serializer[Any]):
    """Who carried the chip at another time."""

    bib = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python, so it is added here."""
        return {"from": serializers.DateTimeField(allow_null=True), **super().get_fields()}


class UnknownRow(serializers.Serializer[Any]):
    """A chip that was read while nobody carried it. `proposed`: the bib that is likely enough to be offered at once."""

    chip = serializers.CharField()
    reads = serializers.IntegerField()
    laps = serializers.ListField(child=serializers.IntegerField())
    seen = SeenRow(many=True)
    held = HeldRow(many=True)
    suggestions = SuggestionRow(many=True)
    proposed = serializers.IntegerField(allow_null=True)
    put_aside = serializers.BooleanField()


class UnknownList(serializers.Serializer[Any]):
    """All of them, those read most often first."""

    results = UnknownRow(many=True)


class UnknownRequest(serializers.Serializer[Any]):
    """What is to be done about a chip. `assign` needs `race` and `bib`; `undo` an `assignment` and a `reason`."""

    kind = serializers.ChoiceField(choices=("assign", "put_aside", "ask_again", "undo"))
    chip = serializers.CharField(max_length=32, required=False, default="")
    race = serializers.SlugField(required=False, allow_null=True, default=None)
    bib = serializers.IntegerField(required=False, allow_null=True, default=None)
    assignment = serializers.IntegerField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python, so it is added here."""
        return {**super().get_fields(), "from": Instant(required=False, allow_null=True, default=None)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Every word the kind needs."""
        needs = {"assign": ("chip", "race", "bib"), "undo": ("assignment", "reason")}.get(attrs["kind"], ("chip",))
        for name in needs:
            if attrs[name] in (None, ""):
                raise serializers.ValidationError({name: self.fields[name].error_messages["required"]}, "required")
        return attrs


class ActRow(serializers.Serializer[Any]):
    """What was done. `assignment`, `race`, `bib`, `from` and `until` where a chip was assigned."""

    kind = serializers.CharField()
    chip = serializers.CharField()
    assignment = serializers.IntegerField(allow_null=True)
    race = serializers.CharField(allow_null=True)
    bib = serializers.IntegerField(allow_null=True)
    revision = serializers.IntegerField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python, so it is added here."""
        ends = {name: serializers.DateTimeField(allow_null=True) for name in ("from", "until")}
        return {**super().get_fields(), **ends}


class UnknownChips(Scoped):
    """Chips that were read while nobody carried them."""

    roles = {"GET": SEE, "POST": ACT}

    @extend_schema(
        parameters=[
            OpenApiParameter("edition", str),
            OpenApiParameter("aside", bool, description="Also those that were put aside"),
        ],
        responses=UnknownList,
    )
    def get(self, request: Request) -> Response:
        """Each with where and when it was read, and who it may be, the likeliest first."""
        edition = self.edition()
        assert edition is not None
        desk = chips.gather(edition)
        aside = serializers.BooleanField().run_validation(request.query_params.get("aside", False))
        rows = [_row(desk, one) for one in desk.unknown() if aside or one.chip not in desk.aside]
        return Response({"results": rows})

    @extend_schema(parameters=[OpenApiParameter("edition", str)], request=UnknownRequest, responses={201: ActRow})
    def post(self, request: Request) -> Response:
        """Assign a chip to a rider from a moment on, also a past one; put it aside; ask again; undo an assignment."""
        wanted = UnknownRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        edition = self.edition()
        assert edition is not None
        words = wanted.validated_data
        return Response(ACTS[words["kind"]](edition, words, self.actor()), status=201)


def _assign(edition: Edition, words: Words, by: User | None) -> dict[str, Any]:
    riders = Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED)
    entry = riders.filter(race__slug=words["race"], bib=words["bib"]).first()
    if entry is None:
        raise serializers.ValidationError({"bib": "not on the start list of this race"})
    made = chips.assign(edition, words["chip"], entry, by=by, since=words["from"])
    return _done("assign", edition, words["chip"], Assignment.objects.select_related("entry__race").get(pk=made.pk))


def _aside(edition: Edition, words: Words, by: User | None) -> dict[str, Any]:
    chips.put_aside(edition, words["chip"], by=by)
    return _done("put_aside", edition, words["chip"])


def _again(edition: Edition, words: Words, by: User | None) -> dict[str, Any]:
    chips.ask_again(edition, words["chip"])
    return _done("ask_again", edition, words["chip"])


def _undo(edition: Edition, words: Words, by: User | None) -> dict[str, Any]:
    known = Assignment.objects.filter(edition=edition, pk=words["assignment"])
    made = known.select_related("transponder", "entry__race").first()
    if made is None:
        raise serializers.ValidationError({"assignment": "unknown assignment"})
    transponders.undo(made, by=by, reason=words["reason"])
    made.refresh_from_db(fields=["during"])
    return _done("undo", edition, made.transponder.code, made)


#: kind -> what does it.
ACTS: dict[str, Callable[[Edition, Words, User | None], dict[str, Any]]] = {
    "assign": _assign, "put_aside": _aside, "ask_again": _again, "undo": _undo,
}  # fmt: skip


def _done(kind: str, edition: Edition, chip: str, made: Assignment | None = None) -> dict[str, Any]:
    ends: dict[str, Any] = {
        "assignment": None,
        "race": None,
        "bib": None,
        "from": None,
        "until": None,
        "revision": None,
    }
    if made is not None:
        ends = {
            "assignment": made.pk, "race": made.entry.race.slug, "bib": made.entry.bib,
            "from": _told(made.during.lower, edition), "until": _told(made.during.upper, edition),
            "revision": made.revision,
        }  # fmt: skip
    return {"kind": kind, "chip": transponders.normal(chip), **ends}


def _row(desk: ChipDesk, one: Unknown) -> dict[str, Any]:
    return {
        "chip": one.chip,
        "reads": chips.reads_of(one.sightings),
        "laps": list(one.laps),
        "seen": [_seen(desk, sighting) for sighting in one.sightings],
        "held": [
            {"bib": held.bib, "from": _at(held.from_us, desk.edition), "until": _at(held.until_us, desk.edition)}
            for held in desk.field.holds.get(one.chip, ())
        ],
        "suggestions": [
            {
                "race": desk.entries[who.bib].race.slug,
                "bib": who.bib,
                "reasons": [
                    {"code": why.code, "chip": why.chip or None, "bib": why.bib, "at": _at(why.at_us, desk.edition)}
                    for why in who.reasons
                ],
            }
            for who in one.suggestions
        ],
        "proposed": one.suggestions[0].bib if one.proposed else None,
        "put_aside": one.chip in desk.aside,
    }


def _seen(desk: ChipDesk, sighting: Sighting) -> dict[str, Any]:
    point = desk.point(sighting.source)
    return {
        "course": point.course.code, "point": point.code, "source": sighting.source,
        "first": _at(sighting.first_us, desk.edition), "last": _at(sighting.last_us, desk.edition),
        "reads": sighting.reads,
    }  # fmt: skip


def _at(us: int | None, edition: Edition) -> str | None:
    return _told(instant(us), edition) if us is not None else None


def _told(moment: datetime | None, edition: Edition) -> str | None:
    """An instant with the offset of the venue."""
    return moment.astimezone(ZoneInfo(edition.zone)).isoformat() if moment is not None else None


class StuckRow(SeenRow):
    """A chip that lay in front of a source. `bib`: who carried it, null for nobody; `a_minute`: reads a minute."""

    chip = serializers.CharField()
    bib = serializers.IntegerField(allow_null=True)
    a_minute = serializers.IntegerField()


class CrowdRow(serializers.Serializer[Any]):
    """Many chips in front of a source at once: riders who wait at the line."""

    course = serializers.CharField()
    point = serializers.CharField()
    source = serializers.IntegerField()  # type: ignore[assignment]
    first = serializers.DateTimeField()
    last = serializers.DateTimeField()
    chips = serializers.IntegerField()


class TwinsRow(serializers.Serializer[Any]):
    """Two riders' chips that were always less than 0.1 s apart: how often, and how far apart at most (microseconds)."""

    bibs = serializers.ListField(child=serializers.IntegerField())
    chips = serializers.ListField(child=serializers.CharField())
    meetings = serializers.IntegerField()
    widest_us = serializers.IntegerField()
    first = serializers.DateTimeField()
    last = serializers.DateTimeField()


class FindingsRow(serializers.Serializer[Any]):
    """What is odd about the chips of an edition."""

    stuck = StuckRow(many=True)
    crowds = CrowdRow(many=True)
    twins = TwinsRow(many=True)


class ChipFindings(Scoped):
    """Chips that lie on a mat, crowds at the line, two chips on one person."""

    roles = {"GET": SEE}

    @extend_schema(parameters=[OpenApiParameter("edition", str)], responses=FindingsRow)
    def get(self, request: Request) -> Response:
        """Each with its evidence. They accuse nobody: a person looks."""
        edition = self.edition()
        assert edition is not None
        desk = chips.gather(edition)
        stuck, crowds = desk.stuck()
        return Response(
            {
                "stuck": [
                    _seen(desk, one) | {
                        "chip": one.chip, "bib": desk.holder(one.chip, one.first_us), "a_minute": chips.a_minute(one),
                    }
                    for one in stuck
                ],
                "crowds": [
                    {
                        "course": desk.point(one.source).course.code, "point": desk.point(one.source).code,
                        "source": one.source, "first": _at(one.first_us, edition), "last": _at(one.last_us, edition),
                        "chips": one.chips,
                    }
                    for one in crowds
                ],
                "twins": [
                    {
                        "bibs": list(pair.bibs), "chips": list(pair.chips), "meetings": pair.meetings,
                        "widest_us": pair.widest_us, "first": _at(pair.first_us, edition),
                        "last": _at(pair.last_us, edition),
                    }
                    for pair in desk.twins()
                ],
            }
        )  # fmt: skip
