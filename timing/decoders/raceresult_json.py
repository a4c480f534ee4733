"""The JSON of race result's exporter: one object a passing.

The JSON's `Time` counts seconds of the venue's day. Its `UTCTime` is local time with a Z behind it where a decoder has no GPS;
where the two disagree the moment in UTC is not told.
"""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from timing.decoders.field_text import decibels, evidence, small_number
from timing.decoders.model import Context, Marker, Read
from timing.decoders.records import BadRecord, chip_of, source_of, told
from timing.decoders.wall_clock import dated_us, day_us, utc_text

MARKERS = ("99999", "_____")  # how the transponder of a marker begins
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)


def _exact(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits
        return None


JSON = json.JSONDecoder(parse_float=_exact, parse_constant=str)


def _text(said: dict[str, Any], name: str) -> str:
    """A field of the JSON as text; empty for what is neither text nor a number."""
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    if isinstance(value, int) and value.bit_length() > 64:
        return ""
    return str(value)


def _json_moment(value: dict[str, Any], passing: dict[str, Any], context: Context) -> int:
    """`Time` on the race day; without one, on the day the record itself names. Raises BadRecord."""
    seconds = value.get("Time")
    if isinstance(seconds, bool) or not isinstance(seconds, int | Decimal) or not 0 <= seconds < 100 * 86_400:
        raise BadRecord("bad_time")
    midnight = dated_us(context)
    for name in ("Received", "UTCTime"):
        if midnight is None and (said := DATE.match(_text(passing, name))):
            midnight = day_of(said)
    if midnight is None:
        raise BadRecord("no_date")
    return midnight + int(seconds * 1_000_000)


def exported(value: Any, context: Context) -> Read | Marker:
    """One passing of the exporter. Raises BadRecord."""
    passing = value.get("Passing") if isinstance(value, dict) else None
    if not isinstance(passing, dict):
        raise BadRecord("bad_row")
    chip, source = chip_of(_text(passing, "Transponder")), source_of(_text(passing, "DeviceID"), context)
    moment = _json_moment(value, passing, context)
    if passing.get("IsMarker") is True or chip.startswith(MARKERS):
        return Marker(source, "marker", chip, moment)
    said = told(
        location=_text(value, "TimingPoint"), channel=_text(passing, "Channel"), loop=_text(passing, "LoopID"),
        hits=small_number(_text(passing, "Hits")), file=small_number(_text(passing, "FileNo")),
        invalid=value.get("Invalid") is True or None,
    )  # fmt: skip
    if not _utc_holds(_text(passing, "UTCTime"), moment, context.zone):
        said = (*said, ("time_utc", None))
    return Read(
        source, chip, moment, small_number(_text(passing, "PassingNo")), bib=evidence(_text(value, "Bib")),
        rssi=decibels(_text(passing, "RSSI")), told=said,
    )  # fmt: skip


def day_of(said: re.Match[str]) -> int:
    """Midnight of a date that DATE found. Raises BadRecord."""
    try:
        return day_us(int(said[1]), int(said[2]), int(said[3]))
    except ValueError:
        raise BadRecord("bad_time") from None


def _utc_holds(said: str, moment: int, zone: str) -> bool:
    """Whether a `UTCTime`, if there is one, is the same moment."""
    if not said:
        return True
    try:
        instant = datetime.fromisoformat(said)
    except ValueError:
        return False
    if instant.tzinfo is None:
        return False
    try:
        shown = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    except OverflowError:
        return False
    return shown.replace("+00:00", "Z") == utc_text(moment, zone)
