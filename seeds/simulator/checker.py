"""Holds what the system shows against what really happened: every place, every time, every read."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from seeds.simulator.api import Desk
from seeds.simulator.classification import TAIL
from seeds.simulator.ledger import Identity, Ledger, Tally
from seeds.simulator.truth import RaceTruth

PATIENCE_S = 90.0
PAGE = 10_000
DELIVERIES = 2_000
Board = Mapping[str, Any]
_WALL = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - a device's own wall clock has no zone


@dataclass
class Difference:
    """How a board differs from the truth; `notes` says it in words, for the first few."""

    positions_wrong: int = 0
    times_wrong: int = 0
    finishers: int = 0
    closed: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def none(self) -> bool:
        """Whether the board is right and final."""
        return self.closed and not self.positions_wrong and not self.times_wrong


def compare(board: Board, truth: RaceTruth) -> Difference:
    """Compare a board with the truth: rank, status and laps of everyone, published times, and the order of display."""
    columns = list(board["columns"])
    rows = {row[0]: dict(zip(columns, row, strict=True)) for row in board["rows"]}
    found = Difference(closed=board["phase"] == "closed")
    found.finishers = sum(row["status"] == "FIN" for row in rows.values())
    for right in truth.rows:
        row = rows.pop(right.bib, None)
        shown = row and (row["rank"], row["status"], row["laps"])
        if shown != (right.rank, right.status, right.laps):
            found.positions_wrong += 1
            found.notes.append(f"bib {right.bib}: {shown}, truth {(right.rank, right.status, right.laps)}")
        if right.time_s is not None and (row is None or row["time_ms"] != right.time_s * 1000):
            found.times_wrong += 1
            found.notes.append(f"bib {right.bib}: {row and row['time_ms']} ms, truth {right.time_s} s")
    found.positions_wrong += len(rows) + _out_of_order([dict(zip(columns, row, strict=True)) for row in board["rows"]])
    return found


def _out_of_order(rows: Sequence[Mapping[str, Any]]) -> int:
    """Count neighbours on the board that stand the wrong way round: by status, and by rank within it."""
    keys = [(TAIL.index(row["status"]) if row["status"] in TAIL else -1, row["rank"] or 0) for row in rows]
    return sum(before > after for before, after in pairwise(keys))


async def stored(desk: Desk, edition: str) -> dict[Identity, int]:
    """Return every read the system holds, with how often (once, if it is right)."""
    reads: dict[Identity, int] = {}
    async for row in desk.pages("timing/reads/", "timing_crew", edition=edition, limit=PAGE):
        identity = (row["source"], row["chip"], local_ms(row["local"]))
        reads[identity] = reads.get(identity, 0) + 1
    return reads


def local_ms(local: str) -> int:
    """Return a device's wall clock as the API writes it in ms; -1 where it holds more than whole milliseconds."""
    micros = (datetime.datetime.fromisoformat(local) - _WALL) // datetime.timedelta(microseconds=1)
    return -1 if micros % 1000 else micros // 1000


class Counts(NamedTuple):
    """What becomes of reads that were sent."""

    new: int
    known: int
    rejected: int


async def told(desk: Desk, edition: str) -> Counts:
    """Return what the system says became of all deliveries of the edition."""
    total, offset, more = Counts(0, 0, 0), 0, True
    while more:
        answer = await desk.get("timing/deliveries/", "timing_crew", edition=edition, limit=DELIVERIES, offset=offset)
        for row in answer["results"]:
            counts = row["counts"]
            total = Counts(
                total.new + counts["new"], total.known + counts["known"], total.rejected + counts["rejected"]
            )
        offset += DELIVERIES
        more = answer["next"] is not None
    return total


def due(tallies: Iterable[Tally]) -> Counts:
    """Return what has to become of everything that reached the system."""
    tallies = list(tallies)
    return Counts(
        sum(len(tally.identities) for tally in tallies),
        sum(tally.duplicates for tally in tallies),
        sum(tally.rejected for tally in tallies),
    )


@dataclass
class Verdict:
    """What was found at the end: the boards' differences by race, and reads that are missing, strange or double.

    `told` is how many reads the system says it stored, knew already and rejected; `due` is what the balance says.
    """

    differences: Mapping[str, Difference]
    reads: Mapping[Identity, int]
    missing: frozenset[Identity]
    strange: frozenset[Identity]
    told: Counts
    due: Counts

    @property
    def right(self) -> bool:
        """Whether every board and every read is as it should be."""
        double = any(count > 1 for count in self.reads.values())
        reads = not (self.missing or self.strange or double) and self.told == self.due
        return reads and all(one.none for one in self.differences.values())


async def examine(
    desk: Desk,
    edition: str,
    truths: Mapping[str, RaceTruth],
    ledger: Ledger,
    say: Callable[[str], None],
    patience_s: float = PATIENCE_S,
) -> Verdict:
    """Look until everything is right or the patience is at an end; return what was seen last.

    The boards are asked first and the reads, which are many, only once these are right.
    """
    until = time.monotonic() + patience_s
    while True:
        differences = await boards(desk, truths)
        late = time.monotonic() > until
        if late or all(one.none for one in differences.values()):
            verdict = await look(desk, edition, truths, ledger)
            if late or verdict.right:
                return verdict
        wrong = sum(one.positions_wrong + one.times_wrong for one in differences.values())
        still_open = sum(not one.closed for one in differences.values())
        say(f"not there yet: {still_open} boards not closed, {wrong} lines differ")
        await asyncio.sleep(1)


async def boards(desk: Desk, truths: Mapping[str, RaceTruth]) -> dict[str, Difference]:
    """Compare every board as it is now with the truth."""
    return {slug: compare(await desk.get(f"races/{slug}/board/", "office"), truth) for slug, truth in truths.items()}


async def look(desk: Desk, edition: str, truths: Mapping[str, RaceTruth], ledger: Ledger) -> Verdict:
    """Compare everything once, as it is now."""
    reads = await stored(desk, edition)
    sent = {item.detection.identity for item in ledger.items() if not item.damaged}
    return Verdict(
        await boards(desk, truths),
        reads,
        missing=frozenset(sent - reads.keys()),
        strange=frozenset(reads.keys() - sent),
        told=await told(desk, edition),
        due=due(ledger.tallies(truths).values()),
    )
