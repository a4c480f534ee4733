"""Sign-on: who is here, what the desks know and did, and how many are missing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race import desk_roster, desk_sync, head_count, permissions, sign_on
from race.api.fields import Instant
from race.api.scope import Scoped
from race.desk_ticks import ITEMS, Event
from race.models import Edition, Race, Role

DESK = (Role.Name.OFFICE, Role.Name.ORGANISER, Role.Name.CHIEF)
EDITION = OpenApiParameter("edition", str, description="Slug of the edition; without it, the key's own")


class SignOnRequest(serializers.Serializer[Any]):
    """Riders of a race who are here."""

    race = serializers.SlugField()
    bibs = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=5000)
    here = serializers.BooleanField(default=True)
    reason = serializers.CharField(default="", allow_blank=True, max_length=200)


class SignOnAnswer(serializers.Serializer[Any]):
    """How many were not signed on before."""

    signed_on = serializers.IntegerField()


class SignOn(Scoped):
    """Sign-on of one or many riders of a race."""

    roles = {"POST": DESK}

    def edition(self) -> Edition | None:
        """The edition of the race in the body."""
        slug = self.request.data.get("race") if isinstance(self.request.data, dict) else None
        known = isinstance(slug, str) and slug.isascii() and "\x00" not in slug
        race = Race.objects.select_related("edition").filter(slug=slug).first() if known else None
        return race.edition if race else None

    @extend_schema(request=SignOnRequest, responses=SignOnAnswer)
    def post(self, request: Request) -> Response:
        """Note who is here; a second scan of the same rider changes nothing."""
        wanted = SignOnRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        race = Race.objects.select_related("edition").get(slug=asked["race"])
        moved = sign_on.sign_on(
            race, asked["bibs"], by=self.actor(), here=asked["here"], reason=asked["reason"],
            roles=permissions.roles(request.user, race.edition, self.token()),
        )  # fmt: skip
        return Response({"signed_on": moved})


class Roster(Scoped):
    """What a desk takes along, to work without a network."""

    roles = {"GET": DESK}

    @extend_schema(parameters=[EDITION], responses=OpenApiTypes.OBJECT)
    @method_decorator(gzip_page)
    def get(self, request: Request) -> HttpResponse:
        """Every confirmed entry with what is missing and what was handed out; 304 where nothing changed."""
        edition = self.edition()
        assert edition is not None
        body, digest = desk_roster.roster(edition)
        tag = f'"{digest}"'
        headers = {"ETag": tag, "Cache-Control": "no-store", "Vary": "Accept-Language"}
        if tag in request.headers.get("If-None-Match", "").replace("W/", ""):
            return HttpResponse(status=304, headers=headers)
        return HttpResponse(orjson.dumps(body), content_type="application/json", headers=headers)


class TickRow(serializers.Serializer[Any]):
    """A tick as the tablet made it."""

    key = serializers.UUIDField()
    entry = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    item = serializers.ChoiceField(choices=ITEMS)
    value = serializers.CharField(default="", allow_blank=True, max_length=80)
    reason = serializers.CharField(default="", allow_blank=True, max_length=200)
    desk = serializers.CharField(default="", allow_blank=True, max_length=40)
    at = Instant()
    stamp = serializers.CharField(max_length=120)
    version = serializers.IntegerField(default=0, min_value=0, max_value=32_767)


class TicksRequest(serializers.Serializer[Any]):
    """Ticks made since the last time, oldest first, and up to which number those of other desks are known."""

    ticks = serializers.ListField(child=TickRow(), max_length=desk_sync.MOST)
    cursor = serializers.IntegerField(default=0, min_value=0, max_value=2**63 - 1)


class Ticks(Scoped):
    """Ticks of a desk come in, those of the others go out."""

    roles = {"POST": DESK}

    @extend_schema(parameters=[EDITION], request=TicksRequest, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        """Take in up to 500 ticks, each once by its key; an answer for each, and what other desks did meanwhile."""
        edition = self.edition()
        assert edition is not None
        asked = TicksRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        events = [Event(**tick) for tick in asked.validated_data["ticks"]]
        roles = permissions.roles(request.user, edition, self.token())
        answers = desk_sync.take(edition, events, by=self.actor(), roles=roles) if events else []
        return Response({"answers": answers, **desk_sync.since(edition, asked.validated_data["cursor"])})


class HeadCount(Scoped):
    """How many of a race are here, and who is not."""

    roles = {"GET": (Role.Name.OFFICE, Role.Name.ORGANISER, Role.Name.COMMISSAIRE, Role.Name.TIMING_CREW)}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, slug: str) -> Response:
        """The head count as it is now."""
        race = self.race()
        counted = head_count.of(race)
        return Response({"race": race.slug, **asdict(counted), "missing": counted.missing})
