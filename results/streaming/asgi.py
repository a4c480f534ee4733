"""The raw ASGI words that the stream hub and the front door share: types, whole answers, refusals, hanging up."""

import json
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# What every answer made outside Django carries: it is data, never a page, a script or a frame.
DATA_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"same-origin"),
]
# Boards and their stream are public and read-only: any page may show them.
PUBLIC_HEADERS: Headers = [
    *DATA_HEADERS,
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Retry-After"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]


def header(scope: Scope, name: bytes) -> str:
    """The first header of that (lower-case) name, or an empty string."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def client_address(scope: Scope) -> str:
    """The client's address for counting, or "" where counting by address would punish the wrong one.

    A loopback or missing address is a proxy on this machine that names no client, or ourselves.
    """
    client = scope.get("client")
    host = str(client[0]) if client else ""
    return "" if host in ("127.0.0.1", "::1", "localhost") else host


def language(scope: Scope) -> str:
    """ "zh" or "en": the first of the two that the client accepts; the source language when it says nothing."""
    for part in header(scope, b"accept-language").lower().split(","):
        tag = part.split(";")[0].strip()
        if tag[:2] in ("zh", "en"):
            return tag[:2]
    return "zh"


class Refusal(Exception):
    """A request that gets no further, with what its sender is told.

    `status` and `code` are for programs, `zh` and `en` for people; `retry_after` is in seconds.
    """

    def __init__(self, status: int, code: str, zh: str, en: str, *, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.zh, self.en, self.retry_after = status, code, zh, en, retry_after

    def body(self, tongue: str) -> bytes:
        """The JSON of the API's one error shape."""
        kind = "server_error" if self.status >= 500 else "client_error"
        error = {"code": self.code, "detail": self.zh if tongue == "zh" else self.en, "attr": None}
        return json.dumps({"type": kind, "errors": [error]}, ensure_ascii=False).encode()


async def answer(scope: Scope, send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
    """One whole answer; HEAD and 304 get its headers only."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def refusal_headers(refusal: Refusal, length: int) -> Headers:
    """The headers of a refusal; never cached, and with the wait it asks for."""
    headers: Headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(length).encode()),
        (b"cache-control", b"no-store"),
        *DATA_HEADERS,
    ]
    if refusal.retry_after is not None:
        headers.append((b"retry-after", str(refusal.retry_after).encode()))
    return headers


def connection(send: Send) -> Any:
    """The transport below an ASGI `send`, or None where the server hides it.

    ASGI can neither reset a connection nor size its buffers, and both are needed against a peer that stops reading:
    a plain close waits for ever for the peer to take what was already written. uvicorn's `send` is a method of the
    object that holds the transport.
    """
    return getattr(getattr(send, "__self__", None), "transport", None)


def open_socket(send: Send) -> Any:
    """The socket below an ASGI `send`, or None where it is hidden or gone: a peer may have left while we were busy."""
    transport = connection(send)
    sock = transport.get_extra_info("socket") if transport is not None and not transport.is_closing() else None
    return sock if sock is not None and sock.fileno() >= 0 else None


def hang_up(send: Send) -> None:
    """Drop the connection now, with whatever the peer has not read: also what the kernel holds for it."""
    transport = connection(send)
    if transport is None:
        return
    sock = open_socket(send)
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def narrow(send: Send, size: int) -> None:
    """Let the kernel hold at most about `size` bytes for this peer (its default grows to megabytes for each)."""
    sock = open_socket(send)
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)


def give_up_after(send: Send, seconds: float) -> None:
    """Let the kernel drop a peer that has taken nothing for so long, also after the server has closed its side."""
    sock = open_socket(send)
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6) and hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
