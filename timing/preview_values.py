"""A preview as plain values, for the API and for the page."""

import codecs
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

from timing.decoders.model import Parsed, Read
from timing.decoders.sheet import Table
from timing.decoders.wall_clock import local_text
from timing.preview import Preview

SHOWN_ROWS, SHOWN_CELLS, SHOWN_SAMPLES, SHOWN_REASONS, SHOWN_DAYS, SHOWN_CHIPS = 8, 40, 3, 20, 10, 20
SHOWN_BYTES, SPACES = 200, "\t\r\n\u3000\xa0"


def told(found: Preview) -> dict[str, Any]:
    """A preview as plain values, for the API and for the page."""
    reads, rejects = found.parsed.reads, found.parsed.rejects
    times = [read.local_us for read in reads]
    return {
        "guesses": [guess._asdict() for guess in found.guesses],
        "options": found.options,
        "whole": found.whole,
        "encoding": found.table.encoding if found.table else "",
        "heading_row": _heading_row(found.table),
        "columns": _columns(found.table),
        "rows": [_row(read) for read in reads[:SHOWN_ROWS]],
        "counts": {
            "reads": len(reads),
            "new": found.new,
            "known": len(reads) - found.new,
            "ignored": sum(found.ignored.values()),
            "rejected": len(rejects),
            "markers": len(found.parsed.markers),
            "chips": len(found.chips) + len(found.unknown),
            "unknown_chips": len(found.unknown),
        },
        "rejects": _reasons(found.parsed),
        "unknown_chips": found.unknown[:SHOWN_CHIPS],
        "sources": _told_sources(found),
        "first": local_text(min(times)) if times else None,
        "last": local_text(max(times)) if times else None,
        "days": [{"day": day.isoformat(), "reads": count} for day, count in list(found.days.items())[:SHOWN_DAYS]],
        "parks": found.parks,
        "warnings": found.warnings,
    }


def _heading_row(table: Table | None) -> int:
    """The row with the headings, counted from 1; 0 for none. Of a table nobody understands the first, if it has no figures."""
    if table is None:
        return 0
    if table.columns:
        return table.columns.row + 1
    return 0 if any(letter.isdigit() for cell in table.rows[0] for letter in cell) else 1


def _columns(table: Table | None) -> list[dict[str, Any]]:
    """Every column of a spreadsheet: its number, its heading, what it is read as, and its first cells."""
    if table is None:
        return []
    columns, rows = table.columns, table.rows
    heading = _heading_row(table) - 1
    meant = {getattr(columns, name): name for name in _fields()} if columns else {}
    width = min(max(map(len, rows), default=0), SHOWN_CELLS)
    below = [row for row in rows[max(heading, -1) + 1 :] if any(row)][:SHOWN_SAMPLES]
    return [
        {
            "number": number + 1,
            "heading": _cell(rows[heading], number) if 0 <= heading < len(rows) else "",
            "field": meant.get(number, ""),
            "sample": [_cell(row, number) for row in below],
        }
        for number in range(width)
    ]


def _fields() -> tuple[str, ...]:
    return ("chip", "time", "date", "reader", "lap", "bib", "device", "antenna", "record", "rssi")


def _cell(row: Sequence[str], number: int) -> str:
    return row[number].strip()[:SHOWN_CELLS] if number < len(row) else ""


def _row(read: Read) -> dict[str, Any]:
    try:
        local = local_text(read.local_us)
    except OverflowError:
        local = str(read.local_us)
    return {"source": read.source, "chip": read.chip, "local": local, "lap": read.lap, "bib": read.bib}


def _reasons(parsed: Parsed) -> list[dict[str, Any]]:
    """Why rows cannot be read, the most frequent reason first, each with the first such row."""
    counted = Counter(reject.reason for reject in parsed.rejects)
    first = {reject.reason: reject.raw for reject in reversed(parsed.rejects)}
    return [
        {"reason": reason, "count": count, "raw": readable(first[reason])}
        for reason, count in counted.most_common(SHOWN_REASONS)
    ]


def readable(raw: bytes) -> str:
    """The first bytes of a row as text; of what is no text its first bytes in hex digits. Of a longer row the cut may go
    through a letter; signs that cannot be seen, or turn what follows around, stand as escapes."""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(raw[:SHOWN_BYTES], final=len(raw) < SHOWN_BYTES)
        except UnicodeDecodeError:
            continue
        if all(letter.isprintable() or letter in SPACES or unicodedata.category(letter) == "Cf" for letter in text):
            return "".join(one if one.isprintable() or one in SPACES else f"\\u{ord(one):04x}" for one in text)
    return f"0x{raw[:16].hex()} ({len(raw)} bytes)"


def _told_sources(found: Preview) -> list[dict[str, Any]]:
    counted = Counter(read.source for read in found.parsed.reads)
    said = []
    for name, count in counted.most_common(SHOWN_CHIPS):
        source = found.sources.get(name)
        point = source.point.code if source is not None and source.point else None
        said.append({"name": name, "reads": count, "known": source is not None, "point": point})
    return said
