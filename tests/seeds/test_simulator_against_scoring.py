"""Two workings-out of the same weekend, by two engines that know nothing of each other, have to agree.

The simulator's own classification of what happened, and the scoring core's of what the mats saw: without a database,
for five weekends. Moving one read by two seconds must show.
"""

from datetime import datetime, timedelta

import pytest

from race.models import TimingPoint
from results.facts import rules
from results.scoring import score
from results.scoring.race_facts import EntryFact, RaceFacts, RulingFact, WaveFact
from seeds import field, regulations
from seeds.simulator import checker
from tests.seeds.played import weekend
from timing.passings import ChipHeld, PointRule, ReadFact, derive

COLUMNS = ["bib", "rank", "status", "laps", "time_ms"]
EVENING_US = int(datetime.fromisoformat("2024-05-25T18:00:00+08:00").timestamp()) * 1_000_000


def held_chips(code):
    return [
        ChipHeld(chip.code, entry.bib, EVENING_US if chip.day else None, None if chip.day else EVENING_US)
        for entry in field.build().entries
        if entry.category == code
        for chip in entry.chips
    ]


def board(laid_out, card):
    """The board that the scoring core makes of everything the mats sent."""
    truth = laid_out.truths[card.slug]
    race = next(row for row in regulations.tenth()["races"] if row["code"] == card.code)
    course = next(row for row in regulations.tenth()["courses"] if row["code"] == card.course)
    mats = {mat.name: mat for mat in laid_out.mats if mat.course == card.course}
    detections = [*laid_out.day.live, *(read for stick in laid_out.day.sticks for read in stick.detections)]
    chips = held_chips(card.code)
    worn = {chip.chip for chip in chips}
    reads = [
        ReadFact(number, mats[read.source].point, not mats[read.source].backup, read.chip, true_us(mats, read))
        for number, read in enumerate(sorted(set(detections)))
        if read.source in mats and read.chip in worn
    ]
    points = [TimingPoint(**point) for point in course["points"]]
    passings = derive(
        reads, chips, [PointRule(point.code, point.dedup_ms * 1000, backup_us=3_000_000) for point in points]
    )
    entries = [
        EntryFact(starter.bib, card.code, card.code, starter.bib not in truth.absent)
        for starter in laid_out.starters[card.slug]
    ]
    rulings = [
        RulingFact(number, ruling.kind, ruling.bib, ruling.body()["detail"])
        for number, ruling in enumerate(truth.rulings)
    ]
    standings = score(
        RaceFacts(
            waves=(WaveFact(card.code, truth.gun_ms * 1000),),
            entries=tuple(entries),
            passings=passings.passings,
            rulings=tuple(rulings),
            rules=rules({"rules": race["rules"], "format": race["format"], "laps": race["laps"]}, points),
            closed=True,
        )
    )
    rows = [
        [row.bib, row.rank, row.status, row.laps, None if row.time_us is None else row.time_us // 1000]
        for row in standings.rows
    ]
    return {"phase": "closed", "columns": COLUMNS, "rows": rows}


def true_us(mats, read):
    """The true instant of what the device wrote, by its zone and its declared offset."""
    zone = timedelta(hours=8) // timedelta(milliseconds=1)
    return (read.local_ms - zone + mats[read.source].offset_ms) * 1000


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_scoring_core_finds_the_truth_in_what_the_mats_saw(seed):
    laid_out = weekend(seed)
    for card in laid_out.cards:
        found = checker.compare(board(laid_out, card), laid_out.truths[card.slug])
        assert (card.code, found.notes, found.positions_wrong, found.none) == (card.code, [], 0, True)


@pytest.mark.parametrize("by_ms", [2_000, -2_000])
def test_one_read_moved_by_two_seconds_shows(by_ms):
    laid_out = weekend(1)
    shifted = laid_out.shift_one(by_ms)
    found = [checker.compare(board(shifted, card), shifted.truths[card.slug]) for card in shifted.cards]
    assert sum(one.times_wrong for one in found) == 1
