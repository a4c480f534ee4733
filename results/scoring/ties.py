"""Who is before whom when the chips cannot tell, or the finish judge saw otherwise.

| article | rule | function | |
|---|---|---|---|
| UCI 1.2.110, 1.2.119 | only the finish judge records the order; chips propose it | `judged` | done |
| M10 | the judge's order fills the places which those riders jointly hold by chip | `judged` | done |
| M11, 5.4 | a dead heat is the judge's word: same place, the next one is skipped | `judged` | done |
| M09 | equal instants without a judge: provisional, by bib, and marked for the photo | `flag_equal` | done |
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from .field import Field, Ride


def judged(field: Field, order: list[Ride]) -> list[Ride]:
    """`order` (by chip) with the judge's order laid over it."""
    groups = [
        [ride for bib in group if (ride := field.by_bib.get(bib)) is not None and ride.home]
        for group in field.facts.judge_order
    ]
    seen = [ride for group in groups for ride in group]
    if not seen:
        return order
    names = {id(ride) for ride in seen}
    following = iter(seen)
    laid = [next(following) if id(ride) in names else ride for ride in order]
    for heat, group in enumerate(groups, start=1):
        if len(group) > 1:
            for ride in group:
                ride.heat = heat
            first = laid.index(group[0])
            laid = [ride for ride in laid[:first] if ride.heat != heat] + group + [
                ride for ride in laid[first:] if ride.heat != heat
            ]  # fmt: skip
    return laid


def flag_equal(field: Field, order: Sequence[Ride], key: Callable[[Ride], tuple[int, ...]]) -> None:
    """Mark neighbours with the same key, unless the judge has placed both of them."""
    placed = {bib for group in field.facts.judge_order for bib in group}
    for before, ride in pairwise(order):
        if key(before) == key(ride) and not (before.bib in placed and ride.bib in placed):
            for tied in (before, ride):
                if "tie_needs_photo" not in tied.flags:
                    tied.flags.append("tie_needs_photo")
