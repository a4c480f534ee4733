"""Dates and times as people's spreadsheets write them.

A time is taken only when nothing of it is missing. Excel shows `09:05:01.690` as `05:01.7` and saves what it shows; a
sheet saved so has lost its hours, and no rule gives them back: such cells are refused with a reason that says so.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from timing.decoders.model import Context
from timing.decoders.wall_clock import DAY_US, HOUR_US, dated_us, day_us, six_digit_day_us, time_us

HOURS_LOST = "hours_lost"  # 05:01.7
SECONDS_LOST = "seconds_lost"  # 9:05, or a serial number cut to minutes
OTHER_ZONE = "other_zone"  # it says an offset, and not the source's
AMBIGUOUS_DATE = "ambiguous_date"  # 05/06/2024
NO_DATE = "no_date"
BAD_TIME = "bad_time"


class BadCell(ValueError):
    """A cell that is not what its column should hold; its text is the reason code."""


_YEAR_FIRST = re.compile(r"(\d{4})([-/.年])(\d{1,2})[-/.月](\d{1,2})日?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_DATED = re.compile(r"(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}([-/.])\d{1,2}\2\d{4}|\d{8})(?:[T\s]+|(?<=日))(.+)")
_OFFSET = re.compile(r"(.*\d)\s*(Z|[+-]\d{2}:?\d{2})")
_HALF_DAY = re.compile(r"(上午|下午|AM|PM)?\s*(\d{1,2}:.*?)\s*(AM|PM)?", re.IGNORECASE)
_SERIAL = re.compile(r"(\d{0,5})\.(\d{1,20})")
_HOURS_LOST = re.compile(r"\d{1,2}:\d{2}[.,]\d{1,6}")
_SECONDS_LOST = re.compile(r"\d{1,2}:\d{2}")
_MIDNIGHT = re.compile(r"[T\s]+0{1,2}:00(:00([.]0+)?)?$")
_FIRST_SERIAL = 36526  # 2000-01-01 in Excel's count of days
_SERIAL_EPOCH_US = day_us(1899, 12, 30)
_MS = 1_000


class TimeCells:
    """Reads the time cells of one sheet; remembers dates, since a sheet holds few of them."""

    def __init__(self, context: Context) -> None:
        self._zone = context.zone
        self._race_day = dated_us(context)
        self._days: dict[str, int] = {}

    def moment(self, time: str, date: str = "") -> int:
        """Microseconds on the wall clock of a time cell, and of a date cell if there is one. Raises BadCell."""
        day, mark, clock = time.rpartition(" ")
        if not mark:
            day, mark, clock = time.rpartition("T")
        # the usual spellings take no pattern: a file of a million rows comes through here
        midnight = self._days.get(day if mark else date)
        if midnight is not None:
            try:
                return midnight + time_us(clock)
            except ValueError:
                return self._spelled(time, date)
        return self._spelled(time, date)

    def _spelled(self, time: str, date: str) -> int:
        text = time.strip()
        if dated := _DATED.fullmatch(text):
            date, text = dated[1], dated[3]
        elif serial := _SERIAL.fullmatch(text):
            return self._from_serial(serial[1], serial[2], date)
        if offset := _OFFSET.fullmatch(text):
            of_day = _of_day(offset[1])
            return self._checked(self._day(date) + of_day, offset[2])
        of_day = _of_day(text)
        return self._day(date) + of_day

    def _day(self, text: str) -> int:
        """Midnight of a date cell, or of the race's day where it is empty."""
        text = text.strip()
        if not text:
            if self._race_day is None:
                raise BadCell(NO_DATE)
            return self._race_day
        day = self._days.get(text)
        if day is None:
            day = self._days[text] = self._read_day(text)
        return day

    def _read_day(self, text: str) -> int:
        # a date column of an Excel sheet often says midnight too: 2024/5/25 0:00:00
        text = _MIDNIGHT.sub("", text)
        try:
            if first := _YEAR_FIRST.fullmatch(text):
                return day_us(int(first[1]), int(first[3]), int(first[4]))
            if last := _YEAR_LAST.fullmatch(text):
                return self._year_last(int(last[1]), last[2], int(last[3]), int(last[4]))
            if len(text) == 8 and text.isascii() and text.isdigit():
                return day_us(int(text[:4]), int(text[4:6]), int(text[6:]))
            if len(text) == 5 and text.isascii() and text.isdigit() and int(text) >= _FIRST_SERIAL:
                return _SERIAL_EPOCH_US + int(text) * DAY_US
            return six_digit_day_us(text)
        except BadCell:
            raise
        except ValueError:
            raise BadCell(BAD_TIME) from None

    def _year_last(self, one: int, mark: str, two: int, year: int) -> int:
        """25/5/2024 and 5/25/2024 can be told apart, 5/6/2024 only by the race's day; with points the day is first."""
        if mark == "." or one > 12 or one == two:
            return day_us(year, two, one)
        if two > 12:
            return day_us(year, one, two)
        readings = {day_us(year, two, one), day_us(year, one, two)}
        if self._race_day not in readings:
            raise BadCell(AMBIGUOUS_DATE)
        return self._race_day

    def _from_serial(self, days: str, fraction: str, date: str) -> int:
        """Excel's count of days: 45437.378491782 or 0.378491782. Excel holds milliseconds, so it is rounded to one.

        Fewer than eight decimals cannot tell a millisecond; three or fewer are taken if they are a whole second.
        """
        whole = int(days or "0")
        numerator = int(fraction) * DAY_US
        unit: int = 10 ** len(fraction)
        exact = len(fraction) <= 3 and numerator % (unit * 1_000_000) == 0
        if len(fraction) < 8 and not exact:
            raise BadCell(SECONDS_LOST)
        of_day = (numerator + unit * _MS // 2) // (unit * _MS) * _MS
        if whole == 0:
            return self._day(date) + of_day
        if whole < _FIRST_SERIAL:
            raise BadCell(BAD_TIME)
        return _SERIAL_EPOCH_US + whole * DAY_US + of_day

    def _checked(self, local_us: int, offset: str) -> int:
        """A time that names its offset is the device's wall clock only if the offset is the one of the source's zone.

        Z and foreign offsets are refused: decoders are known to print a Z behind local time.
        """
        minutes = 0 if offset == "Z" else int(offset[:3]) * 60 + int(offset[0] + offset[-2:])
        wall = datetime.fromtimestamp(local_us // 1_000_000, ZoneInfo("UTC")).replace(tzinfo=ZoneInfo(self._zone))
        at_home = wall.utcoffset()
        if at_home is None or at_home.total_seconds() != minutes * 60:
            raise BadCell(OTHER_ZONE)
        return local_us


def _of_day(text: str) -> int:
    """Microseconds since midnight, also of `9:05:01 PM` and `下午 9:05:01`. Raises BadCell."""
    half = _HALF_DAY.fullmatch(text)
    if half is None:
        raise BadCell(BAD_TIME)
    mark = (half[1] or half[3] or "").upper()
    if _HOURS_LOST.fullmatch(half[2]):
        raise BadCell(HOURS_LOST)
    if _SECONDS_LOST.fullmatch(half[2]):
        raise BadCell(SECONDS_LOST)
    try:
        us = time_us(half[2])
    except ValueError:
        raise BadCell(BAD_TIME) from None
    if mark in ("PM", "下午") and us < 12 * HOUR_US:
        return us + 12 * HOUR_US
    if mark in ("AM", "上午") and us >= 12 * HOUR_US:
        return us - 12 * HOUR_US
    return us
