"""JChip and CrossMgr's JSON: what their vectors do not show."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given

from tests.timing.streams import CUTS, bodies, fed, holds_however_cut
from timing.decoders import decoder
from timing.decoders.model import Context, Frame, Parsed, Read, Reject
from timing.decoders.wall_clock import day_us, time_us

MAKE = decoder("jchip")
JSON = decoder("crossmgr_rfid_js")
CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG")
LIVE = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG", datetime(2024, 5, 25, 2, 0, 4, tzinfo=UTC))
SATURDAY = day_us(2024, 5, 25)
SUNDAY = day_us(2024, 5, 26)
NAME, CLOCK = b"N0000reader-7\r", b"GT009465087 date=20240525\r"
DATED = b"DA413A35 09:47:00.4433 10  10000      C7 date=20240525\r"
READ = Read("reader-7", "413A35", SATURDAY + time_us("09:47:00.4433"))


def parse(body, context=CONTEXT):
    return MAKE.parse(body, context)


def test_a_kept_line_says_its_reader_and_clock_wherever_it_lands():
    said = NAME + CLOCK + DATED + b"\n" + DATED
    frames, _ = fed(MAKE, said, [])
    repeated = b"#" + NAME + b"#" + CLOCK
    assert frames == [
        Frame(NAME, b"GT\r", False),
        Frame(b"#" + NAME + CLOCK, b"S0000\r", True, True),
        Frame(repeated + DATED, b"", True),
        Frame(repeated + DATED, b"", True),
    ]
    assert parse(frames[-1].raw) == Parsed((READ,))
    assert parse(frames[1].raw).control == ({"type": "clock", "reader_time": "2024-05-25T09:46:50.870"},)


def test_where_nobody_knows_when_the_clock_was_asked_the_reader_keeps_its_own_time():
    assert parse(NAME + CLOCK + DATED).reads == (READ,)
    said = (("time_reader", "2024-05-25T09:47:00.443"), ("offset_s", 793.13))
    assert parse(NAME + CLOCK + DATED, LIVE).reads == (READ._replace(local_us=READ.local_us + 793_130_000, told=said),)


@pytest.mark.parametrize(
    ("clock", "line", "moment"),
    [
        (CLOCK, b"DA413A35 09:47:00.4433 10 1 C7\r", READ.local_us),
        (CLOCK, b"DA413A35 00:00:01 11 1 C7\r", SUNDAY + time_us("00:00:01")),
        (b"GT2000010 date=20240526\r", b"DA413A35 23:59:59 11 1 C7\r", SATURDAY + time_us("23:59:59")),
        (b"", b"DB413A35 00:00:01.5 11\r", SUNDAY + time_us("00:00:01.5")),
        (b"", b"DB413A35 00:00:01.5\r", SATURDAY + time_us("00:00:01.5")),
    ],
)
def test_the_day_of_a_line_that_does_not_say_it(clock, line, moment):
    assert parse(NAME + clock + line).reads == (READ._replace(local_us=moment),)


def test_a_clock_without_a_date_is_of_the_nearest_day():
    after_midnight = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG", datetime(2024, 5, 25, 16, 0, 1, tzinfo=UTC))
    parsed = parse(NAME + b"GT0235959000000\rDA413A35 23:59:59.5 10\r", after_midnight)
    assert parsed.control[1] == {"type": "clock", "reader_time": "2024-05-25T23:59:59.000"}
    assert parsed.reads[0][:3] == ("reader-7", "413A35", SUNDAY + time_us("00:00:01.5"))
    undated = parse(NAME + b"GT023595900\r", Context("Asia/Shanghai", None))
    assert undated.control[1] == {"type": "clock", "reader_time": "23:59:59.000"}


def test_another_name_forgets_the_clock():
    assert parse(NAME + CLOCK + b"N0000other\r" + DATED, LIVE).reads == (READ._replace(source="other"),)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"hello", "unknown_function"),
        (b"N0000", "bad_source"),
        (b"N0000" + b"x" * 81, "bad_source"),
        (b"GT0", "bad_frame"),
        (b"GT025465087", "bad_time"),
        (b"GT009465087 date=20240230", "bad_time"),
        (b"DA", "bad_frame"),
        (b"DA413A35 09:47", "bad_frame"),
        (b"DA413A35 09:77:00 10 1 C7 date=20240525", "bad_time"),
        (b"DA413A35 09:47:00 10 1 C7 date=20241325", "bad_time"),
        (b"DA413A35 09:47:00 10 1 C7 date=00010101", "bad_time"),
        (b"GT009465087 date=99991231", "bad_time"),
        (b"DA" + b"F" * 33 + b" 09:47:00 10 1 C7", "bad_chip"),
    ],
)
def test_a_line_that_is_no_read_costs_only_itself(line, reason):
    assert parse(NAME + line + b"\r" + DATED) == Parsed(
        (READ,), rejects=(Reject(line, reason),), replies=(b"GT\r",), control=({"type": "name", "name": "reader-7"},)
    )


def test_a_read_of_nobody_and_of_no_day():
    assert parse(DATED).reads == (READ._replace(source=""),)
    nobody = Context("Asia/Shanghai", None, needs_source=True)
    assert parse(DATED + NAME + b"DA413A35 09:47:00 10\r", nobody).rejects == (
        Reject(DATED[:-1], "no_source"),
        Reject(b"DA413A35 09:47:00 10", "no_date"),
    )


def test_rows_of_json():
    rows = [17, {"tag": "A1"}, {"tag": None, "t": "2024-05-25T10:00:00"}, {"tag": "A1", "t": "2024-05-25T10:00:00Z"}]
    good = {"tag": 12, "t": "10:00:00.5"}
    assert parse(json.dumps({"reader_id": "R", "data": [*rows, good]}).encode()) == Parsed(
        (Read("R", "12", SATURDAY + time_us("10:00:00.5")),),
        rejects=tuple(
            Reject(json.dumps(row).encode(), reason)
            for row, reason in zip(rows, ["bad_row", "bad_time", "bad_chip", "other_zone"], strict=True)
        ),
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": 1}', b'{"data": [}', b"[" * 100_000], ids=len)
def test_a_body_that_is_no_json_of_reads(body):
    assert JSON.parse(body, CONTEXT) == Parsed(rejects=(Reject(body, "not_a_chip_file"),))


@given(
    bodies(
        NAME, CLOCK, DATED, b"DA413A35 09:47:00 11\r", b"#" + NAME, b"#" + CLOCK, b"#", b"\r", b"\n", b"\x00", b"N0000",
        b"GT", b"D", b"DA1 ", b"{", b"}", b"\xff", b"N0000other\r",
    ),
    CUTS,
)  # fmt: skip
def test_any_bytes_cut_anywhere_say_the_same(body, cuts):
    holds_however_cut(MAKE, CONTEXT, body, cuts)
    holds_however_cut(MAKE, LIVE, body, cuts)
