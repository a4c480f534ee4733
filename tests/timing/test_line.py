"""The health of the line and its alarms."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from redis import Redis

from race import clock
from race.refused import Refused
from tests import cast
from tests.timing.line_cast import RIDERS, at, crew, deliver, line, make, one, pass_by, told
from timing import heartbeat
from timing.line import alarms, health, holes, measured, tally, words
from timing.models import Channel, ClockOffset, Delivery, Ingestion, Pending, Read, Source, Status

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _counted_anew(redis: Redis) -> Iterator[None]:
    tally.forget()
    with translation.override("en"):
        yield
    tally.forget()


@pytest.fixture
def race() -> cast.Cast:
    return make()


# --- the state of a source ---------------------------------------------------------------------------------------


def test_a_line_at_rest_is_quiet_and_raises_nothing(race: cast.Cast) -> None:
    assert [(found.source.name, found.state, found.quiet_us) for found in line(race).sources] == [
        ("Backup", "idle", None), ("Finish", "idle", None), ("Pass", "idle", None),
    ]  # fmt: skip
    assert told(race) == []


def test_ages_are_event_time(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Finish")
    assert (one(race, "Finish").state, one(race, "Finish").quiet_us) == ("ok", 0)
    at(race, "09:30:40")
    assert (one(race, "Finish").state, words.age(one(race, "Finish").quiet_us)) == ("ok", "40 s")
    said = [words.state_word(replace(one(race, "Finish"), quiet_us=quiet)) for quiet in (0, 9_999_999, 10_000_000)]
    assert said == ["fresh", "fresh", "in order"]
    at(race, "09:33:14")
    assert (one(race, "Finish").state, words.age(one(race, "Finish").quiet_us)) == ("idle", "3 min 14 s")


def test_reads_are_counted_by_the_minute_in_which_they_came(race: cast.Cast) -> None:
    pass_by(race, "09:28:00", "Finish")
    at(race, "09:32:00")
    pass_by(race, "09:31:00", "Finish", riders=(1, 2))
    assert one(race, "Finish").minutes == (0,) * 15 + (6, 0, 2)
    pass_by(race, "09:31:00", "Finish", riders=(1, 2))  # sent again: nothing new
    assert one(race, "Finish").minutes == (0,) * 15 + (6, 0, 2)
    assert (line(race).received, line(race).new) == (10, 8)


def test_a_memory_stick_is_no_sign_of_life(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Finish")
    at(race, "09:40:00")
    body = b"source,chip,time\n" + b"".join(b"Finish,C%d,2024-05-25 09:2%d:00.000\n" % (bib, bib) for bib in RIDERS)
    deliver(race, body, {"make": "csv", "name": "finish.csv"})
    found = line(race)
    finish = next(source for source in found.sources if source.source.name == "Finish")
    assert (finish.reads, finish.state, sum(finish.minutes)) == (12, "idle", 6)
    assert found.file is not None and (found.file.name, found.file.new) == ("finish.csv", 6)


def test_a_source_is_silent_when_its_neighbour_sees_riders_and_it_does_not(race: cast.Cast) -> None:
    pass_by(race, "09:20:00", "Finish")
    pass_by(race, "09:20:00", "Backup")
    at(race, "09:35:00")
    pass_by(race, "09:34:00", "Finish", riders=(1, 2, 3))
    at(race, "09:35:30")
    assert (one(race, "Backup").state, one(race, "Backup").missed) == ("slow", 3)
    assert told(race) == []
    pass_by(race, "09:34:30", "Finish", riders=(4, 5))
    at(race, "09:36:00")
    assert (one(race, "Backup").state, one(race, "Backup").why, one(race, "Backup").missed) == ("silent", "misses", 5)
    assert told(race) == [("silent", "Backup")]
    pass_by(race, "09:34:30", "Backup", riders=(5,))
    assert told(race) == []


def test_a_person_with_a_key_need_not_see_everybody(race: cast.Cast) -> None:
    Source.objects.filter(edition=race.edition, name="Backup").update(make="pad")
    pass_by(race, "09:20:00", "Backup", riders=(1,))
    at(race, "09:35:00")
    pass_by(race, "09:34:00", "Finish")
    at(race, "09:36:00")
    assert told(race) == []


def test_a_main_source_that_never_read_is_silent_and_a_backup_is_not(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Backup")
    at(race, "09:31:00")
    assert told(race) == [("silent", "Finish")]
    assert one(race, "Finish").why == "never"


def test_a_lost_line_is_told_with_its_age(race: cast.Cast) -> None:
    Channel.objects.filter(pk=race.channel.pk).update(kind="tcp", port=4001)
    pass_by(race, "09:29:00", "Pass")
    connected(race, "")
    at(race, "09:32:14")
    assert (one(race, "Pass").connected, told(race)) == (True, [])
    connected(race)
    assert (one(race, "Pass").connected, told(race)) == (False, [("silent", "Pass")])
    sentences = [words.alarm(found) for found in alarms.of(line(race))]
    assert sentences == [
        (
            "Pass: line lost for 2 min 14 s.",
            "The box goes on recording and sends what is missing once it is back; nothing is counted twice.",
        )
    ]
    at(race, "14:00:00")
    assert told(race) == []  # switched off hours ago


def connected(race: cast.Cast, *peers: str) -> None:
    """What the gateway tells: these are there, and their last bytes came with the last read."""
    now = datetime.now(UTC).isoformat()
    lines = [{"channel": race.channel.pk, "peer": peer, "since": now, "heard": now} for peer in peers]
    heartbeat._store().hset(heartbeat.KEY, "test", orjson.dumps({"at": now, "lines": lines}))


def test_without_a_gateway_nobody_knows_who_is_connected(race: cast.Cast) -> None:
    Channel.objects.filter(pk=race.channel.pk).update(kind="tcp", port=4001)
    pass_by(race, "09:29:00", "Pass")
    at(race, "09:40:00")
    assert (one(race, "Pass").connected, told(race)) == (None, [("gateway_silent", "")])
    old = (datetime.now(UTC) - timedelta(seconds=heartbeat.SILENT_S + 1)).isoformat()
    heartbeat._store().hset(heartbeat.KEY, "dead", orjson.dumps({"at": old, "lines": []}))
    assert told(race) == [("gateway_silent", "")]


def test_what_a_machine_tells_stands_beside_its_reads(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Pass")
    source = race.edition.sources.get(name="Pass")
    Status.objects.create(source=source, at=timezone.now(), battery=54, queue=86, clock_us=-310_000)
    found = one(race, "Pass")
    assert found.status is not None
    assert (found.status.battery, found.status.queue, found.told_us, found.state) == (54, 86, -310_000, "ok")
    at(race, "09:31:00")
    assert (one(race, "Pass").state, one(race, "Pass").why) == ("slow", "queue")


# --- clocks ------------------------------------------------------------------------------------------------------


def test_a_clock_is_measured_by_riders_whom_both_saw(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Finish")
    pass_by(race, "09:29:00", "Backup", ahead_us=-310_000)
    found = one(race, "Backup").measured
    assert found is not None
    assert (found.ahead_us, found.riders, found.sure) == (-310_000, 6, True)
    assert (one(race, "Finish").base, one(race, "Backup").against) == (True, "Finish")
    assert told(race) == []  # less than half a second


def test_a_clock_that_is_off_is_put_right_by_one_click_and_back_by_another(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Finish")
    pass_by(race, "09:29:00", "Backup", ahead_us=1_200_000)
    assert told(race) == [("clock_off", "Backup")]
    browser, backup = crew(race), race.edition.sources.get(name="Backup")
    page = browser.get(f"/line/sources/{backup.pk}/")
    assert page.context["suggested"].ahead_us == 1_200_000
    browser.post(f"/line/sources/{backup.pk}/apply/", {"ahead_us": "1200000"})
    offset = ClockOffset.objects.get(source=backup)
    evidence = "6 riders seen by Finish, too: +1.200 s, half of them within 0.000 s"
    assert (offset.since, offset.offset_us, offset.evidence) == (None, -1_200_000, evidence)
    assert told(race) == []
    browser.post(f"/line/sources/{backup.pk}/apply/", {"ahead_us": "1200000"})
    assert ClockOffset.objects.filter(source=backup).count() == 1  # a second click finds nothing left to do
    browser.post(f"/line/sources/{backup.pk}/offset/", {"segment": offset.pk})
    assert told(race) == [("clock_off", "Backup")]


def test_another_offset_than_the_one_seen_is_not_set(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Finish")
    pass_by(race, "09:29:00", "Backup", ahead_us=1_200_000)
    backup = race.edition.sources.get(name="Backup")
    with pytest.raises(Refused) as refused:
        measured.apply(backup, ahead_us=3_000_000, by=None)
    assert (refused.value.code, ClockOffset.objects.count()) == ("measured_again", 0)


def test_eight_hours_are_a_zone_mistake_and_its_cure_is_the_zone(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Finish")
    pass_by(race, "09:29:00", "Backup", ahead_us=-8 * 3600 * 1_000_000)
    assert told(race) == [("zone_mistake", "Backup")]
    (alarm,) = alarms.of(line(race))
    assert words.alarm(alarm).fact == "Backup is 8 h 0 min behind: its clock does not show the time of Asia/Shanghai."
    backup = race.edition.sources.get(name="Backup")
    made = measured.apply(backup, ahead_us=-8 * 3600 * 1_000_000, by=None)
    backup.refresh_from_db()
    assert (made.zone, backup.zone, told(race)) == ("UTC", "UTC", [])


def test_one_source_alone_shows_a_zone_mistake_by_when_its_reads_arrive(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Pass", ahead_us=-8 * 3600 * 1_000_000)
    assert told(race) == [("zone_mistake", "Pass")]


def test_of_two_it_is_the_one_whose_reads_arrive_hours_away_that_is_wrong(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Finish", ahead_us=-8 * 3600 * 1_000_000)
    pass_by(race, "09:29:00", "Backup")
    assert told(race) == [("zone_mistake", "Finish")]


def test_a_clock_cannot_be_ahead_of_the_arrival_of_its_reads(race: cast.Cast) -> None:
    pass_by(race, "09:28:30", "Pass", ahead_us=120_000_000)
    assert told(race) == [("clock_off", "Pass")]
    assert alarms.of(line(race))[0].values == {"ahead_us": 90_000_000}


# --- what is missing, parked, waiting, rejected ---------------------------------------------------------------------


def test_numbers_that_never_came_are_missing_until_they_come(race: cast.Cast) -> None:
    Source.objects.filter(edition=race.edition, name="Pass").update(make="raceresult")
    numbers(race, 1, 2, 6)
    assert told(race) == [("holes", "Pass")]
    assert [(hole.first, hole.last) for hole in one(race, "Pass").holes] == [(3, 5)]
    numbers(race, 3, 4, 5)
    assert holes.find(race.edition, clock.now(race.edition)) == {}
    numbers(race, 5000)  # begun to count anew: nothing is missing
    assert holes.find(race.edition, clock.now(race.edition)) == {}


def test_records_of_a_mylaps_box_that_never_came_are_missing(race: cast.Cast) -> None:
    """Each box of a location counts by itself; messages have other numbers, which tell nothing."""

    def store(device: int, number: int) -> bytes:
        record = f"X{number:06}09:10:{number % 60:02}.000{device:2} 0F  1{number:04X}240525"
        return f"Mat@Store@{record}{sum(record.encode()) % 256:02X}@{number * 3}@$".encode()

    messages = [store(5, 1), store(5, 2), store(5, 5), store(6, 40), store(6, 42)]
    passing = [f"Mat@Passing@c=Y{n}|d=240525|t=09:12:00.000|dv=5@{n}@$".encode() for n in (90, 95)]
    for body in (*messages, *passing):
        deliver(race, body, {"make": "mylaps"})
    found = holes.find(race.edition, clock.now(race.edition))
    assert [(hole.first, hole.last) for hole in found[race.edition.sources.get(name="Mat").pk]] == [(3, 4), (41, 41)]
    for body in (store(5, 3), store(5, 4), store(6, 41)):
        deliver(race, body, {"make": "mylaps"})
    assert holes.find(race.edition, clock.now(race.edition)) == {}


def numbers(race: cast.Cast, *given: int) -> None:
    """Reads with these numbers, as a race result box would bring them."""
    pass_by(race, "09:10:00", "Finish", riders=(1,))
    ingestion, source = Ingestion.objects.latest("pk"), race.edition.sources.get(name="Pass")
    begin = cast.local_us("09:20:00.000")
    Read.objects.bulk_create(
        Read(source=source, chip=f"X{seq}", local_us=begin + seq * 1_000_000, seq=seq, ingestion=ingestion)
        for seq in given
    )
    pass_by(race, f"09:11:{given[0] % 60:02}", "Finish", riders=(1,))


def test_a_deaf_worker_is_told_by_what_waits(race: cast.Cast) -> None:
    delivery = deliver(race, b'{"reads": []}', {"make": "json"}, taken=False)
    assert told(race) == []
    late(delivery, alarms.DEAF_S + 1)
    assert told(race) == [("worker_deaf", "")]
    Pending.objects.update(file=True)
    assert told(race) == []  # a large file may take its time
    late(delivery, alarms.DEAF_FILE_S + 1)
    assert told(race) == [("worker_deaf", "")]
    Pending.objects.update(parked=Pending.Parked.ASKED)
    assert told(race) == [("parked", "")]
    Pending.objects.update(parked=Pending.Parked.LEFT_OUT)
    assert told(race) == []


def late(delivery: Delivery, seconds: float) -> None:
    """Let a delivery have come so long ago: evidence cannot be changed but by switching its guard off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE timing_delivery DISABLE TRIGGER USER")
        moment = timezone.now() - timedelta(seconds=seconds)
        cursor.execute("UPDATE timing_delivery SET received_at = %s WHERE id = %s", [moment, delivery.pk])
        cursor.execute("ALTER TABLE timing_delivery ENABLE TRIGGER USER")


def test_rows_that_could_not_be_read_are_told_for_ten_minutes(race: cast.Cast) -> None:
    deliver(race, b"source,chip,time\nFinish,C1,yesterday\n", {"make": "csv", "name": "finish.csv"})
    assert told(race) == [("rejected", "")]
    at(race, "09:41:00")
    assert told(race) == []


def test_a_source_that_reads_and_stands_nowhere_is_asked_about(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Elsewhere")
    assert told(race) == [("unmapped", "Elsewhere")]
    source = race.edition.sources.get(name="Elsewhere")
    crew(race).post(
        f"/line/sources/{source.pk}/place/", {"point": race.finish.pk, "role": "backup", "zone": "Asia/Shanghai"}
    )
    source.refresh_from_db()
    assert (source.point_id, source.role, told(race)) == (race.finish.pk, "backup", [])


def test_every_alarm_has_its_sentence() -> None:
    rows = {row.split("|")[1].strip() for row in (alarms.__doc__ or "").splitlines() if row.startswith("| ")}
    assert rows - {"code"} == set(words._SENTENCES)


# --- what it costs --------------------------------------------------------------------------------


def queries(race: cast.Cast) -> int:
    race.edition.refresh_from_db()
    with CaptureQueriesContext(connection) as made:
        health.of(race.edition)
    return len(made)


def test_the_health_of_the_line_costs_the_same_however_much_there_is(race: cast.Cast) -> None:
    pass_by(race, "09:10:00", "Finish")
    few = queries(race)
    for minute in range(11, 40):
        pass_by(race, f"09:{minute}:00", f"Source {minute}")
    tally.forget()
    assert (few, queries(race), queries(race)) == (9, 9, 6)


def test_two_processes_count_the_same(race: cast.Cast) -> None:
    for minute in range(10, 20):
        pass_by(race, f"09:{minute}:00", "Finish")
        line(race)
    step_by_step = one(race, "Finish")
    tally.forget()
    at_once = one(race, "Finish")
    assert (step_by_step.reads, step_by_step.minutes) == (60, at_once.minutes)
    assert (at_once.reads, at_once.measured) == (60, step_by_step.measured)
