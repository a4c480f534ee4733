"""Live: a race's board is computed, encoded once, and sent to everybody.

PostgreSQL decides what is true; Redis only carries it. A lost Redis, or a board that never reached it, is put right by the
next sweep, which compares each race's revision with the one published.
"""

import gzip
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
import redis
from django.conf import settings
from django.db import connection, transaction

from race import clock
from race.models import Edition, Race
from results import board as boards
from results import facts, memory, scoring
from results.facts import Known
from results.models import Publication

logger = logging.getLogger(__name__)
LOCK_RACE = 73
KEPT_DELTAS = 64
WORKER_MARK = "worker:seen"
WORKER_SILENT_S = 15
#: Race -> since when its board lags. Kept in Redis: sweeps are done by whichever worker is free.
LATE_SINCE, LATE_S = "late:since", 15

#: Keeps a board unless a newer one is there already; keeps and announces what changed. One round trip, all or nothing.
PUBLISH = """
local held = tonumber(redis.call('HGET', KEYS[1], 'revision') or '-1')
if held >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'json', ARGV[2], 'gz', ARGV[3])
redis.call('SADD', KEYS[2], ARGV[5])
redis.call('LPUSH', KEYS[3], ARGV[4])
redis.call('LTRIM', KEYS[3], 0, ARGV[6])
redis.call('PUBLISH', 'live', ARGV[4])
return 1
"""


@dataclass(frozen=True, slots=True)
class Board:
    """A board, encoded: what every spectator gets, byte for byte."""

    slug: str
    revision: int
    json: bytes
    gz: bytes


@cache
def store() -> redis.Redis:
    """The connection to Redis of this process."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=0.5)


def board(race: Race, at: int | None = None) -> Board:
    """The board of a race at a revision (default: the newest), as the pure function of its facts that it is."""
    with snapshot():
        return encode(facts.gather(race, at))


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside is of one moment: a board numbered N holds no fact above N, however many arrive meanwhile.

    Inside a transaction of the caller's (publishing, which holds the edition's row) that is so already.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def encode(known: Known) -> Board:
    """The board of what is known, encoded once: scored; or, of a race with an official result, as that was published."""
    race, posted = known.ground.race, known.ground.posted
    if posted is not None and posted.holds:
        frozen = orjson.loads(bytes(Publication.objects.values_list("board", flat=True).get(pk=posted.pk)))
        encoded = orjson.dumps(boards.held(frozen, known, clock.segment(race.edition)))
    else:
        encoded = scored(known)
    return Board(race.slug, known.ground.revision, encoded, gzip.compress(encoded, 5, mtime=0))


def scored(known: Known) -> bytes:
    """The board as the facts make it, whatever was published."""
    standings = scoring.score(known.facts)
    return orjson.dumps(boards.as_json(known, standings, clock.segment(known.ground.race.edition)))


def refresh(race_id: int) -> int:
    """Bring the published board of a race up to its newest revision. Returns how many boards were published.

    Whoever holds the race's lock publishes; a second caller leaves at once. So the holder looks once more after letting
    go: what came between its last look and that moment rang for nobody else. The lock ends with its connection, so a
    killed worker leaves nothing behind, and the sweep rings again for a race that lags.
    """
    published = 0
    while (race := Race.objects.get(pk=race_id)).revision > held(race.slug):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_RACE, race_id])
            if not cursor.fetchone()[0]:
                break
            try:
                with snapshot():
                    known = memory.known(race)
                published += publish(encode(known))
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_RACE, race_id])
    return published


def held(slug: str) -> int:
    """The revision of the published board of a race; -1 if none is."""
    return int(store().hget(f"board:{slug}", "revision") or -1)


def publish(made: Board) -> int:
    """Hand a board to every web process, with what changed since the last one. 0 if a newer one is out already."""
    before = store().hget(f"board:{made.slug}", "json")
    head: dict[str, Any] = {"race": made.slug, "to": made.revision}
    if before:
        change = boards.delta(orjson.loads(before), orjson.loads(made.json))
        message = orjson.dumps(head | {"kind": "delta", "from": change["from"]}) + b"\n" + orjson.dumps(change)
    else:
        message = orjson.dumps(head | {"kind": "board", "from": None}) + b"\n"
    keys = [f"board:{made.slug}", "boards", f"deltas:{made.slug}"]
    arguments: list[int | bytes | str] = [made.revision, made.json, made.gz, message, made.slug, KEPT_DELTAS - 1]
    return int(store().eval(PUBLISH, len(keys), *keys, *arguments))


def lagging() -> list[int]:
    """Ids of the races whose newest fact is not on the published board. Notes since when that is so of each."""
    races = list(Race.objects.filter(revision__gt=0).values_list("pk", "slug", "revision"))
    pipe = store().pipeline(transaction=False)
    for _pk, slug, _revision in races:
        pipe.hget(f"board:{slug}", "revision")
    published = pipe.execute()
    behind = {slug: pk for (pk, slug, newest), out in zip(races, published, strict=True) if int(out or -1) < newest}
    now = datetime.now(UTC).isoformat()
    for slug in behind:
        pipe.hsetnx(LATE_SINCE, slug, now)
    if caught_up := [slug for _pk, slug, _newest in races if slug not in behind]:
        pipe.hdel(LATE_SINCE, *caught_up)
    pipe.execute()
    return list(behind.values())


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def late() -> dict[str, int]:
    """Races whose board has lagged for more than LATE_S seconds, with how many: nobody computes it, or it cannot be."""
    now = datetime.now(UTC)
    waited = {
        _text(slug): int((now - datetime.fromisoformat(_text(at))).total_seconds())
        for slug, at in store().hgetall(LATE_SINCE).items()
    }
    return {slug: seconds for slug, seconds in sorted(waited.items()) if seconds > LATE_S}


def pulse() -> None:
    """Tell every web process that the whole way from the database to the screen works, and what time it is at a race."""
    now = datetime.now(UTC)
    running = Edition.objects.filter(races__published_at__isnull=False).distinct()
    clocks = {edition.slug: clock.segment(edition, now) for edition in running}
    store().set(WORKER_MARK, now.isoformat())
    store().publish("pulse", orjson.dumps({"real": now.isoformat(), "clocks": clocks, "late": late()}))
