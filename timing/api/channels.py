"""TCP channels: which ports machines call, and which machines we dial."""

from typing import Any

from django.db.models import Max, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.fields import VenueInstant
from race.api.scope import Scoped
from race.models import Edition, Role
from timing import channels
from timing.models import Channel

CREW = (Role.Name.TIMING_CREW, Role.Name.ORGANISER)


class ChannelRow(serializers.ModelSerializer[Channel]):
    """A channel. `host` is empty for a port of ours; `heard_at` is when its last delivery came, null for never."""

    heard_at = VenueInstant(allow_null=True)

    class Meta:
        model = Channel
        fields = ["id", "make", "label", "host", "port", "allowed", "open", "heard_at"]


class ChannelRequest(serializers.Serializer[Any]):
    """A channel's terms; when changing, what is left out stays."""

    make = serializers.CharField(max_length=16)
    label = serializers.CharField(max_length=80, required=False, allow_blank=True)  # type: ignore[assignment]
    host = serializers.CharField(max_length=253, required=False, allow_blank=True)
    port = serializers.IntegerField(required=False, allow_null=True)
    allowed = serializers.ListField(child=serializers.CharField(max_length=50), required=False)
    open = serializers.BooleanField(required=False)


def rows() -> QuerySet[Channel]:
    """The TCP channels, each with when it was heard last."""
    told = Channel.objects.filter(kind=Channel.Kind.TCP).select_related("edition")
    return told.annotate(heard_at=Max("deliveries__received_at")).order_by("pk")


class Channels(Scoped, ListAPIView[Channel]):
    """The TCP channels of an edition."""

    roles = {"GET": CREW, "POST": CREW}
    serializer_class = ChannelRow
    queryset = Channel.objects.none()

    def get_queryset(self) -> QuerySet[Channel]:
        """In the order in which they were made."""
        return rows().filter(edition=self.edition())

    @extend_schema(request=ChannelRequest, responses={201: ChannelRow})
    def post(self, request: Request) -> Response:
        """A new channel; the gateway listens or dials within a second."""
        wanted = ChannelRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        edition = self.edition()
        assert edition is not None
        made = channels.add(edition, {"label": ""} | wanted.validated_data, by=self.actor())
        return Response(ChannelRow(rows().get(pk=made.pk)).data, status=201)


class OneChannel(Scoped):
    """One TCP channel."""

    roles = {"*": CREW}

    def channel(self) -> Channel:
        """The channel the address names."""
        return get_object_or_404(rows(), pk=self.kwargs["pk"])

    def edition(self) -> Edition | None:
        """The channel's edition."""
        return self.channel().edition

    @extend_schema(responses=ChannelRow)
    def get(self, request: Request, pk: int) -> Response:
        """The channel as it is."""
        return Response(ChannelRow(self.channel()).data)

    @extend_schema(request=ChannelRequest, responses=ChannelRow)
    def patch(self, request: Request, pk: int) -> Response:
        """Other terms, or closed: its connections end, and what was read of them is taken in."""
        wanted = ChannelRequest(data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        channels.change(self.channel(), wanted.validated_data, by=self.actor())
        return Response(ChannelRow(self.channel()).data)
