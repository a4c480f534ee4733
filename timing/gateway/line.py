"""One connection: a reader, which cuts the stream into frames, and a committer.

The committer takes whatever has gathered while the last commit was under way (at most 64 KiB), has it kept as one body, and
then sends the replies in order. So acknowledgements never wait for a timer, and a burst costs few commits.

What ends a connection: the peer, a frame that never ends or nothing but junk, a store that does not keep (the peer sends again
what was not acknowledged), half a minute without a first whole message, two idle minutes of a machine that we can ask whether
it is there.
One that takes no such question may be silent for longer, since at a lonely mat that is no fault; the network tells when its
line is dead. An unfinished frame at the end of a connection was not acknowledged and is not kept: the peer repeats it whole.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from timing.decoders.model import Frame, FrameTooLong, Session

logger = logging.getLogger(__name__)
GROUP_BYTES = 64 * 1024
QUEUE_BYTES = 1024 * 1024
IDLE_S, FIRST_S, SILENT_S = 120.0, 30.0, 3600.0
KEEP_ALIVE_S, GOODBYE_S = 10.0, 5.0
#: What marks the key of a body in which machines tell nothing but how they are.
TELLING = "state "
#: When nothing comes, the system asks the other end after so many seconds, so often, so many seconds apart.
PROBES = {"TCP_KEEPIDLE": 30, "TCP_KEEPCNT": 4, "TCP_KEEPINTVL": 10}


class NotKept(Exception):
    """What a machine said could not be kept; it must not be acknowledged."""


@dataclass(slots=True, eq=False)
class Line:
    """Where a connection comes from, what is read and not yet committed, and how far the stream has come.

    `keep` is called in a thread of `pool` with the line and a body; when it returns, the body is safe; it raises NotKept.
    `dialled`: we made the connection, so we speak before the machine does. `heard_at` is when the body that is being kept
    told how the machine is (None: it does not).
    """

    place: int  # whose key it is
    session: Session
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pool: Executor
    keep: Callable[["Line", bytes], None]
    dialled: bool = False
    peer: str = field(init=False)
    began: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    heard: datetime = field(default_factory=lambda: datetime.now(UTC))  # when its last bytes came
    frames: deque[tuple[Frame, datetime]] = field(default_factory=deque)
    queued: int = 0
    position: int = 0
    spoke: bool = False  # a whole message came
    opened: float = field(default_factory=time.monotonic)
    ended: bool = False
    failed: bool = False  # something that was read is not kept
    heard_at: datetime | None = None
    only_tells: bool = False
    asks: bool = False  # the machine can be asked whether it is there
    beat: float = 0.0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        host, port = self.writer.get_extra_info("peername")[:2]
        self.peer = f"{host}:{port}"
        line = self.writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in PROBES.items():
            if hasattr(socket, name):  # a laptop's system may not have them
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    @property
    def key(self) -> str:
        """What names the next body for ever: the connection and the place in its stream."""
        return f"{TELLING if self.only_tells else ''}{self.peer} {self.began} {self.position}"

    @property
    def host(self) -> str:
        """The address it comes from."""
        return self.peer.rpartition(":")[0]

    def end(self) -> None:
        """Read no more; what was read is still committed and answered."""
        self.ended = True
        self.wake.set()

    async def run(self) -> None:
        """Read, commit and answer until one of the two ends it."""
        self.writer.write(self.session.opening())
        self.beat = time.monotonic() + KEEP_ALIVE_S
        reading = asyncio.create_task(self._read())
        # The committer ends by itself after the reader, or first when the database fails: then reading on is pointless.
        try:
            await self._commit()
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            await self._hang_up()
        if self.session.pending:
            logger.info("%s left %d bytes of an unfinished frame", self.peer, len(self.session.pending))

    async def _hang_up(self) -> None:
        """Close, also where the other end takes nothing: what lies ready for it would be held for ever."""
        self.writer.close()
        try:
            await asyncio.wait_for(self.writer.wait_closed(), GOODBYE_S)
        except (OSError, TimeoutError):
            self.writer.transport.abort()

    async def _read(self) -> None:
        try:
            while not self.ended:
                data = await self._next()
                if not data:
                    break
                self.heard = datetime.now(UTC)
                frames = self.session.feed(data)
                self.spoke = self.spoke or bool(frames)
                self._queue(frames)
                while self.queued > QUEUE_BYTES and not self.ended:
                    self.room.clear()
                    await self.room.wait()
        except FrameTooLong as problem:
            self._queue(problem.frames)
            logger.warning("%s cut off: %s", self.peer, problem)
        except TimeoutError:
            logger.info("%s cut off: silent for too long", self.peer)
        except OSError as problem:
            logger.info("%s broke off: %s", self.peer, problem)
        finally:
            self.end()

    async def _next(self) -> bytes:
        """The next bytes; meanwhile the machine is asked whether it is there. Raises TimeoutError after too long a silence."""
        since = time.monotonic() if self.spoke else self.opened  # a drop now and then is no first word
        while True:
            now = time.monotonic()
            if now >= self.beat and (self.spoke or self.dialled):
                question = self.session.keep_alive()
                self.writer.write(question)
                self.asks, self.beat = self.asks or bool(question), now + KEEP_ALIVE_S
            until = since + (FIRST_S if not self.spoke else IDLE_S if self.asks else SILENT_S)
            wait = min(until, self.beat if self.spoke or self.dialled else until) - now
            try:
                return await asyncio.wait_for(self.reader.read(GROUP_BYTES), max(wait, 0))
            except TimeoutError:
                if time.monotonic() >= until:
                    raise

    def _queue(self, frames: Sequence[Frame]) -> None:
        now = datetime.now(UTC)
        self.frames.extend((frame, now) for frame in frames)
        self.queued += sum(len(frame.raw) for frame in frames)
        self.wake.set()

    async def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self.frames or not self.ended:
                if not self.frames:
                    self.wake.clear()
                    await self.wake.wait()
                    continue
                group = self._group()
                kept = self._body(group)
                if kept:
                    await loop.run_in_executor(self.pool, self.keep, self, kept)
                    self.position += len(kept)
                self.writer.write(b"".join(frame.reply for frame, _at in group))
                await asyncio.wait_for(self.writer.drain(), IDLE_S)
                self.room.set()
        except NotKept as problem:
            self.failed = True
            logger.error("%s: nothing acknowledged: %s", self.peer, problem)
        except (OSError, TimeoutError) as problem:
            self.failed = bool(self.frames)
            self.writer.transport.abort()
            logger.info("%s no longer listens: %s", self.peer, problem or "it takes nothing")
        finally:
            self.ended = True
            self.room.set()

    def _body(self, group: Sequence[tuple[Frame, datetime]]) -> bytes:
        """What of a group is to be kept; and whether and when it tells how the machine is."""
        told = [at for frame, at in group if frame.tells]
        self.heard_at = told[-1] if told else None
        self.only_tells = bool(told) and all(frame.tells for frame, _at in group if frame.keep)
        return b"".join(frame.raw for frame, _at in group if frame.keep)

    def _group(self) -> list[tuple[Frame, datetime]]:
        """What has gathered, up to the size of a group; always at least one frame."""
        group: list[tuple[Frame, datetime]] = []
        size = 0
        while self.frames and (not group or size + len(self.frames[0][0].raw) <= GROUP_BYTES):
            frame, at = self.frames.popleft()
            group.append((frame, at))
            size += len(frame.raw)
        self.queued -= size
        return group
