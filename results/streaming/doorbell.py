"""What `results.live` leaves in Redis, read: boards, the deltas that led to them, and the two channels."""

import json
import logging
from dataclasses import dataclass
from typing import Any

import redis.asyncio
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from results.streaming import sse
from results.streaming.feed import Board, Delta

logger = logging.getLogger(__name__)

LIVE, PULSE = "live", "pulse"


@dataclass(frozen=True, slots=True)
class Ring:
    """One message of the channel `live`: the race has a newer board; `delta` is the short way to it, if any."""

    race: str
    to: int
    delta: Delta | None


def ring(message: bytes) -> Ring:
    """Read a message: a line of JSON, then the payload. Raises ValueError on anything else."""
    head, _, payload = message.partition(b"\n")
    try:
        about = json.loads(head)
        race, to = str(about["race"]), int(about["to"])
        if about["kind"] != "delta":
            return Ring(race, to, None)
        return Ring(race, to, Delta(int(about["from"]), to, sse.block("delta", payload)))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a message of the live channel: {head[:200]!r}") from error


class Doorbell:
    """The hub's connections to Redis. A command that fails raises at once: the hub decides when to try again."""

    def __init__(self, url: str) -> None:
        # The library's own silent reconnection would lose messages without our knowing.
        self.redis = redis.asyncio.from_url(
            url, retry=Retry(NoBackoff(), 0), socket_timeout=10, socket_connect_timeout=5
        )

    async def listen(self) -> PubSub:
        """A subscription to both channels, made before anything is read so that nothing falls in between."""
        subscription = self.redis.pubsub()
        await subscription.subscribe(LIVE, PULSE)
        return subscription

    async def revisions(self) -> dict[str, tuple[int, int]]:
        """The revision of every board there is, and the key of its race."""
        slugs = sorted(member.decode() for member in await self._call(self.redis.smembers("boards")))
        pipeline = self.redis.pipeline(transaction=False)
        for slug in slugs:
            pipeline.hmget(f"board:{slug}", "revision", "race")
        found = zip(slugs, await pipeline.execute(), strict=True)
        return {slug: (int(revision), int(race or 0)) for slug, (revision, race) in found if revision is not None}

    async def tell_shown(self, race: int, revision: int) -> None:
        """Say that a board was shown that Redis does not hold any more."""
        await self._call(self.redis.hset("shown", str(race), str(revision)))

    async def board(self, slug: str) -> Board | None:
        """The board of that race as it is now, or None."""
        said = await self._call(self.redis.hmget(f"board:{slug}", ["revision", "json", "gz", "race"]))
        revision, plain, gz, race = said
        return None if revision is None or plain is None else Board(int(revision), plain, gz or b"", int(race or 0))

    async def deltas(self, slug: str) -> list[Delta]:
        """The newest deltas of that race; what is no delta is passed over, for the board itself is always there."""
        deltas = []
        for message in await self._call(self.redis.lrange(f"deltas:{slug}", 0, -1)):
            try:
                deltas.append(ring(message).delta)
            except ValueError as error:
                logger.warning("deltas of %s: %r", slug, error)
        return [delta for delta in deltas if delta is not None]

    async def close(self) -> None:
        """Close every connection."""
        await self.redis.aclose()

    @staticmethod
    async def _call(command: Any) -> Any:
        """The library types its commands as "a value or an awaitable"; here they are always awaitables."""
        return await command
