"""The right result, worked out from what really happened and independently of the system under test.

Times are cut to the whole second. On the road a gap of the regulations' second and a wheel (1,120 ms) or more between
two wheels starts a new time, taken from the first rider behind it; riders disqualified later still close gaps; off the
road everybody has his own time. The time limit looks at the published time, and only a longer one is outside. Tail:
FIN, LAP, OTL, DNF, DSQ, DNS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seeds.simulator.cards import RaceCard
from seeds.simulator.truth import Status, TrueRow

TAIL: tuple[Status, ...] = ("FIN", "LAP", "OTL", "DNF", "DSQ", "DNS")


@dataclass(frozen=True)
class Ride:
    """What a rider did: the instants of his laps (in ms), and whether he stopped, was put out, or never left."""

    bib: int
    laps_ms: tuple[int, ...]
    out: Status | None = None


def classify(card: RaceCard, gun_ms: int, rides: Sequence[Ride]) -> tuple[TrueRow, ...]:
    """Return the rows of the result in the order of display, unranked riders within a status by laps and instant."""
    finishers = sorted((ride for ride in rides if len(ride.laps_ms) == card.laps), key=lambda ride: ride.laps_ms[-1])
    times = _times(card, gun_ms, finishers)
    limit = _limit(card, [times[ride.bib] for ride in finishers if ride.out is None])
    status = {ride.bib: _status(card, ride, times.get(ride.bib), limit) for ride in rides}
    ordered = sorted(rides, key=lambda ride: (TAIL.index(status[ride.bib]), -len(ride.laps_ms), ride.laps_ms[-1:]))
    rows, rank = [], 0
    for ride in ordered:
        state = status[ride.bib]
        ranked = state == "FIN" or (state == "LAP" and card.lapped_ranked)
        rank += ranked
        time_s = times[ride.bib] if state in ("FIN", "OTL") else None
        rows.append(TrueRow(ride.bib, rank if ranked else None, state, len(ride.laps_ms), time_s))
    return tuple(rows)


def _times(card: RaceCard, gun_ms: int, finishers: Sequence[Ride]) -> Mapping[int, int]:
    """Return the published time of everyone who rode the distance, in whole seconds, in order over the line."""
    times: dict[int, int] = {}
    before_ms: int | None = None
    shared_s = 0
    for ride in finishers:
        at_ms = ride.laps_ms[-1]
        if not card.bunch or before_ms is None or at_ms - before_ms >= card.gap_ms:
            shared_s = (at_ms - gun_ms) // 1000
        times[ride.bib] = shared_s
        before_ms = at_ms
    return times


def _limit(card: RaceCard, times: Sequence[int]) -> int | None:
    """Return the longest time inside the limit, in seconds, from the first of those not disqualified."""
    if not times:
        return None
    if card.limits.percent is not None:
        return times[0] * (100 + card.limits.percent) // 100
    if card.limits.after_first_s is not None:
        return times[0] + card.limits.after_first_s
    return None


def _status(card: RaceCard, ride: Ride, time_s: int | None, limit: int | None) -> Status:
    if ride.out is not None:
        return ride.out
    if time_s is None:
        return "LAP"
    return "OTL" if limit is not None and time_s > limit else "FIN"
