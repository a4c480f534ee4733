"""Boards over HTTP, for what the stream hub does not hold: another revision, or a board not yet published."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from race.models import Race
from race.permissions import Anyone
from results import live, why
from results.streaming import boards as held
from results.streaming import feed
from results.streaming.asgi import Headers


class TimeTravel(AnonRateThrottle):
    """Old boards and threads are computed, not held: so many a minute from one address."""

    scope = "time_travel"

    def allow_request(self, request: Request, view: APIView) -> bool:
        """The newest board is free; a request for an old one, or for a thread, counts."""
        free = isinstance(view, Board) and "at" not in request.query_params
        return free or super().allow_request(request, view)


class Board(APIView):
    """The board of a race: what the live page shows (docs/api.md, "The board")."""

    permission_classes = [Anyone]
    throttle_classes = [TimeTravel]

    @extend_schema(
        parameters=[
            OpenApiParameter("at", int, description="A revision of the past"),
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
        ],
        responses={200: OpenApiTypes.OBJECT, 304: None},
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """The board now or at `?at=<revision>`; for the same revision the same bytes as the stream's hub sends."""
        race = get_object_or_404(Race.objects.select_related("edition", "course"), slug=slug)
        newest = race.edition.revision
        wanted = request.query_params.get("at")
        if wanted is not None and not (
            wanted.isascii() and wanted.isdigit() and len(wanted) < 19 and int(wanted) <= newest
        ):
            raise serializers.ValidationError({"at": f"A revision of this edition is a number from 0 to {newest}."})
        at = int(wanted) if wanted is not None else None
        known = request.headers.get("If-None-Match", "")
        revision = race.revision if at is None else at
        if held.matches(known, revision):  # nothing to compute
            return _sent(held.answer(feed.Board(revision, b"", b""), known, ""))
        made = live.board(race, at)
        return _sent(
            held.answer(feed.Board(revision, made.json, made.gz), known, request.headers.get("Accept-Encoding", ""))
        )


def _sent(answer: tuple[int, Headers, bytes]) -> HttpResponse:
    """The hub's answer, as Django sends it."""
    status, headers, body = answer
    return HttpResponse(body, status=status, headers={name.decode(): value.decode() for name, value in headers})


class StepRow(serializers.Serializer[Any]):
    """One knot of the thread."""

    kind = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    point = serializers.CharField(allow_blank=True)
    article = serializers.CharField(allow_blank=True)
    value = serializers.IntegerField(allow_null=True)
    ruling = serializers.IntegerField(allow_null=True)
    detail = serializers.DictField(child=serializers.IntegerField())
    words = serializers.DictField(allow_null=True, help_text="Of a ruling: article, zh, en, reason, at")


class WhyAnswer(serializers.Serializer[Any]):
    """Why a row is what it is."""

    race = serializers.CharField()
    bib = serializers.IntegerField()
    revision = serializers.IntegerField(help_text="Of an official result: that of its publication")
    rests_on = serializers.IntegerField(help_text="The highest revision among the facts of the thread")
    standing = serializers.CharField()
    steps = StepRow(many=True)


class Why(APIView):
    """Why a row of the board is what it is."""

    permission_classes = [Anyone]
    throttle_classes = [TimeTravel]

    @extend_schema(responses=WhyAnswer)
    def get(self, request: Request, slug: str, bib: int) -> Response:
        """What was used, merged and set aside, and the rules and rulings that shaped the row."""
        race = get_object_or_404(Race.objects.select_related("edition", "course"), slug=slug)
        found = why.of(race, bib)
        if found is None:
            raise Http404
        return Response(found)
