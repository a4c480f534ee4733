"""Times as published, gaps, laps down and places gained.

| article | rule | function | |
|---|---|---|---|
| UCI 1.2.106, M12 | results are communicated in seconds, cut and never rounded | `publish` | done |
| M05 | the gap is the difference of the published times | `result_gap` | done |
| M25 | a time penalty is added to the group's time | `publish` | done |
| M46 | a neutralised interval comes off everybody's time | `publish` | done |
| | live: gap at the place where the rider was last seen, to the first who was seen there | `LapTimes.gap` | done |
| | live: laps down are the times the leader has physically passed the rider | `LapTimes.down` | done |
| 10, F01-F05 | h:mm:ss, +m:ss, s.t., -n LAP | `time_text`, `gap_text` | done |
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from .field import Field, Ride
from .progress import FAR_US, Key, furthest, passes
from .race_facts import SECOND_US


def publish(field: Field, rides: Iterable[Ride]) -> None:
    """Set the published seconds of those who came home; none where the gun or the time is not known."""
    for ride in rides:
        if ride.instant_us is not None and ride.base_us is not None:
            ride.time_s = (ride.instant_us - ride.base_us - field.neutral_us) // SECOND_US + ride.penalty_s


def result_gap(ride: Ride, winner: Ride | None) -> int | None:
    """Gap of a finisher in microseconds, of whole seconds."""
    if ride.time_s is None or winner is None or winner.time_s is None:
        return None
    return (ride.time_s - winner.time_s) * SECOND_US


class LapTimes:
    """When those still in the contest completed each lap, lap by lap. `net`: from each rider's own gun.

    `points`: whether points between are measured too. `first` is when the first of them reached each key of `progress`.
    """

    __slots__ = ("_in_order", "first", "laps", "net")

    def __init__(self, rides: Iterable[Ride], *, net: bool, points: bool = False) -> None:
        self.net = net
        contest = [ride for ride in rides if ride.status in ("racing", "FIN", "LAP", "OTL")]
        times = [ride.crossings for ride in contest]
        if net:
            times = [[at_us - (ride.base_us or 0) for at_us in ride.crossings] for ride in contest]
        self.laps: list[list[int]] = []
        while times := [crossings for crossings in times if len(crossings) > len(self.laps)]:
            lap = len(self.laps)
            self.laps.append([crossings[lap] for crossings in times])
        self._in_order: list[list[int] | None] = [None] * len(self.laps)
        self.first: dict[Key, int] = {(lap, 0): min(times) for lap, times in enumerate(self.laps, start=1)}
        if points:
            self._add_points(contest)

    def _add_points(self, contest: Iterable[Ride]) -> None:
        first = self.first
        for ride in contest:
            base_us = (ride.base_us or 0) if self.net else 0
            for key, at_us in passes(ride).items():
                if key[1] and at_us - base_us < first.get(key, FAR_US):
                    first[key] = at_us - base_us

    def lead(self) -> tuple[int, ...]:
        """When the first rider completed each lap."""
        return tuple(min(lap) for lap in self.laps)

    def _own(self, ride: Ride, lap: int) -> int:
        return ride.crossings[lap] - ((ride.base_us or 0) if self.net else 0)

    def gap(self, ride: Ride) -> int | None:
        """How long after the first of the race the rider came to where he was last seen."""
        key, at_us = furthest(ride)
        first_us = self.first.get(key)
        return None if first_us is None else at_us - ((ride.base_us or 0) if self.net else 0) - first_us

    def move(self, ride: Ride) -> int | None:
        """Places gained between the last two crossings; None before the second."""
        laps = len(ride.crossings)
        if laps < 2:
            return None
        before = bisect_left(self._sorted(laps - 2), self._own(ride, laps - 2))
        return before - bisect_left(self._sorted(laps - 1), self._own(ride, laps - 1))

    def _sorted(self, lap: int) -> list[int]:
        """A lap in order; sorted when first asked, as most laps never are."""
        found = self._in_order[lap]
        if found is None:
            found = self._in_order[lap] = sorted(self.laps[lap])
        return found

    def down(self, ride: Ride, lead_us: tuple[int, ...]) -> int:
        """How often the leader has passed the rider. `lead_us`: instants at which the leader completed laps.

        At his own last crossing the rider has k laps and the leader m: passed m - k times. Since then the leader may
        have come round again while the rider has not: then it is at least the leader's laps - k - 1.
        """
        laps = len(ride.crossings)
        then = bisect_right(lead_us, ride.crossings[-1]) - laps if laps else 0
        return max(then, len(lead_us) - laps - 1, 0)


def time_text(seconds: int | None) -> str:
    """`1:30:00`; empty where there is no time."""
    if seconds is None:
        return ""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def gap_text(gap_s: int | None, laps_down: int = 0) -> str:
    """`+0:42`, `+1:02:03`, `-2 LAP`; empty for the winner; `-0:42` for who rides without rank and was in before him."""
    if laps_down:
        return f"-{laps_down} LAP"
    if not gap_s:
        return ""
    sign, gap_s = ("+", gap_s) if gap_s > 0 else ("-", -gap_s)
    hours, minutes, seconds = gap_s // 3600, gap_s // 60 % 60, gap_s % 60
    return f"{sign}{hours}:{minutes:02}:{seconds:02}" if hours else f"{sign}{minutes}:{seconds:02}"
