"""A channel that is live, beside another that brings two hours at once: how long its reads take to be taken in.

One worker does both, which is the hardest case: whatever it does for the backlog, the live channel waits for. The yardstick is
the same live channel alone, and the figure that is held is the ratio of the two.
"""

import json
import statistics
import threading
import time
from typing import Any

from django.db import connection

from race import doorbell
from tests import cast
from timing import ingest, intake
from timing.models import Channel, Pending, Read

LINES = 20_000
DELIVERIES = 20  # of a thousand lines each: what a bridge sends after two hours
LIVE = 40
EVERY_S = 0.05


def backlog(stage: cast.Cast, lines: int) -> None:
    """All that was said while there was no network, waiting to be taken in."""
    each = lines // DELIVERIES
    for part in range(DELIVERIES):
        rows = ["chip,time,point\n"]
        for number in range(part * each, (part + 1) * each):
            at = f"{8 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.{part:03d}"
            rows.append(f"C{1 + number % 4},2024-05-25 {at},Finish\n")
        intake.receive(stage.channel, "".join(rows).encode(), f"part {part}", options={"make": "csv"}, file=True)


def worker(stop: threading.Event) -> None:
    """One worker, rung for whatever waits: the channel that waits longest first, as the broker has it."""
    try:
        while not stop.is_set():
            first = Pending.objects.order_by("pk").values_list("channel_id", flat=True).first()
            if first is None:
                time.sleep(0.002)
            else:
                ingest.take_in(first, wait=False)
    finally:
        connection.close()


def live(channel: Channel, name: str, *, beside: bool = False) -> list[float]:
    """Milliseconds from sending to taken in, for each delivery of a mat that speaks all the time; `beside`: while a backlog
    waits, and no longer."""
    found: list[float] = []
    while len(found) < LIVE and (not (beside and found) or Pending.objects.filter(file=True).exists()):
        number = len(found)
        chip, second = f"C{1 + number % 4}", f"{number // 60 + 30:02d}:{number % 60:02d}"
        said = {"reads": [{"source": "Backup", "chip": chip, "local": f"2024-05-25T1{len(name)}:{second}"}]}
        began = time.perf_counter()
        pk = intake.receive(
            channel, json.dumps(said).encode(), f"{name} {number}", options={"make": "json"}
        ).delivery.pk
        while Pending.objects.filter(pk=pk).exists():
            time.sleep(0.001)
        found.append(1000 * (time.perf_counter() - began))
        time.sleep(max(0.0, EVERY_S - (time.perf_counter() - began)))
    return found


def figures(lines: int = LINES) -> dict[str, Any]:
    """Medians in milliseconds, alone and beside the backlog; how much of the backlog was left when the live one ended."""
    stage = cast.make(slug="lane")
    channel = Channel.objects.create(edition=stage.edition, kind="http", make="json", label="live mat")
    ring, stop = doorbell.ring, threading.Event()
    doorbell.ring = lambda task, arguments: False  # the one worker is ours
    thread = threading.Thread(target=worker, args=[stop])
    thread.start()
    try:
        alone = live(channel, "a")
        backlog(stage, lines)
        beside = live(channel, "bb", beside=True)
        while Pending.objects.exists():
            time.sleep(0.05)
    finally:
        stop.set()
        thread.join()
        doorbell.ring = ring
    middle, worst = statistics.median(beside), max(beside)
    return {
        "lost": lines + len(alone) + len(beside) - Read.objects.filter(source__edition=stage.edition).count(),
        "beside": len(beside),
        "alone_ms": round(statistics.median(alone), 1),
        "beside_ms": round(middle, 1),
        "worst_beside_ms": round(worst, 1),
        "ratio": round(middle / statistics.median(alone), 2),
    }
