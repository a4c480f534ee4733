"""Why a row says what it says: the thread from what was seen to what was decided.

Nothing is judged here. The thread is read off the judged field, so it cannot say anything else than the result does.
"""

from bisect import bisect_left
from dataclasses import replace

from timing.passings import Passing

from . import laps, standings, status, ties
from .field import Field, Ride, whole
from .race_facts import SECOND_US, RaceFacts, Row, RulingFact, Standings, Step, Why

ARTICLES = {
    "before_gun": "UCI 1.2.095",
    "group_time": "UCI 1.2.107",
    "own_time": "UCI 1.2.106",
    "time_limit": "UCI 2.3.039",
    "judge_order": "UCI 1.2.110",
    "tie_needs_photo": "UCI 1.2.102",
    "dsq": "UCI 2.3.045",
    "relegate_group": "UCI 2.12.007",
    "relegate_last": "UCI 2.12.007",
    "credit_time_of": "UCI 2.6.027",
    "pulled": "UCI 4.2",
    "not_signed_on": "UCI 1.2.094",
}
"""Where a reason stands in the rulebook, for those that stand there; all others are the engine's own rules."""

FLAGGED = ("tie_needs_photo", "suspect_missed_read", "suspect_fast_lap", "no_reads", "no_finish_read", "no_time_read")
"""Flags that are reasons by themselves."""


def explain(facts: RaceFacts, bib: int) -> Why:
    """The thread of one row. KeyError: the bib is not on the start list."""
    field = laps.ridden(facts)
    row = standings.settle(field).row(bib)
    return _thread(_Look(field), row)


def explain_all(facts: RaceFacts) -> tuple[Standings, dict[int, Why]]:
    """The standings and the thread of every row, from one computation."""
    field = laps.ridden(facts)
    told = standings.settle(field)
    look = _Look(field)
    return told, {row.bib: _thread(look, row) for row in told.rows}


class _Look:
    """A judged field, with what its threads look up.

    seen        what the chips of each rider saw, after rulings on swapped chips, by time
    ends        when those who share a time crossed the line, in order
    """

    def __init__(self, field: Field) -> None:
        self.field = field
        self.wearers = laps.wearers_of(field)
        self.seen: dict[int, list[Passing]] = {}
        for passing in sorted(field.facts.passings, key=lambda one: one.at_us):
            ride = self.wearers.get(passing.bib)
            if ride is not None:
                self.seen.setdefault(ride.bib, []).append(passing)
        self.sharing: dict[tuple[int, int | None], list[Ride]] = {}
        for ride in field.rides:
            if ride.bunch:
                self.sharing.setdefault((ride.bunch, ride.instant_us), []).append(ride)
        self.ends = {
            key: sorted(ride.crossings[-1] for ride in rides if ride.crossings) for key, rides in self.sharing.items()
        }
        rulings = sorted(field.facts.rulings, key=lambda ruling: ruling.number)
        self.on_all = [ruling for ruling in rulings if ruling.bib is None and ruling.kind in WHOLE_RACE]
        self.on_one: dict[int, list[RulingFact]] = {}
        for ruling in rulings:
            for bib in {ruling.bib, *_named(ruling)} - {None}:
                self.on_one.setdefault(bib or 0, []).append(ruling)


def _thread(look: _Look, row: Row) -> Why:
    field = look.field
    ride = field.by_bib[row.bib]
    seen = look.seen.get(ride.bib, ())
    steps = [step for passing in seen for step in _passing_steps(field, ride, passing)]
    read = {passing.at_us for passing in seen if passing.point == field.rules.finish}
    steps += [
        _step("used", "lap_by_ruling", at_us=at_us, point=field.rules.finish, value=lap)
        for lap, at_us in enumerate(ride.crossings, start=1)
        if at_us not in read
    ]
    steps.sort(key=lambda step: step.at_us or 0)
    return Why(row, (*steps, *_rule_steps(look, ride), *_ruling_steps(look, ride.bib)))


def _step(
    kind: str,
    reason: str,
    *,
    at_us: int | None = None,
    point: str = "",
    value: int | None = None,
    reads: tuple[int, ...] = (),
    ruling: int | None = None,
    detail: tuple[tuple[str, int], ...] = (),
) -> Step:
    return Step(kind, reason, at_us, point, ARTICLES.get(reason, ""), value, reads, ruling, detail)  # type: ignore[arg-type]


def _passing_steps(field: Field, ride: Ride, passing: Passing) -> list[Step]:
    """What became of a passing, and the reads that confirm it."""
    if passing.point == field.rules.finish:
        kind, reason, value = _crossing(field, ride, passing)
    else:
        kind, reason, value = _mark(field, ride, passing)
    steps = [
        _step(
            kind, reason, at_us=passing.at_us, point=passing.point, value=value, reads=passing.read_ids[:1],
            detail=_too_soon(field, ride, passing) if reason == "too_soon" else (),
        )
    ]  # fmt: skip
    rest = passing.read_ids[1:]
    if rest:
        steps.append(
            _step("merged", "same_passing", at_us=passing.at_us, point=passing.point, value=len(rest), reads=rest)
        )
    return steps


def _crossing(field: Field, ride: Ride, passing: Passing) -> tuple[str, str, int | None]:
    """Kind, reason and value of a passing of the finish."""
    at_us = passing.at_us
    if at_us in ride.crossings:
        return "used", "lap_by_backup" if passing.backup else "lap", ride.crossings.index(at_us) + 1
    if ride.gun_us is None and not field.rules.without_gun:
        return "set_aside", "no_gun", None
    if ride.gun_us is not None and at_us <= ride.gun_us:
        return "set_aside", "before_gun", None
    if passing.read_ids and not laps.inside(ride, passing.point, at_us):
        return "set_aside", "outside_window", None
    if not ride.crossings or at_us < ride.crossings[0]:
        return "set_aside", "start_crossing", None
    before_us = max(crossing for crossing in ride.crossings if crossing <= at_us)
    if at_us - before_us < laps.min_lap_us(field.rules, ride.entry.category):
        return "set_aside", "too_soon", None
    if at_us < ride.crossings[-1]:
        return "set_aside", "judge_saw_otherwise", None
    return "set_aside", "extra_crossing", None


def _too_soon(field: Field, ride: Ride, passing: Passing) -> tuple[tuple[str, int], ...]:
    """How long after the last crossing it came, and how long a lap takes at least."""
    before_us = max(crossing for crossing in ride.crossings if crossing <= passing.at_us)
    least_us = laps.min_lap_us(field.rules, ride.entry.category)
    return (("after_us", passing.at_us - before_us), ("least_us", least_us))


def _together(look: _Look, ride: Ride) -> tuple[tuple[str, int], ...]:
    """How many share the time, and how far behind the one in front of him the rider crossed the line."""
    key = (ride.bunch, ride.instant_us)
    ends = look.ends[key]
    own = ride.crossings[-1] if ride.crossings else 0
    ahead = bisect_left(ends, own)
    return (("size", len(look.sharing[key])), *((("behind_us", own - ends[ahead - 1]),) if ahead else ()))


def _mark(field: Field, ride: Ride, passing: Passing) -> tuple[str, str, int | None]:
    """Kind, reason and value of a passing of another point."""
    if passing.point not in field.rules.points and passing.point != field.rules.time_point:
        return "set_aside", "point_not_counted", None
    if ride.gun_us is None and not field.rules.without_gun:
        return "set_aside", "no_gun", None
    if passing.at_us <= (ride.gun_us or 0):
        return "set_aside", "before_gun", None
    if passing.read_ids and not laps.inside(ride, passing.point, passing.at_us):
        return "set_aside", "outside_window", None
    return "used", "time" if passing.point == field.rules.time_point else "point", None


def _rule_steps(look: _Look, ride: Ride) -> list[Step]:
    """The rules that made the time and the status."""
    field = look.field
    steps: list[Step] = []
    if ride.instant_us is not None and ride.status in ("FIN", "OTL"):
        time_s = None if ride.time_s is None else ride.time_s - ride.penalty_s
        reason, detail = ("group_time", _together(look, ride)) if ride.bunch else ("own_time", ())
        steps.append(_step("rule", reason, at_us=ride.instant_us, value=time_s, detail=detail))
    if ride.status == "OTL":
        steps.append(_step("rule", "time_limit", value=_limit_s(field, ride)))
    if ride.status == "LAP" and not ride.order_number:
        steps.append(_step("rule", "ended_by_winner", value=ride.goal - ride.laps))
    if ride.status == "DNS" and not any(ride.bib == ruling.bib for ruling in field.rulings.get("dns", ())):
        steps.append(_step("rule", "not_signed_on"))
    steps += [_step("rule", flag) for flag in FLAGGED if flag in ride.flags]
    if any(ride.bib in group for said in ties.orders(field) for group in said):
        steps.append(_step("rule", "judge_order"))
    return steps


def _limit_s(field: Field, ride: Ride) -> int | None:
    """The limit the rider was over, in seconds."""
    for scope in field.scopes():
        if ride in scope:
            ranked = sorted((other for other in scope if other.rank is not None), key=lambda other: other.rank or 0)
            winner = status.first_of(ranked)
            first_s = None if winner is None or winner.time_s is None else winner.time_s - winner.penalty_s
            limit_us = status.limit_of(field.rules.limit, first_s)
            return None if limit_us is None else limit_us // SECOND_US
    return None


def _ruling_steps(look: _Look, bib: int) -> list[Step]:
    """The rulings that name the rider, and those that hold for the whole race, in the order they were made.

    The value of a time penalty is its seconds, of any other ruling its number.
    """
    return [
        _step(
            "ruling",
            ruling.kind,
            value=whole(ruling, "seconds") if ruling.kind == "time_penalty" else ruling.number,
            ruling=ruling.number,
        )
        for ruling in sorted([*look.on_all, *look.on_one.get(bib, ())], key=lambda one: one.number)
    ]


def moved_by(facts: RaceFacts, bib: int) -> tuple[Step, ...]:
    """The rulings about others that moved this row, each with the place it would have without it.

    At most `MOST_MOVES`, the newest ones: each costs a whole computation.
    """
    now = standings.settle(laps.ridden(facts)).row(bib).rank
    if now is None:
        return ()
    found = []
    about = [one for one in facts.rulings if one.kind in MOVES and one.bib != bib and bib not in _named(one)]
    for ruling in sorted(about, key=lambda one: one.number)[-MOST_MOVES:]:
        without = replace(facts, rulings=tuple(one for one in facts.rulings if one is not ruling))
        was = standings.settle(laps.ridden(without)).row(bib).rank
        if was is not None and was != now:
            detail = (("bib", ruling.bib or 0), ("was", was), ("now", now))
            found.append(_step("ruling", ruling.kind, value=ruling.number, ruling=ruling.number, detail=detail))
    return tuple(found)


MOVES = (
    "dsq",
    "relegate_group",
    "relegate_last",
    "time_penalty",
    "finish_order",
    "pulled",
    "manual_finish",
    "chip_swap",
)
"""Kinds of rulings that move others than those they name."""
MOST_MOVES = 4

WHOLE_RACE = ("results_at_lap", "neutralise", "otl_waive_all")


def _named(ruling: RulingFact) -> set[int | None]:
    """The riders a ruling speaks of in its detail."""
    if ruling.kind == "finish_order":
        order = ruling.detail.get("order", ())
        return {bib for group in order for bib in group} if isinstance(order, (list, tuple)) else set()
    return {whole(ruling, "a"), whole(ruling, "b")} if ruling.kind == "chip_swap" else set()
