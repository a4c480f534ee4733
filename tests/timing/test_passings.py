"""Reads to passings: chips that change hands, one detection seen often, a backup that confirms or stands in."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from timing import passings
from timing.passings import ChipHeld, Passing, Passings, PointRule, ReadFact

SECOND = 1_000_000
CHIPS = [ChipHeld("AA", 11), ChipHeld("BB", 12)]
RULES = [PointRule("F", 5 * SECOND)]


def derive(reads, chips, rules, backup_us):
    """The passings, with one backup window at every point."""
    return passings.derive(reads, chips, [rule._replace(backup_us=backup_us) for rule in rules])


def read(
    read_id: int, chip: str, seconds: float, *, main: bool = True, point: str = "F", rssi: int | None = None
) -> ReadFact:
    return ReadFact(read_id, point, main, chip, round(seconds * SECOND), rssi)


def test_reads_within_the_window_are_one_passing_with_the_time_of_the_first():
    assert derive([read(1, "AA", 10), read(2, "AA", 14.9), read(3, "AA", 15)], CHIPS, RULES, 0) == Passings(
        (Passing(11, "F", 10 * SECOND, (1, 2)), Passing(11, "F", 15 * SECOND, (3,)))
    )


def test_the_window_counts_from_the_first_read_so_that_a_rider_beside_the_mat_is_no_endless_passing():
    reads = [read(number, "AA", 10 + 4 * number) for number in range(4)]
    assert derive(reads, CHIPS, RULES, 0).passings == (
        Passing(11, "F", 10 * SECOND, (0, 1)),
        Passing(11, "F", 18 * SECOND, (2, 3)),
    )


def test_policies_pick_the_read_whose_time_is_used():
    reads = [read(1, "AA", 10, rssi=-60), read(2, "AA", 11, rssi=-40), read(3, "AA", 12)]
    picked = {
        policy: derive(reads, CHIPS, [PointRule("F", 5 * SECOND, policy)], 0).passings
        for policy in ("first", "strongest", "last")
    }
    assert picked == {
        "first": (Passing(11, "F", 10 * SECOND, (1, 2, 3)),),
        "strongest": (Passing(11, "F", 11 * SECOND, (2, 1, 3)),),
        "last": (Passing(11, "F", 12 * SECOND, (3, 1, 2)),),
    }


def test_a_backup_near_a_main_read_confirms_it_and_alone_makes_the_passing():
    reads = [
        read(1, "AA", 100),
        read(2, "AA", 99.5, main=False),
        read(3, "BB", 103, main=False),
        read(4, "AA", 200, main=False),
    ]
    assert derive(reads, CHIPS, RULES, 2 * SECOND).passings == (
        Passing(11, "F", 100 * SECOND, (1, 2)),
        Passing(12, "F", 103 * SECOND, (3,), backup=True),
        Passing(11, "F", 200 * SECOND, (4,), backup=True),
    )


def test_a_backup_beyond_its_window_but_inside_the_points_window_is_still_the_same_passing():
    reads = [read(1, "AA", 100), read(2, "AA", 104.999, main=False), read(3, "AA", 105, main=False)]
    assert derive(reads, CHIPS, RULES, SECOND).passings == (
        Passing(11, "F", 100 * SECOND, (1, 2)),
        Passing(11, "F", 105 * SECOND, (3,), backup=True),
    )


def test_the_backup_window_includes_its_end():
    reads = [read(1, "AA", 100), read(2, "AA", 108, main=False), read(3, "AA", 108.000001, main=False)]
    assert [passing.read_ids for passing in derive(reads, CHIPS, RULES, 8 * SECOND).passings] == [(1, 2), (3,)]


def test_a_backup_between_two_main_passings_confirms_the_nearer_one():
    reads = [read(1, "AA", 100), read(2, "AA", 110), read(3, "AA", 107, main=False)]
    assert derive(reads, CHIPS, RULES, 20 * SECOND).passings == (
        Passing(11, "F", 100 * SECOND, (1,)),
        Passing(11, "F", 110 * SECOND, (2, 3)),
    )


def test_a_chip_is_another_bibs_the_next_day():
    chips = [ChipHeld("AA", 11, None, 50 * SECOND), ChipHeld("AA", 1001, 60 * SECOND, None)]
    reads = [read(1, "AA", 49), read(2, "AA", 50), read(3, "AA", 60)]
    assert derive(reads, chips, RULES, 0) == Passings(
        (Passing(11, "F", 49 * SECOND, (1,)), Passing(1001, "F", 60 * SECOND, (3,))),
        (),
        ((2, "chip_not_held"),),
    )


def test_a_chip_handed_out_again_has_left_its_old_bib():
    chips = [ChipHeld("AA", 11), ChipHeld("AA", 12, 50 * SECOND)]
    assert derive([read(1, "AA", 40), read(2, "AA", 50)], chips, RULES, 0).passings == (
        Passing(11, "F", 40 * SECOND, (1,)),
        Passing(12, "F", 50 * SECOND, (2,)),
    )


def test_unknown_chips_are_counted_and_points_without_a_rule_are_set_aside():
    reads = [read(1, "XX", 10), read(2, "XX", 11), read(2, "XX", 11), read(3, "AA", 12, point="5Km")]
    assert derive(reads, CHIPS, RULES, 0) == Passings(
        (), (("XX", 2),), ((1, "unknown_chip"), (2, "unknown_chip"), (3, "point_not_counted"))
    )


def test_two_chips_of_one_rider_are_one_rider():
    chips = [ChipHeld("AA", 11), ChipHeld("BB", 11)]
    assert derive([read(1, "BB", 10), read(2, "AA", 10.2)], chips, RULES, 0).passings == (
        Passing(11, "F", 10 * SECOND, (1, 2)),
    )


def test_equal_instants_keep_the_order_of_the_bibs():
    reads = [read(1, "BB", 10), read(2, "AA", 10)]
    assert [passing.bib for passing in derive(reads, CHIPS, RULES, 0).passings] == [11, 12]


READS = st.lists(
    st.builds(
        lambda point, main, chip, at, rssi: (point, main, chip, at, rssi),
        st.sampled_from(["F", "P", "other"]),
        st.booleans(),
        st.sampled_from(["AA", "BB", "CC", "XX"]),
        st.integers(0, 60),
        st.none() | st.integers(-80, -40),
    ),
    max_size=40,
).map(lambda parts: [ReadFact(number, *part[:3], part[3] * SECOND // 2, part[4]) for number, part in enumerate(parts)])
HELD = [ChipHeld("AA", 11), ChipHeld("BB", 12, 5 * SECOND, 20 * SECOND), ChipHeld("CC", 12, None, None)]
POINTS = st.sampled_from(["first", "strongest", "last"]).map(
    lambda policy: [PointRule("F", 3 * SECOND, policy), PointRule("P", 0, policy)]
)


@given(READS, POINTS, st.integers(0, 4), st.randoms())
def test_the_order_of_reads_changes_nothing_and_neither_does_a_read_given_twice(reads, rules, window, dice):
    shuffled = [*reads, *reads[: len(reads) // 2]]
    dice.shuffle(shuffled)
    assert derive(shuffled, HELD, rules, window * SECOND) == derive(reads, HELD, rules, window * SECOND)


@given(READS, POINTS, st.integers(0, 4))
def test_every_read_is_in_one_passing_or_set_aside_with_a_reason(reads, rules, window):
    derived = derive(reads, HELD, rules, window * SECOND)
    used = [read_id for passing in derived.passings for read_id in passing.read_ids]
    aside = [read_id for read_id, _ in derived.set_aside]
    assert sorted(used + aside) == [read.read_id for read in reads]


@given(READS, POINTS)
def test_a_passing_has_the_time_of_its_first_read_id_and_passings_are_in_order(reads, rules):
    instants = {read.read_id: read.at_us for read in reads}
    passings = derive(reads, HELD, rules, SECOND).passings
    assert [passing.at_us for passing in passings] == [instants[passing.read_ids[0]] for passing in passings]
    assert list(passings) == sorted(passings, key=lambda passing: passing.at_us)


def test_a_rider_is_never_seen_twice_within_the_window_by_one_mat():
    reads = [read(number, "AA", number * 0.7, main=number % 3 > 0) for number in range(60)]
    instants = [passing.at_us for passing in derive(reads, CHIPS, RULES, 2 * SECOND).passings]
    assert all(later - earlier >= 5 * SECOND for earlier, later in pairwise(instants))


CLEAN = st.lists(st.tuples(st.sampled_from(["AA", "CC"]), st.integers(0, 30), st.integers(0, 2)), max_size=20)


@given(READS, POINTS, st.integers(0, 4), st.integers(-(10**12), 10**12))
def test_everything_later_is_everything_later(reads, rules, window, shift_us):
    """Reads, and the moments at which chips changed hands, on a clock that is off by as much for all."""
    held = [
        one._replace(
            from_us=None if one.from_us is None else one.from_us + shift_us,
            until_us=None if one.until_us is None else one.until_us + shift_us,
        )
        for one in HELD
    ]
    moved = derive([read._replace(at_us=read.at_us + shift_us) for read in reads], held, rules, window * SECOND)
    here = derive(reads, HELD, rules, window * SECOND)
    assert moved.passings == tuple(one._replace(at_us=one.at_us + shift_us) for one in here.passings)
    assert (moved.unknown, moved.set_aside) == (here.unknown, here.set_aside)


@given(READS, POINTS, st.integers(0, 4))
def test_what_others_do_changes_nothing_for_a_rider(reads, rules, window):
    whole = derive(reads, HELD, rules, window * SECOND).passings
    for bib, chips in ((11, {"AA"}), (12, {"BB", "CC"})):
        alone = derive([read for read in reads if read.chip in chips], HELD, rules, window * SECOND).passings
        assert [one for one in whole if one.bib == bib] == [one for one in alone if one.bib == bib]


@given(READS, POINTS, st.integers(0, 4), st.integers(1, 39))
def test_deliveries_cut_anywhere_are_the_same_reads(reads, rules, window, cut):
    assert derive([*reads[cut:], *reads[:cut]], HELD, rules, window * SECOND) == derive(
        reads, HELD, rules, window * SECOND
    )


@given(CLEAN, st.integers(0, 2))
def test_a_main_mat_that_is_silent_is_replaced_by_its_backup_and_comes_back_in_its_place(crossings, late):
    """Each crossing a minute from the next: whichever mats saw it, it is one passing, and the main one's time counts."""
    reads = []
    seen = {(chip, minute): who for chip, minute, who in crossings}  # 0: main alone, 1: backup alone, 2: both
    for number, ((chip, minute), who) in enumerate(seen.items()):
        at_us = minute * 60 * SECOND
        if who != 1:
            reads.append(ReadFact(2 * number, "F", True, chip, at_us))
        if who != 0:
            reads.append(ReadFact(2 * number + 1, "F", False, chip, at_us + late * SECOND))
    rules = [PointRule("F", 5 * SECOND)]
    found = derive(reads, HELD, rules, 3 * SECOND).passings
    wanted = len({(read.chip, read.at_us // (60 * SECOND)) for read in reads})
    assert len(found) == wanted
    assert {one.backup for one in found if one.at_us % (60 * SECOND)} <= {True}
    mains = {read.read_id for read in reads if read.main}
    assert {one.read_ids[0] for one in found if not one.backup} == mains


def test_several_mains_and_several_backups_of_a_point_are_one_mat_each():
    """Two decoders on one mat and two boxes beside it: ids tell which read was whose."""
    reads = [
        read(1, "AA", 100.2), read(2, "AA", 100.0), read(3, "AA", 99.9, main=False), read(4, "AA", 100.4, main=False),
        read(5, "BB", 130.1, main=False), read(6, "BB", 130.0, main=False),
    ]  # fmt: skip
    assert derive(reads, CHIPS, RULES, 3 * SECOND).passings == (
        Passing(11, "F", 100 * SECOND, (2, 3, 1, 4)),
        Passing(12, "F", 130 * SECOND, (6, 5), backup=True),
    )


def test_a_chip_that_changes_hands_in_mid_race_takes_nothing_along():
    """AA goes from 11 to 12 at second 50, whose own chip is dead since then: each passing is that of who wore it."""
    chips = [
        ChipHeld("AA", 11, None, 50 * SECOND),
        ChipHeld("AA", 12, 50 * SECOND),
        ChipHeld("BB", 12, None, 50 * SECOND),
    ]
    reads = [read(1, "AA", 40), read(2, "BB", 41), read(3, "AA", 90), read(4, "BB", 91)]
    assert derive(reads, chips, RULES, 0) == Passings(
        (Passing(11, "F", 40 * SECOND, (1,)), Passing(12, "F", 41 * SECOND, (2,)), Passing(12, "F", 90 * SECOND, (3,))),
        (),
        ((4, "chip_not_held"),),
    )
