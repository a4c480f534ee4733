"""All listeners, dialled lines and connections of a process."""

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from timing.decoders.model import FrameTooLong, Session
from timing.gateway.line import Line, NotKept

logger = logging.getLogger(__name__)
POLL_S = 1.0
#: In all, and from one address: somebody who opens many and says nothing must not shut the decoders out.
MOST_CONNECTIONS, MOST_PER_ADDRESS = 256, 32
THREADS = 4
CONNECT_S = 10.0
#: Of a place, newest: a session that takes over from one that died learns from them where it is and what is missing.
LAST_BODIES = 200
#: Between two tries to reach a machine; it doubles up to the longest.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0


class Place(NamedTuple):
    """Where a machine is met: a port of ours (`host` empty) that it calls, or its own that we dial.

    When one of these values changes, its connections end and the place is opened anew. `allowed`: the networks that may
    call, any where none is named. A `make` without a live stream meets nobody.
    """

    key: int
    label: str
    make: str
    host: str
    port: int
    allowed: tuple[str, ...] = ()


class Lines:
    """Listens and dials until `stopping` is set.

    `places` tells, in a thread, what is wanted now (raises NotKept where it cannot); `session` makes the session of a make;
    `keep` keeps a body of a line; `last` gives the last bodies with reads that were kept of a place, in
    order, as one (empty for none).
    """

    def __init__(
        self,
        places: Callable[[], Iterable[Place]],
        session: Callable[[str], Session | None],
        keep: Callable[[Line, bytes], None],
        last: Callable[[Place], bytes],
        *,
        address: str,
    ) -> None:
        self.places, self.session, self.keep, self.last, self.address = places, session, keep, last, address
        self.open: dict[int, Place] = {}
        self.servers: dict[int, asyncio.Server] = {}
        self.diallers: dict[int, asyncio.Task[None]] = {}
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
            wanted = {place.key: place for place in await self._wanted()}
        except NotKept as problem:
            logger.warning("which machines are wanted is not known: %s", problem)
            return
        for key, place in list(self.open.items()):
            if wanted.get(key) != place:
                self._close(key)
        for key, place in wanted.items():
            if key not in self.open:
                await self._open(place)

    async def _wanted(self) -> Iterable[Place]:
        return await asyncio.get_running_loop().run_in_executor(self.pool, self.places)

    def _close(self, key: int) -> None:
        """Its connections end too; what was read of them is still taken in and acknowledged."""
        del self.open[key]
        if server := self.servers.pop(key, None):
            server.close()
        if dialler := self.diallers.pop(key, None):
            self.tasks.add(dialler)
            dialler.add_done_callback(self.tasks.discard)
        for line in self.lines:
            if line.place == key:
                line.end()

    async def _open(self, place: Place) -> None:
        if place.host:
            self.open[place.key] = place
            self.diallers[place.key] = asyncio.create_task(self._dial(place))
            return

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._called(place, reader, writer)

        try:
            self.servers[place.key] = await asyncio.start_server(connected, self.address, place.port)
        except OSError as problem:
            logger.error("cannot listen on port %s for %s: %s", place.port, place.label, problem)
            return
        self.open[place.key] = place
        logger.info("listening on %s:%s for %s (%s)", self.address, place.port, place.label, place.make)

    async def _called(self, place: Place, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session, host = self.session(place.make), writer.get_extra_info("peername")[0]
        if session is None or (problem := self._unwelcome(place, host)):
            logger.warning("%s refused on port %s: %s", host, place.port, problem if session else "file make")
            writer.close()
            return
        await self._converse(place, Line(place.key, session, reader, writer, self.pool, self.keep))

    def _unwelcome(self, place: Place, host: str) -> str:
        """Why a caller is sent away; empty for one who is welcome."""
        networks = [ipaddress.ip_network(network) for network in place.allowed]
        if networks and not any(ipaddress.ip_address(host) in network for network in networks):
            return "not an address of this channel"
        callers = [line for line in self.lines if not line.dialled]  # those that we dial, an operator asked for
        near = sum(1 for line in callers if line.host == host)
        return "too many connections" if len(callers) >= MOST_CONNECTIONS or near >= MOST_PER_ADDRESS else ""

    async def _dial(self, place: Place) -> None:
        """Keep a line to a machine that listens. Its session outlives a connection: it knows what it has to ask for."""
        session, pause = None, FIRST_PAUSE_S
        while self._wants(place):
            try:
                session = session or await self._resumed(place)
                reader, writer = await asyncio.wait_for(asyncio.open_connection(place.host, place.port), CONNECT_S)
                line = Line(place.key, session, reader, writer, self.pool, self.keep, dialled=True)
                if not self._wants(place):
                    line.end()
                await self._converse(place, line)
                pause = FIRST_PAUSE_S if line.spoke else pause
                session = None if line.failed else session
            except (OSError, TimeoutError, NotKept) as problem:
                logger.info("%s:%s: no line for %s: %s", place.host, place.port, place.label, problem or "too slow")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _wants(self, place: Place) -> bool:
        return not self.stopping.is_set() and self.open.get(place.key) is place

    async def _resumed(self, place: Place) -> Session:
        """A session that knows no more than what is kept: after a restart, or after something could not be kept, it asks
        for all that came after."""
        session = self.session(place.make)
        if session is None:
            raise NotKept(f"machines of make {place.make} are not dialled")
        with contextlib.suppress(FrameTooLong):
            session.feed(await asyncio.get_running_loop().run_in_executor(self.pool, self.last, place))
        return session

    async def _converse(self, place: Place, line: Line) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.lines.add(line)
        self.tasks.add(task)
        logger.info("%s connected to %s", line.peer, place.label)
        try:
            await line.run()
        finally:  # whatever happened, the place is free for the next decoder
            self.tasks.discard(task)
            self.lines.discard(line)
