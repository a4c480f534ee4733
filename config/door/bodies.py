"""A request's body, taken whole into a file before a thread is asked for.

Under a2wsgi alone a body that was cut off looks like one that ended, and eight peers that send ten bytes and wait hold
all eight threads. Here a body is either complete, exactly as long as announced, or the application never hears of it.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import IO

from config.door.limits import Limits, Route
from results.streaming.asgi import Headers, Receive, Refusal, Scope, client_address


class Gone(Exception):
    """The client left in the middle of its body: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What the headers say of the body: its length (None when it is chunked), or that there is none."""

    present: bool
    length: int | None


@dataclass(slots=True)
class Body:
    """A complete body: a file at its start, and how long it is. `announced` is False for a request without one."""

    file: IO[bytes]
    size: int
    announced: bool


def announced(headers: Headers) -> Announced:
    """Read the announcement. Raises Refusal (400) for one that two servers could read in two ways."""
    lengths = {value for name, value in headers if name == b"content-length"}
    chunked = any(name == b"transfer-encoding" for name, _ in headers)
    if len(lengths) > 1 or (lengths and chunked) or not all(value.isdigit() for value in lengths):
        raise Refusal(
            400, "body_length", "请求体长度的声明不明确。", "The length of the body is announced ambiguously."
        )
    if chunked:
        return Announced(True, None)
    length = int(lengths.pop()) if lengths else 0
    return Announced(bool(length), length)


class Bodies:
    """Where all bodies arrive: counted by number, by address and by bytes."""

    def __init__(self, limits: Limits, directory: str | None) -> None:
        self.limits, self.directory = limits, directory
        self.arriving = 0
        self.per_address: Counter[str] = Counter()
        self.spooled = 0
        self.closing = False
        self._deadlines: set[asyncio.Timeout] = set()

    def close(self) -> None:
        """Wait for no body any longer: each one that is still arriving is refused now."""
        self.closing = True
        for deadline in self._deadlines:
            deadline.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def take(self, scope: Scope, receive: Receive, route: Route) -> AsyncIterator[Body]:
        """The whole body, for as long as the block lasts. Raises Refusal or Gone when it cannot be had."""
        about = announced(scope["headers"])
        if about.length is not None and about.length > route.body:
            raise too_large(route)
        with tempfile.SpooledTemporaryFile(self.limits.memory, dir=self.directory) as file:
            body = Body(file, 0, about.present)
            try:
                if about.present:
                    with self._place(client_address(scope)):
                        await self._fill(body, receive, route, about)
                    file.seek(0)
                yield body
            finally:
                self.spooled -= body.size

    @contextmanager
    def _place(self, address: str) -> Iterator[None]:
        crowded = address and self.per_address[address] >= self.limits.bodies_per_address
        if self.closing or crowded or self.arriving >= self.limits.bodies:
            raise busy()
        self.arriving += 1
        self.per_address[address] += 1
        try:
            yield
        finally:
            self.arriving -= 1
            self.per_address[address] -= 1
            if not self.per_address[address]:
                del self.per_address[address]

    async def _fill(self, body: Body, receive: Receive, route: Route, about: Announced) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + route.total
        deadline = asyncio.timeout_at(min(clock() + self.limits.idle, end))
        self._deadlines.add(deadline)
        try:
            async with deadline:
                more = True
                while more:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise Gone
                    chunk, more = message.get("body", b""), message.get("more_body", False)
                    self._write(body, chunk, route, about)
                    if chunk and not self.closing:
                        deadline.reschedule(min(clock() + self.limits.idle, end))
        except TimeoutError:
            raise (busy() if self.closing else late()) from None
        finally:
            self._deadlines.discard(deadline)
        if about.length is not None and body.size != about.length:
            raise wrong_length()

    def _write(self, body: Body, chunk: bytes, route: Route, about: Announced) -> None:
        size = body.size + len(chunk)
        if about.length is not None and size > about.length:
            raise wrong_length()
        if size > route.body:
            raise too_large(route)
        if self.spooled + len(chunk) > self.limits.spool:
            raise busy()
        body.size = size
        self.spooled += len(chunk)
        try:
            body.file.write(chunk)
        except OSError as error:  # the disk is full: the sender keeps its data and comes again
            raise busy() from error


def too_large(route: Route) -> Refusal:
    """The body is, or would be, larger than the path takes."""
    size = f"{route.body:,}"
    return Refusal(
        413, "too_large", f"请求体超过上限（{size} 字节）。", f"The body is larger than the limit ({size} bytes)."
    )


def wrong_length() -> Refusal:
    """The body is not what its header announced; nothing of it was used."""
    return Refusal(400, "body_length", "请求体长度与声明不符。", "The body is not as long as announced.")


def late() -> Refusal:
    """The body stopped arriving."""
    return Refusal(
        408, "body_timeout", "等待请求体超时，内容未被采用。", "The body did not arrive in time; nothing was used."
    )


def busy() -> Refusal:
    """There is no room now; the sender keeps what it has and tries again."""
    return Refusal(503, "busy", "服务器繁忙，请稍后重试。", "The server is busy; try again shortly.", retry_after=2)
