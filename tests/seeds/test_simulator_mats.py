"""What the mats make of a weekend: every fault there is, and none that the rules could not recover from."""

import random
from collections import Counter

import pytest

from seeds import field
from seeds.simulator import mats
from seeds.simulator.cards import iso
from seeds.simulator.weekend import lay_out
from tests.seeds.played import BACKUP_OFFSET_MS, starters, weekend
from tests.seeds.played import mats as decoders

SEEDS = range(1, 6)
HOUR_MS = 3_600_000


def finish_reads(laid_out):
    """(race, chip) -> the instants of the main and of the backup finish decoder, live and from the memory sticks."""
    backups = {mat.name for mat in laid_out.mats if mat.backup}
    points = {mat.name: mat.point for mat in laid_out.mats}
    live, late = {}, {}
    for seen, detections in ((live, laid_out.day.live), (late, [d for s in laid_out.day.sticks for d in s.detections])):
        for read in detections:
            if points[read.source] == "F":
                seen.setdefault((read.race, read.chip), []).append((read.at_ms, read.source in backups))
    return live, late


@pytest.mark.parametrize("seed", SEEDS)
def test_every_counted_crossing_is_on_record_at_its_millisecond(seed):
    laid_out = weekend(seed)
    live, late = finish_reads(laid_out)
    chips = {(slug, starter.bib): starter.chips for slug, listed in starters().items() for starter in listed}
    how = Counter()
    for slug, truth in laid_out.truths.items():
        for crossing in truth.crossings:
            if crossing.point == "F" and crossing.lap:
                chip = chips[slug, crossing.bib][0]
                seen = set(live.get((slug, chip), ())) | set(late.get((slug, chip), ()))
                main, backup = (crossing.at_ms, False) in seen, (crossing.at_ms, True) in seen
                how["main" if main else "backup" if backup else "nobody"] += 1
    assert how["nobody"] == 0
    assert how["backup"] > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_some_crossings_only_the_memory_stick_tells(seed):
    laid_out = weekend(seed)
    live, late = finish_reads(laid_out)
    chips = {starter.bib: starter.chips for listed in starters().values() for starter in listed}
    told_late = [
        crossing
        for slug, truth in laid_out.truths.items()
        for crossing in truth.crossings
        if crossing.point == "F"
        and crossing.lap
        and not any(abs(at - crossing.at_ms) < 3_000 for at, _ in live.get((slug, chips[crossing.bib][0]), ()))
    ]
    assert len(told_late) > 3
    assert [c for c in told_late if (c.at_ms, False) not in late[_race(laid_out, c.bib), chips[c.bib][0]]] == []


def _race(laid_out, bib):
    return next(slug for slug, listed in laid_out.starters.items() if any(one.bib == bib for one in listed))


def test_the_sticks_come_at_noon_and_overlap_with_what_was_sent():
    laid_out = weekend(1)
    told = {(stick.source, iso(stick.due_ms)) for stick in laid_out.day.sticks}
    assert told == {
        ("FIN-ROAD", "2024-05-25T04:00:00.000+00:00"),
        ("FIN-MTB", "2024-05-26T04:00:00.000+00:00"),
    }
    sent = {read.identity for read in laid_out.day.live}
    for stick in laid_out.day.sticks:
        known = {read.identity for read in stick.detections} & sent
        assert 0 < len(known) < len(stick.detections)


@pytest.mark.parametrize("seed", SEEDS)
def test_there_are_warm_ups_second_detections_strange_chips_and_second_chips(seed):
    laid_out = weekend(seed)
    guns = {slug: truth.gun_ms for slug, truth in laid_out.truths.items()}
    worn = {chip for listed in starters().values() for starter in listed for chip in starter.chips}
    second = {chip for listed in starters().values() for starter in listed for chip in starter.chips[1:]}
    live = laid_out.day.live
    assert sum(bool(read.race) and read.at_ms < guns[read.race] for read in live) > 100
    assert sum(read.chip in second for read in live) > 100
    assert {read.race for read in live if read.chip not in worn} == {""}
    assert len({read.chip for read in live if not read.race}) > 5


def test_a_backup_writes_its_own_wrong_time():
    backup = next(mat for mat in decoders() if mat.backup)
    noon_ms = 1_716_609_600_000  # 2024-05-25 12:00 in Shanghai
    assert backup.local_ms(noon_ms) == noon_ms + 8 * HOUR_MS - BACKUP_OFFSET_MS


def test_the_same_seed_is_seen_the_same_way():
    again = lay_out(3, starters(), decoders())
    assert (again.day, again.acts, again.damaged) == (weekend(3).day, weekend(3).acts, weekend(3).damaged)


def test_shifting_one_read_moves_one_finish_in_what_is_sent_and_nothing_in_the_truth():
    laid_out = weekend(1)
    shifted = laid_out.shift_one(2_000)
    gone = {read.identity for read in laid_out.day.live} - {read.identity for read in shifted.day.live}
    assert 1 <= len(gone) <= 6
    assert shifted.truths == laid_out.truths
    assert len({read[1] for read in gone}) <= 2


def test_the_chips_of_a_day_are_those_of_the_field():
    handed = {chip.code for entry in field.build().entries for chip in entry.chips}
    assert {read.chip for read in weekend(2).day.live if read.race} <= handed


def test_a_hole_hides_its_own_source_for_its_own_time():
    hole = mats.Hole("FIN-ROAD", 1_000, 2_000)
    read = [
        mats.Detection(at_ms, source, "A", at_ms, "race")
        for source in ("FIN-ROAD", "FIN-ROAD-B")
        for at_ms in (999, 1_000, 1_999, 2_000)
    ]
    random.Random(1).shuffle(read)
    assert sorted((one.source, one.at_ms) for one in read if hole.hides(one)) == [
        ("FIN-ROAD", 1_000),
        ("FIN-ROAD", 1_999),
    ]
