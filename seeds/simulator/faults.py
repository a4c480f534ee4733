"""What breaks while the race is on: services killed without warning, Redis emptied, a cable pulled, an answer lost."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis

from seeds.simulator.api import Desk, Unplayable
from seeds.simulator.cards import iso
from seeds.simulator.line import Line
from seeds.simulator.mats import MINUTE_MS

BACK_S = 90.0
#: What breaks, and how many minutes after the first gun; the busy laps of the first race.
SCHEDULE: tuple[tuple[str, int], ...] = (
    ("worker killed", 22),
    ("redis emptied", 33),
    ("gateway killed", 62),
    ("connection cut in a frame", 71),
    ("acknowledgement lost", 80),
    ("postgres killed", 88),
)


@dataclass(frozen=True)
class Fault:
    """Something that broke: in event and in real time, and how long until it was whole again (seconds)."""

    kind: str
    event: str
    real: str
    back_after_s: float


class Faults:
    """Breaks things on schedule. `services` is the file in which the running system tells its process ids.

    `bridged`: the decoders speak to a bridge, so that is what is killed in the gateway's place.
    """

    def __init__(self, services: Path, desk: Desk, edition: str, first_gun_ms: int, bridged: bool = False) -> None:
        self.services, self.desk, self.edition = services, desk, edition
        instead = {"gateway killed": "bridge killed"} if bridged else {}
        self.due = [(first_gun_ms + minutes * MINUTE_MS, instead.get(kind, kind)) for kind, minutes in SCHEDULE]
        self.kinds = [kind for _, kind in self.due]
        self.happened: list[Fault] = []

    def missing(self) -> list[str]:
        """Return the kinds of fault that did not happen."""
        happened = {fault.kind for fault in self.happened}
        return [kind for kind in self.kinds if kind not in happened]

    async def strike(self, event_ms: int, busy: Sequence[Line]) -> None:
        """Let the next fault that is due happen, if any line is sending just now; wait until all is whole again."""
        if not busy or not self.due or self.due[0][0] > event_ms:
            return
        _, kind = self.due.pop(0)
        real = datetime.datetime.now(datetime.UTC).isoformat()
        began = time.monotonic()
        await self._deed(kind, busy[0])()
        took = round(time.monotonic() - began, 3)
        self.happened.append(Fault(kind, iso(event_ms), real, took))

    def _deed(self, kind: str, line: Line) -> Callable[[], Awaitable[None]]:
        deeds: dict[str, Callable[[], Awaitable[None]]] = {
            "worker killed": lambda: self._kill("worker"),
            "gateway killed": lambda: self._kill("gateway"),
            "bridge killed": lambda: self._kill("bridge"),
            "postgres killed": self._kill_postgres,
            "redis emptied": self._empty_redis,
            "connection cut in a frame": lambda: self._cut(line),
            "acknowledgement lost": lambda: self._lose(line),
        }
        return deeds[kind]

    def _pid(self, service: str) -> int | None:
        """Return the process id of a service, None while the file is being rewritten or does not name it."""
        try:
            pid = json.loads(self.services.read_text("utf-8"))["services"].get(service)
        except (OSError, ValueError, KeyError):
            return None
        return int(pid) if pid else None

    async def _kill(self, service: str) -> None:
        """Kill a service without warning and wait until another process has taken its place."""
        pid = self._pid(service)
        if pid is None:
            raise Unplayable(f"{self.services} names no process for {service}")
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + BACK_S
        while (now := self._pid(service)) in (pid, None):
            if time.monotonic() > until:
                raise Unplayable(f"{service} (process {pid}, now {now}) did not come back in {BACK_S:.0f} s")
            await asyncio.sleep(0.1)

    async def _kill_postgres(self) -> None:
        await self._kill("postgres")
        await self.desk.get(f"editions/{self.edition}/", "office")

    async def _empty_redis(self) -> None:
        url = json.loads(self.services.read_text("utf-8"))["redis_url"]
        with redis.Redis.from_url(url, socket_timeout=10) as connection:
            connection.flushall()

    async def _cut(self, line: Line) -> None:
        line.mischief.cut = done = asyncio.Event()
        await asyncio.wait_for(done.wait(), BACK_S)

    async def _lose(self, line: Line) -> None:
        line.mischief.lose_acknowledgement = done = asyncio.Event()
        await asyncio.wait_for(done.wait(), BACK_S)
