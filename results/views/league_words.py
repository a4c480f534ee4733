"""What the league's pages say of moves in the season and of a team's riders, in the language in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import get_language

from race.models.edition import in_language
from results.league import rules
from results.league.history import Step
from results.league.season import Moved
from results.league.standings import Column, Line
from results.models import League

#: So many moves stand open; the rest is folded.
OPEN = 8
Row = dict[str, Any]


def in_order(zh: str, latin: str) -> str:
    """A name as the page's language writes it."""
    return (latin or zh) if (get_language() or "").startswith("en") else (zh or latin)


def move(one: Moved) -> Row:
    """A rider or a team whose points or place differ."""
    return {
        "bib": one.bib, "name": in_order(one.name, one.latin), "points_before": one.points_before,
        "team": "" if one.group == rules.TEAMS else in_order(one.team, one.team_en),
        "points_after": one.points_after, "points_differ": one.points_differ,
        "rank_before": one.rank_before, "rank_after": one.rank_after, "rank_differs": one.rank_before != one.rank_after,
    }  # fmt: skip


def moves(found: Sequence[Moved]) -> Row:
    """The first whose points differ stand open, who loses some before all; who only changed place is folded."""
    differ = sorted((one for one in found if one.points_differ), key=lambda one: one.points_after > one.points_before)
    gained = [move(one) for one in differ]
    others = [move(one) for one in found if not one.points_differ]
    return {"open": gained[:OPEN], "folded": gained[OPEN:] + others, "points": len(gained), "places": len(others)}


def by_group(league: League, found: Sequence[Moved]) -> list[Row]:
    """The moves in a league, group by group, teams last."""
    codes = [*rules.codes(league), rules.TEAMS]
    mine = [one for one in found if one.league == league.slug]
    return [
        {"group": rules.name(league, code), "teams": code == rules.TEAMS} | moves(those)
        for code in codes
        if (those := [one for one in mine if one.group == code])
    ]


def step(one: Step, league: League) -> Row:
    """A publication and what it moved."""
    made = one.publication
    return {
        "race": made.race.name, "version": made.version, "standing": made.standing, "at": made.at,
        "zone": made.race.edition.zone, "reason": made.reason, "first": one.first, "paper": one.paper,
        "found": moves(one.moved), "scored": sum(move.points_differ for move in one.moved),
    }  # fmt: skip


def made(line: Line, columns: Sequence[Column]) -> list[Row]:
    """Whose points a team has, round by round; empty for a rider."""
    return [
        {
            "round": column.round.order,
            "name": in_language(column.round.name_zh, column.round.name_en),
            "riders": [
                {"name": in_order(each.who.zh, each.who.latin), "points": each.points,
                 "group": rules.name(column.round.league, each.group, short=True)}
                for each in members
            ],
        }
        for column, members in zip(columns, line.made, strict=False)
        if members
    ]  # fmt: skip
