"""Who should pass where next and when, who should have by now, and how many of those expected at each point were read.

Everything that hangs on facts alone is an `Outlook`, made once a revision; what the time of day makes of it is `overdue`
and `counts`, which cost next to nothing.

| rule | what it says | here |
|---|---|---|
| those who ride along | three of the same group who are there already tell how long it takes | `_next` |
| the field's pace | else the field's time for that stretch, at the rider's own pace | `_next` |
| an estimate says how good it is | nine in ten of the field were off by less; 10 s at least | `_errors` |
| a silent mat is no missing rider | passed over: where nobody was read while some were beyond it | `next_open` |
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from . import laps, standings
from .field import Field
from .missing import Missing, missing
from .race_facts import SECOND_US, RaceFacts, Row
from .tracks import LEAST, PPM, Pace, Track, follow, median, ratios_of

LEAST_ERROR_US = 10 * SECOND_US
SLOWER_PPM = 50_000


class Place(NamedTuple):
    """A point on a lap: the end of lap `lap` at the line, or a point in it."""

    lap: int
    point: str


class Next(NamedTuple):
    """A rider on the road: seen last at `last` (None: only the gun), then expected at `place`.

    at_us       when, give or take `error_us`; None: nobody has ridden there yet, so nobody can tell
    group, there  how many were with the rider where he was seen last, and how many of them are there already
    laps_down   times the leader has passed the rider; slowing: the last lap was 5 % slower than the one before
    """

    bib: int
    last: Place | None
    last_us: int
    place: Place
    at_us: int | None
    error_us: int
    group: int
    there: int
    laps_down: int
    slowing: bool


class Backup(NamedTuple):
    """A passing that only a backup gave; it counts already."""

    bib: int
    place: Place
    at_us: int
    read_ids: tuple[int, ...]


class Count(NamedTuple):
    """How many were expected at a place until now, and what was read: expected = main + backup + missing + overdue."""

    place: Place
    main: int
    backup: int
    missing: int
    overdue: int

    @property
    def expected(self) -> int:
        """How many should have passed."""
        return self.main + self.backup + self.missing + self.overdue


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the facts say of the road. `points` in course order; `read`: place, riders read by a main mat, by a backup alone."""

    points: tuple[str, ...] = ()
    riders: tuple[Next, ...] = ()
    missing: tuple[Missing, ...] = ()
    backups: tuple[Backup, ...] = ()
    read: tuple[tuple[Place, int, int], ...] = ()


class Overdue(NamedTuple):
    """A rider who should have passed by now, and for how long."""

    rider: Next
    late_us: int


def outlook(facts: RaceFacts) -> Outlook:
    """What is to be expected of a race, from its facts alone. A closed race expects nobody."""
    field = laps.ridden(facts)
    rows = {row.bib: row for row in standings.settle(field).rows}
    tracks, pace = follow(field)
    alone = {(one.bib, one.at_us): one for one in facts.passings if one.backup}
    backups, read = _read(field, tracks, alone)
    riders = () if facts.closed else tuple(_riders(field, tracks, pace, rows))
    return Outlook(field.rules.points, riders, tuple(missing(field, tracks, pace)), backups, read)


def overdue(seen: Outlook, now_us: int) -> list[Overdue]:
    """Who should have passed by now, allowing for the error; who is overdue longest comes first."""
    late = [
        Overdue(rider, now_us - rider.at_us)
        for rider in seen.riders
        if rider.at_us is not None and now_us > rider.at_us + rider.error_us
    ]
    return sorted(late, key=lambda one: (-one.late_us, one.rider.bib))


def counts(seen: Outlook, now_us: int) -> list[Count]:
    """Expected against read at every place that somebody has reached or should have, in the order of the road."""
    late = Counter(one.rider.place for one in overdue(seen, now_us))
    holes = Counter(Place(one.lap, one.point) for one in seen.missing)
    found = {place: (main, backup) for place, main, backup in seen.read}
    places = sorted({*found, *late, *holes}, key=lambda place: (place.lap, seen.points.index(place.point)))
    return [Count(place, *found.get(place, (0, 0)), holes[place], late[place]) for place in places]


def _place(field: Field, number: int) -> Place:
    lap, mark = divmod(number, len(field.rules.points))
    return Place(lap + (mark > 0), field.rules.points[mark - 1] if mark else field.rules.finish)


def _read(
    field: Field, tracks: Sequence[Track], alone: Mapping[tuple[int, int], object]
) -> tuple[tuple[Backup, ...], tuple[tuple[Place, int, int], ...]]:
    """The passings that only a backup gave, newest first; and how many were read where."""
    backups: list[Backup] = []
    main: Counter[int] = Counter()
    backup: Counter[int] = Counter()
    for track in tracks:
        bib = track.ride.bib
        for number, at_us in track.seen:
            if number == 0:
                continue
            passing = alone.get((bib, at_us))
            (main if passing is None else backup)[number] += 1
            if passing is not None:
                backups.append(Backup(bib, _place(field, number), at_us, getattr(passing, "read_ids", ())))
    backups.sort(key=lambda one: (-one.at_us, one.bib))
    numbers = sorted({*main, *backup})
    return tuple(backups), tuple((_place(field, number), main[number], backup[number]) for number in numbers)


class _Road:
    """Who was where, and what that tells of a group at a place; asked once for each group."""

    def __init__(self, field: Field, tracks: Sequence[Track], pace: Pace) -> None:
        self.field, self.pace, self.errors = field, pace, _errors(tracks, pace)
        self.been: defaultdict[int, dict[int, int]] = defaultdict(dict)
        for track in tracks:
            for number, at_us in track.seen:
                self.been[number][track.ride.bib] = at_us
        self.furthest = {track.ride.bib: track.seen[-1].place for track in tracks if track.seen}
        self.front = max(self.furthest.values(), default=0)
        self.groups = {number: _groups(riders, field.rules.together_us) for number, riders in self.been.items()}
        self.told: dict[tuple[int, int, frozenset[int]], tuple[int, list[int]]] = {}

    def group(self, last: int, bib: int) -> frozenset[int]:
        """Who passed a place in the same group as a rider, the rider among them; at the gun all are one, and none is."""
        return self.groups[last][bib] if last else frozenset([bib])

    def beside(self, last: int, number: int, group: frozenset[int]) -> tuple[int, list[int]]:
        """How many of a group are at a place or beyond it, and how long each took who was read there, sorted."""
        key = (last, number, group)
        if key not in self.told:
            there = sum(1 for bib in group if self.furthest[bib] >= number)
            left, came = self.been[last], self.been.get(number, {})
            self.told[key] = (there, sorted(came[bib] - left[bib] for bib in group if bib in came))
        return self.told[key]

    def next_open(self, last: int, goal: int) -> int:
        """The next place where a mat answers: one that nobody was read at while others were seen beyond it is silent."""
        number = last + 1
        while number < min(goal, self.front) and number not in self.been:
            number += 1
        return number


def _riders(field: Field, tracks: Sequence[Track], pace: Pace, rows: Mapping[int, Row]) -> list[Next]:
    """Everybody who is still racing, in the order of the start list."""
    road = _Road(field, tracks, pace)
    return [
        _next(road, track, rows[track.ride.bib])
        for track in tracks
        if track.ride.status == "racing" and track.seen and track.ride.gun_us is not None
    ]


def _next(road: _Road, track: Track, row: Row) -> Next:
    pace, bib = road.pace, track.ride.bib
    last, last_us = track.seen[-1]
    number = road.next_open(last, track.ride.goal * pace.points)
    group = road.group(last, bib)
    there, took = road.beside(last, number, group)
    usual_us = pace.span_us(last, number)
    at_us, error_us = None, 0
    if len(took) >= LEAST:
        at_us = last_us + took[(len(took) - 1) // 2]
        error_us = max(LEAST_ERROR_US, (took[-1] - took[0]) // 2)
    elif usual_us is not None:
        ridden_us = usual_us * track.pace_ppm // PPM
        at_us = last_us + ridden_us
        error_us = max(LEAST_ERROR_US, ridden_us * road.errors.get(number % pace.points, 0) // PPM)
    return Next(
        bib, _place(road.field, last) if last else None, last_us, _place(road.field, number), at_us, error_us,
        len(group) - 1, there, row.laps_down, _slowing(track, pace.points),
    )  # fmt: skip


def _groups(riders: Mapping[int, int], together_us: int) -> dict[int, frozenset[int]]:
    """Bib -> everybody who passed in the same group."""
    found: dict[int, frozenset[int]] = {}
    group: list[int] = []
    before_us = 0
    for at_us, bib in sorted((at_us, bib) for bib, at_us in riders.items()):
        if group and at_us - before_us >= together_us:
            found |= dict.fromkeys(group, frozenset(group))
            group = []
        group.append(bib)
        before_us = at_us
    return found | dict.fromkeys(group, frozenset(group))


def _errors(tracks: Sequence[Track], pace: Pace) -> dict[int, int]:
    """By point in course order: how far nine in ten were off what their stretches before had told, in millionths."""
    off: defaultdict[int, list[int]] = defaultdict(list)
    for track in tracks:
        ridden: list[int] = []
        for place, ratio in ratios_of(track.seen, pace).items():
            told = median(ridden[-2 * pace.points :]) if ridden else PPM
            off[(place + 1) % pace.points].append(abs(ratio * PPM // told - PPM))
            ridden.append(ratio)
    return {point: sorted(parts)[(len(parts) - 1) * 9 // 10] for point, parts in off.items()}


def _slowing(track: Track, points: int) -> bool:
    """Whether the last whole lap took 5 % longer than the one before it."""
    ends = [at_us for place, at_us in track.seen if place % points == 0][-3:]
    if len(ends) < 3:
        return False
    return (ends[2] - ends[1]) * PPM > (ends[1] - ends[0]) * (PPM + SLOWER_PPM)
