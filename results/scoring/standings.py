"""From judged rides to the answer: rows in display order, groups, leader."""

from . import gaps, groups, laps, progress, ranking, status
from .field import Field, Ride
from .race_facts import SECOND_US, Row, Standings


def settle(field: Field) -> Standings:
    """Everything after the laps are known: status, order, times, places; then read the answer out."""
    status.settle(field)
    laps.suspect(field)
    lists = ranking.rank(field)
    times = gaps.LapTimes(field.rides, net=False, points=progress.several_points(field))
    lead_us = times.lead()
    found = groups.situation(field, times.first)
    letters = {bib: group.key for group in found for bib in group.bibs}
    rows: list[Row] = []
    for listed in lists:
        rows += _rows(field, listed, letters, times if len(lists) == 1 else None)
    return Standings(
        tuple(rows), found, _leader(rows), lead_us, tuple(dict.fromkeys(field.warnings)), tuple(field.flags)
    )


def _leader(rows: list[Row]) -> int | None:
    """The first of the list, once anybody has been seen."""
    first = rows[0] if rows else None
    return first.bib if first is not None and first.rank is not None else None


def _rows(field: Field, listed: list[Ride], letters: dict[int, str], times: gaps.LapTimes | None) -> list[Row]:
    """The rows of those ranked together. `times`: their lap times, if they are at hand already."""
    net = field.rules.rank_by == "net"
    if times is None or net:
        times = gaps.LapTimes(listed, net=net, points=progress.several_points(field))
    winner = status.first_of(listed)
    going = [ride for ride in listed if ride.status in ("racing", "FIN", "LAP")]
    lead = tuple(going[0].crossings) if going else ()
    return [_row(field, ride, winner, lead, times, letters.get(ride.bib, "")) for ride in listed]


def _row(
    field: Field, ride: Ride, winner: Ride | None, lead: tuple[int, ...], times: gaps.LapTimes, letter: str
) -> Row:
    crossings = ride.crossings
    time_us = gap_us = move = None
    down = 0
    if ride.status in ("FIN", "OTL"):
        time_us = None if ride.time_s is None else ride.time_s * SECOND_US
        gap_us = gaps.result_gap(ride, winner)
        move = times.move(ride)
    elif ride.status == "LAP":
        down = ride.goal - ride.laps
        move = times.move(ride)
    elif ride.status == "racing":
        gap_us = times.gap(ride)
        if gap_us is not None and ride.base_us is not None:
            time_us = progress.furthest(ride)[1] - ride.base_us - field.neutral_us
        move = times.move(ride)
        down = times.down(ride, lead)
    return Row(
        ride.bib,
        ride.entry.category,
        ride.rank,
        ride.status,
        ride.laps,
        time_us,
        gap_us,
        down,
        letter,
        tuple(crossings),
        _last_lap(ride),
        tuple(ride.flags),
        ride.relegated,
        move,
    )


def _last_lap(ride: Ride) -> int | None:
    """How long the last counted lap took; the first one from the own gun."""
    if len(ride.crossings) > 1:
        return ride.crossings[-1] - ride.crossings[-2]
    return ride.crossings[0] - ride.gun_us if ride.crossings and ride.gun_us is not None else None
