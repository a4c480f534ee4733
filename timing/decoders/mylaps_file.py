"""MYLAPS Timing & Scoring and Toolkit: passings as files. The TCP exporter of the same programs is `mylaps_tcp`.

| a line | read as |
|---|---|
| a record of 39 characters, as version 1 sends it in a `Store` message | a read |
| `t=...|c=...|d=...`, as version 2 sends it in a `Passing` message | a read |
| columns below headings (chip, transponder, passing time, date, location, lap ...) | reads, by sheet/columns.py |

No layout of the tables is published, and operators choose the columns, so only headings decide. A record names no
location: the source is the one said with the file.
"""

import re
from dataclasses import replace

from timing.decoders import mylaps_tcp
from timing.decoders.field_text import is_name
from timing.decoders.model import Context, Decoder, Parsed, Read, Reject
from timing.decoders.records import BadRecord, Body, lines_of
from timing.decoders.sheet import SHEET, has_headings

_MESSAGE = re.compile(rb"@(?:Store|Passing|Marker|Pong|Ping|AckPong|AckPing|GetInfo|AckGetInfo|GetLocations|AckAuth)\b")
_PAIRS = re.compile(rb"(?:\w{1,4}=[^|=]*\|)+\w{1,4}=[^|=]*")
_RECORD = re.compile(rb"[0-9A-Z]{7}[ \d:.]{12}.{12}\d{6}[0-9A-F]{2}")
_HEAD = 64 * 1024  # bytes
_CUT_PAIRS = 8  # lines a cut last one is compared with


def is_export(body: bytes) -> bool:
    """Whether a body is a file of passings rather than messages of the TCP exporter."""
    head = body[:_HEAD]
    if _MESSAGE.search(head):
        return False
    first = next(lines_of(head), b"").strip()
    return bool(_RECORD.fullmatch(first) or _is_pairs(first)) or has_headings(head)


def _is_pairs(line: bytes) -> bool:
    return bool(_PAIRS.fullmatch(line)) and b"c=" in line and b"t=" in line


class _Lines(Body):
    """The lines of a file of records."""

    def take(self, line: bytes) -> None:
        """One line. Raises BadRecord."""
        record, name = line.strip(), self.context.source
        if not name and self.context.needs_source:
            raise BadRecord("no_source")
        if name and not is_name(name):
            raise BadRecord("bad_source")
        try:
            self.reads.append(self._read(record, name)._replace(seq=None))
        except mylaps_tcp.BadMessageRecord as bad:
            raise BadRecord(str(bad)) from None

    def _read(self, record: bytes, name: str) -> Read:
        if _is_pairs(record) or b"|" in record:
            return mylaps_tcp.passing_read(record, name, 0, self.context)
        return mylaps_tcp.store_read(record, name, 0)

    def take_unended(self, line: bytes, usual: int) -> None:
        """The last line, which has no end: a record carries its sum, pairs may have been cut within a time."""
        try:
            if b"|" in line and len(line) < usual:
                raise BadRecord("truncated")
            self.take(line)
        except BadRecord as bad:
            raise BadRecord("no_source" if str(bad) == "no_source" else "truncated") from None


def parse(body: bytes, context: Context) -> Parsed:
    """Read a file of passings. Never raises on odd bytes: what is not understood is a reject."""
    first = next(lines_of(body[:_HEAD]), b"").strip()
    if not (_RECORD.fullmatch(first) or _is_pairs(first)):
        return SHEET.parse(body, context)
    result = _Lines(context)
    lines = list(lines_of(body))
    last = lines.pop() if not body.endswith((b"\n", b"\r")) else None
    for line in lines:
        result.attempt(line, result.take)
    if last is not None:
        usual = min(map(len, lines[-_CUT_PAIRS:]), default=0)
        try:
            result.take_unended(last, usual)
        except BadRecord as bad:
            result.rejects.append(Reject(last, str(bad)))
    return result.parsed()


def with_exports(live: Decoder) -> Decoder:
    """The decoder of the live make, which reads its files as well."""
    messages = live.parse

    def either(body: bytes, context: Context) -> Parsed:
        return parse(body, context) if is_export(body) else messages(body, context)

    return replace(live, parse=either)


MYLAPS_FILE = Decoder("mylaps", mylaps_tcp.FORMATS, parse)
