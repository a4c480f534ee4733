"""The order of the list and the places in it.

| article | rule | function | |
|---|---|---|---|
| UCI 1.2.110 | order over the line, or own elapsed time where the event says so (M37) | `finish_order` | done |
| UCI 2.12.007, M22-M23 | irregular sprint: last of the own group, time unchanged | `_relegate` | done |
| UCI 2.12.007, M24 | or last of the race | `_relegate` | done |
| 6.2, M25-M26 | time penalty: behind everyone with a time not above the new one | `_penalise` | done |
| UCI 2.3.045, M19 | disqualified: the others move up | `place` | done |
| 2.3.045 §2, M20 | unless the ruling leaves the place open | `place` | done |
| 5.4, M11 | dead heat: one place for both, the next is skipped | `place` | done |
| 6.1, 6.2 | a dead heat ends where one of the two is relegated or penalised and the other is not | `_heat` | done |
| 8.3, L03, L11 | lapped: by laps, then by the last crossing; the pulled in the same way | `by_laps` | done |
| 1.4 | classifications of several races | `general`, `teams`, `points`, `series` | done |
"""

from collections.abc import Container, Iterable

from . import gaps, groups, progress, status, ties
from .field import Field, Ride, whole
from .progress import FAR_US


def road_order(field: Field) -> list[Ride]:
    """All who came home in the order of the finish line, as the judge sees it. Disqualified riders are among them."""
    home = [ride for ride in field.rides if ride.home and ride.status in ("FIN", "DSQ")]
    home.sort(key=lambda ride: (ride.end_us or FAR_US, ride.bib))
    return ties.judged(field, home)


def finish_order(field: Field, road: list[Ride]) -> list[Ride]:
    """Those ranked together, out of `road`, before any penalty."""
    if field.rules.rank_by == "order":
        ties.flag_equal(field, road, lambda ride: (ride.end_us or 0,))
        return road
    order = sorted(road, key=lambda ride: (_elapsed(ride, ride.instant_us), _elapsed(ride, ride.end_us), ride.bib))
    ties.flag_equal(field, order, lambda ride: (_elapsed(ride, ride.instant_us), _elapsed(ride, ride.end_us)))
    return order


def _elapsed(ride: Ride, at_us: int | None) -> int:
    return FAR_US if at_us is None or ride.base_us is None else at_us - ride.base_us


def penalties(field: Field) -> None:
    """Note who is penalised; the penalty is part of the published time."""
    for ride, ruling in field.ruled("time_penalty"):
        ride.penalty_s += whole(ruling, "seconds") or 0
        if "penalty" not in ride.flags:
            ride.flags.append("penalty")
    for kind in ("relegate_group", "relegate_last"):
        for ride, _ in field.ruled(kind):
            ride.relegated = True
            if "REL" not in ride.flags:
                ride.flags.append("REL")


def after_penalties(field: Field, order: list[Ride]) -> list[Ride]:
    """Move relegated and penalised riders to where they now stand. Nobody ever gains a place by it."""
    last = {ruling.bib for ruling in field.rulings.get("relegate_last", ())}
    credited = {ruling.bib for ruling in field.rulings.get("credit_time_of", ())}
    for ride in [ride for ride in order if ride.relegated and ride.bib not in last]:
        order = _relegate(order, ride, credited)
    order = [ride for ride in order if ride.bib not in last] + [ride for ride in order if ride.bib in last]
    penalised = [ride for ride in order if ride.penalty_s and ride.time_s is not None]
    for ride in sorted(penalised, key=lambda ride: ride.time_s or 0):
        order = _penalise(order, ride)
    return order


def _relegate(order: list[Ride], ride: Ride, credited: Container[int | None]) -> list[Ride]:
    """Behind the last of the own group; alone in it, or where there are no groups, nothing changes.

    `credited`: who has a group's time but did not cross the line with it; nobody is put behind him.
    """
    group = [other for other in order if ride.bunch and other.bunch == ride.bunch and other.bib not in credited]
    if ride not in group or group[-1] is ride:  # the last of it already: others may stand between, and are not passed
        return order
    rest = [other for other in order if other is not ride]
    after = rest.index(group[-1]) + 1
    return [*rest[:after], ride, *rest[after:]]


def _penalise(order: list[Ride], ride: Ride) -> list[Ride]:
    """Behind the last whose published time is not above the rider's new one."""
    own = order.index(ride)
    after = max(
        (index for index, other in enumerate(order) if other.time_s is not None and other.time_s <= (ride.time_s or 0)),
        default=own,
    )
    return order if after <= own else [*order[:own], *order[own + 1 : after + 1], ride, *order[after + 1 :]]


def place(field: Field, order: Iterable[Ride], following: Iterable[Ride]) -> None:
    """Number the finishers and, after them, those ranked by progress (lapped, or still racing)."""
    count = shared = 0
    before: Ride | None = None
    last = {ruling.bib for ruling in field.rulings.get("relegate_last", ())}
    for ride in order:
        if ride.status == "FIN" and not ride.entry.ranked:
            continue
        if ride.status == "FIN" or (ride.status == "DSQ" and ride.open_place):
            count += 1
            if before is None or not ride.heat or _heat(ride, last) != _heat(before, last):
                shared = count
            if ride.status == "FIN":
                ride.rank = shared
            before = ride
    for ride in following:
        lapped = ride.status == "LAP"
        if ride.entry.ranked and (field.rules.lapped_ranked if lapped else ride.seen):
            count += 1
            ride.rank = count


def _heat(ride: Ride, last: Container[int | None]) -> tuple[int, int, bool, bool]:
    """Equal for two who share a place: one dead heat, and the same fate after it."""
    return ride.heat, ride.penalty_s, ride.relegated, ride.bib in last


def by_laps(field: Field, rides: list[Ride]) -> list[Ride]:
    """Lapped and racing riders by progress: laps, then the furthest point reached since, then when.

    A pulled rider without any crossing comes behind those with one, in the order of the rulings.
    """
    several = progress.several_points(field)
    keyed = []
    for ride in rides:
        mark, at_us = 0, ride.end_us or FAR_US
        if several and ride.status == "racing":
            (_, mark), at_us = progress.furthest(ride)
        keyed.append(((-ride.laps, -mark, at_us, ride.order_number, ride.bib), ride))
    keyed.sort(key=lambda pair: pair[0])
    return [ride for _, ride in keyed]


def rank(field: Field) -> list[list[Ride]]:
    """Judge the finish of the whole race, then list each of those ranked together in display order."""
    road = road_order(field)
    groups.finish_times(field, road)
    groups.credit(field)
    penalties(field)
    gaps.publish(field, road)
    return [_list(field, rides, road) for rides in field.scopes()]


def _list(field: Field, rides: list[Ride], road: list[Ride]) -> list[Ride]:
    """One list: finishers, then lapped and racing by progress, the waiting, and the tail."""
    members = {id(ride) for ride in rides}
    order = after_penalties(field, finish_order(field, [ride for ride in road if id(ride) in members]))
    status.outside(field, order)
    unranked_laps = not field.rules.lapped_ranked
    going = [ride for ride in rides if ride.status == "racing" or (ride.status == "LAP" and not unranked_laps)]
    going = by_laps(field, going)
    place(field, order, going)
    listed = [ride for ride in order if ride.status == "FIN"] + going
    listed += [ride for ride in rides if ride.status == "waiting"]
    if unranked_laps:
        listed += by_laps(field, [ride for ride in rides if ride.status == "LAP"])
    listed += [ride for ride in order if ride.status == "OTL"]
    for kind in ("NR", "DNF", "DSQ", "DNS"):
        listed += sorted((ride for ride in rides if ride.status == kind), key=lambda ride: (-ride.laps, ride.bib))
    return listed
