"""Where each rider was seen, in places: how far that is from the gun, whatever a mat missed on the way.

A place counts timing points from the gun: with n points a lap, place `lap * n` is the end of a lap and `lap * n + k` the
k-th point of the next one. Points come round in a fixed order, so two sightings in a row say by themselves what may lie
between them; how long the field took says how often they came round.

| rule | what it says | here |
|---|---|---|
| the order of the mats | after a point the next sighting is the soonest place of its own point | `_walk` |
| the field's pace | a whole lap more only where that fits the rider's own pace, to 0.3 of a lap | `_later` |
| never the own doubled lap | pace is the median of all on that stretch; none judges itself | `_pace`, `_factor` |
| beside a mat | a point seen again before 0.7 of a lap is a rider standing there or rolling back | `_walk` |
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from .field import Field, Ride

PPM = 1_000_000
LEAST = 3
"""Fewer riders than this are no pace."""
LAP_AGAIN_PPM, NEAR_PPM, SLOWEST_PPM = 700_000, 300_000, 1_500_000
DEVIATIONS = 4
RIDING = ("racing", "FIN", "LAP", "OTL", "NR")


class Seen(NamedTuple):
    """A rider at a place."""

    place: int
    at_us: int


@dataclass(frozen=True, slots=True)
class Track:
    """A rider's sightings by place, the gun (place 0) first where it is known. `pace_ppm`: own pace to the field's."""

    ride: Ride
    seen: tuple[Seen, ...]
    pace_ppm: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the field took. `until_us[place]`: from the gun to the place, stretch by stretch, as far as is known."""

    until_us: tuple[int, ...]
    points: int

    def span_us(self, start: int, end: int) -> int | None:
        """How long the field takes from one place to another; None where nobody can tell yet."""
        if end >= len(self.until_us):
            return None
        return self.until_us[end] - self.until_us[start]


def follow(field: Field) -> tuple[list[Track], Pace]:
    """The tracks of all who ride, and the pace of the field. `field`: with laps counted and statuses settled."""
    points = len(field.rules.points)
    riding = [(ride, _sightings(ride)) for ride in field.rides if ride.status in RIDING and not ride.order_number]
    places = max((ride.goal for ride, _ in riding), default=0) * points
    soonest = {ride.bib: _soonest(ride, seen, points, field.rules.min_lap_us) for ride, seen in riding}
    first = _pace(soonest, {}, points, places)
    ratios = {bib: ratios_of(seen, first) for bib, seen in soonest.items()}
    usual = _by_category(riding, ratios)
    spread = _spread(ratios)
    walked = {
        ride.bib: _walk(ride, seen, first, ratios[ride.bib], usual[ride.entry.category], spread) for ride, seen in riding
    }  # fmt: skip
    # Whoever rode a stretch first is fast: each time is taken at its rider's pace, so that it tells what the field needs.
    paces = {ride.bib: _own(walked[ride.bib], first, usual[ride.entry.category]) for ride, _ in riding}
    pace = _pace(walked, paces, points, places)
    return [
        Track(ride, walked[ride.bib], _own(walked[ride.bib], pace, usual[ride.entry.category])) for ride, _ in riding
    ], pace


def median(values: Sequence[int]) -> int:
    """The middle of some values; of two, the lower."""
    return sorted(values)[(len(values) - 1) // 2]


def _sightings(ride: Ride) -> list[tuple[int, int]]:
    """(instant, point in course order; 0 for the line), by time, as long as the rider's race lasted."""
    over_us = ride.end_us if ride.status in ("FIN", "OTL", "LAP") else None
    start_us = ride.gun_us or 0
    marks = [
        (at_us, mark) for at_us, mark in ride.marks if at_us > start_us and (over_us is None or at_us < over_us)
    ]  # fmt: skip
    return sorted([*((at_us, 0) for at_us in ride.crossings), *marks])


def _soonest(ride: Ride, seen: list[tuple[int, int]], points: int, min_lap_us: int) -> list[Seen]:
    """Each sighting at the soonest place it can be: right but for whole laps nobody saw."""
    walked = [Seen(0, ride.gun_us)] if ride.gun_us is not None else []
    for at_us, mark in seen:
        before = walked[-1] if walked else Seen(0, 0)
        step = (mark - before.place) % points or points
        if mark and step == points and walked and at_us - before.at_us < min_lap_us:
            continue
        walked.append(Seen(before.place + step, at_us))
    return walked


def _own(seen: Sequence[Seen], pace: Pace, usual_ppm: int) -> int:
    """A rider's pace on the last two laps, to the field's."""
    ratios = ratios_of(seen, pace)
    return _factor({place: ratios[place] for place in sorted(ratios)[-2 * pace.points :]}, -1, usual_ppm)


def _pace(tracks: Mapping[int, Sequence[Seen]], paces: Mapping[int, int], points: int, places: int) -> Pace:
    """The median of each stretch; where few rode it yet, that of the same stretch a lap earlier or later.

    `paces`: each rider's own pace to the field's, where it is known; times are taken at it.
    """
    ridden: defaultdict[int, list[int]] = defaultdict(list)
    for bib, seen in tracks.items():
        own_ppm = paces.get(bib, PPM)
        for before, after in pairwise(seen):
            if after.place == before.place + 1:
                ridden[before.place].append((after.at_us - before.at_us) * PPM // own_ppm)
    until_us = [0]
    for place in range(places):
        laps = sorted(range(place % points, places, points), key=lambda other: (abs(other - place), other > place))
        known = next((ridden[lap] for lap in laps if len(ridden[lap]) >= LEAST), None)
        known = known or next((ridden[lap] for lap in laps if ridden[lap]), None)
        if known is None:
            break
        until_us.append(until_us[-1] + median(known))
    return Pace(tuple(until_us), points)


def ratios_of(seen: Sequence[Seen], pace: Pace) -> dict[int, int]:
    """Place -> the rider's time from there to the next place, to the field's, in millionths.

    Of a stretch that took no time (two mats at one instant: a clock that is wrong) there is none, for it is no pace.
    """
    found = {}
    for before, after in pairwise(seen):
        if after.place == before.place + 1 and (usual_us := pace.span_us(before.place, after.place)):
            ratio_ppm = (after.at_us - before.at_us) * PPM // usual_us
            if ratio_ppm > 0:
                found[before.place] = ratio_ppm
    return found


def _by_category(
    riding: list[tuple[Ride, list[tuple[int, int]]]], ratios: Mapping[int, Mapping[int, int]]
) -> dict[str, int]:
    """The usual pace of each category, for riders of whom nothing is known yet."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for ride, _ in riding:
        found[ride.entry.category] += ratios[ride.bib].values()
    return {category: median(parts or [PPM]) for category, parts in found.items()}


def _spread(ratios: Mapping[int, Mapping[int, int]]) -> tuple[int, int]:
    """How far riders are off: the usual pace, of whom nothing else is known; their own, of whom more is. In millionths.

    Six in seven are off by less: about one standard deviation, and holes are too few to be in it.
    """
    field: list[int] = []
    own: list[int] = []
    for ridden in ratios.values():
        parts = list(ridden.values())
        field += parts
        if len(parts) > 1:
            middle = median(parts)
            own += [abs(part - middle) * PPM // middle for part in parts]
    middle = median(field or [PPM])
    off = sorted(abs(part - middle) * PPM // middle for part in field) or [0]
    return off[len(off) * 6 // 7], (sorted(own) or off)[(len(own) or len(off)) * 6 // 7]


def _factor(ratios: Mapping[int, int], but: int, usual_ppm: int) -> int:
    """A rider's pace from all stretches but the one that is being judged; where that cannot be a pace, the usual one.

    Who seems slower than 1.5 times the usual was not: seen on every other lap only, all stretches are double ones.
    """
    own_ppm = median([ratio for place, ratio in ratios.items() if place != but] or [usual_ppm])
    return usual_ppm if own_ppm * PPM > usual_ppm * SLOWEST_PPM else own_ppm


def _walk(
    ride: Ride,
    seen: list[tuple[int, int]],
    pace: Pace,
    ratios: Mapping[int, int],
    usual_ppm: int,
    spread: tuple[int, int],
) -> tuple[Seen, ...]:
    """The sightings at their places, with the laps that nobody saw."""
    points, end = pace.points, ride.goal * pace.points
    walked = [Seen(0, ride.gun_us)] if ride.gun_us is not None else []
    soonest = 0  # where the same sighting stands in `ratios`
    last_at: dict[int, int] = {}
    for at_us, mark in seen:
        before = walked[-1] if walked else Seen(0, 0)
        place = before.place + ((mark - before.place) % points or points)
        judged = soonest
        own_ppm = _factor(ratios, judged, usual_ppm)
        soonest += (mark - soonest) % points or points
        lap_us = pace.span_us(before.place, before.place + points)
        again_us = last_at.get(mark)
        last_at[mark] = at_us
        if (
            mark
            and again_us is not None
            and lap_us is not None
            and _less(at_us - again_us, lap_us, own_ppm, LAP_AGAIN_PPM)
        ):
            soonest -= points if place - before.place == points else 0
            continue
        known = any(where != judged for where in ratios)
        doubt_ppm = DEVIATIONS * spread[known]
        walked.append(Seen(_later(pace, before, at_us, place, own_ppm, doubt_ppm, end) if walked else place, at_us))
    return tuple(walked)


def _less(elapsed_us: int, usual_us: int, own_ppm: int, part_ppm: int) -> bool:
    return elapsed_us * PPM < usual_us * own_ppm // PPM * part_ppm


def _later(pace: Pace, before: Seen, at_us: int, soonest: int, own_ppm: int, doubt_ppm: int, end: int) -> int:
    """The place that fits the time best: as many whole laps later as have passed, and only where they fit well.

    With several mats a lap that none of them saw is rarer than a rider who stood by the road, so it has to fit better.
    `doubt_ppm`: where the pace of the field varies so much that a slow lap is likely, none is added.
    """
    ridden_us = (at_us - before.at_us) * PPM // own_ppm  # at the field's pace
    near_ppm = NEAR_PPM if pace.points == 1 else NEAR_PPM // 2
    best, off_us = soonest, 0
    soonest_us = pace.span_us(before.place, soonest) or 0
    for place in range(soonest, end + 1, pace.points):
        to_us = pace.span_us(before.place, place)
        if to_us is None:
            break
        if place == soonest or abs(ridden_us - to_us) < off_us:
            lap_us = to_us - (pace.span_us(before.place, place - pace.points) or 0) if place > soonest else 0
            doubtful = (ridden_us - soonest_us) * PPM < soonest_us * doubt_ppm
            if place == soonest or (abs(ridden_us - to_us) * PPM < lap_us * near_ppm and not doubtful):
                best = place
            off_us = abs(ridden_us - to_us)
    return best
