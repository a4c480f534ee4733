"""An answer on its way out, taken from its thread at once and given to the client at the client's pace.

Without it a reader that stops reading holds the thread that writes to it.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from config.door.limits import Limits
from results.streaming.asgi import Message, Send, give_up_after, hang_up

PIECE = 64 * 1024  # what `Limits.reader_idle` is the time for


@dataclass(slots=True)
class Held:
    """Bytes of all answers that wait for their readers, and the deadlines of those readers."""

    size: int = 0
    end: float = float("inf")
    deadlines: set[asyncio.Timeout] = field(default_factory=set)

    def hurry(self, seconds: float) -> None:
        """The server ends: no reader is waited for longer than so many seconds from now."""
        self.end = asyncio.get_running_loop().time() + seconds
        for deadline in self.deadlines:
            deadline.reschedule(self.end)


class Outflow:
    """One answer. `put` is what the application sees as `send`; it never fails, also after the reader was dropped:
    a2wsgi would leave its thread waiting for ever."""

    def __init__(self, send: Send, limits: Limits, held: Held) -> None:
        self._send, self._limits, self._held = send, limits, held
        self._queue: deque[Message] = deque()
        self._size = 0
        self._filled, self._drained = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._dropped = False
        self.complete = False  # the application has said all

    async def put(self, message: Message) -> None:
        """Take a piece of the answer; waits only while this answer holds more than it may."""
        if self._dropped:
            return
        if self._task is None:
            self._task = asyncio.create_task(self._pump())
        size = len(message.get("body", b""))
        self._queue.append(message)
        self._size += size
        self._held.size += size
        self.complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        self._filled.set()
        while self._size > self._allowed() and not self._dropped:
            self._drained.clear()
            await self._drained.wait()

    async def finish(self) -> None:
        """Wait until the reader has taken all, or was dropped."""
        if self._task is not None:
            await self._task

    def abandon(self) -> None:
        """The application failed in the middle of its answer: what is left of it goes nowhere."""
        self._forget()
        if self._task is not None:
            self._task.cancel()

    def _allowed(self) -> int:
        return self._limits.held_answer if self._held.size <= self._limits.held_answers else 0

    async def _pump(self) -> None:
        give_up_after(self._send, 2 * self._limits.reader_idle)
        while not self._dropped:
            if not self._queue:
                if self.complete:
                    return
                self._filled.clear()
                await self._filled.wait()
                continue
            message = self._queue[0]
            try:
                await self._give(message)
            except TimeoutError:
                self._forget()
                hang_up(self._send)
                return
            self._queue.popleft()
            self._release(len(message.get("body", b"")))

    async def _give(self, message: Message) -> None:
        body = message.get("body", b"")
        last = max(len(body) - 1, 0) // PIECE * PIECE
        for start in range(0, last, PIECE):
            await self._timed({"type": message["type"], "body": body[start : start + PIECE], "more_body": True})
        await self._timed({**message, "body": body[last:]} if last else message)

    async def _timed(self, message: Message) -> None:
        now = asyncio.get_running_loop().time()
        deadline = asyncio.timeout_at(min(now + self._limits.reader_idle, self._held.end))
        self._held.deadlines.add(deadline)
        try:
            async with deadline:
                await self._send(message)
        finally:
            self._held.deadlines.discard(deadline)

    def _release(self, size: int) -> None:
        self._size -= size
        self._held.size -= size
        self._drained.set()

    def _forget(self) -> None:
        self._dropped = True
        self._queue.clear()
        self._release(self._size)
