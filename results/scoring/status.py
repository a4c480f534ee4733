"""What has become of each rider.

| article | rule | function | |
|---|---|---|---|
| UCI 1.2.094, M35 | never read and not signed on: did not start; signed on: no read, for a ruling | `settle` | done |
| M28 | read, but not at the finish: no read, for a ruling; a DNF is never invented | `settle` | done |
| M36 | DSQ stands above DNS, DNS above DNF, DNF above pulled, in whatever order they were ruled | `settle` | done |
| 2.3.039, M13-M16 | the limit is compared with the group's time, in whole seconds; over it is out | `outside` | done |
| M18 | the limit hangs on the first of those who stay in the result | `outside` | done |
| M17 | the panel may let one rider in, or all | `outside` | done |
| 2.6.032 | time-trial limit of 30 % | | not done: with the stage-race formats |
"""

from .field import Field, Ride
from .race_facts import SECOND_US, Limit, Status

TAIL: tuple[Status, ...] = ("FIN", "LAP", "OTL", "NR", "DNF", "DSQ", "DNS")
"""The order in which a closed list ends (22: our choice, peers differ)."""


def settle(field: Field) -> None:
    """Give every rider a status from what was read, then from rulings, the gravest last."""
    closed = field.facts.closed
    for ride in field.rides:
        if ride.home:
            ride.status = "FIN"
        elif ride.status != "LAP":
            ride.status = _unfinished(ride, closed=closed, without_gun=field.rules.without_gun)
    for kind, status in _RULED:
        for ride, ruling in field.ruled(kind):
            ride.status = status
            ride.open_place = ruling.detail.get("leave_place_open") is True
    if closed:
        for ride in field.rides:
            if ride.status == "NR":
                ride.flags.append("no_finish_read" if ride.seen else "no_reads")


_RULED: tuple[tuple[str, Status], ...] = (("pulled", "LAP"), ("dnf", "DNF"), ("dns", "DNS"), ("dsq", "DSQ"))


def _unfinished(ride: Ride, *, closed: bool, without_gun: bool) -> Status:
    """A rider who has not ridden all laps: still out there, or missing."""
    if closed:
        return "NR" if ride.seen or ride.entry.signed_on else "DNS"
    if ride.gun_us is None:
        return "racing" if without_gun and ride.seen else "waiting"
    return "racing" if ride.seen or ride.entry.signed_on else "DNS"


def outside(field: Field, order: list[Ride]) -> None:
    """Mark finishers over the time limit. `order`: those ranked together, as placed, disqualified ones among them."""
    limit = field.rules.limit
    if limit == Limit() or field.rulings.get("otl_waive_all"):
        return
    winner = first_of(order)
    if winner is None or (limit_us := limit_of(limit, _bunch_second(winner, field))) is None:
        return
    waived = {ruling.bib for ruling in field.rulings.get("otl_waive", ())}
    for ride in order:
        second = _bunch_second(ride, field)
        if ride.status == "FIN" and second is not None and second * SECOND_US > limit_us and ride.bib not in waived:
            ride.status = "OTL"


def first_of(order: list[Ride]) -> Ride | None:
    """The winner: the first who stays in the result, and rides for a rank if anyone does."""
    staying = [ride for ride in order if ride.status == "FIN"]
    return next((ride for ride in staying if ride.entry.ranked), staying[0] if staying else None)


def _bunch_second(ride: Ride, field: Field) -> int | None:
    """The group's time without the rider's own penalty, in whole seconds."""
    if ride.instant_us is None or ride.base_us is None:
        return None
    return (ride.instant_us - ride.base_us - field.neutral_us) // SECOND_US


def limit_of(limit: Limit, winner_s: int | None) -> int | None:
    """The strictest of the limits given, cut to the second where it is a percentage (M14)."""
    limits = [] if limit.absolute_us is None else [limit.absolute_us]
    if winner_s is not None and limit.percent is not None:
        limits.append(winner_s * (100 + limit.percent) // 100 * SECOND_US)
    if winner_s is not None and limit.after_first_us is not None:
        limits.append(winner_s * SECOND_US + limit.after_first_us)
    return min(limits, default=None)
