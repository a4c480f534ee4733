"""Result sheets: which lines stand on one, in which groups, and how far the result is that it shows.

Everybody is given what holds: of a race with a publication the newest one, as it was frozen, with the number of its
communiqué; before that the live board. Officials may ask for the standings at a revision: a working copy, that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from race import names, regions
from race.models import Category, Race
from race.refused import Refused
from results import board as boards
from results import facts, frozen, live, result_lines, result_rules, scoring
from results.models import Publication
from results.result_lines import ResultLine
from results.scoring.race_facts import SECOND_US, Limit
from results.scoring.status import limit_of
from timing.clocks import microseconds

#: How the lines may be grouped: as they are ranked, all in one order, by where riders come from, by team.
BY = ("category", "overall", "province", "team")
Board = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading, in order: those with a place first. `limit_ms`: the time limit, where there is one."""

    name: str
    mark: str
    ranked: tuple[ResultLine, ...]
    out: tuple[tuple[str, tuple[ResultLine, ...]], ...]
    limit_ms: int | None = None

    def lines(self) -> list[ResultLine]:
        """All of them, in order."""
        return [*self.ranked, *(line for _status, members in self.out for line in members)]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A result sheet. `publication` is what it was frozen in (None: the standings as they move), `at` the revision that was
    asked for. `categories`: code -> name, of the race; `disputed`: bibs that an open protest is about."""

    race: Race
    board: Board
    by: str
    groups: tuple[Group, ...]
    categories: Mapping[str, str]
    publication: Publication | None = None
    at: int | None = None
    category: str = ""

    @property
    def revision(self) -> int:
        """The newest fact in it."""
        return int(self.board["revision"])

    @property
    def standing(self) -> str:
        """live, provisional, official, amended; `copy` for the standings at a revision."""
        if self.at is not None:
            return "copy"
        return self.publication.standing if self.publication else "live"

    @property
    def disputed(self) -> frozenset[int]:
        """Whose line is under protest."""
        return frozenset(self.board["disputed"])

    def lines(self) -> list[ResultLine]:
        """All lines, group by group."""
        return [line for group in self.groups for line in group.lines()]


def make(
    race: Race, by: str = "category", category: str = "", at: int | None = None, publication: Publication | None = None
) -> Sheet:
    """The sheet of a race, of its newest publication or of the one given. A fixed number of queries at any size.

    Refused: `unknown_grouping`, `unknown_category`, `unknown_revision`.
    """
    if by not in BY:
        raise Refused("unknown_grouping", _("Results are grouped by category, overall, by province or by team."))
    if at is not None and not 0 <= at <= race.edition.revision:
        raise Refused("unknown_revision", _("There is no such revision."))
    rows = list(Category.objects.filter(race=race).order_by("code"))
    named = {row.code: row.name for row in rows}
    if category and category not in named:
        raise Refused("unknown_category", _("The race has no such category."))
    if at is None and publication is None:
        publication = newest(race)
    board = _board(race, publication, at, overall=by == "overall" and len(named) > 1)
    lines = [line for line in result_lines.lines(board) if category in ("", line.category)]
    marks = {row.code: row.mark for row in rows}
    rules = facts.Past(race, board["revision"]).rows(Race, [{"pk": race.pk, "rules": race.rules}])[0]["rules"]
    limit = Limit(**rules.get("limit", {}))
    apart = by == "category" and rules.get("rank_scope") != "race"
    groups = _by_category(lines, named, marks, limit) if apart else GROUPED[by](lines, limit)
    return Sheet(race, board, by, tuple(groups), named, publication, at, category)


def newest(race: Race) -> Publication | None:
    """The newest publication of a race with its communiqué, without its board."""
    made = Publication.objects.filter(race=race).select_related("communique").defer("board")
    return made.order_by("-version").first()


def state(race: Race, publication: Publication | None) -> str:
    """What a sheet that everybody is given depends on: while it is the same, so is the sheet."""
    if publication is None:
        return f"live-{race.revision}"
    return f"v{publication.version}-{'-'.join(map(str, facts.disputed(race)))}"


def _board(race: Race, publication: Publication | None, at: int | None, *, overall: bool) -> dict[str, Any]:
    if overall:
        return _in_one_order(race, publication, at)
    if publication is not None:
        return _told(frozen.board(publication.pk), race, publication)
    found: dict[str, Any] = orjson.loads(live.board(race, at).json)
    return found


def _in_one_order(race: Race, publication: Publication | None, at: int | None) -> dict[str, Any]:
    """The board with all categories of the race ranked together: the same facts, another scope of ranking."""
    with live.snapshot():
        known = facts.gather(race, publication.revision if publication else at)
    known = replace(known, facts=replace(known.facts, rules=replace(known.facts.rules, rank_scope="race")))
    board = orjson.loads(orjson.dumps(boards.as_json(known, scoring.score(known.facts), None)))
    return _told(board, race, publication) if publication else board


def _told(board: dict[str, Any], race: Race, publication: Publication) -> dict[str, Any]:
    """A board as its publication tells it."""
    zone = ZoneInfo(race.edition.zone)
    paper = getattr(publication, "communique", None)
    at_us = microseconds(publication.at) if publication.at else None
    until_us = None if at_us is None else at_us + result_rules.of(race.edition).protest_minutes * 60_000_000
    told = {
        "version": publication.version, "revision": publication.revision, "at": boards.moment(at_us, zone),
        "protest_until": boards.moment(until_us, zone), "communique": paper.number if paper else None,
        "code": paper.code if paper else "",
    }  # fmt: skip
    return board | {"standing": publication.standing, "publication": told, "disputed": list(facts.disputed(race))}


def _group(name: str, lines: Sequence[ResultLine], mark: str = "", limit: Limit | None = None) -> Group:
    ranked = tuple(result_lines.ranked(lines))
    out = tuple((status, tuple(members)) for status, members in result_lines.out(lines))
    return Group(name, mark, ranked, out, _limit_ms(ranked, limit))


def _limit_ms(ranked: Sequence[ResultLine], limit: Limit | None) -> int | None:
    if limit is None or limit == Limit():
        return None
    first = next((line.time_ms for line in ranked if line.rank == 1 and line.status == "FIN"), None)
    limit_us = limit_of(limit, None if first is None else first // 1000)
    return None if limit_us is None else limit_us // (SECOND_US // 1000)


def _by_category(
    lines: Sequence[ResultLine], named: Mapping[str, str], marks: Mapping[str, str], limit: Limit
) -> list[Group]:
    """Each category that is ranked by itself; the only one of a race needs no heading."""
    found = [
        _group(named.get(code, code), [line for line in lines if line.category == code], marks.get(code, ""), limit)
        for code in sorted({line.category for line in lines})
    ]
    return found if len(found) > 1 else [replace(group, name="") for group in found]


def _overall(lines: Sequence[ResultLine], limit: Limit) -> list[Group]:
    return [_group("", lines, "", limit)] if lines else []


def _by_province(lines: Sequence[ResultLine], limit: Limit) -> list[Group]:
    """Provinces in the order of their codes, then nations by their letters, then who said nothing."""
    order = {region.zh: code for code, region in regions.regions().items()}

    def key(line: ResultLine) -> tuple[int, str, str]:
        if line.rider["nation"] not in ("", result_lines.HOME):
            return 1, str(line.rider["nation"]), ""
        zh = str(line.rider["region"][0])
        return (0, order.get(zh.partition("·")[0], "999999"), zh) if zh else (2, "", "")

    return _keyed(lines, key, lambda line: line.represents or _("No region given"))


def _by_team(lines: Sequence[ResultLine], limit: Limit) -> list[Group]:
    """Teams by name, as a list is looked up; then who rides for none."""

    def key(line: ResultLine) -> tuple[int, str, str]:
        zh, en = line.rider["team"]
        latin = en if (get_language() or "").startswith("en") else ""
        return (0, names.sort_key(zh, latin, ""), zh) if line.team else (1, "", "")

    return _keyed(lines, key, lambda line: line.team or _("No team"))


def _keyed(
    lines: Sequence[ResultLine], key: Callable[[ResultLine], tuple[int, str, str]], name: Callable[[ResultLine], str]
) -> list[Group]:
    found: dict[tuple[int, str, str], list[ResultLine]] = {}
    for line in lines:
        found.setdefault(key(line), []).append(line)
    return [_group(name(found[one][0]), found[one]) for one in sorted(found)]


GROUPED: Mapping[str, Callable[[Sequence[ResultLine], Limit], list[Group]]] = {
    "category": _overall, "overall": _overall, "province": _by_province, "team": _by_team,
}  # fmt: skip


def by_word(by: str) -> str:
    """A grouping in words."""
    return {
        "category": _("By category"), "overall": _("Overall"), "province": _("By province"), "team": _("By team"),
    }[by]  # fmt: skip
