"""Who is before whom when the chips cannot tell, or the finish judge saw otherwise.

| article | rule | function | |
|---|---|---|---|
| UCI 1.2.110, 1.2.119 | only the finish judge records the order; chips propose it | `judged` | done |
| M10 | the judge's order fills the places which those riders jointly hold by chip | `judged` | done |
| UCI 1.2.102 | a photo finish is read by the judge: a ruling `finish_order` overrides chips | `orders` | done |
| M11, 5.4 | a dead heat is the judge's word: same place, the next one is skipped | `judged` | done |
| M09 | equal instants without a judge: provisional, by bib, and marked for the photo | `flag_equal` | done |
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from .field import Field, Ride

Groups = Sequence[Sequence[int]]
"""Bibs in order, a dead heat in one group."""


def orders(field: Field) -> list[Groups]:
    """What judges said of the order, one after another: the finish judge's list, then each ruling on it, oldest first."""
    said: list[Groups] = [field.facts.judge_order] if field.facts.judge_order else []
    for ruling in field.rulings.get("finish_order", ()):
        order = ruling.detail.get("order", ())
        if isinstance(order, (list, tuple)):
            said.append(order)
    return said


def judged(field: Field, order: list[Ride]) -> list[Ride]:
    """`order` (by chip) with the judges' orders laid over it; where two speak of one rider, the later one holds."""
    heat = 0
    for groups in orders(field):
        order, heat = _lay(field, order, groups, heat)
    return order


def _lay(field: Field, order: list[Ride], said: Groups, heat: int) -> tuple[list[Ride], int]:
    """One judge's order over the places which those riders jointly hold. `heat`: the number of the last dead heat."""
    groups = [
        [ride for bib in group if (ride := field.by_bib.get(bib)) is not None and ride.home] for group in said
    ]  # fmt: skip
    seen = [ride for group in groups for ride in group]
    if not seen:
        return order, heat
    names = {id(ride) for ride in seen}
    following = iter(seen)
    laid = [next(following) if id(ride) in names else ride for ride in order]
    for group in groups:
        heat += 1
        for ride in group:
            ride.heat = heat if len(group) > 1 else 0
        if len(group) > 1:
            first = laid.index(group[0])
            laid = [ride for ride in laid[:first] if ride.heat != heat] + group + [
                ride for ride in laid[first:] if ride.heat != heat
            ]  # fmt: skip
    return laid, heat


def flag_equal(field: Field, order: Sequence[Ride], key: Callable[[Ride], tuple[int, ...]]) -> None:
    """Mark neighbours with the same key, unless the judge has placed both of them."""
    placed = {bib for groups in orders(field) for group in groups for bib in group}
    for before, ride in pairwise(order):
        if key(before) == key(ride) and not (before.bib in placed and ride.bib in placed):
            for tied in (before, ride):
                if "tie_needs_photo" not in tied.flags:
                    tied.flags.append("tie_needs_photo")
