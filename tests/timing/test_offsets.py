"""How far a clock is off: found whatever its size, whoever was missed and however often somebody was read."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from timing import offsets
from timing.offsets import DAY_US, HOUR_US, MINUTE_US, Arrived, Measured, Pair, Sight

SECOND_US = 1_000_000
START = 1_716_600_000 * SECOND_US
LAPS = 3

ahead = st.one_of(
    st.integers(-2 * SECOND_US, 2 * SECOND_US),
    st.integers(-3 * HOUR_US, 3 * HOUR_US),
    st.sampled_from([-8 * HOUR_US, 8 * HOUR_US, DAY_US, -DAY_US]),
)


def field(riders: int, laps: int = LAPS) -> list[Sight]:
    """Riders whose laps all differ, as those of people do."""
    return [
        Sight(rider, START + lap * (20 * MINUTE_US + rider * 1_700_000 % (4 * MINUTE_US)) + rider * 7_300_000)
        for rider in range(riders)
        for lap in range(laps)
    ]


@st.composite
def seen_twice(draw: st.DrawFn) -> tuple[list[Sight], list[Sight], int]:
    """A field as two sources saw it, each with misses, repeats and jitter, in any order; and how far the second is ahead."""
    truth, off = field(draw(st.integers(12, 40))), draw(ahead)
    chance = Random(draw(st.integers(0, 10**9)))

    def seen(by: int) -> list[Sight]:
        kept = [one for one in truth if chance.random() > 0.2]
        sights = [Sight(one.rider, one.at_us + by + chance.randint(-20_000, 20_000)) for one in kept]
        sights += [
            Sight(one.rider, one.at_us + chance.randint(10_000, 900_000)) for one in sights if chance.random() < 0.3
        ]
        chance.shuffle(sights)
        return sights

    return seen(0), seen(off), off


@given(seen_twice())
def test_any_offset_is_found_in_spite_of_misses_and_repeats(given_field: tuple[list[Sight], list[Sight], int]) -> None:
    base, other, off = given_field
    found = offsets.measure(base, other)
    assert found is not None
    assert abs(found.ahead_us - off) < 45_000
    assert found.sure


@given(seen_twice())
def test_the_offset_of_the_other_way_round_is_the_opposite(given_field: tuple[list[Sight], list[Sight], int]) -> None:
    base, other, _off = given_field
    there, back = offsets.measure(base, other), offsets.measure(other, base)
    assert there is not None and back is not None
    assert abs(there.ahead_us + back.ahead_us) < 45_000


def test_the_figures_of_a_plain_case() -> None:
    base = field(20)
    other = [Sight(one.rider, one.at_us - 310_000) for one in base]
    assert offsets.measure(base, other) == Measured(-310_000, 20, 0, 0)


def test_riders_may_be_named_by_number_or_by_chip() -> None:
    base = [Sight(rider if rider % 2 else f"C{rider}", at_us) for rider, at_us in field(20)]
    assert offsets.measure(base, base) == Measured(0, 20, 0, 0)


def test_two_riders_measure_nothing_and_four_are_not_sure() -> None:
    assert offsets.measure(field(2), field(2)) is None
    assert offsets.measure(field(4), field(4)) == Measured(0, 4, 0, 0)
    few, enough = offsets.measure(field(4), field(4)), offsets.measure(field(5), field(5))
    assert few is not None and enough is not None
    assert (few.sure, enough.sure) == (False, True)


def test_riders_who_do_not_agree_measure_nothing() -> None:
    base = field(20, laps=1)
    other = [Sight(one.rider, one.at_us + one.rider * 30 * SECOND_US) for one in base]
    assert offsets.measure(base, other) is None


def test_a_lap_that_each_of_the_two_missed_is_no_offset() -> None:
    """One was dead for the first lap, the other for the second: the laps of riders differ, so nothing is measured."""
    whole = field(30, laps=2)
    first = [one for index, one in enumerate(whole) if index % 2 == 0]
    second = [one for index, one in enumerate(whole) if index % 2 == 1]
    assert offsets.measure(first, second) is None


def test_drift_shows_as_growth_in_an_hour() -> None:
    base = field(30)
    other = [Sight(one.rider, one.at_us + (one.at_us - START) // 10_000) for one in base]  # 100 ppm: 0.36 s an hour
    found = offsets.measure(base, other)
    assert found is not None
    assert abs(found.drift_us - 360_000) < 20_000


def test_arrival_bounds_a_clock_that_is_ahead() -> None:
    ways = (200_000, 90_000, 400_000)
    made = [(START + at, START + at + 3 * SECOND_US - way) for at, way in enumerate(ways)]
    assert offsets.from_arrival(made) == Arrived(ahead_us=2_800_000, bound_us=2_910_000, reads=3, spread_us=110_000)
    assert offsets.from_arrival([]) is None


def test_what_was_sent_late_all_at_once_is_no_clock() -> None:
    sent = [(START + 2 * HOUR_US, START + minute * MINUTE_US) for minute in range(120)]
    found = offsets.from_arrival(sent)
    assert found is not None and not found.sure
    steady = offsets.from_arrival([(at_us + 8 * HOUR_US + 100_000, at_us) for _rider, at_us in field(20)])
    assert steady is not None and steady.sure and offsets.zone_mistake(steady.ahead_us) == -8 * HOUR_US


@given(st.integers(-13 * 4, 14 * 4), st.integers(-100, 100))
def test_a_zone_mistake_is_whole_quarters_of_an_hour_and_nothing_less(quarters: int, seconds: int) -> None:
    whole = quarters * 15 * MINUTE_US
    expected = whole if abs(quarters) >= 2 else None
    assert offsets.zone_mistake(whole + seconds * SECOND_US) == expected


def test_days_are_a_wrong_date_and_odd_minutes_are_a_clock() -> None:
    told = [
        offsets.zone_mistake(us) for us in (DAY_US, -30 * DAY_US, 27 * HOUR_US, 8 * HOUR_US + 5 * MINUTE_US, 900_000)
    ]
    assert told == [DAY_US, -30 * DAY_US, None, None, None]


def test_an_offset_holds_from_when_the_clock_was_set_anew() -> None:
    base = field(12)
    step = START + 25 * MINUTE_US
    other = [Sight(rider, at_us + (8 * HOUR_US if at_us >= step else 0)) for rider, at_us in base]
    found = offsets.pairs(base, other, 8 * HOUR_US)
    assert offsets.held_since(found, 8 * HOUR_US) == min(at_us for _rider, at_us in base if at_us >= step)
    always = offsets.pairs(base, [Sight(rider, at_us + 310_000) for rider, at_us in base], 310_000)
    assert offsets.held_since(always, 310_000) is None


def test_one_odd_pair_does_not_end_what_held() -> None:
    pairs = [*(Pair(at, 0) for at in range(5)), *(Pair(at, 500_000) for at in range(5, 15))]
    pairs[9] = Pair(9, 9_000_000)
    assert offsets.held_since(pairs, 500_000) == 5
    assert offsets.held_since(pairs[5:], 500_000) is None
