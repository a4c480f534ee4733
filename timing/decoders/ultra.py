"""RFID Timing Ultra and Joey, and boxes built like them: TCP and the text files of their software. The box listens.

| message | read as |
|---|---|
| `1,Connected,...` | control: banner |
| `V=12.7` | control: heartbeat with the battery's volts |
| `0,chip,seconds,ms,antenna,rssi,rewound,reader,unit,mtb,?,log` (12 fields) | a read; chip 0 on antenna 0: the start input |
| 03h, length, as many bytes | control: status; a line feed may stand in it |
| `S...`, `h:m:s d-m-yyyy` | control: status and clock of the box |
| `U...`, `u...` | control: its settings; among them are passwords, so they are neither kept nor shown |
| `antenna,chip,bib,"[date ]time",reader,antenna`, `chip TAB time TAB reader TAB port` | a read out of a file |

Seconds count from 1980-01-01 on the box's own clock; milliseconds are a whole number, so 5 is .005. Nothing is acknowledged.
Live reads are numbered: where a number is missing we ask for what lies between, and those come late and `rewound`.
"""

import re
from collections.abc import Iterator

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
from timing.decoders.records import BadRecord, Body, chip_of, moment_of, source_of, told
from timing.decoders.wall_clock import SECOND_US, day_us, local_text, time_us

END = b"\n"
STATUS = b"\x03"
ASK_STATUS, ASK_TIME = b"?", b"r"
TELLING = ("heartbeat", "clock")
FAR = 1_000_000  # beyond the last number seen: more than a box reads in a day
ANTENNAS = ("1", "2", "3", "4")
START = ("0", "0")  # chip and antenna of the start input
_EPOCH_US = day_us(1980, 1, 1)
_SECONDS = re.compile(r"\d{1,10}", re.ASCII)
_MILLIS = re.compile(r"\d{1,3}", re.ASCII)
_VOLTS = re.compile(r"V=(\d{1,4}(?:\.\d{1,6})?)", re.ASCII)
_CLOCK = re.compile(r"(\d\d?):(\d\d?):(\d\d?) (\d\d?)-(\d\d?)-(\d{4})\D*", re.ASCII)
_FILE = re.compile(r'\d*,([^,]*),([^,]*),"([^"]*)",([^,]*),([^,]*)')


def _split(body: bytes) -> Iterator[tuple[bytes, bool]]:
    """The messages of a body without noise before them, and whether each is whole; only the last may not be."""
    start, size = 0, len(body)
    while True:
        while start < size and body[start] in NOISE:
            start += 1
        if start == size:
            return
        if body.startswith(STATUS, start):
            end = start + max(2, body[start + 1]) if start + 1 < size else size + 1
        else:
            found = body.find(END, start)
            end = found + 1 if found >= 0 else size + 1
        yield body[start:end], end <= size
        start = min(end, size)


def _is_settings(raw: bytes) -> bool:
    return raw[:1] in (b"U", b"u")


def _is_control(raw: bytes) -> bool:
    if raw[:1] in (STATUS, b"S") or _is_settings(raw):
        return True
    text = name_text(raw).strip()
    return text.startswith("1,Connected") or bool(_VOLTS.fullmatch(text) or _CLOCK.fullmatch(text))


class _Log:
    """The numbers of the live reads, and what to ask for where one is missing."""

    def __init__(self) -> None:
        self.last: int | None = None
        self.missing = Missing()

    def ask(self, raw: bytes) -> bytes:
        """What to send after a message; empty unless it is a live read that left a hole behind it."""
        fields = raw.strip(NOISE).split(b",")
        number = small_number(name_text(fields[11])) if len(fields) >= 12 and not _is_control(raw) else None
        if number is None or number < 0:
            return b""
        if fields[6] != b"0":
            self.missing.came(number)
            return b""
        last, self.last = self.last, number
        if last is not None and number <= last:
            self.missing.forget()
        if last is None or number <= last + 1:
            return b""
        self.missing.leave_out(last + 1, number - 1)
        return rewind(last, number)

    def resume(self) -> bytes:
        """After a break: ask for what did not come yet; empty where nothing was seen."""
        if self.last is None:
            return b""
        first = self.missing.first
        return rewind(self.last if first is None else first - 1, self.last + FAR)


def rewind(first: int, last: int) -> bytes:
    """Ask for the reads from one number to another again."""
    return b"6\x00\x00%d\r%d\r" % (first, last)


class _Messages(Body):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.log = _Log()

    def take(self, raw: bytes) -> None:
        """One whole message. Raises BadRecord."""
        if reply := self.log.ask(raw):
            self.replies.append(reply)
        text = name_text(raw).strip()
        if _is_control(raw):
            self.control.append(said := _said(raw, text))
            self._tell(said)
        elif _is_row(text):
            self._take_row(text)
        elif text.startswith(("0,", "1,")):
            self._take_live(text.split(","))
        else:
            raise BadRecord("unknown_function")

    def _tell(self, said: dict[str, Scalar]) -> None:
        """Its clock and its volts."""
        if said["type"] in TELLING:
            shown = said.get("reader_time")
            clock = None if shown is None else moment_of(str(shown), self.context)
            self.tell(State(self.context.source, clock, said=told(volts=said.get("volts"))))

    def _take_live(self, fields: list[str]) -> None:
        if len(fields) < 12:
            raise BadRecord("bad_length")
        _, chip, seconds, millis, antenna, rssi, rewound, reader, *_, log = fields[:12]
        said = told(replay=rewound == "1")
        seen = self._read(chip, antenna, reader, _counted(seconds, millis))
        self._add(seen._replace(seq=small_number(log), rssi=decibels(rssi), told=said))

    def _take_row(self, text: str) -> None:
        """A row of a file."""
        if row := _FILE.fullmatch(text):
            chip, bib, time, reader, antenna = row.groups()
        else:
            (chip, time, reader, antenna), bib = text.split("\t"), ""
        seen = self._read(chip, antenna, reader, moment_of(time, self.context))
        self._add(seen._replace(bib="" if bib.strip() in ("", "0", chip.strip()) else evidence(bib)))

    def _read(self, chip: str, antenna: str, reader: str, moment: int) -> Read:
        """The name said with the body, with the reader's number beside it; else the number is all there is."""
        chip, antenna = chip_of(chip), antenna.strip()
        if antenna not in ANTENNAS and (chip, antenna) != START:
            raise BadRecord("bad_antenna")
        named = bool(self.context.source)
        source = source_of("" if named else reader, self.context)
        return Read(source, chip, moment, reader_no=evidence(reader) if named else "", antenna=antenna)

    def _add(self, read: Read) -> None:
        if (read.chip, read.antenna) == START:
            self.markers.append(Marker(read.source, "start", "", read.local_us))
        else:
            self.reads.append(read)

    def take_tail(self, tail: bytes) -> None:
        """The unfinished end of the body: the last row of a file may lack its end, a live line may not."""
        text = name_text(tail).strip()
        if _is_settings(tail):
            self.take(tail)
        elif _is_row(text) and not tail.startswith(STATUS):
            self.attempt(tail, self.take)
        else:
            self.rejects.append(Reject(tail, "truncated"))


def _is_row(text: str) -> bool:
    return text.count("\t") == 3 or _FILE.fullmatch(text) is not None


def _counted(seconds: str, millis: str) -> int:
    """Microseconds of the box's count. Raises BadRecord."""
    if not (_SECONDS.fullmatch(seconds) and _MILLIS.fullmatch(millis)):
        raise BadRecord("bad_time")
    return _EPOCH_US + int(seconds) * SECOND_US + int(millis) * 1000


def _said(raw: bytes, text: str) -> dict[str, Scalar]:
    """What a message says that is no read."""
    if raw.startswith(STATUS):
        return {"type": "status", "bytes": raw.hex()}
    if _is_settings(raw):
        return {"type": "settings"}
    if volts := _VOLTS.fullmatch(text):
        return {"type": "heartbeat", "volts": float(volts[1])}
    if text.startswith("S"):
        return {"type": "status", "text": evidence(text)}
    if clock := _CLOCK.fullmatch(text):
        return _clock(clock.groups())
    return {"type": "banner"}


def _clock(parts: tuple[str, ...]) -> dict[str, Scalar]:
    hour, minute, second, day, month, year = parts
    try:
        moment = day_us(int(year), int(month), int(day)) + time_us(f"{hour}:{minute:0>2}:{second:0>2}")
    except ValueError:
        return {"type": "clock"}
    return {"type": "clock", "reader_time": local_text(moment)}


def parse(body: bytes, context: Context) -> Parsed:
    """Read a body of messages, whole or cut off. Never raises on odd bytes: what is not understood is a reject."""
    result = _Messages(context)
    for raw, whole in _split(body):
        text = raw if raw.startswith(STATUS) else raw.rstrip(NOISE)
        if len(raw) > MAX_FRAME:
            result.rejects.append(Reject(text, "frame_too_long"))
        elif not whole:
            result.take_tail(text)
        else:
            result.attempt(text, result.take)
    return result.parsed()


class UltraSession:
    """A connection to a box. It outlives the connection: it knows the last number it saw."""

    def __init__(self, server_name: str) -> None:
        self._log = _Log()
        self._telling = Telling()
        self._tail = b""

    @property
    def pending(self) -> bytes:
        """The unfinished end of the stream; empty when it is a setting."""
        return b"" if _is_settings(self._tail) else self._tail

    def opening(self) -> bytes:
        """Ask how it is and, after a break, for whatever came after the last read seen. It sends new reads unasked."""
        self._tail = b""
        return ASK_STATUS + ASK_TIME + self._log.resume()

    def keep_alive(self) -> bytes:
        """Ask how it is: while it starts its antennas a box is silent for up to twelve seconds."""
        return ASK_STATUS + ASK_TIME if self._telling.due() else ASK_STATUS

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; give the messages they complete. Raises FrameTooLong."""
        frames: list[Frame] = []
        held, self._tail = self._tail + data, b""
        for raw, whole in _split(held):
            if len(raw) + (not whole) > MAX_FRAME:
                raise FrameTooLong(frames)
            if not whole:
                self._tail = raw
            else:
                control = _is_control(raw)
                kind = str(_said(raw, name_text(raw).strip())["type"]) if control else ""
                tells = kind in TELLING and self._telling.new(kind)
                frames.append(Frame(raw, self._log.ask(raw), not control or tells, tells))
        return frames


ULTRA = Decoder("ultra", ("rfidtiming_ultra_tcp", "rfidtiming_file"), parse, UltraSession, port=23)
