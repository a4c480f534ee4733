"""Points and mountains classifications: points over lines, for who completes the race.

| article | rule | where | |
|---|---|---|---|
| UCI 2.6.017 | points of every sprint or summit are added | `rank` | done |
| UCI 2.6.017 | who does not complete the race is not in it | `rank` | done |
| 5.4 | dead heat: all get the points of the best of their places, the next places are skipped | `_award` | done |
| UCI 2.6.017 | equal: more wins (of stages, then of sprints), then the general classification or the finish | `ORDER` | done |
| UCI 2.6.017 | mountains equal: more wins on the highest category, then the next one, then the finish | `rank` | done |
| FCI 6.1.13 | readmitted after the limit: loses the winner's points, below zero if need be | `rank`, by `lost` | done |
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .tie_breaks import NO_PLACE, Placed, TieBreak, order


class Line(NamedTuple):
    """A line that gives points. `order`: bibs as they crossed, a dead heat in one tuple.

    `category`: 0 the highest (a stage's finish, a summit hors catégorie), 1 the next, ...
    """

    order: tuple[tuple[int, ...], ...]
    table: tuple[int, ...]
    category: int = 0


class PointsLine(NamedTuple):
    """A rider's points. `wins`: how many lines of each category were won, the highest first. `place`: in the race."""

    bib: int
    points: int
    wins: tuple[int, ...]
    place: int


POINTS = TieBreak[PointsLine]("points", "UCI 2.6.017", lambda line: (-line.points,))
WINS = TieBreak[PointsLine]("more_wins", "UCI 2.6.017", lambda line: tuple(-won for won in line.wins))
FINISH = TieBreak[PointsLine]("finish", "UCI 2.6.017", lambda line: (line.place,))
ORDER = (POINTS, WINS, FINISH)


def rank(
    lines: Sequence[Line], places: Mapping[int, int], lost: Mapping[int, int] | None = None
) -> list[Placed[PointsLine]]:
    """Riders with points. `places`: of those who completed the race; `lost`: points taken from a rider."""
    categories = max((line.category for line in lines), default=0) + 1
    points: dict[int, int] = {bib: -taken for bib, taken in (lost or {}).items()}
    wins: dict[int, list[int]] = {}
    for line in lines:
        for bib, gained, first in _award(line):
            points[bib] = points.get(bib, 0) + gained
            if first:
                wins.setdefault(bib, [0] * categories)[line.category] += 1
    found = [
        PointsLine(bib, total, tuple(wins.get(bib, [0] * categories)), places.get(bib, NO_PLACE))
        for bib, total in points.items()
        if bib in places and total != 0
    ]
    return order(found, ORDER, lambda line: line.bib)


def _award(line: Line) -> Iterable[tuple[int, int, bool]]:
    """(bib, points, whether it won) of everybody who crossed a line."""
    place = 0
    for group in line.order:
        gained = line.table[place] if place < len(line.table) else 0
        for bib in group:
            yield bib, gained, place == 0
        place += len(group)
