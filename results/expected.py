"""What is expected of the races on the road: who next, who overdue, what nobody read. Asked every few seconds by every desk.

The facts are judged once a revision and process, and at most once a second while reads pour in: what is told may be a second
old. What the time of day makes of it is computed for each who asks. A cache only: `facts.gather` is the truth.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from race import clock
from race.models import Edition, Race
from results import live, memory
from results.models import Watch
from results.scoring import expected as scoring
from results.scoring.expected import Count, Outlook, Overdue, Place
from timing.clocks import microseconds

#: A race is on the road from its gun until this much later.
ON_THE_ROAD = timedelta(hours=12)
#: How old an answer may be while the facts go on moving.
KEPT_S = 1.0


@dataclass(frozen=True, slots=True)
class Sight:
    """A race as the line sees it at a revision: `entries` by bib are rows of `facts.Ground`."""

    race: Race
    revision: int
    outlook: Outlook
    entries: Mapping[int, dict[str, Any]]
    made: float

    def now_us(self) -> int:
        """Event time, in UTC microseconds."""
        return microseconds(clock.now(self.race.edition))

    def overdue(self) -> list[Overdue]:
        """Who should have passed by now."""
        return scoring.overdue(self.outlook, self.now_us())

    def counts(self) -> list[Count]:
        """Expected against read, place by place."""
        return scoring.counts(self.outlook, self.now_us())


_held: dict[int, Sight] = {}
_lock = threading.Lock()


def of(race: Race) -> Sight:
    """The sight of a race (fetched a moment ago, with its edition). One query where nothing has changed, else a board's."""
    held = _held.get(race.pk)
    if held is None or not _good(held, race):
        with _lock:  # one thread judges, the others take what it found; what a worker remembers is not made for two
            held = _held.get(race.pk)
            if held is None or not _good(held, race):
                held = _held[race.pk] = _look(race)
    held.race.edition.clock = race.edition.clock
    return held


def _good(held: Sight, race: Race) -> bool:
    return held.revision >= race.revision or time.monotonic() - held.made < KEPT_S


def _look(race: Race) -> Sight:
    with live.snapshot():
        known = memory.known(race)
    entries = {row["bib"]: row for row in known.ground.entries}
    return Sight(known.ground.race, known.ground.revision, scoring.outlook(known.facts), entries, time.monotonic())


def on_the_road(edition: Edition) -> list[Race]:
    """The races of an edition that had their gun and may still have riders out there, in the order of the programme."""
    now = clock.now(edition)
    races = Race.objects.filter(edition=edition, waves__guns__at__range=(now - ON_THE_ROAD, now))
    return list(races.distinct().select_related("edition", "course").order_by("day", "order", "slug"))


def watches(races: Iterable[Race]) -> dict[tuple[int, int | None, Place], Watch]:
    """What was agreed about whom: (race, bib, place) -> the mark. One query."""
    found = Watch.objects.filter(entry__race__in=list(races)).select_related("entry", "by")
    return {(watch.entry.race_id, watch.entry.bib, Place(watch.lap, watch.point)): watch for watch in found}


def forget() -> None:
    """Hold nothing: what follows is judged anew."""
    _held.clear()
