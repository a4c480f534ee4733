"""Which crossings of the finish line make a lap, and whose race ends when.

| article | rule | function | |
|---|---|---|---|
| UCI 1.2.095 | nothing counts before the own wave's gun | `count` | done |
| M34, L14 | sooner than the shortest lap after the last crossing: the same crossing seen twice | `count` | done |
| | outside the window of the wave and the point: set aside, as warm-up and the way home are | `inside` | done |
| L06 | the race ends at the last lap; what is ridden after it does not count | `count` | done |
| 19, L01-L05 | once the winner is in, everyone ends at the next crossing | `end_with_winner` | done |
| L17 | that cut is physical: disqualifying the winner does not reopen it | `end_with_winner` | done |
| 17, L11 | a pulled rider has the laps ridden until then | `_pull` | done |
| L07, L08 | a stopped race, or a bell rung wrongly, is judged at an earlier lap | `gather` | done |
| 8.5, L09 | a lap of 1.7 times the median looks like a missed read; only a ruling adds it | `suspect` | done |
| | a lap under 0.6 of the median looks like a stray read; only a correction takes it away | `suspect` | done |
| UCI 4.2 | who falls behind by 80 % of the leader's first lap leaves the course | `reaches_80_percent` | done |
"""

from collections.abc import Iterable
from operator import sub

from timing.passings import Passing

from .field import Field, Ride, whole
from .progress import FAR_US
from .race_facts import RaceFacts, Rules


def ridden(facts: RaceFacts) -> Field:
    """The field with everybody's laps, after rulings and the winner's finish have ended what they end."""
    field = gather(facts)
    count_laps(field)
    take_out(field)
    end_with_winner(field)
    return field


def gather(facts: RaceFacts) -> Field:
    """Entries, guns and passings put together, with the rulings that correct what was read."""
    rules = facts.rules
    guns = {wave.code: wave.gun_us for wave in facts.waves}
    laps = [
        limit for ruling in facts.rulings if ruling.kind == "results_at_lap" if (limit := whole(ruling, "lap") or 0) > 0
    ]
    goals = {category: min([goal, *laps]) for category, goal in rules.laps_by_category.items()}
    goal = min([rules.laps, *laps])
    field = Field(
        facts, [Ride(entry, guns.get(entry.wave), goals.get(entry.category, goal)) for entry in facts.entries]
    )
    windows = {wave.code: _windows(rules, wave.code, wave.gun_us) for wave in facts.waves}
    for ride in field.rides:
        ride.windows = windows.get(ride.entry.wave, {})
    field.flags += [f"results_at_lap:{lap}" for lap in laps]
    field.neutral_us = sum(whole(ruling, "us") or 0 for ruling in field.rulings.get("neutralise", ()))
    field.warnings += [f"unknown_wave:{wave}" for wave in sorted({entry.wave for entry in facts.entries} - set(guns))]
    _base(field)
    _lay_passings(field)
    _correct(field)
    return field


def _base(field: Field) -> None:
    """Ranked by crossing, a category sent off in two waves races on one clock: that of its first gun."""
    if field.rules.rank_by == "net" or len(field.facts.waves) < 2:
        return
    first: dict[str, int] = {}
    for ride in field.rides:
        if ride.gun_us is not None:
            category = ride.entry.category
            first[category] = min(ride.gun_us, first.get(category, ride.gun_us))
    for ride in field.rides:
        if ride.gun_us is not None:
            ride.base_us = first[ride.entry.category]


def inside(ride: Ride, point: str, at_us: int) -> bool:
    """Whether a passing lies in the window of the rider's wave at this point."""
    window = ride.windows.get(point)
    return window is None or window[0] <= at_us <= window[1]


def _windows(rules: Rules, wave: str, gun_us: int | None) -> dict[str, tuple[int, int]]:
    """Point -> from when until when passings count for a wave; without a gun no window has begun."""
    found: dict[str, tuple[int, int]] = {}
    if gun_us is None:
        return found
    for own in (wave, ""):  # the wave's own before the one for all
        for window in rules.windows:
            if window.wave == own and window.point not in found:
                found[window.point] = (
                    0 if window.from_us is None else gun_us + window.from_us,
                    FAR_US if window.until_us is None else gun_us + window.until_us,
                )
    return found


def min_lap_us(rules: Rules, category: str) -> int:
    """The shortest lap of a category."""
    return rules.min_lap_us_by_category.get(category, rules.min_lap_us)


def _windowed(field: Field) -> Iterable[Passing]:
    """The passings that count; what only a person saw is not bound by a window."""
    if not field.rules.windows:
        return field.facts.passings
    wearers = wearers_of(field)
    bound = {window.point for window in field.rules.windows}
    return [
        passing
        for passing in field.facts.passings
        if passing.point not in bound
        or not passing.read_ids
        or (ride := wearers.get(passing.bib)) is None
        or inside(ride, passing.point, passing.at_us)
    ]


def wearers_of(field: Field) -> dict[int, Ride]:
    """Chip's bib -> who wore it, after the rulings on swapped chips."""
    wearers = dict(field.by_bib)
    for ruling in field.rulings.get("chip_swap", ()):
        one, other = whole(ruling, "a") or 0, whole(ruling, "b") or 0
        if one in field.by_bib and other in field.by_bib:
            worn = {ride.bib: bib for bib, ride in wearers.items()}
            wearers[worn[one]], wearers[worn[other]] = wearers[worn[other]], wearers[worn[one]]
    return wearers


def _lay_passings(field: Field) -> None:
    """Each passing to its rider. A bib that does not ride here is said once and changes nothing."""
    finish = field.rules.finish
    cross = {ride.bib: ride.line.append for ride in field.rides}
    marks = {ride.bib: ride.marks for ride in field.rides}
    places = {code: index for index, code in enumerate(field.rules.points, start=1)}
    unlisted = set()
    for bib, point, at_us, _, _ in _windowed(field):
        add = cross.get(bib)
        if add is None:
            unlisted.add(bib)
        elif point == finish:
            add(at_us)
        elif point in places:
            marks[bib].append((at_us, places[point]))
    field.warnings += [f"unlisted_bib:{bib}" for bib in sorted(unlisted)]


def _correct(field: Field) -> None:
    """Rulings on what was read: chips worn by the wrong rider, a crossing no chip gave, a finish only the judge saw."""
    for ruling in field.rulings.get("chip_swap", ()):
        one, other = (field.by_bib.get(whole(ruling, key) or 0) for key in ("a", "b"))
        if one is None or other is None:
            field.warnings.append(f"ruling_without_rider:{ruling.number}")
        else:
            one.line, other.line = other.line, one.line
            one.marks, other.marks = other.marks, one.marks
    for ride, ruling in field.ruled("confirm_missed"):
        at_us = whole(ruling, "at_us")
        if at_us is not None:
            ride.line.append(at_us)
            ride.flags.append("missed_read")
    for ride, ruling in field.ruled("manual_finish"):
        ride.manual_us = whole(ruling, "at_us")
        ride.flags.append("manual")


def count_laps(field: Field) -> None:
    """The laps of everybody; who has ridden all of them is home."""
    rules = field.rules
    for ride in field.rides:
        if ride.gun_us is None and not rules.without_gun:
            continue
        ride.line.sort()
        crossings, doubled = count(ride.line, ride.gun_us, rules, min_lap_us(rules, ride.entry.category))
        if doubled:
            ride.flags.append("duplicate_read")
        if ride.manual_us is not None:
            crossings = _with_manual(ride, crossings)
        _keep(ride, crossings, ride.goal)
        ride.home = ride.laps >= ride.goal
        ride.seen = bool(crossings) or any(at_us > (ride.gun_us or 0) for at_us, _ in ride.marks)


def count(line: list[int], gun_us: int | None, rules: Rules, shortest_us: int) -> tuple[list[int], bool]:
    """The crossings in `line` (sorted) that can be laps, however many, and whether any of them was seen twice.

    The first lap is not shorter than others either: a field that starts behind the line crosses it at the gun.
    """
    if not line:
        return [], False
    least_us = max(shortest_us, 1)
    first_us = least_us if rules.min_first_us is None else max(rules.min_first_us, 1)
    last_us = line[0] if gun_us is None else gun_us + first_us - least_us
    crossings = [last_us] if gun_us is None else []
    doubled = False
    for at_us in line:
        if at_us - last_us >= least_us:
            crossings.append(at_us)
            last_us = at_us
        elif crossings and at_us != last_us:
            doubled = True
    return crossings, doubled


def _with_manual(ride: Ride, crossings: list[int]) -> list[int]:
    """The judge's finish is the finish: it replaces what chips say about the last lap."""
    assert ride.manual_us is not None
    before = [at_us for at_us in crossings if at_us < ride.manual_us][: ride.goal - 1]
    if len(before) < ride.goal - 1:
        ride.flags.append("missed_read")
    return [*before, ride.manual_us]


def _keep(ride: Ride, crossings: list[int], laps: int) -> None:
    """The first `laps` crossings are the rider's laps; any after them is an extra one."""
    if len(crossings) > laps:
        crossings = crossings[:laps]
        if "extra_crossing" not in ride.flags:
            ride.flags.append("extra_crossing")
    ride.crossings = crossings
    ride.laps = ride.goal if ride.manual_us is not None and crossings else len(crossings)
    ride.end_us = crossings[-1] if crossings else None


def take_out(field: Field) -> None:
    """Who was taken out of the race, or never was in it, cannot come home; a disqualified rider can."""
    for ride, ruling in field.ruled("pulled"):
        _pull(ride, whole(ruling, "after_lap"), whole(ruling, "at_us"), ruling.number)
    for kind in ("dnf", "dns"):
        for ride, _ in field.ruled(kind):
            ride.home = False


def _pull(ride: Ride, after_lap: int | None, at_us: int | None, number: int) -> None:
    """The commissaire's count of laps stands, within the race's; where a chip missed one of them the row says so."""
    if after_lap is not None:
        after_lap = min(max(after_lap, 0), ride.goal)
    if after_lap is not None and after_lap > ride.laps:
        ride.flags.append("missed_read")
        ride.laps = after_lap
    elif after_lap is not None:
        _keep(ride, ride.crossings, after_lap)
    ride.home = False
    ride.order_number = number
    if ride.end_us is None:
        ride.end_us = at_us


def end_with_winner(field: Field) -> None:
    """Once the winner is in, everyone still riding ends at the next crossing, in the winner's own instant too."""
    if field.rules.lapped != "lead_lap":
        return
    for rides in field.scopes():
        ends = [ride.end_us for ride in rides if ride.home and ride.end_us is not None]
        if ends:
            cut_us = min(ends)
            for ride in rides:
                _end_at(ride, cut_us)


def _end_at(ride: Ride, cut_us: int) -> None:
    """End one ride at its first crossing not before the winner's finish, if that is not its own finish."""
    if ride.end_us is None or ride.end_us < cut_us or ride.manual_us is not None or ride.order_number:
        return
    laps = next(lap for lap, at_us in enumerate(ride.crossings, start=1) if at_us >= cut_us)
    if laps < ride.goal:
        _keep(ride, ride.crossings, laps)
        ride.home = False
        ride.status = "LAP"


def suspect(field: Field) -> None:
    """Mark laps so long that a read is probably missing, and so short that one is probably not the rider's.

    Never add a lap and never take one away: that is for a ruling, or for a correction of the read (8.5).
    """
    ridden = [(ride, *_lap_times(field, ride)) for ride in field.rides if ride.crossings]
    by_lap: dict[int, list[int]] = {}
    for _, first, laps_us in ridden:
        for lap, lap_us in enumerate(laps_us, start=first):
            by_lap.setdefault(lap, []).append(lap_us)
    usual = {lap: usual_us for lap, laps_us in by_lap.items() if (usual_us := _usual(laps_us))}
    for ride, first, laps_us in ridden:
        if not laps_us or "missed_read" in ride.flags:
            continue
        # Sorted only where the longest is far from the shortest, as it hardly ever is: both limits are beyond 1.66.
        own = sorted(laps_us) if len(laps_us) > 2 and 6 * max(laps_us) > 10 * min(laps_us) else []
        fast = any(10 * lap_us < 6 * usual.get(lap, 0) for lap, lap_us in enumerate(laps_us, first)) if usual else False
        if fast or (len(own) > 3 and 10 * own[0] < 6 * _median(own[1:])):
            ride.flags.append("suspect_fast_lap")
            field.warnings.append(f"fast_lap:{ride.bib}")
        if own and ride.laps > 1 and 10 * own[-1] >= 17 * _median(own):
            ride.flags.append("suspect_missed_read")


def _lap_times(field: Field, ride: Ride) -> tuple[int, list[int]]:
    """The first lap whose time can be compared with others', and the times of the laps from there on."""
    crossings = ride.crossings
    laps_us = list(map(sub, crossings[1:], crossings))
    if field.rules.min_first_us is not None or ride.gun_us is None:
        return 2, laps_us
    return 1, [crossings[0] - ride.gun_us, *laps_us]


def _usual(laps_us: list[int]) -> int:
    """The median of all riders on a lap; 0 where there are fewer than three, or none is so far off that it matters."""
    if len(laps_us) < 3 or 10 * min(laps_us) >= 6 * max(laps_us):
        return 0
    return _median(sorted(laps_us))


def _median(ordered: list[int]) -> int:
    """The middle of what is sorted; of two, the shorter."""
    return ordered[(len(ordered) - 1) // 2]


def reaches_80_percent(leader_first_lap_us: int, leader_lap_end_us: int, rider_lap_end_us: int, last_lap: bool) -> bool:
    """Whether a rider is to be pulled at the end of this lap: a gap of 80 % of the leader's first lap, but never on
    the rider's last lap (UCI 4.2, USAC 5G1).
    """
    return not last_lap and 10 * (rider_lap_end_us - leader_lap_end_us) >= 8 * leader_first_lap_us
