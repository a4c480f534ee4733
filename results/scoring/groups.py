"""Groups: whose time is shared at the finish, and who rides with whom on the road.

| article | rule | function | |
|---|---|---|---|
| UCI 1.2.107 | a gap of 1 s, rear wheel to front wheel, starts a new time, of the first of it | `finish_times` | done |
| M06 | chips read the same part of each bike, so the length of a bike comes on top of the gap | `chain` | done |
| M43 | the gap is measured from the latest read so far, where the judge's order differs from it | `chain` | done |
| M21, L04 | of all who came home, also those disqualified later; never of lapped riders | `finish_times` | done |
| M39 | groups are what was on the road, over all categories, unless the event says otherwise | `finish_times` | done |
| M41, M42 | commissaires split a group or join two | `chain` | done |
| 2.6.027, M40 | an incident in the last 3 km: the time of those the rider was with | `credit` | done |
| M47 | neutralised finish: times at another point, places at the line | `finish_times` | done |
| 2.3.040 (3 s) | a designated stage: a gap of 3 s, from the race's rules | `chain` | done as `gap_us` |
"""

from collections.abc import Iterable, Mapping, Sequence

from .field import Field, Ride, whole
from .laps import inside, wearers_of
from .progress import Key, furthest, passes
from .race_facts import Group, Role, Rules


def finish_times(field: Field, road: list[Ride]) -> None:
    """Set the instant each finisher's time is taken from. `road`: all who came home, in the order of the finish."""
    point = field.rules.time_point
    instants = {ride.bib: ride.end_us for ride in road}
    if point is not None:
        instants = _at_point(field, point)
        for ride in road:
            if ride.bib not in instants:
                ride.flags.append("no_time_read")
        road = sorted((ride for ride in road if ride.bib in instants), key=lambda ride: (instants[ride.bib], ride.bib))
    if not field.rules.bunch:
        for ride in road:
            ride.instant_us = instants[ride.bib]
        return
    number = 0
    split, join = (frozenset(ruling.bib for ruling in field.rulings.get(kind, ())) for kind in ("split", "join"))
    for riders in who_rode_together(field.rules, road):
        for group in chain(field.rules, [(ride.bib, instants[ride.bib] or 0) for ride in riders], split, join):
            number += 1
            for bib, _ in group:
                ride = field.by_bib[bib]
                ride.bunch = number
                ride.instant_us = group[0][1]


def _at_point(field: Field, point: str) -> dict[int, int | None]:
    """When each rider first passed a point after the own gun."""
    instants: dict[int, int | None] = {}
    wearers = wearers_of(field)
    for passing in field.facts.passings:
        ride = wearers.get(passing.bib)
        if ride is None or passing.point != point or (passing.read_ids and not inside(ride, *passing[1:3])):
            continue
        if passing.at_us > (ride.gun_us or 0):
            earlier = instants.get(ride.bib)
            instants[ride.bib] = passing.at_us if earlier is None else min(earlier, passing.at_us)
    return instants


def who_rode_together(rules: Rules, road: Iterable[Ride]) -> Iterable[list[Ride]]:
    """The road as one, or by category; in a net race also by wave, as no wave shares a time with another."""
    together: dict[tuple[str, str], list[Ride]] = {}
    for ride in road:
        category = ride.entry.category if rules.bunch_scope == "category" else ""
        together.setdefault((category, ride.entry.wave if rules.rank_by == "net" else ""), []).append(ride)
    return together.values()


def chain(
    rules: Rules,
    riders: Sequence[tuple[int, int]],
    split: frozenset[int | None] = frozenset(),
    join: frozenset[int | None] = frozenset(),
    least_us: int | None = None,
) -> list[list[tuple[int, int]]]:
    """Groups of (bib, instant) in their order: a new one at each gap, and where commissaires split or join at a bib.

    `least_us`: the gap that parts two groups; the race's own for times, if none is given.
    """
    least_us = rules.gap_us + rules.wheel_us if least_us is None else least_us
    groups: list[list[tuple[int, int]]] = []
    latest_us = 0
    for bib, at_us in riders:
        apart = (at_us - latest_us >= least_us or bib in split) and bib not in join
        if apart or not groups:
            groups.append([(bib, at_us)])
        else:
            groups[-1].append((bib, at_us))
        latest_us = max(latest_us, at_us)
    return groups


def credit(field: Field) -> None:
    """Give a rider the time of another; the place stays where he crossed the line."""
    for ride, ruling in field.ruled("credit_time_of"):
        other = field.by_bib.get(whole(ruling, "of") or 0)
        if other is None or other.instant_us is None:
            field.warnings.append(f"no_time_to_credit:{ruling.number}")
        else:
            ride.instant_us = other.instant_us
            ride.bunch = other.bunch


def situation(field: Field, first: Mapping[Key, int]) -> tuple[Group, ...]:
    """Who rides with whom: groups where they were last seen, the furthest first. `first`: when a key was first reached.

    On the road, riders within `together_us` of each other are one group; at the finish, those who share a time are.
    """
    by_key: dict[Key, list[tuple[int, int]]] = {}
    for ride in field.rides:
        if ride.status in ("racing", "FIN", "OTL"):
            key, at_us = furthest(ride)
            if key in first:
                by_key.setdefault(key, []).append((at_us, ride.bib))
    found: list[tuple[Key, list[tuple[int, int]]]] = []
    for key in sorted(by_key, reverse=True):
        riders = [(bib, at_us) for at_us, bib in sorted(by_key[key])]
        at_finish = field.rules.bunch and field.by_bib[riders[0][0]].home
        least_us = None if at_finish else field.rules.together_us
        found += [(key, group) for group in chain(field.rules, riders, least_us=least_us)]
    roles = _roles([len(group) for _, group in found])
    return tuple(_group(field, index, key, group, roles[index], first) for index, (key, group) in enumerate(found))


def _group(
    field: Field, index: int, key: Key, group: list[tuple[int, int]], role: Role, first: Mapping[Key, int]
) -> Group:
    """A group with its gap where it was last seen, and how that gap has changed since the lap before."""
    bib, at_us = group[0]
    lap, mark = key
    gap_us = at_us - first[key]
    before = (lap - 1, mark)
    then_us = passes(field.by_bib[bib]).get(before) if index and before in first else None
    trend_us = None if then_us is None else gap_us - (then_us - first[before])
    points = field.rules.points
    point = points[mark - 1] if mark else field.rules.finish
    return Group(letter(index), role, tuple(bib for bib, _ in group), lap, at_us, gap_us, trend_us, point)


def _roles(sizes: list[int]) -> list[Role]:
    """The lead ahead of all, the largest group the main one, and the chase between them, first behind the lead."""
    roles: list[Role] = ["group"] * len(sizes)
    if sizes:
        main = sizes.index(max(sizes))
        roles[main] = "main"
        if main > 1:
            roles[1] = "chase"
        roles[0] = "lead"
    return roles


def letter(index: int) -> str:
    """A, B ... Z, AA, AB ..., as groups are called on the radio."""
    key = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        key = chr(ord("A") + rest) + key
    return key
