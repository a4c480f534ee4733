"""Ringing for work. PostgreSQL knows what is to be done; a ring only makes it happen sooner.

A ring that fails is no error: the sweep rings again within a second or two. After a failure nobody tries for two
seconds, so that a dead or frozen Redis cannot slow down acknowledgements.
"""

import logging
import time
from collections.abc import Iterable
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
BREAK_S = 2.0
INGEST = "timing.tasks.ingest"
REFRESH = "results.tasks.refresh"
#: A worker that is rung for takes all there is: in a rush one ring in so many seconds is enough, and the sweep hears the rest.
SETTLE_S = 0.2
_silent_until = 0.0
_rung: dict[tuple[str, tuple[int | str, ...]], float] = {}


def ring(task: str, arguments: Iterable[int | str]) -> bool:
    """Ask a worker to run `task(*arguments)` now. Returns whether the ring went out."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return False
    try:
        current_app.send_task(task, args=list(arguments), retry=False)
    except (OperationalError, RedisError, OSError) as problem:
        _silent_until = time.monotonic() + BREAK_S
        logger.warning("the doorbell is out of order (%s); the sweep will ring for %s", problem, task)
        return False
    return True


def ring_once(task: str, arguments: Iterable[int | str]) -> bool:
    """`ring`, unless this process rang for the very same a moment ago: for tasks that look for what there is to do."""
    key, now = (task, tuple(arguments)), time.monotonic()
    if now < _rung.get(key, 0.0):
        return False
    _rung[key] = now + SETTLE_S
    return ring(task, key[1])


def after_commit(task: str, each: Iterable[int | str]) -> None:
    """Ring for `task(one)` for each value once the transaction is committed."""
    for one in each:
        transaction.on_commit(partial(ring, task, [one]))
