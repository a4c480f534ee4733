"""Whose chip may this be? Pure: chips that were read and that nobody carries, and the riders they may belong to.

Each reason is told with what it rests on, so that a person can judge it. Scores only order the riders; a rider is proposed
where the reasons are strong and nobody else is as likely. A rider who was read with a chip of their own at the same point
in the same lap cannot be it, whatever the codes look like.

A suggestion is about this one chip. What only says that a rider is looked for (no chip, not read, laps) fits every unknown chip
alike: such a rider is named at the chip that fits best, at two where both fit as well (`shared`, and never proposed), at none
where it would be more; and at no other chip than the one that is proposed to be theirs.

| reason | the chip that was read |
|---|---|
| `same_but_for` | differs from a handed-out one only in leading zeros or in signs that are no letters or digits |
| `swapped` | has two neighbouring signs of a handed-out one swapped |
| `one_sign` | differs from a handed-out one in one sign, or has one more or fewer |
| `part_of` | is the beginning or the end of a handed-out one, or the other way round |
| `held_later`, `held_before` | was handed to the rider later, or taken back before |
| `neighbours` | lies in the box where the chip of this number would lie |
| `no_chip`, `no_chip_since` | no chip is down for the rider at that time |
| `only_missing`, `missing` | the rider was not read there at those times, as the only one of the race or with others |
| `laps_fit` | makes laps as long as those of the race, together with what was read of the rider |
| `shared` | fits no better than one other unknown chip does |
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from timing import chip_findings
from timing.chip_codes import Kin, numbered
from timing.chip_findings import Sighting, Sorted
from timing.passings import ChipHeld

SCORES = {
    "same_but_for": 75, "swapped": 60, "one_sign": 45, "part_of": 45, "held_later": 60, "held_before": 50, "neighbours": 50,
    "no_chip_since": 45, "no_chip": 35, "only_missing": 30, "missing": 10, "laps_fit": 20,
    "shared": -40,
}  # fmt: skip
#: Reasons that are about the chip itself; the others are about the rider.
OF_THE_CHIP = frozenset({"same_but_for", "swapped", "one_sign", "part_of", "held_later", "held_before", "neighbours"})
#: Who fits more unknown chips than this equally well is no reason for any of them.
SHARED = 2
#: A proposal needs so much, and to be so far ahead of the next one.
PROPOSED, AHEAD = 60, 15
#: What is told at most, and from which score on.
SHOWN, TOLD = 5, 30
#: For so many chips somebody is sought, those seen most first: where there are more, it is a wrong file and no rider.
SOUGHT = 300
#: Without a pace a rider cannot have been read twice at a point within this.
SHORTEST_LAP_US = 60_000_000
#: More riders than this who may all be meant say nothing about any one of them.
MANY = 8
#: How many chips to each side are neighbours in the box.
REACH = 5


class Rider(NamedTuple):
    """Somebody who may have carried a chip: where the race counts, and when it started (or was to)."""

    bib: int
    race: str
    points: frozenset[int]
    start_us: int | None = None
    signed_on: bool = True


class Reason(NamedTuple):
    """Why it may be a rider: a code of the table above, and the chip, bib or instant it rests on."""

    code: str
    chip: str = ""
    bib: int | None = None
    at_us: int | None = None


class Suggestion(NamedTuple):
    """A rider it may be, with the reasons, the strongest first."""

    bib: int
    score: int
    reasons: tuple[Reason, ...]


class Unknown(NamedTuple):
    """A chip that was read while nobody carried it: when and where, in which laps, and who it may be, likeliest first.

    `proposed`: the first of `suggestions` is likely enough to be offered with one button.
    """

    chip: str
    sightings: tuple[Sighting, ...]
    laps: tuple[int, ...]
    suggestions: tuple[Suggestion, ...]
    proposed: bool


@dataclass
class Field:
    """What is known of an edition's riders and chips. `points`: source -> the timing point it stands at."""

    riders: Mapping[int, Rider]
    held: Sequence[ChipHeld]
    found: Sorted
    points: Mapping[int, int]
    holds: dict[str, list[ChipHeld]] = field(init=False)  # by chip
    own: dict[int, list[ChipHeld]] = field(init=False)  # by bib
    seen: dict[int, dict[int, list[int]]] = field(init=False)  # bib -> point -> instants
    pace: dict[str, int] = field(init=False)  # race -> a lap, in microseconds
    kin: Kin = field(init=False)
    boxes: dict[tuple[str, int], list[tuple[int, int, str]]] = field(init=False)  # prefix -> number, bib, chip
    laps: dict[int, list[tuple[int, int]]] = field(init=False)  # point -> when somebody passed, in which lap

    def __post_init__(self) -> None:
        """Lay out what every chip is compared with."""
        self.holds, self.own, self.boxes = defaultdict(list), defaultdict(list), defaultdict(list)
        for one in self.held:
            self.holds[one.chip].append(one)
            self.own[one.bib].append(one)
            if (found := numbered(one.chip)) is not None:
                self.boxes[found[0]].append((found[1], one.bib, one.chip))
        self.kin = Kin(self.holds)
        self.seen = {bib: by_point(there, self.points) for bib, there in self.found.riders.items()}
        self.pace = self._paces()
        self.laps = self._laps()

    def _paces(self) -> dict[str, int]:
        gaps: dict[str, list[int]] = defaultdict(list)
        for bib, points in self.seen.items():
            if (rider := self.riders.get(bib)) is not None:
                for instants in points.values():
                    gaps[rider.race] += [b - a for a, b in pairwise(instants) if b - a >= SHORTEST_LAP_US]
        return {race: int(median(found)) for race, found in gaps.items() if found}

    def _laps(self) -> dict[int, list[tuple[int, int]]]:
        passed: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for bib, points in self.seen.items():
            start = rider.start_us if (rider := self.riders.get(bib)) is not None else None
            for point, instants in points.items():
                ridden = [at_us for at_us in instants if start is None or at_us >= start + SHORTEST_LAP_US]
                passed[point] += [(at_us, lap) for lap, at_us in enumerate(ridden, 1)]
        return {point: sorted(there) for point, there in passed.items()}

    def lap_at(self, point: int, at_us: int) -> int | None:
        """In which lap those were who passed the point at about that time."""
        there = self.laps.get(point, [])
        index = bisect_left(there, (at_us, 0))
        near = [there[i] for i in (index - 1, index) if 0 <= i < len(there)]
        return min(near, key=lambda one: abs(one[0] - at_us))[1] if near else None

    def apart_us(self, rider: Rider) -> int:
        """A rider is not at one point twice within this: a good half of a lap."""
        return max(SHORTEST_LAP_US, self.pace.get(rider.race, 0) * 3 // 5)

    def absent(self, rider: Rider, there: Mapping[int, list[int]]) -> bool:
        """Whether the rider may have been at these points at these times: not read there with another chip then."""
        if not set(there) <= rider.points:
            return False
        apart, own = self.apart_us(rider), self.seen.get(rider.bib, {})
        for point, instants in there.items():
            for at_us in instants:
                far = chip_findings.nearest(own.get(point, []), at_us)
                if far is not None and far < apart:
                    return False
        return True

    def laps_fit(self, rider: Rider, there: Mapping[int, list[int]]) -> bool:
        """Whether the sightings make laps like those of the race, together with the rider's own and from the start on."""
        pace, own = self.pace.get(rider.race), self.seen.get(rider.bib, {})
        if pace is None:
            return False
        gaps = []
        for point, instants in there.items():
            ridden = sorted({*instants, *own.get(point, [])})
            gaps += [b - a for a, b in pairwise(ridden)]
        return bool(gaps) and all(pace * 6 <= 10 * gap <= pace * 16 for gap in gaps)

    def carries(self, bib: int, at_us: int) -> tuple[bool, int | None]:
        """Whether a chip is down for the rider at an instant; else since when none is, where one was."""
        ended = None
        for one in self.own.get(bib, ()):
            if (one.from_us is None or one.from_us <= at_us) and (one.until_us is None or at_us < one.until_us):
                return True, None
            if one.until_us is not None and one.until_us <= at_us:
                ended = max(ended or one.until_us, one.until_us)
        return False, ended


def by_point(sightings: Iterable[Sighting], points: Mapping[int, int]) -> dict[int, list[int]]:
    """Point -> when a chip came there, one instant for what main and backup saw at once. Ascending."""
    there: dict[int, list[int]] = defaultdict(list)
    for one in sorted(sightings, key=lambda sighting: sighting.first_us):
        point = points.get(one.source)
        if point is None:
            continue
        if not there[point] or one.first_us - there[point][-1] >= SHORTEST_LAP_US:
            there[point].append(one.first_us)
    return dict(there)


def unknown(known: Field) -> list[Unknown]:
    """Every chip that was read at a timing point while nobody carried it, most sightings first, then the newest."""
    holes = _Absent(known)
    sightings = known.found.nobody
    places = {chip: by_point(found, known.points) for chip, found in sightings.items()}
    ranked = sorted(
        (chip for chip, there in places.items() if there),
        key=lambda chip: (-len(sightings[chip]), -sightings[chip][-1].last_us, chip),
    )
    suggested = {chip: suggest(known, holes, chip, places[chip]) for chip in ranked[:SOUGHT]}
    suggested |= dict.fromkeys(ranked[SOUGHT:], ())
    found = []
    for chip, suggestions in _each_its_own(suggested).items():
        laps = {known.lap_at(point, at_us) for point, instants in places[chip].items() for at_us in instants}
        found.append(
            Unknown(
                chip, tuple(sightings[chip]), tuple(sorted(lap for lap in laps if lap is not None)),
                suggestions[:SHOWN], _is_clear(suggestions),
            )
        )  # fmt: skip
    return found


def _each_its_own(suggested: Mapping[str, Sequence[Suggestion]]) -> dict[str, tuple[Suggestion, ...]]:
    """The suggestions without those that would stand at every chip alike; see the head of this file."""
    taken = {who[0].bib for who in suggested.values() if _is_clear(who) and _of_the_chip(who[0])}
    loose: dict[int, dict[str, int]] = defaultdict(dict)  # bib -> chip -> score, where nothing is about the chip
    for chip, who in suggested.items():
        for one in who:
            if not _of_the_chip(one):
                loose[one.bib][chip] = one.score
    best = {
        bib: sorted(chip for chip, score in fits.items() if score == max(fits.values())) for bib, fits in loose.items()
    }
    kept: dict[str, tuple[Suggestion, ...]] = {}
    for chip, who in suggested.items():
        left = []
        for one in who:
            alike = best[one.bib] if not _of_the_chip(one) else [chip]
            if alike == [chip] and (_of_the_chip(one) or one.bib not in taken):
                left.append(one)
            elif chip in alike and len(alike) <= SHARED and one.bib not in taken:
                other = next(each for each in alike if each != chip)
                left.append(_suggestion(one.bib, (*one.reasons, Reason("shared", other))))
        kept[chip] = tuple(sorted(left, key=lambda one: (-one.score, one.bib)))
    return kept


def _of_the_chip(one: Suggestion) -> bool:
    return any(reason.code in OF_THE_CHIP for reason in one.reasons)


def _is_clear(suggestions: Sequence[Suggestion]) -> bool:
    if not suggestions or suggestions[0].score < PROPOSED:
        return False
    return len(suggestions) == 1 or suggestions[0].score - suggestions[1].score >= AHEAD


class _Absent:
    """Who of a race was not read there at those times; the same question is not asked twice."""

    def __init__(self, known: Field) -> None:
        self.known = known
        self.races: dict[str, list[Rider]] = defaultdict(list)
        for rider in known.riders.values():
            if rider.signed_on:
                self.races[rider.race].append(rider)

    def of(self, there: Mapping[int, list[int]]) -> dict[str, list[Rider]]:
        """Race -> its riders who may have been there, for races that were on the road then; no more than need be known."""
        absent: dict[str, list[Rider]] = {}
        first = min(instants[0] for instants in there.values())
        for race, riders in self.races.items():
            starts = [rider.start_us for rider in riders if rider.start_us is not None]
            if not set(there) <= riders[0].points or (starts and first < min(starts) - SHORTEST_LAP_US):
                continue
            missing: list[Rider] = []
            for rider in riders:
                if self.known.absent(rider, there):
                    missing.append(rider)
                    if len(missing) > MANY:
                        break
            absent[race] = missing
        return absent


def suggest(known: Field, absent: _Absent, chip: str, there: Mapping[int, list[int]]) -> tuple[Suggestion, ...]:
    """The riders it may be, likeliest first. `there`: point -> when the chip was read."""
    first_us = min(instants[0] for instants in there.values())
    reasons: dict[int, list[Reason]] = defaultdict(list)
    for one in known.holds.get(chip, ()):
        if one.from_us is not None and one.from_us > first_us:
            reasons[one.bib].append(Reason("held_later", chip, at_us=one.from_us))
        elif one.until_us is not None:
            reasons[one.bib].append(Reason("held_before", chip, at_us=one.until_us))
    for other, how in known.kin.of(chip).items():
        for bib in {one.bib for one in known.holds[other]}:
            reasons[bib].append(Reason(how, other))
    if (neighbour := _neighbour(known, chip)) is not None:
        reasons[neighbour[0]].append(neighbour[1])
    for missing in absent.of(there).values():
        for who in missing if len(missing) <= MANY else ():
            reasons[who.bib].append(Reason("only_missing" if len(missing) == 1 else "missing"))
    found = []
    for bib, why in reasons.items():
        rider = known.riders.get(bib)
        if rider is None or not known.absent(rider, there):
            continue
        carries, since = known.carries(bib, first_us)
        if not carries and chip not in {one.chip for one in known.own.get(bib, ())}:
            why.append(Reason("no_chip_since", at_us=since) if since is not None else Reason("no_chip"))
        if known.laps_fit(rider, there):
            why.append(Reason("laps_fit"))
        found.append(_suggestion(bib, why))
    return tuple(sorted((one for one in found if one.score >= TOLD), key=lambda one: (-one.score, one.bib)))


def _suggestion(bib: int, why: Iterable[Reason]) -> Suggestion:
    """Each sort of reason counts once."""
    strongest: dict[str, Reason] = {}
    for reason in why:
        strongest.setdefault(reason.code, reason)
    ordered = tuple(sorted(strongest.values(), key=lambda reason: (-SCORES[reason.code], reason.code)))
    return Suggestion(bib, sum(SCORES[reason.code] for reason in ordered), ordered)


def _neighbour(known: Field, chip: str) -> tuple[int, Reason] | None:
    """The bib whose chip would lie here in the box: its neighbours' numbers and bibs keep one distance."""
    found = numbered(chip)
    if found is None:
        return None
    box, number = found
    near = [(abs(other - number), bib - other, bib, code) for other, bib, code in known.boxes.get(box, ())
            if 0 < abs(other - number) <= REACH]  # fmt: skip
    if len(near) < 2:
        return None
    distance, votes = Counter(offset for _far, offset, _bib, _code in near).most_common(1)[0]
    if votes < 2 or 3 * votes < 2 * len(near):
        return None
    _far, _offset, bib, code = min(one for one in near if one[1] == distance)
    return number + distance, Reason("neighbours", code, bib=bib)
