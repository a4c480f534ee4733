"""The standings of a league: a group's, and the team league's.

Decided (docs/decisions/league.md): points of a row under protest wait and are not in the sum; riders without the right to a
rank are not in the league; who is in two categories of a group at one round has the better place; the team league adds the
points of a team's best K riders over all groups.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from results.league import ridden, rules
from results.league.ridden import Ground, Member
from results.models import League, Round
from results.scoring import series
from results.scoring.series import SeriesLine
from results.scoring.tie_breaks import Placed


@dataclass(frozen=True, slots=True)
class Cell:
    """Somebody at a round. `points`: None where not there; `waits`: how many points wait for a protest."""

    place: int | None
    points: int | None
    counts: bool
    waits: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """A rider's share in a team's points of a round."""

    who: Member
    group: str
    points: int


@dataclass(frozen=True, slots=True)
class Line:
    """A rider's season, or a team's. `key` is for this side of the door only; `by` is the tie-break that decided; `made`: of a
    team, whose points it has, round by round."""

    key: str
    rank: int
    points: int
    waits: int
    by: str
    cells: tuple[Cell, ...]
    who: Member | None = None
    team: tuple[str, str] = ("", "")
    made: tuple[tuple[Made, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A round as the table heads it. `state`: imported, upcoming, live, or how far its result was published."""

    round: Round
    state: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Standings:
    """A group of a league after its rounds. `without`: how many rode and have no points."""

    league: League
    group: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    without: int


def of(league: League, group: str, *, now: bool = False) -> Standings:
    """The standings of a group, or of the team league (`rules.TEAMS`). `now`: as if every race stopped now."""
    return table(ridden.gather(league, now=now), group)


def table(ground: Ground, group: str) -> Standings:
    """The same of a season that is gathered already."""
    lines = _team_lines(ground) if group == rules.TEAMS else _rider_lines(ground, group)
    shown = tuple(line for line in lines if line.points or line.waits)
    return Standings(ground.league, group, _columns(ground, group), shown, len(lines) - len(shown))


def _columns(ground: Ground, group: str) -> tuple[Column, ...]:
    groups = rules.codes(ground.league) if group == rules.TEAMS else [group]
    columns = []
    for one in ground.rounds:
        found = [ground.ridden[one.pk, code] for code in groups if (one.pk, code) in ground.ridden]
        states = {each.state for each in found}
        # What is least settled is what is said of the whole round.
        state = next((name for name in LEAST_FIRST if name in states), ridden.UPCOMING)
        columns.append(Column(one, state, sum(member.waits for each in found for member in each.members)))
    return tuple(columns)


LEAST_FIRST = ("live", "provisional", "upcoming", "amended", "official", "imported")


def _best(found: ridden.Ridden | None) -> dict[str, Member]:
    """Key -> the member with the best place: a person is once in a group at a round."""
    best: dict[str, Member] = {}
    for member in found.members if found else ():
        had = best.get(member.key)
        if had is None or had.place is None or (member.place is not None and member.place < had.place):
            best[member.key] = member
    return best


def _scored(members: Mapping[str, Member], table_: tuple[int, ...]) -> series.Scored:
    """Points of a round; a row under protest has neither place nor points until it is decided."""
    return series.scored(table_, {key: None if one.waits else one.place for key, one in members.items()})


def _rider_lines(ground: Ground, group: str) -> list[Line]:
    given = rules.of(ground.league, group)
    rounds = [_best(ground.ridden.get((one.pk, group))) for one in ground.rounds]
    newest: dict[str, Member] = {}
    for members in rounds:
        newest |= members
    lines = []
    for placed in series.total([_scored(members, given.table) for members in rounds], given.best):
        here = [members.get(placed.line.key) for members in rounds]
        waits = [series.points(given.table, one.place) if one and one.waits else 0 for one in here]
        places = tuple(one.place if one else None for one in here)
        who = newest[placed.line.key]
        lines.append(_line(placed, places, waits, who, who.team))
    return lines


def _team_lines(ground: Ground) -> list[Line]:
    given = rules.of(ground.league)
    names: dict[str, tuple[str, str]] = {}
    gained = [_by_team(ground, one, names) for one in ground.rounds]
    rounds = [
        series.teams(((team, each.points) for team, members in teams.items() for each in members), given.team_riders)
        for teams in gained
    ]
    none = [0] * len(rounds)
    lines = []
    for placed in series.total(rounds, given.team_best):
        key = placed.line.key
        made = tuple(tuple(each for each in teams.get(key, ())[: given.team_riders] if each.points) for teams in gained)
        lines.append(replace(_line(placed, placed.line.places, none, None, names[key]), made=made))
    return lines


def _by_team(ground: Ground, one: Round, names: dict[str, tuple[str, str]]) -> dict[str, list[Made]]:
    """Folded name of a team -> who rode the round for it, the most points first; `names` learns how teams are written."""
    found: dict[str, list[Made]] = {}
    for code in rules.codes(ground.league):
        table_ = rules.of(ground.league, code).table
        for member in _best(ground.ridden.get((one.pk, code))).values():
            team = _folded(member.team[0])
            names[team] = member.team
            points = 0 if member.waits else series.points(table_, member.place)
            found.setdefault(team, []).append(Made(member, code, points))
    return {team: sorted(members, key=lambda each: -each.points) for team, members in found.items()}


def _folded(team: str) -> str:
    """A team's name without what two spellings of it differ in."""
    return "".join(team.split()).casefold()


def _line(
    placed: Placed[SeriesLine],
    places: tuple[int | None, ...],
    waits: list[int],
    who: Member | None,
    team: tuple[str, str],
) -> Line:
    found = placed.line
    cells = tuple(
        Cell(place, points, at in found.counting, waiting)
        for at, (place, points, waiting) in enumerate(zip(places, found.scored, waits, strict=True))
    )
    return Line(found.key, placed.rank, found.points, sum(waits), placed.by, cells, who, team)
