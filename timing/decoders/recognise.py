"""Which make a file is of, told by what is in it. Pure; the name of the file is a hint and no more.

Every decoder is tried on the beginning: what reads most of it is most likely what wrote it. A make that is recognised by a
mark of its own (a frame, a sum, headings) comes before one that merely could be read that way, and a guess says which of the
two it is. Nothing here raises, and where nothing fits there is no guess.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from race.sheet import XLS_MARK
from race.workbook import ZIP_MARK
from timing import decoders
from timing.decoders.forwarder_log import is_forwarder_log, sent_frames
from timing.decoders.model import Context, Parsed
from timing.decoders.mylaps_file import is_export
from timing.decoders.records import lines_of
from timing.decoders.sheet import first_rows, has_headings

HEAD = 64 * 1024  # bytes that are looked at
OWN_MARK, READS, FEW_READ, TABLE_ONLY, MARK_ONLY = "own_mark", "reads", "few_read", "table_only", "mark_only"
LIKELY = 60  # percent: from this confidence on a guess is called so
NO_SIGN = ("truncated", "not_a_read", "not_a_chip_sheet")
_TRIAL = Context(zone="UTC", race_date=date(2024, 1, 1), source="?")


class Guess(NamedTuple):
    """What a file may be. `format` is what `decoders.decoder` takes, `confidence` 1 to 99 percent, `why` a code."""

    format: str
    make: str
    confidence: int
    why: str


class _Kind(NamedTuple):
    """One way of reading, and the mark that only this make leaves. Of two that read the same the earlier is meant."""

    format: str
    mark: Callable[[bytes], bool]


def _line(pattern: str, most: int = 40) -> Callable[[bytes], bool]:
    """Whether one of the first lines has the form of this make."""
    form = re.compile(pattern.encode())
    return lambda head: any(form.match(line) for _number, line in zip(range(most), lines_of(head), strict=False))


def _found(pattern: str) -> Callable[[bytes], bool]:
    """Whether this stands anywhere in the beginning: for makes whose lines end otherwise."""
    form = re.compile(pattern.encode())
    return lambda head: form.search(head) is not None


def _json_with(*names: str) -> Callable[[bytes], bool]:
    """Whether it begins as JSON that has these names, also where it is cut off."""
    said = [json.dumps(name).encode() for name in names]
    return lambda head: head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[") and all(name in head for name in said)


def _zipped_lines(head: bytes) -> bool:
    return head.startswith(ZIP_MARK) and b"_record" in head[:300]


def _headed(head: bytes) -> bool:
    """Whether it is a table with headings of ours: chip and time at least."""
    table = first_rows(head, _TRIAL)
    return table is not None and table.columns is not None and table.columns.row >= 0


_feibot_line = _line(r"(?:.*~)?\d\d?:\d\d:\d\d:\d{1,3}:[0-9A-Fa-f]+\s*$|.*epcNum=\d")

KINDS = (
    _Kind("amb_p3", lambda head: head[:2] == b"\x8e\x02"),
    _Kind("crossmgr_rfid_js", _json_with("data", "tag", "t")),
    _Kind("raceresult_json", _json_with("Passing", "Transponder")),
    _Kind("json", _json_with("reads", "chip", "local")),
    _Kind("mylaps_tcp_v2", _found(r"@(?:Store|Passing|Marker|Pong|AckPong|Ping)@")),
    _Kind("mylaps_file", lambda head: is_export(head) and not has_headings(head)),
    _Kind("ipico", _line(r"a[ab][0-9a-fA-F]{8,}(?:FS|LS)?\s*$")),
    _Kind("chronotrack", _line(r"CT\d\d_\d\d[~,]|[^~,]+~[^~,]*~CTP\d\d\s*$")),
    _Kind("jchip", _found(r"(?:\A|\r)#?(?:N\d{4}|GT\d{7,}|D[A-Z]\S+ +\d\d:\d\d:\d\d)")),
    _Kind("wiclax", _found(r"(?:\A|[\r\n*])[^;\r\n*]+;\d\d?[-/]\d\d?[-/]\d{4} +\d\d?:\d\d:[^;]*;")),
    _Kind("raceresult_file", _line(r"#P;|#;ID;|PASSINGS;\d|\d+;[^;]+;\d{4}-\d\d-\d\d;\d\d:\d\d:\d\d")),
    _Kind("ultra", _line(r'\d,[^,]+,[^,]*,"[^"]*\d:\d\d:\d\d[^"]*",\d+,\d|[01],[^,]+,\d{6,10},\d{1,3},\d,-?\d|1,Connected|'
                         r"[^\t]+\t[^\t]*\d:\d\d:\d\d\.\d+\t\d+\t\d+\s*$")),
    _Kind("feibot", lambda head: _zipped_lines(head) or _feibot_line(head)),
    _Kind("impinj", _line(r"timestamp,.*epc|\d{10}\.\d+,|[^,]+,\s*[A-Z][a-z]{2} [A-Z][a-z]{2} +\d|Tag ID,")),
    _Kind("csv", _headed),
)  # fmt: skip


def recognise(head: bytes, name: str = "", whole: bool = False) -> tuple[Guess, ...]:
    """What a file that begins so may be, the likeliest first; empty where nothing can be told.

    `whole`: these are all its bytes. Without it the last line, which may be cut, is not held against a make.
    """
    try:
        if not head.strip() or head.startswith(XLS_MARK):
            return ()
        if is_forwarder_log(head):
            head = b"".join(sent_frames(head))
        # A workbook is looked at as a whole: its beginning says nothing.
        packed = head.startswith(ZIP_MARK)
        shown = head if packed else _beginning(head, whole)
        guesses = [guess for kind in KINDS if (guess := _judge(kind, shown, name, packed)) is not None]
        best = {guess.make: guess for guess in sorted(guesses, key=lambda guess: guess.confidence)}
    except Exception:  # a guess is a courtesy: whatever is odd about a file must not keep it from being kept
        return ()
    return tuple(sorted(best.values(), key=lambda guess: -guess.confidence))


def _beginning(head: bytes, whole: bool) -> bytes:
    if whole and len(head) <= HEAD:
        return head
    head = head[:HEAD]
    end = max(head.rfind(b"\n"), head.rfind(b"\r"), head.rfind(b"$")) + 1
    return head[:end] or head


def _judge(kind: _Kind, head: bytes, name: str, packed: bool) -> Guess | None:
    if packed and kind.format not in ("feibot", "csv"):
        return None
    if _is_wide(head) and kind.format != "csv":
        return None  # UTF-16: no machine writes it, spreadsheet programs do
    marked = kind.mark(head)
    if kind.format == "mylaps_file" and not marked:
        return None  # a table without its records is any spreadsheet
    decoder = decoders.decoder(kind.format)
    read, said, refused = _counts(decoder.parse(head, replace(_TRIAL, file_name=name)))
    if read:
        share = 100 * read // (read + refused)
        base = (75 if marked else 40) + share * (24 if marked else 30) // 100
        base -= 20 if share < 50 else 0
        why = OWN_MARK if marked else READS if share >= 50 else FEW_READ
        return Guess(kind.format, decoder.make, base, why)
    if marked:
        return Guess(kind.format, decoder.make, 70 if said and not refused else 55, MARK_ONLY)
    if kind.format == "csv" and first_rows(head, _TRIAL) is not None:
        return Guess("csv", "csv", 25 if packed or _is_table_name(name) else 15, TABLE_ONLY)
    return None


def _counts(parsed: Parsed) -> tuple[int, int, int]:
    """Reads and markers, other things said, and rows refused; a cut end or a title is no sign of another make."""
    refused = [reject for reject in parsed.rejects if reject.reason not in NO_SIGN]
    return len(parsed.reads) + len(parsed.markers), len(parsed.control), len(refused)


def _is_wide(head: bytes) -> bool:
    return head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _is_table_name(name: str) -> bool:
    return name.lower().endswith((".csv", ".txt", ".tsv", ".xlsx"))
