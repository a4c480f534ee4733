"""The health of the line for machines: sources, channels, alarms, totals; and what is measured of a clock."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.fields import Instant
from race.api.scope import Scoped
from race.models import Edition, Role
from timing.line import alarms, health, measured, words
from timing.line.alarms import Alarm
from timing.line.health import ChannelHealth, Health, SourceHealth
from timing.line.measured import Suggestion
from timing.models import Source

SEES = (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER)


class MeasuredRow(serializers.Serializer[Any]):
    """How far a clock is ahead of the base's, by riders whom both saw. Microseconds."""

    ahead_us = serializers.IntegerField()
    against = serializers.CharField()
    riders = serializers.IntegerField()
    spread_us = serializers.IntegerField(help_text="Half of the riders lie within this")
    drift_us = serializers.IntegerField(help_text="Growth in an hour; 0 where the riders do not tell")
    sure = serializers.BooleanField()


class SourceHealthRow(serializers.Serializer[Any]):
    """A source as it is now. Ages and offsets in microseconds of event time; null: never, or nobody knows."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    make = serializers.CharField(allow_blank=True)
    zone = serializers.CharField()
    role = serializers.CharField()
    point = serializers.CharField(allow_null=True, help_text="course/point")
    state = serializers.ChoiceField(choices=["ok", "slow", "silent", "idle", "unmapped"])
    why = serializers.CharField(allow_blank=True, help_text="lost, misses, never or queue")
    quiet_us = serializers.IntegerField(allow_null=True)
    minutes = serializers.ListField(child=serializers.IntegerField(), help_text="New live reads of the last 18 minutes")
    reads = serializers.IntegerField()
    missed = serializers.IntegerField(help_text="Riders the point's others saw since this one's last read")
    channel = serializers.IntegerField(allow_null=True)
    connected = serializers.BooleanField(allow_null=True)
    battery = serializers.IntegerField(allow_null=True)
    mains = serializers.BooleanField(allow_null=True)
    queue = serializers.IntegerField(allow_null=True)
    base = serializers.BooleanField(help_text="The others at its point are measured against it")
    offset_us = serializers.IntegerField(help_text="What is added to its clock now")
    measured = MeasuredRow(allow_null=True)
    told_us = serializers.IntegerField(allow_null=True, help_text="How far ahead it is by its own word")
    missing = serializers.IntegerField(help_text="Numbers that never came")


class ChannelHealthRow(serializers.Serializer[Any]):
    """A channel. `peers` null: nobody tells who is connected."""

    id = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField()
    open = serializers.BooleanField()
    heard_at = Instant(allow_null=True)
    peers = serializers.ListField(child=serializers.CharField(), allow_null=True)
    received = serializers.IntegerField()
    new = serializers.IntegerField()
    rejected = serializers.IntegerField()


class AlarmRow(serializers.Serializer[Any]):
    """Something that is wrong: what it is, and what happens next."""

    code = serializers.ChoiceField(
        choices=[
            "silent", "gateway_silent", "worker_deaf", "zone_mistake", "clock_off", "parked", "holes", "rejected", "unmapped",
        ]
    )  # fmt: skip
    level = serializers.ChoiceField(choices=["danger", "warn"])
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    fact = serializers.CharField()
    consequence = serializers.CharField()


class LineAnswer(serializers.Serializer[Any]):
    """The line of an edition at an instant of event time."""

    at = Instant()
    received = serializers.IntegerField()
    new = serializers.IntegerField()
    rejected = serializers.IntegerField()
    gateway = serializers.BooleanField(
        allow_null=True, help_text="Whether the gateway tells who is connected; null: not needed"
    )
    sources = SourceHealthRow(many=True)
    channels = ChannelHealthRow(many=True)
    alarms = AlarmRow(many=True)


def answer(told: Health) -> dict[str, Any]:
    """The line as JSON."""
    return {
        "at": told.at.isoformat(), "received": told.received, "new": told.new, "rejected": told.rejected,
        "gateway": told.gateway,
        "sources": [source_row(one) for one in told.sources],
        "channels": [channel_row(one) for one in told.channels],
        "alarms": [alarm_row(one) for one in alarms.of(told)],
    }  # fmt: skip


def source_row(one: SourceHealth) -> dict[str, Any]:
    """A source as JSON."""
    source, status, found = one.source, one.status, one.measured
    return {
        "id": source.pk, "name": source.name, "make": source.make, "zone": source.zone, "role": source.role,
        "point": f"{source.point.course.code}/{source.point.code}" if source.point is not None else None,
        "state": one.state, "why": one.why, "quiet_us": one.quiet_us, "minutes": list(one.minutes), "reads": one.reads,
        "missed": one.missed, "channel": one.channel.pk if one.channel is not None else None,
        "connected": one.connected, "battery": status.battery if status else None,
        "mains": status.mains if status else None, "queue": status.queue if status else None, "base": one.base,
        "offset_us": one.offset_us,
        "measured": {
            "ahead_us": found.ahead_us, "against": one.against, "riders": found.riders, "spread_us": found.spread_us,
            "drift_us": found.drift_us, "sure": found.sure,
        } if found is not None else None,
        "told_us": one.told_us, "missing": sum(hole.missing for hole in one.holes),
    }  # fmt: skip


def channel_row(one: ChannelHealth) -> dict[str, Any]:
    """A channel as JSON."""
    return {
        "id": one.channel.pk, "label": one.channel.label, "kind": one.channel.kind, "open": one.channel.open,
        "heard_at": one.heard.isoformat() if one.heard else None,
        "peers": None if one.lines is None else [line.peer for line in one.lines],
        "received": one.received, "new": one.new, "rejected": one.rejected,
    }  # fmt: skip


def alarm_row(one: Alarm) -> dict[str, Any]:
    """An alarm as JSON, its sentences in the reader's language."""
    told = words.alarm(one)
    return {
        "code": one.code, "level": one.level, "source": one.source.source.name if one.source is not None else None,
        "fact": told.fact, "consequence": told.consequence,
    }  # fmt: skip


class Line(Scoped):
    """The line of an edition."""

    roles = {"GET": SEES}

    @extend_schema(responses=LineAnswer)
    def get(self, request: Request) -> Response:
        """How every source and channel is, and what is wrong."""
        edition = self.edition()
        assert edition is not None
        return Response(answer(health.of(edition)))


class SuggestionAnswer(serializers.Serializer[Any]):
    """What would put a clock right: a zone, or an offset from `since` on (null: from the beginning)."""

    ahead_us = serializers.IntegerField()
    zone = serializers.CharField(allow_blank=True)
    offset_us = serializers.IntegerField()
    since = Instant(allow_null=True)
    evidence = serializers.CharField()


class ApplyRequest(serializers.Serializer[Any]):
    """The `ahead_us` that was seen; refused where another one is measured by now."""

    ahead_us = serializers.IntegerField()


def suggestion_row(found: Suggestion) -> dict[str, Any]:
    """A suggestion as JSON."""
    return {
        "ahead_us": found.ahead_us, "zone": found.zone, "offset_us": found.offset_us,
        "since": found.since.isoformat() if found.since else None, "evidence": found.evidence,
    }  # fmt: skip


class MeasuredOffset(Scoped):
    """What is measured of a source's clock."""

    roles = {"*": (Role.Name.TIMING_CREW,)}

    def source(self) -> Source:
        """The source the address names."""
        return get_object_or_404(Source.objects.select_related("edition", "point__course"), pk=self.kwargs["pk"])

    def edition(self) -> Edition | None:
        """The source's edition."""
        return self.source().edition

    @extend_schema(responses=SuggestionAnswer(allow_null=True))
    def get(self, request: Request, pk: int) -> Response:
        """What is suggested; null where nothing sure is measured, or nothing is off."""
        told, one = measured.of(self.source())
        found = measured.suggestion(one, told)
        return Response(None if found is None else suggestion_row(found))

    @extend_schema(request=ApplyRequest, responses={201: SuggestionAnswer})
    def post(self, request: Request, pk: int) -> Response:
        """Set it."""
        wanted = ApplyRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        found = measured.apply(self.source(), ahead_us=wanted.validated_data["ahead_us"], by=self.actor())
        return Response(suggestion_row(found), status=201)
