"""How often something was done in the last hour, counted in Redis: for limits that may fail open, never for places or money."""

from __future__ import annotations

import logging

import redis
from django.conf import settings

logger = logging.getLogger(__name__)


def count(what: str) -> int:
    """Count once more, and how often that was within the hour that its first time began; 0 where Redis does not answer.

    `what` names no person: addresses come as their keyed hashes.
    """
    name = f"hour:{what}"
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5) as store:
            times = int(store.incr(name))
            if times == 1:
                store.expire(name, 3600)
    except redis.RedisError as problem:
        logger.warning("%s is not counted (%s)", what.partition(":")[0], problem)
        return 0
    return times
