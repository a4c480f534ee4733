"""What a ruling moves in the season: the standings of a league before and after, compared."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from race.models import Race
from results.league import ridden, rules, standings
from results.league.ridden import Ground
from results.league.standings import Line as SeasonLine
from results.models import League, RoundCategory
from results.scoring import differences, series
from results.scoring.race_facts import Standings


class Moved(NamedTuple):
    """A rider or a team whose points or place in a league differ; a place of None: has no points on that side.

    `bib` is the rider's in the race, None for a team and for who did not ride it.
    """

    league: str
    group: str
    bib: int | None
    name: str
    team: str
    points_before: int
    points_after: int
    rank_before: int | None
    rank_after: int | None
    latin: str = ""
    team_en: str = ""

    @property
    def points_differ(self) -> bool:
        """Whether the points differ, and not the place alone."""
        return self.points_before != self.points_after


def difference(race: Race, before: Standings, after: Standings) -> tuple[Moved, ...]:
    """What differs in every league that the race is in, when its standings change so: riders by group, then teams."""
    return of_lines(race, differences.lines(before), differences.lines(after))


def of_lines(
    race: Race, before: Sequence[differences.Line], after: Sequence[differences.Line], *, now: bool = True
) -> tuple[Moved, ...]:
    """The same of lines: of a frozen board, or of one that does not exist yet. `now`: other races count as they stand."""
    leagues = list(League.objects.filter(rounds__categories__category__race=race).distinct().order_by("pk"))
    if not leagues or before == after:
        return ()
    found: list[Moved] = []
    for league in leagues:
        ground = ridden.gather(league, now=now, races=[race.pk])
        one, other = (ridden.replaced(ground, race.pk, lines) for lines in (before, after))
        groups = {group for (of, _code), (_round, group) in ground.of_category.items() if of == race.pk}
        for group in [*(code for code in rules.codes(league) if code in groups), rules.TEAMS]:
            found += moves(league, group, by_key(one, group), by_key(other, group), other.people[race.pk])
    return tuple(found)


def round_points(race: Race, lines: Sequence[differences.Line], waiting: frozenset[int]) -> list[dict[str, Any]]:
    """What the race gives in each league it counts in: bib -> points of the round; a row under protest has none yet.

    `lines`: of the board that counts. Two queries, and none more where the race counts in no league.
    """
    found: list[dict[str, Any]] = []
    counted = RoundCategory.objects.filter(category__race=race).select_related("round__league", "category")
    for one in counted.order_by("round__league", "category__code"):
        league = one.round.league
        if not found or found[-1]["league"] != league.slug:
            found.append(
                {
                    "league": league.slug,
                    "zh": league.name_zh,
                    "en": league.name_en,
                    "season": league.season,
                    "points": {},
                }
            )
        table = rules.of(league, one.group).table
        found[-1]["points"] |= {
            str(line.bib): series.points(table, line.rank)
            for line in lines
            if line.category == one.category.code and line.rank is not None and line.bib not in waiting
        }
    return found


def by_key(ground: Ground, group: str) -> dict[str, SeasonLine]:
    """A group's standings under the keys of its lines."""
    return {line.key: line for line in standings.table(ground, group).lines}


def moves(
    league: League,
    group: str,
    one: Mapping[str, SeasonLine],
    other: Mapping[str, SeasonLine],
    people: Mapping[int, str],
) -> list[Moved]:
    """Lines of a group that differ, in the order of the standings after; who has no points then comes last.

    `people`: bib -> key, of the race whose numbers are told.
    """
    bibs = {digest: bib for bib, digest in people.items()}
    found = []
    for key in [*other, *(key for key in one if key not in other)]:
        old, new = one.get(key), other.get(key)
        shown = new or old
        assert shown is not None
        points = (old.points if old else 0, new.points if new else 0)
        ranks = (old.rank if old else None, new.rank if new else None)
        if points[0] == points[1] and ranks[0] == ranks[1]:
            continue
        bib = None if shown.who is None else bibs.get(key)
        names = (shown.who.zh, shown.who.latin) if shown.who else shown.team
        found.append(Moved(league.slug, group, bib, names[0], shown.team[0], *points, *ranks, names[1], shown.team[1]))
    return found
