"""Individual time trial.

| article | rule | function | |
|---|---|---|---|
| UCI 2.4, T01 | time runs from the scheduled start, for a late starter too | `rank` | done |
| UCI 1.2.106, T02 | shown in seconds, ranked on the fraction | `rank` | done |
| 5.4, T03 | equal to the last digit that was measured: same place, the next is skipped | `rank` | done |
| | a time penalty is part of the time | `rank` | done |
| UCI 2.6.032 | limit of 30 % | | not done |
| | live standings of a time trial as rows of `score` | | not done |
"""

from collections.abc import Iterable
from typing import NamedTuple

from ..race_facts import SECOND_US


class Start(NamedTuple):
    """A rider's scheduled start and finish, in microseconds on one clock; no finish: None."""

    bib: int
    start_us: int
    finish_us: int | None
    penalty_s: int = 0


class TimeTrialRow(NamedTuple):
    """A line of a time trial's result; a rider without a finish has no place and no time."""

    rank: int | None
    bib: int
    elapsed_us: int | None
    time_s: int | None
    gap_s: int | None


def rank(starts: Iterable[Start]) -> list[TimeTrialRow]:
    """Rank by elapsed time from the scheduled start; riders without a finish last, by bib."""
    timed: list[tuple[int, int]] = []
    without: list[int] = []
    for start in starts:
        if start.finish_us is None:
            without.append(start.bib)
        else:
            timed.append((start.finish_us - start.start_us + start.penalty_s * SECOND_US, start.bib))
    timed.sort()
    rows: list[TimeTrialRow] = []
    for place, (elapsed_us, bib) in enumerate(timed, start=1):
        if rows and rows[-1].elapsed_us == elapsed_us and rows[-1].rank is not None:
            place = rows[-1].rank
        time_s = elapsed_us // SECOND_US
        rows.append(TimeTrialRow(place, bib, elapsed_us, time_s, time_s - timed[0][0] // SECOND_US))
    return rows + [TimeTrialRow(None, bib, None, None, None) for bib in sorted(without)]
