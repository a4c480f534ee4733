"""What crews bring to the road, and what goes wrong with it: the line is plain, mixed or hard.

| line | what stands there |
|---|---|
| plain | MYLAPS everywhere; the backups' clocks are wrong by a constant, which is declared before the start |
| mixed | the same, with a race result box on the pass, which tells its battery, and chips that nobody wrote down |
| hard | MYLAPS, race result, RFID Ultra, Feibot and a phone, and the `Trouble` that only people put right |

On the hard line the backup at the road's finish comes under a name that nobody announced and loses two seconds an hour, the
main box at the mountain bikes' finish was left on UTC, and the road's main decoder has no power while the first race ends its
third lap: a person with a phone types the bibs that can be read.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from seeds.simulator.cards import RaceCard, Starter
from seeds.simulator.mats import FINISH, MINUTE_MS, Hole, Mat, Trouble
from seeds.simulator.truth import RaceTruth

ROAD, MTB = "road", "mtb"
#: What is no MYLAPS: (course, point, whether it is the backup) -> make.
MAKES: dict[str, dict[tuple[str, str, bool], str]] = {
    "plain": {},
    "mixed": {(ROAD, "P", False): "raceresult"},
    "hard": {(ROAD, FINISH, True): "raceresult", (ROAD, "P", False): "feibot", (MTB, FINISH, False): "ultra"},
}
LINES = tuple(MAKES)
#: A person's phone, and the race result box: it says its own number, whatever the crew has announced.
PAD, BOX = "PAD", "D-50712"
#: Two seconds an hour, and how far that clock is behind when the weekend begins.
SLOW_PPM, BEHIND_MS = 556, 4_000
DEAD_LAP = 3
SPARES, TAGS = 2, 2
MEASURED_EVERY_MS = 30 * MINUTE_MS


def equip(line: str, mats: Sequence[Mat], cards: Sequence[RaceCard]) -> tuple[Mat, ...]:
    """Return the decoders that really stand where those of the start list's system do."""
    if line != "hard":
        return tuple(replace(mat, make=make_at(line, mat.course, mat.point, mat.backup)) for mat in mats)
    first_ms = min(card.planned_ms for card in cards)
    equipped = [_hard(mat, first_ms) for mat in mats]
    finish = next(mat for mat in equipped if mat.course == ROAD and mat.point == FINISH and not mat.backup)
    return (*equipped, replace(finish, name=PAD, backup=True, make="json"))


def make_at(line: str, course: str, point: str, backup: bool) -> str:
    """Return the make of the decoder that stands there."""
    return MAKES[line].get((course, point, backup), "mylaps")


def _hard(mat: Mat, first_ms: int) -> Mat:
    mat = replace(mat, make=make_at("hard", mat.course, mat.point, mat.backup))
    if mat.make == "raceresult":
        return replace(mat, name=BOX, offset_ms=BEHIND_MS, slow_ppm=SLOW_PPM, slow_from_ms=first_ms)
    return replace(mat, really="UTC") if mat.make == "ultra" else mat


def trouble(
    seed: int,
    cards: Sequence[RaceCard],
    starters: Mapping[str, Sequence[Starter]],
    truths: Mapping[str, RaceTruth],
    mats: Sequence[Mat],
) -> Trouble:
    """Return what goes wrong on the hard line.

    The dead decoder is back before anybody finishes there: a finish that only a person saw is for the judges' camera.
    """
    pad = next(mat for mat in mats if mat.make == "json")
    main = next(mat for mat in mats if mat.course == pad.course and mat.point == FINISH and not mat.backup)
    here = [card for card in cards if card.course == pad.course]
    lead_ms = min(
        item.at_ms for item in truths[here[0].slug].crossings if item.point == FINISH and item.lap == DEAD_LAP
    )
    homes = [
        item.at_ms
        for card in here
        for item in truths[card.slug].crossings
        if item.point == FINISH and item.lap == card.laps
    ]
    until_ms = min([lead_ms + 16 * MINUTE_MS, *(at_ms - 2 * MINUTE_MS for at_ms in homes)])
    rng = random.Random(f"spares {seed}")
    firsts = {card.course: card for card in reversed(cards)}
    spares = {
        firsts[course].slug: _spares(rng, number, starters[firsts[course].slug], truths[firsts[course].slug])
        for number, course in enumerate(sorted(firsts))
    }
    return Trouble(Hole(main.name, lead_ms - 4 * MINUTE_MS, until_ms), pad, spares)


def _spares(rng: random.Random, number: int, starters: Sequence[Starter], truth: RaceTruth) -> dict[int, str]:
    """Return who got another chip at the line: riders with one chip who come home."""
    single = {starter.bib for starter in starters if len(starter.chips) == 1}
    able = [row.bib for row in truth.rows if row.status == "FIN" and row.bib in single]
    chosen = sorted(rng.sample(able, min(SPARES, len(able))))
    return {bib: f"SP{number}{index:04d}" for index, bib in enumerate(chosen)}


def tags(line: str, cards: Sequence[RaceCard], starters: Mapping[str, Sequence[Starter]]) -> dict[str, dict[int, str]]:
    """Return who of a mixed line has a second chip on that nobody wrote down: it says nearly what the rider's own says.

    Whoever finds out whose it is changes no result: it is read a moment after the chip that counts.
    """
    if line != "mixed":
        return {}
    known = {chip for listed in starters.values() for starter in listed for chip in starter.chips}
    found = {}
    for card in cards:
        alike = {
            starter.bib: turned
            for starter in starters[card.slug]
            if len(starter.chips) == 1 and (turned := _turned(starter.chips[0])) not in known
        }
        found[card.slug] = dict(list(alike.items())[:TAGS])
    return found


def _turned(chip: str) -> str:
    """The last two characters the other way round."""
    return chip[:-2] + chip[-1] + chip[-2]


class Task(NamedTuple):
    """Something for the operator at an instant; of a race, or of all (empty)."""

    at_ms: int
    name: str
    race: str


def tasks(
    cards: Sequence[RaceCard],
    truths: Mapping[str, RaceTruth],
    mats: Sequence[Mat],
    wrong: Trouble,
    closings: Mapping[str, int],
) -> Iterator[Task]:
    """Yield what the operator does and when: as soon as it shows, the rest with the judges before a race is closed.

    `closings`: when each race is closed.
    """
    yield Task(min(truth.gun_ms for truth in truths.values()) + 5 * MINUTE_MS, "map", "")
    for slug in wrong.spares:
        yield Task(truths[slug].gun_ms + 4 * MINUTE_MS, "chips", slug)
    for course in sorted({mat.course for mat in mats}):
        here = [card.slug for card in cards if card.course == course]
        gun_ms, last_ms = min(truths[slug].gun_ms for slug in here), min(closings[slug] for slug in here)
        if any(mat.really for mat in mats if mat.course == course):
            yield Task(gun_ms + 25 * MINUTE_MS, "zone", "")
        if any(mat.slow_ppm for mat in mats if mat.course == course):
            for at_ms in range(gun_ms + MEASURED_EVERY_MS, last_ms, MEASURED_EVERY_MS):
                yield Task(at_ms, "offsets", "")
            yield Task(last_ms - 2 * MINUTE_MS, "offsets", "")
    for slug, at_ms in closings.items():
        yield Task(at_ms - MINUTE_MS, "camera", slug)
