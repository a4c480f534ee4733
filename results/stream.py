"""The live stream hub: boards and their changes to every spectator, from memory.

One hub a web process, one subscription a hub. A message of the channel `live` is only a doorbell: the hub reads the
board it announces, makes it the held one and sends the deltas that lead to it, or the board itself where they do not
connect. What it has sent and what it holds are therefore always the same revision, and a newcomer can be given either.

Rules a client may rely on:
* a `board` event replaces everything, whatever its revision; a `delta` whose `to` is not above the client's revision is
  ignored, and one whose `from` is not the client's revision means: fetch the board;
* `?races=a,b` names the races. Unknown ones are ignored (their board is sent when it appears) as long as one is known;
  if none is, the answer is 404, or 503 while the hub has not yet been able to ask Redis;
* what a client has, it says in `Last-Event-ID` or else `?last=slug:revision,...` (after fetching the boards);
* a reader that does not keep up is cut; it comes back with `Last-Event-ID` and loses nothing.
"""

import asyncio
import logging
import random
import time
from collections import Counter, OrderedDict
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from redis.exceptions import RedisError

from results.streaming import boards, sse
from results.streaming.asgi import (
    PUBLIC_HEADERS,
    Receive,
    Refusal,
    Scope,
    Send,
    answer,
    client_address,
    hang_up,
    header,
    narrow,
)
from results.streaming.clients import Client
from results.streaming.doorbell import PULSE, Doorbell, ring
from results.streaming.feed import Board, Delta, Feed, Step

logger = logging.getLogger(__name__)

# What reading Redis can end with: it is away, or what it holds is not what `results.live` writes.
UNREADABLE = (RedisError, OSError, TimeoutError, ValueError)


@dataclass(frozen=True, slots=True)
class Pace:
    """Limits and rhythms of a hub; seconds unless named otherwise."""

    clients: int = 6000
    clients_per_address: int = 1000  # one address can be a whole venue behind its Wi-Fi
    frame: float = 0.1  # at most one write a race in this time
    pulse: float = 5.0
    reconcile: float = 5.0  # how often what is held is compared with Redis
    heartbeat: float = 15.0
    silence: float = 15.0  # a subscription that says nothing for this long, not even to a ping, is dead
    backoff: float = 5.0  # longest wait between two attempts to reach Redis
    retry_ms: tuple[int, int] = (1000, 4000)  # spread, so that all do not come back in one instant
    send_buffer: int = 128 * 1024  # bytes the kernel keeps for a reader that is behind
    farewell: float = 1.0  # a stream that has not ended this long after being told to is dropped


class Hub:
    """Everything a web process knows of the live boards, and everybody who watches them."""

    def __init__(self, redis_url: str, pace: Pace | None = None) -> None:
        self.url, self.pace = redis_url, pace or Pace()
        self.feeds: dict[str, Feed] = {}
        self.revisions: OrderedDict[str, int] = OrderedDict()  # as sent; the race that moved last is last
        self.clients: dict[Client, Send] = {}
        self.followers: dict[str, set[Client]] = {}
        self.per_address: Counter[str] = Counter()
        self.loaded = False
        self.closing = False
        self.cut = 0
        self._bell: Doorbell | None = None
        self._flushing: set[str] = set()
        self._rung: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_pulse = float("-inf")

    # --- life -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to listen; call inside the running loop."""
        self._spawn(self._run())
        self._spawn(self._compare())
        self._spawn(self._beat())

    def close(self) -> None:
        """End every stream at once, each with its own moment to come back. Safe to call twice."""
        self.closing = True
        for client in self.clients:
            client.finish()
        asyncio.get_running_loop().call_later(self.pace.farewell, self._drop, list(self.clients))

    async def stop(self) -> None:
        """Let go of Redis and of every task."""
        self.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            logger.error("live stream: a task failed", exc_info=fault)

    # --- HTTP -------------------------------------------------------------------------------------------------------

    def holds(self, slug: str) -> bool:
        """Whether the board of that race can be answered from memory."""
        return slug in self.feeds

    async def board(self, scope: Scope, send: Send, slug: str) -> None:
        """`GET|HEAD races/{slug}/board/` for a board that is held."""
        encodings = header(scope, b"accept-encoding")
        reply = boards.answer(self.feeds[slug].board, header(scope, b"if-none-match"), encodings)
        await answer(scope, send, *reply)

    async def stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /live/stream`: raises Refusal, or answers until the client goes, is cut, or the server ends."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        races = sse.asked(",".join(query.get("races", [])))
        self._admit(scope, races)
        start = {"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS}
        if scope["method"] == "HEAD":
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        held = sse.held(header(scope, b"last-event-id") or ",".join(query.get("last", [])))
        client = Client(races, client_address(scope))
        watch = asyncio.create_task(_gone(receive, client))
        welcome = self._enter(client, send, held)
        try:
            narrow(send, self.pace.send_buffer)
            await send(start)
            for block in welcome:
                await send({"type": "http.response.body", "body": block, "more_body": True})
            while block := await client.take():
                await send({"type": "http.response.body", "body": block, "more_body": True})
            await send({"type": "http.response.body", "body": sse.retry(self._retry())})
        finally:
            watch.cancel()
            self._leave(client)

    def _admit(self, scope: Scope, races: tuple[str, ...]) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise Refusal(405, "method_not_allowed", "此地址只能读取。", "This address can only be read.")
        if self.closing or len(self.clients) >= self.pace.clients:
            raise _full(self._retry())
        if self.per_address[client_address(scope)] >= self.pace.clients_per_address:
            raise _full(self._retry())
        if not any(slug in self.feeds for slug in races):
            if not self.loaded:
                raise _full(self._retry())
            raise Refusal(404, "not_found", "没有这场比赛的实时成绩。", "There is no live board of such a race.")

    def _enter(self, client: Client, send: Send, held: dict[str, int]) -> list[bytes]:
        """Count the client in; the blocks that bring it to where all are. One step, so nothing falls in between."""
        self.clients[client] = send
        if client.address:
            self.per_address[client.address] += 1
        missed: list[bytes] = []
        for slug in client.races:
            self.followers.setdefault(slug, set()).add(client)
            if slug in self.feeds:
                missed += _missed(self.feeds[slug], held.get(slug))
        return [sse.retry(self._retry()), *sse.with_id(missed, sse.id_line(self.revisions))]

    def _leave(self, client: Client) -> None:
        client.finish()
        del self.clients[client]
        self.per_address[client.address] -= 1
        if self.per_address[client.address] <= 0:
            del self.per_address[client.address]
        for slug in client.races:
            self.followers[slug].discard(client)
            if not self.followers[slug]:
                del self.followers[slug]

    def _retry(self) -> int:
        return random.randint(*self.pace.retry_ms)

    # --- to spectators ----------------------------------------------------------------------------------------------

    def _send(self, clients: Iterable[Client], block: bytes) -> None:
        now = time.monotonic()
        slow = [client for client in clients if not client.put(block, now)]
        self.cut += len(slow)
        self._drop(slow)

    def _drop(self, clients: Iterable[Client]) -> None:
        for client in clients:
            if client in self.clients:
                client.finish()
                hang_up(self.clients[client])

    def _broadcast(self, slug: str, step: Step) -> None:
        """Send a step to the race's followers in one write; every block carries the id that is true after it."""
        if not step.whole and not step.deltas:
            return
        text = b""
        for revision, block in self._blocks(slug, step):
            self.revisions[slug] = revision
            self.revisions.move_to_end(slug)
            text += sse.id_line(self.revisions) + block
        self._send(self.followers.get(slug, ()), text)

    def _blocks(self, slug: str, step: Step) -> list[tuple[int, bytes]]:
        if step.whole:
            board = self.feeds[slug].board
            return [(board.revision, sse.block("board", board.json))]
        return [(delta.to, delta.block) for delta in step.deltas]

    # --- from Redis -------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Listen for ever; when Redis is lost, keep what is held and try again with growing, spread waits."""
        wait = 0.1
        while True:
            started = time.monotonic()
            bell = self._bell = Doorbell(self.url)
            try:
                await self._listen(bell)
            except UNREADABLE as error:
                logger.warning("live stream: Redis cannot be read, serving what is held: %r", error)
            except Exception:
                logger.exception("live stream: listening again after a fault of our own")
            finally:
                self._bell = None
                await bell.close()
            if time.monotonic() - started > self.pace.backoff:
                wait = 0.1
            await asyncio.sleep(wait * random.uniform(0.5, 1.5))
            wait = min(wait * 2, self.pace.backoff)

    async def _listen(self, bell: Doorbell) -> None:
        subscription = await bell.listen()
        try:
            await self._reconcile(bell)
            heard = time.monotonic()
            while True:
                message = await subscription.get_message(timeout=self.pace.silence / 3)
                if message is not None:
                    heard = time.monotonic()
                    self._hear(message)
                elif time.monotonic() - heard > self.pace.silence:
                    raise TimeoutError("the subscription answers no ping")
                else:
                    await subscription.ping()
        finally:
            await subscription.aclose()  # type: ignore[no-untyped-call]

    def _hear(self, message: dict[str, object]) -> None:
        data = message["data"]
        if message["type"] != "message" or not isinstance(data, bytes):
            return
        if message["channel"] == PULSE.encode():
            self._pulse(data)
            return
        try:
            rung = ring(data)
        except ValueError as error:
            logger.warning("live stream: a message that is none: %r", error)
            return
        feed = self.feeds.get(rung.race)
        if feed is not None and rung.delta is not None:
            feed.note([rung.delta])
        if feed is None or rung.to > feed.sent:
            self._flush_soon(rung.race)

    def _pulse(self, data: bytes) -> None:
        now = time.monotonic()
        if now - self._last_pulse >= self.pace.pulse:
            self._last_pulse = now
            self._send(self.clients, sse.block("pulse", data))

    def _flush_soon(self, slug: str) -> None:
        self._rung.add(slug)
        if slug not in self._flushing:
            self._flushing.add(slug)
            self._spawn(self._flush(slug))

    async def _flush(self, slug: str) -> None:
        """Bring a race up to date while its bell rings, one write in a `frame`; what came meanwhile goes together."""
        try:
            while slug in self._rung and self._bell is not None:
                self._rung.discard(slug)
                await self._refresh(self._bell, slug)
                await asyncio.sleep(self.pace.frame)
        except UNREADABLE as error:
            logger.warning("live stream: %s could not be read: %r", slug, error)
        finally:
            self._flushing.discard(slug)

    async def _refresh(self, bell: Doorbell, slug: str) -> None:
        """Hold and send what Redis has of a race if it is newer, or of another race of that name."""
        board = await bell.board(slug)
        feed = self.feeds.get(slug)
        if board is None:
            return
        if feed is None:
            self._begin(slug, board, await bell.deltas(slug))
            return
        if board.race != feed.board.race:
            self._broadcast(slug, feed.restart(board))
            return
        if board.revision <= feed.sent:
            return
        if feed.way_to(board.revision) is None:
            feed.note(await bell.deltas(slug))
        self._broadcast(slug, feed.advance(board))

    def _begin(self, slug: str, board: Board, deltas: Iterable[Delta]) -> None:
        if slug not in self.feeds:
            self.feeds[slug] = Feed(board)
            self.feeds[slug].backfill(deltas)
            self._broadcast(slug, Step(whole=True))

    async def _reconcile(self, bell: Doorbell) -> None:
        """Compare with Redis: the answer to lost messages, to new races, to Redis having been away or set back."""
        for slug, (revision, race) in (await bell.revisions()).items():
            feed = self.feeds.get(slug)
            if feed is None or race != feed.board.race or revision > feed.sent:
                await self._refresh(bell, slug)
            elif revision < feed.sent:  # lost with Redis, or with the record: a worker knows which
                await bell.tell_shown(race, feed.sent)
        self.loaded = True

    async def _compare(self) -> None:
        while True:
            await asyncio.sleep(self.pace.reconcile)
            try:
                if self._bell is not None and self.loaded:
                    await self._reconcile(self._bell)
            except UNREADABLE as error:
                logger.warning("live stream: boards could not be compared: %r", error)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.pace.heartbeat)
            self._send(self.clients, sse.HEARTBEAT)


STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
    *PUBLIC_HEADERS,
]


def _missed(feed: Feed, revision: int | None) -> list[bytes]:
    """The blocks that bring a client from that revision to what was sent last."""
    deltas = None if revision is None else feed.since(revision)
    return [sse.block("board", feed.board.json)] if deltas is None else [delta.block for delta in deltas]


def _full(retry_ms: int) -> Refusal:
    return Refusal(
        503,
        "unavailable",
        "实时连接暂时不可用，请改为定时读取成绩。",
        "No live connection is free now; poll the board instead.",
        retry_after=retry_ms // 1000 + 1,
    )


async def _gone(receive: Receive, client: Client) -> None:
    """End the client when its connection ends."""
    while (await receive())["type"] != "http.disconnect":
        continue
    client.finish()
