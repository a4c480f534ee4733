"""All listeners, dialled lines and connections of the gateway's process."""

import asyncio
import contextlib
import ipaddress
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from django.conf import settings
from django.db import Error, close_old_connections

from timing import decoders
from timing.decoders.model import DialledSession
from timing.gateway.line import Line
from timing.models import Channel

logger = logging.getLogger(__name__)
POLL_S = 1.0
#: In all, and from one address: somebody who opens many and says nothing must not shut the decoders out.
MOST_CONNECTIONS, MOST_PER_ADDRESS = 256, 32
THREADS = 4
CONNECT_S = 10.0
#: Between two tries to reach a machine; it doubles up to the longest.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0

#: What a channel's listener or line depends on: when one of these changes, it is closed and opened anew.
Terms = tuple[str, str, int, tuple[str, ...]]


class Gateway:
    """Listens and dials until `stopping` is set."""

    def __init__(self) -> None:
        self.servers: dict[int, asyncio.Server] = {}
        self.diallers: dict[int, asyncio.Task[None]] = {}
        self.terms: dict[int, Terms] = {}
        self.lines: set[Line] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.pool = ThreadPoolExecutor(THREADS, "commit")
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until `stopping` is set, then take in what has been read, acknowledge it, and end."""
        while not self.stopping.is_set():
            await self._keep_up()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), POLL_S)
        for server in self.servers.values():
            server.close()
        for line in list(self.lines):
            line.end()
        if going := self.tasks | set(self.diallers.values()):
            await asyncio.wait(going, timeout=10)
        self.pool.shutdown(wait=False)

    async def _keep_up(self) -> None:
        """Open what is new, close what is gone, and both for what has changed."""
        try:
            channels = await asyncio.get_running_loop().run_in_executor(self.pool, _open_channels)
        except Error as problem:
            logger.warning("the database does not answer: %s", problem)
            return
        wanted = {channel.pk: channel for channel in channels}
        for pk in set(self.terms) - {pk for pk, channel in wanted.items() if self.terms.get(pk) == _terms(channel)}:
            self._close(pk)
        for pk, channel in wanted.items():
            if pk not in self.terms:
                await self._open(channel)

    def _close(self, pk: int) -> None:
        """Its connections end too; what was read of them is still taken in and acknowledged."""
        del self.terms[pk]
        if server := self.servers.pop(pk, None):
            server.close()
        if dialler := self.diallers.pop(pk, None):
            self.tasks.add(dialler)
            dialler.add_done_callback(self.tasks.discard)
        for line in self.lines:
            if line.channel.pk == pk:
                line.end()

    async def _open(self, channel: Channel) -> None:
        if channel.host:
            self.terms[channel.pk] = _terms(channel)
            self.diallers[channel.pk] = asyncio.create_task(self._dial(channel))
            return
        networks = [ipaddress.ip_network(network) for network in channel.allowed]

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._called(channel, networks, reader, writer)

        try:
            self.servers[channel.pk] = await asyncio.start_server(connected, settings.GATEWAY_HOST, channel.port)
        except OSError as problem:
            logger.error("cannot listen on port %s for %s: %s", channel.port, channel.label, problem)
            return
        self.terms[channel.pk] = _terms(channel)
        logger.info("listening on %s:%s for %s (%s)", settings.GATEWAY_HOST, channel.port, channel.label, channel.make)

    async def _called(
        self,
        channel: Channel,
        networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        session = decoders.decoder(channel.make).session(settings.GATEWAY_NAME)
        host = writer.get_extra_info("peername")[0]
        near = sum(1 for line in self.lines if line.host == host)
        problem = ""
        if networks and not any(ipaddress.ip_address(host) in network for network in networks):
            problem = "not an address of this channel"
        elif len(self.lines) >= MOST_CONNECTIONS or near >= MOST_PER_ADDRESS:
            problem = "too many connections"
        if session is None or problem:
            logger.warning("%s refused on port %s: %s", host, channel.port, problem or "file make")
            writer.close()
            return
        await self._converse(Line(channel, session, reader, writer, self.pool))

    async def _dial(self, channel: Channel) -> None:
        """Keep a line to a machine that listens. Its session outlives a connection: it knows what it has to ask for."""
        session = cast(DialledSession, decoders.decoder(channel.make).session(settings.GATEWAY_NAME))
        terms, pause = self.terms[channel.pk], FIRST_PAUSE_S
        while not self.stopping.is_set() and self.terms.get(channel.pk) is terms:
            try:
                async with asyncio.timeout(CONNECT_S):
                    reader, writer = await asyncio.open_connection(channel.host, channel.port)
                line = Line(channel, session, reader, writer, self.pool, dialled=session)
                if self.terms.get(channel.pk) is not terms:
                    line.end()
                writer.write(session.opening())
                await self._converse(line)
                pause = FIRST_PAUSE_S if line.spoke else pause
            except (OSError, TimeoutError) as problem:
                logger.info("%s:%s does not answer for %s: %s", channel.host, channel.port, channel.label, problem)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _converse(self, line: Line) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.lines.add(line)
        self.tasks.add(task)
        logger.info("%s connected to %s", line.peer, line.channel.label)
        try:
            await line.run()
        finally:  # whatever happened, the place is free for the next decoder
            self.tasks.discard(task)
            self.lines.discard(line)


def _terms(channel: Channel) -> Terms:
    assert channel.port is not None
    return channel.make, channel.host, channel.port, tuple(channel.allowed)


def _open_channels() -> list[Channel]:
    close_old_connections()
    open_ones = Channel.objects.filter(kind=Channel.Kind.TCP, open=True, port__isnull=False)
    return list(open_ones.select_related("edition"))
