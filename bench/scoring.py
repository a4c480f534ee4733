"""How long the pure core takes: `python -m bench.scoring [riders] [laps]`.

One race of riders x laps, each crossing read two or three times by a main mat and once by a backup. Prints the best and
the median of 15 runs: reads to passings, passings to standings, and both.
"""

import random
import sys
from typing import Any

from bench.figures import milliseconds
from results.scoring import score
from results.scoring.race_facts import EntryFact, RaceFacts, Rules, WaveFact
from timing.passings import ChipHeld, PointRule, ReadFact, derive

GUN_US = 1_716_598_800_000_000
LAP_US = 1_200_000_000


def reads_of(riders: int, laps: int, *, noisy: bool, seed: int = 1) -> list[ReadFact]:
    """Reads in order of time; `noisy` adds second detections and a backup mat, as a real line has them."""
    dice = random.Random(seed)
    reads: list[ReadFact] = []
    for rider in range(1, riders + 1):
        pace_us = LAP_US + dice.randrange(240_000_000)
        at_us = GUN_US
        for _ in range(laps):
            at_us += pace_us + dice.randrange(-8_000_000, 8_000_000)
            echoes = [(True, 0)]
            if noisy:
                echoes += [(True, 150_000), (False, 40_000)]
            for main, later_us in echoes:
                reads.append(ReadFact(len(reads) + 1, "F", main, f"C{rider:05}", at_us + later_us))
    reads.sort(key=lambda read: read.at_us)
    return reads


def facts_of(riders: int, laps: int, format_name: str) -> tuple[list[ReadFact], list[ChipHeld], RaceFacts]:
    """The race without its passings, and what makes them."""
    entries = tuple(EntryFact(bib, "ME", "1", signed_on=True) for bib in range(1, riders + 1))
    chips = [ChipHeld(f"C{bib:05}", bib) for bib in range(1, riders + 1)]
    lapped = "lead_lap" if format_name == "laps" else "complete"
    rules = Rules(
        format="laps" if format_name == "laps" else "road",
        laps=laps,
        min_lap_us=300_000_000,
        bunch=format_name == "road",
        lapped="lead_lap" if lapped == "lead_lap" else "complete",
    )
    facts = RaceFacts((WaveFact("1", GUN_US),), entries, (), (), rules, (), closed=True)
    return reads_of(riders, laps, noisy=False), chips, facts


def steps(format_name: str, riders: int, laps: int) -> dict[str, tuple[float, float]]:
    """Best and median milliseconds of each step, under its name."""
    rules = [PointRule("F", 3_000_000, backup_us=1_000_000)]
    noisy = reads_of(riders, laps, noisy=True)
    reads, chips, facts = facts_of(riders, laps, format_name)
    passings = derive(reads, chips, rules).passings
    ready = RaceFacts(facts.waves, facts.entries, passings, (), facts.rules, (), closed=True)
    live = RaceFacts(facts.waves, facts.entries, passings[: len(passings) // 2], (), facts.rules)
    return {
        "reads to passings": milliseconds(lambda: derive(reads, chips, rules)),
        f"{len(noisy)} noisy reads to passings": milliseconds(lambda: derive(noisy, chips, rules)),
        "passings to standings, closed": milliseconds(lambda: score(ready)),
        "passings to standings, live at half": milliseconds(lambda: score(live)),
    }


def figures(riders: int = 1200, laps: int = 10) -> dict[str, Any]:
    """Median milliseconds of a road race and of a race on laps: reads to passings, and passings to standings."""
    found: dict[str, Any] = {"riders": riders, "laps": laps}
    for format_name in ("road", "laps"):
        derived, noisy, closed, live = (median for _best, median in steps(format_name, riders, laps).values())
        found |= {
            f"{format_name}_derive_ms": round(derived, 1),
            f"{format_name}_derive_noisy_ms": round(noisy, 1),
            f"{format_name}_score_ms": round(closed, 1),
            f"{format_name}_score_live_ms": round(live, 1),
            f"{format_name}_ms": round(derived + closed, 1),
        }
    return found


def measure(format_name: str, riders: int, laps: int) -> None:
    """Print the figures of one format."""
    crossings = riders * laps
    print(f"{format_name}: {riders} riders x {laps} laps, {crossings} reads, {crossings} passings")
    for name, (best, median) in steps(format_name, riders, laps).items():
        print(f"  {name:38}{best:8.1f} best{median:8.1f} median  ms")


def main(riders: int = 1200, laps: int = 10) -> None:
    """Print the figures of a road race and of a race on laps."""
    for format_name in ("road", "laps"):
        measure(format_name, riders, laps)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
