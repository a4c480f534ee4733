"""XLSX files, opened only after their size is known.

An XLSX is a zip of XML written by anybody. Before the reader sees it, every part is unpacked within fixed bounds and
packed again without compression, so that both programs see the same bytes; and the cells must lie close together, since
the reader makes room for every cell of the rectangle they span.
"""

import io
import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MAX_UNPACKED = 100 * 1024 * 1024  # bytes, all parts together
MAX_RATIO = 100  # a part may not unpack to more than this many times its size
SMALL_PART = 64 * 1024  # parts below this are harmless at any ratio
MAX_PARTS = 50
MAX_CELLS = 5_000_000  # of the rectangles that all sheets span
BROKEN = "broken_workbook"
TOO_LARGE = "workbook_too_large"
NO_WORKBOOK = "another_zip"  # a zip, but no spreadsheet
ZIP_MARK = b"PK\x03\x04"
#: The parts that make a workbook; with others the reader might take the file for one of another format.
_KEPT = re.compile(r"\[Content_Types\]\.xml|(_rels|xl)/.*\.(xml|rels)", re.IGNORECASE)
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']\s*([A-Za-z]{0,4})(\d{1,9})")
_HIDDEN_REFERENCE = re.compile(rb"\br\s*=\s*[\"'][^\"']*&")


class BadWorkbook(ValueError):
    """Not opened; its text is the reason code."""


def sheets(body: bytes, *, unpacked: int = MAX_UNPACKED, cells: int = MAX_CELLS) -> list[tuple[str, list[list[str]]]]:
    """Name and rows of each visible sheet, every cell as text. Raises BadWorkbook, also for one above these two bounds."""
    packed = _repacked(body, min(unpacked, MAX_UNPACKED), min(cells, MAX_CELLS))
    try:
        return _read(packed)
    except CalamineError:
        raise BadWorkbook(BROKEN) from None
    except BaseException as panic:
        # the reader is a Rust library: what it did not foresee comes as this class, which no module exports
        if type(panic).__name__ != "PanicException":
            raise
        raise BadWorkbook(BROKEN) from None


def _read(packed: bytes) -> list[tuple[str, list[list[str]]]]:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(packed))
    found = []
    for index, sheet in enumerate(workbook.sheets_metadata):
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible:
            rows = workbook.get_sheet_by_index(index).iter_rows()
            found.append((sheet.name, [[cell_text(cell) for cell in row] for row in rows]))
    return found


def _repacked(body: bytes, unpacked: int, cells: int) -> bytes:
    packed = io.BytesIO()
    spanned = 0
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as given, zipfile.ZipFile(packed, "w") as safe:
            parts = given.infolist()
            if "xl/workbook.xml" not in given.namelist():
                raise BadWorkbook(NO_WORKBOOK)
            _check_sizes(parts, unpacked)
            for part in parts:
                if not _KEPT.fullmatch(part.filename):
                    continue
                content = given.read(part)
                # A sheet is what another part calls one, wherever it lies: every part is looked at.
                spanned += _span(content)
                if spanned > cells:
                    raise BadWorkbook(TOO_LARGE)
                safe.writestr(zipfile.ZipInfo(part.filename), content)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as broken:
        raise broken if isinstance(broken, BadWorkbook) else BadWorkbook(BROKEN) from None
    return packed.getvalue()


def _check_sizes(parts: list[zipfile.ZipInfo], unpacked: int) -> None:
    """The declared sizes; zipfile unpacks no more than a part declares."""
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > unpacked:
        raise BadWorkbook(TOO_LARGE)
    for part in parts:
        if part.file_size > SMALL_PART and part.file_size > MAX_RATIO * part.compress_size:
            raise BadWorkbook(TOO_LARGE)


def _span(sheet: bytes) -> int:
    """The cells of the rectangle: two of them at opposite corners would make the reader ask for all the memory there is,
    and so would many sheets of them."""
    if b"\0" in sheet or _HIDDEN_REFERENCE.search(sheet):
        raise BadWorkbook(BROKEN)
    widest = tallest = 0
    for letters, digits in set(_REFERENCE.findall(sheet)):
        column = 0
        for letter in letters.upper():
            column = column * 26 + letter - 64
        widest, tallest = max(widest, column), max(tallest, int(digits))
    return widest * tallest


def cell_text(cell: object) -> str:
    """A cell as a text file would hold it with nothing lost: full dates and times, numbers without exponent."""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return _elapsed(cell)
    if isinstance(cell, float):
        return _number(cell)
    return str(cell)


def _elapsed(span: timedelta) -> str:
    """A cell in the format [h]:mm:ss; a time of day when it is below 24 hours."""
    minutes, seconds = divmod(span.seconds, 60)
    return f"{span.days * 24 + minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{span.microseconds:06}"


def _number(value: float) -> str:
    """Excel knows 15 digits; a longer code was cut when it was typed, and shows as such."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if value.is_integer():
        return f"{value:.14E}"
    return f"{value:.15f}" if abs(value) < 1 else repr(value).upper()
