"""Text logs of readers of passive chips (Impinj, Alien) and of the programs that listen to them.

| file | a line | time |
|---|---|---|
| sllurp CSV | `1747162820.246058,192.168.0.219:5084,1,-68,b'303435fc...',...` below its headings | seconds since 1970, UTC |
| CrossMgr's Impinj log | `tag,Sat Feb 01 14:11:29.139089  2020-02-01` or `tag,2016-09-11 09:15:34.305` | the computer's clock |
| CrossMgr's Alien log | `tag,Sat Feb 01 14:11:29.139089  2020-02-01,count` | the computer's clock |

Readers report a chip every few hundredths of a second and per antenna, not in the order of time; all of it is kept. A day
whose year is not said is of the year that was named with the file.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import partial

from timing.decoders.field_text import decibels, evidence, name_text
from timing.decoders.model import Context, Decoder, Parsed, Read
from timing.decoders.records import BadRecord, Body, chip_of, lines_of, moment_of, possible, source_of, wall_us
from timing.decoders.wall_clock import DAY_US, HOUR_US, SECOND_US, dated_us, day_us, time_us

SLLURP = ("timestamp", "reader", "antenna", "rssi", "epc")
_EPOCH = re.compile(r"(\d{9,11})(?:\.(\d{1,9}))?|(\d{15,17})", re.ASCII)
_BYTES = re.compile(r"""b(['"])([0-9A-Fa-f]*)\1""", re.ASCII)
_MONTHS = ("", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAMED = re.compile(
    r"(?:[A-Za-z]{3},? +)?([A-Za-z]{3}) +(\d\d?),? +(\d\d?:\d\d:\d\d(?:\.\d+)?)(?: *([AaPp])[Mm])?"
    r"(?: +(\d{4})(?:[-/](\d\d?)[-/](\d\d?))?)?",
    re.ASCII,
)


def _epoch_us(text: str, context: Context) -> int:
    """The wall clock of seconds or microseconds since 1970 in UTC; of any other time as it is written. Raises BadRecord."""
    found = _EPOCH.fullmatch(text.strip())
    if found is None:
        return _written_us(text, context)
    seconds, fraction, micros = found.groups()
    return wall_us(
        int(micros) if micros else int(seconds) * SECOND_US + int((fraction or "")[:6].ljust(6, "0")), context
    )


def _written_us(text: str, context: Context) -> int:
    """The wall clock of `Sat Feb 01 14:11:29.139089  2020-02-01`, its date optional, or of an ISO time. Raises BadRecord."""
    found = _NAMED.fullmatch(text.strip())
    if found is None:
        return moment_of(text, context)
    name, named_day, of_day, half, year, month, day = found.groups()
    try:
        of_day_us = time_us(of_day)
        if half:
            of_day_us = of_day_us % (12 * HOUR_US) + (12 * HOUR_US if half in "Pp" else 0)
        if month:
            return possible(day_us(int(year), int(month), int(day)) + of_day_us)
        midnight = day_us(int(year) if year else _year(context), _MONTHS.index(name.upper()), int(named_day))
        return possible(midnight + of_day_us)
    except ValueError as bad:
        raise bad if isinstance(bad, BadRecord) else BadRecord("bad_time") from None


def _year(context: Context) -> int:
    midnight = dated_us(context)
    if midnight is None:
        raise BadRecord("no_date")
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=midnight // DAY_US)).year


class _Log(Body):
    """The lines of a log. Headings tell which kind it is; without them a line does, by what comes first."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.columns: dict[str, int] = {}

    def is_heading(self, line: bytes) -> bool:
        """Whether it is a line of headings; those of sllurp are remembered."""
        cells = [cell.strip().lower() for cell in name_text(line).split(",")]
        if "epc" in cells and "timestamp" in cells:
            self.columns = {name: number for number, name in enumerate(cells)}
            return True
        return len(cells) > 1 and cells[0].startswith("tag") and not any(map(str.isdigit, cells[1]))

    def take(self, line: bytes) -> None:
        """One line."""
        cells = [cell.strip() for cell in name_text(line).split(",")]
        if self.columns or (len(cells) >= len(SLLURP) and _EPOCH.fullmatch(cells[0])):
            self._take_sllurp(cells)
        elif 2 <= len(cells) <= 3 and all(cell.isdigit() for cell in cells[2:] if cell):
            moment = _written_us(cells[1], self.context)
            self.reads.append(Read(source_of("", self.context), chip_of(cells[0].replace(" ", "")), moment))
        else:
            raise BadRecord("bad_frame")

    def take_unended(self, before: bytes, line: bytes) -> None:
        """The last line, which has no end: one whose time, its last cell, is shorter than the one before is a part of one."""
        cells, usual = line.split(b","), before.split(b",")
        if not self.columns and len(cells) == 2 == len(usual) and len(cells[1]) < len(usual[1]):
            raise BadRecord("truncated")
        try:
            self.take(line)
        except BadRecord:
            raise BadRecord("truncated") from None

    def _take_sllurp(self, cells: list[str]) -> None:
        columns = self.columns or {name: number for number, name in enumerate(SLLURP)}
        if len(cells) <= max(columns.values()):  # a heading may stand there twice
            raise BadRecord("too_few_cells")

        def said(name: str) -> str:
            return cells[columns[name]] if name in columns else ""

        literal = _BYTES.fullmatch(said("epc"))
        moment = _epoch_us(said("timestamp"), self.context)
        self.reads.append(
            Read(
                source_of(said("reader"), self.context), chip_of(literal[2] if literal else said("epc")), moment,
                antenna=evidence(said("antenna")), rssi=decibels(said("rssi") or said("peak_rssi")),
            )
        )  # fmt: skip


def parse(body: bytes, context: Context) -> Parsed:
    """Read a log. Never raises on odd bytes: what is not understood is a reject."""
    result = _Log(context)
    lines = [line for number, line in enumerate(lines_of(body)) if number or not result.is_heading(line)]
    last = lines.pop() if lines and not body.endswith((b"\n", b"\r")) else None
    for line in lines:
        result.attempt(line, result.take)
    if last is not None:
        result.attempt(last, partial(result.take_unended, lines[-1] if lines else b""))
    return result.parsed()


IMPINJ = Decoder("impinj", ("sllurp_csv", "crossmgr_file", "alien_log"), parse)
