"""Boards over HTTP, for what the stream hub does not hold: another revision, or a board not yet published."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from race.models import Race
from race.permissions import Anyone
from results import facts, live, scoring
from results.board import moment


def _error(status: int, code: str, detail: str) -> JsonResponse:
    errors = [{"code": code, "detail": detail, "attr": "at" if code == "bad_revision" else None}]
    return JsonResponse({"type": "client_error", "errors": errors}, status=status)


@require_safe
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """The board of a race, now or at `?at=<revision>`. The same bytes as the hub sends for the same revision."""
    race = Race.objects.select_related("edition", "course").filter(slug=slug).first()
    if race is None:
        return _error(404, "not_found", "There is no race of this name.")
    wanted = request.GET.get("at")
    if wanted is not None and not (wanted.isdigit() and int(wanted) <= race.edition.revision):
        return _error(400, "bad_revision", f"The edition's newest revision is {race.edition.revision}.")
    etag = f'"{wanted if wanted is not None else race.revision}"'
    if request.headers.get("If-None-Match") == etag:
        answer = HttpResponse(status=304)
    else:
        made = live.board(race, int(wanted) if wanted is not None else None)
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        answer = HttpResponse(made.gz if packed else made.json, content_type="application/json")
        if packed:
            answer["Content-Encoding"] = "gzip"
    answer["ETag"] = etag
    answer["Vary"] = "Accept-Encoding"
    answer["Cache-Control"] = "no-cache"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


class StepRow(serializers.Serializer[Any]):
    """One knot of the thread."""

    kind = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    point = serializers.CharField(allow_blank=True)
    article = serializers.CharField(allow_blank=True)
    value = serializers.IntegerField(allow_null=True)


class WhyAnswer(serializers.Serializer[Any]):
    """Why a row is what it is."""

    race = serializers.CharField()
    bib = serializers.IntegerField()
    revision = serializers.IntegerField()
    steps = StepRow(many=True)


class Why(APIView):
    """Why a row of the board is what it is."""

    permission_classes = [Anyone]

    @extend_schema(responses=WhyAnswer)
    def get(self, request: Request, slug: str, bib: int) -> Response:
        """What was used, merged and set aside, and the rules and rulings that shaped the row."""
        race = get_object_or_404(Race.objects.select_related("edition", "course"), slug=slug)
        known = facts.gather(race)
        if bib not in {row["bib"] for row in known.entries}:
            raise Http404
        why = scoring.explain(known.facts, bib)
        zone = ZoneInfo(race.edition.zone)
        steps = [
            {
                "kind": step.kind,
                "reason": step.reason,
                "at": moment(step.at_us, zone),
                "point": step.point,
                "article": step.article,
                "value": step.value,
            }
            for step in why.steps
        ]
        return Response({"race": slug, "bib": bib, "revision": known.revision, "steps": steps})
