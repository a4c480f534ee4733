"""What a worker does when the bell of the results side rings, and the sweep that rings for what was forgotten."""

import logging

from celery import shared_task
from redis.exceptions import RedisError

from race import doorbell
from results import certificate_job, live, printing
from timing.models import Pending

logger = logging.getLogger(__name__)


@shared_task
def refresh(race_id: int) -> int:
    """Publish the newest board of a race."""
    return live.refresh(race_id)


@shared_task
def print_communique(communique_id: int) -> int:
    """Make the files of a communiqué."""
    return printing.try_to_make(communique_id)


@shared_task
def make_certificates(job_id: int) -> int:
    """Make the next part of a job of certificates."""
    return certificate_job.make_part(job_id)


@shared_task
def sweep() -> tuple[int, int]:
    """Ring for every channel with something pending, every race that lags, every paper to be made; safe to run twice."""
    channels = list(Pending.objects.filter(parked="").values_list("channel_id", flat=True).distinct())
    for channel in channels:
        doorbell.ring(doorbell.INGEST, [channel])
    for paper in printing.due():
        doorbell.ring(printing.PRINT, [paper])
    for job in certificate_job.forgotten():
        doorbell.ring(certificate_job.TASK, [job])
    try:
        races = live.lagging()
        live.pulse()
    except RedisError as problem:
        logger.warning("boards wait for Redis: %s", problem)
        return len(channels), 0
    for race in races:
        doorbell.ring(doorbell.REFRESH, [race])
    return len(channels), len(races)
