"""Wiclax's generic protocol: what its vectors do not show."""

from datetime import date

import pytest
from hypothesis import given

from tests.timing.streams import CUTS, bodies, fed, holds_however_cut
from timing.decoders import decoder
from timing.decoders.model import MAX_FRAME, Context, Frame, FrameTooLong, Marker, Parsed, Read, Reject
from timing.decoders.wall_clock import day_us, time_us

MAKE = decoder("wiclax")
CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG", source="Finish")
SATURDAY = day_us(2024, 5, 25)
LINE = b"01539;25-05-2024 09:41:30.620;0A;559;65;1\r"
READ = Read("0A", "01539", SATURDAY + time_us("09:41:30.62"), lap=559, told=(("battery_pct", 65), ("replay", True)))


def parse(body, context=CONTEXT):
    return MAKE.parse(body, context)


def test_all_but_chip_and_time_may_be_empty():
    at = Read("Finish", "01539", READ.local_us)
    assert parse(b"01539;25-05-2024 09:41:30.620;;;;\r\n01539;25-05-2024 09:41:30,62\r") == Parsed((at, at))
    nobody = Context("Asia/Shanghai", None, needs_source=True)
    assert parse(b"01539;25-05-2024 09:41:30.620;;;;\rRACESTART 09:00:00,000\r", nobody).rejects == (
        Reject(b"01539;25-05-2024 09:41:30.620;;;;", "no_source"),
        Reject(b"RACESTART 09:00:00,000", "no_source"),
    )


def test_a_gun_is_of_the_race_day():
    assert parse(b"RACESTART 09:00:00,123\r").markers == (
        Marker("Finish", "gun", "", SATURDAY + time_us("09:00:00.123")),
    )


def test_what_is_no_read_is_control_and_only_its_clock_is_kept():
    said = b"*\rCLOCKOK\rREADOK\rCLOCK 25-05-2024 08:59:59\r"
    assert [frame[1:] for frame in fed(MAKE, said, [])[0]] == [(b"", False, False)] * 3 + [(b"", True, True)]
    assert parse(said)._replace(states=()) == Parsed(
        control=(
            {"type": "heartbeat"},
            {"type": "clock_set"},
            {"type": "reading"},
            {"type": "clock", "reader_time": "2024-05-25T08:59:59.000"},
        )
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"hello", "unknown_function"),
        (b"CLOCK", "unknown_function"),
        (b"CLOCK noon", "bad_time"),
        (b"RACESTART noon", "bad_time"),
        (b";25-05-2024 09:41:30.620;0A;1;;0", "bad_chip"),
        (b"01539;2024-05-25 09:41:30.620;0A;1;;0", "bad_time"),
        (b"01539;31-02-2024 09:41:30.620;0A;1;;0", "bad_time"),
        (b"01539;25-05-2024 09:41;0A;1;;0", "bad_time"),
        (b"01539;01-01-0001 09:41:00;0A;1;;0", "bad_time"),
        (b"01539;25-05-2024 09:41:30.620;\x07;1;;0", "bad_source"),
        (b"01539;25-05-2024 09:41:30.620;0A;1;;0;more", "bad_frame"),
    ],
)
def test_a_line_that_is_no_read_costs_only_itself(line, reason):
    assert parse(line + b"\r" + LINE) == Parsed((READ,), rejects=(Reject(line, reason),))


def test_an_unfinished_line():
    _, session = fed(MAKE, LINE + LINE[:-1], [])
    assert session.pending == LINE[:-1]
    assert parse(LINE + LINE[:-1]) == Parsed((READ,), rejects=(Reject(LINE[:-1], "truncated"),))


def test_a_line_without_end_ends_the_connection():
    session = MAKE.session("LYDG")
    with pytest.raises(FrameTooLong) as broken:
        session.feed(b"*" + LINE + b"x" * (MAX_FRAME + 1))
    assert broken.value.frames == [Frame(b"*", b"", False), Frame(LINE, b"", True)]
    assert parse(b"x" * (MAX_FRAME + 1)).rejects[0].reason == "frame_too_long"


@given(
    bodies(LINE, b"*\r", b"*", b"CLOCK 25-05-2024 08:59:59\r", b"CLOCKOK", b"\r", b"\n", b"\x00", b";", b" ", b"\xff",
           b"RACESTART 09:00:00,000\r", b"1;25-05-2024 09:41:30"),
    CUTS,
)  # fmt: skip
def test_any_bytes_cut_anywhere_say_the_same(body, cuts):
    holds_however_cut(MAKE, CONTEXT, body, cuts)
