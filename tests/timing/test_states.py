"""What machines tell of themselves is kept, newest first; a JChip reader's clock corrects its reads."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import cast
from tests.timing.streams import fed
from timing import ingest, intake, sources
from timing.clocks import instant
from timing.decoders import decoder
from timing.decoders.amb_p3 import GET_TIME, request
from timing.models import Channel, ClockOffset, Ingestion, Read, Source, Status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("alone")]
HEARD = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def stage():
    """The small race, at which it is 09:46:51.000 when anything is heard in these tests."""
    made = cast.make()
    event = cast.GUN + timedelta(minutes=46, seconds=51)
    made.edition.clock = [{"real": HEARD.isoformat(), "event": event.isoformat(), "speed": 1}]
    made.edition.save(update_fields=["clock"])
    return made


def say(channel, body, *, after=0, file=False, **options):
    """A machine says something, so many seconds after the start of the test."""
    heard = (HEARD + timedelta(seconds=after)).isoformat()
    told = {"make": channel.make, "date": "2024-05-25", "heard_at": heard} | options
    intake.receive(channel, body, f"{after} {body!r}"[:160], options=told, file=file)
    ingest.take_in(channel.pk)


def line(stage, make, label="box"):
    return Channel.objects.create(edition=stage.edition, kind="tcp", make=make, label=label, port=4000)


def told():
    """Source -> battery, mains, clock in ms, and what else."""
    return {
        row.source.name: (
            row.battery,
            row.mains,
            None if row.clock_us is None else row.clock_us // 1000,
            {name: value for name, value in row.said.items() if name not in ("reader_time", "clock_at", "offset")},
        )
        for row in Status.objects.select_related("source")
    }


def device(**said):
    return b"Finish@AckGetInfo@" + "|".join(f"{key}={value}" for key, value in said.items()).encode() + b"@$"


MILLIS = int((cast.GUN + timedelta(minutes=46, seconds=51)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("make", "said", "expected"),
    [
        (
            "mylaps",
            b"Finish@AckGetInfo@id=1|n=Main|bat=71|tbsc=00:00:05|time=%d@id=2|n=Backup|bat=64|gpsc=7@$" % (MILLIS + 1500),
            {"Finish": (64, None, 1500, {"device": "Main, Backup", "same_chip": "00:00:05", "gps": 7})},
        ),
        (
            "mylaps",
            b"Finish@AckGetInfo@id=1|n=Main|time=%d@$" % (MILLIS + 8 * 3_600_000 - 20),  # on its own wall
            {"Finish": (None, None, -20, {"device": "Main"})},
        ),
        (
            "mylaps",
            b"Finish@AckGetInfo@PSD-0C0210@Unknown@Laptop@$",
            {"Finish": (None, None, None, {"device": "PSD-0C0210", "computer": "Laptop"})},
        ),
        (
            "raceresult",
            b"GETSTATUS;2024-05-25;09:46:50.400;1;8;1;12;1;49.7,8.2;1;88;21;1;0;0\r\n",
            {"box": (88, True, -600, {"operating": True, "file": 12})},
        ),
        ("raceresult", b"GETTIME;0000-00-00;09:46:53\r\n", {"box": (None, None, 2000, {})}),
        ("ultra", b"V=12.7\r\n09:46:51 25-05-2024\r\n", {"box": (None, None, 0, {"volts": 12.7})}),
        ("ultra", b"17:46:51 25-05-2024\r\n", {"box": (None, None, 8 * 3_600_000, {})}),
        ("wiclax", b"CLOCK 25-05-2024 09:46:52\r", {"box": (None, None, 1000, {})}),
        (
            "amb_p3",
            request(GET_TIME, b"\x01\x08" + (MILLIS * 1000 + 250_000).to_bytes(8, "little") + b"\x81\x04\x07\0\0\0"),
            {"7": (None, None, 250, {})},
        ),
        (
            "feibot",
            b"GET /time/api/testConnection?machineId=H002&eventId=9&batPercent=67&machineTimeStamp=%d HTTP/1.1\r\n"
            % (MILLIS - 100),
            {"H002": (67, None, -100, {"event": "9"})},
        ),
    ],
)  # fmt: skip
def test_what_a_machine_tells_of_itself(stage, make, said, expected):
    Source.objects.create(edition=stage.edition, name="box", zone=stage.edition.zone)
    say(line(stage, make), said, source="box" if make in ("raceresult", "ultra", "wiclax") else "")
    assert (told(), ClockOffset.objects.count(), Status.objects.get().at) == (expected, 0, HEARD)


def test_the_newest_counts_and_what_it_leaves_out_stays(stage):
    channel = line(stage, "mylaps")
    say(channel, device(n="Main", bat=71, time=MILLIS), after=60)
    say(channel, device(n="Main", bat=80), after=30)
    say(channel, device(n="Main 2", temp=21), after=90)
    assert told() == {"Finish": (71, None, -60_000, {"device": "Main 2", "temperature": 21})}
    assert Status.objects.get().at == HEARD + timedelta(seconds=90)


def test_what_is_told_moves_no_board_and_a_file_tells_nothing_of_now(stage):
    channel = line(stage, "mylaps")
    before = stage.race.revision
    say(channel, device(n="Main", bat=71))
    intake.receive(channel, device(n="Main", bat=9), "file", options={"make": "mylaps"}, file=True)
    ingest.take_in(channel.pk)
    stage.race.refresh_from_db()
    assert (told()["Finish"][0], stage.race.revision, Ingestion.objects.count()) == (71, before, 2)


def test_a_channel_speaks_of_no_source_but_its_own(stage):
    channel = line(stage, "mylaps")
    channel.sources.add(Source.objects.get(edition=stage.edition, name="Backup"))
    say(channel, device(n="Main", bat=71))
    assert told() == {}


def test_a_box_that_does_not_name_itself_is_the_one_that_was_read(stage):
    channel = line(stage, "raceresult")
    say(channel, b"#P;1;C1;2024-05-25;09:40:00.000;0;5;-60;0;0;0;0;0;0;0;0;0;Box;1;1;D-5012\r\n")
    say(channel, b"GETTIME;2024-05-25;09:46:53\r\n", after=1)
    assert told() == {"D-5012": (None, None, 1000, {})}


GREETING = b"N0000reader-7\rGT0094650870 date=20240525\r"


def jchip(stage, zone="Asia/Shanghai"):
    """A reader at the finish."""
    channel = line(stage, "jchip")
    Source.objects.create(edition=stage.edition, name="reader-7", point=stage.finish, zone=zone)
    return channel


def offsets():
    return [
        (row.since, row.offset_us, row.evidence, row.revision is not None) for row in ClockOffset.objects.order_by("pk")
    ]


def test_a_jchip_reader_is_corrected_by_its_own_answer(stage):
    stage.edition.refresh_from_db()
    channel = jchip(stage)
    revision = stage.race.revision
    say(channel, GREETING)
    assert offsets() == [(None, 130_000, "GT 2024-05-25 09:46:50.870 = 2024-05-25T01:46:51.000+00:00", True)]
    stage.race.refresh_from_db()
    assert (told()["reader-7"][2], stage.race.revision > revision) == (-130, True)
    say(channel, b"#N0000reader-7\r#GT0094650870 date=20240525\rDAC1 09:47:00.0000 10 1 C7 date=20240525\r", after=10)
    read = Read.objects.get(chip="C1")
    assert read.local_us == cast.local_us("09:47:00")  # as the reader wrote it
    assert instant(_clock(read.source).true_us(read.local_us)) == cast.GUN + timedelta(minutes=47, microseconds=130_000)


def _clock(source):
    from timing import clocks

    return clocks.of([source])[source.pk]


def test_the_same_answer_again_says_nothing_new_and_another_holds_from_then_on(stage):
    channel = jchip(stage)
    say(channel, GREETING)
    say(channel, b"N0000reader-7\rGT0094659800 date=20240525\r", after=9)  # 200 ms instead of 130
    assert len(offsets()) == 1
    say(channel, b"N0000reader-7\rGT0094600000 date=20240525\r", after=60)
    assert [(since, us) for since, us, *_rest in offsets()] == [
        (None, 130_000),
        (cast.GUN + timedelta(minutes=47, seconds=51), 111_000_000),
    ]


def test_who_has_set_an_offset_by_hand_keeps_it(stage):
    channel = jchip(stage)
    say(channel, GREETING)
    reader = Source.objects.get(name="reader-7")
    sources.set_offset(reader, since=None, offset_us=0, evidence="photo finish", by=None)
    say(channel, b"N0000reader-7\rGT0094600000 date=20240525\r", after=60)
    assert [us for _since, us, *_rest in offsets()] == [130_000, 0]
    assert told()["reader-7"][2] == -111_000


def test_two_answers_taken_in_at_once_are_two_segments(stage):
    channel = jchip(stage)
    for after, said in ((0, GREETING), (60, b"N0000reader-7\rGT0094600000 date=20240525\r")):
        options = {"make": "jchip", "date": "2024-05-25", "heard_at": (HEARD + timedelta(seconds=after)).isoformat()}
        intake.receive(channel, said, str(after), options=options)
    ingest.take_in(channel.pk)
    assert [us for _since, us, *_rest in offsets()] == [130_000, 111_000_000]


def test_at_a_rehearsal_that_runs_faster_the_way_takes_longer(stage):
    event = (cast.GUN + timedelta(minutes=46, seconds=51)).isoformat()
    stage.edition.clock = [{"real": HEARD.isoformat(), "event": event, "speed": 30}]
    stage.edition.save(update_fields=["clock"])
    say(jchip(stage), b"N0000reader-7\rGT0094652000 date=20240525\r")
    assert (offsets(), told()["reader-7"][2]) == ([], 1000)


def test_of_each_kind_one_answer_is_kept_until_it_is_asked_again():
    p3 = decoder("amb_p3").session("LYDG")
    time = request(GET_TIME, b"\x01\x08" + (MILLIS * 1000).to_bytes(8, "little"))

    def kept():
        return [frame.keep for frame in p3.feed(time * 2)]

    first = kept()
    p3.keep_alive()
    asked = kept()
    for _beat in range(5):
        p3.keep_alive()
    before = kept()
    p3.keep_alive()
    assert (first, asked, before, kept()) == ([True, False], [True, False], [False, False], [True, False])


def test_the_timing_software_is_asked_once_it_has_said_hello():
    session = decoder("mylaps").session("LYDG")
    assert session.keep_alive() == b""
    session.feed(b"Finish@Pong@$")
    assert [session.keep_alive() for _beat in range(7)] == [
        b"LYDG@Ping@$LYDG@GetInfo@$", *[b"LYDG@Ping@$"] * 5, b"LYDG@Ping@$LYDG@GetInfo@$",
    ]  # fmt: skip
    assert [frame[1:] for frame in fed(decoder("mylaps"), device(n="Main"), [])[0]] == [(b"", True, True)]


def test_a_wiclax_box_is_told_to_read():
    session = decoder("wiclax").session("LYDG")
    assert session.opening() == b"CLOCK\rSTARTREAD\r"
    assert [session.keep_alive() for _beat in range(2)] == [b"CLOCK\r", b""]
