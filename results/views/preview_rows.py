"""The preview of a ruling as the page draws it: five totals, the lines that change, long runs folded into a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from race.models import Race
from race.models.edition import in_language
from race.templatetags.money import amount
from results import preview, to_do
from results.league import Moved
from results.models import League, RoundCategory
from results.preview import Preview
from results.scoring import differences, prizes
from results.scoring.differences import Change, Differences, Line
from results.views import league_words
from results.views.expected_rows import Words
from ui import times

#: Of a long run these stand open at its two ends; it is folded only where at least FOLD lines are left between them.
HEAD, TAIL, FOLD = 5, 1, 3
Row = dict[str, Any]


def of(race: Race, found: Preview, bib: int | None) -> dict[str, Any]:
    """What the template needs; `bib`: the rider the ruling is about, who stands first."""
    table = lines(race, found.found, bib)
    return table | {
        "preview": found, "statuses": found.found.statuses, "places": found.found.places, "times": timed(found.found),
        "prizes": len(found.prizes), "money": amount(found.prize_difference_fen) if found.prize_difference_fen else "",
        "teams": [{"team": one.team, "before": one.before or "–", "after": one.after or "–"} for one in found.teams[:3]],
        "more_teams": max(0, len(found.teams) - 3), "warnings": [warning(code) for code in found.warnings],
        "in_league": RoundCategory.objects.filter(category__race=race).exists(),
        "league_points": found.league_points, "seasons": seasons(found.league),
    }  # fmt: skip


def seasons(found: Sequence[Moved]) -> list[Row]:
    """What moves in each league, group by group. One query, and none where nothing moves."""
    slugs = {move.league for move in found}
    leagues = League.objects.filter(slug__in=slugs).order_by("pk") if slugs else ()
    return [
        {
            "league": in_language(one.name_zh, one.name_en),
            "season": one.season,
            "groups": league_words.by_group(one, found),
        }
        for one in leagues
    ]


def lines(race: Race, found: Differences, bib: int | None = None) -> dict[str, Any]:
    """Lines and folds of what differs, and which columns are wanted."""
    judged = to_do.judged(race)
    words, tables = Words([race], race.edition.zone), preview.prize_tables(race)
    paid = [prizes.of_lines(side, tables) for side in (found.before, found.after)]
    mine = [change for change in found.changes if change.bib == bib]
    others = [change for change in found.changes if change.bib != bib]

    def row(change: Change) -> Row:
        return line(
            words.entry(race, judged.entries.get(change.bib, {}), change.bib),
            change,
            [side.get(change.bib, 0) for side in paid],
            change.bib == bib,
        )

    parts: list[Row] = [{"row": row(change)} for change in mine]
    for run in differences.runs(others):
        if len(run) < HEAD + TAIL + FOLD:
            parts += [{"row": row(change)} for change in run]
            continue
        rows = [row(change) for change in run[HEAD:-TAIL]]
        parts += [{"row": row(change)} for change in run[:HEAD]]
        parts.append({"fold": rows, "sentence": fold(run[HEAD:-TAIL], rows)})
        parts += [{"row": row(change)} for change in run[-TAIL:]]
    return {"parts": parts, "with_money": any(tables.values()), "with_times": bool(timed(found))}


def timed(found: Differences) -> int:
    """How many are given another time; who is out of the result has none, which needs no column."""
    pairs = ((change.before, change.after) for change in found.changes)
    return sum(
        one is not None and other is not None and one.time_s != other.time_s and other.time_s is not None
        for one, other in pairs
    )


def line(who: Row, change: Change, paid: Sequence[int], mine: bool) -> Row:
    """One rider: what was and what will be. `paid`: the prize before and after, in fen."""
    before, after = change.before, change.after
    clock = [_time(one) for one in (before, after)]
    return who | {
        "mine": mine, "before": place(before), "after": place(after),
        "moved": place(before) != place(after),
        "paid_before": amount(paid[0]), "paid_after": amount(paid[1]), "paid": paid[0] != paid[1],
        "time_before": clock[0], "time_after": clock[1], "timed": clock[0] != clock[1],
    }  # fmt: skip


def place(line: Line | None) -> Row:
    """A place, or the status that stands for it."""
    if line is None:
        return {"rank": None, "status": "", "relegated": False}
    shown = line.status if line.rank is None and line.status not in ("FIN", "racing", "waiting") else ""
    return {"rank": line.rank, "status": shown, "relegated": line.relegated}


def _time(line: Line | None) -> str:
    return times.NOTHING if line is None or line.time_s is None else times.race_time(line.time_s * 1000)


def fold(run: Sequence[Change], rows: Sequence[Row]) -> str:
    """`Places 14 to 30: 17 riders move up 1 place each, 5 of them with another prize.`"""
    first, last = run[0].after, run[-1].after
    before = run[0].before
    assert first is not None and last is not None and before is not None
    assert first.rank is not None and last.rank is not None and before.rank is not None
    step = before.rank - first.rank
    said = {"first": first.rank, "last": last.rank, "n": len(run), "step": abs(step)}
    if step > 0:
        sentence = ngettext(
            "Places %(first)s to %(last)s: %(n)s riders move up %(step)s place each",
            "Places %(first)s to %(last)s: %(n)s riders move up %(step)s places each", said["step"],
        )  # fmt: skip
    else:
        sentence = ngettext(
            "Places %(first)s to %(last)s: %(n)s riders move down %(step)s place each",
            "Places %(first)s to %(last)s: %(n)s riders move down %(step)s places each", said["step"],
        )  # fmt: skip
    sentence %= said
    paid = sum(row["paid"] for row in rows)
    if paid:
        sentence += _(", %(n)s of them with another prize") % {"n": paid}
    return sentence


def warning(code: str) -> str:
    """What the board says against a ruling."""
    return {"has_finished": _("The board says that this rider has finished.")}.get(code, code)
