"""What each publication moved in a season: the standings of a group before and after it, as the boards were frozen."""

from dataclasses import dataclass
from typing import Any

from results import frozen, protests
from results.league import ridden, rules, season
from results.league.season import Moved
from results.models import Communique, League, Publication

#: So many publications are told of, the newest.
TOLD = 10


@dataclass(frozen=True, slots=True)
class Step:
    """A publication of a race of the league. `moved`: what it made otherwise in the group; `first`: the race's first one,
    with which its points come in. `paper`: its communiqué."""

    publication: Publication
    first: bool
    moved: tuple[Moved, ...]
    paper: Communique | None


def steps(league: League, group: str, most: int = TOLD) -> tuple[Step, ...]:
    """The newest publications that bear on a group (or on the team league), the newest first. Constant queries.

    Each is compared with the season as it stood just before it. A row under protest has no points on either side.
    """
    ground = ridden.gather(league)
    races = {race for (race, _code), (_round, at) in ground.of_category.items() if group in (at, rules.TEAMS)}
    made = list(
        Publication.objects.filter(race__in=races)
        .select_related("race", "race__edition", "communique")
        .order_by("at", "pk")
    )
    if not made:
        return ()
    worn = ridden.numbers(races, min(one.revision or 0 for one in made))
    waiting = protests.concerned(races)
    for race in races:  # before its first publication a race has no board
        ground = ridden.on_board(ground, race, NOTHING, worn.at(race), frozenset())
    told = max(0, len(made) - most)
    before, found, seen = season.by_key(ground, group) if told == 0 else {}, list[Step](), set[int]()
    for number, one in enumerate(made, start=1):
        race, worn_then = one.race_id, worn.at(one.race_id, one.revision)
        ground = ridden.on_board(ground, race, frozen.read(one.board), worn_then, waiting.get(race, frozenset()))
        if number >= told:  # of the last one before them the standings alone are wanted
            after = season.by_key(ground, group)
            if number > told:
                moved = tuple(season.moves(league, group, before, after, worn_then))
                found.append(Step(one, race not in seen, moved, getattr(one, "communique", None)))
            before = after
        seen.add(race)
    return tuple(reversed(found))


NOTHING: dict[str, Any] = {"columns": ["bib", "rank", "status"], "rows": [], "riders": {}}
