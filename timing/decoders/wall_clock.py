"""Reading a device's wall clock as whole microseconds.

Nothing here knows the time of day. A device writes its venue's wall clock without a zone; it is kept so, as
microseconds since 1970-01-01T00:00 on that clock, and becomes an instant only with a zone from the source's settings.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from timing.decoders.model import Context

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (a wall clock has no zone: that is the point)


@lru_cache(maxsize=4096)
def day_us(year: int, month: int, day: int) -> int:
    """Midnight of a date on the device's clock, in microseconds. Raises ValueError for a date that does not exist."""
    try:
        return (date(year, month, day).toordinal() - _EPOCH_DAY) * DAY_US
    except OverflowError as problem:  # a year of thirty digits
        raise ValueError("there is no such day") from problem


@lru_cache(maxsize=4096)
def six_digit_day_us(text: str) -> int:
    """Midnight of a yyMMdd date (all of it after 2000), in microseconds. Raises ValueError."""
    if len(text) != 6 or not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return day_us(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))


@lru_cache(maxsize=4096)
def _minute_us(text: str) -> int:
    """Microseconds of `hh:mm:` or `h:mm:`. Raises ValueError."""
    hour, minute, rest = text.split(":")
    if rest or not 1 <= len(hour) <= 2 or len(minute) != 2 or not (hour + minute).isdigit():
        raise ValueError(text)
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(text)
    return int(hour) * HOUR_US + int(minute) * MINUTE_US


_SECONDS_US = {f"{second:02}": second * SECOND_US for second in range(60)}
_FRACTION_UNIT = (0, 100_000, 10_000, 1_000, 100, 10, 1)


def time_us(text: str) -> int:
    """Microseconds since midnight of `h:mm:ss` with an optional fraction after a point or a comma.

    Digits beyond the sixth are cut, never rounded. Raises ValueError for anything else, also for a time whose hours
    or seconds are missing: a guess would be a wrong result.
    """
    cut = text.rfind(":") + 1
    seconds = _SECONDS_US.get(text[cut : cut + 2])
    if seconds is None or not text.isascii():
        raise ValueError(text)
    whole = _minute_us(text[:cut]) + seconds
    fraction = text[cut + 2 :]
    if not fraction:
        return whole
    digits = fraction[1:7]
    if fraction[0] not in ".," or not fraction[1:].isdigit():
        raise ValueError(text)
    return whole + int(digits) * _FRACTION_UNIT[len(digits)]


def dated_us(context: Context) -> int | None:
    """Midnight of the day a time without a date belongs to: the race day, else the day it came in; None if unknown.

    The day it came in is given for what was live then, never for a file: that may be uploaded on any day.
    """
    day = context.race_date
    if day is None and context.received_at is not None:
        day = context.received_at.astimezone(ZoneInfo(context.zone)).date()
    return None if day is None else day_us(day.year, day.month, day.day)


def local_text(local_us: int) -> str:
    """`YYYY-MM-DDThh:mm:ss.mmm`, cut to the millisecond."""
    return (_EPOCH + timedelta(microseconds=local_us)).isoformat(timespec="milliseconds")


def utc_text(local_us: int, zone: str) -> str | None:
    """The same moment in UTC, cut to the millisecond; None where the zone's clock skips or repeats that hour."""
    wall = _EPOCH + timedelta(microseconds=local_us)
    place = ZoneInfo(zone)
    early, late = (wall.replace(tzinfo=place, fold=fold).utcoffset() for fold in (0, 1))
    if early is None or early != late:
        return None
    return (wall - early).replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
