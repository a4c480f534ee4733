"""Machines that listen and are dialled: race result and RFID Timing Ultra, each a small server with a memory.

A machine numbers what it sees, says it as it happens to whoever is connected, and says any of it again when it is asked.
While its cable is out it keeps what it sees. Here and there a line is lost on the way, so that a number is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

from seeds.simulator.ledger import Item, Ledger, Wire
from seeds.simulator.mats import MINUTE_MS, Detection, Hole, Mat
from seeds.simulator.mylaps import wall_clock

LOST_ON_THE_WAY = 0.004
#: A battery is full when the machine is switched on, and loses a percent in so much event time.
PERCENT_MS = 7 * MINUTE_MS
_ULTRA_EPOCH_S = 315_532_800  # 1980-01-01 on the machine's own clock, in seconds since 1970


class Box(ABC):
    """A machine at a mat. `pool` names the wires of which the server tells only what it holds of all together."""

    def __init__(self, mat: Mat, ledger: Ledger, holes: Sequence[Hole] = ()) -> None:
        self.mat, self.ledger, self.pool = mat, ledger, ""
        self.holes = [hole for hole in holes if hole.source == mat.name]
        self.rng = random.Random(f"box {mat.name}")
        self.log: list[Detection] = []
        self.said: set[int] = set()
        self.pushing = False
        self.down = False
        self.began_ms = self.now_ms = mat.slow_from_ms
        self.clock: Callable[[], int] | None = None  # event time (ms), for a machine that is to tell its clock
        self.link: tuple[asyncio.StreamWriter, Wire] | None = None
        self._server: asyncio.Server | None = None

    async def open(self, port: int = 0, pool: str = "") -> int:
        """Listen; return the port. The pool is the own address where none is named."""
        self._server = await asyncio.start_server(self._called, "127.0.0.1", port)
        port = int(self._server.sockets[0].getsockname()[1])
        self.pool = pool or f"127.0.0.1:{port}"
        return port

    async def close(self) -> None:
        """Switch it off."""
        if self._server is not None:
            self._server.close()
        if self.link is not None:
            self.link[0].close()

    @property
    def settled(self) -> bool:
        """Whether somebody listens, and everything that was seen was said."""
        return self.link is not None and self.pushing and len(self.said) == len(self.log)

    async def take(self, reads: Sequence[Detection], now_ms: int) -> None:
        """See what passes until an instant."""
        self.began_ms, self.now_ms = self.began_ms or now_ms, now_ms
        self.down = any(hole.from_ms <= now_ms < hole.until_ms for hole in self.holes)
        if self.down and self.link is not None:
            self.link[0].transport.abort()
            self.link = None
        first = len(self.log) + 1
        self.log += reads
        for number, read in enumerate(reads, first):
            hidden = any(hole.hides(read) for hole in self.holes)
            lost = number < len(self.log) and self.rng.random() < LOST_ON_THE_WAY
            if self.pushing and not hidden and not lost:
                self._say(number, self.live(number))
        if self.link is not None:
            with contextlib.suppress(ConnectionError):
                await self.link[0].drain()

    def _say(self, number: int, line: bytes) -> None:
        if self.link is not None and not self.link[0].transport.is_closing():
            writer, wire = self.link
            wire.note(number, [Item(self.log[number - 1])], 1)
            writer.write(line)
            self.said.add(number)

    def again(self, first: int, last: int) -> None:
        """Say from one number to another again."""
        for number in range(max(first, 1), min(last, len(self.log)) + 1):
            self._say(number, self.kept(number))

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        self.pushing = False
        self.link = link = (writer, self.ledger.open(self.pool, 0, self.pool))
        writer.write(self.greeting())
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):  # cancelled: all of it is over
            asked = b""
            while data := await reader.read(4096):
                *requests, asked = self.requests(asked + data)
                for request in requests:
                    writer.write(self.answer(request))
                await writer.drain()
        writer.close()
        if self.link is link:
            self.link, self.pushing = None, False

    @property
    def wall(self) -> datetime.datetime | None:
        """What its clock shows."""
        return wall_clock(self.mat.local_ms(self.clock())) if self.clock is not None else None

    @property
    def battery(self) -> int:
        """Percent."""
        return max(5, 100 - (self.now_ms - self.began_ms) // PERCENT_MS)

    @abstractmethod
    def greeting(self) -> bytes:
        """What it says first."""

    @abstractmethod
    def requests(self, heard: bytes) -> Iterator[bytes]:
        """Yield the whole requests of what was heard, then the rest (perhaps empty)."""

    @abstractmethod
    def answer(self, request: bytes) -> bytes:
        """Do what is asked; return what to say to it that is no read."""

    @abstractmethod
    def live(self, number: int) -> bytes:
        """Return a read as it happens."""

    @abstractmethod
    def kept(self, number: int) -> bytes:
        """Return a read as it is said again."""


class RaceResult(Box):
    """Lines with semicolons. Reads are pushed once somebody asked; a block that is asked for ends with an empty line."""

    def greeting(self) -> bytes:
        """It says nothing unasked."""
        return b""

    def requests(self, heard: bytes) -> Iterator[bytes]:
        """Yield lines."""
        yield from heard.split(b"\r\n")

    def answer(self, request: bytes) -> bytes:
        """Commands are said back; a number, a colon and a count ask for reads."""
        text = request.decode("ascii", "replace")
        first, colon, count = text.partition(":")
        if colon and first.isdigit() and count.isdigit():
            self.again(int(first), int(first) + int(count) - 1)
            return b"\r\n"
        if text.startswith("SETPUSHPASSINGS;1"):
            self.pushing = True
        if text == "PASSINGS":
            text = f"PASSINGS;{len(self.log)};1"
        if text in ("GETSTATUS", "GETTIME"):
            wall = self.wall
            shown = f"{wall:%Y-%m-%d};{wall:%H:%M:%S}.{wall.microsecond // 1000:03d}" if wall else ";"
            text += f";{shown}" + (f";0;11110000;1;1;0;;1;{self.battery}" if text == "GETSTATUS" else "")
        return f"{text}\r\n".encode()

    def _record(self, number: int) -> str:
        read = self.log[number - 1]
        clock = wall_clock(read.local_ms)
        time = f"{clock:%H:%M:%S}.{clock.microsecond // 1000:03d}"
        return f"{number};{read.chip};{clock:%Y-%m-%d};{time};0;9;-58;;0;;;0;;;;0;;1;1;{self.mat.name}"

    def live(self, number: int) -> bytes:
        """Return a passing as it is pushed."""
        return f"#P;{self._record(number)}\r\n".encode()

    def kept(self, number: int) -> bytes:
        """Return a passing of a block."""
        return f"{self._record(number)}\r\n".encode()


class Ultra(Box):
    """Twelve fields a read, pushed unasked; `6 0 0 first CR last CR` asks for reads of the log."""

    def greeting(self) -> bytes:
        """Its banner, and how many volts it has."""
        self.pushing = True
        return f"1,Connected,{self.mat.name}\r\nV={11 + self.battery / 50:.1f}\r\n".encode()

    def requests(self, heard: bytes) -> Iterator[bytes]:
        """Yield one letter, or an order to rewind as a whole."""
        while heard:
            if not heard.startswith(b"6"):
                yield heard[:1]
                heard = heard[1:]
            elif heard.count(b"\r") >= 2:
                first, last, rest = heard.split(b"\r", 2)
                yield first + b"\r" + last
                heard = rest
            else:
                break
        yield heard

    def answer(self, request: bytes) -> bytes:
        """A question mark asks how it is, an r what its clock shows."""
        if request.startswith(b"6\0\0"):
            first, last = request[3:].split(b"\r")
            self.again(int(first), int(last))
            return b""
        if request == b"r" and (wall := self.wall) is not None:
            return f"{wall:%H:%M:%S} {wall:%d-%m-%Y}\r\n".encode()
        return b"S=READING,ANTENNAS=1111\r\n" if request == b"?" else b""

    def _record(self, number: int, rewound: int) -> bytes:
        read = self.log[number - 1]
        seconds, millis = divmod(read.local_ms - _ULTRA_EPOCH_S * 1000, 1000)
        return f"0,{read.chip},{seconds},{millis},1,-56,{rewound},1,21,0000000000000000,0,{number}\r\n".encode()

    def live(self, number: int) -> bytes:
        """Return a read that is new."""
        return self._record(number, 0)

    def kept(self, number: int) -> bytes:
        """Return a read out of the log."""
        return self._record(number, 1)


BOXES: dict[str, type[Box]] = {"raceresult": RaceResult, "ultra": Ultra}
