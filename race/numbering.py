"""Who gets which number out of a range. Pure.

Whoever has a number keeps it. Seeded riders come first and get the lowest numbers; a team gets numbers in a row where the
range still has such a row, beside its own numbers if it has some; everybody else gets the lowest number that is left.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Why = Literal["kept", "seeded", "team", "next"]
Given = tuple[int, int, Why]
HIGHEST = 99_999


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that should have a number; `bib` is the one it has."""

    key: int
    team: Hashable = None
    bib: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers of a category, both ends included; `last` is None where nothing ends them."""

    first: int
    last: int | None = None

    def meets(self, other: Span) -> bool:
        """Whether a number belongs to both."""
        return self.first <= (other.last or HIGHEST) and other.first <= (self.last or HIGHEST)

    def numbers(self, taken: Container[int]) -> list[int]:
        """Every number that may still be given, ascending."""
        return [number for number in range(self.first, (self.last or HIGHEST) + 1) if number not in taken]


def closed(span: Span, others: Iterable[Span]) -> Span:
    """The span with an end: its own, or the number before the next category begins."""
    if span.last is not None:
        return span
    following = min((other.first for other in others if other.first > span.first), default=HIGHEST + 1)
    return Span(span.first, following - 1)


def number(
    candidates: Sequence[Candidate],
    free: Sequence[int],
    *,
    seeds: Sequence[int] = (),
    teams_together: bool = True,
    gap: int = 0,
) -> list[Given]:
    """(key, number, why) of every candidate that has or gets a number, in the order of the numbers.

    `candidates` stand in the order in which they are served, `free` holds the numbers that may be given, ascending. After
    each team `gap` numbers are left for late riders, as long as there are enough. Whoever is missing found no number.
    """
    given: list[Given] = [(one.key, one.bib, "kept") for one in candidates if one.bib is not None]
    left = _Free(free)
    waiting = {one.key: one for one in candidates if one.bib is None}
    for key in seeds:
        if key in waiting and (found := left.row(1)):
            given.append((key, found[0], "seeded"))
            del waiting[key]
    beside: dict[Hashable, int] = {}
    for one in candidates:
        if one.bib is not None and one.team is not None:
            beside[one.team] = max(beside.get(one.team, 0), one.bib)
    for group in _groups(waiting.values(), teams_together):
        together = len(group) > 1 or (teams_together and group[0].team in beside and group[0].team is not None)
        spare = gap if teams_together and group[0].team is not None else 0
        found = left.row(len(group), after=beside.get(group[0].team) if together else None, spare=spare)
        why: Why = "team" if together else "next"
        given += [(one.key, bib, why) for one, bib in zip(group, found, strict=False)]
    return sorted(given, key=lambda row: row[1])


def _groups(waiting: Iterable[Candidate], teams_together: bool) -> list[list[Candidate]]:
    """Teams as one group at the place of their first rider; everybody else alone."""
    groups: dict[Hashable, list[Candidate]] = {}
    for one in waiting:
        team = ("team", one.team) if teams_together and one.team is not None else ("rider", one.key)
        groups.setdefault(team, []).append(one)
    return list(groups.values())


class _Free:
    """Numbers that are left, and those put aside after teams."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = sorted(numbers)
        self.aside: list[int] = []

    def row(self, size: int, *, after: int | None = None, spare: int = 0) -> list[int]:
        """So many numbers: in a row right after `after`, else in the lowest row there is, else the lowest ones."""
        if len(self.numbers) < size:
            self.numbers, self.aside = sorted([*self.numbers, *self.aside]), []
        start = self._start(size, after)
        if start is None:
            return self._take(0, min(size, len(self.numbers)))
        taken = self._take(start, size)
        behind = self.numbers[start : start + spare]
        following = [bib for place, bib in enumerate(behind, 1) if bib == taken[-1] + place]
        self.aside += self._take(start, len(following))
        return taken

    def _start(self, size: int, after: int | None) -> int | None:
        if after is not None:
            place = bisect_left(self.numbers, after + 1)
            if self._is_row(place, size) and self.numbers[place] == after + 1:
                return place
        return next((place for place in range(len(self.numbers)) if self._is_row(place, size)), None)

    def _is_row(self, place: int, size: int) -> bool:
        last = place + size - 1
        return last < len(self.numbers) and self.numbers[last] - self.numbers[place] == size - 1

    def _take(self, start: int, size: int) -> list[int]:
        taken = self.numbers[start : start + size]
        del self.numbers[start : start + size]
        return taken
