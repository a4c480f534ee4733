"""Deliveries: a crew sends what its decoders saw, as a raw body or a file, and learns what became of it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.generics import ListAPIView
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Edition, Role, Token
from race.refused import Refused
from timing import decoders, ingest, intake
from timing.api.findings import findings
from timing.decoders.field_text import is_name
from timing.models import Channel, Delivery

#: Bodies up to this size are taken in before the answer, so that it can tell the counts; larger ones by the worker.
AT_ONCE = 4 * 1024 * 1024


class RawParser(BaseParser):
    """The body as it is, whatever it calls itself."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """All bytes of the body."""
        return stream.read()


class Counts(serializers.Serializer[Any]):
    """What became of the reads."""

    new = serializers.IntegerField()
    known = serializers.IntegerField()
    rejected = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Of the new ones: of chips nobody carries")
    markers = serializers.IntegerField()


class RejectRow(serializers.Serializer[Any]):
    """Bytes that could not be read, and why."""

    reason = serializers.CharField()
    raw = serializers.CharField(help_text="The row, at most its first 200 bytes; of what is no text 16 as hex digits")


class DeliveryAnswer(serializers.Serializer[Any]):
    """A delivery and what became of it. `status` pending: not all of it is taken in yet."""

    id = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True, help_text="Of the file")
    make = serializers.CharField(allow_blank=True)
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    peer = serializers.CharField(allow_blank=True)
    received_at = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=["taken", "pending"])
    counts = Counts()
    rejects = RejectRow(many=True, required=False)
    unmapped = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Sources of new reads that count nowhere until mapped"
    )
    unknown_chips = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Chips of new reads that nobody carries; the first 20"
    )


def answers(deliveries: list[Delivery]) -> list[dict[str, Any]]:
    """Deliveries with their counts, in three queries."""
    ids = [delivery.pk for delivery in deliveries]
    totals = ingest.totals(ids)
    waiting = set(Delivery.objects.filter(pk__in=ids, pending__isnull=False).values_list("pk", flat=True))
    return [
        {
            "id": delivery.pk,
            "name": delivery.options.get("name", ""),
            "make": delivery.options.get("make", ""),
            "sha256": delivery.sha256,
            "size": delivery.size,
            "peer": delivery.peer,
            "received_at": delivery.received_at.isoformat(),
            "status": "pending" if delivery.pk in waiting else "taken",
            "counts": {
                name: totals[delivery.pk][name] if delivery.pk in totals else 0
                for name in ("new", "known", "rejected", "unknown", "markers")
            },
        }
        for delivery in deliveries
    ]


def channel_of(view: Scoped, edition: Edition) -> Channel:
    """The channel a request's token or person delivers through; made at the first delivery."""
    token, channels = view.token(), Channel.objects.select_related("edition")
    if token is not None:
        given = {"edition": edition, "kind": Channel.Kind.HTTP, "label": token.label}
        return channels.get_or_create(token=token, defaults=given)[0]
    label = f"uploads of {view.request.user.get_username()}"
    return channels.get_or_create(edition=edition, kind=Channel.Kind.HTTP, token=None, label=label)[0]


def only_source(channel: Channel) -> str:
    """The source a channel speaks for, if that is exactly one; else empty."""
    names = list(channel.sources.values_list("name", flat=True)[:2])
    return names[0] if len(names) == 1 else ""


def key_of(body: bytes, options: Mapping[str, str]) -> str:
    """The idempotency key of a delivery that came without one: the same bytes read in another way are another delivery."""
    reading = json.dumps(intake.reading(options)).encode()
    return hashlib.sha256(hashlib.sha256(body).digest() + reading).hexdigest()


class Deliveries(Scoped, ListAPIView[Delivery]):
    """Deliveries of an edition: list them, add one."""

    roles = {
        "GET": (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER),
        "POST": (Role.Name.TIMING_CREW, Token.DELIVERIES),
    }
    parser_classes = [MultiPartParser, RawParser]
    serializer_class = DeliveryAnswer
    queryset = Delivery.objects.none()

    def get_queryset(self) -> QuerySet[Delivery]:
        """Newest first, without their bodies."""
        wanted = Delivery.objects.filter(channel__edition=self.edition()).defer("body").order_by("-pk")
        peer = self.request.query_params.get("peer")
        return wanted.filter(peer=peer) if peer else wanted

    @extend_schema(parameters=[OpenApiParameter("edition", str), OpenApiParameter("peer", str)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Deliveries with their counts; `bytes` is the sum of the sizes of all that match."""
        matching = self.get_queryset()
        page = self.paginate_queryset(matching) or []
        answer = self.get_paginated_response(answers(list(page)))
        answer.data["bytes"] = sum(matching.values_list("size", flat=True))
        return answer

    @extend_schema(
        parameters=[
            OpenApiParameter("make", str, description="csv, xlsx, mylaps, ...; csv where nothing is said"),
            OpenApiParameter("zone", str, description="IANA zone of the times; the edition's where nothing is said"),
            OpenApiParameter(
                "date", OpenApiTypes.DATE, description="Day of times that carry none; without it they are rejected"
            ),
            OpenApiParameter("source", str, description="Source of rows that name none; else the channel's only one"),
            OpenApiParameter("name", str, description="File name"),
            OpenApiParameter("live", str, description="yes: read a moment ago, so it goes before files that wait"),
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY, "multipart/form-data": OpenApiTypes.OBJECT},
        responses={201: DeliveryAnswer},
    )
    def post(self, request: Request) -> Response:
        """Add a delivery. Sending it again with the same key (without one: the same bytes and options) adds nothing."""
        body, name = self._body(request)
        edition = self.edition()
        assert edition is not None
        options = self._options(request, name)
        channel = channel_of(self, edition)
        if "source" not in options and (only := only_source(channel)):
            options["source"] = only
        key = request.headers.get("Idempotency-Key") or key_of(body, options)
        peer, file = request.META.get("REMOTE_ADDR", "") or "", request.query_params.get("live") != "yes"
        received = intake.receive(channel, body, key[:160], options=options, peer=peer, file=file)
        if len(body) <= AT_ONCE:
            # This one only: who sends a small file does not wait behind a large one, nor do its work.
            ingest.take_in(channel.pk, wait=False, only=received.delivery.pk)
        delivery = Delivery.objects.defer("body").get(pk=received.delivery.pk)
        found = findings(delivery)
        if [row["reason"] for row in found["rejects"]] == ["not_a_chip_file"]:
            kept = _("This is not a file of chip reads. Its bytes are kept as delivery %(id)s; nothing counts.")
            raise Refused("not_a_chip_file", kept % {"id": delivery.pk})
        return Response(answers([delivery])[0] | found, status=201 if received.new else 200)

    def _body(self, request: Request) -> tuple[bytes, str]:
        sent: Any = request.data
        if isinstance(sent, bytes):
            announced = request.META.get("CONTENT_LENGTH")
            if announced and int(announced) != len(sent):
                raise Refused("cut_off", _("The body is not as long as it was announced; nothing was kept."))
            body, name = sent, request.query_params.get("name", "")
        elif not (request.content_type or "").startswith("multipart/"):
            body, name = b"", ""  # the framework parses no body where none came
        else:
            upload = sent.get("file")
            if upload is None or not hasattr(upload, "read"):
                raise serializers.ValidationError({"file": _("The form has no field named file.")})
            body, name = upload.read(), request.query_params.get("name") or upload.name or ""
        if not body:
            raise serializers.ValidationError({"file": _("The body is empty; nothing was kept.")})
        return body, name

    def _options(self, request: Request, name: str) -> dict[str, str]:
        make = request.query_params.get("make", "csv")
        try:
            decoders.decoder(make)
        except LookupError as problem:
            raise UnsupportedMediaType(make, detail=str(problem)) from problem
        options = {"make": make, "name": name[:200]}
        for key in ("zone", "date", "source"):
            if request.query_params.get(key):
                options[key] = request.query_params[key]
        if "date" in options:
            options["date"] = serializers.DateField().run_validation(options["date"]).isoformat()
        if "zone" in options:
            _check_zone(options["zone"])
        options |= {"source": options["source"].strip()} if "source" in options else {}
        if not is_name(options.get("source", "-")):
            raise serializers.ValidationError({"source": _("This cannot be the name of a source.")})
        return options


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        message = _("%(zone)s is no time zone.") % {"zone": zone}
        raise serializers.ValidationError({"zone": message}, "bad_zone") from problem


class OneDelivery(Scoped):
    """One delivery."""

    roles = {"GET": (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER)}

    def delivery(self) -> Delivery:
        """The delivery the address names."""
        return get_object_or_404(
            Delivery.objects.defer("body").select_related("channel__edition"), pk=self.kwargs["pk"]
        )

    def edition(self) -> Edition | None:
        """Its edition."""
        return self.delivery().channel.edition

    @extend_schema(responses=DeliveryAnswer)
    def get(self, request: Request, pk: int) -> Response:
        """The delivery, its counts and its first rejects."""
        delivery = self.delivery()
        return Response(answers([delivery])[0] | findings(delivery))
