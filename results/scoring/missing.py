"""Passings that nobody read: proposed with a time and how good it is, never added. A commissaire's ruling adds one.

| rule | what it says | here |
|---|---|---|
| 8.5, L09 | a missing lap is suspected and never invented | `missing` only proposes |
| a hole has two ends | only between two sightings; who was not seen since is overdue, which is another list | `missing` |
| those who rode along | three riders seen with the rider before and after tell when they passed together | `_beside` |
| the field | else the share of the stretch that the field's time had taken there | `_share` |
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from .field import Field
from .tracks import LEAST, PPM, Pace, Seen, Track, median

SECOND_US = 1_000_000
BEFORE_US, AFTER_US = 3 * SECOND_US, 15 * SECOND_US


class Missing(NamedTuple):
    """A crossing of `point`, ending lap `lap` (or in it), that no mat gave: proposed at `at_us`, give or take `error_us`.

    how         mats: another point was seen since; pace: the time between two sightings says so
    beside      riders with whom the rider was seen before and after, and whose time this is; 0: the field's pace
    before_us, after_us  the two sightings it lies between
    """

    bib: int
    point: str
    lap: int
    at_us: int
    error_us: int
    how: Literal["mats", "pace"]
    beside: int
    before_us: int
    after_us: int


def missing(field: Field, tracks: Sequence[Track], pace: Pace) -> list[Missing]:
    """What is proposed, by time."""
    been: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for track in tracks:
        for place, at_us in track.seen:
            been[place][track.ride.bib] = at_us
    shares: dict[tuple[int, int, int], tuple[int, int] | None] = {}
    found: list[Missing] = []
    for track in tracks:
        for before, after in pairwise(track.seen):
            for place in range(before.place + 1, after.place):
                key = (before.place, place, after.place)
                if key not in shares:
                    shares[key] = _share(been, pace, *key)
                told = _told(been, shares[key], before, place, after)
                if told is not None and after.at_us - before.at_us > 1:
                    found.append(_proposal(field, track, before, place, after, told))
    found.sort(key=lambda one: (one.at_us, one.bib))
    return found


def _proposal(field: Field, track: Track, before: Seen, place: int, after: Seen, told: tuple[int, int, int]) -> Missing:
    points = len(field.rules.points)
    lap, mark = divmod(place, points)
    point = field.rules.points[mark - 1] if mark else field.rules.finish
    how: Literal["mats", "pace"] = "mats" if after.place - before.place < points or points > 1 else "pace"
    at_us, error_us, beside = told
    at_us = min(max(at_us, before.at_us + 1), after.at_us - 1)  # between the two sightings, whoever was seen there when
    return Missing(
        track.ride.bib, point, lap + (mark > 0), at_us, error_us, how, beside, before.at_us, after.at_us
    )  # fmt: skip


def _told(
    been: Mapping[int, Mapping[int, int]], share: tuple[int, int] | None, before: Seen, place: int, after: Seen
) -> tuple[int, int, int] | None:
    """Instant, error and how many rode along; None where nobody can tell."""
    beside = _beside(been, before, place, after)
    if len(beside) >= LEAST:
        return median(beside), (max(beside) - min(beside)) // 2 + SECOND_US, len(beside)
    if share is None:
        return None
    elapsed_us = after.at_us - before.at_us
    return before.at_us + elapsed_us * share[0] // PPM, max(SECOND_US, elapsed_us * share[1] // PPM), 0


def _beside(been: Mapping[int, Mapping[int, int]], before: Seen, place: int, after: Seen) -> list[int]:
    """When those passed who were seen with the rider before and after."""
    left, came = been[before.place], been[after.place]
    return [
        at_us
        for bib, at_us in been[place].items()
        if abs(left.get(bib, -AFTER_US) - before.at_us) <= BEFORE_US
        and abs(came.get(bib, -AFTER_US) - after.at_us) <= AFTER_US
    ]


def _share(
    been: Mapping[int, Mapping[int, int]], pace: Pace, start: int, place: int, end: int
) -> tuple[int, int] | None:
    """The part of the time from `start` to `end` that had gone at `place`, and how far nineteen in twenty were off it."""
    left, came = been[start], been[end]
    parts = [
        (at_us - left[bib]) * PPM // (came[bib] - left[bib])
        for bib, at_us in been[place].items()
        if bib in left and bib in came and came[bib] > left[bib]
    ]
    if len(parts) >= LEAST:
        middle = median(parts)
        off = sorted(abs(part - middle) for part in parts)
        return middle, off[(len(off) - 1) * 19 // 20]
    whole_us, part_us = pace.span_us(start, end), pace.span_us(start, place)
    if not whole_us or part_us is None:
        return None
    return part_us * PPM // whole_us, PPM // 20
