"""The field while it is being judged: one Ride a rider, filled stage by stage, then read out as rows.

These two classes are the only mutable things in the scoring core; they live inside one call
of `score` and never leave it.
"""

from collections.abc import Iterator, Mapping

from .race_facts import EntryFact, RaceFacts, RulingFact, Status


class Ride:
    """A rider's race.

    gun_us      the own wave's gun: what came before it is warm-up
    base_us     what times count from: the first gun of those ranked together, or the own gun in a net race
    line        every passing of the finish, by time
    marks       every passing of another point, as (at_us, index in course order)
    crossings   the passings of the finish that made a lap
    end_us      when the last counted lap ended; for a finisher the finish
    home        rode all laps and was not taken out before (may be disqualified)
    instant_us  what the published time is taken from: the first of the group, or another point
    windows     point -> between which instants passings of it count
    heat        number of the dead heat the judge put the rider in, 0 for none
    """

    __slots__ = (
        "base_us", "bib", "bunch", "crossings", "end_us", "entry", "flags", "goal", "gun_us", "heat", "home",
        "instant_us", "laps", "line", "manual_us", "marks", "open_place", "order_number", "penalty_s", "rank",
        "relegated", "seen", "status", "time_s", "windows",
    )  # fmt: skip

    def __init__(self, entry: EntryFact, gun_us: int | None, goal: int) -> None:
        self.entry = entry
        self.bib = entry.bib
        self.gun_us = gun_us
        self.base_us = gun_us
        self.goal = goal
        self.line: list[int] = []
        self.marks: list[tuple[int, int]] = []
        self.crossings: list[int] = []
        self.laps = 0
        self.end_us: int | None = None
        self.manual_us: int | None = None
        self.home = False
        self.seen = False
        self.status: Status = "racing"
        self.flags: list[str] = []
        self.bunch = 0
        self.instant_us: int | None = None
        self.time_s: int | None = None
        self.penalty_s = 0
        self.relegated = False
        self.open_place = False
        self.heat = 0
        self.order_number = 0
        self.windows: Mapping[str, tuple[int, int]] = {}
        self.rank: int | None = None


class Field:
    """All rides of a race and the rulings on them, by kind in the order in which they were made."""

    __slots__ = ("by_bib", "facts", "flags", "neutral_us", "rides", "rules", "rulings", "warnings")

    def __init__(self, facts: RaceFacts, rides: list[Ride]) -> None:
        self.facts = facts
        self.rules = facts.rules
        self.rides = rides
        self.by_bib = {ride.bib: ride for ride in rides}
        self.neutral_us = 0
        self.warnings: list[str] = []
        self.flags: list[str] = []
        self.rulings: dict[str, list[RulingFact]] = {}
        for ruling in sorted(facts.rulings, key=lambda ruling: ruling.number):
            self.rulings.setdefault(ruling.kind, []).append(ruling)

    def ruled(self, kind: str) -> Iterator[tuple[Ride, RulingFact]]:
        """The rulings of a kind with the rides they speak of; one about a bib that does not ride is a warning."""
        for ruling in self.rulings.get(kind, ()):
            ride = self.by_bib.get(ruling.bib) if ruling.bib is not None else None
            if ride is None:
                self.warnings.append(f"ruling_without_rider:{ruling.number}")
            else:
                yield ride, ruling

    def scopes(self) -> list[list[Ride]]:
        """The rides by who is ranked together, in the order of the start list."""
        if self.rules.rank_scope == "race":
            return [self.rides]
        ranked: dict[str, list[Ride]] = {}
        for ride in self.rides:
            ranked.setdefault(ride.entry.category, []).append(ride)
        return list(ranked.values())


def whole(ruling: RulingFact, key: str) -> int | None:
    """A whole number from a ruling's detail; None if it is not there or not a number."""
    value = ruling.detail.get(key)
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if value.lstrip("-").isdigit() else None
    return value if isinstance(value, int) else None
