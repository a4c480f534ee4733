"""ChronoTrack: the CTP01 stream of its SimpleClient, and the comma file it writes.

The client connects to us and says hello; we answer with the settings we want and three questions. A line ends with CRLF
and has its fields between `~`; the file has commas and LF.

| line | answer | read as |
|---|---|---|
| `SimpleClient~2.0~CTP01` | our settings, getconnectionid, geteventinfo, getlocations | control |
| `ack~getlocations~...` | `start` | control |
| `ping` | `ack~ping` | control |
| `ack~...`, `err~...` | none | control; of an `authorize` nothing but the word is kept |
| `CT01_33~seq~location~tag~time~occurrence~reader~antenna` (also CT01_13, also with commas) | none | a read |
| the same with the tag `guntime`, or antenna 0 | none | a gun |
| the same with the tag `newlocation` | none | control |

We ask for ISO times, since the "normal" ones have no date; a client that keeps to normal, unix or msecs is understood.
No line is acknowledged, so after a break the client sends all again from `start`; sequence numbers count per location and
leave holes where another receiver's lines went, so a hole means nothing here.
"""

import re
from functools import partial

from timing.decoders.field_text import evidence, name_text, small_number
from timing.decoders.framing import DelimitedSession, split_frames
from timing.decoders.model import MAX_FRAME, Context, Decoder, Marker, Parsed, Read, Reject
from timing.decoders.records import BadRecord, Body, chip_of, moment_of, source_of, told, wall_us
from timing.decoders.wall_clock import SECOND_US

END = b"\n"
PING = b"ping\r\n"
SETTINGS = ("guntimes=true", "newlocations=true", "connection-id=true", "stream-mode=push", "time-format=iso")
QUESTIONS = ("getconnectionid", "geteventinfo", "getlocations")
LOGINS = (b"authorize", b"ack~authorize", b"err~authorize")
_LINE = re.compile(rb"CT\d\d_\d\d([~,])")
_HELLO = re.compile(rb"([^~]+)~([^~]*)~(CTP\d\d)")
_EPOCH = re.compile(r"(\d{9,11})(?:\.(\d{1,6})\d*)?|(\d{12,14})", re.ASCII)


def _replies(line: bytes, server_name: str) -> list[bytes]:
    """What a line must be answered with."""
    if _HELLO.fullmatch(line):
        said = (f"{server_name}~1.0~{len(SETTINGS)}", *SETTINGS, *QUESTIONS)
        return [f"{text}\r\n".encode() for text in said]
    if line == b"ping":
        return [b"ack~ping\r\n"]
    return [b"start\r\n"] if line.split(b"~")[:2] == [b"ack", b"getlocations"] else []


def answer(raw: bytes, server_name: str) -> tuple[bytes, bool]:
    """The reply to a line, and whether it must be kept before that."""
    line = raw.strip()
    return b"".join(_replies(line, server_name)), _control(line) is None


def _is_login(raw: bytes) -> bool:
    return raw.strip().startswith(LOGINS)


def _control(line: bytes) -> dict[str, str] | None:
    """A line that carries no read; None for any other."""
    if _is_login(line):
        return {"type": "authorize"}
    if hello := _HELLO.fullmatch(line):
        return {"type": "hello", "client": evidence(name_text(hello[1])), "protocol": hello[3].decode()}
    if (
        (found := _LINE.match(line))
        and len(fields := line.split(found[1])) == 8
        and fields[3].strip() == b"newlocation"
    ):
        return {"type": "newlocation", "location": evidence(name_text(fields[2]))}
    kind, _, rest = line.partition(b"~")
    if line == b"ping":
        return {"type": "ping"}
    if kind in (b"ack", b"err") and rest:
        return {"type": kind.decode(), "command": evidence(name_text(rest.partition(b"~")[0]))}
    return None


class _Lines(Body):
    def take(self, line: bytes) -> None:
        """One whole line."""
        self.replies += _replies(line, self.context.server_name)
        control = _control(line)
        if control is not None:
            self.control.append(dict(control))
        elif found := _LINE.match(line):
            self._take_event(name_text(line).split(found[1].decode()))
        else:
            raise BadRecord("bad_frame")

    def _take_event(self, fields: list[str]) -> None:
        if len(fields) != 8:
            raise BadRecord("bad_frame")
        _, seq, location, tag, time, occurrence, reader, antenna = (field.strip() for field in fields)
        source, moment = source_of(reader or location, self.context), self._moment(time)
        if tag == "guntime" or antenna == "0":
            self.markers.append(Marker(source, "gun", "" if tag == "guntime" else evidence(tag), moment))
            return
        chip, _, bib = tag.partition("|")
        self.reads.append(
            Read(
                source, chip_of(chip), moment, small_number(seq), antenna=evidence(antenna), bib=evidence(bib),
                told=told(location=location, occurrence=small_number(occurrence)),
            )
        )  # fmt: skip

    def _moment(self, text: str) -> int:
        """The time in any of the four formats; unix and msecs count from 1970 in UTC."""
        epoch = _EPOCH.fullmatch(text)
        if epoch is None:
            return moment_of(text, self.context)
        seconds, fraction, millis = epoch.groups()
        us = int(millis) * 1000 if millis else int(seconds) * SECOND_US + int((fraction or "").ljust(6, "0"))
        return wall_us(us, self.context)

    def take_tail(self, tail: bytes) -> None:
        """The unfinished end of the body: the last line of a file may lack its end, a live line may not."""
        try:
            if not (_is_login(tail) or (tail.startswith(b"CT01_") and tail.count(b",") == 7)):
                raise BadRecord("truncated")
            self.take(tail)
        except BadRecord:
            self.rejects.append(Reject(tail, "truncated"))


def parse(body: bytes, context: Context) -> Parsed:
    """Read a body of lines, whole or cut off. Never raises on odd bytes: what is not understood is a reject."""
    result = _Lines(context)
    for raw in split_frames(body, END):
        line = raw.rstrip(b"\r\n")
        if len(raw) > MAX_FRAME:
            result.rejects.append(Reject(line, "frame_too_long"))
        elif raw and not raw.endswith(END):
            result.take_tail(raw)
        elif line.strip():
            result.attempt(line, lambda line: result.take(line.strip()))
    return result.parsed()


class Ctp01Session(DelimitedSession):
    """A connection from a SimpleClient."""

    def __init__(self, server_name: str) -> None:
        super().__init__(END, partial(answer, server_name=server_name), _is_login)

    def keep_alive(self) -> bytes:
        """What to ask a client, so that a dead line shows."""
        return PING


CHRONOTRACK = Decoder("chronotrack", ("chronotrack_ctp01", "chronotrack_file"), parse, Ctp01Session)
