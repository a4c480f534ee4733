"""A league or cup: points for places, over rounds.

| article | rule | where | |
|---|---|---|---|
| spec 11 | a table gives points for places; below it, or unplaced: 0; a lapped rider with a place scores | `points` | done |
| ours | team league: a round's points are the sum of the best K riders'; fewer than K: of those there are | `teams` | done |
| spec 11 | the best N of the M rounds count | `_line` | done |
| spec 11 | equal: more wins, then more second places, and so on | `PLACES` | done |
| spec 11 | then the better place in the latest round; if equal there too, in the one before | `LATEST` | done |
| 5.4 | still equal: the place is shared, the next one is skipped | `tie_breaks.order` | done |
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .tie_breaks import NO_PLACE, Placed, TieBreak, order

Place = int | None
Round = Mapping[str, Place]
"""Who rode a round, by a key that is the rider's (or team's) in every round; None: rode without a place."""
Scored = Mapping[str, tuple[Place, int]]
"""A round with the points that each place was given."""


class SeriesLine(NamedTuple):
    """Somebody's season. `scored`: points of every round (None: not there); `counting`: the rounds that count."""

    key: str
    points: int
    places: tuple[Place, ...]
    scored: tuple[int | None, ...]
    counting: tuple[int, ...]


def _more_places(line: SeriesLine, deepest: int) -> tuple[int, ...]:
    count = Counter(line.places)
    return tuple(-count[place] for place in range(1, deepest + 1))


POINTS = TieBreak[SeriesLine]("points", "spec 11", lambda line: (-line.points,))
LATEST = TieBreak[SeriesLine](
    "latest_round",
    "spec 11",
    lambda line: tuple(NO_PLACE if place is None else place for place in reversed(line.places)),
)


def more_places(deepest: int) -> TieBreak[SeriesLine]:
    """More wins, then more second places, down to the deepest place there is."""
    return TieBreak("more_better_places", "spec 11", lambda line: _more_places(line, deepest))


def rank(table: Sequence[int], rounds: Sequence[Round], best: int | None = None) -> list[Placed[SeriesLine]]:
    """The season's standings after these rounds, oldest first. `best`: how many rounds count (None: all)."""
    return total([scored(table, ridden) for ridden in rounds], best)


def scored(table: Sequence[int], ridden: Round) -> dict[str, tuple[Place, int]]:
    """A round with the points of its places."""
    return {key: (place, points(table, place)) for key, place in ridden.items()}


def total(rounds: Sequence[Scored], best: int | None = None) -> list[Placed[SeriesLine]]:
    """The standings after rounds whose points are given already, oldest first."""
    keys = {key for ridden in rounds for key in ridden}
    lines = [_line(key, rounds, best) for key in keys]
    deepest = max((place or 0 for line in lines for place in line.places), default=0)
    return order(lines, (POINTS, more_places(deepest), LATEST), lambda line: line.key)


def teams(riders: Iterable[tuple[str, int]], count: int) -> dict[str, tuple[Place, int]]:
    """A round of a team league: the sum of the `count` best points of each team's riders, and its place by that sum.

    `riders`: (team, points) of everybody who rode; riders of no team ("") count for none. A team with fewer riders has
    the sum of those it has; teams with equal sums share the place.
    """
    if count < 1:
        raise ValueError("at least one rider counts")
    by_team: dict[str, list[int]] = {}
    for team, gained in riders:
        if team:
            by_team.setdefault(team, []).append(gained)
    sums = {team: sum(sorted(gained, reverse=True)[:count]) for team, gained in by_team.items()}
    ahead = sorted(sums.values(), reverse=True)
    return {team: (ahead.index(gained) + 1 if gained else None, gained) for team, gained in sums.items()}


def _line(key: str, rounds: Sequence[Scored], best: int | None) -> SeriesLine:
    places = tuple(ridden[key][0] if key in ridden else None for ridden in rounds)
    gained = tuple(ridden[key][1] if key in ridden else None for ridden in rounds)
    there = [number for number, mine in enumerate(gained) if mine is not None]
    # Of rounds with equal points the earlier one counts: which of them it is changes nothing.
    counting = sorted(there, key=lambda number: (-(gained[number] or 0), number))[:best]
    return SeriesLine(key, sum(gained[number] or 0 for number in counting), places, gained, tuple(sorted(counting)))


def points(table: Sequence[int], place: Place) -> int:
    """What a table gives for a place; 0 below it and for no place."""
    return table[place - 1] if place is not None and 1 <= place <= len(table) else 0
