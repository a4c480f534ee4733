"""The gate in front of Django's WSGI handler (a2wsgi): spool, admit, call, and let the thread go."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from a2wsgi import WSGIMiddleware

from config.door.bodies import Bodies, Body, Gone, busy
from config.door.limits import Limits, Route
from config.door.outflow import Held, Outflow
from results.streaming.asgi import Headers, Message, Receive, Refusal, Scope, Send, language, refusal_headers

logger = logging.getLogger(__name__)

WSGIApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]

BODY = "door.body"  # the key under which the complete body travels in the scope
LINGER_S, LINGER_BYTES = 1.0, 1024 * 1024
FAREWELL_S = 2.0  # for readers, when the server ends


class Gate:
    """An ASGI application for HTTP requests only."""

    def __init__(self, wsgi: WSGIApplication, limits: Limits, directory: str | None = None) -> None:
        """`directory` is where large bodies wait; None leaves it to the system's temporary directory."""
        self.limits = limits
        self.bodies = Bodies(limits, directory)
        self.held = Held()
        self.waiting = 0
        self._threads = asyncio.Semaphore(limits.threads)
        middleware: Any = WSGIMiddleware  # its types know neither our scope nor a mapping that is one
        self._call = middleware(reading_spooled_body(wsgi), workers=limits.threads)

    def close(self) -> None:
        """The server ends: refuse the bodies that are still arriving, hurry the slow readers, finish what runs."""
        self.bodies.close()
        self.held.hurry(FAREWELL_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it before it costs a thread."""
        route = self.limits.route(scope["path"])
        taken = False
        try:
            async with self.bodies.take(scope, receive, route) as body:
                taken = True
                outflow = Outflow(send, self.limits, self.held)
                await self._run(inner_scope(scope, body), route, outflow)
            await outflow.finish()
        except Gone:
            return
        except Refusal as refusal:
            await refuse(scope, receive, send, refusal, unread=not taken and not self.bodies.closing)

    async def _run(self, scope: Scope, route: Route, outflow: Outflow) -> None:
        if self.waiting >= route.waiting:
            raise busy()
        self.waiting += 1
        try:
            await self._threads.acquire()
        finally:
            self.waiting -= 1
        try:
            await self._call(scope, no_more, outflow.put)
        except Exception:
            if not outflow.complete:
                outflow.abandon()
                raise
            # What was said is true, so it is still delivered; only the tidying up after it failed.
            logger.exception("the application failed after its answer")
        finally:
            self._threads.release()


def reading_spooled_body(wsgi: WSGIApplication) -> WSGIApplication:
    """The application, reading the complete body from its file in its own thread rather than piece by piece
    through the event loop."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input"] = environ["asgi.scope"][BODY]
        return wsgi(environ, start_response)

    return call


def inner_scope(scope: Scope, body: Body) -> Scope:
    """The request as the application sees it: honest header names and the length that was counted.

    WSGI spells `X-Real-Ip` and `X_Real_Ip` alike, so a name with an underscore would pass for a proxy's header. Without
    a length a chunked body would be empty for Django.
    """
    headers: Headers = [
        (name, value)
        for name, value in scope["headers"]
        if b"_" not in name and name not in (b"content-length", b"transfer-encoding")
    ]
    if body.announced:
        headers.append((b"content-length", str(body.size).encode()))
    return {**scope, "headers": headers, BODY: body.file}


async def no_more() -> Message:
    """What is left to receive of a request whose body was taken."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal, *, unread: bool) -> None:
    """Say no. A peer that is still sending is listened to for a moment: closing on unread data resets the connection,
    and the reset would overtake the answer."""
    body = refusal.body(language(scope))
    headers = refusal_headers(refusal, len(body))
    if unread:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": unread})
    if unread:
        await _drain(receive)
        await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive) -> None:
    room = LINGER_BYTES
    try:
        async with asyncio.timeout(LINGER_S):
            while room > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                room -= len(message.get("body", b""))
    except TimeoutError:
        return
