"""The standings of a league as a list for spreadsheets; cells are kept from being formulas by `race.list_files`."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from race.lists import Column, Listing
from race.models.edition import in_language
from results.league import rules
from results.league.standings import Cell, Line, Standings


def listing(table: Standings, *, now: bool = False) -> Listing:
    """A group's standings: place, who, points of every round, the sum. What does not count stands in brackets."""
    teams = table.group == rules.TEAMS
    english = (get_language() or "").startswith("en")
    columns = [Column("rank", _("Place"), 8, "right"), Column("name", _("Team") if teams else _("Rider"), 28)]
    if not teams:
        columns += [
            Column("other", _("Chinese name") if english else _("Name in Latin letters"), 24),
            Column("team", _("Team"), 28),
        ]
    for number, column in enumerate(table.columns):
        title = f"{column.round.order} {in_language(column.round.name_zh, column.round.name_en)}"
        columns.append(Column(f"points_{number}", title, 14, "right"))
    columns += [Column("points", _("Points"), 10, "right"), Column("waits", _("Waits for a protest"), 12, "right")]
    league = table.league
    title = f"{in_language(league.name_zh, league.name_en)} {league.season} · {rules.name(league, table.group)}"
    told = _("If every race stopped now") if now else _("As published")
    return Listing(
        f"league-{league.slug}-{table.group.lower()}{'-now' if now else ''}", title, told, tuple(columns),
        [_row(line, english=english) for line in table.lines], made=_("In brackets: does not count."),
    )  # fmt: skip


def _row(line: Line, *, english: bool) -> dict[str, str]:
    names = (line.who.zh, line.who.latin) if line.who else line.team
    name, other = (names[1] or names[0], names[0]) if english else names
    return {
        "rank": str(line.rank), "name": name, "other": "" if other == name else other,
        "team": (line.team[1] or line.team[0]) if english else line.team[0],
        "points": str(line.points), "waits": str(line.waits or ""),
    } | {f"points_{number}": _cell(cell) for number, cell in enumerate(line.cells)}  # fmt: skip


def _cell(cell: Cell) -> str:
    if cell.points is None or cell.waits:
        return ""
    return str(cell.points) if cell.counts else f"({cell.points})"
