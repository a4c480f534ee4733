"""One connection: a reader, which cuts the stream into frames, and a committer.

The committer takes whatever has gathered while the last commit was under way (at most 64 KiB), has it kept as one body, and
then sends the replies in order. So acknowledgements never wait for a timer, and a burst costs few commits.

What ends a connection: the peer, a frame that never ends, a store that does not keep (the peer sends again what was not
acknowledged), half a minute without a first word, two idle minutes. An unfinished frame at the end of a connection was
not acknowledged and is not kept: the peer repeats it whole.
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

from timing.decoders.model import DialledSession, Frame, FrameTooLong, Session

logger = logging.getLogger(__name__)
GROUP_BYTES = 64 * 1024
QUEUE_BYTES = 1024 * 1024
IDLE_S, FIRST_S = 120.0, 30.0
KEEP_ALIVE_S = 15.0


class NotKept(Exception):
    """What a machine said could not be kept; it must not be acknowledged."""


@dataclass(slots=True, eq=False)
class Line:
    """Where a connection comes from, what is read and not yet committed, and how far the stream has come.

    `keep` is called in a thread of `pool` with the line and a body; when it returns, the body is safe; it raises NotKept.
    `dialled`: the session again where we made the connection, for then we ask whether the machine is still there.
    """

    place: int  # whose key it is
    session: Session
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pool: Executor
    keep: Callable[["Line", bytes], None]
    dialled: DialledSession | None = None
    peer: str = field(init=False)
    began: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    heard: datetime = field(default_factory=lambda: datetime.now(UTC))  # when its last bytes came
    frames: deque[Frame] = field(default_factory=deque)
    queued: int = 0
    position: int = 0
    spoke: bool = False
    ended: bool = False
    failed: bool = False  # something that was read is not kept
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        host, port = self.writer.get_extra_info("peername")[:2]
        self.peer = f"{host}:{port}"
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    @property
    def key(self) -> str:
        """What names the next body for ever: the connection and the place in its stream."""
        return f"{self.peer} {self.began} {self.position}"

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
        reading = asyncio.create_task(self._read())
        # The committer ends by itself after the reader, or first when the database fails: then reading on is pointless.
        try:
            await self._commit()
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            self.writer.close()
        if self.session.pending:
            logger.info("%s left %d bytes of an unfinished frame", self.peer, len(self.session.pending))

    async def _read(self) -> None:
        try:
            while not self.ended:
                data = await self._next()
                if not data:
                    break
                self.spoke, self.heard = True, datetime.now(UTC)
                self._queue(self.session.feed(data))
                while self.queued > QUEUE_BYTES and not self.ended:
                    self.room.clear()
                    await self.room.wait()
        except FrameTooLong as problem:
            self._queue(problem.frames)
            logger.warning("%s cut off: a frame that does not end", self.peer)
        except TimeoutError:
            logger.info("%s cut off: silent for too long", self.peer)
        except OSError as problem:
            logger.info("%s broke off: %s", self.peer, problem)
        finally:
            self.end()

    async def _next(self) -> bytes:
        """The next bytes. Raises TimeoutError after too long a silence."""
        until = time.monotonic() + (IDLE_S if self.spoke else FIRST_S)
        while self.dialled is not None and time.monotonic() + KEEP_ALIVE_S < until:
            try:
                return await asyncio.wait_for(self.reader.read(GROUP_BYTES), KEEP_ALIVE_S)
            except TimeoutError:
                self.writer.write(self.dialled.keep_alive())
        return await asyncio.wait_for(self.reader.read(GROUP_BYTES), until - time.monotonic())

    def _queue(self, frames: Sequence[Frame]) -> None:
        self.frames.extend(frames)
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
                kept = b"".join(frame.raw for frame in group if frame.keep)
                if kept:
                    await loop.run_in_executor(self.pool, self.keep, self, kept)
                    self.position += len(kept)
                self.writer.write(b"".join(frame.reply for frame in group))
                await asyncio.wait_for(self.writer.drain(), IDLE_S)
                self.room.set()
        except NotKept as problem:
            self.failed = True
            logger.error("%s: nothing acknowledged: %s", self.peer, problem)
        except (OSError, TimeoutError) as problem:
            self.failed = bool(self.frames)
            logger.info("%s no longer listens: %s", self.peer, problem)
        finally:
            self.ended = True
            self.room.set()

    def _group(self) -> list[Frame]:
        """What has gathered, up to the size of a group; always at least one frame."""
        group: list[Frame] = []
        size = 0
        while self.frames and (not group or size + len(self.frames[0].raw) <= GROUP_BYTES):
            frame = self.frames.popleft()
            group.append(frame)
            size += len(frame.raw)
        self.queued -= size
        return group
