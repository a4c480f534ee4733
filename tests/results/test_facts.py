"""From rows to a board: what counts, and the board at a revision that is past."""

from datetime import timedelta

import orjson
import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from race import changes, gun, sign_on
from race.models import Entry, TimingPoint
from results import board, facts, live, rulings
from tests import cast
from timing import corrections, sources
from timing.models import Read, Source

pytestmark = pytest.mark.django_db


def raced(**kwargs):
    """Two laps: 1 wins, 2 with the same time, 3 ten seconds later, 4 still on the way."""
    stage = cast.make(**kwargs)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "C2 09:20:00.5", "C3 09:20:01", "C4 09:20:30")
    stage.reads("C1 09:40:00", "C2 09:40:00.5", "C3 09:40:10")
    return stage


RACED = ["1 1 FIN 2", "2 2 FIN 2", "3 3 FIN 2", "4 4 racing 1"]


def test_a_race_from_reads_to_board():
    assert raced().table() == RACED


def test_backup_counts_where_main_was_silent_and_its_clock_offset_is_taken_off():
    stage = raced()
    stage.reads("C3 09:40:07.5", "C4 09:42:07", source="Backup")
    sources.set_offset(Source.objects.get(name="Backup"), since=None, offset_us=2_500_000, evidence="GPS", by=None)
    known = facts.gather(stage.race)
    finishes = [(one.bib, one.at_us, one.backup, len(one.read_ids)) for one in known.facts.passings[-2:]]
    assert finishes == [
        (3, facts.microseconds(cast.GUN + timedelta(minutes=40, seconds=10)), False, 2),
        (4, facts.microseconds(cast.GUN + timedelta(minutes=42, seconds=9.5)), True, 1),
    ]
    assert stage.table() == ["1 1 FIN 2", "2 2 FIN 2", "3 3 FIN 2", "4 4 FIN 2"]


def test_a_zone_correction_moves_every_read_and_doubles_none():
    stage = raced()
    before = Read.objects.count()
    finish = Source.objects.get(name="Finish")
    sources.place(finish, point=finish.point, role="main", zone="Asia/Tokyo", by=None)
    stage.reads("C1 09:40:00")
    assert Read.objects.count() == before
    assert facts.gather(stage.race).facts.passings[0].at_us == facts.microseconds(cast.GUN - timedelta(minutes=40))


def test_mapping_a_source_late_brings_its_reads_in():
    stage = cast.make(laps=1)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:30:00", source="Unnamed box")
    box, finish = Source.objects.get(name="Unnamed box"), TimingPoint.objects.get(code="F")
    sources.place(box, point=finish, role="main", zone="Asia/Shanghai", by=None, reason="seen at the line")
    assert stage.table()[0] == "1 1 FIN 1"


def test_corrections_ignore_move_add_and_undo():
    stage = raced()
    ignored = corrections.ignore(stage.read("C1", "09:40:00"), by=None, evidence="spare bike")
    assert stage.table() == ["1 2 FIN 2", "2 3 FIN 2", "3 1 racing 1", "4 4 racing 1"]
    corrections.undo(ignored, by=None, evidence="it was the rider")
    assert stage.table() == RACED
    corrections.move(
        stage.read("C3", "09:40:10"), facts.microseconds(cast.GUN + timedelta(minutes=39)), by=None, evidence="film"
    )
    assert stage.table()[0] == "1 3 FIN 2"
    late = facts.microseconds(cast.GUN + timedelta(minutes=45))
    corrections.add(stage.entries[4], stage.finish, late, by=None, evidence="judge at the line")
    assert stage.table()[3] == "4 4 FIN 2"


def test_a_ruling_and_its_revocation_move_the_board():
    stage = raced()
    made = rulings.issue(stage.race, "dsq", bib=1, reason="no helmet", by=None)
    assert stage.table() == ["1 2 FIN 2", "2 3 FIN 2", "3 4 racing 1", "– 1 DSQ 2"]
    rulings.revoke(made, reason="another rider", by=None)
    assert stage.table() == RACED


def test_closing_gives_a_status_to_everybody():
    stage = raced()
    sign_on.sign_on(stage.race, [4], by=None)
    rulings.issue(stage.race, "close", detail={"out": [4]}, reason="last rider in", by=None)
    assert stage.table()[3] == "– 4 NR 1"


def test_the_board_of_a_past_revision_undoes_every_edit_above_it():
    stage = raced()
    stage.race.refresh_from_db()
    then = stage.race.revision
    before = live.board(stage.race, then).json
    finish = Source.objects.get(name="Finish")
    sources.place(finish, point=None, role="main", zone="UTC", by=None)
    sign_on.sign_on(stage.race, [1], by=None, here=False)
    changes_of_bib(stage)
    rulings.issue(stage.race, "dsq", bib=2, reason="x", by=None)
    gun.fire(stage.wave, cast.GUN + timedelta(minutes=1), by=None, reason="film")
    stage.race.refresh_from_db()
    assert live.board(stage.race, then).json == before
    assert stage.table() != RACED


def changes_of_bib(stage):
    with transaction.atomic():
        stage.race.refresh_from_db()
        edits = [(stage.entries[3], {"bib": 33}), (stage.race, {"laps": 1})]
        changes.edit(stage.edition, [stage.race], edits, by=None, reason="new number cloth")


def test_withdrawn_then_is_not_withdrawn_before():
    stage = raced()
    stage.race.refresh_from_db()
    then = stage.race.revision
    with transaction.atomic():
        changes.edit(stage.edition, [stage.race], [(stage.entries[2], {"state": Entry.State.WITHDRAWN})], by=None)
    assert [line.split()[1] for line in stage.table()] == ["1", "3", "4"]
    assert stage.table(then) == RACED


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries):
    stage = cast.make(riders=3)
    more = cast.make(riders=30, slug="more")
    for one in (stage, more):
        one.race.refresh_from_db()
        with django_assert_max_num_queries(20):
            live.board(one.race)


class Deltas(TestCase):
    """A delta applied to the board before it gives the board after it."""

    @settings(max_examples=15, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(1, 4), st.integers(0, 40 * 60)).map(
                lambda read: f"C{read[0]} 09:{10 + read[1] // 60:02d}:{read[1] % 60:02d}"
            ),
            min_size=1,
            max_size=12,
            unique=True,
        )
    )
    def test_applying_a_delta(self, reads):
        stage = cast.make()
        gun.fire(stage.wave, cast.GUN, by=None)
        stage.race.refresh_from_db()
        one = orjson.loads(live.board(stage.race).json)
        stage.reads(*reads)
        stage.race.refresh_from_db()
        other = orjson.loads(live.board(stage.race).json)
        assert apply(one, board.delta(one, other)) == other


def apply(before, change):
    """What the page does with a delta (ui/static: the same steps)."""
    rows = {row[0]: row for row in before["rows"]} | {int(bib): row for bib, row in change["rows"].items()}
    order = change.get("order", [row[0] for row in before["rows"]])
    riders = {bib: one for bib, one in before["riders"].items() if int(bib) not in change["gone"]}
    return {
        **before,
        **change["set"],
        "revision": change["to"],
        "rows": [rows[bib] for bib in order],
        "riders": riders | change["riders"],
    }
