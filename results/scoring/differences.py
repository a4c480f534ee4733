"""What differs between two standings of one race: before and after a ruling, or between two publications.

Both sides are reduced to lines first, so that a frozen board and a board that does not exist yet can be compared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .race_facts import SECOND_US, Standings


class Line(NamedTuple):
    """A rider's line as it is published: whole seconds, places within the category."""

    bib: int
    category: str
    rank: int | None
    status: str
    laps: int
    time_s: int | None
    gap_s: int | None
    relegated: bool = False


class Change(NamedTuple):
    """A rider whose line differs; one of the two is None where the rider is on one side only."""

    bib: int
    before: Line | None
    after: Line | None

    @property
    def ranks(self) -> bool:
        """Whether the place or the status differs."""
        return _place(self.before) != _place(self.after)

    @property
    def times(self) -> bool:
        """Whether the published time differs."""
        return _time(self.before) != _time(self.after)


@dataclass(frozen=True, slots=True)
class Differences:
    """The changes in the order of the standings after, each once. Counted: places, times, statuses. And both sides whole."""

    changes: tuple[Change, ...]
    places: int
    times: int
    statuses: int
    before: tuple[Line, ...]
    after: tuple[Line, ...]


def lines(standings: Standings) -> tuple[Line, ...]:
    """The lines of standings, in their order."""
    return tuple(
        Line(
            row.bib, row.category, row.rank, row.status, row.laps,
            None if row.time_us is None else row.time_us // SECOND_US,
            None if row.gap_us is None else row.gap_us // SECOND_US,
            row.relegated,
        )
        for row in standings.rows
    )  # fmt: skip


def compare(before: Sequence[Line], after: Sequence[Line]) -> Differences:
    """Who differs. Riders only on the first side come last, by bib."""
    old = {line.bib: line for line in before}
    new = {line.bib for line in after}
    changes = [Change(line.bib, old.get(line.bib), line) for line in after if old.get(line.bib) != line]
    changes += [Change(line.bib, line, None) for line in sorted(before) if line.bib not in new]
    return Differences(
        tuple(changes),
        places=sum(change.ranks for change in changes),
        times=sum(change.times for change in changes),
        statuses=sum(_status(change.before) != _status(change.after) for change in changes),
        before=tuple(before),
        after=tuple(after),
    )


def runs(changes: Iterable[Change]) -> list[list[Change]]:
    """Neighbours who all moved by the same number of places and by nothing else, together: a page folds a long run."""
    found: list[list[Change]] = []
    for change in changes:
        last = found[-1] if found else None
        if last and _step(change) is not None and _step(change) == _step(last[-1]) and _follows(last[-1], change):
            last.append(change)
        else:
            found.append([change])
    return found


def _step(change: Change) -> int | None:
    """By how many places a rider moved, where nothing else changed; None otherwise."""
    before, after = change.before, change.after
    if before is None or after is None or before.rank is None or after.rank is None:
        return None
    same = before._replace(rank=after.rank) == after
    return before.rank - after.rank if same else None


def _follows(one: Change, other: Change) -> bool:
    ahead, behind = one.after, other.after
    if ahead is None or behind is None or ahead.rank is None or behind.rank is None:
        return False
    return ahead.category == behind.category and behind.rank - ahead.rank in (0, 1)


def _place(line: Line | None) -> tuple[int | None, str, bool]:
    return (None, "", False) if line is None else (line.rank, line.status, line.relegated)


def _time(line: Line | None) -> int | None:
    return None if line is None else line.time_s


def _status(line: Line | None) -> str:
    return "" if line is None else line.status
