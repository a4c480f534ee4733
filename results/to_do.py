"""What is left to do before the results of a day stand: riders still out, open items, protests, what moved since.

The officials' desk asks every few seconds. A race is judged once a revision and process, and at most once a second while reads
pour in; what hangs on the time of day is told for each who asks. A cache only: `facts.gather` is the truth.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from race import clock
from race.models import Edition, Race
from results import expected, facts, live, memory, publication, result_rules, scoring
from results.facts import Known, Posted
from results.models import Protest, ProtestStep
from results.scoring.differences import Differences
from results.scoring.expected import Place
from results.scoring.out_there import still_out
from results.scoring.publishing import late_reads
from results.scoring.race_facts import Standings
from timing.clocks import microseconds
from timing.models import Ingestion

MINUTE_US = 60_000_000
KEPT_S = 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A race at a revision: all that does not hang on the time of day. `items` are codes of `publication.open_items`."""

    known: Known
    standings: Standings
    out: tuple[int, ...]
    items: tuple[str, ...]
    moved: Differences
    late: int
    made: float

    @property
    def race(self) -> Race:
        """The race, with its edition and course."""
        return self.known.ground.race

    @property
    def revision(self) -> int:
        """What it was judged from."""
        return self.known.ground.revision

    @property
    def posted(self) -> Posted | None:
        """The newest publication."""
        return self.known.ground.posted

    @property
    def entries(self) -> dict[int, dict[str, Any]]:
        """The rows of the start list by bib."""
        return {row["bib"]: row for row in self.known.ground.entries}


@dataclass(frozen=True, slots=True)
class Out:
    """A rider still out there: seen last where and when (None: not since the gun), and how long overdue (None: not yet)."""

    bib: int
    last: Place | None
    last_us: int | None
    late_us: int | None


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to do about a race. `bars` are the codes of `publication.BARS`, but while nothing is published."""

    judged: Judged
    out: tuple[Out, ...]
    bars: tuple[str, ...]
    protests: tuple[Protest, ...]
    until_us: int | None

    @property
    def nothing(self) -> bool:
        """Whether the race needs nobody now."""
        items = () if self.official else self.judged.items
        return not (self.out or items or self.protests or self.judged.late or self.judged.moved.changes)

    @property
    def official(self) -> bool:
        """Whether the result stands."""
        posted = self.judged.posted
        return posted is not None and posted.holds


_held: dict[int, Judged] = {}
_lock = threading.Lock()


def judged(race: Race) -> Judged:
    """A race (fetched a moment ago, with its edition) as it stands."""
    held = _held.get(race.pk)
    if held is None or not _good(held, race):
        with _lock:  # one thread judges, the others take what it found
            held = _held.get(race.pk)
            if held is None or not _good(held, race):
                held = _held[race.pk] = _judge(race)
    held.race.edition.clock = race.edition.clock
    return held


def _good(held: Judged, race: Race) -> bool:
    """Reads may wait a moment; what somebody decided shows at once."""
    if held.revision >= race.revision:
        return True
    return time.monotonic() - held.made < KEPT_S and memory.only_reads_since(race.edition_id, held.revision)


def _judge(race: Race) -> Judged:
    with live.snapshot():
        known = memory.known(race)
        standings = scoring.score(known.facts)
        # In a closed race who was never found is an open item: no result.
        out = () if known.facts.closed else still_out(known.facts)
        return Judged(
            known, standings, out, tuple(publication.open_items(known)), publication.moved_since(known), _late(known),
            time.monotonic(),
        )  # fmt: skip


def _late(known: Known) -> int:
    """How many reads came after the result had become official."""
    posted, ground = known.ground.posted, known.ground
    if posted is None or not posted.holds:
        return 0
    after = Ingestion.objects.filter(edition=ground.race.edition_id, revision__gt=posted.revision)
    came = len(facts.reads(ground, ingestions=list(after.values_list("pk", flat=True))))
    return came if late_reads(posted.holds, came) else 0


def of(edition: Edition) -> list[Left]:
    """What is left to do at an edition, race by race in the order of the programme."""
    races = Race.objects.filter(edition=edition, published_at__isnull=False).select_related("edition", "course")
    open_ones: dict[int, list[Protest]] = {}
    settled = ProtestStep.objects.filter(protest__edition=edition, kind__in=ProtestStep.SETTLES).values("protest")
    for protest in Protest.objects.filter(edition=edition).exclude(pk__in=settled):
        open_ones.setdefault(protest.race_id, []).append(protest)
    return [left(race, tuple(open_ones.get(race.pk, ()))) for race in races.order_by("day", "order", "slug")]


def left(race: Race, protests: tuple[Protest, ...] = ()) -> Left:
    """What is left to do about one race."""
    found, now_us = judged(race), microseconds(clock.now(race.edition))
    posted = found.posted
    window_us = result_rules.of(race.edition).protest_minutes * MINUTE_US
    until_us = None if posted is None or posted.at_us is None else posted.at_us + window_us
    bars = () if posted is None or posted.holds else tuple(publication.bars(found.known, now_us))
    return Left(found, tuple(_out(race, found, now_us)), bars, protests, until_us)


def _out(race: Race, found: Judged, now_us: int) -> list[Out]:
    """Who is out, the longest overdue first, then who was seen longest ago."""
    if not found.out:
        return []
    sight = expected.of(race)
    late = {one.rider.bib: one.late_us for one in sight.overdue()}
    on_road = {one.bib: one for one in sight.outlook.riders}
    finish = found.known.facts.rules.finish
    rows: Mapping[int, Any] = {row.bib: row for row in found.standings.rows}
    out = []
    for bib in found.out:
        seen, row = on_road.get(bib), rows[bib]
        if seen is not None:
            out.append(Out(bib, seen.last, seen.last_us if seen.last else None, late.get(bib)))
        elif row.crossings:
            out.append(Out(bib, Place(row.laps, finish), row.crossings[-1], None))
        else:
            out.append(Out(bib, None, None, None))
    return sorted(out, key=lambda one: (-(one.late_us or 0), one.last_us or 0, one.bib))


def forget() -> None:
    """Hold nothing: what follows is judged anew."""
    _held.clear()
