"""Live: a race's board is computed, encoded once, and sent to everybody.

PostgreSQL decides what is true; Redis only carries it. A lost Redis, or a board that never reached it, is put right by the
next sweep, which compares each race's revision with the one published. A board that is newer than the record is of facts
that are not there any more (a dump was restored): the counter is led past it (docs/decisions/set-back.md).
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

from race import clock, revision
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

#: What a web process has shown of a race and does not find any more: race's key -> revision.
SHOWN = "shown"

#: Keeps a board unless a newer one of the race is there already; keeps and announces what changed. One round trip, all or
#: nothing.
PUBLISH = """
local held = tonumber(redis.call('HGET', KEYS[1], 'revision') or '-1')
local same = redis.call('HGET', KEYS[1], 'race') == ARGV[7]
if same and held >= tonumber(ARGV[1]) then return 0 end
if not same then redis.call('DEL', KEYS[3]) end
redis.call('HSET', KEYS[1], 'race', ARGV[7], 'revision', ARGV[1], 'json', ARGV[2], 'gz', ARGV[3])
redis.call('SADD', KEYS[2], ARGV[5])
redis.call('LPUSH', KEYS[3], ARGV[4])
redis.call('LTRIM', KEYS[3], 0, ARGV[6])
redis.call('PUBLISH', 'live', ARGV[4])
return 1
"""


@dataclass(frozen=True, slots=True)
class Board:
    """A board, encoded: what every spectator gets, byte for byte. `race` is the race's key: a name may be another's one day."""

    race: int
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
    return Board(race.pk, race.slug, known.ground.revision, encoded, gzip.compress(encoded, 5, mtime=0))


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
    published, race = 0, Race.objects.get(pk=race_id)
    while True:
        out, shown = held(race), int(store().hget(SHOWN, str(race_id)) or -1)
        race.refresh_from_db(fields=["revision"])
        # The record was looked at last: it can be behind what is known of it only if it was set back.
        if 0 < race.revision < max(out, shown):
            revision.lead_past(race, max(out, shown))
        elif out >= race.revision:
            break
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


def held(race: Race) -> int:
    """The revision of the published board of a race; -1 if none is."""
    return _of(race.pk, *store().hmget(f"board:{race.slug}", ["revision", "race"]))


def _of(race_id: int, number: bytes | str | None, whose: bytes | str | None) -> int:
    """A revision that Redis holds; -1 where it holds none, or that of another race."""
    return int(number) if number is not None and whose is not None and int(whose) == race_id else -1


def publish(made: Board) -> int:
    """Hand a board to every web process, with what changed since the last one. 0 if a newer one is out already."""
    race, before = store().hmget(f"board:{made.slug}", ["race", "json"])
    head: dict[str, Any] = {"race": made.slug, "to": made.revision}
    if before and race is not None and int(race) == made.race:
        change = boards.delta(orjson.loads(before), orjson.loads(made.json))
        message = orjson.dumps(head | {"kind": "delta", "from": change["from"]}) + b"\n" + orjson.dumps(change)
    else:
        message = orjson.dumps(head | {"kind": "board", "from": None}) + b"\n"
    keys = [f"board:{made.slug}", "boards", f"deltas:{made.slug}"]
    arguments: list[int | bytes | str] = [made.revision, made.json, made.gz, message, made.slug, KEPT_DELTAS - 1]
    return int(store().eval(PUBLISH, len(keys), *keys, *arguments, made.race))


def lagging() -> list[int]:
    """Ids of the races whose published board is not of their newest fact. Notes since when that is so of each."""
    races = list(Race.objects.filter(revision__gt=0).values_list("pk", "slug", "revision"))
    pipe = store().pipeline(transaction=False)
    for _pk, slug, _revision in races:
        pipe.hmget(f"board:{slug}", "revision", "race")
    pipe.hgetall(SHOWN)
    *boards_out, shown = pipe.execute()
    out = {pk: _of(pk, *told) for (pk, _slug, _newest), told in zip(races, boards_out, strict=True)}
    behind = {slug: pk for pk, slug, newest in races if out[pk] < newest}
    known = {pk: max(out[pk], int(shown.get(str(pk).encode(), -1))) for pk in out}
    if ahead := [pk for pk, _slug, newest in races if known[pk] > newest]:  # set back, or published since we looked
        looked_again = Race.objects.filter(pk__in=ahead).values_list("pk", "slug", "revision")
        behind |= {slug: pk for pk, slug, newest in looked_again if known[pk] > newest}
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
