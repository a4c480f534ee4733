"""Rounds ridden elsewhere, out of a list (XLSX or CSV): judged row by row, then all of it or nothing.

A list holds whole groups: the lines of a group it names become exactly those of the list, and what was joined by hand stays
joined. The same list again changes nothing. A document number becomes its keyed hash at once and is kept nowhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from race import entry_columns, entry_import, identity, log, sheet, vault
from race.models import Edition, User
from race.refused import Refused
from results.models import League, Round, RoundResult

_PLACE = frozenset({"名次", "排名", "成绩名次", "place", "rank", "pos", "position"})
_HMT_OR_RESIDENT = re.compile(r"\d{17}[\dX]")
#: What a list writes for who has no place.
_NO_PLACE = frozenset(
    {"", "-", "–", "DNF", "DSQ", "OTL", "LAP", "NR", "未完成", "退赛", "取消资格", "取消成绩", "未完赛"}
)
LEFT_OUT = frozenset({"DNS", "未出发", "未参赛", "弃权"})
SEARCHED = 20


@dataclass(slots=True)
class Row:
    """A row of the list. `number`: as the spreadsheet program counts; `problems`: (column, sentence)."""

    number: int
    group: str = ""
    place: int | None = None
    name: str = ""
    team: str = ""
    identity_hash: str = ""
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def same(self) -> tuple[str, str, str, str]:
        """What tells that two lists mean the same line."""
        return self.group, self.name, self.team, self.identity_hash


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a list would do, or has done (`written`). `gone`: the lines that it no longer holds. `seen`: the round as it was
    judged (`state`)."""

    rows: tuple[Row, ...]
    added: int
    changed: int
    removed: int
    unchanged: int
    written: bool = False
    gone: tuple[RoundResult, ...] = ()
    seen: str = ""

    @property
    def wrong(self) -> int:
        """How many rows are not right."""
        return sum(bool(row.problems) for row in self.rows)


def dry_run(made: Round, body: bytes) -> Outcome:
    """What the list would do; nothing is written. Refused: `round_is_ours`, `no_columns`, and why a file cannot be read."""
    if made.edition_id is not None:
        raise Refused("round_is_ours", _("This round is an edition here: its results are the published ones."))
    rows = _judged(made, entry_import.read(body))
    had = _had(made, rows)
    fresh = [row for row in rows if row.same not in had]
    changed = sum(row.same in had and had[row.same].place != row.place for row in rows)
    wanted = {row.same for row in rows}
    gone = tuple(line for same, line in had.items() if same not in wanted)
    return Outcome(
        tuple(rows), len(fresh), changed, len(gone), len(rows) - len(fresh) - changed, gone=gone, seen=state(made)
    )


def state(made: Round) -> str:
    """What a round holds, as a short text: it differs as soon as a line of it is another. One query."""
    lines = made.results.order_by("pk").values_list("pk", "group", "place", "name", "team", "member")
    return hashlib.sha256(repr(list(lines)).encode()).hexdigest()[:16]


@transaction.atomic
def apply(made: Round, body: bytes, *, edition: Edition, by: User | None, seen: str = "", file: str = "") -> Outcome:
    """Take the whole list in, or nothing of it; `edition`: in whose log it stands; `file`: its name, for the log.

    `seen`: `Outcome.seen` of what was looked at. Refused also: `rows_wrong`, `no_rows`, `round_changed`.
    """
    league = League.objects.select_for_update().get(pk=made.league_id)  # one list or joining after another
    made = Round.objects.select_related("league").get(pk=made.pk, league=league)
    found = dry_run(made, body)
    if seen and seen != found.seen:
        raise Refused("round_changed", _("The round was changed meanwhile: look at what the list does now."))
    if not found.rows:
        raise Refused("no_rows", _("There is no row with a result."))
    if found.wrong:
        text = ngettext("%(n)s row is not right.", "%(n)s rows are not right.", found.wrong)
        raise Refused("rows_wrong", text % {"n": found.wrong})
    had, wanted = _had(made, found.rows), {row.same: row for row in found.rows}
    RoundResult.objects.filter(pk__in=[line.pk for line in found.gone]).delete()
    moved = [line for same, line in had.items() if same in wanted and line.place != wanted[same].place]
    for line in moved:
        line.place = wanted[line.group, line.name, line.team, line.identity_hash].place
    RoundResult.objects.bulk_update(moved, ["place"])
    columns = ("group", "place", "name", "team", "identity_hash")
    RoundResult.objects.bulk_create(
        RoundResult(round=made, **{name: getattr(row, name) for name in columns})
        for row in found.rows if row.same not in had
    )  # fmt: skip
    if found.added or found.changed or found.removed:
        log.note(
            edition, "league_imported", by=by, league=made.league_id, round=made.order, added=found.added,
            changed=found.changed, removed=found.removed, file=file[:120], sha256=hashlib.sha256(body).hexdigest(),
        )  # fmt: skip
    return Outcome(found.rows, found.added, found.changed, found.removed, found.unchanged, written=True)


def _had(made: Round, rows: Sequence[Row]) -> dict[tuple[str, str, str, str], RoundResult]:
    lines = RoundResult.objects.filter(round=made, group__in={row.group for row in rows})
    return {(line.group, line.name, line.team, line.identity_hash): line for line in lines}


def _heading(cell: str) -> str:
    bare = re.sub(r"[\W_]+", "", cell).casefold()
    return "place" if bare in _PLACE else entry_columns.column(cell)


def _judged(made: Round, table: sheet.Table) -> list[Row]:
    heads = [[_heading(cell) for cell in cells] for cells in table[:SEARCHED]]
    at = next((number for number, columns in enumerate(heads) if {"place", "name", "category"} <= set(columns)), None)
    if at is None:
        raise Refused("no_columns", _("The list needs the columns place, name and group (名次, 姓名, 组别)."))
    groups = {
        name: one["code"] for one in made.league.groups for name in (one["code"], one["zh"], one.get("en")) if name
    }
    rows = []
    seen: set[tuple[str, str, str, str]] = set()
    for number, cells in enumerate(table[at + 1 :], start=at + 2):
        said = {column: sheet.plain(cell) for column, cell in zip(heads[at], cells, strict=False) if column}
        if not any(said.values()) or said.get("place", "").upper() in LEFT_OUT:
            continue
        row = _row(number, said, groups)
        if row.same in seen:
            row.problems.append(("name", _("This rider stands in this group twice.")))
        seen.add(row.same)
        rows.append(row)
    return rows


def _row(number: int, said: dict[str, str], groups: dict[str, str]) -> Row:
    """A row, judged cell by cell."""
    row = Row(
        number, groups.get(said.get("category", ""), ""), None, said.get("name", "")[:80], said.get("team", "")[:120]
    )
    place = said.get("place", "")
    if place.isascii() and place.isdigit() and 0 < int(place) < 100_000:
        row.place = int(place)
    elif place.upper() not in _NO_PLACE:
        row.problems.append(("place", _("Neither a place nor DNF, DSQ, OTL or LAP: %(said)s.") % {"said": place}))
    if not row.group:
        row.problems.append(
            ("category", _("No group of this league: %(said)s.") % {"said": said.get("category") or "–"})
        )
    if not row.name:
        row.problems.append(("name", _("The name is missing.")))
    document = said.get("number", "")
    if document:
        row.identity_hash, problem = _hash(document)
        if problem:
            row.problems.append(("number", problem))
    return row


def _hash(document: str) -> tuple[str, str]:
    """(keyed hash, "") of a resident's document; ("", why not) of a number that was ruined or mistyped."""
    number = identity.normal(document)
    if sheet.ruined(document) or not _HMT_OR_RESIDENT.fullmatch(number):
        return "", _("Only the 18 characters of a resident's document can be compared; leave others empty.")
    kind = "residence_permit_hmt" if number[:2] in identity.HMT else "resident"
    found = identity.examine(kind, number)
    if found.problem:
        return "", _("This document number is not right.")
    return vault.fingerprint(kind, found.number), ""
