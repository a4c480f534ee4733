"""Phone pads: keys for them, what a pad needs to know and says of itself, and the clock that phones are measured against."""

from typing import Any

from django.db.models import Q
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Edition, Role, TimingPoint, Token
from timing import pad
from timing.decoders.wall_clock import day_us, time_us

CREW = (Role.Name.TIMING_CREW, Role.Name.ORGANISER)
LOCAL = "2024-05-25T09:20:00.250"


class ServerClock(serializers.Serializer[Any]):
    """`now` is real time as this answer left; `clock` is the law of event time, null where that is real time."""

    now = serializers.DateTimeField()
    clock = serializers.DictField(allow_null=True)


class Clock(Scoped):
    """What a phone asks again and again to learn how far its own clock is off (Cristian's algorithm)."""

    roles = {"GET": ("public",)}

    @extend_schema(parameters=[OpenApiParameter("edition", str)], responses=ServerClock)
    def get(self, request: Request) -> Response:
        """The time here. Half the way there and back is how wrong it can be on arrival."""
        edition = self.edition()
        assert edition is not None
        answer = Response(pad.instants(edition))
        answer.headers["Cache-Control"] = "no-store"
        return answer


class PadRequest(serializers.Serializer[Any]):
    """Where the pad stands and what its source is called."""

    course = serializers.SlugField()
    point = serializers.SlugField()
    name = serializers.CharField(max_length=60)


class PadRow(serializers.Serializer[Any]):
    """A pad's key. `secret` is only told when it is made."""

    token = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]
    course = serializers.CharField()
    point = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    heard_at = serializers.DateTimeField(allow_null=True)
    secret = serializers.CharField(required=False)


def row(token: Token, source: Any, heard_at: Any = None) -> dict[str, Any]:
    """A pad as the API tells it."""
    course, code = (source.point.course.code, source.point.code) if source.point else ("", "")
    return {
        "token": token.pk, "source": source.name, "course": course, "point": code, "expires_at": token.expires_at,
        "revoked_at": token.revoked_at, "heard_at": heard_at,
    }  # fmt: skip


class Pads(Scoped):
    """The phone pads of an edition."""

    roles = {"GET": CREW, "POST": CREW}

    @extend_schema(parameters=[OpenApiParameter("edition", str)], responses=PadRow(many=True))
    def get(self, request: Request) -> Response:
        """Every key that was handed out, the newest first."""
        edition = self.edition()
        assert edition is not None
        found = [row(one["token"], one["source"], one["heard_at"]) for one in pad.pads(edition)]
        return Response(PadRow(found, many=True).data)

    @extend_schema(parameters=[OpenApiParameter("edition", str)], request=PadRequest, responses={201: PadRow})
    def post(self, request: Request) -> Response:
        """A key for a phone. Its page is /line/pad/keys/#<secret>; it may add reads of this one pad and nothing else."""
        wanted = PadRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        edition, words, by = self.edition(), wanted.validated_data, self.actor()
        assert edition is not None and by is not None
        points = TimingPoint.objects.select_related("course").filter(course__edition=edition, code=words["point"])
        point = points.filter(course__code=words["course"]).first()
        if point is None:
            raise serializers.ValidationError({"point": "unknown timing point"})
        made = pad.open_pad(edition, point, words["name"], by=by)
        made.token.refresh_from_db()
        made.source.point = point
        return Response(PadRow(row(made.token, made.source) | {"secret": made.secret}).data, status=201)


class OnePad(Scoped):
    """One phone's key."""

    roles = {"*": CREW}

    def pad(self) -> Token:
        """The token the address names, if it is a pad's."""
        pads = Token.objects.filter(Q(channel__sources__make=pad.MAKE)).select_related("edition").distinct()
        return get_object_or_404(pads, pk=self.kwargs["pk"])

    def edition(self) -> Edition | None:
        """Its edition."""
        return self.pad().edition

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """The key stops working at once; what the phone sent stays."""
        pad.withdraw(self.pad(), by=self.actor())
        return Response(status=204)


class TakenRow(serializers.Serializer[Any]):
    """A read that was typed by mistake, as it was sent."""

    chip = serializers.CharField(max_length=32)
    local = serializers.RegexField(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?$")

    def validate(self, attrs: dict[str, Any]) -> pad.Taken:
        """The same identity as the read's."""
        local: str = attrs["local"]
        try:
            at = day_us(int(local[:4]), int(local[5:7]), int(local[8:10])) + time_us(local[11:])
        except ValueError as problem:
            raise serializers.ValidationError({"local": f"a wall clock, such as {LOCAL}"}) from problem
        return pad.Taken(attrs["chip"], at)


class Told(serializers.Serializer[Any]):
    """What a phone says of itself; everything may be left out."""

    battery = serializers.IntegerField(min_value=0, max_value=100, required=False, allow_null=True)
    mains = serializers.BooleanField(required=False, allow_null=True)
    queue = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False, allow_null=True)
    clock_us = serializers.IntegerField(min_value=-(2**62), max_value=2**62, required=False, allow_null=True)
    error_ms = serializers.IntegerField(min_value=0, max_value=2**31, required=False, allow_null=True)


class PadWord(serializers.Serializer[Any]):
    """What a pad says: reads it takes back, and how it is."""

    back = TakenRow(many=True, required=False)
    status = Told(required=False)

    def validate_back(self, back: list[pad.Taken]) -> list[pad.Taken]:
        """As many as one transaction bears."""
        if len(back) > pad.MOST_BACK:
            raise serializers.ValidationError(f"at most {pad.MOST_BACK} at once", "max_length")
        return back


class PadAnswer(serializers.Serializer[Any]):
    """For each read taken back, in order: done, known or later (it is not taken in yet: say it again)."""

    back = serializers.ListField(child=serializers.CharField())


class OwnPad(Scoped):
    """What a phone with a pad's key asks and says."""

    roles = {"*": (Token.DELIVERIES,)}

    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        """Where the pad stands and who rides: bib, name, category. 304 where nothing changed."""
        source = pad.source_of(self.token())
        body, digest = pad.roster(source)
        tag = f'"{digest}"'
        headers = {"ETag": tag, "Cache-Control": "no-store"}
        if request.headers.get("If-None-Match") == tag:
            return Response(status=304, headers=headers)
        return Response(body | pad.instants(source.edition), headers=headers)

    @extend_schema(request=PadWord, responses=PadAnswer)
    def post(self, request: Request) -> Response:
        """Take reads back, and say how the phone is."""
        wanted = PadWord(data=request.data)
        wanted.is_valid(raise_exception=True)
        source, words = pad.source_of(self.token()), wanted.validated_data
        back = pad.take_back(source, words["back"], by=self.actor()) if words.get("back") else []
        if "status" in words:
            pad.tell(source, words["status"])
        return Response({"back": back})
