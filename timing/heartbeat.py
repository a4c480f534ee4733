"""Which machines are connected right now, as the gateway tells once a second through Redis.

A hint, like the doorbell: losing it loses nothing, and where nobody tells, nobody knows (`told` answers None).
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import orjson
import redis
from django.conf import settings

from timing.gateway.line import Line

logger = logging.getLogger(__name__)
KEY = "line:gateways"
#: A gateway that has told nothing for so long tells nothing any more.
SILENT_S = 10.0
#: After a failure nobody tries for a while: the gateway has better things to do than to wait for Redis.
BREAK_S = 5.0
_silent_until = 0.0


@dataclass(frozen=True, slots=True)
class Connected:
    """A line that is open: whose channel, who is there, since when, and when its last bytes came (keep-alives, too)."""

    channel: int
    peer: str
    since: datetime
    heard: datetime

    @property
    def host(self) -> str:
        """The address without its port: a box that calls again comes from another port of the same address."""
        return self.peer.rpartition(":")[0]


@cache
def _store() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5)


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def tell(lines: Iterable[Line]) -> None:
    """Say which lines of this gateway are open. One write; without Redis it is left."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    said = {
        "at": datetime.now(UTC).isoformat(),
        "lines": [
            {"channel": line.place, "peer": line.peer, "since": line.began, "heard": line.heard.isoformat()}
            for line in lines
        ],
    }
    try:
        _store().hset(KEY, _name(), orjson.dumps(said))
    except redis.RedisError as problem:
        _silent_until = time.monotonic() + BREAK_S
        logger.warning("who is connected is not told (%s)", problem)


def leave() -> None:
    """This gateway ends, and nobody is connected to it any more."""
    try:
        _store().hdel(KEY, _name())
    except redis.RedisError as problem:
        logger.warning("the end of the gateway is not told (%s)", problem)


def told(now: datetime | None = None) -> list[Connected] | None:
    """The lines that are open; None where no gateway has told so lately, or Redis does not answer."""
    now = now or datetime.now(UTC)
    try:
        said = _store().hgetall(KEY)
    except redis.RedisError as problem:
        logger.warning("who is connected is not known (%s)", problem)
        return None
    living = [one for one in map(orjson.loads, said.values()) if _age_s(one["at"], now) < SILENT_S]
    if not living:
        return None
    return [
        Connected(line["channel"], line["peer"], _instant(line["since"]), _instant(line["heard"]))
        for one in living
        for line in one["lines"]
    ]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _age_s(text: str, now: datetime) -> float:
    return (now - _instant(text)).total_seconds()
