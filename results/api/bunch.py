"""The bunch board of a race: the finish as the judge sees it."""

from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Role
from results import bunch
from results.board import moment
from results.bunch import Finish


class SightRow(serializers.Serializer[Any]):
    """What a source of this name saw of a rider. `typed`: a person wrote the bib down."""

    name = serializers.CharField()
    main = serializers.BooleanField()
    typed = serializers.BooleanField()
    at = serializers.DateTimeField()


class FinisherRow(serializers.Serializer[Any]):
    """A rider who came home, in the order over the line. `ruling`: the newest that places him."""

    bib = serializers.IntegerField()
    category = serializers.CharField()
    rank = serializers.IntegerField(allow_null=True)
    status = serializers.CharField()
    group = serializers.CharField()
    at = serializers.DateTimeField()
    ruling = serializers.IntegerField(allow_null=True)
    seen = SightRow(many=True)


class BunchRow(serializers.Serializer[Any]):
    """A group on the line. `time_ms`: what it is given, in whole seconds; `before_ms`: to the last of the group before."""

    group = serializers.CharField()
    bibs = serializers.ListField(child=serializers.IntegerField())
    at = serializers.DateTimeField()
    time_ms = serializers.IntegerField(allow_null=True)
    gap_ms = serializers.IntegerField(allow_null=True)
    before_ms = serializers.IntegerField(allow_null=True)


class DoubtRow(serializers.Serializer[Any]):
    """Two riders whose order a judge has to look at. `reasons`: close, main, backup."""

    before = serializers.IntegerField()
    after = serializers.IntegerField()
    gap_ms = serializers.IntegerField()
    reasons = serializers.ListField(child=serializers.CharField())
    settled = serializers.BooleanField()


class BunchAnswer(serializers.Serializer[Any]):
    """The finish of a race at a revision. `order_counts`: whether the order over the line makes places."""

    race = serializers.CharField()
    revision = serializers.IntegerField()
    order_counts = serializers.BooleanField()
    times_shared = serializers.BooleanField()
    groups = BunchRow(many=True)
    riders = FinisherRow(many=True)
    doubts = DoubtRow(many=True)


class BunchBoard(Scoped):
    """The bunch board of a race."""

    roles = {"GET": (Role.Name.COMMISSAIRE,), "HEAD": (Role.Name.COMMISSAIRE,)}

    @extend_schema(responses=BunchAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """Who came home when, who shares a time, and whose order a judge has to look at."""
        return Response(BunchAnswer(answer(bunch.of(self.race()))).data)


def answer(finish: Finish) -> dict[str, Any]:
    """The board as plain values."""
    race, board = finish.judged.race, finish.board
    zone = ZoneInfo(race.edition.zone)
    return {
        "race": race.slug, "revision": finish.judged.revision,
        "order_counts": board.by_line, "times_shared": board.shared,
        "groups": [
            {
                "group": one.key, "bibs": one.bibs, "at": moment(one.at_us, zone),
                "time_ms": _ms(one.time_us), "gap_ms": _ms(one.gap_us), "before_ms": _ms(one.before_us),
            }
            for one in board.bunches
        ],
        "riders": [
            {
                "bib": one.bib, "category": one.category, "rank": one.rank, "status": one.status, "group": one.bunch,
                "at": moment(one.at_us, zone), "ruling": finish.rulings.get(one.bib),
                "seen": [
                    {
                        "name": finish.sources[sight.source], "main": sight.main, "typed": sight.typed,
                        "at": moment(sight.at_us, zone),
                    }
                    for sight in one.sights
                ],
            }
            for one in board.finishers
        ],
        "doubts": [
            {
                "before": one.before, "after": one.after, "gap_ms": _ms(one.gap_us),
                "reasons": one.reasons, "settled": one.settled,
            }
            for one in board.doubts
        ],
    }  # fmt: skip


def _ms(us: int | None) -> int | None:
    return None if us is None else us // 1000
