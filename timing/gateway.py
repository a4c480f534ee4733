"""The gateway: decoders call, and get their acknowledgement after the commit and never before.

One asyncio process. Every open TCP `Channel` with a port is a listener; channels made later are picked up within a
second. A connection has a reader, which cuts the stream into frames, and a committer, which takes whatever has gathered
while the last commit was under way (at most 64 KiB), commits it as one delivery, and then sends the replies in order.
So acknowledgements never wait for a timer, and a burst costs few commits.

What ends a connection: the peer, a frame that never ends, a database that does not answer (the peer sends again what was
not acknowledged), half a minute without a first word, two idle minutes. An unfinished frame at the end of a connection was
not acknowledged and is not kept: the peer repeats it whole.
"""

import asyncio
import contextlib
import logging
import socket
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import Error, close_old_connections, connection

from race import clock
from timing import decoders, intake
from timing.decoders.model import Frame, FrameTooLong, Session
from timing.models import Channel

logger = logging.getLogger(__name__)
GROUP_BYTES = 64 * 1024
QUEUE_BYTES = 1024 * 1024
IDLE_S = 120
POLL_S = 1.0
FIRST_S = 30
#: In all, and from one address: somebody who opens many and says nothing must not shut the decoders out.
MOST_CONNECTIONS, MOST_PER_ADDRESS = 256, 32
THREADS = 4


@dataclass(slots=True, eq=False)
class Line:
    """One connection: where it comes from, what is read and not yet committed, and how far the stream has come."""

    channel: Channel
    peer: str
    session: Session
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    began: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    frames: deque[Frame] = field(default_factory=deque)
    queued: int = 0
    position: int = 0
    spoke: bool = False
    ended: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def host(self) -> str:
        """The address it comes from."""
        return self.peer.rpartition(":")[0]


class Gateway:
    """All listeners and connections of this process."""

    def __init__(self) -> None:
        self.servers: dict[int, asyncio.Server] = {}
        self.lines: set[Line] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.pool = ThreadPoolExecutor(THREADS, "commit")
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Listen until `stopping` is set, then take in what has been read, acknowledge it, and end."""
        while not self.stopping.is_set():
            await self._open_channels()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), POLL_S)
        for server in self.servers.values():
            server.close()
        for line in list(self.lines):
            line.ended = True
            line.wake.set()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=10)
        self.pool.shutdown(wait=False)

    async def _open_channels(self) -> None:
        try:
            channels = await asyncio.get_running_loop().run_in_executor(self.pool, _listening)
        except Error as problem:
            logger.warning("the database does not answer: %s", problem)
            return
        for channel in channels:
            if channel.pk not in self.servers:
                await self._listen(channel)
        for pk in set(self.servers) - {channel.pk for channel in channels}:
            self.servers.pop(pk).close()

    async def _listen(self, channel: Channel) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._converse(channel, reader, writer)

        try:
            self.servers[channel.pk] = await asyncio.start_server(connected, settings.GATEWAY_HOST, channel.port)
        except OSError as problem:
            logger.error("cannot listen on port %s for %s: %s", channel.port, channel.label, problem)
            return
        logger.info("listening on %s:%s for %s (%s)", settings.GATEWAY_HOST, channel.port, channel.label, channel.make)

    async def _converse(self, channel: Channel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = writer.get_extra_info("peername")[:2]
        session = decoders.decoder(channel.make).session(settings.GATEWAY_NAME)
        near = sum(1 for line in self.lines if line.host == host)
        if session is None or len(self.lines) >= MOST_CONNECTIONS or near >= MOST_PER_ADDRESS:
            logger.warning("%s:%s refused: %s", host, port, "file make" if session is None else "too many connections")
            writer.close()
            return
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        line = Line(channel, f"{host}:{port}", session, reader, writer)
        self.lines.add(line)
        committer = asyncio.create_task(self._commit(line))
        reading = asyncio.create_task(self._read(line))
        self.tasks |= {committer, reading}
        logger.info("%s connected to %s", line.peer, channel.label)
        # The committer ends by itself after the reader, or first when the database fails: then reading on is pointless.
        try:
            await committer
        finally:  # whatever happened, the place is free for the next decoder
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            self.tasks -= {committer, reading}
            self.lines.discard(line)
            writer.close()
        if line.session.pending:
            logger.info("%s left %d bytes of an unfinished frame", line.peer, len(line.session.pending))

    async def _read(self, line: Line) -> None:
        try:
            while not line.ended:
                data = await asyncio.wait_for(line.reader.read(GROUP_BYTES), IDLE_S if line.spoke else FIRST_S)
                if not data:
                    break
                line.spoke = True
                self._queue(line, line.session.feed(data))
                while line.queued > QUEUE_BYTES and not line.ended:
                    line.room.clear()
                    await line.room.wait()
        except FrameTooLong as problem:
            self._queue(line, problem.frames)
            logger.warning("%s cut off: a frame that does not end", line.peer)
        except TimeoutError:
            logger.info("%s cut off: silent for too long", line.peer)
        except OSError as problem:
            logger.info("%s broke off: %s", line.peer, problem)
        finally:
            line.ended = True
            line.wake.set()

    def _queue(self, line: Line, frames: Sequence[Frame]) -> None:
        line.frames.extend(frames)
        line.queued += sum(len(frame.raw) for frame in frames)
        line.wake.set()

    async def _commit(self, line: Line) -> None:
        loop = asyncio.get_running_loop()
        try:
            while line.frames or not line.ended:
                if not line.frames:
                    line.wake.clear()
                    await line.wake.wait()
                    continue
                group = _group(line)
                kept = b"".join(frame.raw for frame in group if frame.keep)
                if kept:
                    await loop.run_in_executor(self.pool, _receive, line, kept)
                    line.position += len(kept)
                line.writer.write(b"".join(frame.reply for frame in group))
                await asyncio.wait_for(line.writer.drain(), IDLE_S)
                line.room.set()
        except Error as problem:
            logger.error("%s: nothing acknowledged, the database failed: %s", line.peer, problem)
        except (OSError, TimeoutError) as problem:
            logger.info("%s no longer listens: %s", line.peer, problem)
        finally:
            line.ended = True
            line.room.set()


def _group(line: Line) -> list[Frame]:
    """What has gathered, up to the size of a group; always at least one frame."""
    group: list[Frame] = []
    size = 0
    while line.frames and (not group or size + len(line.frames[0].raw) <= GROUP_BYTES):
        frame = line.frames.popleft()
        group.append(frame)
        size += len(frame.raw)
    line.queued -= size
    return group


def _listening() -> list[Channel]:
    close_old_connections()
    open_ones = Channel.objects.filter(kind=Channel.Kind.TCP, open=True, port__isnull=False)
    return list(open_ones.select_related("edition"))


def _receive(line: Line, body: bytes) -> None:
    """In a thread: keep the bytes. The key names the connection and the place in its stream."""
    try:
        edition = line.channel.edition
        edition.refresh_from_db(fields=["clock"])
        options = {
            "make": line.channel.make,
            "date": clock.now(edition).astimezone(ZoneInfo(edition.zone)).date().isoformat(),
        }
        key = f"{line.peer} {line.began} {line.position}"
        intake.receive(line.channel, body, key, options=options, peer=line.peer)
    except Error:
        connection.close()
        raise
