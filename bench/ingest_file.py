"""A file of reads, from its bytes to durable and de-duplicated, beside a bare COPY of the same rows.

The yardstick is the least that any program could do: the same rows as text, already in memory, COPY into a plain table
with no key and no index. Both are taken in turns, and the medians compared.
"""

import io
import random
import statistics
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from bench.figures import seconds
from race.models import Edition
from tests import cast
from timing import ingest, intake
from timing.models import Read

ROUNDS = 3
DOUBLES = 0.02  # of the rows of a real stick are there twice
KNOWN_RIDERS = 500  # a file of nearly nobody's chips would be parked
CHIPS = 5000


def rows_of(reads: int, day: int) -> list[tuple[str, str, str]]:
    """Reader, chip and time of every row: nine hours of a day, at two mats, a few of them twice."""
    dice = random.Random(day)
    morning = datetime(2024, 5, 25, 8) + timedelta(days=day)  # noqa: DTZ001  (a device's wall clock has no zone)
    rows: list[tuple[str, str, str]] = []
    for number in range(reads):
        if rows and dice.random() < DOUBLES:
            rows.append(rows[-1])
            continue
        at = morning + timedelta(milliseconds=32_400_000 * number // reads)
        text = at.isoformat(sep=" ", timespec="milliseconds")
        rows.append((dice.choice(("Finish", "Backup")), f"C{dice.randrange(1, CHIPS)}", text))
    return rows


def bare_copy(rows: list[tuple[str, str, str]]) -> float:
    """Seconds that the same rows take into a table that checks nothing."""
    text = "".join("\t".join(row) + "\n" for row in rows)

    def work() -> None:
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
            copy.write(text)

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")
        cursor.execute("CREATE TABLE bare (reader text, chip text, at timestamp)")
    return seconds(work)


def through_the_house(stage: cast.Cast, body: bytes, key: str) -> float:
    """Seconds from the bytes of a file to its last commit."""

    def work() -> None:
        intake.receive(stage.channel, body, key, options={"make": "csv", "name": key}, file=True)
        ingest.take_in(stage.channel.pk)

    return seconds(work)


def rounds(stage: cast.Cast, reads: int) -> Iterator[dict[str, float]]:
    """The three times of each round; every round is another day, so its reads are new."""
    # A file of a day that is none of the edition's would be parked.
    Edition.objects.filter(pk=stage.edition.pk).update(ends_on=stage.edition.starts_on + timedelta(days=ROUNDS))
    for day in range(ROUNDS):
        rows = rows_of(reads, day)
        text = io.StringIO("计时点,芯片号,时间\n")
        text.seek(0, io.SEEK_END)
        text.writelines(",".join(row) + "\n" for row in rows)
        body = text.getvalue().encode()
        before = Read.objects.count()
        new = through_the_house(stage, body, f"day {day}")
        stored = Read.objects.count() - before
        again = through_the_house(stage, body, f"day {day} again")
        added = Read.objects.count() - before - stored
        yield {"bare": bare_copy(rows), "new": new, "again": again, "stored": stored, "added": added,
               "distinct": len(set(rows))}  # fmt: skip


def figures(reads: int = 100_000, *, full: bool = False) -> dict[str, Any]:
    """Rates in rows a second, the ratio to the bare COPY, and what the same file once more adds (nothing) and takes."""
    if full:
        reads = 1_000_000
    stage = cast.make(riders=KNOWN_RIDERS, slug=f"file-{reads}")
    found = list(rounds(stage, reads))
    middle = {name: statistics.median(one[name] for one in found) for name in ("bare", "new", "again")}
    return {
        "reads": reads,
        "lost": sum(int(one["distinct"] - one["stored"]) for one in found),
        "copy_rows_per_s": round(reads / middle["bare"]),
        "rows_per_s": round(reads / middle["new"]),
        "ratio": round(middle["bare"] / middle["new"], 3),
        "again_added": sum(int(one["added"]) for one in found),
        "again_to_first": round(middle["again"] / middle["new"], 2),
    }
