"""The form of a team, read from a request: what was pasted or uploaded, or the cells of the grid as they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.request import QueryDict

from race import entry_columns, entry_import, entry_sheet, teams, words
from race.entry_columns import Headings, Row
from race.entry_sheet import PLACE, QUEUE, JudgedRow, Problem
from race.models import Edition
from race.particulars import Contact
from race.refused import Refused
from race.views.numbers import whole

ALWAYS = ("name", "number", "category", "phone")
SHOWN = tuple(name for name in entry_columns.LABELS if name not in (*entry_columns.OFFICE, "team"))
FIELDS = ("team", "contact_name", "email", "phone", "signer", "key", "version", "default_category")


@dataclass(frozen=True)
class Cell:
    """A cell of the grid."""

    column: str
    label: str
    value: str
    problem: Problem | None


@dataclass(frozen=True)
class Line:
    """A row of the grid."""

    row: JudgedRow
    cells: list[Cell]

    @property
    def others(self) -> list[Problem]:
        """What is wrong with a cell that the grid does not show."""
        shown = {cell.column for cell in self.cells}
        return [problem for problem in self.row.problems if problem.column not in shown]


@dataclass
class TeamForm:
    """What the form says now."""

    texts: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    rows: list[Row] = field(default_factory=list)
    judged: list[JudgedRow] = field(default_factory=list)
    headings: Headings | None = None
    source: str = ""
    problem: str = ""

    @property
    def good(self) -> list[Row]:
        """The rows that can be entered."""
        right = {row.number for row in self.judged if row.ok}
        return [row for row in self.rows if row.number in right]

    def seats(self, seat: str) -> int:
        """How many good rows would get this."""
        return sum(row.ok and row.seat == seat for row in self.judged)

    @property
    def places(self) -> int:
        """How many would have a place."""
        return self.seats(PLACE)

    @property
    def queue(self) -> int:
        """How many would queue."""
        return self.seats(QUEUE)

    @property
    def wrong(self) -> int:
        """How many rows are not right."""
        return len(self.judged) - len(self.good)

    @property
    def fee_fen(self) -> int:
        """What the places cost together."""
        return sum(row.category.fee_fen for row in self.judged if row.ok and row.seat == PLACE and row.category)

    @property
    def columns(self) -> list[str]:
        """The columns that the grid needs."""
        used = {name for row in self.judged for name in row.cells} | {
            p.column for row in self.judged for p in row.problems
        }
        return [name for name in SHOWN if name in ALWAYS or name in used]

    @property
    def lines(self) -> list[Line]:
        """The grid: wrong rows first, then in the order of the list."""
        columns = self.columns
        ordered = sorted(self.judged, key=lambda row: (row.ok, row.number))
        return [Line(row, [cell(row, name) for name in columns]) for row in ordered]

    @property
    def unknown(self) -> list[tuple[int, str]]:
        """Columns that nobody knows, to be told by hand."""
        return self.headings.unknown if self.headings else []

    def contact(self) -> Contact:
        """Who pays."""
        return Contact(self.texts["contact_name"], self.texts["email"], self.texts["phone"])

    def judge(self, edition: Edition) -> None:
        """Judge the rows as they stand."""
        if len(self.rows) > teams.MOST:
            self.problem = words.too_many(teams.MOST)
            self.rows = self.rows[: teams.MOST]
        self.judged = entry_sheet.judge(self.rows, edition) if self.rows else []


def read(request: HttpRequest) -> TeamForm:
    """The form of a request: a new file or text replaces the grid; else the grid's cells; else what was read before."""
    sent = request.POST
    form = TeamForm({name: sent.get(name, "").strip() for name in FIELDS})
    upload, pasted = request.FILES.get("list"), sent.get("pasted", "")
    mapping: dict[int, str] = {
        column: str(value)
        for name, value in sent.items()
        if name.startswith("map_") and (column := whole(name[4:])) is not None and value
    }
    try:
        if isinstance(upload, UploadedFile) and upload.size:
            _take(form, entry_import.read(upload.read()), {})
        elif pasted.strip():
            _take(form, entry_import.read(pasted.encode()), {})
        elif mapping and sent.get("source"):
            _take(form, entry_import.read(sent["source"].encode()), mapping)
        else:
            form.rows = cells_of(sent)
    except Refused as refused:
        form.problem = refused.message
        form.rows = cells_of(sent)
    default = form.texts["default_category"]
    if default:
        form.rows = [Row(row.number, {"category": default, **row.cells}) for row in form.rows]
    return form


def _take(form: TeamForm, table: Sequence[Sequence[str]], mapping: Mapping[int, str]) -> None:
    form.headings = entry_columns.mapped(entry_columns.find(table), mapping)
    form.rows = entry_columns.rows(table, form.headings)
    form.source = "\n".join("\t".join(cell.replace("\t", " ") for cell in cells) for cells in table)
    if not form.rows:
        raise Refused("no_columns", words.sheet_problem("no_columns"))


def cells_of(sent: QueryDict) -> list[Row]:
    """The rows of the grid, from fields named `r<number>_<column>`."""
    found: dict[int, dict[str, str]] = {}
    for name, value in sent.items():
        if not isinstance(value, str):
            continue
        row, _underscore, column = name.removeprefix("r").partition("_")
        if name.startswith("r") and (number := whole(row)) is not None and column in SHOWN:
            cells = found.setdefault(number, {})
            if text := " ".join(value.split())[:200]:
                cells[column] = text
    return [Row(number, cells) for number, cells in sorted(found.items()) if cells]


def cell(row: JudgedRow, name: str) -> Cell:
    """One cell of a row, with what is wrong with it."""
    problem = next((problem for problem in row.problems if problem.column == name), None)
    return Cell(name, str(entry_columns.LABELS[name]), row.cells.get(name, ""), problem)
