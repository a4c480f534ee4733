"""Logs of passive readers: what their vectors do not show."""

from datetime import date

import pytest
from hypothesis import given

from tests.timing.streams import bodies
from timing.decoders import decoder
from timing.decoders.model import Context, Parsed, Read, Reject
from timing.decoders.wall_clock import day_us, time_us

MAKE = decoder("impinj")
CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG", source="Finish")
SATURDAY = day_us(2024, 5, 25)
READ = Read("Finish", "20200201FC000004", SATURDAY + time_us("14:11:29.139089"))
HEADINGS = b"timestamp,reader,antenna,rssi,epc,phase_angle\n"
SLLURP = b"1716617489.139089,192.0.2.9:5084,1,-68,b'20200201fc000004',756\n"
SEEN = READ._replace(source="192.0.2.9:5084", antenna="1", rssi=-68)


def parse(body, context=CONTEXT):
    return MAKE.parse(body, context)


@pytest.mark.parametrize(
    "line",
    [
        b"20200201FC000004,Sat May 25 14:11:29.139089  2024-05-25",
        b"20200201FC000004,Sat May 25 14:11:29.139089  2024-05-25,3",
        b"20200201FC000004,Sat May 25 02:11:29.139089 PM  2024-05-25",
        b"20200201FC000004,Sat May 25 14:11:29.139089 2024",
        b"20200201FC000004,Sat May 25 14:11:29.139089",
        b"2020 0201 fc00 0004,\t2024-05-25 14:11:29.139089",
        b"20200201FC000004,2024/5/25 14:11:29.139089",
        b"20200201FC000004,14:11:29.139089",
    ],
)
def test_all_spellings_of_a_time(line):
    assert parse(line) == parse(line + b"\n") == parse(b"Tag ID,Discover Time\r\n" + line + b"\r\n") == Parsed((READ,))


def test_sllurp_with_headings_in_another_order_and_without_any():
    other = b"epc,timestamp,reader\n20200201fc000004,1716617489139089,192.0.2.9:5084\n"
    assert parse(HEADINGS + SLLURP) == parse(SLLURP) == Parsed((SEEN,))
    assert parse(other) == Parsed((SEEN._replace(antenna="", rssi=None),))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"hello", "bad_frame"),
        (b"A1,2024-05-25 14:11:29,x", "bad_frame"),
        (b"A1,Sat Foo 25 14:11:29  2024", "bad_time"),
        (b"A1,Sat Feb 30 14:11:29  2024-02-30", "bad_time"),
        (b"A1,noon", "bad_time"),
        (b"A1,Mon Jan 01 00:00:00  0001-01-01", "bad_time"),
        (b"A1,Fri Dec 31 00:00:00 9999", "bad_time"),
        (b",2024-05-25 14:11:29", "bad_chip"),
        (b"A1,2024-05-25 14:11:29Z", "other_zone"),
    ],
)
def test_a_line_that_is_no_read_costs_only_itself(line, reason):
    good = b"20200201FC000004,14:11:29.139089\n"
    assert parse(good + line + b"\n" + good) == Parsed((READ, READ), rejects=(Reject(line, reason),))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (SLLURP[:40], "too_few_cells"),
        (b"99999999999,192.0.2.9:5084,1,-68,b'aa',756", "bad_time"),
        (b"1716617489.1,192.0.2.9:5084,1,-68,b'',756", "bad_chip"),
        (b"1716617489.1," + b"x" * 81 + b",1,-68,b'aa',756", "bad_source"),
    ],
)
def test_a_row_that_is_no_read_costs_only_itself(line, reason):
    assert parse(HEADINGS + line + b"\n" + SLLURP) == Parsed((SEEN,), rejects=(Reject(line, reason),))


@pytest.mark.parametrize("end", [b"20200201FC000004,14:11:29.1390", b"20200201FC000004,14:1", b"2020"])
def test_a_last_line_that_is_a_part_of_one(end):
    good = b"20200201FC000004,14:11:29.139089\n"
    assert parse(good + end) == Parsed((READ,), rejects=(Reject(end, "truncated"),))
    assert parse(HEADINGS + SLLURP + SLLURP[:50]).rejects == (Reject(SLLURP[:50], "truncated"),)


def test_a_read_of_nobody_and_of_no_day():
    nobody = Context("Asia/Shanghai", None, needs_source=True)
    assert [one.reason for one in parse(b"A1,2024-05-25 14:11:29\nA1,Sat May 25 14:11:29\nA1,14:11:29\n", nobody).rejects] == [
        "no_source", "no_date", "no_date",
    ]  # fmt: skip


@given(
    bodies(HEADINGS, SLLURP, b"Tag,Time\n", b"A1,Sat May 25 14:11:29  2024-05-25,3\n", b",", b"\n", b"\r", b"b'", b"1716617489",
           b"A1,14:11:29", b"\x00", b"\xff", b" "),
)  # fmt: skip
def test_any_bytes_are_an_answer(body):
    assert all(reject.raw for reject in parse(body).rejects)


def test_headings_that_stand_there_twice_cost_only_the_rows_that_are_too_short():
    row = SLLURP[: SLLURP.rindex(b",")]
    short = parse(b"timestamp,epc,epc,epc,epc,epc,epc\n" + row + b"\n")
    assert short == Parsed(rejects=(Reject(row, "too_few_cells"),))
