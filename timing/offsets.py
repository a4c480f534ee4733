"""How far a clock is off, measured: from riders whom two sources saw at one point, and from when reads arrived.

| from | finds | here |
|---|---|---|
| riders seen by two sources at one point | any offset, hours too; drift | `measure` |
| a live read against its arrival | a zone or a day, with one source alone | `from_arrival` |

No read arrives before it is made. An offset is told as how far a clock is *ahead*: positive where it writes later times than
the base. What has to be added to put it right is the opposite. All integers, microseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

#: Detections of a rider closer together than this are one crossing: a rider who waits on the mat is read again and again.
ONE_CROSSING_US = 5 * SECOND_US
#: Differences of riders that lie this close together speak of one offset. Two mats some metres apart differ by less.
TOGETHER_US = SECOND_US
#: Of a rider the newest crossings only: more tell nothing new and cost the square of it.
CROSSINGS = 6
#: Fewer riders than this measure nothing; so does an offset that most of the riders whom both saw do not share.
FEWEST, SURE = 3, 5
#: Zones differ by quarters of an hour.
QUARTER_US = 15 * MINUTE_US
FURTHEST_ZONE_US = 26 * HOUR_US
#: How far from a whole quarter an offset may lie and still be a zone: the clock beside it is off by a little, too.
NEAR_ZONE_US = 2 * MINUTE_US
#: Of one clock that was set anew in between: pairs farther than this from the offset are of another time.
HELD_US = SECOND_US // 4
BROKEN = 3


class Sight(NamedTuple):
    """A rider (whatever names one) seen at an instant: UTC microseconds by the source's present settings."""

    rider: int | str
    at_us: int


class Pair(NamedTuple):
    """One crossing of a rider as two sources saw it: when by the base's clock, and how far the other was ahead."""

    at_us: int
    ahead_us: int


@dataclass(frozen=True, slots=True)
class Measured:
    """How far a clock is ahead of the base's, by how many riders, and how closely they agree.

    `spread_us`: half of the riders lie within this of `ahead_us`. `drift_us`: by how much it grows in an hour; 0 where the
    riders do not tell.
    """

    ahead_us: int
    riders: int
    spread_us: int
    drift_us: int = 0

    @property
    def sure(self) -> bool:
        """Whether enough riders agree for somebody to act on it."""
        return self.riders >= SURE and self.spread_us < SECOND_US // 2


@dataclass(frozen=True, slots=True)
class Arrived:
    """How far a clock seems to be ahead of the arrival of its reads; it is at least `bound_us` ahead, whatever the way took."""

    ahead_us: int
    bound_us: int
    reads: int
    spread_us: int

    @property
    def sure(self) -> bool:
        """Whether the reads came at an even pace behind their times: what was sent late all at once did not."""
        return self.reads >= SURE and self.spread_us < MINUTE_US


def crossings(sights: Iterable[Sight]) -> dict[int | str, list[int]]:
    """Rider -> when, ascending; detections close together are one crossing, at the first of them."""
    seen: dict[int | str, list[int]] = {}
    for rider, at_us in sorted(set(sights), key=lambda sight: sight.at_us):
        times = seen.setdefault(rider, [])
        if not times or at_us - times[-1] >= ONE_CROSSING_US:
            times.append(at_us)
    return seen


def measure(base: Iterable[Sight], other: Iterable[Sight]) -> Measured | None:
    """How far the clock of `other` is ahead of that of `base`, from riders whom both saw. None: too few agree.

    Every crossing of a rider at one is compared with every crossing at the other. The true offset is where the
    differences of most riders meet: laps of different riders differ, the clock does not. So misses, repeats and
    offsets of any size do no harm.
    """
    ours, theirs = crossings(base), crossings(other)
    both = ours.keys() & theirs.keys()
    differences = [
        (there - here, rider, here)
        for rider in both
        for here in ours[rider][-CROSSINGS:]
        for there in theirs[rider][-CROSSINGS:]
    ]
    differences.sort(key=itemgetter(0, 2))  # riders are named by numbers and by chips, which have no order together
    meeting = _meeting([(ahead, rider) for ahead, rider, _here in differences])
    chosen = differences[meeting[0] : meeting[1]]
    of_riders: dict[int | str, list[int]] = {}
    for ahead, rider, _here in chosen:
        of_riders.setdefault(rider, []).append(ahead)
    if len(of_riders) < FEWEST or 2 * len(of_riders) < len(both):
        return None
    each = [median(values) for values in of_riders.values()]
    ahead_us = median(each)
    spread_us = median([abs(value - ahead_us) for value in each])
    drift_us = _drift(sorted(Pair(here, ahead) for ahead, _rider, here in chosen), spread_us)
    return Measured(ahead_us, len(of_riders), spread_us, drift_us)


def _meeting(differences: Sequence[tuple[int, int | str]]) -> tuple[int, int]:
    """Where, in ascending differences, most riders meet: from and to. Of several such places the one with most pairs,
    then the one nearest to no offset at all."""
    best, found = (0, 0, 0), (0, 0)
    riders: Counter[int | str] = Counter()
    end = 0
    for start, (ahead, rider) in enumerate(differences):
        while end < len(differences) and differences[end][0] - ahead <= TOGETHER_US:
            riders[differences[end][1]] += 1
            end += 1
        place = (len(riders), end - start, -abs(ahead + differences[end - 1][0]))
        if start == 0 or place > best:
            best, found = place, (start, end)
        riders[rider] -= 1
        if not riders[rider]:
            del riders[rider]
    return found


def _drift(pairs: Sequence[Pair], spread_us: int) -> int:
    """Growth in an hour, from the earlier half against the later one; 0 where it is less than what the riders differ by."""
    half = len(pairs) // 2
    if half < SURE:
        return 0
    early, late = pairs[:half], pairs[-half:]
    apart = median([pair.at_us for pair in late]) - median([pair.at_us for pair in early])
    grown = median([pair.ahead_us for pair in late]) - median([pair.ahead_us for pair in early])
    if apart < MINUTE_US or abs(grown) <= 2 * spread_us:
        return 0
    return grown * HOUR_US // apart


def from_arrival(arrivals: Sequence[tuple[int, int]]) -> Arrived | None:
    """How far a clock is ahead, from (arrived, time of the read) of live reads. None where there are none."""
    if not arrivals:
        return None
    ahead = [at_us - arrived_us for arrived_us, at_us in arrivals]
    middle = median(ahead)
    return Arrived(middle, max(ahead), len(ahead), median([abs(value - middle) for value in ahead]))


def pairs(base: Iterable[Sight], other: Iterable[Sight], ahead_us: int) -> list[Pair]:
    """Each crossing at the base with the one at the other that is the same by this offset, else with the nearest by the
    clocks as they stand; ascending. A crossing that the other missed makes no pair."""
    ours, theirs = crossings(base), crossings(other)
    found = []
    for rider in ours.keys() & theirs.keys():
        for here in ours[rider]:
            near = min((there - here for there in theirs[rider]), key=lambda value: abs(value - ahead_us))
            if abs(near - ahead_us) > TOGETHER_US:
                near = min((there - here for there in theirs[rider]), key=abs)
                if abs(near) > MINUTE_US // 2:
                    continue
            found.append(Pair(here, near))
    return sorted(found)


def held_since(found: Sequence[Pair], ahead_us: int) -> int | None:
    """From when on the clock has been this far ahead: the base's time of the first pair; None: ever since the first one.

    Read from the newest back, until several pairs in a row say otherwise; a single odd one does not count.
    """
    since, odd = None, 0
    for at_us, ahead in reversed(found):
        odd = odd + 1 if abs(ahead - ahead_us) > HELD_US else 0
        if odd == 0:
            since = at_us
        elif odd == BROKEN:
            return since
    return None


def zone_mistake(ahead_us: int) -> int | None:
    """The whole quarters of an hour that an offset is, or nearly is: a wrong zone (whole days: a wrong date); None: neither."""
    quarters = round_half(ahead_us, QUARTER_US) * QUARTER_US
    if abs(quarters) < 2 * QUARTER_US or abs(ahead_us - quarters) > NEAR_ZONE_US:
        return None
    return quarters if abs(quarters) <= FURTHEST_ZONE_US or quarters % DAY_US == 0 else None


def round_half(value: int, unit: int) -> int:
    """`value / unit` to the nearest whole number, in integers."""
    return (2 * value + unit) // (2 * unit)


def median(values: Sequence[int]) -> int:
    """The middle value; of an even number the lower of the two, so that it is one that was measured."""
    return sorted(values)[(len(values) - 1) // 2]
