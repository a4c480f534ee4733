"""AMB/MYLAPS P3: what the decoders of active transponders (X2, ProChip, TranX) send on port 5403. We dial them.

A record is `8E | version 02 | length u16 | crc u16 | flags u16 | type u16 | fields | 8F`, little-endian; a field is tag,
length, value. Within a record the bytes 8D, 8E and 8F travel as 8D and the byte + 20h, so 8E and 8F always are its two ends.
Length and checksum are those of the record before that, the checksum over its own two bytes as zero.

| type | read as |
|---|---|
| 1 passing: 01 number, 03 transponder, 04 µs since 1970 UTC, 05 strength, 06 hits, 08 flags, 81 decoder | a read |
| the same from the gate of a BMX start (9991, 9992, 9995) | a marker |
| 2 status, 3 version, 24h time, FFFFh error and the like | control |

Nothing is acknowledged. Passings are numbered: a session asks for the numbers that are missing (type 4, 01 from, 02 until)
as soon as it sees the next one, and after a reconnect for all since the last. A decoder that was restarted counts from 1
again; it is known by a later clock with a lower number.
"""

from binascii import crc_hqx
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

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
from timing.decoders.records import BadRecord, Body, source_of, told, wall_us
from timing.decoders.wall_clock import local_text

PORT = 5403
START, END, ESCAPE = b"\x8e", b"\x8f", 0x8D
PASSING, STATUS, RESEND, GET_TIME = 0x01, 0x02, 0x04, 0x24
TYPES = {
    0x00: "RESET", 0x02: "STATUS", 0x03: "VERSION", 0x04: "RESEND", 0x05: "CLEAR_PASSING", 0x13: "SERVER_SETTINGS",
    0x15: "SESSION", 0x16: "NETWORK_SETTINGS", 0x18: "WATCHDOG", 0x20: "PING", 0x24: "GET_TIME", 0x28: "GENERAL_SETTINGS",
    0x2D: "SIGNALS", 0x2F: "LOOP_TRIGGER", 0x30: "GPS_INFO", 0x45: "FIRST_CONTACT", 0x4A: "TIMELINE", 0xFFFF: "ERROR",
}  # fmt: skip
GATES = frozenset({9991, 9992, 9995})
HEADER = 10  # bytes, of which two are the checksum
_UNTIL_NOW = 0xFFFFFFFF
_STEP = tuple(crc_hqx(bytes([byte]), 0) for byte in range(256))


def checksum(record: bytes) -> int:
    """CRC-16 of an unescaped record whose own checksum is zero: polynomial 1021h from FFFFh, bytes shifted in, none after."""
    crc = 0xFFFF
    for byte in record:
        crc = (((crc << 8) | byte) & 0xFFFF) ^ _STEP[crc >> 8]
    return crc


def request(kind: int, fields: bytes = b"") -> bytes:
    """A record of ours, ready to be sent."""
    length = HEADER + len(fields) + 1
    head, tail = b"\x8e\x02" + length.to_bytes(2, "little"), b"\0\0" + kind.to_bytes(2, "little") + fields + b"\x8f"
    crc = checksum(head + b"\0\0" + tail).to_bytes(2, "little")
    inside = (head + crc + tail)[1:-1]
    return (
        START + b"".join(bytes([ESCAPE, one + 0x20]) if 0x8D <= one <= 0x8F else bytes([one]) for one in inside) + END
    )


def resend(first: int, last: int) -> bytes:
    """Ask for the passings of these numbers once more."""
    return request(RESEND, b"\x01\x04" + first.to_bytes(4, "little") + b"\x02\x04" + last.to_bytes(4, "little"))


ASK_TIME = request(GET_TIME, b"\x01\x00\x04\x00\x05\x00")


class Record(NamedTuple):
    """An intact record: its type and its fields as numbers by tag."""

    kind: int
    fields: dict[int, int]


def _unescaped(raw: bytes) -> bytes:
    plain = bytearray()
    inside = iter(raw[1:-1])
    for byte in inside:
        if byte != ESCAPE:
            plain.append(byte)
            continue
        after = next(inside, 0) - 0x20
        if not 0x8D <= after <= 0x8F:
            raise BadRecord("bad_frame")
        plain.append(after)
    return START + plain + END


def read_record(raw: bytes) -> Record:
    """A record from the wire. Raises BadRecord."""
    if not raw.startswith(START):
        raise BadRecord("bad_frame")
    if not raw.endswith(END):
        raise BadRecord("truncated")
    plain = _unescaped(raw)
    if len(plain) <= HEADER or int.from_bytes(plain[2:4], "little") != len(plain):
        raise BadRecord("bad_length")
    if checksum(plain[:4] + b"\0\0" + plain[6:]) != int.from_bytes(plain[4:6], "little"):
        raise BadRecord("bad_checksum")
    fields, at = {}, HEADER
    while at < len(plain) - 1:
        value = plain[at + 2 : -1][: plain[at + 1]]
        if len(value) < plain[at + 1]:
            raise BadRecord("bad_frame")
        fields[plain[at]] = int.from_bytes(value, "little")
        at += 2 + len(value)
    if at != len(plain) - 1:
        raise BadRecord("bad_frame")
    return Record(int.from_bytes(plain[8:10], "little"), fields)


def _pieces(body: bytes) -> Iterator[tuple[bytes, bool]]:
    """The records of a body, what lies between them, and last the unfinished end; each with whether more can follow."""
    start = 0
    while start < len(body):
        end, begin = body.find(END, start), body.find(START, start + 1)
        open_ended = end < 0 and begin < 0
        stop = len(body) if open_ended else begin if end < 0 or 0 <= begin < end else end + 1
        if piece := body[start:stop].lstrip(NOISE):
            yield piece, open_ended
        start = stop


class _Numbers:
    """The numbers of the passings, per decoder, and what is missing of them."""

    def __init__(self) -> None:
        self.last: dict[int, tuple[int, int]] = {}  # decoder: number and clock of the latest passing
        self.missing: defaultdict[int, Missing] = defaultdict(Missing)

    def missing_before(self, record: Record) -> bytes:
        """What to ask for now that this passing is here; empty when nothing is missing."""
        number, clock, decoder = record.fields.get(0x01), record.fields.get(0x04, 0), record.fields.get(0x81, 0)
        if record.kind != PASSING or number is None or number > _UNTIL_NOW:
            return b""
        last = self.last.get(decoder)
        restarted = last is not None and number <= last[0] and clock > last[1]
        missing = self.missing[decoder]
        if last is not None and number <= last[0] and not restarted:
            missing.came(number)
            return b""
        self.last[decoder] = (number, clock)
        if restarted:
            missing.forget()
        if last is None or (first := 1 if restarted else last[0] + 1) >= number:
            return b""
        missing.leave_out(first, number - 1)
        return resend(first, number - 1)

    def since(self) -> bytes:
        """Ask every decoder for all that is missing, and all after the last of its passings."""
        asked = {decoder: self.missing[decoder].first or number + 1 for decoder, (number, _) in self.last.items()}
        return b"".join(resend(first, _UNTIL_NOW) for first in asked.values() if first <= _UNTIL_NOW)


class _Records(Body):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.numbers = _Numbers()

    def take(self, raw: bytes) -> None:
        """One whole record."""
        record = read_record(raw)
        if missing := self.numbers.missing_before(record):
            self.replies.append(missing)
        if record.kind == PASSING:
            self._take_passing(record.fields)
        elif record.kind in TYPES:
            self.control.append({"type": TYPES[record.kind], **self._said(record)})
            self._tell(record)
        else:
            raise BadRecord("unknown_function")

    def _said(self, record: Record) -> dict[str, Scalar]:
        if record.kind == GET_TIME and 0x01 in record.fields:
            return {"reader_time": local_text(wall_us(record.fields[0x01], self.context))}
        return {"code": record.fields.get(0x01)} if record.kind == 0xFFFF else {}

    def _tell(self, record: Record) -> None:
        """Its clock; of a status its noise, temperature and volts."""
        fields, decoder = record.fields, record.fields.get(0x81)
        source = "" if decoder is None else str(decoder)
        if record.kind == GET_TIME and 0x01 in fields:
            self.tell(State(source, wall_us(fields[0x01], self.context)))
        elif record.kind == STATUS:
            volts = _small(fields.get(0x0C))
            said = told(
                noise=_small(fields.get(0x01)), temperature=_small(fields.get(0x07)), gps=_small(fields.get(0x06)),
                volts=None if volts is None else volts / 10,
            )  # fmt: skip
            self.tell(State(source, said=said))

    def _take_passing(self, fields: dict[int, int]) -> None:
        chip, clock = fields.get(0x03), fields.get(0x04, fields.get(0x10))
        if chip is None or chip > _UNTIL_NOW:
            raise BadRecord("bad_chip")
        if clock is None:
            raise BadRecord("bad_time")
        decoder = fields.get(0x81)
        source, moment = source_of("" if decoder is None else str(decoder), self.context), wall_us(clock, self.context)
        if chip in GATES:
            self.markers.append(Marker(source, "gate", str(chip), moment))
            return
        strength = fields.get(0x05)
        self.reads.append(
            Read(
                source, str(chip), moment, _small(fields.get(0x01)), rssi=_small(strength),
                told=told(hits=_small(fields.get(0x06)), flags=_small(fields.get(0x08))),
            )
        )  # fmt: skip


def _small(number: int | None) -> int | None:
    return number if number is not None and number < 1 << 31 else None


def parse(body: bytes, context: Context) -> Parsed:
    """Read a body of records, whole or cut off. Never raises on odd bytes: what is not understood is a reject."""
    result = _Records(context)
    for raw, _ in _pieces(body):
        if len(raw) > MAX_FRAME:
            result.rejects.append(Reject(raw, "frame_too_long"))
        else:
            result.attempt(raw, result.take)
    return result.parsed()


class P3Session:
    """A line to a decoder. It outlives the connection, and asks for what was missed."""

    def __init__(self, server_name: str) -> None:
        self._tail = b""
        self._numbers = _Numbers()
        self._telling = Telling()
        self._after_debris = False

    @property
    def pending(self) -> bytes:
        """The unfinished end of the stream."""
        return self._tail

    def opening(self) -> bytes:
        """Ask for the time, and for all passings since the last we know of."""
        self._tail, self._after_debris = b"", False
        return ASK_TIME + self._numbers.since()

    def keep_alive(self) -> bytes:
        """A question that every decoder answers."""
        self._telling.due()
        return ASK_TIME

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; give the records they complete. Raises FrameTooLong."""
        held, self._tail = self._tail + data, b""
        frames: list[Frame] = []
        for raw, open_ended in _pieces(held):
            if len(raw) > MAX_FRAME:
                raise FrameTooLong(frames)
            if open_ended:
                self._tail = raw
            else:
                frames.append(self._frame(raw))
        return frames

    def _frame(self, raw: bytes) -> Frame:
        try:
            record = read_record(raw)
        except BadRecord:
            self._after_debris = not raw.endswith(END)
            return Frame(raw, b"", True)
        # What has no end of its own would run into the next that is kept: so the record that ended it is kept too.
        keep = self._after_debris or record.kind == PASSING or record.kind not in TYPES
        tells = not keep and record.kind in (STATUS, GET_TIME) and self._telling.new(TYPES[record.kind])
        self._after_debris = False
        return Frame(raw, self._numbers.missing_before(record), keep or tells, tells)


AMB_P3 = Decoder("amb_p3", ("amb_p3",), parse, P3Session, PORT)
