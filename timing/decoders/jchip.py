"""JChip, and what speaks its protocol to CrossMgr: Impinj, Alien and other bridges; also CrossMgr's JSON for HTTP.

The reader connects to us; a line ends with CR.

| line | answer | read as |
|---|---|---|
| `N0000name` | `GT`: what time is it? | control; the name is the source of what follows |
| `GT0hhmmssff date=yyyymmdd` (`0`: days the clock has run) | `S0000`: send | control: its clock |
| `DAtag hh:mm:ss.ffff 10 index C7 date=yyyymmdd` (second digit of `10`: days) | none | a read |

Lines of data name neither their reader nor, in older ones, their day. A session therefore repeats both before each line of
data that is to be kept, behind a `#`, so that a kept line means the same wherever it lands.

The reader's clock is corrected only where the moment its clock answer came in is known (`Context.received_at`); the read then
tells `time_reader` and `offset_s`. Everywhere else a read keeps the reader's own time, and the offset is one of the source.
Nothing is acknowledged: what was on its way when a line broke is lost, unless the bridge keeps it.
"""

import json
import re
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from timing.decoders.field_text import is_name, name_text
from timing.decoders.framing import DelimitedSession, split_frames
from timing.decoders.model import MAX_FRAME, Context, Decoder, Frame, Parsed, Read, Reject, State
from timing.decoders.records import BadRecord, Body, chip_of, moment_of, possible, source_of, told
from timing.decoders.wall_clock import DAY_US, SECOND_US, dated_us, day_us, local_text, time_us

END = b"\r"
REPEATED = b"#"
_NAME = re.compile(r"N\d{4}(.*)", re.ASCII)
_CLOCK = re.compile(r"GT(\d)(\d\d)(\d\d)(\d\d)(\d{0,6})(?:\s+date=(\d{8}))?", re.ASCII)
_READ = re.compile(r"D[A-Z](\S+)\s+(\d\d?:\d\d:\d\d(?:\.\d+)?)(?:\s+\d(\d)\b(?:\s.*)?)?", re.ASCII)
_DATE = re.compile(r"\sdate=(\d{8})(?=\s|$)", re.ASCII)


def _eight_digit_day_us(digits: str) -> int:
    return day_us(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


class _Clock:
    """A reader's answer to `GT`."""

    def __init__(self, text: str) -> None:
        """Raises BadRecord."""
        found = _CLOCK.fullmatch(text)
        if found is None:
            raise BadRecord("bad_frame")
        days, hour, minute, second, fraction, date = found.groups()
        try:
            self.of_day = time_us(f"{hour}:{minute}:{second}") + int(fraction.ljust(6, "0"))
            self.midnight = possible(_eight_digit_day_us(date)) if date else None
        except ValueError:
            raise BadRecord("bad_time") from None
        self.days = int(days)

    def shown(self, context: Context) -> str:
        """The reader's time, with its day where that is known."""
        midnight = self.midnight_in(context)
        return local_text((midnight or 0) + self.of_day)[0 if midnight is not None else 11 :]

    def local_us(self, context: Context) -> int | None:
        """The reader's time; None where its day is not known."""
        midnight = self.midnight_in(context)
        return None if midnight is None else midnight + self.of_day

    def midnight_in(self, context: Context) -> int | None:
        """The day it said, else the one nearest to the moment it came in, else the race's."""
        received = _received_us(context)
        if self.midnight is not None or received is None:
            return dated_us(context) if self.midnight is None else self.midnight
        return (received - self.of_day + DAY_US // 2) // DAY_US * DAY_US

    def offset_us(self, context: Context) -> int | None:
        """What is to be added to the reader's time; None if it is not known when the answer came in."""
        received, midnight = _received_us(context), self.midnight_in(context)
        return None if received is None or midnight is None else received - midnight - self.of_day


def _received_us(context: Context) -> int | None:
    if context.received_at is None:
        return None
    wall = context.received_at.astimezone(ZoneInfo(context.zone)).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (wall.days * 86_400 + wall.seconds) * SECOND_US + wall.microseconds


class _Reader:
    """What a connection has said about itself so far; lines that say nothing of the kind change nothing."""

    def __init__(self) -> None:
        self.name = ""
        self.clock: _Clock | None = None
        self.repeat: list[bytes] = []  # its name and its clock, as a kept line of data repeats them

    def hear(self, line: bytes) -> str:
        """What kind of line it is: N, GT or D, also where it is a repeated one; "" for none. Raises BadRecord."""
        said = line.removeprefix(REPEATED)
        text = name_text(said)
        if name := _NAME.fullmatch(text):
            if not is_name(name[1].strip()):
                raise BadRecord("bad_source")
            self.name, self.clock, self.repeat = name[1].strip(), None, [REPEATED + said + END]
            return "N"
        if said.startswith(b"GT"):
            self.clock, self.repeat = _Clock(text), [*self.repeat[: 1 if self.name else 0], REPEATED + said + END]
            return "GT"
        return "D" if line.startswith(b"D") else ""


class _Lines(Body):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.reader = _Reader()

    def take(self, line: bytes) -> None:
        """One whole line."""
        kind = self.reader.hear(line)
        if not kind:
            raise BadRecord("unknown_function")
        if kind == "D":
            self.reads.append(self._read(name_text(line)))
        elif line.startswith(REPEATED):
            return
        elif kind == "N":
            self.replies.append(b"GT\r")
            self.control.append({"type": "name", "name": self.reader.name})
        elif self.reader.clock is not None:
            self.replies.append(b"S0000\r")
            self.control.append({"type": "clock", "reader_time": self.reader.clock.shown(self.context)})
            self.tell(State(self.reader.name, self.reader.clock.local_us(self.context), relative=True))

    def _read(self, text: str) -> Read:
        date, clock = _DATE.search(text), self.reader.clock
        found = _READ.fullmatch(text[: date.start()] if date else text)
        if found is None:
            raise BadRecord("bad_frame")
        tag, time, days = found.groups()
        try:
            midnight = _eight_digit_day_us(date[1]) if date else self._midnight(int(days or 0))
            if midnight is None:
                raise BadRecord("no_date")
            moment = possible(midnight + time_us(time))
        except ValueError as bad:
            raise bad if isinstance(bad, BadRecord) else BadRecord("bad_time") from None
        source, chip = source_of(self.reader.name, self.context), chip_of(tag)
        offset = None if clock is None else clock.offset_us(self.context)
        if offset is None:
            return Read(source, chip, moment)
        said = told(time_reader=local_text(moment), offset_s=offset / SECOND_US)
        return Read(source, chip, possible(moment + offset), told=said)

    def _midnight(self, days: int) -> int | None:
        """The day of a line that does not say it: so many days after the one on which the reader's clock began."""
        clock = self.reader.clock
        midnight = dated_us(self.context) if clock is None else clock.midnight_in(self.context)
        return None if midnight is None else midnight + (days - (0 if clock is None else clock.days)) * DAY_US


def parse(body: bytes, context: Context) -> Parsed:
    """Read a body of lines, or CrossMgr's JSON. Never raises on odd bytes: what is not understood is a reject."""
    if body.lstrip()[:1] == b"{" and _rows(body) is not None:
        return parse_json(body, context)
    result = _Lines(context)
    for raw in split_frames(body, END):
        line = raw.removesuffix(END)
        if len(raw) > MAX_FRAME:
            result.rejects.append(Reject(line, "frame_too_long"))
        elif raw and not raw.endswith(END):
            result.rejects.append(Reject(raw, "truncated"))
        elif line.strip():
            result.attempt(line, result.take)
    return result.parsed()


def _rows(body: bytes) -> tuple[str, list[object]] | None:
    """The reader and the rows of CrossMgr's JSON; None for anything else."""
    try:
        said = json.loads(body)
        rows, reader = said["data"], said.get("reader_id", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return (str(reader) if isinstance(reader, str | int) else "", rows) if isinstance(rows, list) else None


def parse_json(body: bytes, context: Context) -> Parsed:
    """`{"reader_id", "data": [{"tag", "t"}, ...]}`, as CrossMgr's web readers post it to /rfid.js."""
    said = _rows(body)
    if said is None:
        return Parsed(rejects=(Reject(body, "not_a_chip_file"),))
    result = Body(context)
    for row in said[1]:
        raw = json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace")
        result.attempt(raw, partial(_take_row, result, row, said[0]))
    return result.parsed()


def _take_row(result: Body, row: object, reader: str, _raw: bytes) -> None:
    if not isinstance(row, dict):
        raise BadRecord("bad_row")
    tag, time = row.get("tag"), row.get("t")
    if not isinstance(time, str):
        raise BadRecord("bad_time")
    chip = chip_of(str(tag) if isinstance(tag, str | int) else "")
    result.reads.append(Read(source_of(reader, result.context), chip, moment_of(time, result.context)))


class JchipSession(DelimitedSession):
    """A connection from a reader: it remembers the reader's name and clock, which lines of data do not repeat."""

    def __init__(self, server_name: str) -> None:
        self._reader = _Reader()
        super().__init__(END, self._answer, lambda tail: False)

    def _answer(self, raw: bytes) -> tuple[bytes, bool]:
        line = raw.removesuffix(END)
        try:
            kind = self._reader.hear(line)
        except BadRecord:
            return b"", True
        if line.startswith(REPEATED):
            return b"", True
        return {"N": (b"GT\r", False), "GT": (b"S0000\r", True)}.get(kind, (b"", True))

    def _frame(self, raw: bytes) -> Frame:
        frame = super()._frame(raw)
        if raw.startswith(b"D"):
            return frame._replace(raw=b"".join(self._reader.repeat) + raw)
        if frame.reply == b"S0000\r":
            return frame._replace(raw=b"".join(self._reader.repeat[:-1]) + raw, tells=True)
        return frame


JCHIP = Decoder("jchip", ("jchip_tcp", "crossmgr_rfid_js"), parse, JchipSession)
CROSSMGR_JSON = Decoder("jchip", JCHIP.formats, parse_json)
