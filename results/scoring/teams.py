"""Team classification.

| article | rule | where | |
|---|---|---|---|
| UCI 2.6.016 | a race: the sum of the times of the three best of each team | `rank` | done |
| UCI 2.6.016 | a team with fewer is not classified | `rank` | done |
| UCI 2.6.016 | equal: the sum of those riders' places, then the place of the best of them | `PLACES`, `BEST` | done |
| UCI 2.6.016 | several races: the sum; equal: more first places of a race, then seconds, and so on | `WINS` | done |
| UCI 2.6.016 | then the place of the best rider in the general classification | `BEST_OVERALL` | done |
| | a team is out of the sum from the race on in which it is not classified | `rank_overall` | done |
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .tie_breaks import NO_PLACE, Placed, TieBreak, order


class Finisher(NamedTuple):
    """A rider who is placed, with the published time in whole seconds."""

    team: str
    place: int
    time_s: int
    bib: int = 0


class TeamLine(NamedTuple):
    """A team in a race. `counting`: the riders whose times are added, best first."""

    team: str
    time_s: int
    counting: tuple[Finisher, ...]


class TeamOverall(NamedTuple):
    """A team over several races. `places`: its place in each."""

    team: str
    time_s: int
    places: tuple[int, ...]
    best_overall: int


TIME = TieBreak[TeamLine]("time", "UCI 2.6.016", lambda line: (line.time_s,))
PLACES = TieBreak[TeamLine]("sum_of_places", "UCI 2.6.016", lambda line: (sum(rider.place for rider in line.counting),))
BEST = TieBreak[TeamLine]("best_rider", "UCI 2.6.016", lambda line: (line.counting[0].place,))
ORDER = (TIME, PLACES, BEST)

TIMES = TieBreak[TeamOverall]("time", "UCI 2.6.016", lambda line: (line.time_s,))
BEST_OVERALL = TieBreak[TeamOverall]("best_rider", "UCI 2.6.016", lambda line: (line.best_overall,))


def rank(finishers: Iterable[Finisher], count: int = 3) -> list[Placed[TeamLine]]:
    """Teams of one race by the sum of their `count` best times. Riders of no team ("") count for none."""
    if count < 1:
        raise ValueError("at least one rider counts")
    by_team: dict[str, list[Finisher]] = {}
    for finisher in finishers:
        if finisher.team:
            by_team.setdefault(finisher.team, []).append(finisher)
    lines = []
    for team, riders in by_team.items():
        if len(riders) >= count:
            counting = tuple(sorted(riders, key=lambda rider: (rider.time_s, rider.place, rider.bib))[:count])
            lines.append(TeamLine(team, sum(rider.time_s for rider in counting), counting))
    return order(lines, ORDER, lambda line: line.team)


def rank_overall(
    races: Sequence[Sequence[Placed[TeamLine]]], best_overall: Mapping[str, int] | None = None
) -> list[Placed[TeamOverall]]:
    """Teams over several races. `best_overall`: the place of each team's best rider in the general classification."""
    if not races:
        return []
    held = [{placed.line.team: placed for placed in race} for race in races]
    lines = [
        TeamOverall(
            team,
            sum(race[team].line.time_s for race in held),
            tuple(race[team].rank for race in held),
            (best_overall or {}).get(team, NO_PLACE),
        )
        for team in set.intersection(*(set(race) for race in held))
    ]
    last = max((place for line in lines for place in line.places), default=0)
    wins = TieBreak[TeamOverall](
        "more_better_places", "UCI 2.6.016", lambda line: tuple(-_count(line)[place] for place in range(1, last + 1))
    )
    return order(lines, (TIMES, wins, BEST_OVERALL), lambda line: line.team)


def _count(line: TeamOverall) -> Counter[int]:
    return Counter(line.places)
