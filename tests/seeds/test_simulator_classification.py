"""The simulator's own result, on examples worked by hand. Times in the examples are seconds after the gun."""

from dataclasses import replace

import pytest

from seeds.simulator import cards
from seeds.simulator.cards import Limits
from seeds.simulator.classification import Ride, classify

GUN_MS = 1_716_598_800_000


def card(code, **changes):
    return replace(next(one for one in cards.weekend() if one.code == code), **changes)


def ride(bib, *seconds, out=None):
    return Ride(bib, tuple(GUN_MS + round(second * 1000) for second in seconds), out)


def table(race, *rides):
    return [(row.rank, row.bib, row.status, row.laps, row.time_s) for row in classify(race, GUN_MS, rides)]


def test_the_rules_of_the_weekend():
    told = {
        one.code: (one.laps, one.bunch, one.gap_ms, one.lead_lap, one.lapped_ranked, one.limits)
        for one in cards.weekend()
    }
    assert told == {
        "ME": (6, True, 1120, False, False, Limits(percent=10)),
        "WO": (3, True, 1120, False, False, Limits(after_first_s=900)),
        "MM": (4, True, 1120, False, False, Limits(after_first_s=1200)),
        "XO": (6, False, 0, True, True, Limits()),
        "XM": (4, False, 0, True, True, Limits(after_first_s=1200)),
    }


def test_a_bunch_shares_the_time_of_its_first_and_a_gap_of_1120_ms_ends_it():
    race = card("ME", laps=1)
    assert table(race, ride(1, 100.9), ride(2, 102.019), ride(3, 103.139), ride(4, 103.9)) == [
        (1, 1, "FIN", 1, 100),
        (2, 2, "FIN", 1, 100),
        (3, 3, "FIN", 1, 103),
        (4, 4, "FIN", 1, 103),
    ]


def test_the_gap_counts_between_wheels_not_from_the_first_of_the_bunch():
    race = card("ME", laps=1)
    assert table(race, ride(1, 100.0), ride(2, 101.0), ride(3, 102.0)) == [
        (1, 1, "FIN", 1, 100),
        (2, 2, "FIN", 1, 100),
        (3, 3, "FIN", 1, 100),
    ]


def test_a_disqualified_rider_still_closes_the_gap():
    race = card("ME", laps=1)
    assert table(race, ride(1, 100.9), ride(2, 101.9, out="DSQ"), ride(3, 102.9)) == [
        (1, 1, "FIN", 1, 100),
        (2, 3, "FIN", 1, 100),
        (None, 2, "DSQ", 1, None),
    ]


def test_off_the_road_everybody_has_his_own_time():
    race = card("XO", laps=1)
    assert table(race, ride(1, 100.1), ride(2, 100.9), ride(3, 101.0)) == [
        (1, 1, "FIN", 1, 100),
        (2, 2, "FIN", 1, 100),
        (3, 3, "FIN", 1, 101),
    ]


@pytest.mark.parametrize(
    ("limits", "last_inside"),
    [(Limits(percent=10), 3961), (Limits(after_first_s=900), 4501)],
    ids=["ten per cent of 3,601 s, cut to the second", "quarter of an hour"],
)
def test_on_the_limit_is_inside_and_a_second_later_is_not(limits, last_inside):
    race = card("ME", laps=1, limits=limits)
    assert table(race, ride(1, 3601.5), ride(2, last_inside + 0.9), ride(3, last_inside + 3.1)) == [
        (1, 1, "FIN", 1, 3601),
        (2, 2, "FIN", 1, last_inside),
        (None, 3, "OTL", 1, last_inside + 3),
    ]


def test_the_limit_is_taken_from_the_first_who_is_not_disqualified():
    race = card("ME", laps=1)
    assert table(race, ride(1, 1000, out="DSQ"), ride(2, 1100), ride(3, 1210)) == [
        (1, 2, "FIN", 1, 1100),
        (2, 3, "FIN", 1, 1210),
        (None, 1, "DSQ", 1, None),
    ]


def test_lapped_riders_are_ranked_by_laps_then_by_their_crossing():
    race = card("XO", laps=3)
    assert table(race, ride(1, 10, 20, 30), ride(2, 15, 33), ride(3, 16, 32), ride(4, 31)) == [
        (1, 1, "FIN", 3, 30),
        (2, 3, "LAP", 2, None),
        (3, 2, "LAP", 2, None),
        (4, 4, "LAP", 1, None),
    ]


def test_lapped_riders_on_the_road_have_no_rank():
    race = card("ME", laps=2)
    assert table(race, ride(1, 10, 20), ride(2, 21)) == [(1, 1, "FIN", 2, 20), (None, 2, "LAP", 1, None)]


def test_the_order_of_the_tail():
    race = card("XM", laps=2, limits=Limits(after_first_s=5))
    rides = [
        ride(6, out="DNS"),
        ride(5, 11, 21, out="DSQ"),
        ride(4, 12, out="DNF"),
        ride(3, 14, 28),
        ride(2, 23),
        ride(1, 10, 20),
    ]
    assert table(race, *rides) == [
        (1, 1, "FIN", 2, 20),
        (2, 2, "LAP", 1, None),
        (None, 3, "OTL", 2, 28),
        (None, 4, "DNF", 1, None),
        (None, 5, "DSQ", 2, None),
        (None, 6, "DNS", 0, None),
    ]
