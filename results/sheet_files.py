"""Files of result sheets: PDF, XLSX, CSV for spreadsheets and for programs, JSON, and the columns the UCI takes.

No cell becomes a formula (`race.list_files.safe`). Times stand as text with hours, so that no spreadsheet takes 40:00 for
forty hours, and as whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson
from django.template.loader import render_to_string
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from race import list_files
from race.lists import Column, Listing
from results import sheet_paper, uci
from results.result_lines import ResultLine
from results.sheets import Sheet

JSON = "application/json"
HTML = "text/html; charset=utf-8"
#: The form in which the page of results shows a sheet; no file.
PAGE = "page"
Form = Callable[[Sheet], bytes]


def listing(sheet: Sheet) -> Listing:
    """The sheet as one list, group after group: what spreadsheets are made of."""
    columns = (
        Column("rank", pgettext("paper", "Rank"), 6, "right"), Column("status", _("Status"), 8),
        Column("bib", _("Bib"), 8, "right"), Column("name", _("Name"), 24), Column("latin", _other_writing(), 24),
        Column("team", _("Team"), 28), Column("from", pgettext("region", "From"), 12), Column("nation", _("Nation"), 8),
        Column("category", _("Category"), 16), Column("laps", _("Laps"), 6, "right"), Column("time", _("Time"), 10, "right"),
        Column("gap", _("Gap"), 10, "right"), Column("down", _("Laps behind"), 8, "right"),
        Column("time_ms", _("Time in ms"), 12, "right"), Column("gap_ms", _("Gap in ms"), 12, "right"),
        Column("notes", _("Remarks"), 20),
    )  # fmt: skip
    rows = [_row(sheet, line) for line in sheet.lines()]
    about = [sheet_paper.standing(sheet), sheet_paper.stamp(sheet)]
    return Listing(
        "results",
        sheet_paper.title(sheet),
        " · ".join(filter(None, about)),
        columns,
        rows,
        made=sheet_paper.source(sheet),
    )


def _other_writing() -> str:
    return _("Chinese name") if (get_language() or "").startswith("en") else _("Name in Latin letters")


def _row(sheet: Sheet, line: ResultLine) -> dict[str, str]:
    rider = line.rider
    english = (get_language() or "").startswith("en")
    zh, latin = str(rider["zh"]), str(rider["latin"])
    timed = line.status in ("FIN", "LAP", "OTL", "racing")
    return {
        "rank": _text(line.rank), "status": line.status, "bib": str(line.bib), "name": latin if english else zh,
        "latin": "" if zh == latin else zh if english else latin, "team": line.team, "from": line.represents,
        "nation": str(rider["nation"]), "category": sheet.categories.get(line.category, line.category),
        "laps": str(line.laps), "time": clock(line.time_ms) if timed else "", "gap": clock(line.gap_ms) if timed else "",
        "down": str(line.down), "time_ms": _text(line.time_ms) if timed else "",
        "gap_ms": _text(line.gap_ms) if timed else "", "notes": sheet_paper.remarks(sheet, line),
    }  # fmt: skip


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


def clock(ms: int | None) -> str:
    """A duration as `h:mm:ss`, always with its hours; cut, as published times are."""
    if ms is None:
        return ""
    minutes, seconds = divmod(max(ms, 0) // 1000, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def as_json(sheet: Sheet) -> bytes:
    """The board (docs/api.md), and under `sheet` how this sheet groups its lines."""
    held = {line.bib for line in sheet.lines()}
    board = sheet.board
    told = {
        "by": sheet.by, "category": sheet.category, "standing": sheet.standing, "at": sheet.at,
        "groups": [{"name": group.name, "limit_ms": group.limit_ms, "bibs": [line.bib for line in group.lines()]}
                   for group in sheet.groups],
    }  # fmt: skip
    rows = [row for row in board["rows"] if row[0] in held]
    riders = {bib: rider for bib, rider in board["riders"].items() if int(bib) in held}
    return orjson.dumps({**board, "rows": rows, "riders": riders, "sheet": told})


FORMS: Mapping[str, tuple[str, Form]] = {
    "pdf": (list_files.PDF, sheet_paper.pdf),
    "xlsx": (list_files.XLSX, lambda sheet: list_files.xlsx(listing(sheet))),
    "csv": (list_files.CSV, lambda sheet: list_files.csv_for_people(listing(sheet))),
    "plain.csv": (list_files.CSV, lambda sheet: list_files.csv_for_programs(listing(sheet))),
    "json": (JSON, as_json),
    "uci.xlsx": (list_files.XLSX, lambda sheet: list_files.xlsx(uci.listing(sheet))),
    "uci.csv": (list_files.CSV, lambda sheet: list_files.csv_for_people(uci.listing(sheet))),
}
"""Form -> its media type and what makes it."""
OF_OFFICIALS = ("uci.xlsx", "uci.csv")
"""Forms with more of a rider than a public result tells."""


def name(sheet: Sheet, form: str) -> str:
    """What the file is called: race, grouping, how far the result is."""
    how_far = {"copy": f"r{sheet.at}", "live": f"live-r{sheet.revision}"}.get(sheet.standing, "")
    if sheet.publication and not how_far:
        how_far = f"{sheet.standing}-v{sheet.publication.version}"
    parts = [sheet.race.slug, "results", sheet.category.lower(), "" if sheet.by == "category" else sheet.by, how_far]
    return "-".join(filter(None, parts)) + f".{form}"


def file(sheet: Sheet, form: str) -> tuple[bytes, str]:
    """(content, media type) of the sheet in a form of FORMS."""
    kind, make = (HTML, _table) if form == PAGE else FORMS[form]
    return make(sheet), kind


def _table(sheet: Sheet) -> bytes:
    """The part of a page that shows the sheet, laid out as on paper."""
    printed = sheet_paper.printed(sheet)
    keys = [column["key"] for column in printed["columns"]]
    for group in printed["groups"]:
        for row in group["rows"]:
            row["cells"] = [(key, row.get(key, "")) for key in keys]
    return render_to_string("results/sheet_table.html", {"sheet": sheet, "told": printed}).encode()
