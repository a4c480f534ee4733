"""Chips by file: number, chip and perhaps a second chip a row; judged row by row, taken in as a whole or not at all.

A chip that was never handed out counts from any moment, as if it had been taped on before the day; one that has a history
counts from now on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from race import clock, log, transponders
from race.models import Assignment, Edition, Entry, Transponder, User
from race.refused import Refused

#: Words in a first row that name columns.
HEADINGS = {
    "bib": ("bib", "number", "no", "no.", "号码", "号码布", "参赛号", "编号"),
    "chip": ("chip", "chip1", "transponder", "tag", "epc", "芯片", "芯片号", "芯片1", "计时芯片", "主芯片"),
    "chip2": ("chip2", "tag2", "transponder2", "芯片2", "第二芯片", "副芯片"),
}


@dataclass(frozen=True)
class ChipRow:
    """A row of the file. `problem` says why it cannot be taken in; `new` are the chips it would hand out."""

    line: int
    bib: str
    chips: tuple[str, ...]
    entry: Entry | None = None
    new: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Judged:
    """A file, judged: every row of it."""

    rows: tuple[ChipRow, ...]

    @property
    def bad(self) -> list[ChipRow]:
        """Rows that cannot be taken in."""
        return [row for row in self.rows if row.problem]

    @property
    def new(self) -> int:
        """How many chips would be handed out."""
        return sum(len(row.new) for row in self.rows)


def rows(table: Sequence[Sequence[str]]) -> list[tuple[int, str, tuple[str, ...]]]:
    """(line, bib, chips) of the rows of a table. A first row of words says which column is which; else they stand in order."""
    columns = {"bib": 0, "chip": 1, "chip2": 2}
    found: list[tuple[int, str, tuple[str, ...]]] = []
    headed = False
    for line, row in enumerate(table, 1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        named = {_heading(cell): place for place, cell in enumerate(cells) if _heading(cell)}
        if not found and not headed and {"bib", "chip"} <= named.keys():
            columns, headed = named, True
            continue
        chips = [_cell(cells, columns.get(name)) for name in ("chip", "chip2")]
        found.append((line, _cell(cells, columns["bib"]), tuple(chip for chip in chips if chip)))
    return found


def judge(edition: Edition, given: Iterable[tuple[int, str, tuple[str, ...]]]) -> Judged:
    """What would become of each row; nothing is written. Three queries at any size."""
    given = list(given)
    at = clock.now(edition) + transponders.AFTER
    bibs = {int(bib) for _line, bib, _chips in given if bib.isascii() and bib.isdigit() and len(bib) < 9}
    found = Entry.objects.filter(edition=edition, bib__in=bibs, state=Entry.State.CONFIRMED)
    entries = {entry.bib: entry for entry in found.select_related("race", "rider")}
    codes = {transponders.normal(chip) for _line, _bib, chips in given for chip in chips}
    current: dict[str, Assignment] = {}
    out = Assignment.objects.filter(edition=edition).filter(Q(during__upper_inf=True) | Q(during__endswith__gt=at))
    carried: dict[int, set[str]] = {}
    for item in out.select_related("transponder", "entry"):
        current[item.transponder.code] = item
        carried.setdefault(item.entry_id, set()).add(item.transponder.code)
    gone = transponders.lost(edition) if codes else {}
    seen_bibs: dict[int, int] = {}
    seen_chips: dict[str, int] = {}
    judged = []
    for line, bib, chips in given:
        row = _row(line, bib, chips, entries, current, carried, gone)
        judged.append(_twice(row, seen_bibs, seen_chips))
    return Judged(tuple(judged))


@transaction.atomic
def take_in(edition: Edition, given: Iterable[tuple[int, str, tuple[str, ...]]], *, by: User | None) -> int:
    """Hand out every chip of a file; how many were new. The same file again changes nothing.

    Refused (`bad_rows`) as a whole where a single row is wrong. The same number of queries for one row and for 1,200.
    """
    given = list(given)
    codes = sorted({transponders.normal(chip) for _line, _bib, chips in given for chip in chips})
    list(Transponder.objects.select_for_update().filter(edition=edition, code__in=codes).order_by("pk"))
    judged = judge(edition, given)
    if judged.bad:
        raise Refused("bad_rows", _("Nothing was taken in: %(count)d rows are wrong.") % {"count": len(judged.bad)})
    known = Assignment.objects.filter(edition=edition, transponder__code__in=codes)
    used = set(known.values_list("transponder__code", flat=True))
    now = clock.now(edition)
    hand_outs = [
        (row.entry, code, now if code in used else None, None)
        for row in judged.rows
        for code in row.new
        if row.entry is not None
    ]
    if hand_outs:
        transponders.hand_out(edition, hand_outs, by=by)
        log.note(edition, "chips_imported", by=by, rows=len(judged.rows), chips=len(hand_outs))
    return len(hand_outs)


def _heading(cell: str) -> str:
    plain = cell.replace(" ", "").replace("_", "").lower()
    return next((name for name, words in HEADINGS.items() if plain in words), "")


def _cell(cells: Sequence[str], place: int | None) -> str:
    if place is None or place >= len(cells):
        return ""
    text = cells[place].removeprefix("'").strip()
    return text.removesuffix(".0")


def _row(
    line: int,
    bib: str,
    chips: tuple[str, ...],
    entries: dict[int | None, Entry],
    current: dict[str, Assignment],
    carried: dict[int, set[str]],
    gone: dict[str, str],
) -> ChipRow:
    """A row by itself, without regard to the others of the file."""
    if not (bib.isascii() and bib.isdigit()):
        return ChipRow(line, bib, chips, problem=_("The number is missing.") if not bib else _("This is no number."))
    entry = entries.get(int(bib))
    if entry is None:
        return ChipRow(line, bib, chips, problem=_("No rider has this number."))
    if not chips:
        return ChipRow(line, bib, chips, entry, problem=_("The chip is missing."))
    new = []
    for chip in chips:
        try:
            code = transponders.refuse_bad(chip)
        except Refused as refused:
            return ChipRow(line, bib, chips, entry, problem=refused.message)
        if code in gone:
            return ChipRow(line, bib, chips, entry, problem=_("%(chip)s is marked as lost.") % {"chip": code})
        holder = current.get(code)
        if holder is not None and holder.entry_id != entry.pk:
            told = {"chip": code, "bib": holder.entry.bib or "–"}
            return ChipRow(line, bib, chips, entry, problem=_("%(chip)s is with number %(bib)s.") % told)
        if holder is None:
            new.append(code)
    has = carried.get(entry.pk, set())
    if len(has | set(new)) > transponders.MOST:
        told = {"chips": ", ".join(sorted(has))}
        return ChipRow(line, bib, chips, entry, problem=_("Has two chips already: %(chips)s.") % told)
    return ChipRow(line, bib, chips, entry, tuple(new))


def _twice(row: ChipRow, bibs: dict[int, int], chips: dict[str, int]) -> ChipRow:
    """The row, with a problem where its number or one of its chips stood in an earlier row."""
    problem = row.problem
    if row.entry is not None and row.entry.bib is not None:
        earlier = bibs.setdefault(row.entry.bib, row.line)
        if earlier != row.line:
            problem = problem or _("The number stands in row %(line)d already.") % {"line": earlier}
    for code in map(transponders.normal, row.chips):
        if code in chips:
            problem = problem or _("%(chip)s stands in row %(line)d already.") % {"chip": code, "line": chips[code]}
        chips.setdefault(code, row.line)
    return ChipRow(row.line, row.bib, row.chips, row.entry, row.new if not problem else (), problem)
