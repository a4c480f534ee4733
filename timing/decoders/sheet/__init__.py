"""Spreadsheets of reads: CSV and its kin, and XLSX, as crews and vendors of the country export them.

Columns are found by their headings in Chinese or English (sheet/columns.py lists them); a chip and a time there must
be, a date comes from the time's own cell, a date column or the race day. Every row that is not a read is a reject with
its reason and its bytes; a file that is no chip file at all is one reject.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from race.sheet import XLS_MARK, delimiter_of, is_separator_line
from race.workbook import NO_WORKBOOK, ZIP_MARK, BadWorkbook, sheets
from timing.decoders.model import Context, Decoder, Parsed, Read, Reject
from timing.decoders.sheet.cell_times import AMBIGUOUS_DATE, HOURS_LOST, NO_DATE, OTHER_ZONE
from timing.decoders.sheet.chip_cells import CHIP_RUINED
from timing.decoders.sheet.columns import HEADING_ROWS, SAMPLE_ROWS, Columns, meaning
from timing.decoders.sheet.plain_text import PlainText, read_text
from timing.decoders.sheet.rows import NO_SOURCE, Rows, read_rows

NOT_A_CHIP_FILE = "not_a_chip_file"
NOT_A_CHIP_SHEET = "not_a_chip_sheet"
OLD_EXCEL = "old_excel_file"  # XLS, or an XLSX with a password
TRUNCATED = "truncated"
_COMPARED = 1000  # lines that a doubtful last one is compared with
_NEVER_BY_CUTTING = frozenset({HOURS_LOST, CHIP_RUINED, AMBIGUOUS_DATE, OTHER_ZONE, NO_DATE})


def parse(body: bytes, context: Context) -> Parsed:
    """Read a CSV or XLSX file of chip reads. Never raises on odd bytes: what is not understood is a reject."""
    if body.startswith(ZIP_MARK):
        return _parse_workbook(body, context)
    if body.startswith(XLS_MARK):
        return Parsed(rejects=(Reject(body, OLD_EXCEL),))
    found = _parse_text(read_text(body), context)
    return Parsed(rejects=(Reject(body, NOT_A_CHIP_FILE),)) if found is None else found


def _parse_text(text: PlainText, context: Context) -> Parsed | None:
    delimiter = delimiter_of(text.lines)
    if is_separator_line(text.lines[0]):
        text.lines[0] = ""
    rows = read_rows(_cells(text.lines, delimiter), context)
    if rows is None:
        return None
    if not text.ended:
        rows = _doubt_last(text, rows, delimiter)
    raw = text.raw([index for index, _ in rows.refused])
    return Parsed(tuple(rows.reads), rejects=tuple(Reject(raw[index], reason) for index, reason in rows.refused))


class Table(NamedTuple):
    """The first rows of a spreadsheet as cells, its encoding, and which column is what; None where that is not to see."""

    rows: list[list[str]]
    encoding: str
    columns: Columns | None


def first_rows(body: bytes, context: Context, most: int = SAMPLE_ROWS) -> Table | None:
    """What a person needs to see in order to say which column is what. None for what has no rows of text."""
    if body.startswith(XLS_MARK):
        return None
    if body.startswith(ZIP_MARK):
        try:
            tables = [table for _name, table in sheets(body) if any(any(row) for row in table)]
        except BadWorkbook:
            return None
        # the first sheet that holds reads is the one to look at
        found = [(table, _seen(table, context)) for table in tables]
        table, columns = next((pair for pair in found if pair[1] is not None), found[0] if found else ([], None))
        return Table([list(row) for row in table[:most]], "xlsx", columns) if table else None
    text = read_text(body)
    delimiter = delimiter_of(text.lines)
    lines = ["" if is_separator_line(line) else line for line in text.lines[:most]]
    rows = [row or [] for row in _cells(lines, delimiter)]
    return Table(rows, text.encoding, _seen(rows, context)) if any(len(row) > 1 for row in rows) else None


def _seen(rows: Sequence[Sequence[str]], context: Context) -> Columns | None:
    found = read_rows(rows[:SAMPLE_ROWS], context)
    return found.columns if found is not None else None


def has_headings(head: bytes) -> bool:
    """Whether a file opens with headings of ours: chip and time at least."""
    if head.startswith((ZIP_MARK, XLS_MARK)):
        return False
    text = read_text(head)
    rows = [row or [] for row in _cells(text.lines[:HEADING_ROWS], delimiter_of(text.lines))]
    return any({"chip", "time"} <= {meaning(cell) for cell in row} for row in rows)


def _cells(lines: Iterable[str | None], delimiter: str) -> Iterator[list[str] | None]:
    """The cells of each line. A cell never spans lines: one stray quote must not swallow the rest of the file."""
    for line in lines:
        if line is None:
            yield None
        elif '"' in line:
            yield _quoted(line, delimiter)
        else:
            yield line.split(delimiter) if line else []


def _quoted(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return line.split(delimiter)


def _doubt_last(text: PlainText, rows: Rows, delimiter: str) -> Rows:
    """A last line without its end may have been cut anywhere, even within digits that still make a time.

    It is taken only if it has as many cells as the lines before it, and a last cell no shorter than theirs.
    """
    last = len(text.lines) - 1
    refused_last = bool(rows.refused) and rows.refused[-1][0] == last
    if refused_last:
        reason = rows.refused[-1][1]
        nowhere = reason == NO_SOURCE and rows.columns.reader < 0  # no row of this file names one
        kept = reason if nowhere or reason in _NEVER_BY_CUTTING else TRUNCATED
        return rows._replace(refused=[*rows.refused[:-1], (last, kept)])
    if not rows.reads:
        return rows  # the last line may be the headings themselves
    first = max(rows.columns.row + 1, last - _COMPARED)
    *others, cells = [row or [] for row in _cells(text.lines[first:], delimiter)]
    others = [row for row in others if row]
    if not any(cell.strip() for cell in cells) or not others:
        return rows
    shortest = min((len(row[-1]) for row in others if len(row) == len(cells)), default=0)
    if len(cells) >= min(map(len, others)) and len(cells[-1]) >= shortest:
        return rows
    return rows._replace(reads=rows.reads[:-1], refused=[*rows.refused, (last, TRUNCATED)])


def _parse_workbook(body: bytes, context: Context) -> Parsed:
    """All visible sheets; those without reads are named, unless none has any."""
    reads: list[Read] = []
    rejects: list[Reject] = []
    found = False
    try:
        for name, table in sheets(body):
            rows = read_rows(table, context)
            if rows is None and any(any(row) for row in table):
                rejects.append(Reject(name.encode(), NOT_A_CHIP_SHEET))
            elif rows is not None:
                found = True
                reads += rows.reads
                rejects += [Reject("\t".join(table[index]).encode(), reason) for index, reason in rows.refused]
    except BadWorkbook as bad:
        reason = NOT_A_CHIP_FILE if str(bad) == NO_WORKBOOK else str(bad)
        return Parsed(rejects=(Reject(body, reason),))
    if not found:
        return Parsed(rejects=(Reject(body, NOT_A_CHIP_FILE),))
    return Parsed(tuple(reads), rejects=tuple(rejects))


SHEET = Decoder("csv", ("generic_csv", "xlsx"), parse)
