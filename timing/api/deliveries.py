"""Deliveries: a crew sends what its decoders saw, as a raw body or a file, and learns what became of it."""

import base64
import hashlib
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Edition, Role, Token
from timing import evidence, intake
from timing.api.answers import DeliveryAnswer, answers, told
from timing.api.findings import findings
from timing.api.reading import RawParser, body_of, channel_of, for_channel, heard, options_of, plain
from timing.models import Delivery

CREW_AND_JURY = (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER)


class Deliveries(Scoped, ListAPIView[Delivery]):
    """Deliveries of an edition: list them, add one."""

    roles = {
        "GET": CREW_AND_JURY,
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
            OpenApiParameter("columns", str, description="row:1,chip:3,time:5 of a spreadsheet, counted from 1"),
            OpenApiParameter("name", str, description="File name"),
            OpenApiParameter(
                "label", str, description="What to call reads without a reader where the channel has no only source"
            ),
            OpenApiParameter("age", int, description="How many milliseconds ago the machine said it"),
            OpenApiParameter("live", str, description="yes: read a moment ago, so it goes before files that wait"),
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY, "multipart/form-data": OpenApiTypes.OBJECT},
        responses={201: DeliveryAnswer},
    )
    def post(self, request: Request) -> Response:
        """Add a delivery. Sending it again with the same key (without one: the same bytes and options) adds nothing."""
        plain(request)
        body, name = body_of(request)
        edition = self.edition()
        assert edition is not None
        options = options_of(request.query_params, name)
        channel = channel_of(self, edition)
        options = for_channel(options, channel, request.query_params.get("label", "")) | heard(request.query_params)
        said = intake.told_key(request.headers.get("Idempotency-Key", ""))
        key = said or intake.key_of(hashlib.sha256(body).hexdigest(), options)
        peer, file = request.META.get("REMOTE_ADDR", "") or "", request.query_params.get("live") != "yes"
        received = intake.receive(channel, body, key, options=options, peer=peer, file=file)
        return Response(told(received.delivery), status=201 if received.new else 200)


class OfDelivery(Scoped):
    """What is known of one delivery."""

    roles = {"GET": CREW_AND_JURY}

    def delivery(self) -> Delivery:
        """The delivery the address names."""
        return get_object_or_404(
            Delivery.objects.defer("body").select_related("channel__edition"), pk=self.kwargs["pk"]
        )

    def edition(self) -> Edition | None:
        """Its edition."""
        return self.delivery().channel.edition


class OneDelivery(OfDelivery):
    """One delivery."""

    @extend_schema(responses=DeliveryAnswer)
    def get(self, request: Request, pk: int) -> Response:
        """The delivery, its counts and its first rejects."""
        delivery = self.delivery()
        return Response(answers([delivery])[0] | findings(delivery))


class DeliveryBody(OfDelivery):
    """The evidence itself."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The bytes as they came, checked against the hash that was taken then."""
        delivery = self.delivery()
        etag = f'"{delivery.sha256}"'
        unchanged = get_conditional_response(request._request, etag=etag)
        if unchanged is not None and unchanged.status_code == 304:
            return unchanged
        evidence.check(delivery)
        answer = StreamingHttpResponse(evidence.pieces(delivery), content_type="application/octet-stream")
        name = delivery.options.get("name") or f"delivery-{delivery.pk}.bin"
        digest = base64.b64encode(bytes.fromhex(delivery.sha256)).decode()
        answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        answer["Content-Length"] = str(delivery.size)
        answer["ETag"] = etag
        answer["Repr-Digest"] = f"sha-256=:{digest}:"
        return answer
