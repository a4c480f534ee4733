"""Measurements: `./run bench [--only NAME] [--full] [--json]`.

Each stands in a module of its own and gives a dict of figures; GOALS names those that design and users hold us to.
Figures of one run on one machine are only comparable with the yardstick beside them.
"""

import argparse
import json
import os
import sys
from importlib import import_module
from typing import Any

from bench.place import own_place

BENCHES = {
    "scoring": "the pure core: reads to passings, passings to standings",
    "recompute": "everything from nothing with rules, rulings and explanations, beside the least that gives an order",
    "board": "a board from its rows, step by step",
    "ingest-file": "a file of reads to durable and de-duplicated, beside a bare COPY",
    "mat-to-board": "from a decoder's socket to the published board, beside the least it can cost",
    "live-lane": "a live channel beside one that brings two hours at once, with one worker",
    "board-http": "the held board over HTTP, beside a bare server of the same bytes",
    "spectators": "live spectators on one web process",
    "entry-rush": "5,000 riders at once for 1,200 places, over HTTP; and the same without the guard",
}
#: Bench -> figure -> what it has to reach first, and what we are after.
GOALS = {
    "scoring": {"road_ms": ("<=", 44, 11), "laps_ms": ("<=", 44, 11)},
    "recompute": {"whole_to_yardstick": ("<=", 40, 15)},
    "ingest-file": {"lost": ("<=", 0, 0), "ratio": (">=", 0.12, 0.5), "again_added": ("<=", 0, 0),
                    "again_to_first": ("<=", 1, 1)},
    "mat-to-board": {"lost": ("<=", 0, 0), "not_on_a_board": ("<=", 0, 0), "ratio": ("<=", 8, 4)},
    "live-lane": {"lost": ("<=", 0, 0), "ratio": ("<=", 10, 3)},
    "board-http": {"ratio": (">=", 0.3, 0.5)},
    "entry-rush": {"holds_lost": ("<=", 0, 0), "attempts_per_s": (">=", 250, 1000)},
    "spectators": {"p50_ms": ("<=", 300, 120), "p99_ms": ("<=", 1000, 1000), "kib_per_client": ("<=", 25, 20)},
}  # fmt: skip


def figures(name: str, *, full: bool = False) -> dict[str, Any]:
    """Run one bench at its usual size (`full`: at its large one, where it has one)."""
    module = import_module("bench." + name.replace("-", "_"))
    found: dict[str, Any] = module.figures(full=True) if full and name == "ingest-file" else module.figures()
    return found


def table(name: str, found: dict[str, Any]) -> str:
    """The figures of a bench for a person, each goal beside its figure."""
    lines = [f"{name}: {BENCHES[name]}"]
    for figure, value in found.items():
        lines.append(f"  {figure:22}{'-' if value is None else value!s:>12}{goal(name, figure, value)}")
    return "\n".join(lines)


def goal(name: str, figure: str, value: float | None) -> str:
    """What a figure has to reach, and whether it does; empty where nothing is asked."""
    asked = GOALS.get(name, {}).get(figure)
    if asked is None or value is None:
        return ""
    sign, first, aim = asked
    reached = value <= first if sign == "<=" else value >= first
    return f"   {'ok' if reached else 'MISSED'}: {sign} {first} (aim {aim})"


def main(arguments: list[str]) -> int:
    """Run what is asked for. 2: there is no such bench, or no database to measure on."""
    parser = argparse.ArgumentParser(prog="./run bench", description="Measurements, each beside its yardstick.")
    parser.add_argument("--only", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--full", action="store_true", help="a file of a million reads, too")
    parser.add_argument("--json", action="store_true", help="one object on the last line")
    asked = parser.parse_args(arguments)
    if asked.only and asked.only not in BENCHES:
        print(f"There is no bench {asked.only!r}; there are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    if not os.environ.get("DATABASE_URL"):
        print("A bench needs PostgreSQL; ./run bench starts one and sets DATABASE_URL.", file=sys.stderr)
        return 2
    found: dict[str, dict[str, Any]] = {}
    with own_place(os.environ["DATABASE_URL"]):
        for name in [asked.only] if asked.only else BENCHES:
            print(f"bench {name}: {BENCHES[name]} ...", file=sys.stderr, flush=True)
            found[name] = figures(name, full=asked.full)
            if not asked.json:
                print(table(name, found[name]), flush=True)
    if asked.json:
        # Of a bench asked for alone the figures stand at the top too: whoever reads them need not know its name.
        print(json.dumps(found | found.get(asked.only, {}), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
