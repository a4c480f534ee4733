"""Timing points: how detections there become one passing."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race import timing_points
from race.api.scope import Scoped
from race.models import Edition, Role, TimingPoint


class TimingPointRow(serializers.ModelSerializer[TimingPoint]):
    """A timing point with its settings."""

    course = serializers.CharField(source="course.code")
    kind = serializers.CharField()

    class Meta:
        model = TimingPoint
        fields = ["id", "course", "code", "kind", "at_m", "name_zh", "name_en", "dedup_ms", "backup_ms", "policy"]


class TimingPointRequest(serializers.Serializer[Any]):
    """What should be otherwise, and why."""

    dedup_ms = serializers.IntegerField(required=False)
    backup_ms = serializers.IntegerField(required=False)
    policy = serializers.CharField(required=False, help_text="first, strongest or last")
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


class TimingPoints(Scoped):
    """The timing points of an edition."""

    roles = {"*": (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER)}

    @extend_schema(parameters=[OpenApiParameter("edition", str)], responses=TimingPointRow(many=True))
    def get(self, request: Request) -> Response:
        """All timing points, course by course."""
        points = TimingPoint.objects.filter(course__edition=self.edition()).select_related("course")
        return Response(TimingPointRow(points.order_by("course__code", "at_m", "code"), many=True).data)


class OneTimingPoint(Scoped):
    """One timing point."""

    roles = {"PATCH": (Role.Name.TIMING_CREW, Role.Name.ORGANISER)}

    def edition(self) -> Edition | None:
        """The edition of the point's course."""
        return self._point().course.edition

    def _point(self) -> TimingPoint:
        return get_object_or_404(TimingPoint.objects.select_related("course__edition"), pk=self.kwargs["pk"])

    @extend_schema(request=TimingPointRequest, responses=TimingPointRow)
    def patch(self, request: Request, pk: int) -> Response:
        """Other settings; every board of the course is computed anew."""
        wanted = TimingPointRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        values = dict(wanted.validated_data)
        reason = values.pop("reason")
        point = timing_points.change(self._point(), values, by=self.actor(), reason=reason)
        return Response(TimingPointRow(point).data)
