"""Reads: everything that was stored, in pages; and a batch of reads as JSON."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Role, Token
from timing import ingest, intake
from timing.api.answers import DeliveryAnswer, answers
from timing.api.findings import findings
from timing.api.reading import channel_of
from timing.models import Delivery, Ingestion, Read

MOST = 10_000


class ReadRow(serializers.ModelSerializer[Read]):
    """A read as sent; `local` is the device's own wall clock."""

    source = serializers.CharField(max_length=80)  # type: ignore[assignment]
    chip = serializers.CharField(max_length=32)
    local = serializers.CharField(max_length=40)

    class Meta:
        model = Read
        fields = ["id", "source", "chip", "local"]


class ReadPage(serializers.Serializer[Any]):
    """A page of reads; ask on with `?after=<next>` until it is null."""

    results = ReadRow(many=True)
    next = serializers.IntegerField(allow_null=True)


class ReadSent(serializers.Serializer[Any]):
    """A read to add. `told`: what else the device knows of it, kept with the batch as evidence and read by nobody.

    No text is too long or too short here: a row that is no read is rejected with its reason, and the others count.
    """

    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    chip = serializers.CharField(allow_blank=True)
    local = serializers.CharField(allow_blank=True)
    told = serializers.CharField(required=False, allow_blank=True)


class ReadBatch(serializers.Serializer[Any]):
    """Reads a bridge or a phone collected."""

    reads = ReadSent(many=True, allow_empty=False)


class Reads(Scoped):
    """The reads of an edition."""

    roles = {
        "GET": (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER),
        "POST": (Role.Name.TIMING_CREW, Token.DELIVERIES),
    }

    @extend_schema(
        parameters=[
            OpenApiParameter("edition", str),
            OpenApiParameter("after", int),
            OpenApiParameter("limit", int),
            OpenApiParameter("chip", str),
            OpenApiParameter("source", str, description="The name of a source"),
            OpenApiParameter("delivery", int, description="What this delivery brought first"),
        ],
        responses=ReadPage,
    )
    def get(self, request: Request) -> Response:
        """Stored reads by id; of one chip, of one source, of one delivery."""
        after, limit = (
            serializers.IntegerField(min_value=low, max_value=high).run_validation(
                request.query_params.get(name, value)
            )
            for name, low, high, value in (("after", 0, 2**63 - 1, 0), ("limit", 1, MOST, MOST))
        )
        rows = list(
            Read.objects.filter(source__edition=self.edition(), pk__gt=after, **narrowed(request))
            .order_by("pk")
            .values_list("pk", "source__name", "chip", "local_us")[:limit]
        )
        results = [
            {"id": pk, "source": source, "chip": chip, "local": local_text(local_us)}
            for pk, source, chip, local_us in rows
        ]
        return Response({"results": results, "next": rows[-1][0] if len(rows) == limit else None})

    @extend_schema(request=ReadBatch, responses={201: DeliveryAnswer})
    def post(self, request: Request) -> Response:
        """Add reads. The batch is kept as a delivery; sending it again adds nothing."""
        wanted = ReadBatch(data=request.data)
        wanted.is_valid(raise_exception=True)
        edition = self.edition()
        assert edition is not None
        body = orjson.dumps(wanted.validated_data)
        key = intake.told_key(request.headers.get("Idempotency-Key", "")) or hashlib.sha256(body).hexdigest()
        channel = channel_of(self, edition)
        received = intake.receive(channel, body, key, options={"make": "json"})
        ingest.take_in(channel.pk, wait=False, only=received.delivery.pk)
        delivery = Delivery.objects.defer("body").get(pk=received.delivery.pk)
        answer = answers([delivery])[0] | findings(delivery)
        return Response(answer, status=201 if received.new else 200)


def narrowed(request: Request) -> dict[str, Any]:
    """The conditions that the query asks for."""
    asked = request.query_params
    found: dict[str, Any] = {}
    if "chip" in asked:
        found["chip"] = asked["chip"]
    if "source" in asked:
        found["source__name"] = asked["source"]
    if "delivery" in asked:
        number = serializers.IntegerField(min_value=0, max_value=2**63 - 1).run_validation(asked["delivery"])
        found["ingestion__in"] = list(Ingestion.objects.filter(delivery=number).values_list("pk", flat=True))
    return found


def local_text(local_us: int) -> str:
    """A device's wall clock as ISO 8601 without a zone, to the microsecond."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=local_us)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")
