"""The whole weekend, laid out before it begins: who starts, what happens, what decoders will see, who does what."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from seeds.simulator import cards as race_cards
from seeds.simulator import crews, model
from seeds.simulator import mats as race_mats
from seeds.simulator.cards import RaceCard, Starter
from seeds.simulator.ledger import Item
from seeds.simulator.mats import MINUTE_MS, Day, Detection, Mat, Stick, Trouble
from seeds.simulator.truth import RaceTruth, RulingPlan

DAMAGED = 8
Duty = Literal["sign_on", "gun", "ruling", "stick", "operator"]


@dataclass(frozen=True)
class Act:
    """Something a person does at an instant: sign riders on, fire a gun, enter a ruling, bring a memory stick, or put right
    what the machines got wrong (`task` names what of it)."""

    at_ms: int
    duty: Duty
    race: str
    ruling: RulingPlan | None = None
    stick: Stick | None = None
    task: str = ""


@dataclass(frozen=True)
class Weekend:
    """Everything that will happen, and the right results."""

    seed: int
    cards: tuple[RaceCard, ...]
    starters: Mapping[str, tuple[Starter, ...]]
    truths: Mapping[str, RaceTruth]
    mats: tuple[Mat, ...]
    day: Day
    acts: tuple[Act, ...]
    damaged: frozenset[tuple[str, str, int]]
    trouble: Trouble | None = None

    def write_truth(self, path: Path) -> None:
        """Write the races as they will happen, with their right results, as JSON."""
        document = {"seed": self.seed, "races": {slug: truth.document() for slug, truth in self.truths.items()}}
        path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")

    def shift_one(self, by_ms: int) -> Weekend:
        """Return the weekend with one counted finish moved in what the decoders send, but not in the truth.

        This is the check of the check: whoever compares the boards with the truth must see it. It takes a rider who
        finishes alone, so that the error shows whatever the rules for bunches are.
        """
        at_ms, chips = self._lonely_finish()
        moved = tuple(sorted(_moved(item, by_ms) if self._is(item, at_ms, chips) else item for item in self.day.live))
        sticks = tuple(
            replace(
                stick,
                detections=tuple(
                    _moved(item, by_ms) if self._is(item, at_ms, chips) else item for item in stick.detections
                ),
            )
            for stick in self.day.sticks
        )
        return replace(self, day=replace(self.day, live=moved, sticks=sticks))

    def _lonely_finish(self) -> tuple[int, tuple[str, ...]]:
        for card in self.cards:
            rows = [row for row in self.truths[card.slug].rows if row.status == "FIN"]
            ends = sorted(self._finish_ms(card, row.bib) for row in rows)
            for before, at_ms, after in zip(ends, ends[1:], ends[2:], strict=False):
                if at_ms - before > 8_000 and after - at_ms > 8_000:
                    bib = next(row.bib for row in rows if self._finish_ms(card, row.bib) == at_ms)
                    return at_ms, next(s.chips for s in self.starters[card.slug] if s.bib == bib)
        raise ValueError("nobody finishes alone in this weekend")

    def _finish_ms(self, card: RaceCard, bib: int) -> int:
        crossings = self.truths[card.slug].crossings
        return next(c.at_ms for c in crossings if c.bib == bib and c.point == model.FINISH and c.lap == card.laps)

    @staticmethod
    def _is(item: Detection, at_ms: int, chips: Sequence[str]) -> bool:
        return item.chip in chips and 0 <= item.at_ms - at_ms < 2_500


def _moved(item: Detection, by_ms: int) -> Detection:
    return replace(item, at_ms=item.at_ms + by_ms, local_ms=item.local_ms + by_ms)


def lay_out(
    seed: int, starters: Mapping[str, Sequence[Starter]], mats: Sequence[Mat], cards: Sequence[RaceCard] | None = None,
    line: str = "plain",
) -> Weekend:  # fmt: skip
    """Lay out the weekend of a seed for a start list and the decoders that stand by the road (`line`: see `crews`)."""
    cards = tuple(cards or race_cards.weekend())
    mats = crews.equip(line, mats, cards)
    truths = {card.slug: model.play(card, starters[card.slug], seed) for card in cards}
    trouble = crews.trouble(seed, cards, starters, truths, mats) if line == "hard" else None
    day = race_mats.watch(seed, cards, starters, truths, mats, trouble, crews.tags(line, cards, starters))
    acts = [act for card in cards for act in _duties(card, truths[card.slug])]
    acts += [Act(stick.due_ms, "stick", "", stick=stick) for stick in day.sticks]
    closings = [_close(card, truths[card.slug], day, mats) for card in cards]
    acts += closings
    if trouble is not None:
        due = crews.tasks(cards, truths, mats, trouble, {act.race: act.at_ms for act in closings})
        acts += [Act(task.at_ms, "operator", task.race, task=task.name) for task in due]
    return Weekend(
        seed=seed,
        cards=cards,
        starters={slug: tuple(listed) for slug, listed in starters.items()},
        truths=truths,
        mats=tuple(mats),
        day=day,
        acts=tuple(sorted(acts, key=lambda act: (act.at_ms, act.race))),
        damaged=_damaged(seed, day, mats),
        trouble=trouble,
    )


def _duties(card: RaceCard, truth: RaceTruth) -> list[Act]:
    """Who is here is noted 35 minutes before the programme's start, while sign-on is open; guns and rulings fall when the truth
    says so."""
    acts = [Act(card.planned_ms - 35 * MINUTE_MS, "sign_on", card.slug), Act(truth.gun_ms, "gun", card.slug)]
    return acts + [Act(ruling.at_ms, "ruling", card.slug, ruling) for ruling in truth.rulings]


def _close(card: RaceCard, truth: RaceTruth, day: Day, mats: Sequence[Mat]) -> Act:
    """A race is closed when its last rider and its last ruling are in, and the memory stick of its line was read."""
    here = {mat.name for mat in mats if mat.course == card.course}
    due_ms = [stick.due_ms for stick in day.sticks if stick.source in here]
    at_ms = max([truth.last_ms, *due_ms]) + 3 * MINUTE_MS
    return Act(at_ms, "ruling", card.slug, RulingPlan(at_ms, "close", None, "成绩核对完毕"))


def _damaged(seed: int, day: Day, mats: Sequence[Mat]) -> frozenset[tuple[str, str, int]]:
    """Choose the records that the older protocol sends with a damaged checksum first."""
    older = {mat.name for mat in mats if mat.version == 1}
    able = [item.identity for item in day.live if item.source in older]
    return frozenset(random.Random(f"damage {seed}").sample(able, min(DAMAGED, len(able))))


def stick_items(stick: Stick) -> list[Item]:
    """Return the rows of a memory stick as they enter the balance."""
    return [Item(detection) for detection in stick.detections]
