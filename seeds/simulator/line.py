"""A decoder's laptop at the road side: one TCP connection in the MYLAPS protocol, and stubborn about it.

A message that is not acknowledged in time is sent again (the real software waits 20 s; here it is shorter), and a
broken connection is opened again, until the message is acknowledged or `GIVE_UP_S` have passed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from seeds.simulator import mylaps
from seeds.simulator.api import Unplayable
from seeds.simulator.ledger import Identity, Item, Ledger, Transmission, Wire

RESEND_S = 2.0
GIVE_UP_S = 120.0
Held = Callable[[str], Awaitable[int]]
"""Asks the server how many data bytes it holds from an address."""


@dataclass(frozen=True)
class Message:
    """Records of one source that go out together."""

    source: str
    items: Sequence[Item]


@dataclass
class Mischief:
    """What shall go wrong with the next message: its frame is cut in the middle, or its acknowledgement is lost."""

    cut: asyncio.Event | None = None
    lose_acknowledgement: asyncio.Event | None = None


class _Open:
    """One open connection and the task that reads what the server says on it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: Wire, mischief: Mischief
    ) -> None:
        self.reader, self.writer, self.wire, self.mischief = reader, writer, wire, mischief
        self.waiting: list[tuple[Transmission, asyncio.Future[bool]]] = []
        self.ready: asyncio.Queue[str] = asyncio.Queue()
        self.alive = True
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        """Take the server's frames until the connection ends; then nobody waits any longer."""
        try:
            while True:
                frame = await self.reader.readuntil(b"$")
                await self._take(frame.strip(b"\0\r\n").decode().split("@"))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.drop()

    async def _take(self, parts: Sequence[str]) -> None:
        function = parts[1] if len(parts) > 1 else ""
        if function == "AckPong":
            await self.ready.put(parts[0])
        elif function == "Ping":
            self.writer.write(f"{parts[0]}@AckPing@$".encode())
        elif function in ("AckStore", "AckPassing"):
            self._acknowledge(int(parts[2]))

    def _acknowledge(self, number: int) -> None:
        """Settle the oldest transmission of that number; a number that nobody waits for is an old one's."""
        wanted = [one for one in self.wire.transmissions if one.number == number and not one.answered]
        if not wanted:
            return
        if self.mischief.lose_acknowledgement is not None:
            wanted[0].acknowledgement_lost = True
            self.mischief.lose_acknowledgement.set()
            self.mischief.lose_acknowledgement = None
            return
        wanted[0].acknowledged = True
        for transmission, answer in self.waiting:
            if transmission.number == number and not answer.done():
                answer.set_result(True)

    def drop(self) -> None:
        """Forget the connection, without a farewell."""
        self.alive = False
        self.writer.transport.abort()
        for _, answer in self.waiting:
            if not answer.done():
                answer.set_result(False)


class Line:
    """A laptop that sends for some sources in one version of the protocol."""

    def __init__(
        self, address: tuple[str, int], version: int, sources: Sequence[str], ledger: Ledger, held: Held,
        resend_s: float = RESEND_S, pool: str = "",
    ) -> None:  # fmt: skip
        self.address, self.version, self.sources, self.ledger, self.held = address, version, sources, ledger, held
        self.resend_s, self.pool = resend_s, pool
        self.mischief = Mischief()
        self.number = 0
        self.records: dict[str, dict[Identity, int]] = {}
        self._open: _Open | None = None
        self._opening = asyncio.Lock()
        self._places = asyncio.Semaphore(mylaps.OUTSTANDING[version])

    async def send(self, messages: Sequence[Message]) -> None:
        """Send messages, as many at a time as the protocol allows; return when all are acknowledged."""
        numbered = []
        for message in messages:
            self.number += 1
            numbered.append(self._send(message, self.number))
        await asyncio.gather(*numbered)

    async def close(self) -> None:
        """End the connection in peace."""
        if self._open is not None and self._open.alive:
            self._open.writer.close()
            await asyncio.wait([self._open.task], timeout=2)

    async def _send(self, message: Message, number: int) -> None:
        async with self._places:
            frame = mylaps.message(self.version, message.source, self._records(message.items), number)
            until = time.monotonic() + GIVE_UP_S
            while not await self._transmit(frame, number, message.items):
                if time.monotonic() > until:
                    raise Unplayable(f"message {number} of {message.source} was not acknowledged for {GIVE_UP_S:.0f} s")

    def _records(self, items: Sequence[Item]) -> list[str]:
        if self.version == 2:
            return [mylaps.passing_record(item.detection) for item in items]
        records = []
        for item in items:
            # Each box numbers what it sees; what it sends again, whole or mended, has the number that it had.
            seen = self.records.setdefault(item.detection.source, {})
            number = seen.setdefault(item.detection.identity, len(seen))
            record = mylaps.store_record(item.detection, number)
            records.append(mylaps.broken(record) if item.damaged else record)
        return records

    async def _transmit(self, frame: bytes, number: int, items: Sequence[Item]) -> bool:
        """Send a frame once; return whether its acknowledgement came in time."""
        link = await self._connected()
        if link is None:
            return False
        transmission = link.wire.note(number, items, len(items) if self.pool else len(frame))
        if self.mischief.cut is not None:
            await self._cut(link, frame)
            return False
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        link.waiting.append((transmission, answer))
        try:
            link.writer.write(frame)
            return await asyncio.wait_for(answer, self.resend_s)
        except (TimeoutError, ConnectionError):
            return False
        finally:
            link.waiting.remove((transmission, answer))

    async def _cut(self, link: _Open, frame: bytes) -> None:
        """Let the connection break with half a frame on the way, and nothing of another message after it."""
        done, self.mischief.cut = self.mischief.cut, None
        link.alive = False
        link.writer.write(frame[: len(frame) // 2])
        await asyncio.sleep(0.05)
        link.drop()
        if done is not None:
            done.set()

    async def _connected(self) -> _Open | None:
        """Return the open connection, a new one if there is none, or None after a pause if nobody answers."""
        async with self._opening:
            if self._open is None or not self._open.alive:
                try:
                    self._open = await self._connect()
                except (OSError, TimeoutError):
                    self._open = None
                    await asyncio.sleep(0.2)
            return self._open

    async def _connect(self) -> _Open:
        """Open a connection and introduce every source. Raises TimeoutError where nobody greets back."""
        reader, writer = await asyncio.wait_for(asyncio.open_connection(*self.address), 5)
        host, port = writer.get_extra_info("sockname")[:2]
        peer = f"{host}:{port}"
        link = _Open(reader, writer, self.ledger.open(peer, await self.held(peer), self.pool), self.mischief)
        try:
            for source in self.sources:
                writer.write(f"{source}@Pong@$".encode())
                await asyncio.wait_for(link.ready.get(), 5)
        except (TimeoutError, ConnectionError):
            link.drop()
            raise
        return link
