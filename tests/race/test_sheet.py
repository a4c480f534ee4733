"""Rows out of whatever people paste or upload, and files that are refused with the reason."""

import io
from datetime import date

import pytest
import xlsxwriter

from race import sheet, workbook

ROWS = [["姓名", "证件号码"], ["单雨桐", "410311199003071233"], ["欧阳 明", "X"]]
TEXT = "姓名,证件号码\n单雨桐,410311199003071233\n欧阳 明,X\n"


def book(*rows: list[object], form: str = "") -> bytes:
    """An XLSX with these rows."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as written:
        page = written.add_worksheet()
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                page.write(number, column, value, written.add_format({"num_format": form}) if form else None)
    return made.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_spelling_of_a_text_file_gives_the_same_rows(encoding: str, mark: str, end: str) -> None:
    assert sheet.read(TEXT.replace(",", mark).replace("\n", end).encode(encoding)) == ROWS


def test_excels_separator_line_and_quoted_cells_are_read() -> None:
    assert sheet.pasted('sep=;\na;"b;\nc"\n')[1:] == [["a", "b; c"]]


def test_a_workbook_gives_dates_and_whole_numbers_as_they_are_seen() -> None:
    assert sheet.read(book(["a", 12, 12.5, "007"], ["", "b"])) == [["a", "12", "12.5", "007"], ["", "b", "", ""]]
    assert sheet.day(sheet.read(book([date(1990, 3, 7)], form="yyyy-mm-dd"))[0][0]) == date(1990, 3, 7)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"  \n ", "empty"),
        (b"\xd0\xcf\x11\xe0rest", "old_excel"),
        (workbook.ZIP_MARK + b"x", "broken_workbook"),
        (TEXT.encode("gbk") + b"\xff\xff\n", "undecodable"),
        ("名\ue000".encode(), "undecodable"),
        (TEXT.encode() + "中".encode()[:2] + b"\n", "undecodable"),
        (b"a\n" * 5_021, "too_many_rows"),
        (b'"a' + b"\n" * 100_001 + b'"', "too_many_rows"),
        (b"a," * 61 + b"b", "too_many_columns"),
        (b"a" * 501, "cell_too_long"),
        (b'a,"' + b"b,c\n" * 900, "cell_too_long"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(body: bytes, code: str) -> None:
    with pytest.raises(sheet.BadSheet) as refused:
        sheet.read(body)
    assert str(refused.value) == code


def test_a_list_spans_no_two_million_cells_and_unpacks_to_no_hundred_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, int] = {}
    monkeypatch.setattr(workbook, "sheets", lambda body, **bounds: seen.update(bounds) or [("S", [["a"]])])
    assert sheet.read(workbook.ZIP_MARK) == [["a"]]
    assert seen == {"unpacked": 25 * 1024 * 1024, "cells": 2_000_000}


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(sheet.BadSheet) as refused:
        sheet.read(book(*[["a" * 30_000] for _row in range(400)]))
    assert str(refused.value) in ("workbook_too_large", "cell_too_long")


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("1990-03-07", date(1990, 3, 7)),
        ("1990/3/7", date(1990, 3, 7)),
        ("1990.3.7", date(1990, 3, 7)),
        ("1990年3月7日", date(1990, 3, 7)),
        ("19900307", date(1990, 3, 7)),
        ("1990-03-07 00:00:00", date(1990, 3, 7)),
        ("32939", date(1990, 3, 7)),
        ("32939.0", date(1990, 3, 7)),
        ("1990-02-30", None),
        ("7/3/1990", None),
        ("1990", None),
        ("", None),
    ],
)
def test_a_day_is_read_year_first_or_as_excel_counts(cell: str, read: date | None) -> None:
    assert sheet.day(cell) == read


@pytest.mark.parametrize(
    ("cell", "plain", "ruined"),
    [
        ("4.10311E+17", "4.10311E+17", True),
        ("4E17", "4E17", True),
        ('="410311199003071233"', "410311199003071233", False),
        ("'0012", "0012", False),
        ("12.0", "12", False),
        ("12.5", "12.5", False),
        ("E1234567", "E1234567", False),
    ],
)
def test_numbers_are_read_as_people_see_them(cell: str, plain: str, ruined: bool) -> None:
    assert (sheet.plain(cell), sheet.ruined(cell)) == (plain, ruined)
