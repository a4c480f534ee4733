"""Files of lists: XLSX and CSV with cells that stay text, and PDF."""

from __future__ import annotations

import csv
import io
import re
from itertools import groupby

import xlsxwriter
from django.utils.translation import gettext as _

from race import typesetting
from race.lists import Listing

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
CSV = "text/csv; charset=utf-8"
FORMS = {"xlsx": XLSX, "pdf": PDF, "csv": CSV}
#: A phone with its country code begins with a plus and is no formula.
_PHONE = re.compile(r"\+[\d\s-]+")
_WHOLE = re.compile(r"0|-?[1-9]\d{0,8}")
#: Columns that count: everything else is text, above all numbers of documents and phones.
COUNTS = {
    "bib", "order", "riders", "age", "rank", "laps", "down", "time_ms", "gap_ms", "Rank", "BIB", "Result", "Sort Order",
}  # fmt: skip


def safe(text: str) -> str:
    """The text so that no program takes it for a formula, neither in this file nor in a CSV made of it."""
    risky = text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and not _PHONE.fullmatch(text)
    return f"'{text}" if risky else text


def _counts(key: str, cell: str) -> bool:
    return (key in COUNTS or key.startswith("points")) and _WHOLE.fullmatch(cell) is not None


def workbook(body: io.BytesIO) -> xlsxwriter.Workbook:
    """A workbook to be written into `body`, in which a text never becomes a formula, a number or a link by itself."""
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    return xlsxwriter.Workbook(body, plain)


def xlsx(listing: Listing) -> bytes:
    """The list as a workbook of one sheet: what it is for and who made it stand on top and in the foot of each page."""
    body = io.BytesIO()
    book = workbook(body)
    book.set_properties({"title": listing.title, "comments": listing.made})
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", listing.title)[:31])
    bold, text = (
        book.add_format({"bold": True}),
        book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
    )
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    whole = book.add_format({"num_format": "0", "valign": "top"})
    above = [line for line in (listing.title, listing.subtitle, listing.purpose, listing.made) if line]
    for place, line in enumerate(above):
        sheet.write_string(place, 0, safe(line), bold if place == 0 else None)
    top = len(above)
    for place, column in enumerate(listing.columns):
        sheet.write_string(top, place, column.title, head)
        sheet.set_column(place, place, column.width)
        for number, row in enumerate(listing.rows, top + 1):
            cell = row.get(column.key, "")
            if _counts(column.key, cell):
                sheet.write_number(number, place, int(cell), whole)
            else:
                sheet.write_string(number, place, safe(cell), text)
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, top + len(listing.rows), len(listing.columns) - 1)
    sheet.repeat_rows(top)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L" + listing.made.replace("&", "&&") + "&R&P / &N")
    book.close()
    return body.getvalue()


def csv_for_people(listing: Listing) -> bytes:
    """The list as CSV with its headings in words; begins with the mark by which spreadsheets know UTF-8."""
    return b"\xef\xbb\xbf" + _csv(listing, [column.title for column in listing.columns])


def csv_for_programs(listing: Listing) -> bytes:
    """The list as CSV with the keys of its columns as headings, and no mark."""
    return _csv(listing, [column.key for column in listing.columns])


def _csv(listing: Listing, headings: list[str]) -> bytes:
    body = io.StringIO(newline="")
    write = csv.writer(body)
    write.writerow(headings)
    keys = [column.key for column in listing.columns]
    for row in listing.rows:
        cells = ((key, row.get(key, "")) for key in keys)
        write.writerow([cell if _counts(key, cell) else safe(cell) for key, cell in cells])
    return body.getvalue().encode()


def pdf(listing: Listing) -> bytes:
    """The list as a PDF: labels on sheets of 24, everything else as a table across the page."""
    if listing.labels:
        told = {"title": listing.title, "labels": listing.labels, "columns": 3, "rows": 8}
        return typesetting.pdf("labels", told | {"footer": " · ".join(filter(None, (listing.made, listing.purpose)))})
    total = sum(column.width for column in listing.columns)
    columns = [
        {"key": column.key, "title": column.title, "align": column.align, "box": column.box,
         "width": "auto" if column.width <= 8 else column.width / total * 10}
        for column in listing.columns
    ]  # fmt: skip
    facts = [[_("Purpose"), listing.purpose]] if listing.purpose else []
    return typesetting.pdf(
        "table",
        {
            "title": listing.title, "subtitle": listing.subtitle, "facts": facts, "columns": columns, "rows": _headed(listing),
            "footer": listing.made, "landscape": True,
        },
    )  # fmt: skip


def _headed(listing: Listing) -> list[dict[str, str]]:
    """The rows, each group after a row with its name."""
    if not listing.grouped:
        return listing.rows
    nothing = {"team": _("No team"), "from": _("No region given")}.get(listing.grouped, "–")
    found: list[dict[str, str]] = []
    for name, members in groupby(listing.rows, key=lambda row: row[listing.grouped]):
        found += [{"group": name or nothing}, *members]
    return found


def file(listing: Listing, form: str) -> tuple[bytes, str, str]:
    """(content, type, name) of the file in a form of FORMS."""
    made = {"xlsx": xlsx, "pdf": pdf, "csv": csv_for_people}[form](listing)
    return made, FORMS[form], f"{listing.kind}.{form}"
