"""What a web process has counted of an edition's reads, so that a page that asks every two seconds costs only what is new.

A cache and nothing more: any process counts the same from the ingestions, in the order of their revisions. Reads are
never taken away again, so what was counted stays right.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from race import clock
from race.models import Edition
from timing.clocks import microseconds
from timing.offsets import Measured

MINUTE_US = 60_000_000
#: Minutes of the event of which reads are counted, and how many reads of each source are remembered one by one.
MINUTES, REMEMBERED = 18, 1500
#: When a process counts for the first time it looks at this many of the newest reads one by one.
FIRST_LOOK = 20_000
REJECTS = 50


class Arrival(NamedTuple):
    """A read as it arrived: `at_us` event time; `live`: not out of a file."""

    chip: str
    local_us: int
    arrived_us: int
    live: bool


class Rejected(NamedTuple):
    """Rows of a delivery that could not be read; `at_us` event time."""

    at_us: int
    channel: int
    delivery: int
    name: str
    rows: int


@dataclass(slots=True)
class Seen:
    """What has come of one source. `arrived`: real time of the newest delivery that brought something live; `arrived_us`
    the same in event time."""

    reads: int = 0
    channel: int = 0
    peer: str = ""
    arrived: datetime | None = None
    arrived_us: int = 0
    minutes: Counter[int] = field(default_factory=Counter)
    recent: deque[Arrival] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


@dataclass(slots=True)
class Channeled:
    """What has come over one channel. `heard`: its newest delivery, `live`: its newest that was no file (real time);
    `sources`: those it has brought reads of."""

    heard: datetime | None = None
    live: datetime | None = None
    totals: Counter[str] = field(default_factory=Counter)
    sources: set[int] = field(default_factory=set)


@dataclass(slots=True)
class File:
    """The newest file that was taken in, as far as it is."""

    delivery: int
    name: str
    new: int = 0
    known: int = 0
    rejected: int = 0


@dataclass(slots=True)
class Tally:
    """An edition's reads up to a revision, counted."""

    edition: int
    upto: int = 0
    sources: dict[int, Seen] = field(default_factory=dict)
    channels: dict[int, Channeled] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)
    rejected: deque[Rejected] = field(default_factory=lambda: deque(maxlen=REJECTS))
    file: File | None = None
    measured: dict[int, tuple[float, tuple[Any, ...], tuple[int, int], Measured | None]] = field(default_factory=dict)
    holes: Mapping[int, tuple[Any, ...]] = field(default_factory=dict)  # kept by `timing.line.holes`
    holes_upto: int = 0
    holes_at: float = float("-inf")

    def count(self, edition: Edition) -> None:
        """Count what was taken in since: at most three queries."""
        taken = _taken(edition, self.upto)
        for part in taken:
            self._part(part)
        brought = {part.ingestion: part for part in taken if part.new}
        for source, ingestion, reads in _by_source(list(brought)):
            self._source(source, brought[ingestion], reads)
        for source, ingestion, chip, local_us in _one_by_one(list(brought.values())):
            part = brought[ingestion]
            self.sources[source].recent.append(Arrival(chip, local_us, part.at_us, not part.file))
        if taken:
            self.upto = taken[-1].revision

    def _part(self, part: Part) -> None:
        channel = self.channels.setdefault(part.channel, Channeled())
        channel.heard = max(channel.heard or part.received_at, part.received_at)
        if part.file:
            if self.file is None or self.file.delivery != part.delivery:
                self.file = File(part.delivery, part.name)
            self.file.new, self.file.known = self.file.new + part.new, self.file.known + part.known
            self.file.rejected += part.rejected
        else:
            channel.live = max(channel.live or part.received_at, part.received_at)
        counted = Counter(received=part.new + part.known, new=part.new, rejected=part.rejected)
        self.totals += counted
        channel.totals += counted
        if part.rejected:
            self.rejected.append(Rejected(part.at_us, part.channel, part.delivery, part.name, part.rejected))

    def _source(self, source: int, part: Part, reads: int) -> None:
        seen = self.sources.setdefault(source, Seen())
        seen.reads += reads
        self.channels[part.channel].sources.add(source)
        if part.file and seen.arrived is not None:
            return  # a memory stick at noon is no sign of life
        seen.channel, seen.peer = part.channel, part.peer
        if part.file:
            return
        if seen.arrived is None or part.received_at >= seen.arrived:
            seen.arrived, seen.arrived_us = part.received_at, part.at_us
        minute = part.at_us // MINUTE_US
        seen.minutes[minute] += reads
        for old in [old for old in seen.minutes if old <= minute - 2 * MINUTES]:
            del seen.minutes[old]


class Part(NamedTuple):
    """One ingestion and the delivery it is of. `at_us`: event time of its arrival."""

    ingestion: int
    revision: int
    new: int
    known: int
    rejected: int
    delivery: int
    channel: int
    peer: str
    received_at: datetime
    name: str
    at_us: int

    @property
    def file(self) -> bool:
        """Whether it was a file, which tells when reads were sent but not when they were made."""
        return bool(self.name)


def _taken(edition: Edition, upto: int) -> list[Part]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.id, i.revision, i.new, i.known, i.rejected, d.id, d.channel_id, d.peer, d.received_at,"
            " coalesce(d.options->>'name', '') FROM timing_ingestion i JOIN timing_delivery d ON d.id = i.delivery_id"
            " WHERE i.edition_id = %s AND i.revision > %s ORDER BY i.revision, i.id",
            [edition.pk, upto],
        )
        rows = cursor.fetchall()
    return [Part._make((*row, microseconds(clock.now(edition, row[8])))) for row in rows]


def _by_source(ingestions: Sequence[int]) -> list[tuple[int, int, int]]:
    """(source, ingestion, reads)."""
    if not ingestions:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source_id, ingestion_id, count(*) FROM timing_read WHERE ingestion_id = ANY(%s)"
            " GROUP BY source_id, ingestion_id ORDER BY ingestion_id",
            [list(ingestions)],
        )
        return list(cursor.fetchall())


def _one_by_one(parts: Sequence[Part]) -> Iterable[tuple[int, int, str, int]]:
    """(source, ingestion, chip, local_us) of the newest, the oldest first."""
    wanted, room = [], FIRST_LOOK
    for part in reversed(parts):
        if room <= 0:
            break
        wanted.append(part.ingestion)
        room -= part.new
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source_id, ingestion_id, chip, local_us FROM timing_read WHERE ingestion_id = ANY(%s)"
            " ORDER BY ingestion_id, local_us",
            [wanted],
        )
        return list(cursor.fetchall())


_counted: dict[int, Tally] = {}
_lock = threading.Lock()


@contextmanager
def counted(edition: Edition) -> Iterator[Tally]:
    """The tally of an edition as it stands, for the length of the block. One thread at a time; the others wait the moment
    it takes."""
    with _lock:
        tally = _counted.setdefault(edition.pk, Tally(edition.pk))
        tally.count(edition)
        yield tally


def forget() -> None:
    """Count anew: for tests."""
    with _lock:
        _counted.clear()
