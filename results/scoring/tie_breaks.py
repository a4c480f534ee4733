"""How a classification is ordered: its score, and then its tie-breaks one after another, each small and named.

A tie-break is data: a regulation that wants another order of them lists another order. Where none of them separates two,
they share the place and the next one is skipped (5.4).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
Key = tuple[int, ...]
#: Behind every place there is.
NO_PLACE = 1 << 30


class TieBreak(NamedTuple, Generic[T]):
    """What comes first among equals. The smaller key is before the larger one; `article` is where the rule stands."""

    name: str
    article: str
    key: Callable[[T], Key]


class Placed(NamedTuple, Generic[T]):
    """A line with its place. `by`: the rule that put it behind the line before ("" for the first and for a shared place)."""

    rank: int
    line: T
    by: str


def order(lines: Iterable[T], rules: Sequence[TieBreak[T]], steady: Callable[[T], object]) -> list[Placed[T]]:
    """Lines by the first rule, equal ones by the next, and so on; who is equal in all shares the place.

    `steady` only fixes how those who share a place are listed, so that the same lines always give the same list.
    """
    keyed = [(tuple(rule.key(line) for rule in rules), line) for line in sorted(lines, key=steady)]  # type: ignore[arg-type]
    keyed.sort(key=lambda pair: pair[0])
    placed: list[Placed[T]] = []
    before: tuple[Key, ...] | None = None
    for number, (keys, line) in enumerate(keyed, start=1):
        if keys == before:
            placed.append(Placed(placed[-1].rank, line, ""))
            continue
        by = "" if before is None else next(
            rule.name for rule, mine, theirs in zip(rules, keys, before, strict=True) if mine != theirs
        )  # fmt: skip
        placed.append(Placed(number, line, by))
        before = keys
    return placed
