"""A file that looks like another race's is kept and acknowledged, and waits for somebody to say whether it counts.

Only files: what a decoder says live is of today. Parked is what would do harm by its size and is of no use to anybody: nearly
all of its reads on other days than the edition's, nearly all of its chips nobody's, or so many new sources that a column was
taken for another. A handful of rows is taken in as it is: what they can spoil is put right by one correction, and asking about
every scrap would teach people to say yes unread.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from race import doorbell, log
from race.models import Edition, Transponder, User
from race.refused import Refused
from timing import carriers, named
from timing.decoders.model import Read
from timing.decoders.wall_clock import DAY_US
from timing.models import Delivery, Pending

OTHER_DAYS, NOBODYS_CHIPS, MANY_SOURCES = "other_days", "nobodys_chips", "many_sources"
LEAST_READS = 10  # of a file that is judged by its days
LEAST_CHIPS = 20  # different ones, of a file that is judged by its chips, and handed out at the edition
NEARLY_ALL = 95  # percent
#: What becomes of a delivery that is not fully taken in yet, by `Pending.parked`.
STATUS: dict[str, str] = {
    Pending.Parked.NO: "pending",
    Pending.Parked.ASKED: "parked",
    Pending.Parked.LEFT_OUT: "left_out",
}
_FIRST_DAY = date(1970, 1, 1)


def why(edition: Edition, reads: Sequence[Read]) -> str:
    """The code of the reason to park a file with these reads; empty where there is none. At most three queries."""
    if len(reads) < LEAST_READS:
        return ""
    first, end = days_of(edition)
    outside = sum(1 for read in reads if not first <= read.local_us < end)
    if outside * 100 >= len(reads) * NEARLY_ALL:
        return OTHER_DAYS
    sources = {read.source for read in reads}
    if (
        len(sources) > named.MOST_NEW
        and len(sources) - edition.sources.filter(name__in=sources).count() > named.MOST_NEW
    ):
        return MANY_SOURCES
    chips = {read.chip for read in reads}
    if len(chips) < LEAST_CHIPS:
        return ""
    return NOBODYS_CHIPS if nobodys(edition, chips) else ""


def days_of(edition: Edition) -> tuple[int, int]:
    """From when until when a clock of the venue shows a day of the edition, in microseconds as a read's `local_us`."""
    first = (edition.starts_on - _FIRST_DAY) // timedelta(days=1)
    end = (edition.ends_on - _FIRST_DAY) // timedelta(days=1) + 1
    return first * DAY_US, end * DAY_US


def nobodys(edition: Edition, chips: Collection[str]) -> bool:
    """Whether nearly all of these chips are nobody's, at an edition that has handed out chips at all."""
    known = len(carriers.carried(edition, chips))
    if (len(chips) - known) * 100 < len(chips) * NEARLY_ALL:
        return False
    handed_out = Transponder.objects.filter(edition=edition, assignments__isnull=False)
    return handed_out.values("code").distinct()[:LEAST_CHIPS].count() >= LEAST_CHIPS


@transaction.atomic
def count(delivery: Delivery, *, by: User | None) -> None:
    """The parked file is ours after all: take it in."""
    pending = _parked(delivery)
    Pending.objects.filter(pk=pending.pk).update(parked=Pending.Parked.NO)
    log.note(pending.channel.edition, "file_counted", by=by, delivery=delivery.pk, why=pending.parked_why)
    doorbell.after_commit(doorbell.INGEST, [pending.channel_id])


@transaction.atomic
def leave_out(delivery: Delivery, *, by: User | None) -> None:
    """The parked file is none of ours. Its bytes stay, and it can still be counted later."""
    pending = _parked(delivery)
    Pending.objects.filter(pk=pending.pk).update(parked=Pending.Parked.LEFT_OUT)
    log.note(pending.channel.edition, "file_left_out", by=by, delivery=delivery.pk, why=pending.parked_why)


def _parked(delivery: Delivery) -> Pending:
    """Locks the row. Refused: `not_parked`."""
    ours = Pending.objects.select_for_update(of=("self",)).select_related("channel__edition")
    pending = ours.filter(pk=delivery.pk).exclude(parked=Pending.Parked.NO).first()
    if pending is None:
        raise Refused("not_parked", _("This file does not wait for a decision: it counts already."))
    return pending
