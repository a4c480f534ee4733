"""RFID Timing Ultra and Joey: what their vectors do not show."""

from datetime import date

import pytest
from hypothesis import given

from tests.timing.streams import CUTS, bodies, fed, holds_however_cut
from timing.decoders import decoder
from timing.decoders.model import MAX_FRAME, Context, Frame, FrameTooLong, Marker, Parsed, Read, Reject
from timing.decoders.wall_clock import day_us, time_us

MAKE = decoder("ultra")
CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG")
SUNDAY = day_us(2024, 5, 19) + time_us("09:00:00")
LIVE = (("replay", False),)


def line(log=10, chip=900, seconds=1400576400, millis=5, antenna=3, rewound=0):
    return b"0,%d,%d,%d,%d,-60,%d,1,1,0000000000000000,0,%d\r\n" % (chip, seconds, millis, antenna, rewound, log)


READ = Read("1", "900", SUNDAY + 5000, 10, antenna="3", rssi=-60, told=LIVE)


def parse(body, context=CONTEXT):
    return MAKE.parse(body, context)


@pytest.mark.parametrize(("millis", "us"), [(0, 0), (5, 5000), (50, 50_000), (999, 999_000)])
def test_milliseconds_are_a_whole_number(millis, us):
    assert parse(line(millis=millis)) == Parsed((READ._replace(local_us=SUNDAY + us),))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line().replace(b",10\r\n", b"\r\n"), "bad_length"),
        (line(millis=1000), "bad_time"),
        (line().replace(b"1400576400", b"14005764001"), "bad_time"),
        (line().replace(b"1400576400", b"-5"), "bad_time"),
        (line().replace(b"1400576400", "१४".encode()), "bad_time"),
        (line(antenna=5), "bad_antenna"),
        (line(antenna=0), "bad_antenna"),
        (line().replace(b"900", b""), "bad_chip"),
        (b"hello\r\n", "unknown_function"),
        (b"\xff\xfe\r\n", "unknown_function"),
    ],
)
def test_a_line_that_is_no_read_costs_no_other(bad, reason):
    body = bad + line(11)
    assert parse(body) == Parsed((READ._replace(seq=11),), rejects=(Reject(bad.rstrip(), reason),))
    assert [frame.keep for frame in fed(MAKE, body, [])[0]] == [True, True]


def test_the_start_input_and_a_late_read():
    assert parse(line(chip=0, antenna=0) + line(9, rewound=1)) == Parsed(
        (READ._replace(seq=9, told=(("replay", True),)),), (Marker("1", "start", "", SUNDAY + 5000),)
    )


def test_a_status_is_as_long_as_it_says_even_with_a_line_feed_in_it():
    status = b"\x03\x08\x01\n0,1\n"
    body = line(10) + status + b"\r\n" + line(11) + b"\x03\x00" + line(12)
    frames, session = fed(MAKE, body, [])
    assert frames == [
        Frame(line(10), b"", True), Frame(status, b"", False), Frame(line(11), b"", True),
        Frame(b"\x03\x00", b"", False), Frame(line(12), b"", True),
    ]  # fmt: skip
    assert session.pending == b""
    assert parse(body) == Parsed(
        tuple(READ._replace(seq=seq) for seq in (10, 11, 12)),
        control=({"type": "status", "bytes": status.hex()}, {"type": "status", "bytes": "0300"}),
    )


def test_of_what_the_box_says_of_itself_only_its_health_is_kept():
    body = b"1,Connected,0,0\r\nV=12.7\r\nS=10\r\n9:5:1 25-5-2024\xff\r\n9:5:1 25-13-2024\r\nu#8\xff\r\n"
    assert [frame.keep for frame in fed(MAKE, body, [])[0]] == [False, True, False, True, False, False]
    assert parse(body)._replace(states=()) == Parsed(
        control=(
            {"type": "banner"},
            {"type": "heartbeat", "volts": 12.7},
            {"type": "status", "text": "S=10"},
            {"type": "clock", "reader_time": "2024-05-25T09:05:01.000"},
            {"type": "clock"},
            {"type": "settings"},
        )
    )


@pytest.mark.parametrize("end", [b"\r\n", b""])
def test_settings_hold_passwords_and_are_never_kept(end):
    frames, session = fed(MAKE, b"U\x06hunter2" + end, [])
    assert [frame for frame in frames if frame.keep] == []
    assert session.pending == b""
    assert parse(b"U\x06hunter2" + end) == Parsed(control=({"type": "settings"},))


def test_a_hole_in_the_numbers_is_asked_for_once():
    frames, session = fed(MAKE, line(10) + line(13) + line(11, rewound=1) + line(14) + line(2) + line(3), [])
    assert [frame.reply for frame in frames] == [b"", b"6\x00\x0010\r13\r", b"", b"", b"", b""]
    session.feed(line(12, rewound=1))
    assert session.opening() == b"?r6\x00\x003\r1000003\r"
    assert (session.keep_alive(), session.keep_alive()) == (b"?r", b"?")


def test_a_hole_that_was_not_filled_before_the_line_broke():
    session = MAKE.session("LYDG")
    session.feed(line(10) + line(13) + line(15) + line(11, rewound=1))
    assert session.opening() == b"?r6\x00\x0011\r1000015\r"
    session.feed(line(14, rewound=1))
    assert session.opening() == b"?r6\x00\x0015\r1000015\r"


def test_a_log_that_begins_anew_has_no_holes_of_the_old_one():
    session = MAKE.session("LYDG")
    session.feed(line(10) + line(13) + line(1) + line(2))
    assert session.opening() == b"?r6\x00\x002\r1000002\r"


def test_a_hole_over_a_broken_line():
    session = MAKE.session("LYDG")
    assert session.opening() == b"?r"
    session.feed(line(10) + b"0,900,14")
    assert session.opening() == b"?r6\x00\x0010\r1000010\r"
    assert session.feed(line(12)) == [Frame(line(12), b"6\x00\x0010\r12\r", True)]
    assert MAKE.port == 23


def test_rows_of_a_file():
    body = b'1,11055,57,"9:05:01.698",2,1\n0,0,0,"09:00:00",1,0\n11275\t2024-05-25 09:22:48.001\t1\t3'
    day = day_us(2024, 5, 25)
    assert parse(body) == Parsed(
        (
            Read("2", "11055", day + time_us("9:05:01.698"), antenna="1", bib="57"),
            Read("1", "11275", day + time_us("9:22:48.001"), antenna="3"),
        ),
        (Marker("1", "start", "", day + time_us("9:00:00")),),
    )
    named = Context("Asia/Shanghai", None, source="Finish")
    assert parse(body, named) == Parsed(
        (Read("Finish", "11275", day + time_us("9:22:48.001"), reader_no="1", antenna="3"),),
        rejects=tuple(Reject(row, "no_date") for row in body.splitlines()[:2]),
    )


def test_a_live_line_without_its_end_is_none():
    assert parse(line()[:-2]) == Parsed(rejects=(Reject(line()[:-2], "truncated"),))
    assert parse(b"\x03\x09ab\n") == Parsed(rejects=(Reject(b"\x03\x09ab\n", "truncated"),))


def test_a_line_that_does_not_end():
    session = MAKE.session("LYDG")
    with pytest.raises(FrameTooLong) as broken:
        session.feed(line() + b"x" * MAX_FRAME)
    assert broken.value.frames == [Frame(line(), b"", True)]
    assert parse(b"x" * MAX_FRAME + b"\n").rejects == (Reject(b"x" * MAX_FRAME, "frame_too_long"),)


PIECES = bodies(
    line(10), line(12), line(13, rewound=1), line(chip=0, antenna=0), b"1,Connected,0\r\n", b"V=12\n", b"\x03\x05a\nb", b"\x03",
    b"U\x06secret\n", b"\r\n", b"\n", b"\x00", b'1,7,7,"9:05:01",2,1', b"7\t09:00:00\t1\t3\n", b"0,", b"\xff",
)  # fmt: skip


@given(PIECES, CUTS)
def test_any_bytes_cut_anywhere_say_the_same(body, cuts):
    holds_however_cut(MAKE, CONTEXT, body, cuts)
