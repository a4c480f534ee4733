"""Feibot (飞博特): what its handset uploads by HTTP, and the `time:epc` file it keeps.

| request or line | answer to send | read as |
|---|---|---|
| `GET /time/api/cpvUpload2?machineId=&eventId=&epcNum=n&1=EPC@time&2=...` | any success | reads |
| `GET .../testConnection?machineId=&batPercent=&...` | `ok` | control |
| `time:epc`, a line of `<machine>_<event>_record.csv`, also zipped | | a read of the machine in the file's name |

A time is `yy-MM-dd~HH:mm:ss:S` or `HH:mm:ss:S` without its day. **The last group counts milliseconds and is not padded**:
`:53` is .053 s. What was not answered is sent again, so the same reads come more than once. `t` and `sign` are keys of the
application.
"""

import io
import re
import zipfile
from dataclasses import replace
from functools import partial
from urllib.parse import unquote_to_bytes

from timing.decoders.field_text import evidence, name_text, small_number
from timing.decoders.model import Context, Decoder, Parsed, Read, Reject, State
from timing.decoders.records import BadRecord, Body, chip_of, lines_of, source_of, told, wall_us
from timing.decoders.wall_clock import dated_us, day_us, time_us

MOST_UNPACKED = 64 * 1024 * 1024  # of a zipped file; a line is some 25 bytes
_REQUEST = re.compile(rb"(?:(?:GET|POST|PUT) )?(\S*?)\??((?:\w+=[^\s?]*)?)(?: HTTP/\d(?:\.\d)?)?")
# A line that brings or announces chips is no header, whatever damage made it look like one: it is not dropped in silence.
_HEADER = re.compile(rb"[A-Za-z-]+: (?!.*[?&](?:\d+|epcNum)=).*")
#: What a heartbeat says, under our names.
STATUS = {
    "machineId": "machine", "eventId": "event", "batPercent": "battery_pct", "epcTotal": "total", "epcDiff": "different",
    "reader1Working": "reader_1", "reader2Working": "reader_2", "machineTimeStamp": "machine_ms",
}  # fmt: skip
_TIME = re.compile(r"(?:(?:20)?(\d\d)-(\d\d?)-(\d\d?)[~ T])?(\d\d?:\d\d:\d\d)[:.](\d{1,3})", re.ASCII)
_MILLIS = re.compile(r"[1-6]\d{12}", re.ASCII)  # since 1970 in UTC: from 2001 to 2190
_FILE = re.compile(r"(?:.*[/\\])?([^_/\\]+)_([^_/\\]+)_record\b.*", re.DOTALL)
_LINE = re.compile(r"(.*\d):([^:]*)")


def moment_us(text: str, context: Context) -> int:
    """The wall clock of a Feibot time. Raises BadRecord."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise BadRecord("bad_time")
    year, month, day, of_day, millis = found.groups()
    try:
        midnight = day_us(2000 + int(year), int(month), int(day)) if year else dated_us(context)
        if midnight is None:
            raise BadRecord("no_date")
        return midnight + time_us(of_day) + int(millis) * 1000
    except ValueError as bad:
        raise bad if isinstance(bad, BadRecord) else BadRecord("bad_time") from None


class _Uploads(Body):
    """Requests, one after the other; headers between them say nothing."""

    def take(self, raw: bytes) -> None:
        """One line: a request, a bare query, or a header."""
        line = raw.strip()
        if _HEADER.fullmatch(line):
            return
        request = _REQUEST.fullmatch(line)
        if request is None:
            raise BadRecord("bad_frame")
        pieces = [piece for piece in request[2].split(b"&") if piece]
        said = dict(map(_field, pieces))
        if request[1].endswith(b"testConnection"):
            self._take_status(said)
        elif request[1].endswith(b"cpvUpload2") or "epcNum" in said:
            self._take_upload(pieces, said)
        else:
            raise BadRecord("unknown_function")

    def _take_status(self, said: dict[str, str]) -> None:
        self.replies.append(b"ok")
        shown = {ours: evidence(said[theirs]) for theirs, ours in STATUS.items() if said.get(theirs)}
        self.control.append({"type": "heartbeat", **shown})
        ms, battery = shown.pop("machine_ms", ""), small_number(shown.pop("battery_pct", ""))
        clock = wall_us(int(ms) * 1000, self.context) if _MILLIS.fullmatch(ms) else None
        machine = shown.pop("machine", "")
        self.tell(
            State(machine, clock, battery if battery is not None and 0 <= battery <= 100 else None, said=told(**shown))
        )

    def _take_upload(self, pieces: list[bytes], said: dict[str, str]) -> None:
        numbered = []
        for piece in pieces:
            index = small_number(_field(piece)[0])
            if index is not None:
                numbered.append((index, piece))
        for index, piece in sorted(numbered):
            self.attempt(piece, partial(self._take_epc, said, index))
        announced = small_number(said.get("epcNum", ""))
        if announced is None and not numbered:
            raise BadRecord("bad_frame")
        if announced is not None and announced > len(numbered):
            self.rejects.append(Reject(b"epcNum=%d" % announced, "truncated"))

    def _take_epc(self, said: dict[str, str], index: int, piece: bytes) -> None:
        epc, mark, time = _field(piece)[1].rpartition("@")
        if not mark:
            raise BadRecord("bad_frame")
        source, moment = source_of(said.get("machineId", ""), self.context), moment_us(time, self.context)
        self.reads.append(Read(source, chip_of(epc), moment, told=told(event=said.get("eventId", ""), index=index)))


def _field(piece: bytes) -> tuple[str, str]:
    """Name and value of a piece of a query."""
    name, _, value = piece.partition(b"=")
    return name_text(name), name_text(unquote_to_bytes(value.replace(b"+", b" ")))


class _Record(Body):
    """The lines of a backup file."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        named = _FILE.fullmatch(context.file_name)
        self.machine, self.event = (named[1], named[2]) if named else ("", "")

    def take(self, raw: bytes) -> None:
        """One line."""
        found = _LINE.fullmatch(name_text(raw).strip())
        if found is None:
            raise BadRecord("bad_frame")
        moment = moment_us(found[1], self.context)
        source, chip = source_of(self.machine, self.context), chip_of(found[2])
        self.reads.append(Read(source, chip, moment, told=told(event=self.event)))

    def take_unended(self, raw: bytes) -> None:
        """The last line, which has no end: it may be a part of one."""
        usual = len(self.reads[-1].chip) if self.reads else 8
        try:
            self.take(raw)
        except BadRecord:
            raise BadRecord("truncated") from None
        if len(self.reads[-1].chip) < usual:
            self.reads.pop()
            raise BadRecord("truncated")


def parse(body: bytes, context: Context) -> Parsed:
    """Read requests or a file. Never raises on odd bytes: what is not understood is a reject."""
    if body.startswith(b"PK\x03\x04"):
        return _parse_zip(body, context)
    lines = list(lines_of(body))
    if lines and (b"?" in lines[0] or b"=" in lines[0] or _HEADER.fullmatch(lines[0])):
        uploads = _Uploads(context)
        for line in lines:
            uploads.attempt(line, uploads.take)
        return uploads.parsed()
    record = _Record(context)
    last = lines.pop() if lines and not body.endswith((b"\n", b"\r")) else None
    for line in lines:
        record.attempt(line, record.take)
    if last is not None:
        record.attempt(last, record.take_unended)
    return record.parsed()


def _parse_zip(body: bytes, context: Context) -> Parsed:
    """The one file in a zip, as the handset packs it."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            (inside,) = packed.infolist()
            with packed.open(inside) as file:
                unpacked = file.read(MOST_UNPACKED + 1)
    except Exception:  # a damaged zip fails in a dozen ways, and every one of them means this
        unpacked = b"PK"
    if len(unpacked) > MOST_UNPACKED or unpacked.startswith(b"PK"):
        return Parsed(rejects=(Reject(body, "not_a_chip_file"),))
    return parse(unpacked, replace(context, file_name=inside.filename))


FEIBOT = Decoder("feibot", ("feibot_http", "feibot_file"), parse)
