"""What the reads say of the chips themselves, pure: whose they were, which lies on a mat, which two ride as one.

| what | rule | here |
|---|---|---|
| a chip and its rider | the rider who carried the chip at that instant, or nobody | `sort_out` |
| stuck chip | in front of one source for a minute without a break: a bike parked on the mat | `stuck` |
| a crowd at the line | so many at once are riders waiting for the start, not parked bikes | `stuck` |
| twin chips | two riders' chips less than 0.1 s apart at every point but the start: one person carries both | `twins` |

Times are UTC microseconds in true time. The order of what comes in changes nothing.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from timing.passings import ChipHeld

#: A chip not read for this long has left the mat.
BREAK_US = 10_000_000
#: From so long without a break, and so many reads, a chip does not pass any more: it lies there.
STUCK_US, STUCK_READS = 60_000_000, 30
#: So many chips at one source at once are riders at the line.
CROWD = 5
#: Two chips this near to each other may be on one bicycle; met so often, it is no chance.
TWIN_US, TWIN_MEETINGS = 100_000, 3


class Sighting(NamedTuple):
    """A chip in front of a source without a break, from its first to its last read."""

    source: int
    chip: str
    first_us: int
    last_us: int
    reads: int


class Crowd(NamedTuple):
    """Many chips in front of a source at once."""

    source: int
    chips: int
    first_us: int
    last_us: int
    reads: int


class Twins(NamedTuple):
    """Two riders who were read as one: how often both were there, how far apart at most, from when until when."""

    bibs: tuple[int, int]
    chips: tuple[str, str]
    meetings: int
    widest_us: int
    first_us: int
    last_us: int


class Sorted(NamedTuple):
    """Sightings by the rider who carried the chip, and by chip where nobody did at that instant."""

    riders: dict[int, list[Sighting]]
    nobody: dict[str, list[Sighting]]


def sort_out(sightings: Iterable[Sighting], held: Iterable[ChipHeld]) -> Sorted:
    """Whose each sighting is, each list by time. A sighting is its carrier's at its first read."""
    holds: dict[str, list[ChipHeld]] = defaultdict(list)
    for one in held:
        holds[one.chip].append(one)
    riders: dict[int, list[Sighting]] = defaultdict(list)
    nobody: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in sorted(set(sightings), key=lambda one: (one.first_us, one)):
        bib = carrier(holds.get(sighting.chip, ()), sighting.first_us)
        if bib is None:
            nobody[sighting.chip].append(sighting)
        else:
            riders[bib].append(sighting)
    return Sorted(dict(riders), dict(nobody))


def carrier(holds: Iterable[ChipHeld], at_us: int) -> int | None:
    """The bib that carried the chip of these holds at an instant; None if nobody did."""
    for one in holds:
        if (one.from_us is None or one.from_us <= at_us) and (one.until_us is None or at_us < one.until_us):
            return one.bib
    return None


def stuck(sightings: Iterable[Sighting]) -> tuple[list[Sighting], list[Crowd]]:
    """Chips that lie in front of a source, and crowds of them, each by time. Every long sighting is in one of the two."""
    at: dict[int, list[Sighting]] = defaultdict(list)
    for one in set(sightings):
        if one.last_us - one.first_us >= STUCK_US and one.reads >= STUCK_READS:
            at[one.source].append(one)
    alone: list[Sighting] = []
    crowds: list[Crowd] = []
    for source, there in at.items():
        spans = _crowded(there)
        for one in there:
            if not any(_half_within(one, span) for span in spans):
                alone.append(one)
        for first, last in spans:
            members = [one for one in there if _half_within(one, (first, last))]
            if members:
                chips = len({one.chip for one in members})
                crowds.append(Crowd(source, chips, first, last, sum(one.reads for one in members)))
    return sorted(alone, key=_when), sorted(crowds, key=lambda crowd: (crowd.first_us, crowd))


def _crowded(there: list[Sighting]) -> list[tuple[int, int]]:
    """From when until when so many chips were there at once that it is a crowd."""
    steps = sorted([(one.first_us, 1) for one in there] + [(one.last_us, -1) for one in there])
    spans: list[tuple[int, int]] = []
    count, since = 0, 0
    for at_us, step in steps:
        before, count = count, count + step
        if before < CROWD <= count:
            since = at_us
        elif count < CROWD <= before:
            spans.append((since, at_us))
    return spans


def _half_within(one: Sighting, span: tuple[int, int]) -> bool:
    """A bike that was parked there all morning is not one of the riders who waited ten minutes beside it."""
    shared = min(one.last_us, span[1]) - max(one.first_us, span[0])
    return 2 * shared >= one.last_us - one.first_us


def _when(one: Sighting) -> tuple[int, Sighting]:
    return one.first_us, one


def twins(
    riders: Mapping[int, Iterable[Sighting]], starts: Iterable[int], away_us: Mapping[int, int] | None = None
) -> list[Twins]:
    """Pairs of riders whose chips were always less than 0.1 s apart, most meetings first.

    `starts`: sources at a start, which do not count; `away_us`: bib -> from when on a rider's sightings count, so that a
    finish line which is also the start does no harm. A pair meets at every sighting of the one who was read less, at each
    source where both were read, at least three times, and at half of the other's sightings.
    """
    leave_out, away = set(starts), away_us or {}
    at: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for bib, sightings in riders.items():
        for one in set(sightings):
            if one.source not in leave_out and one.first_us >= away.get(bib, one.first_us):
                at[one.source].append((one.first_us, bib, one.chip))
                counts[bib, one.source] += 1
    met: dict[tuple[int, int], list[tuple[int, int, int, str, str]]] = defaultdict(list)
    for source, there in at.items():
        _meetings(source, sorted(there), met)
    found = [made for pair, meetings in met.items() if (made := _twins(pair, meetings, counts, set(at))) is not None]
    return sorted(found, key=lambda pair: (-pair.meetings, pair.bibs))


def _meetings(
    source: int,
    there: list[tuple[int, int, str]],
    met: dict[tuple[int, int], list[tuple[int, int, int, str, str]]],
) -> None:
    """Add (source, when, how far apart, chip of the lower bib, of the higher) for all who passed as one."""
    for index, (at_us, bib, chip) in enumerate(there):
        for later_us, other, others in there[index + 1 :]:
            if later_us - at_us >= TWIN_US:
                break
            if other != bib:
                pair, chips = ((bib, other), (chip, others)) if bib < other else ((other, bib), (others, chip))
                met[pair].append((source, at_us, later_us - at_us, *chips))


def _twins(
    pair: tuple[int, int],
    meetings: list[tuple[int, int, int, str, str]],
    counts: Mapping[tuple[int, int], int],
    sources: set[int],
) -> Twins | None:
    if len(meetings) < TWIN_MEETINGS:
        return None
    by_source: dict[int, int] = defaultdict(int)
    for source, *_rest in meetings:
        by_source[source] += 1
    total = 0
    for source in sources:
        one, other = counts.get((pair[0], source), 0), counts.get((pair[1], source), 0)
        total += max(one, other)
        if one and other and by_source[source] < min(one, other):
            return None
    if 2 * len(meetings) < total:
        return None
    instants = [at_us for _source, at_us, *_rest in meetings]
    widest = max(apart for _source, _at, apart, *_chips in meetings)
    return Twins(pair, meetings[-1][3:], len(meetings), widest, min(instants), max(instants))


def nearest(instants: list[int], at_us: int) -> int | None:
    """How far the nearest of ascending instants lies; None where there is none."""
    after = bisect_left(instants, at_us)
    near = [abs(instants[index] - at_us) for index in (after - 1, after) if 0 <= index < len(instants)]
    return min(near) if near else None


def within(instants: list[int], first_us: int, last_us: int) -> int:
    """How many of ascending instants lie from `first_us` to `last_us`."""
    return bisect_right(instants, last_us) - bisect_left(instants, first_us)
