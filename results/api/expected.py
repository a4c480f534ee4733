"""What is expected of a race on the road: who should have passed by now, expected against read, what nobody read."""

from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Role
from results import expected, watches
from results.board import moment
from results.expected import Sight
from results.models import Watch
from results.scoring.expected import Count, Next, Overdue, Place
from results.scoring.missing import Missing

LINE = (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER)


class LastSeenRow(serializers.Serializer[Any]):
    """Where a rider was seen last."""

    point = serializers.CharField()
    lap = serializers.IntegerField()
    at = serializers.DateTimeField()


class WatchRow(serializers.Serializer[Any]):
    """What was agreed about a rider: `check`, or `wait` until an instant."""

    kind = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    at = serializers.DateTimeField()
    by = serializers.CharField(allow_blank=True)


class ExpectedRow(serializers.Serializer[Any]):
    """A rider, where he is expected next and when; `at` null: nobody has ridden there yet."""

    bib = serializers.IntegerField()
    point = serializers.CharField()
    lap = serializers.IntegerField()
    at = serializers.DateTimeField(allow_null=True)
    error_ms = serializers.IntegerField()


class OverdueRow(ExpectedRow):
    """A rider who should have passed by now. `there` of the `group` others seen with him last are past that place."""

    late_ms = serializers.IntegerField()
    last = LastSeenRow(allow_null=True)
    group = serializers.IntegerField()
    there = serializers.IntegerField()
    laps_down = serializers.IntegerField()
    slowing = serializers.BooleanField()
    watch = WatchRow(allow_null=True)


class CountRow(serializers.Serializer[Any]):
    """Expected = main + backup + missing + overdue, at a point of a lap."""

    point = serializers.CharField()
    lap = serializers.IntegerField()
    expected = serializers.IntegerField()
    main = serializers.IntegerField()
    backup = serializers.IntegerField()
    missing = serializers.IntegerField()
    overdue = serializers.IntegerField()


class ExpectedAnswer(serializers.Serializer[Any]):
    """The race at a revision, as of an instant of event time."""

    race = serializers.CharField()
    revision = serializers.IntegerField()
    now = serializers.DateTimeField()
    on_course = serializers.IntegerField()
    overdue = OverdueRow(many=True)
    points = CountRow(many=True)
    riders = ExpectedRow(many=True)


class MissingRow(serializers.Serializer[Any]):
    """A passing nobody read. `how`: mats or pace. `ruling`: what adds it, to post to the rulings; null off the line."""

    bib = serializers.IntegerField()
    point = serializers.CharField()
    lap = serializers.IntegerField()
    at = serializers.DateTimeField()
    error_ms = serializers.IntegerField()
    how = serializers.CharField()
    beside = serializers.IntegerField()
    before = serializers.DateTimeField()
    after = serializers.DateTimeField()
    ruling = serializers.DictField(allow_null=True)


class BackupRow(serializers.Serializer[Any]):
    """A passing that only a backup gave; it counts already."""

    bib = serializers.IntegerField()
    point = serializers.CharField()
    lap = serializers.IntegerField()
    at = serializers.DateTimeField()
    reads = serializers.ListField(child=serializers.IntegerField())


class MissingAnswer(serializers.Serializer[Any]):
    """What is proposed, and what was taken automatically."""

    race = serializers.CharField()
    revision = serializers.IntegerField()
    missing = MissingRow(many=True)
    backup = BackupRow(many=True)


class WatchRequest(serializers.Serializer[Any]):
    """A rider overdue at a point of a lap: `check`, `wait` (five minutes from now) or `clear`."""

    bib = serializers.IntegerField()
    point = serializers.SlugField()
    lap = serializers.IntegerField()
    kind = serializers.CharField()


class Expected(Scoped):
    """Who is expected where, and who should have passed by now."""

    roles = {"GET": (*LINE, Role.Name.ANNOUNCER), "POST": LINE}

    @extend_schema(responses=ExpectedAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """The race on the road, at most a second old."""
        race = self.race()
        sight, zone = expected.of(race), ZoneInfo(race.edition.zone)
        agreed = expected.watches([race])
        return Response(
            {
                "race": slug,
                "revision": sight.revision,
                "now": moment(sight.now_us(), zone),
                "on_course": len(sight.outlook.riders),
                "overdue": [
                    _overdue(one, agreed.get((race.pk, one.rider.bib, one.rider.place)), zone)
                    for one in sight.overdue()
                ],
                "points": [_count(one) for one in sight.counts()],
                "riders": [_next(one, zone) for one in sight.outlook.riders],
            }
        )

    @extend_schema(request=WatchRequest, responses={200: WatchRow})
    def post(self, request: Request, slug: str) -> Response:
        """Mark a rider for a check, or give five more minutes; everybody at the line sees it. Empty once cleared."""
        wanted = WatchRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        race, said = self.race(), wanted.validated_data
        made = watches.mark(race, said["bib"], said["lap"], said["point"], said["kind"], by=self.actor())
        return Response(_watch(made, ZoneInfo(race.edition.zone)) or {})


class MissingPassings(Scoped):
    """What nobody read."""

    roles = {"GET": LINE}

    @extend_schema(responses=MissingAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """Proposals with their error; each becomes a passing only by a ruling `confirm_missed` or a correction."""
        race = self.race()
        sight, zone = expected.of(race), ZoneInfo(race.edition.zone)
        backups = [
            {**_at(one.bib, one.place), "at": moment(one.at_us, zone), "reads": one.read_ids}
            for one in sight.outlook.backups
        ]
        missing = [_missing(one, sight, zone) for one in sight.outlook.missing]
        return Response({"race": slug, "revision": sight.revision, "missing": missing, "backup": backups})


def _at(bib: int, place: Place) -> dict[str, Any]:
    return {"bib": bib, "point": place.point, "lap": place.lap}


def _next(rider: Next, zone: ZoneInfo) -> dict[str, Any]:
    return {**_at(rider.bib, rider.place), "at": moment(rider.at_us, zone), "error_ms": rider.error_us // 1000}


def _overdue(one: Overdue, watch: Watch | None, zone: ZoneInfo) -> dict[str, Any]:
    rider, last = one.rider, None
    if rider.last is not None:
        last = {"point": rider.last.point, "lap": rider.last.lap, "at": moment(rider.last_us, zone)}
    return {
        **_next(rider, zone), "late_ms": one.late_us // 1000, "last": last, "group": rider.group, "there": rider.there,
        "laps_down": rider.laps_down, "slowing": rider.slowing, "watch": _watch(watch, zone),
    }  # fmt: skip


def _watch(watch: Watch | None, zone: ZoneInfo) -> dict[str, Any] | None:
    if watch is None:
        return None
    until = watch.until.astimezone(zone).isoformat() if watch.until else None
    by = watch.by.get_username() if watch.by else ""
    return {"kind": watch.kind, "until": until, "at": watch.at.astimezone(zone).isoformat(), "by": by}


def _count(one: Count) -> dict[str, Any]:
    return {
        "point": one.place.point, "lap": one.place.lap, "expected": one.expected, "main": one.main, "backup": one.backup,
        "missing": one.missing, "overdue": one.overdue,
    }  # fmt: skip


def _missing(one: Missing, sight: Sight, zone: ZoneInfo) -> dict[str, Any]:
    ruling = None
    if one.point == sight.outlook.points[-1]:
        ruling = {"kind": "confirm_missed", "bib": one.bib, "detail": {"at_us": one.at_us}}
    return {
        "bib": one.bib, "point": one.point, "lap": one.lap, "at": moment(one.at_us, zone), "error_ms": one.error_us // 1000,
        "how": one.how, "beside": one.beside, "before": moment(one.before_us, zone), "after": moment(one.after_us, zone),
        "ruling": ruling,
    }  # fmt: skip
