"""race result decoders: the TCP protocol of port 3601, passing files, and the exporter's JSON. The decoder listens.

| line | read as |
|---|---|
| `#P;` record | a passing as it happens |
| record | a passing that was asked for (`from:count`), or a line of a passing file |
| an empty line | control END: all that was asked for has come |
| `PASSINGS;count;file` | control: how many the current file holds |
| `GETSTATUS;...`, `SETPROTOCOL;2.0`, `PING`, any other command sent back | control |
| `{...}` | one or more passings of the exporter |

A record has 20 fields since protocol 1.6; before, it ended after the signal's strength (7), the internal data (8), the kind of
transponder (9) or the active one's data (16, or 15 without the internal data). The exporter's V1 lacks one (19). A record of
another length is refused (`bad_length`): its columns could be any.

Without GPS the date is `0000-00-00`, and `0000-00-01` a day later: the race day counts. Passings are numbered within a file,
and every start opens a new file: what is missing in the current one is asked for again. `99999...` is a marker, not a rider.
"""

import json
import re
from collections import deque
from functools import partial
from typing import Any

from timing.decoders.field_text import decibels, evidence, name_text, small_number
from timing.decoders.framing import NOISE, Missing, Telling
from timing.decoders.model import (
    MAX_FRAME,
    Context,
    Decoder,
    Frame,
    FrameTooLong,
    Marker,
    Parsed,
    Read,
    Reject,
    Scalar,
    State,
)
from timing.decoders.raceresult_json import DATE, JSON, MARKERS, day_of, exported
from timing.decoders.records import BadRecord, Body, chip_of, source_of, told
from timing.decoders.wall_clock import DAY_US, dated_us, time_us

END = b"\n"
_BEFORE = re.compile(rb"\A(?:\xef\xbb\xbf|[\x00\r\n])+")  # noise, and the mark of a file's encoding
PUSHED = "#P;"
HEADINGS = "#;"
BLOCK = 1000
ASK_STATUS = b"GETSTATUS\r\nGETTIME\r\n"
ASK = b"SETPROTOCOL;2.0\r\nSETPUSHPASSINGS;1;0\r\n" + ASK_STATUS + b"PASSINGS\r\n"
FIELDS = (
    *("no", "chip", "date", "time", "event", "hits", "rssi", "internal", "active", "channel", "loop", "loop_only"),
    *("wakeup", "battery", "temperature", "internal_active", "box", "file", "antenna", "box_id"),
)
STORED = 0x40  # in the internal data of an active transponder: not read now, but stored by it
TELLING = ("GETSTATUS", "GETTIME")
_COMMAND = re.compile(r"((?:GET|SET|START|STOP|CLEAR|PING|PASSINGS|ONLY|ERROR|UNKNOWN)[A-Z]*)(?:[; ].*)?", re.DOTALL)
_GAP = re.compile(r"[,\s]*")
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?", re.ASCII)


def _names(count: int) -> tuple[str, ...]:
    """Which fields a record of so many has. Raises BadRecord."""
    if count >= len(FIELDS):
        return FIELDS
    if count == 19:
        return tuple(name for name in FIELDS if name != "loop_only")
    if count == 15:
        return tuple(name for name in FIELDS[:16] if name != "internal")
    if 6 <= count <= 9 or count == 16:
        return FIELDS[:count]
    raise BadRecord("bad_length")


def _record(text: str) -> dict[str, str] | None:
    """The fields of a passing by name; None if the line is none. Raises BadRecord."""
    pushed, text = text.startswith(PUSHED), text.removeprefix(PUSHED)
    fields = [field.strip() for field in text.split(";")]
    if not pushed and not (fields[0].isascii() and fields[0].isdigit()):
        return None
    return dict(zip(_names(len(fields)), fields, strict=False))


class _Numbers:
    """How far the current file has been seen, and what to ask for."""

    def __init__(self) -> None:
        self.file: int | None = None
        self.last: int | None = None
        self.count = 0
        self.missing = Missing()
        self.awaited: deque[int] = deque(
            maxlen=1000
        )  # the last number of each block that was asked for and has not ended yet
        self.asked: int | None = None  # None: nothing, since nobody opened this line

    def hear(self, text: str) -> bytes:
        """What to send after a line; empty unless it shows that something is missing."""
        if text.startswith("PASSINGS;"):
            self._hear_count(text.split(";"))
        elif not text or text.startswith("ONLY"):
            if self.awaited:  # what of the block did not come by now is not there
                self.missing.came(self.awaited.popleft())
            return self._ask_rest()
        else:
            return self._hear_passing(text)
        return b""

    def _hear_count(self, fields: list[str]) -> None:
        self._turn_to(small_number(fields[2]) if len(fields) > 2 else self.file)
        self.count = small_number(fields[1]) or 0
        if self.last is not None and self.count < self.last:
            self.last = 0  # the same file no longer holds what was seen: it was cleared
            self.missing.forget()
            self._forget_asked()

    def _forget_asked(self) -> None:
        """What was asked for was of another file."""
        self.asked = None if self.asked is None else 0

    def _turn_to(self, file: int | None) -> None:
        if file != self.file and file is not None:
            self.last = None if self.file is None else 0
            self.file, self.count = file, 0
            self.missing.forget()
            self._forget_asked()

    def _hear_passing(self, text: str) -> bytes:
        try:
            fields = _record(text) or {}
        except BadRecord:
            return b""
        number = small_number(fields.get("no", ""))
        if number is None or number < 1:
            return b""
        self._turn_to(small_number(fields.get("file", "")))
        last, self.last = self.last, max(number, self.last or 0)
        if not text.startswith(PUSHED):
            self.missing.came(number)
        elif last is not None and number > last + 1:
            self.missing.leave_out(last + 1, number - 1)
            return self._ask(last + 1, number - last - 1)
        return b""

    def _ask_rest(self) -> bytes:
        """After a block: the next one, as long as each brought something."""
        first = self.missing.first or (self.last or 0) + 1
        if self.asked is None or self.awaited or first > self.count or first == self.asked:
            return b""
        return self.ask_from(first)

    def resume(self) -> bytes:
        """After a break: ask for what did not come yet."""
        self.awaited.clear()
        return self.ask_from(self.missing.first or (self.last or 0) + 1)

    def ask_from(self, first: int) -> bytes:
        """Ask for a block."""
        self.asked = first
        return self._ask(first, BLOCK)

    def _ask(self, first: int, count: int) -> bytes:
        """Ask for so many passings of the current file again."""
        self.awaited.append(first + count - 1)
        return b"%d:%d\r\n" % (first, count)


class _Lines(Body):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.numbers = _Numbers()

    def take(self, line: bytes) -> None:
        """One line. Raises BadRecord."""
        text = name_text(line).strip()
        if reply := self.numbers.hear(text):
            self.replies.append(reply)
        if line.startswith(b"{"):
            self._take_objects(line)
        elif said := _said(text):
            self.control.append(said)
            self._take_state(said, text)
        elif not text.startswith(HEADINGS):
            fields = _record(text)
            if fields is None:
                raise BadRecord("unknown_function")
            self._take_record(fields)

    def _take_state(self, said: dict[str, Scalar], text: str) -> None:
        """Its clock and its battery. The line does not say which box it is."""
        _, *fields = [field.strip() for field in text.split(";")]
        if said["type"] not in TELLING or len(fields) < 2:
            return
        try:
            clock: int | None = _moment(fields[0], fields[1], self.context)
        except BadRecord:
            clock = None
        battery, mains = said.get("battery_pct"), said.get("power")
        shown = {name: said[name] for name in ("operating", "file") if name in said}
        self.tell(
            State(
                "", clock, battery if isinstance(battery, int) and battery <= 100 else None,
                mains if isinstance(mains, bool) else None, said=told(**shown),
            )
        )  # fmt: skip

    def _take_record(self, fields: dict[str, str]) -> None:
        chip, source = chip_of(fields["chip"]), source_of(fields.get("box_id", ""), self.context)
        moment = _moment(fields["date"], fields["time"], self.context)
        if chip.startswith(MARKERS):
            self.markers.append(Marker(source, "marker", chip, moment))
            return
        event, active = fields["event"], fields.get("active", "")
        stored = fields.get("loop_only") == "1" or bool((small_number(fields.get("internal_active", "")) or 0) & STORED)
        battery = fields.get("battery", "")
        said = told(
            location=fields.get("box"), channel=fields.get("channel"), loop=fields.get("loop"),
            hits=small_number(fields["hits"]), active=active == "1" if active else None, stored=stored or None,
            file=small_number(fields.get("file", "")), battery=float(battery) if _NUMBER.fullmatch(battery) else None,
            event_id="" if event == "0" else event,
        )  # fmt: skip
        self.reads.append(
            Read(
                source, chip, moment, small_number(fields["no"]), antenna=evidence(fields.get("antenna", "")),
                rssi=decibels(fields.get("rssi", "")), told=said,
            )
        )  # fmt: skip

    def _take_objects(self, line: bytes) -> None:
        """Objects of the exporter, one behind the other."""
        text = line.decode("utf-8", "surrogateescape")
        start = 0
        while start < len(text):
            try:
                value, end = JSON.raw_decode(text, start)
            except (ValueError, RecursionError):
                self.rejects.append(Reject(text[start:].encode("utf-8", "surrogateescape"), "bad_row"))
                return
            raw = text[start:end].encode("utf-8", "surrogateescape")
            self.attempt(raw, partial(self.take_object, value))
            start = _GAP.match(text, end).end()  # type: ignore[union-attr]

    def take_object(self, value: Any, _raw: bytes) -> None:
        """One passing of the exporter. Raises BadRecord."""
        seen = exported(value, self.context)
        if isinstance(seen, Marker):
            self.markers.append(seen)
        else:
            self.reads.append(seen)


def _moment(day: str, time: str, context: Context) -> int:
    """The decoder's wall clock; a day counted from zero is counted from the race day. Raises BadRecord."""
    said = DATE.fullmatch(day)
    if said is None or (said[1] == "0000" and said[2] != "00"):
        raise BadRecord("bad_time")
    try:
        of_day = time_us(time)
    except ValueError:
        raise BadRecord("bad_time") from None
    if said[1] != "0000":
        return day_of(said) + of_day
    midnight = dated_us(context)
    if midnight is None:
        raise BadRecord("no_date")
    return midnight + int(said[3]) * DAY_US + of_day


def _said(text: str) -> dict[str, Scalar] | None:
    """What a line says that is no passing; None if it may be one."""
    if not text:
        return {"type": "END"}
    command = _COMMAND.fullmatch(text)
    if command is None:
        return None
    kind, fields = command[1], text.split(";")[1:]
    said: dict[str, Scalar] = {"type": kind}
    if kind == "PASSINGS":
        said |= dict(zip(("count", "file"), (small_number(field) for field in fields), strict=False))
    elif kind == "GETSTATUS" and len(fields) >= 10:
        battery = small_number(fields[9])
        said |= {"operating": fields[4] == "1", "power": fields[2] == "1", "file": small_number(fields[5])}
        said |= {"battery_pct": None if battery is None or battery < 0 else battery}
    elif kind in ("GETTIME", "SETTIME") and len(fields) >= 2:
        said |= {"reader_time": evidence(f"{fields[0]}T{fields[1]}")}
    return said


def _line(raw: bytes) -> bytes:
    return _BEFORE.sub(b"", raw).rstrip(NOISE)


def parse(body: bytes, context: Context, file: bool = False) -> Parsed:
    """Read a body of lines, whole or cut off. Never raises on odd bytes: what is not understood is a reject.

    `file`: an empty line means nothing, and the last line may lack its end.
    """
    result = _Lines(context)
    start = 0
    while start < len(body):
        found = body.find(END, start)
        end = found + 1 if found >= 0 else len(body)
        line = _line(body[start:end])
        if end - start > MAX_FRAME:
            result.rejects.append(Reject(line, "frame_too_long"))
        elif (found < 0 and not file) and line:
            result.rejects.append(Reject(line, "truncated"))
        elif line or (found >= 0 and not file):
            result.attempt(line, result.take)
        start = end
    return result.parsed()


def parse_json(body: bytes, context: Context) -> Parsed:
    """What the exporter posts: an object, a list of them, or one behind the other on lines."""
    result = _Lines(context)
    try:
        value = JSON.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return parse(body, context, file=True)
    if isinstance(value, dict):
        result.attempt(body, partial(result.take_object, value))
        return result.parsed()
    for one in value if isinstance(value, list) else [value]:
        raw = json.dumps(one, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
        result.attempt(raw, partial(result.take_object, one))
    return result.parsed()


class RaceResultSession:
    """A connection to a decoder. It outlives the connection: it knows the file and the last number it saw."""

    def __init__(self, server_name: str) -> None:
        self._numbers = _Numbers()
        self._telling = Telling()
        self._tail = b""

    @property
    def pending(self) -> bytes:
        """The unfinished end of the stream."""
        return _line(self._tail)

    def opening(self) -> bytes:
        """Have passings pushed from now on, and ask for those of the current file that were not seen."""
        self._tail = b""
        return ASK + self._numbers.resume()

    def keep_alive(self) -> bytes:
        """A decoder that nobody passes says nothing."""
        return ASK_STATUS if self._telling.due() else b"PING\r\n"

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; give the lines they complete. Raises FrameTooLong."""
        frames: list[Frame] = []
        *lines, self._tail = (self._tail + data).split(END)
        for line in lines:
            if len(line) + 1 > MAX_FRAME:
                raise FrameTooLong(frames)
            text = name_text(_line(line)).strip()
            said = _said(text)
            tells = said is not None and said["type"] in TELLING and self._telling.new(str(said["type"]))
            frames.append(Frame(line + END, self._numbers.hear(text), said is None or tells, tells))
        if len(self._tail) + 1 > MAX_FRAME:
            raise FrameTooLong(frames)
        return frames


_FORMATS = ("raceresult_tcp", "raceresult_json", "raceresult_file")
RACERESULT = Decoder("raceresult", _FORMATS, parse, RaceResultSession, port=3601)
RACERESULT_FILE = Decoder("raceresult", _FORMATS, partial(parse, file=True))
RACERESULT_JSON = Decoder("raceresult", _FORMATS, parse_json)
