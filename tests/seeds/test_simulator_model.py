"""The races as they really happen: repeatable, possible, and with something of everything in them."""

from collections import Counter
from itertools import pairwise

import pytest

from seeds.simulator import cards, model
from tests.seeds.played import starters, weekend

SEEDS = range(1, 6)
CARDS = cards.weekend()


def truths(seed):
    return [(card, weekend(seed).truths[card.slug]) for card in CARDS]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_race_is_the_same_whenever_and_in_whatever_order_its_start_list_is_given(seed):
    for card, truth in truths(seed):
        assert model.play(card, list(reversed(starters()[card.slug])), seed) == truth


def test_another_seed_is_another_race():
    assert len({truth.crossings for seed in SEEDS for _, truth in truths(seed)}) == len(SEEDS) * len(CARDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_rider_of_the_start_list_has_one_row(seed):
    for card, truth in truths(seed):
        assert sorted(row.bib for row in truth.rows) == sorted(starter.bib for starter in starters()[card.slug])


@pytest.mark.parametrize("seed", SEEDS)
def test_ranks_have_no_holes(seed):
    for _, truth in truths(seed):
        ranks = [row.rank for row in truth.rows if row.rank is not None]
        assert ranks == list(range(1, len(ranks) + 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_wheels_are_over_the_line_in_the_same_millisecond(seed):
    for _, truth in truths(seed):
        line = [crossing.at_ms for crossing in truth.crossings if crossing.point == "F" and crossing.lap]
        assert len(set(line)) == len(line)


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_rides_a_lap_faster_than_a_lap_can_be_ridden(seed):
    for card, truth in truths(seed):
        laps = {}
        for crossing in truth.crossings:
            if crossing.point == "F" and crossing.lap:
                laps.setdefault(crossing.bib, [truth.gun_ms]).append(crossing.at_ms)
        fastest = min(end - start for line in laps.values() for start, end in pairwise(line))
        assert fastest > card.min_lap_ms


@pytest.mark.parametrize("seed", SEEDS)
def test_something_of_everything_happens(seed):
    status = Counter(row.status for _, truth in truths(seed) for row in truth.rows)
    kinds = Counter(ruling.kind for _, truth in truths(seed) for ruling in truth.rulings)
    assert {kind for kind, count in status.items() if count >= 5} == {"FIN", "LAP", "OTL", "DNF", "DSQ", "DNS"}
    assert set(kinds) == {"dns", "dnf", "dsq", "pulled"}
    for card, truth in truths(seed):
        times = Counter(row.time_s for row in truth.rows if row.status == "FIN")
        if card.bunch:
            assert max(times.values()) > 5
            assert len(times) > 5


@pytest.mark.parametrize("seed", SEEDS)
def test_who_stopped_was_seen_to_stop_and_who_is_not_here_was_not(seed):
    for _, truth in truths(seed):
        ruled = {(ruling.bib, ruling.kind.upper()) for ruling in truth.rulings if ruling.kind != "pulled"}
        out = {(row.bib, row.status) for row in truth.rows if row.status in ("DNF", "DSQ", "DNS")}
        assert out == ruled | {(bib, "DNS") for bib in truth.absent}
        assert {crossing.bib for crossing in truth.crossings} & set(truth.absent) == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_who_is_pulled_is_lapped_and_rides_no_further(seed):
    for card, truth in truths(seed):
        lead = {
            lap: min(crossing.at_ms for crossing in truth.crossings if crossing.point == "F" and crossing.lap == lap)
            for lap in range(1, card.laps + 1)
        }
        for ruling in truth.rulings:
            if ruling.kind == "pulled":
                own = [crossing for crossing in truth.crossings if crossing.bib == ruling.bib]
                assert (own[-1].point, own[-1].lap) == ("F", ruling.after_lap)
                assert lead[ruling.after_lap + 1] <= own[-1].at_ms < ruling.at_ms
