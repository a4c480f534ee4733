"""What a ruling, or another start, would change, before anybody signs it: the same engine, and one fact more or fewer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from race.models import Category, Race, Wave
from results import facts, league, live, result_rules, rulings, scoring
from results.facts import Known
from results.league import Moved, rules
from results.models import Ruling
from results.scoring import differences, prizes, teams
from results.scoring.differences import Differences, Line
from results.scoring.race_facts import RaceFacts, RulingFact


@dataclass(frozen=True, slots=True)
class Money:
    """A rider whose prize differs, in fen."""

    bib: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class TeamMove:
    """A team whose place in the race's team classification differs; None: not classified."""

    team: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change. `revision`: what it was computed from; signing names it, so that nothing newer is overlooked."""

    revision: int
    found: Differences
    prizes: tuple[Money, ...]
    teams: tuple[TeamMove, ...]
    warnings: tuple[str, ...]
    league: tuple[Moved, ...] = ()

    @property
    def league_points(self) -> int:
        """How many riders' points of a league differ; teams apart."""
        return sum(move.points_differ and move.group != rules.TEAMS for move in self.league)

    @property
    def prize_difference_fen(self) -> int:
        """How much more is paid in all."""
        return sum(one.after - one.before for one in self.prizes)


def of_ruling(
    race: Race, kind: str, *, bib: int | None = None, detail: Mapping[str, Any] | None = None, article: str = ""
) -> Preview:
    """The preview of a ruling not issued yet. Refused as `rulings.issue`, but for the reason, which may still come."""
    detail = dict(detail or {})
    rulings.check(race, kind, bib, detail, article)
    with live.snapshot():
        known = facts.gather(race)
    made = RulingFact(_next(known), kind, bib, detail)
    before = known.facts
    if kind == "close":
        return _preview(race, known, replace(before, closed=True), ())
    warnings = rulings.against(before, kind, bib)
    return _preview(race, known, replace(before, rulings=(*before.rulings, made)), tuple(warnings))


def of_revocation(ruling: Ruling) -> Preview:
    """The preview of taking a ruling back. Of a revocation: of the earlier ruling being in force again."""
    race = ruling.race
    with live.snapshot():
        known = facts.gather(race)
        after = facts.without(known, ruling)
    return _preview(race, known, after, ())


def of_gun(wave: Wave, at_us: int) -> Preview:
    """The preview of another official start of a wave (UTC microseconds, true time): what reads amount to stays as it is."""
    with live.snapshot():
        known = facts.gather(wave.race)
    waves = tuple(replace(one, gun_us=at_us) if one.code == wave.code else one for one in known.facts.waves)
    return _preview(wave.race, known, replace(known.facts, waves=waves), ())


def _next(known: Known) -> int:
    return max((ruling.number for ruling in known.facts.rulings), default=0) + 1


def _preview(race: Race, known: Known, after: RaceFacts, warnings: tuple[str, ...]) -> Preview:
    one, other = (scoring.score(given) for given in (known.facts, after))
    before_lines, after_lines = differences.lines(one), differences.lines(other)
    found = differences.compare(before_lines, after_lines)
    team_of = {entry.bib: entry.team for entry in known.facts.entries}
    count = result_rules.of(race.edition).team_count
    return Preview(
        known.ground.revision,
        found,
        _money(found, prize_tables(race)),
        _team_moves(_teams(before_lines, team_of, count), _teams(after_lines, team_of, count)),
        warnings,
        league.of_lines(race, before_lines, after_lines),
    )


def prize_tables(race: Race) -> dict[str, list[int]]:
    """Category -> prize money by place, in fen. One query."""
    return dict(Category.objects.filter(race=race).values_list("code", "prizes_fen"))


def _money(found: Differences, tables: Mapping[str, Sequence[int]]) -> tuple[Money, ...]:
    """Whose prize differs: also of who only shares a place no more, and whose own line is what it was."""
    one, other = (prizes.of_lines(side, tables) for side in (found.before, found.after))
    bibs = dict.fromkeys([line.bib for line in found.after] + sorted(line.bib for line in found.before))
    moves = (Money(bib, one.get(bib, 0), other.get(bib, 0)) for bib in bibs)
    return tuple(move for move in moves if move.before != move.after)


def _teams(lines: Sequence[Line], team_of: Mapping[int, str], count: int) -> dict[str, int]:
    """Team -> place in the race, over all who finished in it."""
    finishers = [
        teams.Finisher(team_of.get(line.bib, ""), line.rank, line.time_s, line.bib)
        for line in lines
        if line.status == "FIN" and line.rank is not None and line.time_s is not None
    ]
    return {placed.line.team: placed.rank for placed in teams.rank(finishers, count)}


def _team_moves(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[TeamMove, ...]:
    names = sorted(before.keys() | after.keys(), key=lambda name: (after.get(name, 1 << 30), name))
    moves = (TeamMove(name, before.get(name), after.get(name)) for name in names)
    return tuple(move for move in moves if move.before != move.after)
