"""A board from its facts: 1,200 riders on ten laps, seen by a main mat and a backup, on real rows."""

import random
import time
from statistics import median
from typing import Any

import orjson
from django.db import connection

from bench.figures import milliseconds
from race import gun
from race.clock import segment
from results import board as boards
from results import facts, live, scoring
from tests import cast
from timing import ingest, intake
from timing.decoders.wall_clock import local_text

RUNS = 7
LAP_US = 1_200_000_000
MIXED_US = 240_000_000  # between the fastest rider's lap and the slowest's


def raced(riders: int, laps: int, slug: str) -> cast.Cast:
    """A race that is ridden: its gun, and a file with every crossing at both mats."""
    stage = cast.make(laps=laps, riders=riders, slug=slug)
    gun.fire(stage.wave, cast.GUN, by=None)
    dice = random.Random(1)
    rows = []
    for bib in stage.entries:
        at_us = cast.local_us("09:00:00")
        pace_us = LAP_US + dice.randrange(MIXED_US)
        for _ in range(laps):
            at_us += pace_us + dice.randrange(-8_000_000, 8_000_000)
            rows += [(at_us, "Finish", bib), (at_us + 40_000, "Backup", bib)]
    lines = [f"{source},C{bib},{local_text(at_us)}\n" for at_us, source, bib in sorted(rows)]
    body = ("计时点,芯片号,时间\n" + "".join(lines)).encode()
    intake.receive(stage.channel, body, "stick", options={"make": "csv"}, file=True)
    ingest.take_in(stage.channel.pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # what autovacuum does within a minute
    stage.race.refresh_from_db()
    return stage


def figures(riders: int = 1200, laps: int = 10) -> dict[str, Any]:
    """Milliseconds (medians) of a whole board, and of its steps: rows to facts, facts to standings, standings to bytes.

    `cost_ms` is processor time of this process for one board: on a busy machine the steadier figure.
    """
    stage = raced(riders, laps, f"board-{riders}")
    known = facts.gather(stage.race)
    standings = scoring.score(known.facts)
    clock = segment(stage.race.edition)
    spent = []
    for _ in range(RUNS):
        began = time.process_time()
        live.board(stage.race)
        spent.append(1000 * (time.process_time() - began))
    return {
        "riders": riders,
        "passings": len(known.facts.passings),
        "finishers": sum(row.status == "FIN" for row in standings.rows),
        "board_ms": round(milliseconds(lambda: live.board(stage.race), RUNS)[1], 1),
        "cost_ms": round(median(spent), 1),
        "facts_ms": round(milliseconds(lambda: facts.gather(stage.race), RUNS)[1], 1),
        "score_ms": round(milliseconds(lambda: scoring.score(known.facts), RUNS)[1], 1),
        "encode_ms": round(milliseconds(lambda: orjson.dumps(boards.as_json(known, standings, clock)), RUNS)[1], 1),
    }
