"""What the scoring core is given and what it answers. Nothing else goes in, nothing else comes out.

Instants (`at_us`, `gun_us`) are UTC microseconds since 1970; lengths of time (`..._us`) are microseconds. No floats.
The types of which a race has thousands (Passing, Row) are named tuples, because making them is most of the work.

Keys of `RulingFact.detail`, by kind (all others take none):
  dsq               leave_place_open: bool (the place stays empty, rule 27)
  pulled            after_lap: int (laps that count; all if absent), at_us: int (when, if no crossing tells it)
  time_penalty      seconds: int
  credit_time_of    of: bib whose time the rider is given
  manual_finish     at_us: int (what the judge saw)
  confirm_missed    at_us: int (the crossing the chip did not give)
  chip_swap         a, b: the two bibs that wore each other's chips
  results_at_lap    lap: int
  neutralise        us: int (taken off everybody's time)
  finish_order      order: bibs as the photo shows them, [[46], [63, 8]] with a dead heat in one group
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from timing.passings import Passing

Status = Literal["waiting", "racing", "FIN", "LAP", "OTL", "NR", "DNF", "DNS", "DSQ"]
Role = Literal["lead", "chase", "main", "group"]
Order = Sequence[Sequence[int]]
Detail = Mapping[str, int | str | bool | Order]

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class WaveFact:
    """A wave and the official gun that sent it off; None while it has none."""

    code: str
    gun_us: int | None = None


@dataclass(frozen=True, slots=True)
class EntryFact:
    """A rider on the start list. `ranked` False: rides without rank (a professional in an open race)."""

    bib: int
    category: str = ""
    wave: str = ""
    signed_on: bool = False
    team: str = ""
    ranked: bool = True


@dataclass(frozen=True, slots=True)
class Limit:
    """When a finisher is outside the time limit; every given part applies, None = no such limit."""

    percent: int | None = None
    after_first_us: int | None = None
    absolute_us: int | None = None


class Window(NamedTuple):
    """When passings of a point count for those who leave on a wave, from that wave's gun; None: open at that end.

    Without a wave it holds for every wave that has no window of its own at this point.
    """

    point: str
    wave: str = ""
    from_us: int | None = None
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The race's rules as data.

    points         codes in course order, the finish last; only the finish makes laps, the others show progress
    min_lap_us     a crossing sooner after the last one (or after the gun) is not another lap
    min_lap_us_by_category  the same for some of the categories
    windows        a passing that no read outside them can make: warm-up, a way home over the mat
    min_first_us   the same for the first, shorter lap of a course that starts away from its finish; None = min_lap_us
    bunch          riders of a group share the time of its first (UCI 1.2.107), else everyone has his own
    lapped         lead_lap: once the winner is in, everyone ends at the next crossing; complete: all ride all laps
    rank_by        order over the line, or net time from the own wave's gun
    rank_scope     who is ranked together: a category, or the whole race
    without_gun    laps count although no gun is known (a recorded stream): laps and lap times, no totals
    """

    format: Literal["road", "laps"] = "road"
    laps: int = 1
    finish: str = "F"
    points: tuple[str, ...] = ("F",)
    min_lap_us: int = 0
    gap_us: int = SECOND_US
    wheel_us: int = 120_000
    bunch: bool = True
    lapped: Literal["complete", "lead_lap"] = "complete"
    lapped_ranked: bool = True
    rank_by: Literal["order", "net"] = "order"
    bunch_scope: Literal["race", "category"] = "race"
    limit: Limit = Limit()
    time_point: str | None = None
    laps_by_category: Mapping[str, int] = field(default_factory=dict)
    rank_scope: Literal["category", "race"] = "category"
    min_first_us: int | None = None
    without_gun: bool = False
    min_lap_us_by_category: Mapping[str, int] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    together_us: int = 3 * SECOND_US


@dataclass(frozen=True, slots=True)
class RulingFact:
    """A commissaires' decision in force (revoked ones are left out before)."""

    number: int
    kind: str
    bib: int | None = None
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RaceFacts:
    """All that is known of one race. `judge_order`: bibs as the finish judge placed them, a dead heat in one tuple."""

    waves: tuple[WaveFact, ...]
    entries: tuple[EntryFact, ...]
    passings: tuple[Passing, ...]
    rulings: tuple[RulingFact, ...] = ()
    rules: Rules = Rules()
    judge_order: tuple[tuple[int, ...], ...] = ()
    closed: bool = False

    @property
    def begun(self) -> bool:
        """Whether somebody is on the way: a gun was fired, or somebody was seen where no gun is known."""
        return any(wave.gun_us is not None for wave in self.waves) or (self.rules.without_gun and bool(self.passings))


class Row(NamedTuple):
    """One rider's line of the standings.

    time_us     ended riders: published, whole seconds; racing: exact, where the rider was last seen
    gap_us      to the first of those ranked together; racing: to the first of them where the rider was last seen
    laps_down   LAP: laps missing; racing: times the leader has physically passed the rider
    crossings   instants of the counted laps
    move        places gained between the rider's last two crossings; None: unknown
    """

    bib: int
    category: str
    rank: int | None
    status: Status
    laps: int
    time_us: int | None
    gap_us: int | None
    laps_down: int
    group: str
    crossings: tuple[int, ...]
    last_lap_us: int | None
    flags: tuple[str, ...]
    relegated: bool
    move: int | None


class Group(NamedTuple):
    """Riders who were last seen together: at `point`, after `lap` whole laps, the first of them at `at_us`.

    gap_us      to the first of the race at that same place
    trend_us    how the gap has changed since the lap before; < 0: closing; None: not known
    """

    key: str
    role: Role
    bibs: tuple[int, ...]
    lap: int
    at_us: int
    gap_us: int
    trend_us: int | None
    point: str


@dataclass(frozen=True, slots=True)
class Standings:
    """The answer. `lead_us`: when the first of those still in the race completed each lap.

    warnings    odd data, as `code:argument`, e.g. `unlisted_bib:99`
    flags       what holds for the whole race, e.g. `results_at_lap:3`
    """

    rows: tuple[Row, ...]
    groups: tuple[Group, ...] = ()
    leader: int | None = None
    lead_us: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def row(self, bib: int) -> Row:
        """The line of one bib; KeyError if it is not on the start list."""
        for row in self.rows:
            if row.bib == bib:
                return row
        raise KeyError(bib)


class Step(NamedTuple):
    """One knot of the thread behind a row: what was seen or decided, and what became of it.

    kind      used, merged, set_aside, rule or ruling
    reason    why, as a code (lap, before_gun, outside_window, too_soon, extra_crossing, group_time, dsq ...)
    article   where the rule stands
    value     the number the reason speaks of: lap, seconds, bib or ruling, by reason
    ruling    the number of the ruling, of a step that is one
    detail    further numbers by name: after_us and least_us (too_soon); size and behind_us (group_time); bib, was and
              now (a ruling about somebody else that moved this row)
    """

    kind: Literal["used", "merged", "set_aside", "rule", "ruling"]
    reason: str
    at_us: int | None = None
    point: str = ""
    article: str = ""
    value: int | None = None
    read_ids: tuple[int, ...] = ()
    ruling: int | None = None
    detail: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """A row and how it came about, in the order of events; rules and rulings that shaped it come last."""

    row: Row
    steps: tuple[Step, ...]
