"""Event time: real time at a real race, played time at a rehearsal.

A rehearsal's edition holds segments `{"real", "event", "speed"}`: from the real instant on, event time runs from the
event instant at the given speed (0 stands still). The newest segment whose real instant has come is in force. Only this
module says what time it is at an edition; money, holds and logins use real time.
"""

from datetime import UTC, datetime, timedelta
from typing import TypedDict

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from race.models import Edition
from race.refused import Refused

#: The years of races, as of reads. A fact is never deleted: one whose time PostgreSQL can keep and Python cannot hold (the
#: end of 9999, west of Greenwich) would break for ever whatever looks at the facts.
EARLIEST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
FURTHEST_DAYS = 31
LONGEST_S = 366 * 86_400


class Segment(TypedDict):
    """From `real` on, event time starts at `event` and runs `speed` times as fast. ISO 8601 with offset."""

    real: str
    event: str
    speed: float


def segment(edition: Edition, at: datetime | None = None) -> Segment | None:
    """The segment in force at a real instant (default: now), or None where event time is real time."""
    at = at or timezone.now()
    begun: list[Segment] = [part for part in edition.clock if datetime.fromisoformat(part["real"]) <= at]
    return begun[-1] if begun else None


def now(edition: Edition, at: datetime | None = None) -> datetime:
    """The instant it is at the edition."""
    at = at or timezone.now()
    part = segment(edition, at)
    if part is None:
        return at
    passed = at - datetime.fromisoformat(part["real"])
    # A rehearsal that was left running at a high speed stands still after a year: no clock runs out of the calendar.
    seconds = min(passed.total_seconds() * part["speed"], LONGEST_S)
    return datetime.fromisoformat(part["event"]) + timedelta(seconds=seconds)


@transaction.atomic
def set_rehearsal(edition: Edition, *, event: datetime, speed: float) -> Segment:
    """Let a rehearsal go on from an event instant at a speed (0: stand still until the next call).

    Refused for a real edition, for an instant without a zone, for a speed outside 0 to 1000, and for going back in time:
    facts already carry later times.
    """
    edition = Edition.objects.select_for_update().get(pk=edition.pk)
    if not edition.rehearsal:
        raise Refused("not_a_rehearsal", _("This edition runs in real time; only a rehearsal has a clock to set."))
    if not 0 <= speed <= 1000:
        raise Refused("bad_speed", _("The speed is between 0 and 1000."))
    if event.tzinfo is None:
        raise Refused("no_zone", _("A time needs its offset from UTC."))
    if abs((event.date() - edition.starts_on).days) > FURTHEST_DAYS:
        raise Refused("wrong_day", _("A rehearsal stays within a month of the edition's days."))
    real = datetime.now(UTC)
    if edition.clock and event < now(edition, real) - timedelta(seconds=1):
        raise Refused("back_in_time", _("A rehearsal's clock does not go back."))
    part = Segment(real=real.isoformat(), event=event.isoformat(), speed=float(speed))
    # A finished segment is only of use to explain the past; a day of stepping would grow without bound.
    Edition.objects.filter(pk=edition.pk).update(clock=[*edition.clock[-199:], part])
    edition.clock = [*edition.clock[-199:], part]
    return part
