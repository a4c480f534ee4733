"""IPICO: what its vectors do not show."""

from datetime import date

import pytest
from hypothesis import given

from tests.timing.streams import CUTS, bodies, fed, holds_however_cut
from timing.decoders import decoder
from timing.decoders.model import Context, Frame, Marker, Parsed, Read, Reject, State
from timing.decoders.wall_clock import day_us, time_us

MAKE = decoder("ipico")
CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG")
DAY = day_us(2026, 3, 7)


def summed(frame):
    return frame + b"%02x" % (sum(frame[2:]) % 256)


def read(tag=b"058000123b32", time=b"134850", hundredths=b"32", day=b"260307"):
    return summed(b"aa00" + tag + b"0001" + day + time + hundredths)


READ = Read("00", "058000123B32", DAY + time_us("13:48:50.5"), antenna="00/01")
GUN = b"ab000a2c260306052004151b2782ae\r\n"


def parse(body, context=CONTEXT):
    return MAKE.parse(body, context)


@pytest.mark.parametrize(
    ("hundredths", "of_day"),
    [(b"00", "13:48:50"), (b"0a", "13:48:50.1"), (b"0A", "13:48:50.1"), (b"63", "13:48:50.99")],
)
def test_hundredths_are_hexadecimal(hundredths, of_day):
    body = read(hundredths=hundredths) + b"\r\n"
    assert parse(body) == Parsed((READ._replace(local_us=DAY + time_us(of_day)),))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (read(hundredths=b"64"), "bad_time"),
        (read(hundredths=b"zz"), "bad_frame"),
        (read(time=b"246000"), "bad_time"),
        (read(time=b"1348a0"), "bad_time"),
        (read(day=b"261301"), "bad_time"),
        (read(tag=b"05800012xx32"), "bad_chip"),
        (read()[:-2] + b"00", "bad_checksum"),
        (read() + b"fs", "bad_frame"),
        (read() + b"F", "bad_length"),
        (read()[:-1], "bad_length"),
        (summed(read()[:-2] + b"120080"), "bad_length"),
        (b"hello", "bad_frame"),
        (b"\xff\xfe", "bad_frame"),
        (b"ab000a2c260306052004151b2782af", "bad_checksum"),
        (summed(b"ab00032c260306"), "bad_length"),
        (summed(b"ab00092c260306052004151b2782"), "bad_length"),
        (summed(b"ab000a2c260306052004151x2782"), "bad_frame"),
        (summed(b"ab000a2c26030605200415642782"), "bad_time"),
        (b"ab00", "bad_length"),
    ],
)
def test_a_line_that_is_no_read_costs_no_other(line, reason):
    body = line + b"\r\n" + read() + b"\r\n"
    assert parse(body) == Parsed((READ,), rejects=(Reject(line, reason),))
    assert [frame.keep for frame in fed(MAKE, body, [])[0]] == [True, True]


def test_control_lines_stand_between_reads():
    clock = summed(b"ab000902260307061348501e02")
    body = clock + b"\r\n" + read() + b"\r\n" + summed(b"ab00004b") + b"\r\n" + GUN
    assert parse(body) == Parsed(
        (READ,),
        (Marker("00", "gun", "", day_us(2026, 3, 6) + time_us("20:04:15.27")),),
        control=(
            {"type": "clock", "reader": "00", "reader_time": "2026-03-07T13:48:50.300"},
            {"type": "control", "instruction": "4b", "reader": "00"},
        ),
        states=(State("00", day_us(2026, 3, 7) + time_us("13:48:50.3")),),
    )
    assert [frame.keep for frame in fed(MAKE, body, [])[0]] == [True, True, False, True]


def test_a_clock_that_is_none_is_shown_as_sent():
    assert parse(summed(b"ab000902269907061348501e02") + b"\n").control == (
        {"type": "clock", "reader": "00", "reader_time": "269907061348501e02"},
    )


def test_a_name_said_with_the_body_stands_before_the_readers_number():
    named = Context("Asia/Shanghai", None, source="Finish")
    assert parse(read() + b"\n" + GUN, named)[:2] == (
        (READ._replace(source="Finish", reader_no="00"),),
        (Marker("Finish", "gun", "", day_us(2026, 3, 6) + time_us("20:04:15.27")),),
    )


def test_the_last_line_of_a_file_may_lack_its_end():
    assert parse(read()) == Parsed((READ,))
    assert parse(read() + b"LS") == Parsed((READ._replace(told=(("kind", "last"),)),))
    assert parse(read()[:-1]) == Parsed(rejects=(Reject(read()[:-1], "truncated"),))
    assert parse(read()[:-1] + b"!") == Parsed(rejects=(Reject(read()[:-1] + b"!", "truncated"),))


def test_a_silent_reader_is_asked_for_its_time():
    session = MAKE.session("LYDG")
    session.feed(read()[:20])
    assert (session.opening(), session.keep_alive()) == (b"ab00000222\r\n", b"ab00000222\r\n")
    assert session.feed(read() + b"\n") == [Frame(read() + b"\n", b"", True)]
    assert summed(b"ab000002") + b"\r\n" == session.opening()
    assert MAKE.port == 10000


PIECES = bodies(
    read() + b"\r\n",
    read(),
    b"\r\n",
    b"\n",
    b"FS\n",
    GUN,
    summed(b"ab00004b") + b"\r\n",
    b"aa",
    b"ab",
    b"\x00",
    b" ",
    b"\xff",
)


@given(PIECES, CUTS)
def test_any_bytes_cut_anywhere_say_the_same(body, cuts):
    holds_however_cut(MAKE, CONTEXT, body, cuts)
