"""From the mat to the published board: a decoder's socket, gateway, commit, Celery worker, scoring, Redis.

Every read is the next lap of its rider, so the board on which it counts can be told: the first one published that gives
this rider so many laps. The yardstick, taken in the same run on the same machine, is the least that such a way can
cost: one durable commit of 100 rows, one errand through Celery, one hop through Redis.
"""

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import orjson
from django.db import connection, transaction

from bench.figures import percentile, seconds
from bench.place import child, free_port, listens, ready
from config.celery import app
from launch import patience
from race import gun
from results.live import held, store
from seeds.simulator.mats import Detection
from seeds.simulator.mylaps import message, store_record
from tests import cast
from timing.models import Channel, Read

TICK_S = 0.02
LAP_MS = 600_000
CATCH_UP_S = 60.0
ROUNDS = 40
Lap = tuple[int, int]  # bib, laps


class Watcher(threading.Thread):
    """Listens to what is published, and notes when each rider's lap was first on a board."""

    def __init__(self, slug: str) -> None:
        super().__init__(daemon=True)
        self.slug = slug
        self.seen: dict[Lap, float] = {}
        self.laps: dict[int, int] = {}
        self.boards = 0
        self.ended = threading.Event()
        self.channel = store().pubsub(ignore_subscribe_messages=True)
        self.channel.subscribe("live")

    def run(self) -> None:
        """Until `ended` is set."""
        while not self.ended.is_set():
            if heard := self.channel.get_message(timeout=0.2):
                self._note(heard["data"], time.perf_counter())
        self.channel.close()

    def _note(self, data: bytes, now: float) -> None:
        head, _, body = data.partition(b"\n")
        if orjson.loads(head)["race"] != self.slug:
            return
        self.boards += 1
        rows = orjson.loads(body)["rows"].values() if body else []
        for row in rows:
            bib, laps = row[0], row[3]
            for lap in range(self.laps.get(bib, 0) + 1, laps + 1):
                self.seen[bib, lap] = now
            self.laps[bib] = laps


def frames(bibs: list[int], reads: int) -> Iterator[tuple[Lap, bytes]]:
    """One message a read: the field passes in order of number, lap after lap."""
    start_ms = cast.local_us("09:00:00") // 1000
    for number in range(reads):
        lap, place = divmod(number, len(bibs))
        bib = bibs[place]
        at_ms = start_ms + (lap + 1) * LAP_MS + place * 100
        record = store_record(Detection(at_ms, "Finish", f"C{bib}", at_ms, ""), number, lap + 1)
        yield (bib, lap + 1), message(1, "Finish", [record], number)


def send(port: int, bibs: list[int], rate: int, reads: int) -> dict[Lap, float]:
    """Send at an even pace on one connection, reading the answers away; returns when each lap was sent."""
    sent: dict[Lap, float] = {}
    with socket.create_connection(("127.0.0.1", port), 10) as peer:
        peer.settimeout(CATCH_UP_S)
        answers = threading.Thread(target=_hear, args=(peer, reads), daemon=True)
        answers.start()
        began = time.perf_counter()
        for number, (lap, frame) in enumerate(frames(bibs, reads)):
            due = began + number / rate
            if (wait := due - time.perf_counter()) > TICK_S:
                time.sleep(wait)
            sent[lap] = time.perf_counter()
            peer.sendall(frame)
        answers.join(CATCH_UP_S)
    return sent


def _hear(peer: socket.socket, answers: int) -> None:
    """Read until so many acknowledgements came, as a decoder does before it lets go of its memory."""
    while answers > 0 and (heard := peer.recv(65536)):
        answers -= heard.count(b"AckStore")


def yardstick() -> dict[str, float]:
    """Median milliseconds of a durable commit of 100 rows, of an errand through Celery, and of a hop through Redis."""
    return {
        "commit_ms": 1000 * median(_durable_commits()),
        "celery_ms": 1000 * median(seconds(_errand) for _ in range(ROUNDS)),
        "redis_ms": 1000 * median(_hops()),
    }


def _durable_commits() -> Iterator[float]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS hundred (chip text, at timestamptz)")
    rows = [(f"C{number}", cast.GUN) for number in range(100)]

    def commit() -> None:
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy("COPY hundred FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    for _ in range(ROUNDS):
        yield seconds(commit)


def _errand() -> None:
    app.send_task("bench.errand.nothing", args=["bench:answer"], queue="bench")
    # In short waits: the connection itself gives up on an answer after two seconds.
    assert any(store().blpop(["bench:answer"], timeout=1) for _try in range(30)), "no worker did the errand"


def _hops() -> Iterator[float]:
    channel = store().pubsub(ignore_subscribe_messages=True)
    channel.subscribe("bench:hop")
    channel.get_message(timeout=1)
    for _ in range(ROUNDS):
        yield seconds(lambda: (store().publish("bench:hop", b"x"), channel.get_message(timeout=1)))
    channel.close()


@contextmanager
def line(stage: cast.Cast) -> Iterator[int]:
    """Gateway, worker and beat as in production, for the length of the block; the port to send to."""
    port = free_port()
    Channel.objects.create(edition=stage.edition, kind="tcp", make="mylaps", label="bench", port=port)
    celery = ("-m", "celery", "-q", "-A", "bench.errand")
    with (
        tempfile.TemporaryDirectory() as folder,
        child("gateway", "manage.py", "gateway") as gateway,
        child("worker", *celery, "worker", "-Q", "live,ingest,bench", "-c", "2", "-l", "WARNING") as worker,
        child("beat", *celery, "beat", "-s", f"{folder}/beat", "-l", "WARNING"),
    ):
        ready(gateway, lambda: listens(port))
        ready(worker, lambda: bool(app.control.ping(timeout=0.5)))
        yield port


def figures(rate: int = 500, length_s: int = 20, riders: int = 1200) -> dict[str, Any]:
    """p50 and p99 in milliseconds, how many times the yardstick that is, and how many reads were lost (none)."""
    reads = rate * length_s
    stage = cast.make(laps=reads // riders + 2, riders=riders, slug=f"mat-{reads}")
    gun.fire(stage.wave, cast.GUN, by=None)
    with line(stage) as port:
        least = yardstick()
        watcher = Watcher(stage.race.slug)
        watcher.start()
        patience.until(lambda: held(stage.race) >= 0, CATCH_UP_S, "the first board")
        sent = send(port, sorted(stage.entries), rate, reads)
        patience.until(lambda: len(watcher.seen) >= reads or not watcher.is_alive(), CATCH_UP_S, "the last board")
        watcher.ended.set()
        watcher.join()
    delays = [1000 * (watcher.seen[lap] - at) for lap, at in sent.items() if lap in watcher.seen]
    yard_ms = sum(least.values())
    p50 = percentile(delays, 50)
    return {
        "reads": reads,
        "rate_per_s": rate,
        "lost": reads - Read.objects.filter(source__edition=stage.edition).count(),
        "not_on_a_board": len(sent) - len(delays),
        "boards": watcher.boards,
        "p50_ms": round(p50, 1),
        "p99_ms": round(percentile(delays, 99), 1),
        "yardstick_ms": round(yard_ms, 2),
        **{name: round(value, 2) for name, value in least.items()},
        "ratio": round(p50 / yard_ms, 1),
    }
