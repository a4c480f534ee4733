"""Wiclax's generic acquisition protocol: the simplest there is to give to the makers of home-made boxes.

The box connects to us; a line ends with CR, but the heartbeat `*` with nothing. All but the first two fields may be empty.

| line | answer | read as |
|---|---|---|
| `chip;dd-mm-yyyy hh:mm:ss.ccc;device;lap;battery%;rewind` | none | a read; rewind 1: sent again on request |
| `RACESTART hh:mm:ss,ccc` | none | a gun |
| `*`, `CLOCK dd-mm-yyyy hh:mm:ss`, `CLOCKOK`, `READOK` | none | control |

We say `CLOCK` and `STARTREAD` when the box calls, and ask for its clock once a minute; the battery is the chip's.

Nothing is acknowledged and lines have no numbers, so a hole cannot be seen here; `REWIND from to` would ask for a stretch of
time once more, and needs a person to say which.
"""

import re
from collections.abc import Iterator

from timing.decoders.field_text import name_text, small_number
from timing.decoders.framing import NOISE, Telling, split_frames
from timing.decoders.model import MAX_FRAME, Context, Decoder, Frame, FrameTooLong, Marker, Parsed, Read, Reject, State
from timing.decoders.records import BadRecord, Body, chip_of, moment_of, possible, source_of, told
from timing.decoders.wall_clock import day_us, local_text, time_us

END, HEARTBEAT = b"\r", b"*"
ASK_TIME, START = b"CLOCK\r", b"STARTREAD\r"
_DATED = re.compile(r"(\d\d?)[-/](\d\d?)[-/](\d{4}) +(\S+)", re.ASCII)
_CLOCK = re.compile(r"CLOCK +(\S.*)", re.ASCII)
_GUN = re.compile(r"RACESTART +(\S.*)", re.ASCII)
_DONE = {"CLOCKOK": "clock_set", "READOK": "reading"}


def _pieces(body: bytes) -> Iterator[bytes]:
    """The lines of a body with their ends, heartbeats between them, and last the unfinished end, if any."""
    for piece in split_frames(body, END):
        raw = piece
        while raw.startswith(HEARTBEAT):
            yield HEARTBEAT
            raw = raw[1:].lstrip(NOISE)
        if raw:
            yield raw


def moment_us(text: str) -> int:
    """The wall clock of `dd-mm-yyyy hh:mm:ss.ccc`. Raises BadRecord."""
    found = _DATED.fullmatch(text.strip())
    if found is None:
        raise BadRecord("bad_time")
    try:
        return possible(day_us(int(found[3]), int(found[2]), int(found[1])) + time_us(found[4]))
    except ValueError:
        raise BadRecord("bad_time") from None


class _Lines(Body):
    def take(self, line: bytes) -> None:
        """One whole line."""
        text = name_text(line).strip()
        if line == HEARTBEAT:
            self.control.append({"type": "heartbeat"})
        elif text in _DONE:
            self.control.append({"type": _DONE[text]})
        elif clock := _CLOCK.fullmatch(text):
            self.control.append({"type": "clock", "reader_time": local_text(moment_us(clock[1]))})
            self.tell(State(local_us=moment_us(clock[1])))
        elif gun := _GUN.fullmatch(text):
            self.markers.append(Marker(source_of("", self.context), "gun", "", moment_of(gun[1], self.context)))
        elif ";" in text:
            self._take_read(text.split(";"))
        else:
            raise BadRecord("unknown_function")

    def _take_read(self, fields: list[str]) -> None:
        if not 2 <= len(fields) <= 7 or any(field.strip() for field in fields[6:]):
            raise BadRecord("bad_frame")
        chip, time, device, lap, battery, rewind = [*fields, "", "", "", ""][:6]
        source, moment = source_of(device, self.context), moment_us(time)
        replay = None if not rewind.strip() else rewind.strip() == "1"
        said = told(battery_pct=small_number(battery), replay=replay)
        self.reads.append(Read(source, chip_of(chip), moment, lap=small_number(lap), told=said))


def parse(body: bytes, context: Context) -> Parsed:
    """Read a body of lines, whole or cut off. Never raises on odd bytes: what is not understood is a reject."""
    result = _Lines(context)
    for raw in _pieces(body):
        line = raw.removesuffix(END)
        if len(raw) > MAX_FRAME:
            result.rejects.append(Reject(line, "frame_too_long"))
        elif raw != HEARTBEAT and not raw.endswith(END):
            result.rejects.append(Reject(raw, "truncated"))
        elif line.strip():
            result.attempt(line, result.take)
    return result.parsed()


class WiclaxSession:
    """A connection from a box. What carries no read or gun is not kept, but for its clock, which is evidence."""

    def __init__(self, server_name: str) -> None:
        self._tail = b""
        self._telling = Telling()

    def opening(self) -> bytes:
        """Ask for its time, and have it read."""
        return ASK_TIME + START

    def keep_alive(self) -> bytes:
        """Ask for its time now and then; whether it is there it tells by itself."""
        return ASK_TIME if self._telling.due() else b""

    @property
    def pending(self) -> bytes:
        """The unfinished end of the stream."""
        return self._tail

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; give the lines they complete. Raises FrameTooLong."""
        held, self._tail = self._tail + data, b""
        frames: list[Frame] = []
        for raw in _pieces(held):
            if len(raw) > MAX_FRAME:
                raise FrameTooLong(frames)
            if raw == HEARTBEAT or raw.endswith(END):
                control = raw == HEARTBEAT or raw.strip().decode("ascii", "replace") in _DONE
                frames.append(
                    Frame(raw, b"", not control, not control and _CLOCK.fullmatch(name_text(raw).strip()) is not None)
                )
            else:
                self._tail = raw
        return frames


WICLAX = Decoder("wiclax", ("wiclax_generic",), parse, WiclaxSession)
