"""How a road race rolls: bunches, attacks, riders dropped and picked up again."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seeds.simulator.cards import Leg, RaceCard
from seeds.simulator.fate import Fate

CATCH_MS = 4_000
HOLD = 1.12
ATTACK = 0.3


@dataclass(frozen=True)
class Bunch:
    """Riders together; `at_ms` is when the first of them is at a point."""

    at_ms: int
    bibs: tuple[int, ...]


@dataclass(frozen=True)
class Arrival:
    """A rider at the end of a leg."""

    bib: int
    at_ms: int


def ride(rng: random.Random, card: RaceCard, fate: Fate, bibs: Sequence[int], gun_ms: int) -> Iterator[list[Arrival]]:
    """Yield the arrivals at the end of each leg, for whoever is still riding, no two in the same millisecond."""
    bunches = [Bunch(gun_ms, tuple(bibs))]
    taken: set[int] = set()
    for number in range(card.laps * len(card.legs)):
        leg = card.legs[number % len(card.legs)]
        units: list[Bunch] = []
        for bunch in bunches:
            units += _over(rng, card, fate, bunch, leg, number)
        bunches = _joined(units)
        yield _strung_out(rng, fate, bunches, taken)


def _over(rng: random.Random, card: RaceCard, fate: Fate, bunch: Bunch, leg: Leg, number: int) -> Iterator[Bunch]:
    """Ride one bunch over a leg: an attack may go off the front, the weak and the unlucky are dropped."""
    tired = 1 - 0.006 * number
    solo: dict[int, float] = {}
    for bib in bunch.bibs:
        if fate.stops.get(bib) != number:
            form = fate.strength[bib] + rng.gauss(0, 0.35)
            solo[bib] = card.speed_kmh * leg.pace * tired * (1 + card.spread * form)
    if not solo:
        return
    strongest = sorted(solo, key=lambda bib: (-solo[bib], bib))
    engine = solo[strongest[len(strongest) // 5]]
    pace = engine * (1 + min(0.09, 0.022 * math.log(len(solo))))
    away: list[int] = []
    if len(solo) > 8 and rng.random() < ATTACK:
        away = rng.sample(strongest[:15], rng.randint(1, 4))
        yield Bunch(bunch.at_ms + _ride_ms(leg, pace * rng.uniform(1.006, 1.03)), tuple(away))
    together = []
    for bib in (bib for bib in solo if bib not in away):
        loss = fate.losses_ms.get((bib, number), 0)
        if loss or solo[bib] * HOLD < pace:
            yield Bunch(bunch.at_ms + _ride_ms(leg, min(pace, solo[bib] * 1.02)) + loss, (bib,))
        else:
            together.append(bib)
    if together:
        yield Bunch(bunch.at_ms + _ride_ms(leg, pace), tuple(together))


def _ride_ms(leg: Leg, speed_kmh: float) -> int:
    return round(leg.length_m * 3_600 / speed_kmh)


def _joined(units: Sequence[Bunch]) -> list[Bunch]:
    """Let units that come within four seconds of each other ride on together."""
    joined: list[Bunch] = []
    for unit in sorted(units, key=lambda item: (item.at_ms, item.bibs)):
        if joined and unit.at_ms - joined[-1].at_ms < CATCH_MS:
            joined[-1] = Bunch(joined[-1].at_ms, joined[-1].bibs + unit.bibs)
        else:
            joined.append(unit)
    return joined


def _strung_out(rng: random.Random, fate: Fate, bunches: Sequence[Bunch], taken: set[int]) -> list[Arrival]:
    """String the riders of each bunch out over the line, the stronger mostly first, here and there with a gap.

    One gap in forty lies at the edge of the rule of the second (1,119 or 1,120 ms, wheel to wheel), where a wrong
    comparison would show.
    """
    arrivals = []
    for bunch in bunches:
        at_ms = bunch.at_ms
        order = sorted(bunch.bibs, key=lambda bib: (-fate.strength[bib] + rng.gauss(0, 0.8), bib))
        for place, bib in enumerate(order):
            chance = rng.random()
            if place and chance < 0.025:
                at_ms += rng.choice((1_119, 1_120))
            elif place:
                at_ms += rng.randint(15, 160) if chance < 0.96 else rng.randint(400, 1_600)
            while at_ms in taken:
                at_ms += 1
            taken.add(at_ms)
            arrivals.append(Arrival(bib, at_ms))
    return arrivals
