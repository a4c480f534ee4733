"""The entry rush: more riders at once than there are places, over real HTTP, and what the database says afterwards.

Every attempt is a whole form of another made-up rider, sent to the real front door as the demo runs it, one process a
core; the riders' own machines are this process, on the same cores. Who is told to come back later comes back with the same
key. After it the same once more without the guard, in the same database without its constraint: that one must sell too many.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import orjson
from django.db import connection

from bench.figures import percentile
from bench.place import child, free_port, listens, ready
from race import regulations
from race.models import Category, Edition, Entry
from tests import entering

WEB = 2  # processes, of 8 threads each
CATEGORIES = 5
SHARES = (15, 12, 31, 19, 23)  # percent of the places, as at the Open
#: The whole of a form but for the rider; the same length for all.
HEAD = (
    "POST /api/v1/registrations/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Idempotency-Key: {key}\r\nContent-Length: {length}\r\n\r\n"
)
LATER = (429, 503)


@dataclass
class Attempt(asyncio.Protocol):
    """One rider's browser: sends the form, hears the answer, and tries again when told to."""

    request: bytes
    done: asyncio.Future[None]
    status: int = 0
    answer: dict[str, Any] = field(default_factory=dict)
    sent: float = 0.0
    took: float = 0.0
    retries: int = 0
    heard: bytes = b""
    transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self) -> None:
        """Send the form, the first time or again."""
        self.sent = self.sent or time.perf_counter()
        self.heard = b""
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.heard += data
        head, found, body = self.heard.partition(b"\r\n\r\n")
        if not found:
            return
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(body) < int(headers[b"content-length"]):
            return
        self.status = int(head[9:12])
        if self.status in LATER:
            self.retries += 1
            asyncio.get_running_loop().call_later(float(headers.get(b"retry-after", b"1")), self.send)
            return
        self.answer, self.took = orjson.loads(body), time.perf_counter() - self.sent
        self.transport.close()
        if not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)  # no answer


def stage(places: int, slug: str) -> Edition:
    """An edition whose entries are open, with as many places in five categories."""
    made = entering.open_entries(0, slug=slug)
    first, sizes = made.category, [places * share // 100 for share in SHARES]
    sizes[0] += places - sum(sizes)
    for number, size in enumerate(sizes):
        if number:
            first.pk, first.code = None, f"M{number}"
            first._state.adding = True
            first.save()
        Category.objects.filter(pk=first.pk).update(capacity=size)
    regulations.current(made.edition)
    return made.edition


def forms(edition: Edition, attempts: int) -> list[bytes]:
    """The requests, each of another rider, the categories in turn and as often as they have places."""
    codes = list(Category.objects.filter(race__edition=edition).order_by("pk").values_list("code", flat=True))
    turns = [code for code, share in zip(codes, SHARES, strict=True) for _time in range(share)]
    version = regulations.current(edition).version
    return [form(edition.slug, number, turns[number * 37 % 100], version) for number in range(attempts)]


def form(edition: str, number: int, code: str, version: int) -> bytes:
    """One rider's request."""
    name = "王李张刘陈杨赵黄周吴"[number % 10] + "骑行"[number // 10 % 2] + chr(0x4E00 + number)
    born = date(1970, 1, 1) + timedelta(days=number)
    private = {"emergency_name": "家人", "emergency_phone": "13800000000", "email": f"r{number}@example.org"}
    body = orjson.dumps(
        {
            "edition": edition, "categories": [code], "language": "zh-hans",
            "person": {
                "identity_kind": "resident", "identity_number": entering.resident_number(name, born), "name_zh": name,
                "region_code": "410000", "private": private,
            },
            "contact": {"name": name, "email": private["email"]}, "signature": {"signer": name, "version": version},
        }
    )  # fmt: skip
    return HEAD.format(key=f"rush-{number}", length=len(body)).encode() + body


async def rush(requests: Sequence[bytes], ports: Sequence[int]) -> tuple[list[Attempt], float]:
    """Everybody connects, then everybody sends at once. The attempts, and the seconds until the last has its answer."""
    loop = asyncio.get_running_loop()
    attempts = [Attempt(request, loop.create_future()) for request in requests]
    room = asyncio.Semaphore(200)  # of connections being made: a listening socket has only so much patience

    async def connect(number: int) -> None:
        async with room:
            await loop.create_connection(lambda: attempts[number], "127.0.0.1", ports[number % len(ports)])

    await asyncio.gather(*(connect(number) for number in range(len(attempts))))
    began = time.perf_counter()
    for attempt in attempts:
        attempt.send()
    await asyncio.gather(*(attempt.done for attempt in attempts))
    return attempts, time.perf_counter() - began


@contextmanager
def servers(application: str, count: int = WEB) -> Iterator[list[int]]:
    """Web processes as the demo starts them; their ports."""
    os.environ["ENTRIES_PER_ADDRESS"] = str(10**9)  # everybody here has one address
    ports = [free_port() for _ in range(count)]
    with ExitStack() as stack:
        for number, port in enumerate(ports):
            server = ("-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port), "--no-access-log")
            part = stack.enter_context(child(f"web{number}", *server, "--log-level", "warning"))
            ready(part, lambda port=port: listens(port))  # type: ignore[misc]
        yield ports


def sold(edition: Edition) -> int:
    """The places that somebody has."""
    return Entry.objects.filter(edition=edition, state__in=Entry.PLACED).count()


def lost(edition: Edition, attempts: Sequence[Attempt]) -> int:
    """Answers that say what the database does not know, and entries that nobody was told of."""
    stored = dict(Entry.objects.filter(edition=edition).values_list("pk", "state"))
    told = {row["id"]: row["state"] for one in attempts if one.status == 201 for row in one.answer["entries"]}
    return len(set(told.items()) ^ set(stored.items()))


def without_guard(attempts: int, places: int) -> int:
    """The same rush with nothing that keeps count: how many places were sold."""
    edition = stage(places, "unguarded")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE race_category DROP CONSTRAINT no_place_sold_twice")
    os.environ["GUARD"] = "off"
    try:
        with servers("bench.unguarded:application") as ports:
            asyncio.run(rush(forms(edition, attempts), ports))
        return sold(edition)
    finally:
        del os.environ["GUARD"]
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE race_category ADD CONSTRAINT no_place_sold_twice CHECK (taken <= capacity)")


def figures(attempts: int = 5000, places: int = 1200) -> dict[str, Any]:
    """What was sold, what was lost, and how fast; and what is sold without the guard."""
    edition = stage(places, "rush")
    with servers("config.asgi:application") as ports:
        asyncio.run(rush(forms(edition, 0) or [warm(edition)] * WEB, ports))
        made, spent = asyncio.run(rush(forms(edition, attempts), ports))
    times = [one.took * 1000 for one in made if one.took]
    return {
        "attempts": attempts,
        "places": places,
        "sold": sold(edition),
        "holds_lost": lost(edition, made),
        "attempts_per_s": round(attempts / spent),
        "answered": sum(one.status == 201 for one in made),
        "came_back_later": sum(one.retries for one in made),
        "p50_ms": round(percentile(times, 50)),
        "p99_ms": round(percentile(times, 99)),
        "guard_off_sold": without_guard(attempts, places),
    }


def warm(edition: Edition) -> bytes:
    """A form that is refused: it loads what a process loads once."""
    return form(edition.slug, 0, "none", 0)
