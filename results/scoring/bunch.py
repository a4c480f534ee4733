"""The bunch board: who came home when, who shares a time, and whose order a judge has to look at.

| article | rule | function | |
|---|---|---|---|
| UCI 1.2.107 | same-time groups of those who came home on their last lap; lapped riders never join one | `_bunches` | done |
| UCI 1.2.102 | neighbours closer than the event's setting are doubtful until a judge has looked | `_doubts` | done |
| UCI 1.2.110 | so are those whom a source, main or backup, saw in the other order | `_doubts` | done |
| UCI 1.2.100 | who is placed by a finish judge is settled; nobody has to confirm it twice | `_settled` | done |

Nothing is judged here that the result is not made of: the order is the engine's own, with the judges' orders laid over it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from . import groups, laps, standings, ties
from .field import Field, Ride
from .progress import FAR_US
from .race_facts import SECOND_US, RaceFacts, Status


class Sight(NamedTuple):
    """What one source saw of a rider. `typed`: a person wrote the bib down, so the instant is the finger's."""

    source: int
    main: bool
    at_us: int
    typed: bool = False


class Finisher(NamedTuple):
    """A rider who came home. `at_us` is the instant that counts; `sights`: the first of each source, by time.

    heat    number of the dead heat a judge put the rider in, 0 for none
    bunch   letter of the group on the line
    """

    bib: int
    category: str
    rank: int | None
    status: Status
    at_us: int
    heat: int
    bunch: str
    sights: tuple[Sight, ...]


class Bunch(NamedTuple):
    """Riders who crossed the line together, in their order.

    time_us    what they are given, in whole seconds, before penalties; None without a gun
    gap_us     to the first group, of the times given
    before_us  from the latest of the group before to the first of this one; None for the first group
    """

    key: str
    bibs: tuple[int, ...]
    at_us: int
    time_us: int | None
    gap_us: int | None
    before_us: int | None


class Doubt(NamedTuple):
    """Two riders whose order a judge has to look at: `before` stands first as things are.

    reasons   close: nearer than the setting; main, backup: such a source saw them the other way round
    settled   a judge has placed both
    """

    before: int
    after: int
    gap_us: int
    reasons: tuple[str, ...]
    settled: bool


@dataclass(frozen=True, slots=True)
class BunchBoard:
    """The finish of one race. `finishers` in their order over the line, `doubts` in that order too.

    by_line   whether the order over the line makes places; not where own times do, then nothing there is doubtful
    shared    whether a group shares the time of its first
    """

    finishers: tuple[Finisher, ...]
    bunches: tuple[Bunch, ...]
    doubts: tuple[Doubt, ...]
    by_line: bool
    shared: bool

    @property
    def open(self) -> tuple[Doubt, ...]:
        """The doubts nobody has settled."""
        return tuple(doubt for doubt in self.doubts if not doubt.settled)


def finish_reads(facts: RaceFacts, ends: Iterable[int | None]) -> list[int]:
    """The reads behind the finish: those of the passings of the line at these instants."""
    wanted = frozenset(ends)
    return [
        read_id
        for passing in facts.passings
        if passing.point == facts.rules.finish and passing.at_us in wanted
        for read_id in passing.read_ids
    ]


def read(facts: RaceFacts, sights: Mapping[int, Sight], doubt_us: int) -> BunchBoard:
    """The finish of a race. `sights`: read -> what it was; `doubt_us`: closer than this is doubtful, and equal always."""
    field = laps.ridden(facts)
    standings.settle(field)
    home = [ride for ride in field.rides if ride.home and ride.status in ("FIN", "OTL", "DSQ")]
    road = ties.judged(field, sorted(home, key=lambda ride: (ride.end_us or FAR_US, ride.bib)))
    seen = _seen(field, road, sights)
    bunches = _bunches(field, road)
    letters = {bib: bunch.key for bunch in bunches for bib in bunch.bibs}
    by_line = field.rules.rank_by == "order"
    return BunchBoard(
        tuple(_finisher(ride, letters[ride.bib], seen.get(ride.bib, ())) for ride in road),
        bunches,
        tuple(_doubts(field, road, seen, doubt_us)) if by_line else (),
        by_line,
        _shared(field),
    )


def _finisher(ride: Ride, letter: str, sights: tuple[Sight, ...]) -> Finisher:
    at_us = ride.end_us or 0
    return Finisher(ride.bib, ride.entry.category, ride.rank, ride.status, at_us, ride.heat, letter, sights)


def _seen(field: Field, road: Iterable[Ride], sights: Mapping[int, Sight]) -> dict[int, tuple[Sight, ...]]:
    """Bib -> what each source saw of the rider's finish: of several reads the one whose time counts, else the first."""
    ends = {ride.bib: ride.end_us for ride in road}
    wearers = laps.wearers_of(field)
    found: dict[int, tuple[Sight, ...]] = {}
    for passing in field.facts.passings:
        wearer = wearers.get(passing.bib)
        if wearer is None or passing.point != field.rules.finish or ends.get(wearer.bib) != passing.at_us:
            continue
        by_source: dict[int, Sight] = {}
        for read_id in passing.read_ids:
            if (sight := sights.get(read_id)) is not None:
                by_source.setdefault(sight.source, sight)
        found[wearer.bib] = tuple(sorted(by_source.values(), key=lambda sight: (not sight.main, sight.at_us)))
    return found


def _shared(field: Field) -> bool:
    return field.rules.bunch and field.rules.time_point is None


def _bunches(field: Field, road: list[Ride]) -> tuple[Bunch, ...]:
    """The groups on the line, as times are made of them; where times are own, those who rode in together."""
    split, join = (frozenset(ruling.bib for ruling in field.rulings.get(kind, ())) for kind in ("split", "join"))
    place = {ride.bib: index for index, ride in enumerate(road)}
    found = [
        [bib for bib, _ in group]
        for riders in groups.who_rode_together(field.rules, road)
        for group in groups.chain(field.rules, [(ride.bib, ride.end_us or 0) for ride in riders], split, join)
    ]
    found.sort(key=lambda bibs: place[bibs[0]])
    bunches: list[Bunch] = []
    latest_us: int | None = None
    first_us: int | None = None
    for index, bibs in enumerate(found):
        ends = [field.by_bib[bib].end_us or 0 for bib in bibs]
        time_us = _given(field, field.by_bib[bibs[0]])
        first_us = time_us if index == 0 else first_us
        gap_us = None if time_us is None or first_us is None else time_us - first_us
        before_us = None if latest_us is None else ends[0] - latest_us
        bunches.append(Bunch(groups.letter(index), tuple(bibs), ends[0], time_us, gap_us, before_us))
        latest_us = max(ends) if latest_us is None else max(latest_us, *ends)
    return tuple(bunches)


def _given(field: Field, first: Ride) -> int | None:
    """The time a group is given, of its first rider."""
    if first.base_us is None or first.end_us is None:
        return None
    return (first.end_us - first.base_us - field.neutral_us) // SECOND_US * SECOND_US


def _doubts(field: Field, road: list[Ride], seen: Mapping[int, tuple[Sight, ...]], doubt_us: int) -> list[Doubt]:
    """The doubtful pairs of those ranked together, in the order over the line."""
    place = {ride.bib: index for index, ride in enumerate(road)}
    orders = [frozenset(bib for group in said for bib in group) for said in ties.orders(field)]
    doubts: list[Doubt] = []
    for rides in field.scopes():
        members = {id(ride) for ride in rides}
        ranked = [ride for ride in road if id(ride) in members and (ride.status != "DSQ" or ride.open_place)]
        why: dict[tuple[int, int], set[str]] = {}
        for before, after in pairwise(ranked):
            gap_us = (after.end_us or 0) - (before.end_us or 0)
            if abs(gap_us) < max(doubt_us, 1):
                why.setdefault((before.bib, after.bib), set()).add("close")
            if gap_us < 0:
                why.setdefault((before.bib, after.bib), set()).add("main")
        for pair, role in _against([ride.bib for ride in ranked], seen):
            why.setdefault(pair, set()).add(role)
        for (one, other), reasons in why.items():
            gap_us = (field.by_bib[other].end_us or 0) - (field.by_bib[one].end_us or 0)
            said = tuple(reason for reason in ("close", "main", "backup") if reason in reasons)
            doubts.append(Doubt(one, other, gap_us, said, _settled(orders, one, other)))
    return sorted(doubts, key=lambda doubt: (place[doubt.before], place[doubt.after]))


def _against(order: Sequence[int], seen: Mapping[int, tuple[Sight, ...]]) -> list[tuple[tuple[int, int], str]]:
    """The pairs that a machine saw in the other order, next to each other among those it saw."""
    latest: dict[int, tuple[int, Sight]] = {}
    found: list[tuple[tuple[int, int], str]] = []
    for bib in order:
        for sight in seen.get(bib, ()):
            if sight.typed:
                continue
            before = latest.get(sight.source)
            if before is not None and sight.at_us < before[1].at_us:
                found.append(((before[0], bib), "main" if sight.main else "backup"))
            latest[sight.source] = (bib, sight)
    return found


def _settled(orders: Sequence[frozenset[int]], one: int, other: int) -> bool:
    return any(one in order and other in order for order in orders)


class Stretch(NamedTuple):
    """A piece of the strip on which nothing is left out: from its instant on, at its place."""

    from_us: int
    until_us: int
    x: int
    width: int


def stretches(instants: Iterable[int], scale: int, chip: int, cut_us: int = 3 * SECOND_US) -> list[Stretch]:
    """The time axis: `scale` pixels a second, cut where nobody came for `cut_us`; the last chip still has its room."""
    found: list[Stretch] = []
    pad_us = SECOND_US // 8
    ordered = sorted(instants)
    start_us = None
    for at_us, next_us in zip(ordered, [*ordered[1:], None], strict=False):
        start_us = at_us - pad_us if start_us is None else start_us
        if next_us is None or next_us - at_us >= cut_us:
            x = found[-1].x + found[-1].width + chip if found else 0
            width = (at_us + pad_us - start_us) * scale // SECOND_US + chip
            found.append(Stretch(start_us, start_us + width * SECOND_US // scale, x, width))
            start_us = None
    return found


def lanes(places: Sequence[int], width: int) -> list[int]:
    """The lane of each chip of this width, dropped where it fits: the upper lane first. `places` ascend."""
    ends: list[int] = []
    found: list[int] = []
    for x in places:
        lane = next((index for index, end in enumerate(ends) if end <= x), len(ends))
        ends[lane : lane + 1] = [x + width]
        found.append(lane)
    return found
