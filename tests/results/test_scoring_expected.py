"""Who should have passed by now, what nobody read, what only a backup read: small races as a judge's sheet."""

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from results.scoring import expected
from results.scoring.expected import Backup, Count, Place
from tests.race_notation import instant, race_log
from timing.passings import Passing

MINUTE_US = 60_000_000
POINTS = {"points": ("P", "F"), "min_lap_us": 5 * MINUTE_US, "laps": 3}
#: Four ride together, 15 reads nothing at the line after lap 1, 16 is alone behind.
SHEET = """
    gun    8:30 11 12 13 14 15 16
    point  P  11 8:36 8:48
    point  P  12 8:36:01 8:48:01
    point  P  13 8:36:02 8:48:02
    point  P  14 8:36:01.5 8:48:01.5
    point  P  15 8:36:01.2 8:48:01.2
    point  P  16 8:37
    finish 11 8:42 8:54
    finish 12 8:42:01 8:54:01
    finish 13 8:42:02 8:54:02
    finish 14 8:42:01.5
    finish 15 8:54:01.2
    finish 16 8:43:10
"""


def clock(us):
    """An instant as the time of day on the sheet."""
    minutes, rest = divmod(us - instant("0:00"), MINUTE_US)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest / 1_000_000:06.3f}".removesuffix(".000")


def holes(facts):
    return [
        f"{one.bib} {one.point} {one.lap} {clock(one.at_us)} ±{one.error_us / 1e6:g} {one.how} {one.beside}"
        for one in expected.outlook(facts).missing
    ]


def late(facts, now):
    return [
        f"{one.rider.bib} {one.rider.place.point} {one.rider.place.lap} {clock(one.rider.at_us)} +{one.late_us // 1_000_000} "
        f"{one.rider.there}/{one.rider.group}"
        for one in expected.overdue(expected.outlook(facts), instant(now))
    ]


def test_a_hole_between_two_mats_is_told_by_those_who_rode_along():
    assert holes(race_log(SHEET, **POINTS)) == ["15 F 1 8:42:01 ±2 mats 4"]


def test_once_ruled_it_is_no_hole_any_more():
    assert holes(race_log(f"{SHEET}\nconfirm_missed 15 at=8:42:01", **POINTS)) == []


def test_overdue_is_who_others_of_the_same_group_are_ahead_of():
    facts = race_log(SHEET, **POINTS)
    assert late(facts, "8:54:05") == ["16 P 2 8:49:20 +285 0/0"]
    assert late(facts, "8:56") == ["16 P 2 8:49:20 +400 0/0", "14 F 2 8:54:01.500 +118 4/4"]


def test_a_closed_race_expects_nobody_and_those_who_are_out_are_not_waited_for():
    assert late(race_log(f"{SHEET}\nclose", **POINTS), "8:56") == []
    assert late(race_log(f"{SHEET}\ndnf 14\npulled 16", **POINTS), "8:56") == []


def test_before_anybody_rode_a_stretch_nobody_can_tell():
    facts = race_log("gun 8:30 11 12\npoint P 11 8:36", **POINTS)
    told = {one.bib: (one.place, one.at_us and clock(one.at_us)) for one in expected.outlook(facts).riders}
    assert told == {11: (Place(1, "F"), None), 12: (Place(1, "P"), "8:36:00")}


def test_a_mat_that_is_silent_on_a_lap_makes_nobody_overdue_there():
    """P is off on lap 2: all who are past the line of lap 1 are expected at the line of lap 2, once one was read there."""
    lines = [line for line in SHEET.splitlines() if "point" not in line]
    points = [f"point P {bib} 8:36:0{bib - 10}" for bib in range(11, 17)]
    facts = race_log("\n".join([*lines, *points]), **POINTS)
    assert [one.place for one in expected.outlook(facts).riders if one.bib in (14, 16)] == [Place(2, "F")] * 2
    counted = [(one.place, one.main, one.missing) for one in expected.counts(expected.outlook(facts), instant("8:50"))]
    assert counted[2] == (Place(2, "P"), 0, 4)


def test_every_place_counts_what_was_expected_against_what_was_read():
    facts = race_log(SHEET, **POINTS)
    alone = [
        one._replace(backup=True, read_ids=(7,)) if one.bib == 13 and one.point == "P" else one
        for one in facts.passings
    ]
    facts = replace(facts, passings=tuple(alone))
    seen = expected.outlook(facts)
    assert seen.backups == (
        Backup(13, Place(2, "P"), instant("8:48:02"), (7,)), Backup(13, Place(1, "P"), instant("8:36:02"), (7,)),
    )  # fmt: skip
    counted = expected.counts(seen, instant("8:56"))
    assert counted == [
        Count(Place(1, "P"), 5, 1, 0, 0), Count(Place(1, "F"), 5, 0, 1, 0), Count(Place(2, "P"), 4, 1, 0, 1),
        Count(Place(2, "F"), 4, 0, 0, 1),
    ]  # fmt: skip
    assert [one.expected for one in counted] == [6, 6, 6, 5]


LINE = "gun 8:30 11 12 13 14 15\n" + "\n".join(
    f"finish {bib} 8:42:0{bib - 10} 8:54:0{bib - 10} 9:06:0{bib - 10} 9:18:0{bib - 10}" for bib in range(11, 15)
)


def test_with_the_line_alone_time_tells_and_not_the_riders_own_doubled_lap():
    """Two laps seen, both double: the rider's own median would say that all is well."""
    facts = race_log(f"{LINE}\nfinish 15 8:54:02 9:18:02", laps=4, min_lap_us=5 * MINUTE_US)
    assert holes(facts) == ["15 F 1 8:42:02 ±2.5 pace 4", "15 F 3 9:06:02 ±2.5 pace 4"]


def test_a_rider_who_stood_by_the_road_is_not_given_a_lap():
    facts = race_log(f"{LINE}\nfinish 15 8:42:02 9:01 9:13 9:25", laps=4, min_lap_us=5 * MINUTE_US)
    assert holes(facts) == []


def test_a_rider_who_waits_beside_a_mat_passes_it_once():
    """Retired at P, unnoticed: read every four minutes. No lap is made of that."""
    waits = " ".join(f"8:{minute}" for minute in range(48, 60, 4))
    facts = race_log(f"{SHEET}\nfinish 14 8:42:01.7\npoint P 16 {waits} 9:00 9:04 9:08 9:12", **POINTS)
    assert [hole for hole in holes(facts) if hole.startswith("16")] == []


RACE = race_log(SHEET, **POINTS)


@given(st.permutations(RACE.passings))
def test_the_order_of_passings_changes_nothing(passings):
    assert expected.outlook(replace(RACE, passings=tuple(passings))) == expected.outlook(RACE)


@given(st.integers(-(10**12), 10**12))
def test_everything_later_is_everything_later(shift_us):
    moved = replace(
        RACE,
        waves=tuple(replace(wave, gun_us=(wave.gun_us or 0) + shift_us) for wave in RACE.waves),
        passings=tuple(one._replace(at_us=one.at_us + shift_us) for one in RACE.passings),
    )
    one, other = expected.outlook(RACE), expected.outlook(moved)
    assert [(hole.bib, hole.at_us + shift_us, hole.error_us) for hole in one.missing] == [
        (hole.bib, hole.at_us, hole.error_us) for hole in other.missing
    ]
    assert [rider.at_us and rider.at_us + shift_us for rider in one.riders] == [rider.at_us for rider in other.riders]


@given(
    st.lists(st.tuples(st.integers(11, 16), st.sampled_from("PFQ"), st.integers(0, 5000)), max_size=40),
    st.integers(1, 4),
)
@example([(11, "P", 1), (12, "P", 1), (13, "P", 1), (13, "P", 300), (13, "F", 300)], 2)  # 13 at two mats at one instant
@example([(11, "P", 1), (12, "P", 1), (13, "P", 1), (14, "P", 300), (14, "F", 300), (14, "F", 600)], 2)
def test_whatever_was_read_nothing_is_both_read_and_missing(reads, laps):
    passings = tuple(Passing(bib, point, instant("8:30") + at * 1_000_000, (1,)) for bib, point, at in reads)
    facts = race_log("gun 8:30 11 12 13 14 15 16", **{**POINTS, "laps": laps})
    seen = expected.outlook(replace(facts, passings=passings))
    for hole in seen.missing:
        assert hole.before_us < hole.at_us < hole.after_us
        assert 1 <= hole.lap <= laps
    for count in expected.counts(seen, instant("10:00")):
        assert count.main + count.missing + count.overdue <= 6
