"""What a worker does when the bell of the timing side rings."""

from celery import shared_task

from timing import ingest as ingestion
from timing import uploads


@shared_task
def ingest(channel_id: int) -> int:
    """Take in everything of a channel that is not taken in yet, unless another worker is at it."""
    return ingestion.take_in(channel_id, wait=False)


@shared_task
def drop_old_uploads() -> int:
    """Forget the files that never became whole."""
    return uploads.drop_old()
