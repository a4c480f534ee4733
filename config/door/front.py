"""The front door's only decision: the stream and held boards go to the hub, everything else to the gate."""

import asyncio
import re
import signal
import threading
from types import FrameType
from typing import Any
from urllib.parse import parse_qs

from config.door.gate import Gate, WSGIApplication
from config.door.limits import Limits
from results.stream import Hub
from results.streaming.asgi import Receive, Refusal, Scope, Send, answer, language, refusal_headers

STREAM = "/live/stream"
BOARD = re.compile(r"/api/v1/races/([-a-zA-Z0-9_]+)/board/\Z")
DJANGO_ONLY = {"at", "format"}  # a board at a revision, or in another format, is not held


class FrontDoor:
    """The ASGI application."""

    def __init__(self, wsgi: WSGIApplication, hub: Hub, limits: Limits, directory: str | None = None) -> None:
        self.hub = hub
        self.gate = Gate(wsgi, limits, directory)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one connection by its kind, method and path."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["path"] == STREAM:
            await self._stream(scope, receive, send)
        elif (slug := self._held_board(scope)) is not None:
            await self.hub.board(scope, send, slug)
        else:
            await self.gate(scope, receive, send)

    def close(self) -> None:
        """End all that would keep the server from ending: streams, arriving bodies, readers that do not read."""
        self.hub.close()
        self.gate.close()

    def _held_board(self, scope: Scope) -> str | None:
        match = BOARD.match(scope["path"]) if scope["method"] in ("GET", "HEAD") else None
        if match is None or not self.hub.holds(match[1]):
            return None
        asked = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return None if DJANGO_ONLY & asked.keys() else match[1]

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.hub.stream(scope, receive, send)
        except Refusal as refusal:
            body = refusal.body(language(scope))
            await answer(scope, send, refusal.status, refusal_headers(refusal, len(body)), body)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self.hub.start()
        self._close_on_signal()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.hub.stop()
        await send({"type": "lifespan.shutdown.complete"})

    def _close_on_signal(self) -> None:
        """Hear SIGTERM and SIGINT before the server does: it announces its end only after all connections have ended,
        and a stream never ends by itself."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            servers = signal.getsignal(number)
            if callable(servers):
                signal.signal(number, self._then(loop, servers))

    def _then(self, loop: asyncio.AbstractEventLoop, servers: Any) -> Any:
        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.close)
            servers(number, frame)

        return handle
