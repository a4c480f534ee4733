"""From reads to passings: a rider at a timing point, once.

| rule | what it says | here |
|---|---|---|
| chips change hands | a chip is a bib's only while it is held; the next day it may be another's | `_bib_at` |
| one detection | reads of a rider at a point within its window are one passing; a policy picks the read | `_merge` |
| main beats backup | a backup read near a main one of that rider confirms it; alone, it counts | `_confirm` |
| as many as there are | several mains of a point are one mat, and so are several backups | `_merge` |
| nothing is lost | every read is in exactly one passing, or set aside with a reason | `derive` |

The order in which reads arrive changes nothing, and neither does a read given twice.
"""

from bisect import bisect_left
from collections import defaultdict
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
    """How reads become one passing: the window that makes them one, and whose time counts: first, strongest or last.

    `backup_us`: how far a backup read may lie from a main one and still be the same passing.
    """

    code: str
    dedup_us: int = 0
    policy: str = "first"
    backup_us: int = 0


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


Sights = dict[str, defaultdict[int, list[ReadFact]]]
"""Reads by point and bib."""

_instant = itemgetter(4)


def derive(reads: Iterable[ReadFact], chips: Sequence[ChipHeld], rules: Sequence[PointRule]) -> Passings:
    """Who passed which point when. Pure and free of order: the same reads in any order give the same passings."""
    holders = _holders(chips)
    always = {chip: holds[0].bib for chip, holds in holders.items() if holds[0][2:] == (None, None)}
    mains: Sights = {rule.code: defaultdict(list) for rule in rules}
    backups: Sights = {rule.code: defaultdict(list) for rule in rules}
    unknown: dict[str, set[int]] = {}
    aside: set[tuple[int, str]] = set()
    for read in reads:
        read_id, point, main, chip, at_us, _ = read
        bib = always.get(chip)
        if bib is None:
            if chip not in holders:
                unknown.setdefault(chip, set()).add(read_id)
                aside.add((read_id, "unknown_chip"))
                continue
            bib = _bib_at(holders[chip], at_us)
            if bib is None:
                aside.add((read_id, "chip_not_held"))
                continue
        seen = (mains if main else backups).get(point)
        if seen is None:
            aside.add((read_id, "point_not_counted"))
        else:
            seen[bib].append(read)
    passings: list[Passing] = []
    for rule in sorted(set(rules)):
        _add_passings(passings, mains[rule.code], backups[rule.code], rule)
    passings.sort(key=itemgetter(2))
    counts = tuple(sorted((chip, len(ids)) for chip, ids in unknown.items()))
    return Passings(tuple(passings), counts, tuple(sorted(aside)))


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


def _add_passings(
    passings: list[Passing], mains: dict[int, list[ReadFact]], backups: dict[int, list[ReadFact]], rule: PointRule
) -> None:
    """The passings of one point, bib by bib in ascending order, so that equal instants keep one order."""
    reach_us = max(rule.backup_us, rule.dedup_us - 1)
    # Called directly: the constructor of a named tuple costs more than all the rest of this loop.
    new = tuple.__new__
    for bib in sorted(mains.keys() | backups.keys()):
        clusters = _merge(mains.get(bib, []), rule)
        alone = _merge(_confirm(clusters, backups[bib], reach_us), rule) if bib in backups else ()
        for backup, found in ((False, clusters), (True, alone)):
            for cluster in found:
                used = cluster[0]
                ids = (used[0],) if len(cluster) == 1 else tuple([read[0] for read in cluster])
                passings.append(new(Passing, (bib, rule.code, used[4], ids, backup)))


def _merge(reads: list[ReadFact], rule: PointRule) -> list[list[ReadFact]]:
    """Reads within the window after the first of a passing belong to it. In each passing the read to use comes first.

    The window counts from the first read and not from the last one, or a rider waiting beside the mat would make one
    endless passing that swallows the lap after it.
    """
    _by_time(reads)
    window_us = max(rule.dedup_us, 1)
    clusters: list[list[ReadFact]] = []
    end_us = 0
    before: ReadFact | None = None
    for read in reads:
        at_us = read[4]
        if before is None or at_us >= end_us:
            cluster = [read]
            clusters.append(cluster)
            end_us = at_us + window_us
        elif read != before:
            cluster.append(read)
        before = read
    if rule.policy != "first":
        for cluster in clusters:
            used = cluster[-1] if rule.policy == "last" else max(cluster, key=_strength)
            cluster.remove(used)
            cluster.insert(0, used)
    return clusters


def _by_time(reads: list[ReadFact]) -> None:
    """Sort by instant, then read id. Two plain sorts are faster than one with a key of two parts."""
    reads.sort()
    reads.sort(key=_instant)


def _strength(read: ReadFact) -> tuple[bool, int, int, int]:
    """Strongest first, then earliest. A read that tells no strength is weaker than any that does."""
    return read.rssi is not None, read.rssi or 0, -read.at_us, -read.read_id


def _confirm(clusters: list[list[ReadFact]], backups: list[ReadFact], reach_us: int) -> list[ReadFact]:
    """Put backup reads to the main passings they are near, behind the read used and by time; return those left over."""
    seen = sorted([(read.at_us, index) for index, cluster in enumerate(clusters) for read in cluster])
    instants = [at_us for at_us, _ in seen]
    alone: list[ReadFact] = []
    for read in set(backups):
        near = _nearest(instants, read.at_us, reach_us)
        if near is None:
            alone.append(read)
        else:
            clusters[seen[near][1]].append(read)
    for cluster in clusters:
        if len(cluster) > 2:
            rest = cluster[1:]
            _by_time(rest)
            cluster[1:] = rest
    return alone


def _nearest(instants: list[int], at_us: int, reach_us: int) -> int | None:
    """Index of the instant nearest to `at_us` and not farther than `reach_us`; the earlier of two as near."""
    after = bisect_left(instants, at_us)
    late_us = instants[after] - at_us if after < len(instants) else reach_us + 1
    early_us = at_us - instants[after - 1] if after else reach_us + 1
    if early_us > reach_us and late_us > reach_us:
        return None
    return after - 1 if early_us <= late_us else after
