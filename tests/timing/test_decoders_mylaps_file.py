"""Passings of MYLAPS' programs as files: records on lines, pairs on lines, and tables under headings."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timing.decoders import decoder
from timing.decoders.model import Context, Parsed, Read, Reject
from timing.decoders.wall_clock import day_us, time_us

CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), source="Finish", needs_source=True)
RECORDS = b"LZ6302115:37:40.704 5 0F  1000125030862\r\nNV4654515:37:40.708 5 0F  100002503086F\r\n"
PAIRS = b"t=09:01:02.500|c=KV86583|d=240525|l=3|dv=4\nc=KV86584|t=09:01:03.500|l=1\n"
DAY = day_us(2024, 5, 25)


def parse(body, context=CONTEXT, make="mylaps"):
    return decoder(make).parse(body, context)


def told(parsed):
    return [(read.source, read.chip, read.local_us, read.lap) for read in parsed.reads], list(parsed.rejects)


def test_records_on_lines():
    at = day_us(2025, 3, 8)
    assert told(parse(RECORDS)) == (
        [
            ("Finish", "LZ63021", at + time_us("15:37:40.704"), 1),
            ("Finish", "NV46545", at + time_us("15:37:40.708"), 1),
        ],
        [],
    )


def test_pairs_on_lines_take_the_day_that_was_named():
    assert told(parse(PAIRS)) == (
        [("Finish", "KV86583", DAY + time_us("09:01:02.5"), 3), ("Finish", "KV86584", DAY + time_us("09:01:03.5"), 1)],
        [],
    )


TABLES = [
    "Chip Code;Passing Time;Date;Location;Lap;Hits\nKV86583;09:01:02.500;2024-05-25;Start;3;12\n",
    "Transponder\tDate\tTime\tLoop\tLap Number\nKV86583\t25/05/2024\t09:01:02.500\tStart\t3\n",
    '"TranCode","Name","Chip","TimeOfDay","Date","Mat","Lap"\n"","Li","KV86583","09:01:02.500","240525","Start","3"\n',
]


@pytest.mark.parametrize("make", ["mylaps", "mylaps_file", "csv"])
@pytest.mark.parametrize("table", TABLES)
def test_tables_under_headings(table, make):
    assert told(parse(table.encode(), make=make)) == ([("Start", "KV86583", DAY + time_us("09:01:02.5"), 3)], [])


def test_what_cannot_be_read_is_refused_with_its_bytes():
    bad = RECORDS.replace(b"62\r\n", b"63\r\n") + b"Total: 2\n"
    assert parse(bad).rejects == (
        Reject(b"LZ6302115:37:40.704 5 0F  1000125030863", "bad_checksum"),
        Reject(b"Total: 2", "bad_length"),
    )
    nameless = Context("Asia/Shanghai", None, needs_source=True)
    assert [reject.reason for reject in parse(PAIRS, nameless).rejects] == ["no_source", "no_source"]
    assert parse(RECORDS[:-5]).rejects == (Reject(RECORDS[:-5].split(b"\r\n")[1], "truncated"),)
    assert [reject.reason for reject in parse(PAIRS[:-6]).rejects] == ["truncated"]


def test_messages_of_the_exporter_are_read_as_before():
    message = b"Finish@Passing@t=09:01:02.500|c=KV86583|d=240525@7@$"
    assert parse(message) == Parsed(
        (Read("Finish", "KV86583", DAY + time_us("09:01:02.5"), seq=7),), replies=(b"DAGUGUAN@AckPassing@7@$",)
    )


@given(st.binary(max_size=200), st.sampled_from([RECORDS, PAIRS, TABLES[0].encode()]), st.integers(0, 80))
def test_nothing_raises(noise, file, cut):
    body = file[:cut] + noise + file[cut:]
    for make in ("mylaps", "mylaps_file"):
        assert isinstance(parse(body, make=make), Parsed)
