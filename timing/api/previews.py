"""Look at a file before it counts, and decide about one that is parked."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Role, Token
from timing import parking, preview, preview_values
from timing.api.answers import DeliveryAnswer, told
from timing.api.deliveries import OfDelivery
from timing.api.reading import RawParser, body_of, channel_of, for_channel, options_of, plain


class PreviewAnswer(serializers.Serializer[Any]):
    """What a file would do. `parks`: why it would wait for a decision; `warnings`: what looks wrong, code and sentence."""

    guesses = serializers.ListField(child=serializers.DictField(), help_text="format, make, confidence in percent, why")
    options = serializers.DictField(help_text="How it was read: send the file with these")
    whole = serializers.BooleanField(help_text="false: only the beginning was looked at")
    encoding = serializers.CharField(allow_blank=True)
    heading_row = serializers.IntegerField(help_text="The row with the headings, counted from 1; 0: there is none")
    columns = serializers.ListField(child=serializers.DictField(), help_text="number, heading, field, sample")
    rows = serializers.ListField(
        child=serializers.DictField(), help_text="The first reads: source, chip, local, lap, bib"
    )
    counts = serializers.DictField(child=serializers.IntegerField())
    rejects = serializers.ListField(child=serializers.DictField(), help_text="reason, count, raw: the first such row")
    unknown_chips = serializers.ListField(child=serializers.CharField())
    sources = serializers.ListField(child=serializers.DictField(), help_text="name, reads, known, point")
    first = serializers.CharField(allow_null=True, help_text="On the device's own clock")
    last = serializers.CharField(allow_null=True)
    days = serializers.ListField(child=serializers.DictField(), help_text="day, reads")
    parks = serializers.CharField(allow_blank=True)
    warnings = serializers.ListField(child=serializers.DictField())


class Previews(Scoped):
    """A file that is not sent yet."""

    roles = {"POST": (Role.Name.TIMING_CREW, Token.DELIVERIES)}
    parser_classes = [MultiPartParser, RawParser]

    @extend_schema(
        parameters=[
            OpenApiParameter("edition", str),
            OpenApiParameter("make", str, description="the likeliest guess where nothing is said"),
            OpenApiParameter("zone", str),
            OpenApiParameter("date", OpenApiTypes.DATE),
            OpenApiParameter("source", str),
            OpenApiParameter("columns", str, description="row:1,chip:3,time:5 of a spreadsheet, counted from 1"),
            OpenApiParameter("name", str, description="File name"),
            OpenApiParameter("size", int, description="Of the whole file, where the body is only its beginning"),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY, "multipart/form-data": OpenApiTypes.OBJECT},
        responses=PreviewAnswer,
    )
    def post(self, request: Request) -> Response:
        """What would become of these bytes. Nothing is stored."""
        plain(request)
        body, name = body_of(request)
        edition = self.edition()
        assert edition is not None
        asked = request.query_params.dict()
        asked["make"] = asked.get("make") or preview.guess(body, name)
        size = serializers.IntegerField(min_value=1).run_validation(asked["size"]) if asked.get("size") else None
        options = (
            for_channel(options_of(asked, name), channel_of(self, edition)) if self.token() else options_of(asked, name)
        )
        return Response(preview_values.told(preview.look(edition, body, options, size=size)))


class Decision(serializers.Serializer[Any]):
    """What is to become of a parked file."""

    decision = serializers.ChoiceField(choices=["count", "leave_out"])


class ParkedDelivery(OfDelivery):
    """A file that waits for a decision."""

    roles = {"POST": (Role.Name.TIMING_CREW,)}

    @extend_schema(request=Decision, responses=DeliveryAnswer)
    def post(self, request: Request, pk: int) -> Response:
        """Count it, or leave it out; one that was left out can be counted later."""
        said = Decision(data=request.data)
        said.is_valid(raise_exception=True)
        delivery = self.delivery()
        decide = parking.count if said.validated_data["decision"] == "count" else parking.leave_out
        decide(delivery, by=self.actor())
        return Response(told(delivery))
