"""Rows of cells out of whatever people paste or upload: text, CSV and its kin, XLSX. Pure.

Read as a person would see it, or refused with the reason: a file of unknown letters is never guessed at, and what a
spreadsheet program ruined (1.23457E+17) stays recognisable as such. `BadSheet` carries the code of the reason.
"""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from datetime import date, timedelta

from race import workbook

MAX_ROWS = 5_000
MAX_COLUMNS = 60
MAX_UNPACKED = 25 * 1024 * 1024  # bytes of a list as XLSX: some fifty times what the longest list needs
MAX_SPAN = 2_000_000  # cells of it, empty ones too
MAX_LINES = 20 * MAX_ROWS  # a cell may hold line ends
MAX_CELL = 500  # letters; a longer cell is a quote that was never closed
DELIMITERS = "\t;,|"
XLS_MARK = b"\xd0\xcf\x11\xe0"
_LINE_END_BYTES = re.compile(rb"\r\n|\r|\n")
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_SNIFF = 4096  # bytes
_SAMPLE = 256 * 1024  # bytes
_SNIFF_LINES = 20
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: Letters no name or heading is written in: controls, private use, the sign for what could not be read.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")
_RUINED = re.compile(r"\d(\.\d+)?E\+?\d{1,3}", re.IGNORECASE)
_WHOLE_AS_FRACTION = re.compile(r"(\d+)\.0+")
_QUOTED_FORMULA = re.compile(r'="([^"]*)"')
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})")
#: Excel counts days from here; its 29 February 1900 is before anybody now alive was born.
_EXCEL_ZERO = date(1899, 12, 30)
_SERIALS = range(366, 60_000)  # 1900 to 2064: a year alone (1990) is no serial of a living rider's birth

Table = list[list[str]]


class BadSheet(ValueError):
    """Not read; its text is the reason code."""


def read(body: bytes) -> Table:
    """The rows of an uploaded file, each cell as trimmed text; empty rows stay, so that row numbers are those of the file.

    Codes of BadSheet: `empty`, `old_excel`, `broken_workbook`, `workbook_too_large`, `another_zip`, `undecodable`,
    `too_many_rows`, `too_many_columns`, `cell_too_long`.
    """
    if not body.strip():
        raise BadSheet("empty")
    if body.startswith(XLS_MARK):
        raise BadSheet("old_excel")
    if not body.startswith(workbook.ZIP_MARK):
        return pasted(_text(body))
    try:
        found = workbook.sheets(body, unpacked=MAX_UNPACKED, cells=MAX_SPAN)
        tables = [table for _name, table in found if any(any(row) for row in table)]
    except workbook.BadWorkbook as bad:
        raise BadSheet(str(bad)) from None
    if not tables:
        raise BadSheet("empty")
    return _bounded(tables[0])


def pasted(text: str) -> Table:
    """The rows of text with tabs, commas, semicolons or bars between the cells."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip()
    if text.count("\n") > MAX_LINES:
        raise BadSheet("too_many_rows")
    lines = text.split("\n")
    mark = delimiter_of(lines)
    if is_separator_line(lines[0]):
        lines[0] = ""
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=mark, skipinitialspace=True))
    except csv.Error:
        raise BadSheet("cell_too_long") from None
    if not any(any(cell.strip() for cell in row) for row in rows):
        raise BadSheet("empty")
    return _bounded(rows)


def plain(cell: str) -> str:
    """A cell as a person reads it: no ="...", no apostrophe that keeps zeros, no .0 behind a whole number."""
    text = cell.strip().removeprefix("'").strip()
    if formula := _QUOTED_FORMULA.fullmatch(text):
        text = formula[1].strip()
    whole = _WHOLE_AS_FRACTION.fullmatch(text)
    return whole[1] if whole else text


def ruined(cell: str) -> bool:
    """Whether a spreadsheet program kept only the first digits of a long number: 4.10311E+17."""
    return _RUINED.fullmatch(plain(cell)) is not None


def day(cell: str) -> date | None:
    """The day in a cell, as people write it year first, or as Excel counts it; None for anything else.

    12/3/1990 is not read: nobody can tell March from December.
    """
    text = plain(cell)
    found = _DAY.fullmatch(text) or _EIGHT.fullmatch(text)
    if found:
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return None
    if text.isascii() and text.isdigit() and int(text) in _SERIALS and len(text) == 5:
        return _EXCEL_ZERO + timedelta(days=int(text))
    return None


def _text(body: bytes) -> str:
    encoding, mark = encoding_of(body)
    try:
        text = body[mark:].decode(encoding)
    except UnicodeDecodeError:
        raise BadSheet("undecodable") from None
    if _NO_TEXT.search(text):
        raise BadSheet("undecodable")
    return text


def _bounded(rows: Table) -> Table:
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if len(rows) > MAX_ROWS + _SNIFF_LINES:
        raise BadSheet("too_many_rows")
    if any(len(row) > MAX_COLUMNS and any(row[MAX_COLUMNS:]) for row in rows):
        raise BadSheet("too_many_columns")
    cut = [[" ".join(_NO_TEXT.sub(" ", cell).split()) for cell in row[:MAX_COLUMNS]] for row in rows]
    if any(len(cell) > MAX_CELL for row in cut for cell in row):
        raise BadSheet("cell_too_long")
    return cut


def encoding_of(body: bytes) -> tuple[str, int]:
    """The encoding and the length of the mark that tells it.

    Chinese spreadsheets save GBK or GB18030, which almost any bytes can pass for, so UTF-8 comes first: when all lines
    are UTF-8, or most of those that are not plain ASCII. The last line is left out, as a broken upload may end within a
    letter.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name, len(mark)
    head = body[:_SNIFF]
    even, odd = head[::2].count(b"\0"), head[1::2].count(b"\0")
    if bool(even) != bool(odd) and max(even, odd) > len(head) // 20:
        return ("utf-16-be" if even else "utf-16-le"), 0
    whole_lines = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1] or body
    if _is_utf8(whole_lines):
        return "utf-8", 0
    telling = [line for line in _LINE_END_BYTES.split(whole_lines[:_SAMPLE]) if not line.isascii()]
    in_utf8 = sum(_is_utf8(line) for line in telling)
    return ("utf-8" if in_utf8 * 2 > len(telling) else "gb18030"), 0


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_separator_line(line: str | None) -> bool:
    """Whether a line is Excel's `sep=;`."""
    return line is not None and _SEPARATOR_LINE.fullmatch(line) is not None


def delimiter_of(lines: Sequence[str | None]) -> str:
    """The separator that stands in most of the first lines; `sep=;` in the first line, as Excel writes it, decides."""
    filled = [line for line in lines[:_SNIFF_LINES] if line and line.strip()]
    if filled and (told := _SEPARATOR_LINE.fullmatch(filled[0])):
        return told[1]
    # a quoted part may hold commas that separate nothing
    bare = [re.sub(r'"[^"]*"', "", line) for line in filled]
    middle = {mark: sorted(line.count(mark) for line in bare)[len(bare) // 2] for mark in DELIMITERS if bare}
    return max(middle, key=lambda mark: (middle[mark], -DELIMITERS.index(mark)), default=",")
