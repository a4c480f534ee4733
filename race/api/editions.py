"""Editions and the clock of a rehearsal."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from race import clock
from race.api.fields import Instant
from race.api.scope import Scoped
from race.models import Edition, Role
from race.permissions import Anyone


class EditionRow(serializers.ModelSerializer[Edition]):
    """An edition, as everybody may see it."""

    now = serializers.SerializerMethodField(help_text="Event time now")

    class Meta:
        model = Edition
        fields = [
            "slug", "number", "name_zh", "name_en", "sponsor_zh", "sponsor_en", "venue_zh", "venue_en", "zone",
            "starts_on", "ends_on", "entry_opens_at", "entry_closes_at", "league", "rehearsal", "revision",
            "illustrative", "now",
        ]  # fmt: skip

    def get_now(self, edition: Edition) -> str:
        """Event time, ISO 8601."""
        return clock.now(edition).isoformat()


class Editions(ListAPIView[Edition]):
    """Every edition, newest first."""

    permission_classes = [Anyone]
    serializer_class = EditionRow
    queryset = Edition.objects.all()


class OneEdition(RetrieveAPIView[Edition]):
    """One edition."""

    permission_classes = [Anyone]
    serializer_class = EditionRow
    queryset = Edition.objects.all()
    lookup_field = "slug"


class ClockRequest(serializers.Serializer[Any]):
    """From now on: this event instant, at this speed."""

    event = Instant()
    speed = serializers.FloatField(min_value=0, max_value=1000)


class ClockAnswer(serializers.Serializer[Any]):
    """The segment now in force."""

    real = serializers.DateTimeField()
    event = serializers.DateTimeField()
    speed = serializers.FloatField()


class EditionClock(Scoped):
    """The clock of a rehearsal."""

    roles = {"POST": (Role.Name.ORGANISER,)}

    def edition(self) -> Edition | None:
        """Named by its slug."""
        return Edition.objects.filter(slug=self.kwargs["slug"]).first()

    @extend_schema(request=ClockRequest, responses=ClockAnswer)
    def post(self, request: Request, slug: str) -> Response:
        """Let the rehearsal go on from an instant at a speed."""
        wanted = ClockRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        edition = Edition.objects.get(slug=slug)
        return Response(clock.set_rehearsal(edition, **wanted.validated_data))
