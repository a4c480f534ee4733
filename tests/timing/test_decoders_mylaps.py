"""MYLAPS TCP: what its vectors do not show."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timing.decoders import decoder
from timing.decoders.model import MAX_FRAME, Context, Frame, FrameTooLong, Marker, Parsed, Read, Reject
from timing.decoders.mylaps_tcp import MOST_ODD
from timing.decoders.wall_clock import day_us, time_us

MYLAPS = decoder("mylaps")
CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG")
SATURDAY = day_us(2024, 5, 25)
PONG_2 = b"LYDG@AckPong@Version2.1@c|ct|t|d|l|dv|re|an|h|am|amd|ts|dm|utc@$"


def parse(body, context=CONTEXT):
    return MYLAPS.parse(body, context)


def record(chip=b"KV86583", time=b"09:01:02.500", lap=b"  1", number=b"000A", day=b"240525"):
    columns = chip + time + b" 5 0F" + lap + number + day
    return columns + b"%02X" % (sum(columns) % 256)


def read_1(seq=1, **changed):
    read = Read("Finish", "KV86583", SATURDAY + time_us("09:01:02.5"), seq, "5", "0", "F", 1, 10)
    return read._replace(**changed)


def read_2(seq=7, **changed):
    return Read("Finish", "KV86583", SATURDAY + time_us("09:01:02.5"), seq)._replace(**changed)


def test_a_bad_checksum_costs_only_its_record():
    bad = record()[:-1] + b"!"
    body = b"Finish@Store@" + record() + b"@" + bad + b"@" + record(chip=b"LZ63021") + b"@9@$"
    assert parse(body) == Parsed(
        reads=(read_1(9), read_1(9, chip="LZ63021")),
        rejects=(Reject(bad, "bad_checksum"),),
        replies=(b"LYDG@AckStore@9@$",),
    )


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record()[:-1], "bad_length"),
        (record() + b" ", "bad_length"),
        (b"", "bad_length"),
        (record(time=b"24:01:02.500"), "bad_time"),
        (record(time=b"   01:02.500"), "bad_time"),
        (record(day=b"241325"), "bad_time"),
        (record(day=b"000000"), "bad_time"),
        (record(day=b"24052 "), "bad_time"),
        (record(chip=b"       "), "bad_chip"),
        (record(chip=b"AB\x00CD12"), "bad_chip"),
    ],
)
def test_a_store_record_that_is_no_read(bad, reason):
    body = b"Finish@Store@" + record() + b"@" + bad + b"@1@$"
    assert parse(body) == Parsed((read_1(),), (), (Reject(bad, reason),), (b"LYDG@AckStore@1@$",))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"t=09:01:02.500|d=240525", "bad_chip"),
        (b"c=KV86583|d=240525", "bad_time"),
        (b"c=KV86583|t=09:01|d=240525", "bad_time"),
        (b"c=KV86583|t=09:01:02.500|d=240230", "bad_time"),
        (b"c=KV86583|t=09:01:02.-5|d=240525", "bad_time"),
        (b"c=" + b"9" * 33 + b"|t=09:01:02.500|d=240525", "bad_chip"),
        (b"", "bad_chip"),
        (b"nonsense", "bad_chip"),
    ],
)
def test_a_passing_record_that_is_no_read(bad, reason):
    body = b"Finish@Passing@c=KV86583|d=240525|t=09:01:02.5@" + bad + b"@7@$"
    assert parse(body) == Parsed((read_2(),), (), (Reject(bad, reason),), (b"LYDG@AckPassing@7@$",))


def test_unknown_keys_are_left_in_the_bytes():
    body = b"Finish@Passing@new=1|c=kv86583|utc=1716598862500|h=9|d=240525|t=09:01:02.500123|ct=CX|l=x@7@$"
    assert parse(body).reads == (read_2(local_us=SATURDAY + time_us("09:01:02.500123")),)


def test_a_passing_without_a_date_takes_the_race_day():
    assert parse(b"Finish@Passing@c=KV86583|t=09:01:02.5@7@$").reads == (read_2(),)


def test_a_time_without_any_date_is_refused():
    nothing_known = Context("Asia/Shanghai", None)
    assert parse(b"Finish@Marker@t=11:03:40|mt=Gunshot|n=1@4@$", nothing_known).rejects == (
        Reject(b"t=11:03:40|mt=Gunshot|n=1", "no_date"),
    )
    after_midnight_in_china = Context("Asia/Shanghai", None, received_at=datetime(2024, 5, 24, 17, 0, tzinfo=UTC))
    assert parse(b"Finish@Marker@t=01:00:00|mt=Gunshot|n=1@4@$", after_midnight_in_china).markers == (
        Marker("Finish", "Gunshot", "1", SATURDAY + time_us("01:00:00")),
    )


def test_several_guns_in_one_message():
    body = b"Start@Marker@2024-05-25 04:12:19.102|ext-gun|Extern gunshot@2024-05-25 bang|ext-gun|@2@$"
    assert parse(body) == Parsed(
        markers=(Marker("Start", "ext-gun", "Extern gunshot", SATURDAY + time_us("04:12:19.102")),),
        rejects=(Reject(b"2024-05-25 bang|ext-gun|", "bad_time"),),
        replies=(b"LYDG@AckMarker@2@$",),
    )


def test_both_versions_on_one_connection():
    session = MYLAPS.session("LYDG")
    store = b"Finish@Store@" + record() + b"@1@$"
    passing = b"Finish@Passing@c=KV86583|d=240525|t=09:01:02.5@7@$"
    assert session.feed(b"Finish@Pong@$" + store + b"\r\n" + passing) == [
        Frame(b"Finish@Pong@$", PONG_2, False),
        Frame(store, b"LYDG@AckStore@1@$", True),
        Frame(passing, b"LYDG@AckPassing@7@$", True),
    ]


def test_version_1_is_a_choice():
    session = decoder("mylaps_tcp_v1").session("LYDG")
    assert session.feed(b"Start@Pong@$Finish@Pong@$") == [
        Frame(b"Start@Pong@$", b"LYDG@AckPong@$", False),
        Frame(b"Finish@Pong@$", b"LYDG@AckPong@$", False),
    ]


def test_control_messages_are_understood_and_only_what_devices_tell_is_kept():
    said = (
        b"Start@AckPing@$\x00\x00Start@AckGetInfo@PSD-0C0210@Unknown@Laptop$Toolkit@GetLocations@ln=Start@$A@AckPong@$"
    )
    session = MYLAPS.session("LYDG")
    assert [frame.keep for frame in session.feed(said)] == [False, True, False, False]
    assert parse(said)._replace(states=()) == Parsed(
        control=(
            {"type": "AckPing", "location": "Start"},
            {"type": "AckGetInfo", "location": "Start"},
            {"type": "GetLocations", "location": "Toolkit"},
            {"type": "AckPong", "location": "A"},
        )
    )


@pytest.mark.parametrize("end", [b"@$", b"$", b""])
def test_a_login_is_never_kept(end):
    said = b"Toolkit@AckAuth@timer@hunter2" + end
    session = MYLAPS.session("LYDG")
    assert [frame for frame in session.feed(said) if frame.keep] == []
    assert session.pending == b""
    assert parse(said) == Parsed(control=({"type": "AckAuth", "location": "Toolkit"},))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"hello", "bad_frame"),
        (b"Finish@", "bad_frame"),
        (b"Finish@Store@", "bad_frame"),
        (b"Finish@Store@" + record() + b"@", "bad_frame"),
        (b"Finish@Passing@c=KV86583|d=240525|t=09:01:02.5@", "bad_frame"),
        (b"Finish@Passing@c=KV86583|d=240525|t=09:01:02.5@\xc2\xb2@", "bad_frame"),
        (b"Finish@Store@" + record() + b"@1234567890@", "bad_frame"),
        (b"Finish@Dance@1@", "unknown_function"),
        (b"\xff\xfe@\xff@", "unknown_function"),
    ],
)
def test_a_message_that_is_none_is_kept_and_not_answered(message, reason):
    assert MYLAPS.session("LYDG").feed(message + b"$") == [Frame(message + b"$", b"", True)]
    assert parse(message + b"$" + b"Finish@Ping@$") == Parsed(
        rejects=(Reject(message, reason),),
        replies=(b"LYDG@AckPing@$",),
        control=({"type": "Ping", "location": "Finish"},),
    )


@pytest.mark.parametrize("name", [b"Fin\x07ish", b"x" * 81, b""])
def test_a_source_without_a_usable_name_is_a_reject_and_still_answered(name):
    body = name + b"@Passing@c=KV86583|d=240525|t=09:01:02.5@7@$"
    assert parse(body) == Parsed(rejects=(Reject(body[:-1], "bad_frame"),), replies=(b"LYDG@AckPassing@7@$",))


def test_names_in_chinese_utf8_and_with_signs():
    body = "终点 2 = 起点.5@Passing@c=KV86583|d=240525|t=09:01:02.5@7@$".encode()
    assert parse(body).reads == (read_2(source="终点 2 = 起点.5"),)


def test_noise_and_empty_messages_are_nothing():
    session = MYLAPS.session("LYDG")
    assert session.feed(b"\x00\r\n$\x00$\r\n") == []
    assert session.pending == b""
    assert parse(b"\x00\r\n$\x00$\r\n") == Parsed()


def test_the_end_of_a_broken_connection_is_a_reject():
    session = MYLAPS.session("LYDG")
    session.feed(b"Finish@Ping@$\r\nFinish@Passing@c=KV8")
    assert session.pending == b"Finish@Passing@c=KV8"
    assert parse(session.pending) == Parsed(rejects=(Reject(b"Finish@Passing@c=KV8", "truncated"),))


@pytest.mark.parametrize("cut", [1, 1000, MAX_FRAME, MAX_FRAME + 1])
def test_a_message_of_the_longest_length_passes_and_one_byte_more_does_not(cut):
    longest = b"x" * (MAX_FRAME - 1) + b"$"
    session = MYLAPS.session("LYDG")
    assert session.feed(longest[:cut]) + session.feed(longest[cut:]) == [Frame(longest, b"", True)]
    endless = b"Finish@Ping@$" + b"x" + longest
    with pytest.raises(FrameTooLong) as broken:
        session.feed(endless)
    assert broken.value.frames == [Frame(b"Finish@Ping@$", b"LYDG@AckPing@$", False)]
    assert parse(endless).rejects == (Reject(b"x" + longest[:-1], "frame_too_long"),)


def test_noise_without_end_is_not_a_long_message():
    session = MYLAPS.session("LYDG")
    for _ in range(3):
        assert session.feed(b"\x00" * MAX_FRAME) == []
    assert session.pending == b""


PIECES = st.sampled_from(
    [
        b"Finish@Store@" + record() + b"@1@$",
        b"Finish@Passing@c=KV86583|d=240525|t=09:01:02.5@7@$",
        *(b"$", b"@", b"|", b"=", b"\x00", b"\r\n", b"Finish", b"@Pong@$", b"@Ping@$", b"Store", b"@Passing@"),
        *(b"@Marker@", b"Toolkit@AckAuth@timer@hunter2@$", b"7@$", b"\xff", b"2024-05-25 04:12:19.102|gun|x@"),
    ]
)
STREAMS = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=12).map(b"".join))


@given(STREAMS, st.lists(st.integers(0, 400), max_size=5))
def test_any_bytes_cut_anywhere_say_the_same(body, cuts):
    session = MYLAPS.session("LYDG")
    frames = []
    for start, end in pairwise([0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]):
        frames += session.feed(body[start:end])
    whole = parse(body)
    again = parse(b"".join(frame.raw for frame in frames) + session.pending)
    assert again[:4] == whole[:4]
    assert again.control == whole.control or session.pending == b""  # an unfinished login is withheld
    assert tuple(frame.reply for frame in frames if frame.reply) == whole.replies


@given(STREAMS)
def test_what_is_kept_gives_all_reads_markers_and_rejects(body):
    session = MYLAPS.session("LYDG")
    kept = b"".join(frame.raw for frame in session.feed(body) if frame.keep) + session.pending
    assert parse(kept)[:3] == parse(body)[:3]


@given(st.lists(STREAMS, max_size=4))
def test_messages_may_be_read_together_or_one_by_one(bodies):
    whole = [body + b"$" for body in bodies]
    one_by_one = [parse(body) for body in whole]
    together = parse(b"".join(whole))
    assert together == Parsed(*(tuple(item for parsed in one_by_one for item in parsed[part]) for part in range(5)))


def test_a_marker_of_a_year_that_no_calendar_has_is_a_reject():
    body = b"Start@Marker@" + b"9" * 30 + b"-04-13 05:57:56.027|ext-gun|Extern gunshot@1@$"
    (reject,) = decoder("mylaps").parse(body, Context("Asia/Shanghai", None)).rejects
    assert reject.raw.startswith(b"9999") and reject.reason == "bad_time"


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("utc=1716598862500", "09:01:02.5"),  # milliseconds in UTC
        ("utc=1716598862500|t=09:01:03|d=240525", "09:01:03"),
        ("utc=17165988625", None),
        ("utc=9716598862500", None),
    ],
)
def test_a_passing_that_tells_its_time_in_utc_only(said, time):
    parsed = parse(f"Finish@Passing@c=KV86583|{said}@6@$".encode())
    assert [read.local_us for read in parsed.reads] == ([day_us(2024, 5, 25) + time_us(time)] if time else [])
    assert [reject.reason for reject in parsed.rejects] == ([] if time else ["bad_time"])


def test_who_sends_nothing_but_junk_is_no_machine():
    """Ten megabytes of it were millions of rejects, and the reads of the next mat waited behind them."""
    session = MYLAPS.session("S")
    junk = b"@@@$" * MOST_ODD
    assert len(session.feed(junk)) == MOST_ODD
    session.feed(b"Finish@Ping@$")  # a machine after all
    session.feed(junk)
    with pytest.raises(FrameTooLong, match="nothing but") as cut:
        session.feed(b"@@@$@@@$")
    assert [frame.raw for frame in cut.value.frames] == [b"@@@$"] * 2  # kept as evidence all the same
