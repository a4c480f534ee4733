"""The five races as they really happen: repeatable from a seed and the start list."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from seeds.simulator import fate as fates
from seeds.simulator import peloton, trail
from seeds.simulator.cards import RaceCard, Starter
from seeds.simulator.classification import Ride, classify
from seeds.simulator.fate import Fate
from seeds.simulator.truth import Crossing, RaceTruth, RulingPlan, Status

FINISH = "F"


def play(card: RaceCard, starters: Sequence[Starter], seed: int) -> RaceTruth:
    """Ride one race. The same card, start list and seed give the same race, whatever else is played."""
    return _Race(card, sorted(starters, key=lambda starter: starter.bib), seed).play()


@dataclass
class _Seen:
    """One rider's crossings, the instants of his laps, and whether his race came to an end on the line."""

    crossings: list[Crossing] = field(default_factory=list)
    laps_ms: list[int] = field(default_factory=list)
    ended: bool = False


class _Race:
    """One race while it is being played."""

    def __init__(self, card: RaceCard, starters: Sequence[Starter], seed: int) -> None:
        self.card = card
        self.bibs = [starter.bib for starter in starters]
        self.rng = random.Random(f"race {seed} {card.slug}")
        self.fate: Fate = fates.draw(self.rng, card, starters)
        self.gun_ms = card.planned_ms + (0 if card.code == "ME" else self.rng.randint(0, 4_000))
        self.seen = {bib: _Seen() for bib in self.bibs}
        self.lead_ms: list[int] = []
        self.rulings: list[RulingPlan] = []

    def play(self) -> RaceTruth:
        self._start()
        self._ride()
        self._rule_out()
        rides = [Ride(bib, tuple(self.seen[bib].laps_ms), self._out(bib)) for bib in self.bibs]
        crossings = sorted((c for seen in self.seen.values() for c in seen.crossings), key=lambda c: (c.at_ms, c.bib))
        last_ms = max([crossing.at_ms for crossing in crossings] + [ruling.at_ms for ruling in self.rulings])
        return RaceTruth(
            slug=self.card.slug,
            gun_ms=self.gun_ms,
            absent=tuple(sorted(self.fate.absent)),
            crossings=tuple(crossings),
            rulings=tuple(sorted(self.rulings, key=lambda ruling: (ruling.at_ms, ruling.bib or 0))),
            rows=classify(self.card, self.gun_ms, rides),
            last_ms=last_ms,
        )

    def _riding(self) -> list[int]:
        return [bib for bib in self.bibs if self.fate.rides(bib)]

    def _start(self) -> None:
        """Let the field roll over the start line, which is the finish line: within half a minute, nobody at once."""
        at_ms = self.gun_ms + 300
        for bib in self._riding():
            at_ms += self.rng.randint(20, 130)
            self.seen[bib].crossings.append(Crossing(bib, FINISH, 0, at_ms))

    def _ride(self) -> None:
        course = peloton if self.card.bunch else trail
        legs = course.ride(self.rng, self.card, self.fate, self._riding(), self.gun_ms)
        for number, arrivals in enumerate(legs):
            lap, leg = divmod(number, len(self.card.legs))
            point = self.card.legs[leg].point
            if point == FINISH and arrivals:
                self.lead_ms.append(min(arrival.at_ms for arrival in arrivals))
            for arrival in arrivals:
                self.seen[arrival.bib].crossings.append(Crossing(arrival.bib, point, lap + 1, arrival.at_ms))
        self._cut()

    def _cut(self) -> None:
        """Take lapped riders off the road where the regulations say so, and end the race with its winner.

        Looked at once all laps are ridden: who is lapped at the end of a lap hangs on how fast the leader is after it.
        """
        for bib, seen in self.seen.items():
            kept = []
            for crossing in seen.crossings:
                if seen.ended:
                    break
                kept.append(crossing)
                if crossing.point == FINISH and crossing.lap:
                    seen.laps_ms.append(crossing.at_ms)
                    self._end_of_lap(bib, seen, crossing)
            seen.crossings = kept

    def _end_of_lap(self, bib: int, seen: _Seen, crossing: Crossing) -> None:
        if crossing.lap == self.card.laps:
            seen.ended = True
            return
        over = len(self.lead_ms) == self.card.laps and crossing.at_ms >= self.lead_ms[-1]
        if self.card.lead_lap and over:
            seen.ended = True
        elif self.card.lapped_pulled and self._lapped(crossing):
            seen.ended = True
            noted_ms = crossing.at_ms + self.rng.randint(10_000, 60_000)
            self.rulings.append(RulingPlan(noted_ms, "pulled", bib, "被套圈，剪牌下道", after_lap=crossing.lap))

    def _lapped(self, crossing: Crossing) -> bool:
        """Return whether the leader had ended the next lap already when the rider ended this one."""
        return len(self.lead_ms) > crossing.lap and self.lead_ms[crossing.lap] <= crossing.at_ms

    def _rule_out(self) -> None:
        """Enter what officials see: who did not start, who stopped (noted some minutes later), who is disqualified."""
        for bib in sorted(self.fate.not_starting):
            self._rule(self.gun_ms + self.rng.randint(120_000, 400_000), "dns", bib, "检录后未出发")
        for bib, seen in self.seen.items():
            if self.fate.rides(bib) and not seen.ended:
                last_ms = max(crossing.at_ms for crossing in seen.crossings)
                self._rule(last_ms + self.rng.randint(240_000, 900_000), "dnf", bib, "中途退出，号码已收回")
        finishers = sorted(
            (bib for bib, seen in self.seen.items() if len(seen.laps_ms) == self.card.laps),
            key=lambda bib: self.seen[bib].laps_ms[-1],
        )
        if not finishers:
            return
        guilty = set(self.rng.sample(finishers[1:], min(len(finishers) - 1, self.rng.randint(1, 2))))
        if self.rng.random() < 0.15:
            guilty.add(finishers[0])
        for bib in sorted(guilty):
            self._rule(
                self.seen[bib].laps_ms[-1] + self.rng.randint(300_000, 900_000), "dsq", bib, "冲刺时改变线路，危及他人"
            )

    def _rule(self, at_ms: int, kind: str, bib: int, reason: str) -> None:
        self.rulings.append(RulingPlan(at_ms, kind, bib, reason))

    def _out(self, bib: int) -> Status | None:
        """Return the status that a ruling or an absence gives, which is what the officials above will enter."""
        if not self.fate.rides(bib):
            return "DNS"
        kinds = {ruling.kind for ruling in self.rulings if ruling.bib == bib}
        if "dsq" in kinds:
            return "DSQ"
        return "DNF" if "dnf" in kinds else None
