"""What a worker remembers of a race gives the board that all the facts give, whatever happens in whatever order."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from race import gun, sign_on, transponders
from race.models import Assignment, Edition, Rider, TimingPoint
from results import facts, live, memory, rulings
from tests import cast
from timing import chips, corrections, sources
from timing.models import Source

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered():
    memory.forget()


def remembered(stage):
    return live.encode(memory.known(stage.race))


def whole(stage):
    return live.board(stage.race)


def clock_time(second):
    return f"09:{10 + second // 60:02d}:{second % 60:02d}"


READS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 2400), st.sampled_from(["Finish", "Backup", "Pass"])),
    min_size=1,
    max_size=8,
)
OTHERS = st.sampled_from(["dnf", "offset", "away", "swap", "ignore", "unmap", "gun"])


class Sequences(TestCase):
    """Deliveries and other facts, mixed."""

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.one_of(READS, OTHERS), min_size=1, max_size=6))
    def test_remembering_is_as_good_as_looking_again(self, happenings):
        memory.forget()
        stage = cast.make(laps=3)
        gun.fire(stage.wave, cast.GUN, by=None)
        for number, happening in enumerate(happenings):
            if isinstance(happening, list):
                for source in ("Finish", "Backup", "Pass"):
                    stage.reads(
                        *[f"C{bib} {clock_time(at)}" for bib, at, where in happening if where == source], source=source
                    )
            else:
                happen(stage, happening, number)
            stage.race.refresh_from_db()
            assert remembered(stage) == whole(stage)


def happen(stage, what, number):
    """One fact that is no read."""
    later = cast.GUN + timedelta(minutes=20, seconds=number)
    if what == "dnf":
        rulings.issue(stage.race, "dnf", bib=1, reason=f"x{number}", by=None)
    elif what == "offset":
        backup = Source.objects.get(name="Backup")
        sources.set_offset(backup, since=None, offset_us=number * 1_500_000, evidence="GPS", by=None)
    elif what == "away":
        sign_on.sign_on(stage.race, [2], by=None, here=number % 2 == 0)
    elif what == "swap":
        held = stage.entries[3].assignments.filter(during__endswith=None).first()
        if held is not None:
            transponders.take_back(held, later, by=None, reason="swap")
            transponders.hand_out(stage.edition, [(stage.entries[4], held.transponder.code, later, None)], by=None)
    elif what == "ignore":
        read = stage.edition.sources.get(name="Finish").reads.order_by("pk").first()
        if read is not None:
            corrections.ignore(read, by=None, evidence="film")
    elif what == "unmap":
        passed = Source.objects.get(name="Pass")
        point = None if passed.point_id else TimingPoint.objects.get(code="P")
        sources.place(passed, point=point, role="main", zone="Asia/Shanghai", by=None)
    else:
        gun.fire(stage.wave, cast.GUN + timedelta(seconds=number), by=None, reason="film")


def counted(monkeypatch):
    """How often the whole of a race was read."""
    grounds = []
    real = facts.ground
    monkeypatch.setattr(facts, "ground", lambda race, at=None: grounds.append(race.slug) or real(race, at))
    return grounds


def test_a_read_more_reads_no_more_than_itself(monkeypatch):
    stage = cast.make()
    gun.fire(stage.wave, cast.GUN, by=None)
    grounds = counted(monkeypatch)
    remembered(stage)
    stage.reads("C1 09:20:00")
    assert remembered(stage) == whole(stage)
    assert grounds == ["open", "open"]  # the first look, and the test's own whole one


def test_any_other_fact_drops_what_is_remembered(monkeypatch):
    stage = cast.make()
    gun.fire(stage.wave, cast.GUN, by=None)
    remembered(stage)
    rulings.issue(stage.race, "dnf", bib=1, reason="x", by=None)
    grounds = counted(monkeypatch)
    assert remembered(stage) == whole(stage)
    assert grounds == ["open", "open"]


def test_a_minute_drops_it_too(monkeypatch):
    stage = cast.make()
    remembered(stage)
    Rider.objects.filter(entries__bib=1).update(name_zh="改名")
    assert remembered(stage) != whole(stage)
    monkeypatch.setattr(memory, "LONGEST_S", -1)
    assert remembered(stage) == whole(stage)


def test_a_record_that_was_set_back_drops_it_too(monkeypatch):
    stage = cast.make()
    remembered(stage)
    stage.reads("C1 09:20:00", "C2 09:20:01")
    remembered(stage)
    Edition.objects.filter(pk=stage.edition.pk).update(revision=stage.edition.revision - 1)
    grounds = counted(monkeypatch)
    remembered(stage)
    assert grounds == ["open"]


def test_two_chips_of_a_rider_and_two_riders_of_a_chip_are_kin():
    stage = cast.make()
    noon = cast.GUN + timedelta(hours=3)
    transponders.hand_out(stage.edition, [(stage.entries[1], "SPARE", None, noon)], by=None)
    transponders.hand_out(stage.edition, [(stage.entries[2], "SPARE", noon, None)], by=None)
    kin = memory.kinship(facts.ground(stage.race))
    assert kin["C1"] == kin["SPARE"] == kin["C2"]
    assert len({kin["C1"], kin["C3"], kin["C4"]}) == 3


def test_a_chip_unknown_when_read_is_remembered_once_it_is_assigned_for_the_past():
    stage = cast.make(laps=3)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "X9 09:20:01", "X9 09:40:01")
    remembered(stage)
    transponders.undo(held, by=None, reason="x") if (held := _of(stage, 4)).during.lower else held.delete()
    for _again in range(2):
        chips.assign(stage.edition, "X9", stage.entries[4], by=None)
        stage.race.refresh_from_db()
        assert remembered(stage) == whole(stage)
    assert "4 racing 2" in " ".join(stage.table())
    stage.reads("X9 09:50:00")
    stage.race.refresh_from_db()
    assert remembered(stage) == whole(stage)
    transponders.undo(Assignment.objects.get(transponder__code="X9"), by=None, reason="not his")
    stage.race.refresh_from_db()
    assert remembered(stage) == whole(stage)


def _of(stage, bib):
    return Assignment.objects.get(entry=stage.entries[bib])
