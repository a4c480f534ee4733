"""MYLAPS Timing & Scoring: its TCP exporter, protocol versions 1 (Store) and 2 (Passing).

The timing software connects to us. A message is `Source@Function@data...@$`; NUL, CR and LF may stand between messages.
The peer decides by what it sends: both versions, and markers of both kinds, are understood on one connection.

| message | answer | read as |
|---|---|---|
| Pong, one per location | AckPong, with the fields we ask for when version 2 is wanted | control |
| Ping | AckPing | control |
| AckGetInfo: the devices of a location, by name or key=value | none | control; battery, clock (ms) and time between same chip |
| AckPing, GetInfo, GetLocations, AckAuth ... | none | control; the login in AckAuth is dropped |
| Store, records of 39 characters | AckStore with the message's number | reads |
| Passing, records of key=value | AckPassing | reads |
| Marker, key=value or `date time|kind|name` | AckMarker | markers |

A data message is answered once it is whole and numbered, even when records in it are bad: those are rejects with a
reason, and a second sending would not mend them. Message numbers restart and repeat, so they are never an identity.

We send Ping every few seconds and, once a minute, GetInfo; both are answered once for each location that said Pong.

Of a version 2 record the read takes c, t, d, l, dv, an and b; the other keys (hits, amplitude, time source ...) stay
in the kept bytes. Layout and checksum of the 39 characters hold on all 2,494 records of a real recording.
"""

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from timing.decoders.field_text import MAX_CHIP, evidence, is_name, name_text, small_number
from timing.decoders.framing import NOISE, DelimitedSession, Telling, split_frames
from timing.decoders.model import MAX_FRAME, Context, Decoder, Frame, Marker, NoMachine, Parsed, Read, Reject, State
from timing.decoders.records import Body, told, wall_us
from timing.decoders.wall_clock import dated_us, day_us, six_digit_day_us, time_us

FORMATS = ("mylaps_tcp_v1", "mylaps_tcp_v2", "mylaps_file")
END = b"$"
ASKED_FIELDS = "c|ct|t|d|l|dv|re|an|h|am|amd|ts|dm|utc"  # hits, amplitude and time source are what an audit needs
RECORD_LENGTH = 39
DATA = frozenset({"Store", "Passing", "Marker"})
LOGINS = frozenset({"Auth", "AckAuth"})
MOST_ODD = 1000  # messages on end that have not the form at all; a real day has none
CONTROL = LOGINS | {
    *("Pong", "AckPong", "Ping", "AckPing", "GetInfo", "AckGetInfo", "GetLocations", "AckGetLocations"),
    *("AckStore", "AckPassing", "AckMarker"),
}


Seen = TypeVar("Seen", Read, Marker)


_MILLIS = re.compile(r"[1-9]\d{11}|[1-6]\d{12}", re.ASCII)  # since 1970: from 1973 to 2190


class BadMessageRecord(ValueError):
    """A record that is no read; its text is the reason code."""


def _fields(raw: bytes) -> tuple[bytes, str, list[bytes]] | None:
    """Location, function and data of a message; None when it is not of the form at all."""
    location, *rest = raw.removesuffix(END).strip(NOISE).split(b"@")
    if not rest or not rest[0]:
        return None
    if len(rest) > 1 and not rest[-1]:
        rest.pop()  # the @ before the closing $
    return location, rest[0].decode("ascii", "replace"), rest[1:]


def _number(data: list[bytes]) -> bytes | None:
    """The message's number, which closes its data; None when there is none to acknowledge."""
    last = data[-1] if data else b""
    return last if last.isdigit() and len(last) <= 9 else None


def answer(raw: bytes, server_name: str, version: int) -> tuple[bytes, bool]:
    """What a message must be answered with, and whether it must be kept before that."""
    fields = _fields(raw)
    if fields is None:
        return b"", True
    _, function, data = fields
    if function == "Pong":
        asked = f"Version2.1@{ASKED_FIELDS}@" if version == 2 else ""
        return f"{server_name}@AckPong@{asked}$".encode(), False
    if function == "Ping":
        return f"{server_name}@AckPing@$".encode(), False
    number = _number(data)
    if function in DATA and number is not None:
        return f"{server_name}@Ack{function}@{number.decode()}@$".encode(), True
    return b"", function not in CONTROL


def _is_login(raw: bytes) -> bool:
    fields = _fields(raw)
    return fields is not None and fields[1] in LOGINS


def store_read(record: bytes, source: str, seq: int) -> Read:
    """One version 1 record: fixed columns, closed by a checksum over the first 37 characters. Raises BadMessageRecord."""
    if len(record) != RECORD_LENGTH:
        raise BadMessageRecord("bad_length")
    if record[37:] != b"%02X" % (sum(record[:37]) % 256):
        raise BadMessageRecord("bad_checksum")
    text = record.decode("ascii", "replace")
    return Read(
        source=source,
        chip=_chip(text[:7]),
        local_us=_moment(text[31:37], text[7:19].strip()),
        seq=seq,
        device=evidence(text[19:21]),
        reader_no=evidence(text[21:23]),
        antenna=evidence(text[23]),
        lap=small_number(text[24:27]),
        record=small_number(text[27:31], base=16),
    )


def _pairs(record: bytes) -> dict[str, str]:
    text = name_text(record)
    return {key.strip(): value.strip() for key, _, value in (pair.partition("=") for pair in text.split("|"))}


def passing_read(record: bytes, source: str, seq: int, context: Context) -> Read:
    """One version 2 record. Keys come in any order, unknown ones too; `an` may be a bit mask and stays text.

    Raises BadMessageRecord.
    """
    value = _pairs(record)
    return Read(
        source=source,
        chip=_chip(value.get("c", "")),
        local_us=_passing_moment(value, context),
        seq=seq,
        device=evidence(value.get("dv", "")),
        antenna=evidence(value.get("an", "")),
        lap=small_number(value.get("l", "")),
        bib=evidence(value.get("b", "")),
    )


def _passing_moment(value: dict[str, str], context: Context) -> int:
    """Day and time of day; of a record that has only `utc`, milliseconds since 1970, the venue's clock at that instant."""
    if value.get("t") or not _MILLIS.fullmatch(value.get("utc", "")):
        return _moment(value.get("d", ""), value.get("t", ""), context)
    return wall_us(int(value["utc"]) * 1000, context)


def _marker(record: bytes, source: str, context: Context) -> Marker:
    """A gun seen by a decoder: key=value in version 2 (no date), `date time|kind|name` in version 1."""
    if b"=" in record.partition(b"|")[0]:
        value = _pairs(record)
        moment = _moment(value.get("d", ""), value.get("t", ""), context)
        return Marker(source, evidence(value.get("mt", "")), evidence(value.get("n", "")), moment)
    when, kind, name = [*name_text(record).split("|", 2), "", ""][:3]
    day, _, time = when.strip().partition(" ")
    try:
        year, month, date = (int(part) for part in day.split("-"))
        return Marker(source, evidence(kind), evidence(name), day_us(year, month, date) + time_us(time.strip()))
    except ValueError:
        raise BadMessageRecord("bad_time") from None


def _chip(text: str) -> str:
    chip = text.strip().upper()
    if not chip or len(chip) > MAX_CHIP or not (chip.isascii() and chip.isprintable()):
        raise BadMessageRecord("bad_chip")
    return chip


def _moment(day: str, time: str, context: Context | None = None) -> int:
    """The device's wall clock; a record without a date takes the race's when a context is given."""
    midnight = dated_us(context) if context is not None and not day else None
    try:
        of_day = time_us(time)
        if midnight is None and (day or context is None):
            midnight = six_digit_day_us(day)
    except ValueError:
        raise BadMessageRecord("bad_time") from None
    if midnight is None:
        raise BadMessageRecord("no_date")
    return midnight + of_day


def _each(records: Iterable[bytes], read: Callable[[bytes], Seen], rejects: list[Reject]) -> list[Seen]:
    """Read every record; the bad ones go to rejects and cost the others nothing."""
    good = []
    for record in records:
        try:
            good.append(read(record))
        except BadMessageRecord as bad:
            rejects.append(Reject(record, str(bad)))
    return good


def _devices(data: list[bytes], source: str) -> State:
    """What AckGetInfo tells: in version 2 each device as key=value, in version 1 its name, what it does and the computer."""
    devices = [_pairs(record) for record in data if b"=" in record]
    if not devices:
        names = [name for name in (evidence(name_text(part)) for part in data) if name]
        return State(source, said=told(device=names[0] if names else "", computer=names[2] if len(names) > 2 else ""))

    def numbers(key: str) -> list[int]:
        return [number for device in devices if (number := small_number(device.get(key, ""))) is not None]

    clocks = [int(text) for device in devices if _MILLIS.fullmatch(text := device.get("time", ""))]
    batteries = [level for level in numbers("bat") if 0 <= level <= 100]
    said = told(
        device=", ".join(name for device in devices if (name := device.get("n"))), same_chip=devices[0].get("tbsc"),
        gps=max(numbers("gpsc"), default=None), temperature=max(numbers("temp"), default=None),
        antennas=sum(numbers("ant")) or None,
    )  # fmt: skip
    clock = clocks[0] * 1000 if clocks else None
    return State(source, clock, min(batteries, default=None), said=said, or_utc=True)


class _Body(Body):
    """The growing answer of parse."""

    def __init__(self, context: Context, version: int) -> None:
        super().__init__(context)
        self.version = version

    def take(self, raw: bytes) -> None:
        """One whole message."""
        reply, _ = answer(raw, self.context.server_name, self.version)
        if reply:
            self.replies.append(reply)
        text = raw.removesuffix(END)
        fields = _fields(raw)
        if fields is None:
            self.rejects.append(Reject(text, "bad_frame"))
            return
        location, function, data = fields
        source = name_text(location).strip() or self.context.source
        if function in CONTROL:
            self.control.append({"type": function, "location": evidence(source)})
            if function == "AckGetInfo":
                self.tell(_devices(data, source))
        elif function not in DATA:
            self.rejects.append(Reject(text, "unknown_function"))
        elif (number := _number(data)) is None or not is_name(source):
            self.rejects.append(Reject(text, "bad_frame"))
        else:
            self._take_records(function, data[:-1], source, int(number))

    def _take_records(self, function: str, records: list[bytes], source: str, seq: int) -> None:
        context = self.context
        if function == "Marker":
            self.markers += _each(records, lambda record: _marker(record, source, context), self.rejects)
        elif function == "Store":
            self.reads += _each(records, lambda record: store_read(record, source, seq), self.rejects)
        else:
            self.reads += _each(records, lambda record: passing_read(record, source, seq, context), self.rejects)

    def take_tail(self, tail: bytes) -> None:
        """The unfinished end of the body; of a login only that there was one."""
        if _is_login(tail):
            self.take(tail)
        else:
            self.rejects.append(Reject(tail, "truncated"))


def parse(body: bytes, context: Context, version: int = 2) -> Parsed:
    """Read a body of messages, whole or cut off. Never raises on odd bytes: what is not understood is a reject."""
    result = _Body(context, version)
    for raw in split_frames(body, END):
        if len(raw) > MAX_FRAME:
            result.rejects.append(Reject(raw.removesuffix(END), "frame_too_long"))
        elif not raw.endswith(END):
            result.take_tail(raw)
        elif raw != END:
            result.take(raw)
    return result.parsed()


class MylapsSession(DelimitedSession):
    """A connection from the timing software: several locations on one line."""

    def __init__(self, server_name: str, version: int = 2) -> None:
        super().__init__(END, partial(answer, server_name=server_name, version=version), _is_login)
        self._name = server_name
        self._greeted = False
        self._telling = Telling()
        self._odd = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes. Raises NoMachine too, where they are nothing but junk: each piece of it would be a reject."""
        frames = super().feed(data)
        if self._odd > MOST_ODD:
            raise NoMachine(frames)
        return frames

    def keep_alive(self) -> bytes:
        """Ask whether it is there and, now and then, how its devices are; nothing before it has said Pong."""
        if not self._greeted:
            return b""
        words = ("Ping", "GetInfo") if self._telling.due() else ("Ping",)
        return "".join(f"{self._name}@{word}@$" for word in words).encode()

    def _frame(self, raw: bytes) -> Frame:
        frame = super()._frame(raw)
        fields = _fields(raw)
        self._odd = 0 if fields else self._odd + 1
        location, function, _ = fields or (b"", "", [])
        self._greeted = self._greeted or function == "Pong"
        tells = function == "AckGetInfo" and self._telling.new(location.hex())
        return frame._replace(keep=True, tells=True) if tells else frame


def mylaps(version: int) -> Decoder:
    """The decoder that asks for this protocol version; the peer may still use the other one."""
    return Decoder("mylaps", FORMATS, partial(parse, version=version), partial(MylapsSession, version=version))
