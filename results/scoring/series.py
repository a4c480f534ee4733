"""A league or cup: points for places, over rounds.

| article | rule | where | |
|---|---|---|---|
| spec 11 | a table gives points for places; below it, or unplaced: 0; a lapped rider with a place scores | `_line` | done |
| spec 11 | the best N of the M rounds count | `_line` | done |
| spec 11 | equal: more wins, then more second places, and so on | `PLACES` | done |
| spec 11 | then the better place in the latest round; if equal there too, in the one before | `LATEST` | done |
| 5.4 | still equal: the place is shared, the next one is skipped | `tie_breaks.order` | done |
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .tie_breaks import NO_PLACE, Placed, TieBreak, order

Place = int | None
Round = Mapping[str, Place]
"""Who rode a round, by a key that is the rider's (or team's) in every round; None: rode without a place."""


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
    keys = {key for ridden in rounds for key in ridden}
    lines = [_line(key, table, rounds, best) for key in keys]
    deepest = max((place or 0 for line in lines for place in line.places), default=0)
    return order(lines, (POINTS, more_places(deepest), LATEST), lambda line: line.key)


def _line(key: str, table: Sequence[int], rounds: Sequence[Round], best: int | None) -> SeriesLine:
    places = tuple(ridden.get(key) for ridden in rounds)
    scored = tuple(_points(table, ridden[key]) if key in ridden else None for ridden in rounds)
    there = [number for number, points in enumerate(scored) if points is not None]
    # Of rounds with equal points the earlier one counts: which of them it is changes nothing.
    counting = sorted(there, key=lambda number: (-(scored[number] or 0), number))[:best]
    return SeriesLine(key, sum(scored[number] or 0 for number in counting), places, scored, tuple(sorted(counting)))


def _points(table: Sequence[int], place: Place) -> int:
    return table[place - 1] if place is not None and 1 <= place <= len(table) else 0
