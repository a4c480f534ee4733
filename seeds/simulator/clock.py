"""Event time, driven from outside: at a speed, or standing still and set forward step by step."""

from __future__ import annotations

import asyncio
import time

from seeds.simulator.api import Desk
from seeds.simulator.cards import iso

STEP_MS = 60_000
SKIP_MS = 300_000
LEAD_MS = 60_000
BREATH_S = 0.15


class Clock:
    """The rehearsal's clock. `speed` 0 steps as fast as the work is done; another speed lets event time run."""

    def __init__(self, desk: Desk, edition: str, speed: float) -> None:
        self.desk, self.edition, self.speed = desk, edition, speed
        self._event_ms = 0
        self._since = time.monotonic()

    async def set(self, at_ms: int, *, standing: bool = False) -> None:
        """Let it be this instant at the edition, and go on from here at the speed, or stand still there."""
        await self._set(at_ms, 0.0 if standing else self.speed)

    async def leave(self) -> None:
        """Let event time run on as fast as real time: what officials do from now on, they do at their own pace."""
        await self._set(self.now_ms(), 1.0)

    async def _set(self, at_ms: int, speed: float) -> None:
        await self.desk.post(f"editions/{self.edition}/clock/", "organiser", {"event": iso(at_ms), "speed": speed})
        self._event_ms, self._since = at_ms, time.monotonic()

    def now_ms(self) -> int:
        """Return the event instant it is."""
        return self._event_ms + round((time.monotonic() - self._since) * self.speed * 1000)

    async def reach(self, due_ms: int) -> int:
        """Wait until what is due next is due, skipping empty time; return the event instant it then is."""
        if self.speed == 0:
            await self.set(max(due_ms, self._event_ms) + STEP_MS)
            return self._event_ms
        if due_ms - self.now_ms() > SKIP_MS:
            await self.set(due_ms - LEAD_MS)
        await asyncio.sleep(max(BREATH_S, (due_ms - self.now_ms()) / 1000 / self.speed))
        return self.now_ms()
