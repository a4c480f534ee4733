"""A batch of reads as JSON, as `POST /api/v1/timing/reads/` takes it: `{"reads": [{"source", "chip", "local"}, ...]}`.

`local` is the device's own wall clock, ISO 8601 without a zone, to the microsecond at most. One with a zone is refused:
which zone the source's clock is set to is a setting of the source, and a converted time would be another identity. A time
of day alone is of the day that was named with the batch; without one it is refused.
"""

import json
from typing import Any

from timing.decoders.field_text import is_name
from timing.decoders.model import Context, Decoder, Parsed, Read, Reject
from timing.decoders.sheet.cell_times import BadCell
from timing.decoders.sheet.chip_cells import chip_of
from timing.decoders.wall_clock import dated_us, day_us, time_us


def parse(body: bytes, context: Context) -> Parsed:
    """The reads of a batch; a row that is none is rejected with its reason, the others count."""
    try:
        rows = json.loads(body)["reads"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Parsed(rejects=(Reject(body, "not_a_chip_file"),))
    if not isinstance(rows, list):
        return Parsed(rejects=(Reject(body, "not_a_chip_file"),))
    reads: list[Read] = []
    rejects: list[Reject] = []
    for row in rows:
        read = _read(row, context)
        if isinstance(read, Read):
            reads.append(read)
        else:
            rejects.append(Reject(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace"), read))
    return Parsed(tuple(reads), rejects=tuple(rejects))


def _read(row: Any, context: Context) -> Read | str:
    """A read, or the reason why it is none."""
    if not isinstance(row, dict):
        return "bad_row"
    chip, local, source = row.get("chip"), row.get("local"), row.get("source") or context.source
    try:
        chip = chip_of(chip) if isinstance(chip, str) else ""
    except BadCell as bad:
        return str(bad)
    if not chip:
        return "bad_chip"
    if not source and context.needs_source:
        return "no_source"
    if not isinstance(source, str) or not is_name(source.strip()):
        return "bad_source"
    moment = _moment(local, context) if isinstance(local, str) else "bad_time"
    return moment if isinstance(moment, str) else Read(source.strip(), chip, moment)


def _moment(local: str, context: Context) -> int | str:
    """The wall clock of a `local`, or the reason why it is none. A time of day alone is of the day that was named."""
    try:
        if ":" in local[:3]:
            of_day, midnight = time_us(local), dated_us(context)
            return "no_date" if midnight is None else midnight + of_day
        if len(local) < 19 or local[10] not in "T ":
            return "bad_time"
        return day_us(int(local[:4]), int(local[5:7]), int(local[8:10])) + time_us(local[11:])
    except ValueError:
        return "bad_time"


JSON_BATCH = Decoder("json", ("json_batch",), parse)
