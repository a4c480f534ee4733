"""The chips of an edition as the line sees them: read, carried, unknown, stuck; and what is done about them.

What is shown is computed from reads and hand-outs each time; nothing of it is stored but what somebody decided: an
assignment (`race.transponders`), or that a chip is put aside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Count, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from race import transponders
from race.models import Assignment, Change, Edition, Entry, Gun, LogLine, TimingPoint, User
from race.refused import Refused
from timing import chip_findings, clocks, standing, suggestions, typed
from timing.chip_findings import Sighting
from timing.clocks import instant, microseconds
from timing.models import ClockOffset, Correction, PutAside, Read, Source
from timing.passings import ChipHeld
from timing.suggestions import Field, Rider, Unknown

#: How old the reads of a page may be that refreshes itself, and of how many editions they are remembered.
OLDEST_S, EDITIONS = 10.0, 4
#: Reads of a chip at a source, gathered where no more than `chip_findings.BREAK_US` lies between two of them.
SIGHTINGS = """
SELECT source_id, chip, min(local_us), max(local_us), count(*) FROM (
  SELECT source_id, chip, local_us, sum(apart) OVER here AS number FROM (
    SELECT source_id, chip, local_us, coalesce(local_us - lag(local_us) OVER here > %s, false)::int AS apart FROM timing_read
    WHERE source_id = ANY(%s) AND chip <> %s AND NOT id = ANY(%s)
      AND ingestion_id NOT IN (SELECT id FROM timing_ingestion WHERE delivery_id = ANY(%s))
    WINDOW here AS (PARTITION BY source_id, chip ORDER BY local_us)
  ) AS steps WINDOW here AS (PARTITION BY source_id, chip ORDER BY local_us)
) AS numbered GROUP BY source_id, chip, number
"""


@dataclass
class ChipDesk:
    """What is known of an edition's chips now: everything the pages and the API of chips show."""

    edition: Edition
    sources: dict[int, Source]
    entries: dict[int, Entry]
    sightings: list[Sighting]
    field: Field
    aside: dict[str, PutAside]

    def unknown(self) -> list[Unknown]:
        """Chips that were read at a timing point while nobody carried them, with who they may be; put aside or not."""
        return suggestions.unknown(self.field)

    def point(self, source: int) -> TimingPoint:
        """Where a source stands; every source here stands somewhere."""
        point = self.sources[source].point
        assert point is not None
        return point

    def holder(self, chip: str, at_us: int) -> int | None:
        """The bib that carried a chip at an instant."""
        return chip_findings.carrier(self.field.holds.get(chip, ()), at_us)

    def stuck(self) -> tuple[list[Sighting], list[chip_findings.Crowd]]:
        """Chips that lie on a mat, and crowds at the line."""
        return chip_findings.stuck(self.sightings)

    def twins(self) -> list[chip_findings.Twins]:
        """Pairs of riders who were always read together."""
        starts = [pk for pk in self.sources if self.point(pk).kind == TimingPoint.Kind.START]
        away = {
            bib: rider.start_us + suggestions.SHORTEST_LAP_US
            for bib, rider in self.field.riders.items()
            if rider.start_us is not None
        }
        # What a person typed is no second chip on a bicycle.
        read = {
            bib: [one for one in there if typed.bib_of(one.chip) is None]
            for bib, there in self.field.found.riders.items()
        }
        return chip_findings.twins(read, starts, away)


def gather(edition: Edition) -> ChipDesk:
    """Everything that is known of the edition's chips now, in a fixed number of queries."""
    placed = Source.objects.filter(edition=edition, point__isnull=False).select_related("point__course")
    sources = {source.pk: source for source in placed}
    sightings = _sightings(edition, sources)
    entries, riders = _riders(edition)
    held = _held(edition)
    by_bib = [ChipHeld(typed.chip_of(bib), bib) for bib in riders]
    found = chip_findings.sort_out(sightings, [*held, *by_bib])
    for chip in [chip for chip in found.nobody if chip.startswith(typed.BIB)]:
        del found.nobody[chip]
    points = {pk: source.point_id for pk, source in sources.items() if source.point_id is not None}
    aside = {one.chip: one for one in PutAside.objects.filter(edition=edition).select_related("by")}
    return ChipDesk(edition, sources, entries, sightings, Field(riders, held, found, points), aside)


_remembered: dict[int, tuple[tuple[int, ...], float, ChipDesk, list[Unknown]]] = {}


def recent(edition: Edition) -> tuple[ChipDesk, list[Unknown]]:
    """What `gather` and `unknown` tell, for a page that asks every few seconds: the reads may be ten seconds old.

    Whatever a person says (a hand-out, a correction, a chip put aside) is in it at once: only reads are remembered.
    """
    said = _said(edition)
    kept = _remembered.get(edition.pk)
    if kept is not None and kept[0] == said and monotonic() - kept[1] < OLDEST_S:
        return kept[2], kept[3]
    known = gather(edition)
    found = known.unknown()
    while len(_remembered) >= EDITIONS:
        _remembered.pop(next(iter(_remembered)))
    _remembered[edition.pk] = (said, monotonic(), known, found)
    return known, found


def _said(edition: Edition) -> tuple[int, ...]:
    """What changes with everything that is said about chips and reads. One query."""
    newest = {
        model.__name__: Subquery(model._default_manager.filter(edition=OuterRef("pk")).order_by("-pk").values("pk")[:1])
        for model in (Assignment, Change, Correction, ClockOffset, Gun, PutAside)
    }
    aside = Count("put_aside")
    row = Edition.objects.filter(pk=edition.pk).annotate(**newest, aside=aside).values_list(*newest, "aside").get()
    return tuple(value or 0 for value in row)


def _sightings(edition: Edition, sources: dict[int, Source]) -> list[Sighting]:
    clock = clocks.of(sources.values())
    reads, deliveries = standing.ignored(edition)
    with connection.cursor() as cursor:
        cursor.execute(SIGHTINGS, [chip_findings.BREAK_US, list(sources), typed.TAP, reads, deliveries])
        rows = cursor.fetchall()
    return [
        Sighting(source, chip, clock[source].true_us(first), clock[source].true_us(last), reads)
        for source, chip, first, last, reads in rows
    ]


def _held(edition: Edition) -> list[ChipHeld]:
    """Who carried which chip, in the order of the hand-outs."""
    rows = Assignment.objects.filter(edition=edition, entry__bib__isnull=False).order_by("pk")
    return [
        ChipHeld(chip, bib or 0, _us(during.lower), _us(during.upper))
        for chip, bib, during in rows.values_list("transponder__code", "entry__bib", "during")
    ]


def _us(moment: datetime | None) -> int | None:
    return microseconds(moment) if moment is not None else None


def _riders(edition: Edition) -> tuple[dict[int, Entry], dict[int, Rider]]:
    """The confirmed entries by bib, and the same as the pure core knows them."""
    confirmed = Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED, bib__isnull=False)
    entries = {
        entry.bib: entry for entry in confirmed.select_related("rider", "team", "race", "category__wave")
        if entry.bib is not None
    }  # fmt: skip
    points: dict[int, set[int]] = {}
    for pk, course in TimingPoint.objects.filter(course__edition=edition).values_list("pk", "course"):
        points.setdefault(course, set()).add(pk)
    guns = {gun.wave_id: gun.at for gun in Gun.objects.filter(edition=edition).order_by("revision")}
    riders = {}
    for bib, entry in entries.items():
        wave = entry.category.wave
        start = microseconds(guns.get(wave.pk, wave.planned_at))
        there = frozenset(points.get(entry.race.course_id, ()))
        riders[bib] = Rider(bib, entry.race.slug, there, start, entry.signed_on)
    return entries, riders


def first_moment(entry: Entry, edition: Edition) -> datetime:
    """From when on a chip is taken to be a rider's where nobody says it: the beginning of the day of the race."""
    return datetime.combine(entry.day, time(), ZoneInfo(edition.zone))


@transaction.atomic
def assign(edition: Edition, chip: str, entry: Entry, *, by: User | None, since: datetime | None = None) -> Assignment:
    """A chip is this rider's from a moment on, also a past one (None: from the beginning of the race day).

    Its reads count for the rider from then on, those that came before as well: the board of the race is computed anew. It
    ends where the chip is down for somebody else. Put aside or not, it is no longer asked about. Refused: `never_read`,
    and as `transponders.hand_over_since` refuses.
    """
    code = transponders.normal(chip)
    if not Read.objects.filter(chip=code, source__edition=edition).exists():
        raise Refused("never_read", _("Chip %(chip)s was not read at this edition.") % {"chip": code[:32]})
    PutAside.objects.filter(edition=edition, chip=code).delete()
    return transponders.hand_over_since(entry, code, since or first_moment(entry, edition), by=by)


@transaction.atomic
def put_aside(edition: Edition, chip: str, *, by: User | None) -> PutAside:
    """Nobody wants to be asked about this chip again; its reads stay, and count nowhere as before. Twice is once."""
    code = transponders.normal(chip)
    if not Read.objects.filter(chip=code, source__edition=edition).exists():
        raise Refused("never_read", _("Chip %(chip)s was not read at this edition.") % {"chip": code[:32]})
    made, _new = PutAside.objects.get_or_create(edition=edition, chip=code, defaults={"at": timezone.now(), "by": by})
    return made


def ask_again(edition: Edition, chip: str) -> None:
    """A chip that was put aside is asked about again."""
    PutAside.objects.filter(edition=edition, chip=transponders.normal(chip)).delete()


@dataclass(frozen=True)
class Done:
    """An assignment that the tray made: by whom and when (real time), and whether it still holds."""

    line: LogLine
    assignment: Assignment
    holds: bool


def lately(edition: Edition, most: int = 12) -> list[Done]:
    """Chips that were assigned for a time that was past, newest first. Two queries."""
    lines = LogLine.objects.filter(edition=edition, what=transponders.BACKDATED).select_related("by").order_by("-pk")
    newest = list(lines[:most])
    wanted = Assignment.objects.filter(edition=edition, pk__in=[line.details["assignment"] for line in newest])
    made = {one.pk: one for one in wanted.select_related("transponder", "entry__rider", "entry__category")}
    return [
        Done(line, one, not transponders.is_instant(one))
        for line in newest
        if (one := made.get(line.details["assignment"])) is not None
    ]


def read_at(unknown: Unknown) -> tuple[datetime, datetime]:
    """When a chip was read first and last."""
    return instant(unknown.sightings[0].first_us), instant(max(one.last_us for one in unknown.sightings))


def reads_of(sightings: Iterable[Sighting]) -> int:
    """How many reads these are."""
    return sum(one.reads for one in sightings)


def a_minute(sighting: Sighting) -> int:
    """How many reads a minute a chip gave while it lay there."""
    return round(sighting.reads / max((sighting.last_us - sighting.first_us) / 60e6, 1 / 60))


def lasted(sighting: Sighting) -> timedelta:
    """How long it lay there."""
    return timedelta(microseconds=sighting.last_us - sighting.first_us)
