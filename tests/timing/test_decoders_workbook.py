"""XLSX: cells of every kind, and files made to do harm."""

import io
import zipfile
from datetime import date, datetime, time, timedelta

import pytest
import xlsxwriter

from race import workbook
from timing.decoders import decoder
from timing.decoders.model import Context, Parsed, Read, Reject
from timing.decoders.wall_clock import day_us, time_us

CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), source="Mat 1")
AT = day_us(2024, 5, 25) + time_us("09:05:01.690")
SHEET = decoder("csv")
MOMENT = datetime.fromisoformat("2024-05-25T09:05:01.690")


def read(chip, source="Mat 1", **said):
    return Read(source, chip, AT, **said)


def written(*tables, hidden=()):
    """A workbook of these tables; a cell (value, format) is a number or time in an Excel format."""
    body = io.BytesIO()
    with xlsxwriter.Workbook(body, {"in_memory": True}) as book:
        for number, table in enumerate(tables):
            sheet = book.add_worksheet(f"Sheet {number + 1}")
            if number in hidden:
                sheet.hide()
            for row, cells in enumerate(table):
                for column, cell in enumerate(cells):
                    value, form = cell if isinstance(cell, tuple) else (cell, "General")
                    sheet.write(row, column, value, book.add_format({"num_format": form}))
    return body.getvalue()


def repacked(body, **parts):
    """The same workbook with some parts replaced or added."""
    given, out = zipfile.ZipFile(io.BytesIO(body)), io.BytesIO()
    contents = {name: given.read(name) for name in given.namelist()} | parts
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in contents.items():
            packed.writestr(name, content)
    return out.getvalue()


def refused(body):
    return SHEET.parse(body, CONTEXT) == Parsed(rejects=(Reject(body, "workbook_too_large"),))


@pytest.mark.parametrize(
    "cell",
    [
        (MOMENT, "yyyy-mm-dd hh:mm:ss.000"),
        (MOMENT, "yyyy/m/d h:mm"),
        (MOMENT.time(), "hh:mm:ss.000"),
        (MOMENT.time(), "mm:ss.0"),
        (MOMENT.time(), "[h]:mm:ss"),
        "2024/5/25 9:05:01.69",
        (45437.3784917824, "General"),
        (0.378491782407407, "General"),
    ],
)
def test_a_time_cell_of_any_format_has_its_full_time(cell):
    body = written([["芯片号", "时间", "计时点", "圈数"], ["00012345", cell, "终点", 3]])
    assert SHEET.parse(body, CONTEXT) == Parsed((read("00012345", "终点", lap=3),))


def test_a_date_cell_beside_a_time_cell():
    table = [["日期", "时间", "芯片"], [(date(2024, 5, 25), "yyyy-mm-dd"), (MOMENT.time(), "hh:mm:ss.000"), "AB12"]]
    assert SHEET.parse(written(table), CONTEXT) == Parsed((read("AB12"),))


def test_chips_that_excel_took_for_numbers():
    table = [["chip", "time"], [123456789012345, "09:05:01.69"], [1234567890123456, "09:05:01.69"]]
    parsed = SHEET.parse(written(table), CONTEXT)
    assert parsed == Parsed(
        (read("123456789012345"),), rejects=(Reject(b"1.23456789012346E+15\t09:05:01.69", "chip_ruined"),)
    )


def test_all_visible_sheets_are_read():
    riders = [["号码", "姓名"], [17, "赵一鸣"]]
    first = [["chip", "time"], ["AB12", "09:05:01.69"], ["AB13", "05:01.7"]]
    second = [["chip", "time"], ["AB14", "09:05:01.69"]]
    assert SHEET.parse(written(first, riders, [], second, second, hidden=(4,)), CONTEXT) == Parsed(
        (read("AB12"), read("AB14")),
        rejects=(Reject(b"AB13\t05:01.7", "hours_lost"), Reject(b"Sheet 2", "not_a_chip_sheet")),
    )


def test_a_workbook_without_reads_is_no_chip_file():
    body = written([["号码", "姓名"], [17, "赵一鸣"]])
    assert SHEET.parse(body, CONTEXT) == Parsed(rejects=(Reject(body, "not_a_chip_file"),))


GOOD = written([["chip", "time"], ["AB12", "09:05:01.69"]])


def test_a_zip_of_something_else_is_no_chip_file():
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        packed.writestr("word/document.xml", "<document/>")
    assert SHEET.parse(body.getvalue(), CONTEXT).rejects == (Reject(body.getvalue(), "not_a_chip_file"),)


def test_an_old_or_locked_excel_file_says_so():
    body = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    assert SHEET.parse(body, CONTEXT) == Parsed(rejects=(Reject(body, "old_excel_file"),))


@pytest.mark.parametrize("cut", range(4, len(GOOD), 97))
def test_a_workbook_cut_off_anywhere_is_broken(cut):
    assert SHEET.parse(GOOD[:cut], CONTEXT) == Parsed(rejects=(Reject(GOOD[:cut], "broken_workbook"),))


@pytest.mark.parametrize("at", range(0, len(GOOD), 41))
def test_a_damaged_workbook_is_an_answer(at):
    body = GOOD[:at] + bytes([GOOD[at] ^ 0x55]) + GOOD[at + 1 :]
    parsed = SHEET.parse(body, CONTEXT)
    assert parsed.reads == (read("AB12"),) or len(parsed.rejects) == 1


def test_a_panic_of_the_reader_is_a_broken_workbook(monkeypatch):
    class PanicException(BaseException):
        """As the Rust library raises it: no Exception, so that nothing catches it by chance."""

    def panic(packed):
        raise PanicException

    monkeypatch.setattr(workbook, "_read", panic)
    assert SHEET.parse(GOOD, CONTEXT) == Parsed(rejects=(Reject(GOOD, "broken_workbook"),))


def test_an_interrupt_is_not_a_panic(monkeypatch):
    def interrupt(packed):
        raise KeyboardInterrupt

    monkeypatch.setattr(workbook, "_read", interrupt)
    with pytest.raises(KeyboardInterrupt):
        SHEET.parse(GOOD, CONTEXT)


def test_a_part_that_unpacks_to_too_much_for_its_size():
    assert refused(repacked(GOOD, **{"xl/media/image.png": bytes(workbook.SMALL_PART + 1)}))
    assert SHEET.parse(repacked(GOOD, **{"xl/media/image.png": bytes(workbook.SMALL_PART)}), CONTEXT) == Parsed(
        (read("AB12"),)
    )


def test_parts_that_are_too_many_or_too_large_together(monkeypatch):
    many = {f"xl/media/{number}.png": b"x" for number in range(workbook.MAX_PARTS)}
    assert refused(repacked(GOOD, **many))
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 20_000)
    assert SHEET.parse(GOOD, CONTEXT) == Parsed((read("AB12"),))
    assert refused(repacked(GOOD, **{f"xl/media/{number}.png": bytes(10_000) for number in range(2)}))


def test_a_part_that_lies_about_its_size():
    """The entry says 10 bytes; 10 MB come out of it."""
    body = bytearray(repacked(GOOD, **{"xl/media/image.xml": b" " * 10_000_000}))
    size = (10_000_000).to_bytes(4, "little")
    at = body.rindex(size)
    body[at : at + 4] = (10).to_bytes(4, "little")
    assert SHEET.parse(bytes(body), CONTEXT) == Parsed(rejects=(Reject(bytes(body), "broken_workbook"),))


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ('r="XFD1048576"', "workbook_too_large"),
        ("r = 'XFD1048576'", "workbook_too_large"),
        ('r="XFD104857&#54;"', "broken_workbook"),
    ],
)
def test_two_cells_at_opposite_corners(reference, reason):
    sheet = zipfile.ZipFile(io.BytesIO(GOOD)).read("xl/worksheets/sheet1.xml").decode()
    body = repacked(GOOD, **{"xl/worksheets/sheet1.xml": sheet.replace('r="B2"', reference).encode()})
    assert SHEET.parse(body, CONTEXT) == Parsed(rejects=(Reject(body, reason),))


@pytest.mark.parametrize(
    "there", ["xl/other/s.xml", "xl//worksheets/s.xml", "xl/./worksheets/s.xml", "data/s.xml", "xl/s.png"]
)
def test_a_sheet_that_lies_elsewhere_is_not_read_unseen(there):
    """One that spans seventeen thousand million cells would end the process."""
    sheet = (
        zipfile.ZipFile(io.BytesIO(GOOD)).read("xl/worksheets/sheet1.xml").decode().replace('r="B2"', 'r="XFD1048576"')
    )
    relations = zipfile.ZipFile(io.BytesIO(GOOD)).read("xl/_rels/workbook.xml.rels")
    moved = relations.replace(
        b"worksheets/sheet1.xml", (there[3:] if there.startswith("xl/") else f"/{there}").encode()
    )
    assert moved != relations
    body = repacked(GOOD, **{there: sheet.encode(), "xl/_rels/workbook.xml.rels": moved})
    with pytest.raises(workbook.BadWorkbook) as refused:
        if workbook.sheets(body) == []:
            raise workbook.BadWorkbook("not_there")
    assert str(refused.value) == (
        "workbook_too_large" if there.endswith("s.xml") and there[:2] == "xl" else "broken_workbook"
    )


def test_many_sheets_together_span_no_more_than_one_may(monkeypatch):
    body = written([["a", "b"], ["c", "d"]], [["e", "f"], ["g", "h"]])
    assert len(workbook.sheets(body, cells=8)) == 2
    with pytest.raises(workbook.BadWorkbook, match="workbook_too_large"):
        workbook.sheets(body, cells=7)


def test_no_other_format_hides_behind_a_broken_workbook():
    """The reader tries one format after the other: an ODS says of one cell that it is there a million times."""
    told = "application/vnd.oasis.opendocument.spreadsheet"
    cells = '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
    content = (
        '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:'
        'text:1.0"><office:body><office:spreadsheet><table:table table:name="S"><table:table-row>'
        f"{cells}</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("mimetype", told)
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
        packed.writestr("content.xml", content)
        packed.writestr("xl/workbook.xml", "<broken")
    with pytest.raises(workbook.BadWorkbook, match="broken_workbook"):
        workbook.sheets(made.getvalue())


def test_a_sheet_that_hides_its_references_in_another_encoding():
    with pytest.raises(workbook.BadWorkbook, match="broken_workbook"):
        workbook._span('<c r="XFD1048576"/>'.encode("utf-16"))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (True, "True"),
        (12.0, "12"),
        (-3, "-3"),
        (0.5, "0.500000000000000"),
        (time(9, 5), "09:05:00"),
        (timedelta(days=1, hours=2, seconds=3.5), "26:00:03.500000"),
        (date(2024, 5, 25), "2024-05-25"),
        ("终点", "终点"),
    ],
)
def test_a_cell_as_text(cell, text):
    assert workbook.cell_text(cell) == text
