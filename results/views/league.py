"""The league's page: the season's standings, a group a tab; `?now=1`: if every race stopped now."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from race import list_files
from race.models.edition import in_language
from results.league import asked, files, history, ridden, rules, standings
from results.league.standings import Cell, Line, Standings
from results.models import League
from results.views import league_words

#: How far a round has come, in words.
STATES: dict[str, str | Promise] = {
    "imported": gettext_lazy("Final"),
    "official": gettext_lazy("Official"),
    "amended": gettext_lazy("Amended"),
    "provisional": gettext_lazy("Provisional"),
    "live": pgettext_lazy("standing", "Live"),
    "upcoming": pgettext_lazy("round", "To come"),
}
TIE_BREAKS: dict[str, str | Promise] = {
    "more_better_places": gettext_lazy("behind by better places"),
    "latest_round": gettext_lazy("behind by the latest round"),
}


@require_safe
def page(request: HttpRequest, league: str = "", group: str = "") -> HttpResponse:
    """The newest league, or the one named; its first group, or the one named. Constant queries at any size."""
    found, group = asked.chosen(league, group)
    now = request.GET.get("now") == "1"
    ground = ridden.gather(found, now=now)
    return render(request, "results/league.html", context(found, standings.table(ground, group), now=now))


@require_safe
def file(request: HttpRequest, league: str, group: str, form: str) -> HttpResponse:
    """The standings as a spreadsheet: `standings.xlsx` or `standings.csv`; `?now=1` as on the page."""
    found, group = asked.chosen(league, group)
    if form not in ("xlsx", "csv"):
        raise Http404(_("Lists are made as XLSX or CSV."))
    now = request.GET.get("now") == "1"
    body, kind, name = list_files.file(files.listing(standings.of(found, group, now=now), now=now), form)
    return HttpResponse(body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@require_safe
def changes(request: HttpRequest, league: str, group: str) -> HttpResponse:
    """`/league/<slug>/<group>/changes/`: what each publication moved in the season."""
    found, group = asked.chosen(league, group)
    table = standings.of(found, group)
    told = [league_words.step(one, found) for one in history.steps(found, group)]
    shown = context(found, table, now=False) | {"steps": told}
    return render(request, "results/league_changes.html", shown)


def context(league: League, table: Standings, *, now: bool) -> dict[str, Any]:
    """All that the template shows."""
    return {
        "league": league,
        "name": in_language(league.name_zh, league.name_en),
        "tabs": [*(_tab(one) for one in league.groups), {"code": rules.TEAMS, "name": _("Teams"), "mark": ""}],
        "shown": table.group,
        "title": group_name(league, table.group),
        "teams": table.group == rules.TEAMS,
        "columns": [
            {
                "number": column.round.order,
                "name": in_language(column.round.name_zh, column.round.name_en),
                "day": column.round.held_on,
                "state": column.state,
                "word": STATES[column.state],
                "waiting": column.waiting,
            }
            for column in table.columns
        ],
        "lines": [_row(line, table) for line in table.lines],
        "without": table.without,
        "rules": rules.sentences(league, table.group),
        "best": rules.of(league, table.group).best,
        "now": now,
        "live": any(column.state == ridden.LIVE for column in table.columns),
        "unsettled": any(column.state in ("live", "provisional") for column in table.columns),
        "illustrative": bool(league.rules.get("illustrative")),
    }


def group_name(league: League, code: str) -> str:
    """The name of a group in the language in force."""
    return rules.name(league, code)


def _tab(group: dict[str, Any]) -> dict[str, str]:
    zh, en = group.get("short_zh", group["zh"]), group.get("short_en", group.get("en", ""))
    return {"code": group["code"], "name": in_language(zh, en), "mark": group.get("mark", "")}


def _row(line: Line, table: Standings) -> dict[str, Any]:
    english = get_language() == "en"
    who = line.who
    names = (who.latin, who.zh) if who and english else (who.zh, who.latin) if who else ("", "")
    team = line.team[1] or line.team[0] if english else line.team[0]
    name = names[0] if who else team
    return {
        "rank": line.rank,
        "name": name,
        "other": names[1] if who and names[1] != name else "",
        "team": team if who else "",
        "points": line.points,
        "waits": line.waits,
        "by": TIE_BREAKS.get(line.by, ""),
        "made": league_words.made(line, table.columns),
        "cells": [{"cell": cell, "kind": _kind(cell)} for cell in line.cells],
    }


def _kind(cell: Cell) -> str:
    """How a round is drawn: away, waits, counts or dropped."""
    if cell.waits:
        return "waits"
    if cell.points is None:
        return "away"
    return "counts" if cell.counts else "dropped"
