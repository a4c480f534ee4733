"""IPICO readers: TCP and the files they write. The reader listens and speaks by itself; nothing is acknowledged.

| line | read as |
|---|---|
| `aa` reader tag(12) I Q yyMMddHHmmss hundredths sum, 36 characters | a read |
| the same with `FS` or `LS` behind it | a read, the first or the last of a crossing |
| `ab` reader length instruction data sum; instruction 2c | the trigger button: a gun |
| `ab`, any other instruction | control; 02 tells the reader's clock |

Hundredths are hexadecimal: `32` is half a second, and above `63` there is no such time. The sum is that of all characters
between the header and itself. The layout of a read can be set otherwise on the reader; a read of another length is therefore
not guessed at but refused (`bad_length`), so that somebody sets the reader back.

A reader with nothing to report is silent: we ask it for its time.
"""

import re
from contextlib import suppress

from timing.decoders.framing import NOISE, DelimitedSession, Telling, split_frames
from timing.decoders.model import MAX_FRAME, Context, Decoder, Frame, Marker, Parsed, Read, Reject, Scalar, State
from timing.decoders.records import BadRecord, Body, chip_of, source_of, told
from timing.decoders.wall_clock import local_text, six_digit_day_us, time_us

END = b"\n"
ASK_TIME = b"ab00000222\r\n"
READ_LENGTHS = (36, 38)
KINDS = {b"": None, b"FS": "first", b"LS": "last"}
_HEX = re.compile(rb"[0-9A-Fa-f]*")


def _line(raw: bytes) -> bytes:
    return raw.strip(NOISE + b" \t")


def _sum_holds(frame: bytes) -> bool:
    return frame[-2:].lower() == b"%02x" % (sum(frame[2:-2]) % 256)


def answer(raw: bytes) -> tuple[bytes, bool]:
    """A reader is never answered; what it says of itself need not be kept, unless it is damaged."""
    line = _line(raw)
    try:
        return b"", not line.startswith(b"ab") or _control(line)[1] == 0x2C
    except BadRecord:
        return b"", True


def _control(line: bytes) -> tuple[str, int, bytes]:
    """Reader, instruction and data of a control line. Raises BadRecord."""
    if len(line) < 10 or len(line) % 2 or not _HEX.fullmatch(line):
        raise BadRecord("bad_length" if _HEX.fullmatch(line) else "bad_frame")
    if not _sum_holds(line):
        raise BadRecord("bad_checksum")
    _header, _reader, length, instruction, *data = bytes.fromhex(line[:-2].decode("ascii"))
    if length != len(data):
        raise BadRecord("bad_length")
    return line[2:4].decode("ascii"), instruction, bytes(data)


def _clock(data: bytes) -> int:
    """The moment of a gun or of the reader's clock: BCD but for the hundredths. Raises BadRecord."""
    digits = data.hex()
    if len(data) < 8:
        raise BadRecord("bad_length")
    return _moment(digits[:6], digits[8:14], data[7])


def _moment(day: str, of_day: str, hundredths: int) -> int:
    if hundredths > 99 or not (of_day.isascii() and of_day.isdigit()):
        raise BadRecord("bad_time")
    try:
        return six_digit_day_us(day) + time_us(f"{of_day[:2]}:{of_day[2:4]}:{of_day[4:]}.{hundredths:02}")
    except ValueError:
        raise BadRecord("bad_time") from None


class _Lines(Body):
    def take(self, line: bytes) -> None:
        """One line. Raises BadRecord."""
        if line.startswith(b"ab"):
            self._take_control(line)
        elif line.startswith(b"aa"):
            self.reads.append(self._read(line))
        else:
            raise BadRecord("bad_frame")

    def _source(self, number: str) -> tuple[str, str]:
        """The name said with the body, with the reader's number beside it; else the number is all there is."""
        return (source_of("", self.context), number) if self.context.source else (source_of(number, self.context), "")

    def _take_control(self, line: bytes) -> None:
        number, instruction, data = _control(line)
        if instruction == 0x2C:
            self.markers.append(Marker(self._source(number)[0], "gun", "", _clock(data)))
            return
        said: dict[str, Scalar] = {"type": "control", "instruction": f"{instruction:02x}", "reader": number}
        if instruction == 0x02 and len(data) >= 8:
            said = {"type": "clock", "reader": number, "reader_time": _shown(data)}
            with suppress(BadRecord):
                self.tell(State(self.context.source or number, _clock(data)))
        self.control.append(said)

    def _read(self, line: bytes) -> Read:
        if len(line) not in READ_LENGTHS:
            raise BadRecord("bad_length")
        frame, suffix = line[:36], line[36:]
        if not _sum_holds(frame):
            raise BadRecord("bad_checksum")
        if suffix not in KINDS:
            raise BadRecord("bad_frame")
        if not _HEX.fullmatch(frame):
            raise BadRecord("bad_chip" if not _HEX.fullmatch(frame[4:16]) else "bad_frame")
        text = frame.decode("ascii")
        source, number = self._source(text[2:4])
        return Read(
            source, chip_of(text[4:16]), _moment(text[20:26], text[26:32], int(text[32:34], 16)),
            reader_no=number, antenna=f"{text[16:18]}/{text[18:20]}", told=told(kind=KINDS[suffix]),
        )  # fmt: skip

    def take_tail(self, tail: bytes) -> None:
        """The unfinished end of the body: a file's last line may lack its end, and the sum tells that it is whole."""
        if tail.startswith(b"aa") and len(tail) in READ_LENGTHS and tail[36:] in KINDS and _sum_holds(tail[:36]):
            self.attempt(tail, self.take)
        else:
            self.rejects.append(Reject(tail, "truncated"))


def _shown(data: bytes) -> str:
    """The reader's clock as text; as it was sent where it is none."""
    try:
        return local_text(_clock(data))
    except BadRecord:
        return data.hex()


def parse(body: bytes, context: Context) -> Parsed:
    """Read a body of lines, whole or cut off. Never raises on odd bytes: what is not understood is a reject."""
    result = _Lines(context)
    for raw in split_frames(body, END):
        line = _line(raw)
        if len(raw) > MAX_FRAME:
            result.rejects.append(Reject(line, "frame_too_long"))
        elif line and not raw.endswith(END):
            result.take_tail(line)
        elif line:
            result.attempt(line, result.take)
    return result.parsed()


class IpicoSession(DelimitedSession):
    """A connection to a reader."""

    def __init__(self, server_name: str) -> None:
        super().__init__(END, answer, lambda _tail: False)
        self._telling = Telling()

    def opening(self) -> bytes:
        """Ask for its time: it has nothing to send again, so there is nothing else to ask for."""
        self._tail = b""
        return ASK_TIME

    def keep_alive(self) -> bytes:
        """Ask for its time, since a reader nobody passes says nothing."""
        self._telling.due()
        return ASK_TIME

    def _frame(self, raw: bytes) -> Frame:
        frame, line = super()._frame(raw), _line(raw)
        tells = not frame.keep and line[6:8] == b"02" and self._telling.new("clock")
        return frame._replace(keep=True, tells=True) if tells else frame


IPICO = Decoder("ipico", ("ipico",), parse, IpicoSession, port=10000)
