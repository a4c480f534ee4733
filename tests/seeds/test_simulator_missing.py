"""Missing passings against the truth: races of up to five laps, reads dropped at random, found and invented counted.

The figures stand in docs/decisions/missing-passings.md.
"""

import random
from dataclasses import replace

import pytest

from results.scoring import expected
from results.scoring.race_facts import EntryFact, RaceFacts, Rules, RulingFact, WaveFact
from seeds.simulator import cards, model
from tests.seeds.played import starters
from timing.passings import Passing

OUT = {"dnf", "dns", "dsq", "pulled"}


def race_facts(card, truth, crossings, points, now_ms=None):
    """What would be known had the mats seen these crossings and nothing else."""
    kept = sorted((one for one in crossings if one.point in points), key=lambda one: one.at_ms)
    rulings = [one for one in truth.rulings if now_ms is None or one.at_ms <= now_ms]
    return RaceFacts(
        waves=(WaveFact(card.code, truth.gun_ms * 1000),),
        entries=tuple(
            EntryFact(one.bib, card.code, card.code, one.bib not in truth.absent) for one in starters()[card.slug]
        ),
        passings=tuple(Passing(one.bib, one.point, one.at_ms * 1000, (number,)) for number, one in enumerate(kept, 1)),
        rulings=tuple(
            RulingFact(number, one.kind, one.bib, one.body()["detail"]) for number, one in enumerate(rulings)
        ),
        rules=Rules(
            format="road" if card.bunch else "laps",
            laps=card.laps,
            points=points,
            min_lap_us=card.min_lap_ms * 1000,
            lapped="lead_lap" if card.lead_lap else "complete",
        ),
    )


def played(laps, points):
    """Every race of the weekend over so many laps, with the points that are measured."""
    for card in cards.weekend():
        card = replace(card, laps=laps)
        here = tuple(leg.point for leg in card.legs) if points == "all" else ("F",)
        yield card, model.play(card, starters()[card.slug], seed=laps), here


def measured(card, truth, points, rate):
    """Of the crossings that were dropped, and that others frame: wanted, found, invented, within their error."""
    dice = random.Random(f"{card.slug} {card.laps} {points} {rate}")
    end_ms = {one.bib: one.at_ms for one in truth.crossings}
    gone = {one for one in truth.crossings if one.lap and one.at_ms < end_ms[one.bib] and dice.random() < rate}
    kept = [one for one in truth.crossings if one not in gone]
    seen_ms = {one.bib: one.at_ms for one in kept if one.point in points}
    out = {one.bib for one in truth.rulings if one.kind in OUT}
    wanted = {
        (one.bib, one.point, one.lap): one.at_ms * 1000
        for one in gone
        if one.point in points and one.bib not in out and one.at_ms < seen_ms[one.bib]
    }
    told = {
        (one.bib, one.point, one.lap): one
        for one in expected.outlook(race_facts(card, truth, kept, points)).missing
        if one.bib not in out
    }
    right = told.keys() & wanted.keys()
    near = sum(abs(told[key].at_us - wanted[key]) <= told[key].error_us for key in right)
    return len(wanted), len(right), len(told.keys() - wanted.keys()), near


@pytest.mark.parametrize(("points", "rate"), [("line", 0.03), ("line", 0.1), ("all", 0.03), ("all", 0.1)])
def test_dropped_reads_are_found_and_none_is_invented(points, rate):
    sums = [measured(card, truth, here, rate) for laps in (2, 3, 4, 5) for card, truth, here in played(laps, points)]
    wanted, found, invented, near = (sum(column) for column in zip(*sums, strict=True))
    print(f"{points} {rate}: wanted {wanted}, found {found}, invented {invented}, within the error {near}")
    assert wanted > 200
    assert invented == 0
    assert found >= 0.98 * wanted
    assert near >= 0.8 * found


def test_a_race_in_which_every_read_came_has_nothing_missing():
    for points in ("line", "all"):
        for card, truth, here in played(4, points):
            assert expected.outlook(race_facts(card, truth, truth.crossings, here)).missing == ()


def test_a_forecast_says_how_good_it_is():
    """At twenty moments of each race: nine in ten who are still to come pass within the error that was told."""
    inside = told = 0
    for card, truth, here in played(4, "all"):
        first, last = truth.gun_ms, max(one.at_ms for one in truth.crossings)
        coming = {(one.bib, one.point, one.lap): one.at_ms * 1000 for one in truth.crossings}
        for part in range(4, 20, 3):
            now_ms = first + (last - first) * part // 20
            seen = [one for one in truth.crossings if one.at_ms <= now_ms]
            for rider in expected.outlook(race_facts(card, truth, seen, here, now_ms)).riders:
                at_us = coming.get((rider.bib, rider.place.point, rider.place.lap))
                if rider.at_us is not None and at_us is not None:
                    told += 1
                    inside += abs(at_us - rider.at_us) <= rider.error_us
    print(f"forecasts {told}, within their error {inside}")
    assert told > 2000
    assert inside > 0.85 * told
