"""General classification of a stage race, on time.

| article | rule | where | |
|---|---|---|---|
| UCI 2.6.014 | sum of the stage times, each in whole seconds, less bonuses, with penalties | `_line` | done |
| UCI 2.6.014 | who has not completed every stage is not in it | `rank` | done |
| UCI 2.6.015 | equal: the fractions of time trials, added up again | `FRACTIONS` | done |
| UCI 2.6.015 | then the sum of the places of the stages, team time trials apart | `PLACES` | done |
| UCI 2.6.015 | then the place in the last stage | `LAST_STAGE` | done |
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from .race_facts import SECOND_US
from .tie_breaks import NO_PLACE, Placed, TieBreak, order


class StageResult(NamedTuple):
    """A rider in a stage: published time in microseconds, place in it (None: none), bonus and penalty in seconds."""

    time_us: int
    place: int | None
    bonus_s: int = 0
    penalty_s: int = 0


class Stage(NamedTuple):
    """A stage: an individual (`itt`) or team (`ttt`) time trial, or a road stage, and who completed it."""

    kind: Literal["road", "itt", "ttt"]
    results: Mapping[int, StageResult]


class GeneralLine(NamedTuple):
    """A rider's line. `fraction_us`: what the time trials' published seconds left out."""

    bib: int
    total_s: int
    fraction_us: int
    places: int
    last_place: int


TOTAL = TieBreak[GeneralLine]("time", "UCI 2.6.014", lambda line: (line.total_s,))
FRACTIONS = TieBreak[GeneralLine]("time_trial_fractions", "UCI 2.6.015", lambda line: (line.fraction_us,))
PLACES = TieBreak[GeneralLine]("sum_of_places", "UCI 2.6.015", lambda line: (line.places,))
LAST_STAGE = TieBreak[GeneralLine]("last_stage", "UCI 2.6.015", lambda line: (line.last_place,))
ORDER = (TOTAL, FRACTIONS, PLACES, LAST_STAGE)


def rank(stages: Sequence[Stage]) -> list[Placed[GeneralLine]]:
    """The classification after these stages: riders who completed all of them."""
    if not stages:
        return []
    complete = set.intersection(*(set(stage.results) for stage in stages))
    return order([_line(bib, stages) for bib in complete], ORDER, lambda line: line.bib)


def _line(bib: int, stages: Sequence[Stage]) -> GeneralLine:
    total_s = fraction_us = places = 0
    last = NO_PLACE
    for stage in stages:
        result = stage.results[bib]
        total_s += result.time_us // SECOND_US - result.bonus_s + result.penalty_s
        if stage.kind == "itt":
            fraction_us += result.time_us % SECOND_US
        if stage.kind != "ttt":
            last = NO_PLACE if result.place is None else result.place
            places += last
    return GeneralLine(bib, total_s, fraction_us, places, last)
