"""Times that a person types, read as the venue's: `9:05:01.25`, `090501`, with a day before it where there are several."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from race import clock
from race.models import Edition
from race.refused import Refused
from timing.clocks import instant, microseconds

COLONS = re.compile(r"(\d{1,2})[:：](\d{2})(?:[:：](\d{2})(?:[.,](\d{1,6}))?)?", re.ASCII)
DIGITS = re.compile(r"(\d{2})(\d{2})(\d{2})(?:[.,](\d{1,6}))?", re.ASCII)


def time_us(text: str, *, seconds: bool = True) -> int:
    """A time of day in microseconds since midnight. Refused (`bad_time`) for anything that is not surely one.

    `seconds`: they have to be there, as a time that decides a place needs them.
    """
    text = text.strip()
    found = COLONS.fullmatch(text) or DIGITS.fullmatch(text)
    if found is None:
        raise Refused("bad_time", _("%(text)s is no time of day. Write 9:05:01.250.") % {"text": text[:40] or "–"})
    hour, minute, second, part = found.groups()
    if second is None and seconds:
        raise Refused("bad_time", _("%(text)s has no seconds. Write 9:05:01.250.") % {"text": text})
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        raise Refused(
            "bad_time", _("%(text)s is on no clock: hours go to 23, minutes and seconds to 59.") % {"text": text}
        )
    return ((int(hour) * 60 + int(minute)) * 60 + int(second or 0)) * 1_000_000 + int((part or "").ljust(6, "0"))


def parse(edition: Edition, day: str, text: str, *, seconds: bool = True) -> int:
    """What somebody typed, on a day of the edition, as UTC microseconds. Refused: `bad_time`, `bad_date`.

    A time that the venue's clock skips or shows twice in a night of change is read as the first of the two.
    """
    try:
        on = date.fromisoformat(day.strip()) if day.strip() else edition.starts_on
    except ValueError as problem:
        raise Refused("bad_date", _("%(text)s is no date.") % {"text": day[:40]}) from problem
    if not 1970 < on.year < 2100:
        raise Refused("bad_date", _("%(text)s is no date.") % {"text": day[:40]})
    us = time_us(text, seconds=seconds)
    midnight = datetime.combine(on, time(), UTC).replace(tzinfo=None)
    local = (midnight + timedelta(microseconds=us)).replace(tzinfo=ZoneInfo(edition.zone))
    return microseconds(local.astimezone(UTC))


def shown(edition: Edition, us: int) -> str:
    """An instant as it is typed: `09:05:01.250`, to the microsecond only where there are any below the thousandth."""
    local = instant(us).astimezone(ZoneInfo(edition.zone))
    return (
        local.isoformat(timespec="milliseconds" if us % 1000 == 0 else "microseconds")[11:].split("+")[0].split("-")[0]
    )


def today(edition: Edition) -> date:
    """The day that a form begins with: the venue's own today, or the day of the edition that lies nearest."""
    now = clock.now(edition).astimezone(ZoneInfo(edition.zone)).date()
    return min(max(now, edition.starts_on), edition.ends_on)


def day_of(edition: Edition, us: int) -> date:
    """The venue's day of an instant."""
    return instant(us).astimezone(ZoneInfo(edition.zone)).date()


def days(edition: Edition) -> list[date]:
    """The days of the edition."""
    return [edition.starts_on + timedelta(days=n) for n in range((edition.ends_on - edition.starts_on).days + 1)]
