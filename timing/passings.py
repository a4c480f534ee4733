"""From reads to passings: a rider at a timing point, once.

| rule | what it says | here |
|---|---|---|
| chips change hands | a chip is a bib's only while it is held; the next day it may be another's | `_bib_at` |
| one detection | reads of a rider at a point within its window are one passing; a policy picks the read | `_merge` |
| main beats backup | a backup read near a main one of that rider confirms it; alone, it counts | `_passings_at` |
| nothing is lost | every read is in exactly one passing, or set aside with a reason | `derive` |

The order in which reads arrive changes nothing, and neither does a read given twice.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple


class ReadFact(NamedTuple):
    """A read at a timing point, main or backup. `at_us`: UTC microseconds, after the source's zone and clock offset."""

    read_id: int
    point: str
    main: bool
    chip: str
    at_us: int
    rssi: int | None = None


class ChipHeld(NamedTuple):
    """A chip on a bib, from a moment until before another; None = open."""

    chip: str
    bib: int
    from_us: int | None = None
    until_us: int | None = None


class PointRule(NamedTuple):
    """How reads become one passing: the window that makes them one, and which gives the time: first, strongest or last."""

    code: str
    dedup_us: int = 0
    policy: str = "first"


class Passing(NamedTuple):
    """A rider at a point, once. `read_ids`: first the read whose time is used, then those merged into it, by time."""

    bib: int
    point: str
    at_us: int
    read_ids: tuple[int, ...] = ()
    backup: bool = False


@dataclass(frozen=True, slots=True)
class Passings:
    """Passings by time; unknown chips with how often each was read; reads that make no passing, with the reason.

    Reasons: unknown_chip (nobody's), chip_not_held (somebody's, at another time), point_not_counted.
    """

    passings: tuple[Passing, ...]
    unknown: tuple[tuple[str, int], ...] = ()
    set_aside: tuple[tuple[int, str], ...] = ()


Sight = tuple[int, bool, int, int | None]
"""A read of one rider at one point: at_us, is backup, read id, rssi. Sorts by time, main before backup."""

Cluster = tuple[Sight, list[Sight]]
"""The read whose time is used, and all reads of the same passing."""


def derive(
    reads: Iterable[ReadFact], chips: Sequence[ChipHeld], rules: Sequence[PointRule], backup_window_us: int
) -> Passings:
    """Who passed which point when. Pure and free of order: the same reads in any order give the same passings."""
    known = {rule.code: rule for rule in rules}
    holders = _holders(chips)
    seen: dict[tuple[int, str], list[Sight]] = {}
    aside: set[tuple[int, str]] = set()
    unknown: dict[str, set[int]] = {}
    for read_id, point, main, chip, at_us, rssi in reads:
        held = holders.get(chip)
        if held is None:
            unknown.setdefault(chip, set()).add(read_id)
            aside.add((read_id, "unknown_chip"))
        elif point not in known:
            aside.add((read_id, "point_not_counted"))
        elif (bib := _bib_at(held, at_us)) is None:
            aside.add((read_id, "chip_not_held"))
        else:
            key = (bib, point)
            if key in seen:
                seen[key].append((at_us, not main, read_id, rssi))
            else:
                seen[key] = [(at_us, not main, read_id, rssi)]
    passings: list[Passing] = []
    for (bib, point), sights in seen.items():
        passings += _passings_at(bib, sights, known[point], backup_window_us)
    passings.sort(key=_BY_TIME)
    counts = tuple(sorted((chip, len(ids)) for chip, ids in unknown.items()))
    return Passings(tuple(passings), counts, tuple(sorted(aside)))


_BY_TIME = itemgetter(2, 0, 1)
"""Passings by instant, then bib and point, so that equal instants keep one order whatever order the reads had."""


def _holders(chips: Sequence[ChipHeld]) -> dict[str, list[ChipHeld]]:
    """The holds of each chip. Where two overlap the later one wins: a chip handed out again left its old bib then."""
    holders: dict[str, list[ChipHeld]] = {}
    for held in chips:
        holders.setdefault(held.chip, []).append(held)
    for holds in holders.values():
        holds.sort(key=lambda held: (held.from_us is not None, held.from_us or 0, held.bib), reverse=True)
    return holders


def _bib_at(holds: list[ChipHeld], at_us: int) -> int | None:
    """The bib that wore the chip at an instant; None if nobody did."""
    for _, bib, from_us, until_us in holds:
        if (from_us is None or from_us <= at_us) and (until_us is None or at_us < until_us):
            return bib
    return None


def _passings_at(bib: int, sights: list[Sight], rule: PointRule, backup_window_us: int) -> list[Passing]:
    """One rider at one point. Backup reads confirm the main passings they are near; only those left make their own."""
    sights = sorted(set(sights)) if len(sights) > 1 else sights
    mains = [sight for sight in sights if not sight[1]]
    clusters = _merge(mains, rule)
    if len(mains) == len(sights):
        return [_passing(bib, rule.code, cluster, backup=False) for cluster in clusters]
    alone = []
    owner = [cluster for cluster in clusters for _ in cluster[1]]
    instants = [sight[0] for sight in mains]
    reach_us = max(backup_window_us, rule.dedup_us - 1)
    for sight in sights:
        if sight[1]:
            near = _nearest(instants, sight[0], reach_us)
            if near is None:
                alone.append(sight)
            else:
                owner[near][1].append(sight)
    found = [_passing(bib, rule.code, cluster, backup=False) for cluster in clusters]
    return found + [_passing(bib, rule.code, cluster, backup=True) for cluster in _merge(alone, rule)]


def _nearest(instants: list[int], at_us: int, reach_us: int) -> int | None:
    """Index of the instant nearest to `at_us` and not farther than `reach_us`; the earlier of two as near."""
    low = bisect_left(instants, at_us - reach_us)
    high = bisect_right(instants, at_us + reach_us)
    if low == high:
        return None
    index = bisect_left(instants, at_us, low, high)
    return min(range(max(low, index - 1), min(high, index + 1)), key=lambda near: (abs(instants[near] - at_us), near))


def _merge(sights: list[Sight], rule: PointRule) -> list[Cluster]:
    """Reads within the window after the first of a passing belong to it.

    The window counts from the first read and not from the last one, or a rider waiting beside the mat would make one
    endless passing that swallows the lap after it.
    """
    clusters: list[Cluster] = []
    members: list[Sight] = []
    first_us = 0
    for sight in sights:
        if members and (sight[0] - first_us < rule.dedup_us or sight[0] == first_us):
            members.append(sight)
        else:
            if members:
                clusters.append((_used(members, rule.policy), members))
            members = [sight]
            first_us = sight[0]
    if members:
        clusters.append((_used(members, rule.policy), members))
    return clusters


def _used(members: list[Sight], policy: str) -> Sight:
    """The read that gives the passing its time. Reads without a strength are weaker than any with one."""
    if policy == "last":
        return members[-1]
    if policy == "strongest":
        return max(members, key=lambda sight: (sight[3] is not None, sight[3] or 0, -sight[0], -sight[2]))
    return members[0]


def _passing(bib: int, point: str, cluster: Cluster, *, backup: bool) -> Passing:
    used, members = cluster
    if len(members) == 1:
        return Passing(bib, point, used[0], (used[2],), backup)
    rest = tuple(sight[2] for sight in sorted(members) if sight[2] != used[2])
    return Passing(bib, point, used[0], (used[2], *rest), backup)
