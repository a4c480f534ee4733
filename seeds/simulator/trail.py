"""How a mountain bike race rolls: everyone alone, after the squeeze of the first climb."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from seeds.simulator.cards import RaceCard
from seeds.simulator.fate import Fate
from seeds.simulator.peloton import Arrival


def ride(rng: random.Random, card: RaceCard, fate: Fate, bibs: Sequence[int], gun_ms: int) -> Iterator[list[Arrival]]:
    """Yield the arrivals at the end of each leg, for whoever is still riding, no two in the same millisecond."""
    now = {bib: gun_ms + 90 * place for place, bib in enumerate(bibs)}
    taken: set[int] = set()
    for number in range(card.laps * len(card.legs)):
        leg = card.legs[number % len(card.legs)]
        arrivals = []
        for bib in list(now):
            if fate.stops.get(bib) == number:
                del now[bib]
                continue
            form = fate.strength[bib] + rng.gauss(0, 0.3)
            speed = card.speed_kmh * leg.pace * (1 - 0.004 * number) * (1 + card.spread * form)
            at_ms = now[bib] + round(leg.length_m * 3_600 / speed) + fate.losses_ms.get((bib, number), 0)
            while at_ms in taken:
                at_ms += 1
            taken.add(at_ms)
            now[bib] = at_ms
            arrivals.append(Arrival(bib, at_ms))
        yield sorted(arrivals, key=lambda item: item.at_ms)
