"""What chance has in store for the riders of a race, drawn before the gun."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from seeds.simulator.cards import RaceCard, Starter

NOT_HERE = 0.025
NOT_STARTING = 0.012
ABANDONING = 0.05
MECHANICAL = 0.04


@dataclass
class Fate:
    """Who is not here, who does not start, who stops on which leg, who loses how long where.

    Legs are counted over the whole race from 0. `strength` is a rider's form in standard deviations of the category.
    """

    absent: set[int] = field(default_factory=set)
    not_starting: set[int] = field(default_factory=set)
    stops: dict[int, int] = field(default_factory=dict)
    losses_ms: dict[tuple[int, int], int] = field(default_factory=dict)
    strength: dict[int, float] = field(default_factory=dict)

    def rides(self, bib: int) -> bool:
        """Return whether the rider leaves with the gun."""
        return bib not in self.absent and bib not in self.not_starting


def draw(rng: random.Random, card: RaceCard, starters: Sequence[Starter]) -> Fate:
    """Draw the fates of a field: absences, abandons, mechanicals, and two crashes that take several riders at once."""
    fate = Fate()
    legs = card.laps * len(card.legs)
    for starter in starters:
        bib = starter.bib
        fate.strength[bib] = max(-2.6, min(2.6, rng.gauss(0, 1)))
        chance = rng.random()
        if chance < NOT_HERE:
            fate.absent.add(bib)
        elif chance < NOT_HERE + NOT_STARTING:
            fate.not_starting.add(bib)
        elif chance < NOT_HERE + NOT_STARTING + ABANDONING:
            fate.stops[bib] = rng.randrange(1, legs)
        elif chance < NOT_HERE + NOT_STARTING + ABANDONING + MECHANICAL:
            fate.losses_ms[bib, rng.randrange(legs)] = rng.randint(15_000, 150_000)
    riding = [starter.bib for starter in starters if fate.rides(starter.bib)]
    for _ in range(2):
        _crash(rng, fate, riding, rng.randrange(1, legs))
    return fate


def _crash(rng: random.Random, fate: Fate, riding: Sequence[int], leg: int) -> None:
    """Let some riders fall on a leg: most lose time, one in four does not go on."""
    for bib in rng.sample(riding, min(len(riding) // 6, rng.randint(3, 8))):
        if rng.random() < 0.25:
            fate.stops[bib] = min(leg, fate.stops.get(bib, leg))
        else:
            fate.losses_ms[bib, leg] = rng.randint(20_000, 180_000)
