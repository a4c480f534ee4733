"""A body is complete, exactly as announced and within every limit, or the application never hears of it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from config.door.bodies import Announced, Bodies, Gone, announced
from config.door.limits import limits
from results.streaming.asgi import Refusal

LIMITS = replace(limits(1000, 100), idle=60.0, memory=10, spool=1500, bodies=2, bodies_per_address=1)
DELIVERIES = "/api/v1/timing/deliveries/"


def arriving(*pieces: bytes | None) -> Callable[[], Any]:
    """A `receive` that gives these pieces; None is the client leaving, and after the last it waits for ever."""
    queue = list(pieces)

    async def receive() -> dict[str, Any]:
        if not queue:
            await asyncio.Event().wait()
        piece = queue.pop(0)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece.rstrip(b"."), "more_body": piece.endswith(b".")}

    return receive


def scope(path: str = "/", length: int | None = None, address: str = "198.51.100.7") -> dict[str, Any]:
    headers = [(b"transfer-encoding", b"chunked")] if length is None else [(b"content-length", str(length).encode())]
    return {"path": path, "headers": headers, "client": (address, 1)}


async def taken(bodies: Bodies, request: dict[str, Any], receive: Callable[[], Any]) -> Any:
    """The body that reached the application, or the code of the refusal, or "gone"."""
    try:
        async with bodies.take(request, receive, bodies.limits.route(request["path"])) as body:
            return body.file.read(), body.size
    except Refusal as refusal:
        return refusal.status, refusal.code
    except Gone:
        return "gone"


@pytest.mark.parametrize(
    ("request_scope", "pieces", "result"),
    [
        (scope(length=7), [b"abc.", b"defg"], (b"abcdefg", 7)),
        (scope(length=None), [b"abc.", b".", b"defg.", b""], (b"abcdefg", 7)),
        (scope(length=0), [b""], (b"", 0)),
        (scope(length=8), [b"abc.", b"defg"], (400, "body_length")),
        (scope(length=6), [b"abc.", b"defg."], (400, "body_length")),
        (scope(length=7), [b"abc.", None], "gone"),
        (scope(length=None), [b"abc.", None], "gone"),
        (scope(length=101), [], (413, "too_large")),
        (scope(length=None), [b"x" * 60 + b".", b"x" * 41 + b"."], (413, "too_large")),
        (scope(DELIVERIES, length=None), [b"x" * 1000], (b"x" * 1000, 1000)),
        (scope(DELIVERIES, length=1001), [], (413, "too_large")),
    ],
)
def test_a_body_is_whole_or_refused(request_scope: dict[str, Any], pieces: list[bytes | None], result: object) -> None:
    bodies = Bodies(LIMITS, None)
    assert asyncio.run(taken(bodies, request_scope, arriving(*pieces))) == result
    assert (bodies.arriving, dict(bodies.per_address), bodies.spooled) == (0, {}, 0)


@pytest.mark.parametrize(
    ("headers", "result"),
    [
        ([], Announced(False, 0)),
        ([(b"content-length", b"5")], Announced(True, 5)),
        ([(b"content-length", b"5"), (b"content-length", b"5")], Announced(True, 5)),
        ([(b"transfer-encoding", b"chunked")], Announced(True, None)),
        ([(b"content-length", b"5"), (b"content-length", b"6")], 400),
        ([(b"content-length", b"5"), (b"transfer-encoding", b"chunked")], 400),
        ([(b"content-length", b"-5")], 400),
    ],
)
def test_an_announcement_means_one_thing_or_nothing(headers: list[tuple[bytes, bytes]], result: object) -> None:
    try:
        told: object = announced(headers)
    except Refusal as refusal:
        told = refusal.status
    assert told == result


def test_all_bodies_together_have_a_limit() -> None:
    async def fill() -> list[Any]:
        bodies = Bodies(replace(LIMITS, bodies_per_address=9), None)
        route = bodies.limits.route(DELIVERIES)
        async with bodies.take(scope(DELIVERIES, 1000), arriving(b"x" * 1000), route):
            second = await taken(bodies, scope(DELIVERIES, 501), arriving(b"x" * 501))
            third = await taken(bodies, scope(DELIVERIES, 500), arriving(b"x" * 500))
        return [second, third[1], bodies.spooled]

    assert asyncio.run(fill()) == [(503, "busy"), 500, 0]


def test_places_are_limited_by_address_and_in_all() -> None:
    async def crowd() -> list[Any]:
        bodies = Bodies(LIMITS, None)
        slow = [asyncio.create_task(taken(bodies, scope(length=5, address=a), arriving(b"x."))) for a in ("a", "b")]
        await asyncio.sleep(0)
        told = [
            await taken(bodies, scope(length=1, address="a"), arriving(b"x")),
            await taken(bodies, scope(length=1, address="c"), arriving(b"x")),
        ]
        bodies.close()
        told += [await task for task in slow]
        return [*told, await taken(bodies, scope(length=1, address="d"), arriving(b"x"))]

    assert asyncio.run(crowd()) == [(503, "busy")] * 5


@pytest.mark.parametrize("drop", [b"", b"x"])
def test_a_body_that_drips_for_ever_comes_to_an_end(drop: bytes) -> None:
    """Empty pieces are no progress (idle deadline); one byte at a time is, and meets the total deadline."""

    async def drip() -> Any:
        bodies = Bodies(replace(LIMITS, idle=0.05), None)
        route = replace(bodies.limits.route("/"), total=0.1)

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0.005)
            return {"type": "http.request", "body": drop, "more_body": True}

        try:
            async with bodies.take(scope(length=99), receive, route):
                return "taken"
        except Refusal as refusal:
            return refusal.status, refusal.code, bodies.spooled

    assert asyncio.run(drip()) == (408, "body_timeout", 0)


@pytest.mark.parametrize("pieces", [(), (b"x.",)])
def test_a_body_that_stops_is_not_waited_for_until_the_end(pieces: tuple[bytes, ...]) -> None:
    async def stop() -> Any:
        async with asyncio.timeout(20):  # the total deadline of the path is 60 s
            return await taken(Bodies(replace(LIMITS, idle=0.05), None), scope(length=9), arriving(*pieces))

    assert asyncio.run(stop()) == (408, "body_timeout")


def test_a_full_disk_is_the_servers_trouble_not_the_senders(tmp_path: Any) -> None:
    bodies = Bodies(LIMITS, str(tmp_path / "missing"))
    assert asyncio.run(taken(bodies, scope(length=50), arriving(b"x" * 50))) == (503, "busy")
    assert bodies.spooled == 0
