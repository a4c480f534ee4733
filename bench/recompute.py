"""How long everything takes from nothing: every passing, every rule, rulings of every kind, and why each row says what it says.

The yardstick beside it is the least that gives an order at all: the same passings sorted by rider, laps counted with a
shortest lap, riders sorted by laps and time. It knows no rule and explains nothing.
"""

import random
from itertools import groupby
from typing import Any

from bench.figures import milliseconds
from bench.scoring import GUN_US, LAP_US
from results.scoring import score
from results.scoring.explain import explain_all
from results.scoring.race_facts import EntryFact, Limit, RaceFacts, Rules, RulingFact, WaveFact, Window
from timing.passings import ChipHeld, Passing, PointRule, ReadFact, derive

SECOND_US = 1_000_000
CATEGORIES = ("ME", "WE", "MJ", "M40")


def reads_of(riders: int, laps: int) -> list[ReadFact]:
    """A line with a backup and a pass halfway, two waves, warm-up before the gun and a way home after the last lap."""
    dice = random.Random(1)
    found: list[tuple[int, str, bool, str]] = []
    for bib in range(1, riders + 1):
        chip, at_us = f"C{bib:05}", GUN_US + bib % 2 * 60 * SECOND_US
        pace_us = LAP_US + dice.randrange(240) * SECOND_US
        found.append((GUN_US - dice.randrange(1, 900) * SECOND_US, "F", True, chip))
        for lap in range(laps + dice.randrange(2)):
            lap_us = pace_us + dice.randrange(-8_000_000, 8_000_000)
            found.append((at_us + lap_us // 2, "P", True, chip))
            at_us += lap_us
            if dice.randrange(400) or not lap:
                found.append((at_us, "F", True, chip))
            found.append((at_us + 40_000, "F", False, chip))
            if not dice.randrange(3):
                found.append((at_us + 150_000, "F", True, chip))
    found.sort()
    return [ReadFact(number, point, main, chip, at_us) for number, (at_us, point, main, chip) in enumerate(found, 1)]


def rulings_of(riders: int) -> tuple[RulingFact, ...]:
    """Forty rulings, of every kind a race sees."""
    dice = random.Random(2)
    said: list[tuple[str, dict[str, Any]]] = [
        ("dsq", {}), ("dsq", {"leave_place_open": True}), ("dnf", {}), ("dnf", {}), ("dns", {}), ("pulled", {"after_lap": 2}),
        ("relegate_group", {}), ("relegate_last", {}), ("time_penalty", {"seconds": 20}), ("split", {}), ("join", {}),
        ("otl_waive", {}), ("credit_time_of", {"of": 5}),
        ("finish_order", {"order": [[dice.randrange(1, riders), dice.randrange(1, riders)]]}),
        ("chip_swap", {"a": 3, "b": 4}), ("confirm_missed", {"at_us": GUN_US + 3 * LAP_US}), ("neutralise", {"us": SECOND_US}),
    ]  # fmt: skip
    return tuple(
        RulingFact(number, said[number % len(said)][0], dice.randrange(1, riders + 1), said[number % len(said)][1])
        for number in range(1, 41)
    )


def facts_of(riders: int, laps: int) -> tuple[list[ReadFact], list[ChipHeld], RaceFacts]:
    """The race without its passings, and what makes them."""
    entries = tuple(
        EntryFact(bib, CATEGORIES[bib % 4], str(bib % 2), signed_on=True, team=f"T{bib % 100}", ranked=bib % 50 > 0)
        for bib in range(1, riders + 1)
    )
    rules = Rules(
        format="laps", laps=laps, points=("P", "F"), min_lap_us=300 * SECOND_US, lapped="lead_lap",
        limit=Limit(percent=25, absolute_us=laps * 2 * LAP_US), windows=(Window("F", "", 60 * SECOND_US),),
    )  # fmt: skip
    facts = RaceFacts(
        (WaveFact("0", GUN_US), WaveFact("1", GUN_US + 60 * SECOND_US)), entries, (), rulings_of(riders), rules,
        ((7, 9),), closed=True,
    )  # fmt: skip
    return reads_of(riders, laps), [ChipHeld(f"C{bib:05}", bib) for bib in range(1, riders + 1)], facts


def least(passings: tuple[Passing, ...]) -> list[tuple[int, int, int]]:
    """The yardstick: laps and last crossing of each rider, in order."""
    rows = []
    for bib, own in groupby(sorted((one.bib, one.at_us) for one in passings if one.point == "F"), lambda one: one[0]):
        laps, last_us = 0, GUN_US
        for _, at_us in own:
            if at_us - last_us >= 300 * SECOND_US:
                laps, last_us = laps + 1, at_us
        rows.append((-laps, last_us, bib))
    return sorted(rows)


def figures(riders: int = 1200, laps: int = 10) -> dict[str, Any]:
    """Milliseconds of each part at its best of nine, and how often the yardstick goes into the whole."""
    reads, chips, facts = facts_of(riders, laps)
    points = [PointRule("P", 3 * SECOND_US), PointRule("F", 3 * SECOND_US, backup_us=SECOND_US)]
    passings = derive(reads, chips, points).passings
    ready = RaceFacts(
        facts.waves, facts.entries, passings, facts.rulings, facts.rules, facts.judge_order, closed=True
    )  # fmt: skip
    yardstick, _ = milliseconds(lambda: least(passings), 9)
    derived, _ = milliseconds(lambda: derive(reads, chips, points), 9)
    scored, _ = milliseconds(lambda: score(ready), 9)
    told, _ = milliseconds(lambda: explain_all(ready), 9)
    return {
        "riders": riders, "laps": laps, "reads": len(reads), "passings": len(passings), "rulings": len(facts.rulings),
        "yardstick_ms": round(yardstick, 1), "derive_ms": round(derived, 1), "score_ms": round(scored, 1),
        "score_and_explain_ms": round(told, 1), "whole_ms": round(derived + told, 1),
        "score_to_yardstick": round(scored / yardstick, 1), "whole_to_yardstick": round((derived + told) / yardstick, 1),
    }  # fmt: skip
