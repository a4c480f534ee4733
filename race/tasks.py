"""What a worker does when the bell of the entry side rings, and what it looks after by itself."""

import logging

from celery import shared_task
from django.utils import timezone

from race import doorbell, import_jobs, messages, payments, postbox, privacy, registration
from race.models import Edition, Entry

logger = logging.getLogger(__name__)


@shared_task
def tend() -> dict[str, int]:
    """End holds whose time is over, ask for refunds, judge early calls again, ring for mail. Safe to run twice at once:
    each step locks or claims what it moves."""
    now = timezone.now()
    over = Entry.objects.filter(state__in=(Entry.State.HELD, Entry.State.OFFERED), held_until__lt=now)
    editions = Edition.objects.filter(pk__in=over.values("edition"))
    done = {
        "expired": sum(registration.expire(edition, now=now) for edition in editions.select_related("event")),
        "refunds": payments.run_refunds(now=now),
        "calls": payments.reprocess(now=now),
    }
    for edition in postbox.due(now=now):
        doorbell.ring(messages.SEND, [edition])
    return done


@shared_task
def send_messages(edition_id: int) -> int:
    """Send the mails and text messages of an edition that are due."""
    return postbox.send(edition_id)


@shared_task
def forget() -> dict[str, int]:
    """Forget what its time is over for: the texts of old messages, the private data of riders of old editions."""
    return {"messages": postbox.forget(), "riders": privacy.retain()}


@shared_task
def import_entries(edition_id: int, token: str) -> None:
    """Take in an entry list that the office uploaded: all of it or nothing."""
    import_jobs.run(Edition.objects.get(pk=edition_id), token)
