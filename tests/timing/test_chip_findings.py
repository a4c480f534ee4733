"""Stuck chips, crowds at the line, two chips on one person; and whose a sighting is."""

from hypothesis import given
from hypothesis import strategies as st

from timing.chip_findings import CROWD, STUCK_READS, STUCK_US, Crowd, Sighting, Twins, sort_out, stuck, twins
from timing.passings import ChipHeld

SECOND = 1_000_000
MINUTE = 60 * SECOND


def there(chip: str, first: int, last: int, reads: int = 5000, source: int = 1) -> Sighting:
    """A chip in front of a source from one second until another."""
    return Sighting(source, chip, first * SECOND, last * SECOND, reads)


def test_a_bike_parked_on_the_mat_is_stuck_and_one_that_passes_is_not():
    parked = there("A", 100, 400)
    assert stuck([parked, there("B", 100, 103, 60), there("C", 100, 400, STUCK_READS - 1)]) == ([parked], [])


def test_riders_who_wait_at_the_line_are_a_crowd_and_a_bike_parked_beside_them_all_morning_is_not():
    waiting = [there(f"W{n}", 1000 + n, 1600, 900) for n in range(30)]
    parked = there("A", 0, 7200)
    assert stuck([parked, *waiting]) == ([parked], [Crowd(1, 30, 1003 * SECOND, 1600 * SECOND, 30 * 900)])


def test_as_many_as_make_a_crowd_at_several_mats_are_none():
    apart = [there("A", 0, 300, source=source) for source in range(CROWD)]
    assert stuck(apart) == (sorted(apart, key=lambda one: one), [])


long_sightings = st.builds(
    lambda source, chip, first, length, reads: there(chip, first, first + length, reads, source),
    st.integers(1, 2), st.sampled_from("ABCDEFGH"), st.integers(0, 600), st.integers(0, 600), st.integers(1, 100),
)  # fmt: skip


@given(st.lists(long_sightings, max_size=30), st.randoms(use_true_random=False))
def test_every_long_sighting_is_stuck_or_in_a_crowd_whatever_the_order(found, random):
    alone, crowds = stuck(found)
    long = {one for one in found if one.last_us - one.first_us >= STUCK_US and one.reads >= STUCK_READS}
    assert set(alone) <= long
    for one in long - set(alone):
        assert any(crowd.source == one.source and one.last_us > crowd.first_us for crowd in crowds)
    assert all(crowd.chips <= len({one.chip for one in long if one.source == crowd.source}) for crowd in crowds)
    shuffled = [*found, *found]
    random.shuffle(shuffled)
    assert stuck(shuffled) == (alone, crowds)


def passed(chip: str, *instants_ms: int, source: int = 1) -> list[Sighting]:
    return [Sighting(source, chip, at * 1000, at * 1000 + 50_000, 2) for at in instants_ms]


def test_two_chips_that_are_together_everywhere_are_twins():
    riders = {
        7: passed("A", 100_000, 200_000, source=2) + passed("A", 150_000, 250_000),
        9: passed("B", 100_050, 200_020, source=2) + passed("B", 150_010, 250_099),
        8: passed("C", 100_020, 201_000, source=2) + passed("C", 150_020, 250_020),
    }
    assert twins(riders, starts=()) == [Twins((7, 9), ("A", "B"), 4, 99_000, 100_000_000, 250_000_000)]


def test_together_at_the_start_only_is_no_sign():
    riders = {bib: passed(chip, 1000, 2000, 3000, 4000, source=5) for bib, chip in ((1, "A"), (2, "B"))}
    assert twins(riders, starts=[5]) == []
    assert twins(riders, starts=[], away_us={1: MINUTE, 2: MINUTE}) == []
    assert len(twins(riders, starts=[])) == 1


def test_a_tenth_of_a_second_apart_once_is_two_riders():
    together = [1000, 2000, 3000]
    riders = {1: passed("A", *together, 4000), 2: passed("B", *together, 4100)}
    assert twins(riders, starts=[]) == []
    assert len(twins(riders | {2: passed("B", *together, 4099)}, starts=[])) == 1


def test_twice_together_may_be_chance():
    assert twins({1: passed("A", 1000, 2000), 2: passed("B", 1000, 2000)}, starts=[]) == []


@given(st.dictionaries(st.integers(1, 9), st.lists(st.integers(0, 2000), max_size=8, unique=True), max_size=6))
def test_twins_meet_at_every_sighting_of_the_one_seen_less(times):
    riders = {bib: passed(f"C{bib}", *instants) for bib, instants in times.items()}
    for pair in twins(riders, starts=[]):
        one, other = (times[bib] for bib in pair.bibs)
        fewer = min(len(one), len(other))
        assert pair.meetings >= fewer >= 1
        assert pair.widest_us < 100_000
        assert 2 * pair.meetings >= max(len(one), len(other))


holds = st.lists(
    st.builds(
        ChipHeld, st.sampled_from("AB"), st.integers(1, 3), st.none() | st.integers(0, 500 * SECOND),
        st.none() | st.integers(0, 500 * SECOND),
    ),
    max_size=5,
)  # fmt: skip


@given(st.lists(long_sightings, max_size=20), holds)
def test_every_sighting_is_somebodys_or_nobodys(found, held):
    whose = sort_out(found, held)
    told = [one for group in (whose.riders, whose.nobody) for there in group.values() for one in there]
    assert sorted(told) == sorted(set(found))
    assert set(whose.nobody) <= {one.chip for one in found}
