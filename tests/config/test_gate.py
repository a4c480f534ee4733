"""What the gate says and when, without a server around it."""

import asyncio
from typing import Any

from config.door.front import FrontDoor
from config.door.gate import LINGER_BYTES, Gate, refuse
from config.door.limits import limits
from results.stream import Hub
from results.streaming.asgi import Refusal

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/",
    "query_string": b"",
    "http_version": "1.1",
    "headers": [(b"accept-language", b"en"), (b"content-length", b"4")],
    "client": ("198.51.100.7", 1),
    "server": ("127.0.0.1", 80),
}


def refused(pieces: int, size: int, *, unread: bool) -> list[str]:
    """What happens, in order, while a peer that has so many pieces left to send is refused."""
    seen: list[str] = []

    async def receive() -> dict[str, Any]:
        seen.append("read")
        return {"type": "http.request", "body": b"x" * size, "more_body": seen.count("read") < pieces}

    async def send(message: Any) -> None:
        more = message.get("more_body", False)
        seen.append(f"say {message['status']}" if "status" in message else "tell" if more else "end")

    asyncio.run(refuse(SCOPE, receive, send, Refusal(413, "too_large", "过大", "large"), unread=unread))
    return seen


def test_a_peer_that_still_sends_is_listened_to_after_the_answer() -> None:
    assert refused(3, 10, unread=True) == ["say 413", "tell", "read", "read", "read", "end"]
    assert refused(9, LINGER_BYTES // 2, unread=True) == ["say 413", "tell", "read", "read", "end"]
    assert refused(9, 10, unread=False) == ["say 413", "end"]


def answered(wsgi: Any) -> list[bytes]:
    """The body that a slow reader was given by an application, with b"fault" if the server was told of one."""
    given: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"body", "more_body": False}

    async def send(message: Any) -> None:
        await asyncio.sleep(0.05)
        given.append(message.get("body", b""))

    async def ask() -> None:
        try:
            await Gate(wsgi, limits(1000, 100))(SCOPE, receive, send)
        except RuntimeError:
            given.append(b"fault")

    asyncio.run(ask())
    return given


class Answer:
    """An answer in two pieces, the second of which fails, or which fails when it is tidied up."""

    def __init__(self, *, early: bool) -> None:
        self.early = early

    def __call__(self, environ: Any, start_response: Any) -> "Answer":
        start_response("200 OK", [("Content-Length", "8")])
        return self

    def __iter__(self) -> Any:
        yield b"half"
        if self.early:
            raise RuntimeError("in the middle")
        yield b"half"

    def close(self) -> None:
        if not self.early:
            raise RuntimeError("after the answer")


def test_a_whole_answer_is_given_though_tidying_up_fails() -> None:
    assert answered(Answer(early=False)) == [b"", b"half", b"half", b""]


def test_half_an_answer_is_not_passed_off_as_a_whole_one() -> None:
    given = answered(Answer(early=True))
    assert (given[-1], given.count(b"half") < 2) == (b"fault", True)


def test_a_web_socket_is_turned_away() -> None:
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message)

    async def knock() -> None:
        door = FrontDoor(Answer(early=False), Hub("unix:///nonexistent"), limits(1000, 100))
        await door({"type": "websocket", "path": "/live/stream"}, receive, send)

    asyncio.run(knock())
    assert said == [{"type": "websocket.close", "code": 1008}]
