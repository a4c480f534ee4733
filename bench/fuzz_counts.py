"""How many things a body says, counted as simply as can be: what a decoder makes of it must come to as many.

A read, a marker, a reject or a word of control for everything that was said, so that nothing is dropped in silence. Where a
simple count cannot know (lines that repeat what was said, several records in one message that cannot be one), it says from
how many to how many.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from race.sheet import delimiter_of, is_separator_line
from race.workbook import ZIP_MARK
from timing.decoders.model import Parsed
from timing.decoders.mylaps_file import is_export
from timing.decoders.sheet import XLS_MARK, _cells
from timing.decoders.sheet.plain_text import read_text

NOISE = b"\x00\r\n"
ANY = 10**9
Range = tuple[int, int]


def _lines(body: bytes, end: bytes) -> Iterator[tuple[bytes, bool]]:
    """Lines without noise before them, and whether each has its end."""
    *whole, tail = body.split(end)
    yield from ((line.lstrip(NOISE), True) for line in whole)
    yield tail.lstrip(NOISE), False


def _filled(body: bytes, end: bytes) -> int:
    return sum(1 for line, ended in _lines(body, end) if (line.strip() if ended else line))


def wiclax(body: bytes) -> Range:
    """Heartbeats stand before lines, without an end."""
    count = 0
    for line, ended in _lines(body, b"\r"):
        rest = line
        while rest.startswith(b"*"):
            count, rest = count + 1, rest[1:].lstrip(NOISE)
        count += bool(rest.strip() if ended else rest)
    return count, count


def chronotrack(body: bytes) -> Range:
    """Lines."""
    return (_filled(body, b"\n"),) * 2


def ipico(body: bytes) -> Range:
    """Lines."""
    return (sum(1 for line in body.split(b"\n") if line.strip(NOISE + b" \t")),) * 2


def jchip(body: bytes) -> Range:
    """Lines, of which repeated ones say nothing; or the rows of a JSON."""
    try:
        rows = json.loads(body)["data"] if body.lstrip()[:1] == b"{" else None
    except (ValueError, KeyError, TypeError, RecursionError):
        rows = None
    if isinstance(rows, list):
        return len(rows), len(rows)
    count, repeated = _filled(body, b"\r"), sum(1 for line, _ in _lines(body, b"\r") if line.startswith(b"#"))
    return count - repeated, count


def raceresult(body: bytes) -> Range:
    """Lines, also empty ones; headings say nothing, and a line of JSON may say much."""
    count = objects = 0
    *whole, tail = body.split(b"\n")
    for line, ended in [*((line, True) for line in whole), (tail, False)]:
        said = re.sub(rb"\A(?:\xef\xbb\xbf|[\x00\r\n])+", b"", line).rstrip(NOISE)
        count += not said.strip().startswith(b"#;") if said else ended
        objects += said.startswith(b"{")
    headings = body.count(b"#;")  # in another encoding one may look otherwise
    return count - headings, ANY if objects else count + headings


def ultra(body: bytes) -> Range:
    """Lines, and status messages that tell their length."""
    count = start = 0
    while start < len(body):
        if body[start] in NOISE:
            start += 1
            continue
        count += 1
        if body[start] == 3:
            start += max(2, body[start + 1]) if start + 1 < len(body) else 2
        else:
            start = (body.find(b"\n", start) + 1) or len(body)
    return count, count


def amb_p3(body: bytes) -> Range:
    """From a start to an end, or to the next start."""
    return (sum(1 for piece in re.findall(rb"\x8e?[^\x8e\x8f]*\x8f?", body) if piece.lstrip(NOISE)),) * 2


def mylaps(body: bytes) -> Range:
    """Messages; one of data says as much as it has records. An export has a first line, which may be headings."""
    if is_export(body):
        return 0, body.count(b"\n") + body.count(b"\r") + 1
    low = high = 0
    for frame, ended in _lines(body, b"$"):
        if not frame:
            continue
        parts = frame.strip(NOISE).split(b"@")
        parts = parts[:-1] if len(parts) > 2 and not parts[-1] else parts
        records = len(parts) - 3 if ended and len(parts) > 2 and parts[1] in (b"Store", b"Passing", b"Marker") else 1
        low, high = low + min(1, records), high + max(1, records)
    return low, high


def impinj(body: bytes) -> Range:
    """Lines, of which the first may be headings."""
    count = sum(1 for line in re.split(rb"[\r\n]+", body.removeprefix(b"\xef\xbb\xbf")) if line.strip(b"\x00 \t"))
    return max(0, count - 1), count


def feibot(body: bytes) -> Range:
    """The lines of a file; of requests it takes more than a count."""
    lines = [line for line in re.split(rb"[\r\n]+", body.removeprefix(b"\xef\xbb\xbf")) if line.strip(b"\x00 \t")]
    if body.startswith(b"PK\x03\x04") or (lines and re.search(rb"[?=]|\A[A-Za-z-]+: ", lines[0])):
        return sum(1 for line in lines if re.search(rb"[?&]0*[1-9]\d{0,8}=[^&@ ]*&", line)), ANY
    return len(lines), len(lines)


def batch(body: bytes) -> Range:
    """Rows of a JSON; one thing that is none."""
    try:
        rows: Any = json.loads(body)["reads"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return 1, 1
    return (len(rows),) * 2 if isinstance(rows, list) else (1, 1)


def csv(body: bytes) -> Range:
    """Filled rows but for the headings, which may stand there several times; a workbook takes more than a count."""
    if body.startswith((ZIP_MARK, XLS_MARK)):
        return 1, ANY
    lines = read_text(body).lines
    cells = _cells(
        ["" if is_separator_line(line) and not at else line for at, line in enumerate(lines)], delimiter_of(lines)
    )
    rows = [None if row is None else tuple(row) for row in cells if row is None or any(map(str.strip, row))]
    most = max(Counter(row for row in rows if row is not None).values(), default=0)
    return max(0, len(rows) - most), len(rows)


SAID: dict[str, Callable[[bytes], Range]] = {
    "wiclax": wiclax, "chronotrack": chronotrack, "ipico": ipico, "jchip": jchip, "raceresult": raceresult, "ultra": ultra,
    "amb_p3": amb_p3, "mylaps": mylaps, "impinj": impinj, "feibot": feibot, "json": batch, "csv": csv,
}  # fmt: skip


def check(make: str, body: bytes, parsed: Parsed) -> None:
    """Raise AssertionError where a decoder made more or less of a body than it says."""
    if make not in SAID or {reject.reason for reject in parsed.rejects} & {"not_a_chip_file"}:
        return
    low, high = SAID[make](body)
    made = len(parsed.reads) + len(parsed.markers) + len(parsed.rejects) + len(parsed.control)
    assert low <= made <= high, f"{low} to {high} things were said, and {made} were made of them"
