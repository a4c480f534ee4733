"""Sources: where they stand, and how far their clocks are off."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.fields import Instant
from race.api.scope import Scoped
from race.models import Edition, Role, TimingPoint
from timing import sources
from timing.models import ClockOffset, Source


class PlaceRow(serializers.ModelSerializer[TimingPoint]):
    """A timing point by course and code."""

    course = serializers.CharField(source="course.code")

    class Meta:
        model = TimingPoint
        fields = ["course", "code"]


class SourceRow(serializers.ModelSerializer[Source]):
    """A source; `point` is null until an operator maps it."""

    point = PlaceRow(allow_null=True)

    class Meta:
        model = Source
        fields = ["id", "name", "make", "role", "zone", "point"]


class Sources(Scoped, ListAPIView[Source]):
    """The sources of an edition."""

    roles = {"GET": (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER)}
    serializer_class = SourceRow
    queryset = Source.objects.none()

    def get_queryset(self) -> QuerySet[Source]:
        """By name."""
        return Source.objects.filter(edition=self.edition()).select_related("point__course").order_by("name")


class PlaceRequest(serializers.Serializer[Any]):
    """Where a source stands; what is left out stays."""

    course = serializers.SlugField(required=False, allow_null=True)
    point = serializers.SlugField(required=False, allow_null=True)
    role = serializers.ChoiceField(choices=Source.Position.choices, required=False)
    zone = serializers.CharField(required=False)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


class OneSource(Scoped):
    """One source."""

    roles = {"*": (Role.Name.TIMING_CREW, Role.Name.ORGANISER)}

    def source(self) -> Source:
        """The source the address names."""
        return get_object_or_404(Source.objects.select_related("edition", "point__course"), pk=self.kwargs["pk"])

    def edition(self) -> Edition | None:
        """The source's edition."""
        return self.source().edition

    @extend_schema(responses=SourceRow)
    def get(self, request: Request, pk: int) -> Response:
        """The source as it is."""
        return Response(SourceRow(self.source()).data)

    @extend_schema(request=PlaceRequest, responses=SourceRow)
    def patch(self, request: Request, pk: int) -> Response:
        """Map the source to a timing point, or change its role or zone."""
        wanted = PlaceRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        source, data = self.source(), wanted.validated_data
        point = source.point
        if "point" in data:
            point = (
                TimingPoint.objects.select_related("course")
                .filter(course__edition=source.edition, course__code=data.get("course") or "", code=data["point"] or "")
                .first()
            )
            if data["point"] and point is None:
                raise serializers.ValidationError({"point": "unknown timing point"})
        placed = sources.place(
            source,
            point=point,
            role=data.get("role", source.role),
            zone=data.get("zone", source.zone),
            by=self.actor(),
            reason=data["reason"],
        )
        return Response(SourceRow(placed).data)


class OffsetRequest(serializers.Serializer[Any]):
    """Added to the device's time from `from` on (null: from the beginning) to get true time."""

    offset_ms = serializers.IntegerField()
    evidence = serializers.CharField(max_length=200)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python, so it is added here."""
        return {
            **super().get_fields(),
            "from": Instant(required=False, allow_null=True, default=None),
        }


class OffsetRow(serializers.ModelSerializer[ClockOffset]):
    """A clock offset segment."""

    class Meta:
        model = ClockOffset
        fields = ["since", "offset_us", "evidence", "revision", "recorded_at"]


class Offsets(Scoped):
    """The clock offsets of a source. A later one with the same start takes over; zero undoes."""

    roles = {"*": (Role.Name.TIMING_CREW,)}

    def source(self) -> Source:
        """The source the address names."""
        return get_object_or_404(Source.objects.select_related("edition", "point"), pk=self.kwargs["pk"])

    def edition(self) -> Edition | None:
        """The source's edition."""
        return self.source().edition

    @extend_schema(responses=OffsetRow(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """All offsets that were ever said, oldest first."""
        return Response(OffsetRow(self.source().offsets.order_by("revision"), many=True).data)

    @extend_schema(request=OffsetRequest, responses={201: OffsetRow})
    def post(self, request: Request, pk: int) -> Response:
        """Say how far the clock is off."""
        wanted = OffsetRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        data = wanted.validated_data
        made = sources.set_offset(
            self.source(),
            since=data["from"],
            offset_us=data["offset_ms"] * 1000,
            evidence=data["evidence"],
            by=self.actor(),
        )
        return Response(OffsetRow(made).data, status=201)
