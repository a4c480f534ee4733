"""ChronoTrack: what its vectors do not show."""

from datetime import date

import pytest
from hypothesis import given

from tests.timing.streams import CUTS, bodies, fed, holds_however_cut
from timing.decoders import decoder
from timing.decoders.model import Context, Frame, Marker, Parsed, Read, Reject
from timing.decoders.wall_clock import day_us, time_us

MAKE = decoder("chronotrack")
CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG")
SATURDAY = day_us(2024, 5, 25)
LINE = b"CT01_33~1~start~9478~2024-05-25T14:02:15.31~0~0F2A38~1\r\n"
READ = Read(
    "0F2A38", "9478", SATURDAY + time_us("14:02:15.31"), 1, antenna="1", told=(("location", "start"), ("occurrence", 0))
)


def parse(body, context=CONTEXT):
    return MAKE.parse(body, context)


def test_after_the_locations_the_stream_is_started():
    said = b"ack~getconnectionid~g4vn\r\nack~getlocations~start~finish\r\nping\r\nack~ping\r\nerr~start~nowhere\r\n"
    frames, session = fed(MAKE, said, [])
    assert [frame[1:3] for frame in frames] == [
        (b"", False), (b"start\r\n", False), (b"ack~ping\r\n", False), (b"", False), (b"", False),
    ]  # fmt: skip
    assert parse(said) == Parsed(
        replies=(b"start\r\n", b"ack~ping\r\n"),
        control=(
            {"type": "ack", "command": "getconnectionid"},
            {"type": "ack", "command": "getlocations"},
            {"type": "ping"},
            {"type": "ack", "command": "ping"},
            {"type": "err", "command": "start"},
        ),
    )
    assert session.keep_alive() == b"ping\r\n"


@pytest.mark.parametrize(
    ("time", "of_day"),
    [
        (b"14:02:15.31", "14:02:15.31"),
        (b"2024-05-25T14:02:15.310999", "14:02:15.310999"),
        (b"2024-05-25T14:02:15.31+08:00", "14:02:15.31"),
        (b"1716616935.31", "14:02:15.31"),
        (b"1716616935", "14:02:15"),
        (b"1716616935310", "14:02:15.31"),
    ],
)
def test_all_four_time_formats(time, of_day):
    body = LINE.replace(b"2024-05-25T14:02:15.31", time)
    assert parse(body) == Parsed((READ._replace(local_us=SATURDAY + time_us(of_day)),))


def test_the_comma_file_whose_last_line_may_lack_its_end():
    body = b"CT01_13,24,START,050101,15:54:48.90,1,117F37,8\nCT01_13,25,START,guntime,15:54:49.9,0,117F37,0"
    assert decoder("chronotrack_file").parse(body, CONTEXT) == Parsed(
        (
            Read("117F37", "050101", SATURDAY + time_us("15:54:48.9"), 24, antenna="8",
                 told=(("location", "START"), ("occurrence", 1))),
        ),
        (Marker("117F37", "gun", "", SATURDAY + time_us("15:54:49.9")),),
    )  # fmt: skip
    assert parse(body[:-10]).rejects == (Reject(body[47:-10], "truncated"),)


def test_antenna_0_is_a_gun_whatever_the_tag():
    assert parse(LINE.replace(b"~1\r\n", b"~0\r\n")).markers == (
        Marker("0F2A38", "gun", "9478", SATURDAY + time_us("14:02:15.31")),
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"CT01_33~1~start~~2024-05-25T14:02:15.31~0~0F2A38~1", "bad_chip"),
        (b"CT01_33~1~start~9478~2024-05-25T14:02~0~0F2A38~1", "bad_time"),
        (b"CT01_33~1~start~9478~2024-02-30T14:02:15~0~0F2A38~1", "bad_time"),
        (b"CT01_33~1~start~9478~99999999999999~0~0F2A38~1", "bad_time"),
        (b"CT01_33~1~start~9478~0001-01-01T00:00:00~0~0F2A38~1", "bad_time"),
        (b"CT01_33~1~start~9478~2024-05-25T06:02:15.31Z~0~0F2A38~1", "other_zone"),
        (b"CT01_33~1~start~9478~14:02:15.31~0~" + b"x" * 81 + b"~1", "bad_source"),
        (b"CT01_33~1~start~9478~14:02:15.31~0~0F2A38", "bad_frame"),
        (b"CT99~1", "bad_frame"),
        (b"hello", "bad_frame"),
    ],
)
def test_a_line_that_is_no_read_costs_only_itself(line, reason):
    assert parse(line + b"\r\n" + LINE) == Parsed((READ,), rejects=(Reject(line, reason),))
    assert fed(MAKE, line + b"\r\n" + LINE, [])[0] == [Frame(line + b"\r\n", b"", True), Frame(LINE, b"", True)]


def test_a_time_of_day_without_any_date_and_a_reader_without_a_name():
    nobody = Context("Asia/Shanghai", None, needs_source=True)
    assert parse(b"CT01_33~1~x~9478~14:02:15.31~0~0F2A38~1\n", nobody).rejects[0].reason == "no_date"
    assert parse(b"CT01_33~1~~9478~2024-05-25T14:02:15.31~0~~1\n", nobody).rejects[0].reason == "no_source"


@pytest.mark.parametrize("end", [b"\r\n", b""])
def test_a_login_is_neither_kept_nor_shown(end):
    frames, session = fed(MAKE, b"ack~authorize~hunter2" + end, [])
    assert ([frame for frame in frames if frame.keep], session.pending) == ([], b"")
    assert parse(b"ack~authorize~hunter2" + end) == Parsed(control=({"type": "authorize"},))


def test_an_unfinished_line_of_a_connection():
    _, session = fed(MAKE, LINE + b"CT01_33~2~sta", [])
    assert parse(session.pending) == Parsed(rejects=(Reject(b"CT01_33~2~sta", "truncated"),))


@given(
    bodies(
        LINE, b"SimpleClient~2.0~CTP01\r\n", b"ack~getlocations~a\r\n", b"ping\n", b"\r", b"\n", b"\x00", b" ", b"~", b",",
        b"CT01_33~2~x~guntime~07:45:01.01~0~DF239A~0\r\n", b"CT01_13,1,S,5,07:45:01,0,D,1", b"ack~authorize~x", b"\xff",
    ),
    CUTS,
)  # fmt: skip
def test_any_bytes_cut_anywhere_say_the_same(body, cuts):
    holds_however_cut(MAKE, CONTEXT, body, cuts)
