"""The line desk's pages of chips, corrections and guns, as a browser without scripts uses them."""

import re
from datetime import datetime

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from race import clock, gun
from race.models import Assignment, Edition, Gun, Wave
from race.refused import Refused
from tests import cast
from tests.results.test_facts import RACED, raced
from tests.timing.test_unknown_chips import AFTER, BEFORE, mistyped
from timing import chips, corrections, gun_proposals, venue_time
from timing.models import Correction, Ingestion, Marker, PutAside, Source

pytestmark = pytest.mark.django_db


class Browser:
    """Somebody of the line, in English."""

    def __init__(self, client, stage, role="timing_crew"):
        self.client, self.stage = client, stage
        client.force_login(cast.person(stage.edition, role))
        client.cookies["django_language"] = "en"

    def get(self, page, **query):
        """The words of a page, tags left out."""
        return words(self.client.get(f"/editions/{self.stage.edition.slug}/line/{page}", query))

    def post(self, page, **data):
        """What the next page says was done, or why not."""
        answer = self.client.post(f"/editions/{self.stage.edition.slug}/line/{page}", data, follow=True)
        text = answer.content.decode()
        told = re.findall(r'<div class="line-told".*?<strong>(.*?)</strong>', text, re.S)
        return told[0] if told else words(answer)


def words(answer):
    """What somebody reads on a page."""
    assert answer.status_code == 200, answer
    text = re.sub(r"<(script|style|head).*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a_proposed_chip_is_assigned_with_one_button(client):
    stage = mistyped()
    line = Browser(client, stage)
    assert stage.table() == BEFORE
    for page in ("chips/", "chips/unknown/"):
        told = line.get(page)
        assert "Unknown chips 1" in told
        assert "was handed BX0914: two signs swapped, the only one not read there then, lap times fit" in told
        assert "Assign to 4" in told
    assert line.post("chips/assign/", chip="BX0941", entry=stage.entries[4].pk) == (
        "Chip BX0941 is 4 车手4&#x27;s. The board follows."
    )
    assert stage.table() == AFTER
    assert "Every chip that was read is somebody's, or put aside." in line.get("chips/")
    made = Assignment.objects.get(transponder__code="BX0941")
    assert line.post(f"chips/{made.pk}/undo/") == "Taken back. The board follows."
    assert stage.table() == BEFORE


def test_another_rider_is_found_by_number_and_it_begins_when_somebody_says(client):
    stage = mistyped()
    line = Browser(client, stage)
    told = line.get("chips/", chip="BX0941", q="4")
    assert "Whose is BX0941?" in told and "Assign to 4" in told
    assert "Nobody on the start lists is found by that." in line.get("chips/", chip="BX0941", q="Nobody")
    body = {"chip": "BX0941", "entry": stage.entries[4].pk, "day": "2024-05-25"}
    assert line.post("chips/assign/", since="half past nine", **body) == (
        "half past nine is no time of day. Write 9:05:01.250."
    )
    line.post("chips/assign/", since="9:30", **body)
    assert stage.table()[-1] == "4 4 racing 1"


def test_a_chip_is_put_aside_and_asked_about_again(client):
    line = Browser(client, mistyped())
    assert line.post("chips/aside/", chip="BX0941") == "Chip BX0941 is put aside. Its reads stay."
    assert "put aside" in line.get("chips/") and PutAside.objects.count() == 1
    line.post("chips/aside/", chip="BX0941", again="1")
    assert "Unknown chips 1" in line.get("chips/")


def test_the_tray_that_refreshes_itself_reads_the_reads_anew_only_now_and_then(client, monkeypatch):
    stage = mistyped()
    line = Browser(client, stage)
    assert "Unknown chips 1" in line.get("chips/unknown/")
    stage.reads("X1 09:50:00")
    assert "Unknown chips 1" in line.get("chips/unknown/") and "Unknown chips 2" in line.get("chips/")
    line.post("chips/aside/", chip="X1")
    assert "Unknown chips 1" in line.get("chips/unknown/")
    line.post("chips/aside/", chip="X1", again="1")
    assert "Unknown chips 2" in line.get("chips/unknown/")
    chips.assign(stage.edition, "BX0941", stage.entries[4], by=None)
    assert "Unknown chips 1" in line.get("chips/unknown/")
    stage.reads("X2 09:50:00")
    monkeypatch.setattr(chips, "OLDEST_S", 0.0)
    assert "Unknown chips 2" in line.get("chips/unknown/")


def test_a_commissaire_sees_the_chips_and_is_told_who_assigns(client):
    stage = mistyped()
    line = Browser(client, stage, "commissaire")
    told = line.get("chips/")
    assert "Only the timing crew and the organiser assign chips." in told and "Assign to 4" not in told
    where = f"/editions/{stage.edition.slug}/line/chips/assign/"
    assert client.post(where, {"chip": "BX0941", "entry": stage.entries[4].pk}).status_code == 403


def test_what_is_odd_stands_there_with_its_evidence(client):
    stage = cast.make(laps=4)
    gun.fire(stage.wave, cast.GUN, by=None)
    for minute in (20, 40, 59):
        stage.reads(f"C1 09:{minute}:00.010", f"C2 09:{minute}:00.055")
    stage.reads(*(f"C4 09:{22 + second // 60}:{second % 60:02}" for second in range(90)))
    told = Browser(client, stage).get("chips/")
    assert "C4 lies on the mat" in told and "61 reads a minute" in told
    assert "together 3 times, at most 0.045 s apart: does one carry both chips?" in told


def test_a_read_is_found_ignored_and_that_undone(client):
    stage = raced()
    line = Browser(client, stage)
    assert "Reads 2" in line.get("corrections/", bib="1")
    assert "Reads 1" in line.get("corrections/", bib="1", day="2024-05-25", **{"from": "9:30"})
    assert "No read fits." in line.get("corrections/", chip="C1", day="2024-05-26", **{"from": "9:30"})
    assert "9-30 is no time of day." in line.get("corrections/", **{"from": "9-30"})
    assert "x is no number." in line.get("corrections/", bib="x")
    read = stage.read("C1", "09:40:00")
    assert line.post(f"corrections/reads/{read.pk}/ignore/", evidence=" ") == "Say what was seen, and by whom or what."
    assert line.post(f"corrections/reads/{read.pk}/ignore/", evidence="film") == (
        "The read does not count. The board follows."
    )
    assert stage.table()[0] == "1 2 FIN 2"
    assert "does not count" in line.get("corrections/", bib="1")
    made = Correction.objects.get()
    assert line.post(f"corrections/{made.pk}/undo/", evidence="it was the rider") == "Undone. The board follows."
    assert stage.table() == RACED
    told = line.get("corrections/")
    assert told.index("An earlier correction is undone") < told.index("A read does not count")
    assert line.post(f"corrections/{made.pk}/undo/", evidence="again") == "This correction is undone already."


def test_a_day_that_is_chosen_is_searched_from_end_to_end_and_forms_begin_with_today(client):
    stage = raced()
    line = Browser(client, stage)
    assert "Reads 2" in line.get("corrections/", bib="1", day="2024-05-25")
    assert "No read fits." in line.get("corrections/", bib="1", day="2024-05-26")
    assert "5-25 09:40:00.000" in line.get("corrections/", bib="1")
    clock.set_rehearsal(stage.edition, event=datetime.fromisoformat("2024-05-26T09:00:00+08:00"), speed=0)
    page = client.get(f"/editions/{stage.edition.slug}/line/corrections/").content.decode()
    assert re.findall(r'value="([-0-9]+)" selected', page) == ["2024-05-26", "2024-05-26"]


def test_reads_are_found_by_true_time_whatever_the_clock_of_the_source_says(client):
    stage = raced()
    Source.objects.filter(name="Finish").update(zone="UTC")  # its clock says 9:40, and it is 17:40
    line = Browser(client, stage)
    assert "Reads 3" in line.get("corrections/", day="2024-05-25", **{"from": "17:39", "until": "17:41"})
    assert "No read fits." in line.get("corrections/", day="2024-05-25", **{"from": "9:39", "until": "9:41"})


def test_a_read_is_moved_and_a_passing_added_in_the_time_of_the_venue(client):
    stage = raced()
    line = Browser(client, stage)
    read = stage.read("C3", "09:40:10")
    assert line.post(f"corrections/reads/{read.pk}/move/", day="2024-05-25", at="9:39:00.25", evidence="film") == (
        "The read counts at 09:39:00.250. The board follows."
    )
    assert stage.table()[0] == "1 3 FIN 2"
    add = {"point": stage.finish.pk, "day": "2024-05-25", "evidence": "finish camera"}
    assert line.post("corrections/add/", bib="4", at="9:45", **add) == "9:45 has no seconds. Write 9:05:01.250."
    assert line.post("corrections/add/", bib="99", at="9:45:00", **add) == "Not on the start list: 99."
    assert line.post("corrections/add/", bib="4", at="9:45:00", **add) == (
        "Number 4 passed at 09:45:00.000. The board follows."
    )
    assert stage.table()[3] == "4 4 FIN 2"


@pytest.fixture
def shots():
    """The real morning of facts/protocols.md: a test shot two hours before, and the gun heard twice."""
    stage = cast.make()
    finish = Source.objects.get(name="Finish")
    taken = Ingestion.objects.get(delivery=stage.reads("C1 08:00:00"))
    for time in ("07:00:01", "09:00:02.350", "09:00:02.950"):
        Marker.objects.create(
            source=finish, ingestion=taken, kind="gun", name="Extern gunshot", local_us=cast.local_us(time)
        )
    return stage


def test_signals_of_decoders_are_proposals_with_what_is_doubtful(client, shots):
    headers = cast.bearer(shots.edition, "timing_crew")
    [wave] = client.get("/api/v1/timing/guns/", headers=headers).json()
    told = [(one["at"][11:], one["doubt"], one["late_ms"]) for one in wave["proposals"]]
    assert (wave["race"], wave["wave"], wave["official"]) == ("open", "A", None)
    assert told == [
        ("07:00:01+08:00", "test", -7_199_000), ("09:00:02.350000+08:00", "", 2350),
        ("09:00:02.950000+08:00", "double", 2950),
    ]  # fmt: skip


def test_the_first_chip_over_a_start_mat_is_one_more_proposal(shots):
    shots.finish.kind = "start"
    shots.finish.save()
    shots.reads("C2 08:59:58", "C1 09:00:03.5", "C3 09:00:03")
    [start] = gun_proposals.of(shots.edition)
    assert [(one.name, one.late_us) for one in start.proposals if one.kind == "first_chip"] == [("C2", -2_000_000)]


def test_a_commissaire_chooses_and_corrects_with_a_reason_after_seeing_what_it_changes(client, shots):
    Wave.objects.create(race=shots.race, code="B", planned_at=cast.GUN.replace(minute=5))
    line = Browser(client, shots, "commissaire")
    told = line.get("guns/")
    assert "a test shot?" in told and "the same shot heard twice?" in told and "Choose 09:00:02.350" in told
    other = Wave.objects.get(code="B")
    body = {"day": "2024-05-25", "also": [other.pk]}
    assert line.post(f"guns/{shots.wave.pk}/", at="9:00:02.350", **body) == (
        "Men A started at 09:00:02.350. The board follows. 1 more wave starts at its interval."
    )
    assert [(each.wave.code, each.at.isoformat()[11:23]) for each in Gun.objects.order_by("pk")] == [
        ("A", "01:00:02.350"), ("B", "01:05:02.350"),
    ]  # fmt: skip
    told = line.post(f"guns/{shots.wave.pk}/", day="2024-05-25", at="9:00:02.950")
    assert "The times of 4 riders get 0:00.600 shorter." in told and "the order between waves can change" in told
    assert Gun.objects.count() == 2
    shots.reads("C1 09:20:00", "C1 09:40:00.400")
    changes = line.get(f"guns/{shots.wave.pk}/changes/?day=2024-05-25&at=9:00:02.950")
    assert "Nobody gets another place. 1 rider gets another time." in changes
    stale = {"day": "2024-05-25", "at": "9:00:02.950", "sure": "1", "reason": "film", "seen": 1}
    assert line.post(f"guns/{shots.wave.pk}/", **stale) == "Another start was set meanwhile: look at it first."
    seen = Gun.objects.get(wave=shots.wave).revision
    sure = {"day": "2024-05-25", "at": "9:00:02.950", "sure": "1", "seen": seen}
    assert line.post(f"guns/{shots.wave.pk}/", **sure) == "A start that was set already is corrected with a reason."
    assert line.post(f"guns/{shots.wave.pk}/", reason="film", **sure) == (
        "Men A started at 09:00:02.950. The board follows."
    )
    assert "film" in line.get("guns/") and Gun.objects.count() == 3


def test_the_timing_crew_sees_the_guns_and_does_not_choose(client, shots):
    line = Browser(client, shots)
    told = line.get("guns/")
    assert "Only commissaires choose the official start." in told and "Choose 09" not in told
    where = f"/editions/{shots.edition.slug}/line/guns/{shots.wave.pk}/"
    assert client.post(where, {"at": "9:00:00"}).status_code == 403


def test_points_and_rules_are_set_with_a_reason_and_only_what_was_changed(client):
    stage = raced()
    line = Browser(client, stage, "organiser")
    assert "one passing within 5 s, its time the first; main and backup within 3 s" in line.get("points/")
    there = f"points/{stage.finish.pk}/"
    shown = {"dedup": "5", "was_dedup": "5", "backup": "3", "was_backup": "3", "policy": "first", "was_policy": "first"}
    assert line.post(there, **shown, reason="x") == "Everything is as it was."
    wanted = shown | {"dedup": "2.5"}
    assert line.post(there, **wanted) == "A race of this course has begun: say why this changes now."
    assert line.post(there, **wanted, reason="sprint").endswith("is set. Boards follow.")
    assert line.post(there, **(shown | {"policy": "last"}), reason="a stale form").endswith("is set. Boards follow.")
    stage.finish.refresh_from_db()
    assert (stage.finish.dedup_ms, stage.finish.backup_ms, stage.finish.policy) == (2500, 3000, "last")
    rules = f"points/races/{stage.race.slug}/"
    kept = {key: value for key, value in stage.race.rules.items() if key != "min_lap_us"}
    assert line.post(rules, min_lap="4:30", reason="short cut").endswith("are set. Boards follow.")
    assert line.post(rules, point="F", from_s="8:00", reason="warm-up").endswith("are set. Boards follow.")
    assert line.post(there, **(shown | {"dedup": "-1"})) == "From 0 to 600 seconds: -1 is none of these."
    assert line.post(rules, point="F", from_s="99999:00:00", reason="x").startswith("99999:00:00 is no span.")
    assert line.post(rules, point="F", from_s="<b>", reason="x") == "&lt;b&gt; is no span. Write 0:45 or 1:02:30."
    stage.race.refresh_from_db()
    assert stage.race.rules == kept | {"min_lap_us": 270_000_000, "windows": [{"point": "F", "from_s": 480}]}
    told = line.get("points/")
    assert "counts from 8:00 after the gun on" in told and "5 s → 2.5 s" in told and "warm-up" in told
    assert line.post(rules, point="F", reason="off").endswith("are set. Boards follow.")
    assert "counts from 8:00" not in line.get("points/")
    assert "Only the organiser and the chief commissaire set" in Browser(client, stage).get("points/")


def test_what_a_program_did_stands_there_too(client):
    stage = mistyped()
    corrections.ignore(stage.read("C1", "09:20:00"), by=None, evidence="a script")
    chips.assign(stage.edition, "BX0941", stage.entries[4], by=None)
    chips.put_aside(stage.edition, "C1", by=None)
    line = Browser(client, stage, "commissaire")
    assert [line.get(page).count("a program") for page in ("chips/", "corrections/", "guns/")] == [2, 1, 1]


EDITION = Edition(zone="Asia/Shanghai", starts_on=cast.DAY, ends_on=cast.DAY)


@given(st.integers(0, 86_400_000_000 - 1))
def test_a_time_is_read_as_it_is_shown(us):
    at_us = venue_time.parse(EDITION, "2024-05-25", "0:00:00") + us
    assert venue_time.parse(EDITION, "2024-05-25", venue_time.shown(EDITION, at_us)) == at_us


@pytest.mark.parametrize(
    "text", ["", "9", "25:00:00", "9:60:00", "9:00:60", "9:0:0", "٩:٠٥:٠١", "9:00:00.1234567", "24:00:00"]
)
def test_what_is_surely_no_time_is_refused(text):
    with translation.override("en"), pytest.raises(Refused):
        venue_time.time_us(text)
