"""What the mats make of what happened: detections with every fault real mats have, within what the rules can recover.

A counted crossing of the finish line is seen by the main decoder at its exact millisecond; where the main one misses
it, the backup sees it so; where both are silent on the line, the main decoder's memory has it and the file brings it at
noon. Everything else (second detections, warm-up, rolling back over the line, strange chips) must change nothing.

On a hard line there is `Trouble` besides, which the rules alone do not put right: somebody has to.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from seeds.simulator.cards import RaceCard, Starter
from seeds.simulator.truth import Crossing, RaceTruth

MINUTE_MS = 60_000
FINISH = "F"
#: Makes that listen and are dialled; when their line is down they keep what they see and are asked for it later.
LISTENING = frozenset({"raceresult", "ultra"})
#: While the main decoder is dead: how many crossings the backup gets, and how many the person with the phone.
BACKUP_SEES, PAD_SEES = 0.85, 0.5


def _ahead_ms(zone: str) -> int:
    ahead = datetime.datetime(2024, 5, 25, tzinfo=ZoneInfo(zone)).utcoffset()
    return (ahead or datetime.timedelta()) // datetime.timedelta(milliseconds=1)


@dataclass(frozen=True)
class Mat:
    """A decoder at a point of a course, or a person with a phone (`make` json).

    `zone` is what everybody takes its clock to be set to, `really` another one that it is set to. `offset_ms` is added to its
    clock to get true time; a clock that goes slow loses `slow_ppm` microseconds in a second besides, from `slow_from_ms` on
    (before, it was as much ahead).
    """

    name: str
    course: str
    point: str
    backup: bool
    zone: str
    offset_ms: int = 0
    make: str = "mylaps"
    slow_ppm: int = 0
    slow_from_ms: int = 0
    really: str = ""

    @property
    def version(self) -> int:
        """Of MYLAPS decoders the main ones at a finish speak the older protocol, the others the newer one; else 0."""
        if self.make != "mylaps":
            return 0
        return 1 if self.point == FINISH and not self.backup else 2

    @property
    def set_to(self) -> str:
        """The zone its clock is set to."""
        return self.really or self.zone

    @property
    def zone_ms(self) -> int:
        """How far its wall clock is ahead of UTC; the venue's zone has no daylight saving."""
        return _ahead_ms(self.set_to)

    def local_ms(self, at_ms: int) -> int:
        """Return what the decoder's own wall clock shows at a true instant, in ms since 1970-01-01 of that clock."""
        return at_ms + self.zone_ms - self.offset_ms - (at_ms - self.slow_from_ms) * self.slow_ppm // 1_000_000


def typed(bib: int) -> str:
    """Return what a phone says of a bib that was typed."""
    return f"BIB:{bib}"


@dataclass(frozen=True, order=True)
class Detection:
    """One read as the decoder makes it. `race` is the slug of the race it belongs to, empty for strange chips."""

    at_ms: int
    source: str
    chip: str
    local_ms: int
    race: str = field(compare=False)

    @property
    def identity(self) -> tuple[str, str, int]:
        """What makes it this read and no other: source, chip, and the time as the device wrote it (in ms)."""
        return self.source, self.chip, self.local_ms


@dataclass(frozen=True)
class Stick:
    """A memory stick brought at noon: the whole memory of one decoder around a hole in its mobile connection."""

    source: str
    due_ms: int
    detections: tuple[Detection, ...]


@dataclass(frozen=True)
class Hole:
    """When a decoder's connection was down."""

    source: str
    from_ms: int
    until_ms: int

    def hides(self, detection: Detection) -> bool:
        """Return whether the detection could not be sent when it was made."""
        return detection.source == self.source and self.from_ms <= detection.at_ms < self.until_ms


@dataclass(frozen=True)
class Day:
    """All that decoders of the weekend send by themselves, and what comes later as files.

    `holes`: when lines were down. `carried`: reads of bicycles that the broom wagon brought over the line.
    """

    live: tuple[Detection, ...]
    sticks: tuple[Stick, ...]
    holes: tuple[Hole, ...] = ()
    carried: tuple[Detection, ...] = ()


@dataclass(frozen=True)
class Trouble:
    """What goes wrong on a hard line, and what nothing but a person puts right.

    `dead`: a decoder without power: what passed then is in no memory. `pad`: the phone whose owner helps out meanwhile.
    `spares`: race -> bib -> the only chip the rider has on, which nobody wrote down. `carried`: how many of the bicycles of
    those who stopped come back over the line.
    """

    dead: Hole
    pad: Mat
    spares: Mapping[str, Mapping[int, str]]
    carried: float = 0.4


def watch(
    seed: int,
    cards: Sequence[RaceCard],
    starters: Mapping[str, Sequence[Starter]],
    truths: Mapping[str, RaceTruth],
    mats: Sequence[Mat],
    trouble: Trouble | None = None,
    tags: Mapping[str, Mapping[int, str]] | None = None,
) -> Day:
    """Return the detections of all mats for all races, repeatable from the seed.

    `tags`: race -> bib -> a second chip on the bicycle that nobody wrote down; it is read beside the rider's own.
    """
    courses = sorted({card.course for card in cards})
    silent = {course: _main_finish(mats, course) for course in courses}
    holes = [_hole(cards, truths, silent[course]) for course in courses]
    detections: set[Detection] = set()
    carried: list[Detection] = []
    for card in cards:
        rng = random.Random(f"mats {seed} {card.slug}")
        chips = {starter.bib: starter.chips for starter in starters[card.slug]}
        here = [mat for mat in mats if mat.course == card.course]
        watcher = _Watcher(rng, card, chips, here, holes)
        watcher.tags = (tags or {}).get(card.slug, {})
        if trouble is not None:
            watcher.trouble, watcher.chance = trouble, random.Random(f"trouble {seed} {card.slug}")
            chips |= {bib: (chip,) for bib, chip in trouble.spares.get(card.slug, {}).items()}
            carried += watcher.carried(truths[card.slug])
        detections.update(watcher.race(truths[card.slug]))
    detections.update(carried)
    for course in courses:
        detections.update(_strangers(random.Random(f"strangers {seed} {course}"), cards, truths, mats, course))
    ordered = sorted(detections)
    callers = [hole for course, hole in zip(courses, holes, strict=True) if silent[course].make not in LISTENING]
    live = tuple(item for item in ordered if not any(hole.hides(item) for hole in callers))
    sticks = tuple(_stick(silent[course], hole, ordered) for course, hole in zip(courses, holes, strict=True))
    return Day(live, sticks, tuple(holes), tuple(carried))


def _main_finish(mats: Sequence[Mat], course: str) -> Mat:
    return next(mat for mat in mats if mat.course == course and mat.point == FINISH and not mat.backup)


def _hole(cards: Sequence[RaceCard], truths: Mapping[str, RaceTruth], mat: Mat) -> Hole:
    """The main finish decoder of a course goes silent for a quarter of an hour in the middle of its first race."""
    first_ms = min(truths[card.slug].gun_ms for card in cards if card.course == mat.course)
    return Hole(mat.name, first_ms + 38 * MINUTE_MS, first_ms + 53 * MINUTE_MS)


def _stick(mat: Mat, hole: Hole, ordered: Iterable[Detection]) -> Stick:
    """The decoder's memory from five minutes before the hole to five minutes after it, at the desk at noon."""
    margin = 5 * MINUTE_MS
    memory = [
        item
        for item in ordered
        if item.source == hole.source and hole.from_ms - margin <= item.at_ms < hole.until_ms + margin
    ]
    midnight_ms = hole.from_ms - (hole.from_ms + _ahead_ms(mat.zone)) % (24 * 60 * MINUTE_MS)
    noon_ms = midnight_ms + 12 * 60 * MINUTE_MS
    return Stick(hole.source, noon_ms, tuple(memory))


class _Watcher:
    """The mats of one course during one race."""

    def __init__(
        self,
        rng: random.Random,
        card: RaceCard,
        chips: Mapping[int, tuple[str, ...]],
        mats: Sequence[Mat],
        holes: Sequence[Hole],
    ) -> None:
        self.rng, self.card, self.chips, self.holes = rng, card, chips, holes
        self.mains = {mat.point: mat for mat in mats if not mat.backup}
        self.backups = {mat.point: mat for mat in mats if mat.backup and mat.make != "json"}
        self.trouble: Trouble | None = None
        self.tags: Mapping[int, str] = {}
        self.chance = rng

    def race(self, truth: RaceTruth) -> Iterable[Detection]:
        """Yield everything the mats see of a race, from the warm-up to the last rider rolling back over the line."""
        riding = sorted({crossing.bib for crossing in truth.crossings})
        for bib in self.rng.sample(riding, len(riding) // 5):
            at_ms = truth.gun_ms - self.rng.randint(5 * MINUTE_MS, 20 * MINUTE_MS)
            yield from self._seen(Crossing(bib, FINISH, 0, at_ms))
        for crossing in truth.crossings:
            yield from self._seen(crossing)
        for row in truth.rows:
            if row.status == "FIN" and self.rng.random() < 0.08:
                done_ms = max(crossing.at_ms for crossing in truth.crossings if crossing.bib == row.bib)
                back_ms = done_ms + self.rng.randint(2 * MINUTE_MS, 7 * MINUTE_MS)
                yield from self._seen(Crossing(row.bib, FINISH, 0, back_ms))

    def carried(self, truth: RaceTruth) -> Iterator[Detection]:
        """Yield a read of each bicycle that is brought back over the line when its lap would have been over."""
        assert self.trouble is not None
        main, hidden = self.mains[FINISH], (*self.holes, self.trouble.dead)
        for bib in sorted(ruling.bib or 0 for ruling in truth.rulings if ruling.kind == "dnf"):
            home_ms = max(item.at_ms for item in truth.crossings if item.bib == bib and item.point == FINISH)
            at_ms = home_ms + self.card.min_lap_ms + self.chance.randint(10, 30) * MINUTE_MS
            read = self._detection(main, Crossing(bib, FINISH, 0, at_ms), 0)
            taken = self.chance.random() < self.trouble.carried
            if taken and at_ms < truth.last_ms and not any(hole.hides(read) for hole in hidden):
                yield read

    def _by_hand(self, crossing: Crossing, pad: Mat, backup: Mat | None) -> Iterator[Detection]:
        """Yield what is seen while the main decoder is dead: by the backup, by the person with the phone, or by neither."""
        if backup is not None and self.chance.random() < BACKUP_SEES:
            yield from self._burst(backup, crossing, 0)
        if self.chance.random() < PAD_SEES:
            yield self._detection(pad, crossing, self.chance.randint(100, 400), typed(crossing.bib))

    def _seen(self, crossing: Crossing) -> Iterable[Detection]:
        main = self.mains[crossing.point]
        backup = self.backups.get(crossing.point)
        if self.trouble is not None and self.trouble.dead.hides(self._detection(main, crossing, 0)):
            yield from self._by_hand(crossing, self.trouble.pad, backup)
            return
        chance = self.rng.random()
        if backup is None or chance > 0.02:
            yield from self._burst(main, crossing, 0)
            lost_on_air = any(hole.hides(self._detection(main, crossing, 0)) for hole in self.holes)
            # In the hole only the backup tells the story; one crossing in thirty is left for the file to tell.
            if backup is not None and self.rng.random() > (1 / 30 if lost_on_air else 0.04):
                yield from self._burst(backup, crossing, 0 if lost_on_air else self.rng.randint(1, 40))
        else:
            yield from self._burst(backup, crossing, 0)

    def _burst(self, mat: Mat, crossing: Crossing, late_ms: int) -> Iterable[Detection]:
        """Yield the first detection of a crossing, and for some a second one or that of a second chip soon after."""
        yield self._detection(mat, crossing, late_ms)
        if self.rng.random() < 0.12:
            yield self._detection(mat, crossing, late_ms + self.rng.randint(60, 1_900))
        if (tag := self.tags.get(crossing.bib)) is not None:
            at_ms = crossing.at_ms + late_ms + 20
            yield Detection(at_ms, mat.name, tag, mat.local_ms(at_ms), "")
        for chip in self.chips[crossing.bib][1:]:
            yield self._detection(mat, crossing, late_ms + self.rng.randint(2, 30), chip)

    def _detection(self, mat: Mat, crossing: Crossing, late_ms: int, chip: str = "") -> Detection:
        at_ms = crossing.at_ms + late_ms
        chip = chip or self.chips[crossing.bib][0]
        return Detection(at_ms, mat.name, chip, mat.local_ms(at_ms), self.card.slug)


def _strangers(
    rng: random.Random,
    cards: Sequence[RaceCard],
    truths: Mapping[str, RaceTruth],
    mats: Sequence[Mat],
    course: str,
) -> Iterable[Detection]:
    """Yield reads of chips that nobody was given: a marshal's, one from another event, one left in a bag by the mat."""
    from_ms = min(truths[card.slug].gun_ms for card in cards if card.course == course)
    until_ms = max(truths[card.slug].last_ms for card in cards if card.course == course)
    here = [mat for mat in mats if mat.course == course and mat.make != "json"]
    for number in range(6):
        chip = f"QQ{rng.randint(10000, 99999)}"
        for _ in range(rng.randint(2, 9)):
            mat = rng.choice(here)
            at_ms = rng.randint(from_ms, until_ms)
            yield Detection(at_ms, mat.name, chip if number else "QQ00000", mat.local_ms(at_ms), "")
