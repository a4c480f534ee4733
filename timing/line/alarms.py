"""What an official has to see within seconds: facts and what follows from them, by code. Their sentences: `timing.line.words`.

| code | raised when | level |
|---|---|---|
| silent | a line is lost, or the point's other source sees riders whom this one misses | danger |
| gateway_silent | no gateway tells who is connected, though machines are to be met | danger |
| worker_deaf | what arrived is not taken in | danger |
| zone_mistake | a clock is off by whole quarters of an hour: a zone, not a clock | danger |
| clock_off | a clock is off by more than half a second | warn |
| parked | a file looks like another race's and waits for a decision | warn |
| holes | a machine's numbers jump: messages are missing | warn |
| rejected | rows that could not be read came in the last ten minutes | warn |
| unmapped | a source that reads stands nowhere yet | warn |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from timing import offsets
from timing.line.health import Health, SourceHealth, Waiting

#: Half a second decides a bunch sprint several times over.
CLOCK_OFF_US = 500_000
#: From when its reads arrive a clock is only known to this: a network may take seconds.
ARRIVAL_OFF_US = 2_000_000
#: At a rehearsal that runs faster the way to us takes as many seconds more.
TOLD_OFF_US = 10_000_000
#: Real time: what is live is taken in within a second; a large file may take a minute.
DEAF_S, DEAF_FILE_S = 8, 120
DANGER, WARN = "danger", "warn"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong: its code, how bad, whose (None: nobody's alone), and the values of its sentence."""

    code: str
    level: str
    source: SourceHealth | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Names it as long as it lasts."""
        return f"{self.code}-{self.source.source.pk}" if self.source is not None else self.code


def of(health: Health) -> list[Alarm]:
    """What is wrong, the worst first."""
    found = [*_of_ours(health)]
    for source in health.sources:
        found += _of_source(source, health)
    return sorted(found, key=lambda alarm: alarm.level != DANGER)


def _of_ours(health: Health) -> Iterator[Alarm]:
    waiting = health.waiting
    if (since := deaf_since(waiting, health.real)) is not None:
        seconds = int((health.real - since).total_seconds())
        yield Alarm("worker_deaf", DANGER, values={"count": waiting.live + waiting.files, "seconds": seconds})
    if health.gateway is False:
        yield Alarm("gateway_silent", DANGER)
    if waiting.parked:
        yield Alarm("parked", WARN, values={"count": waiting.parked})
    if health.rejects:
        newest = health.rejects[-1]
        count = sum(one.rows for one in health.rejects)
        # Those of a live line stand in no list of files: any source of the line shows them.
        sent_by = [one.source.pk for one in health.sources if one.channel and one.channel.pk == newest.channel]
        live = min(sent_by, default=0) if not newest.name else 0
        values = {"count": count, "name": newest.name, "delivery": newest.delivery, "live": live}
        yield Alarm("rejected", WARN, values=values)


def deaf_since(waiting: Waiting, now: datetime) -> datetime | None:
    """Since when something has waited for a worker for too long; None: it has not."""
    late = [
        since
        for since, most in ((waiting.live_since, DEAF_S), (waiting.files_since, DEAF_FILE_S))
        if since is not None and now - since > timedelta(seconds=most)
    ]
    return min(late, default=None)


def _of_source(source: SourceHealth, health: Health) -> Iterator[Alarm]:
    if source.state == "silent":
        yield Alarm("silent", DANGER, source)
    if source.state == "unmapped" and source.reads:
        yield Alarm("unmapped", WARN, source, {"count": source.reads})
    if (ahead := clock_ahead(source, health)) is not None:
        zone = offsets.zone_mistake(ahead)
        values = {"ahead_us": ahead if zone is None else zone}
        yield (
            Alarm("clock_off", WARN, source, values) if zone is None else Alarm("zone_mistake", DANGER, source, values)
        )
    if source.holes:
        values = {
            "count": sum(hole.missing for hole in source.holes),
            "first": source.holes[-1].first,
            "last": source.holes[-1].last,
        }
        yield Alarm("holes", WARN, source, values)


def _arrives_in_time(source: SourceHealth, health: Health) -> bool:
    arrived, near = source.arrived, health.patience_us(offsets.NEAR_ZONE_US)
    return arrived is not None and arrived.sure and abs(arrived.ahead_us) < near


def clock_ahead(source: SourceHealth, health: Health) -> int | None:
    """By how much a clock is ahead, where that is wrong and sure; None where it is right or nobody can tell.

    Riders whom the base saw too are the best witnesses. Without them, when its reads arrived: a clock cannot be ahead of
    that, and where they all come hours late at an even pace it is a zone. Last, what the machine told itself.
    """
    measured, arrived = source.measured, source.arrived
    if measured is not None and measured.sure:
        if offsets.zone_mistake(measured.ahead_us) is not None and _arrives_in_time(source, health):
            return None  # it is the base that is wrong
        return measured.ahead_us if abs(measured.ahead_us) > CLOCK_OFF_US else None
    if arrived is not None and arrived.sure:
        if offsets.zone_mistake(arrived.ahead_us) is not None:
            return arrived.ahead_us
        if arrived.bound_us > health.patience_us(ARRIVAL_OFF_US):
            return arrived.bound_us
    told = source.told_us
    if (
        told is not None
        and source.offset_us == 0
        and abs(told) > max(ARRIVAL_OFF_US, int(TOLD_OFF_US * (health.speed - 1)))
    ):
        return told
    return None
