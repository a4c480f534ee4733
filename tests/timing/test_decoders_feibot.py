"""Feibot: what its vectors do not show."""

import io
import zipfile
from datetime import date

import pytest
from hypothesis import given

from tests.timing.streams import bodies
from timing.decoders import decoder
from timing.decoders.model import Context, Parsed, Read, Reject, State
from timing.decoders.wall_clock import day_us, time_us

MAKE = decoder("feibot")
CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG", file_name="H002_1024_record.csv")
SATURDAY = day_us(2024, 5, 25)
UPLOAD = (
    b"GET /time/api/cpvUpload2?machineId=H002&eventId=1024&epcNum=%d&%s&t=7&sign=8 HTTP/1.1\r\nHost: x.example\r\n\r\n"
)
FILE = b"13:55:49:053:090202BD\n24-05-25~13:55:50:7:090202be\n"
READS = (
    Read("H002", "090202BD", SATURDAY + time_us("13:55:49.053"), told=(("event", "1024"),)),
    Read("H002", "090202BE", SATURDAY + time_us("13:55:50.007"), told=(("event", "1024"),)),
)


def parse(body, context=CONTEXT):
    return MAKE.parse(body, context)


@pytest.mark.parametrize(
    ("time", "of_day"),
    [
        (b"24-05-25~13:55:49:53", "13:55:49.053"),
        (b"24-05-25%7E13%3A55%3A49%3A530", "13:55:49.530"),
        (b"2024-05-25+13:55:49.5", "13:55:49.005"),
        (b"13:55:49:053", "13:55:49.053"),
        (b"9:05:01:0", "09:05:01"),
    ],
)
def test_the_last_group_counts_milliseconds(time, of_day):
    at = SATURDAY + time_us(of_day)
    assert parse(UPLOAD % (1, b"1=090202BD@" + time)) == Parsed(
        (Read("H002", "090202BD", at, told=(("event", "1024"), ("index", 1))),)
    )


def test_numbered_reads_in_their_order_and_bad_ones_by_themselves():
    bad = b"3=@13:55:49:1&4=A1@13:55&5=A1@24-02-30~13:55:49:1&6=A1@13:99:49:1&7=nothing"
    parsed = parse(UPLOAD % (8, b"10=B1@13:55:49:2&2=B2@13:55:49:1&" + bad))
    assert [(read.chip, dict(read.told)["index"]) for read in parsed.reads] == [("B2", 2), ("B1", 10)]
    reasons = ["bad_chip", "bad_time", "bad_time", "bad_time", "bad_frame"]
    assert parsed.rejects == (
        *(Reject(piece, reason) for piece, reason in zip(bad.split(b"&"), reasons, strict=True)),
        Reject(b"epcNum=8", "truncated"),
    )


def test_a_damaged_request_is_no_header():
    request = (UPLOAD % (1, b"1=B1@13:55:49:2")).splitlines()[0].replace(b"GET", b"GET:")
    assert parse(request + b"\r\nHost: x.example\r\n") == Parsed(rejects=(Reject(request, "bad_frame"),))


def test_requests_one_after_the_other_and_a_bare_query():
    body = UPLOAD % (1, b"1=B1@13:55:49:2") + b"machineId=H003&eventId=9&epcNum=1&1=B2@13:55:49:2"
    assert [(read.source, read.chip) for read in parse(body).reads] == [("H002", "B1"), ("H003", "B2")]


def test_a_heartbeat_is_answered_and_tells_the_battery():
    body = b"GET /time/api/testConnection?machineId=H002&batPercent=81&reader1Working=1&t=7&sign=8 HTTP/1.1\r\n"
    assert parse(body) == Parsed(
        replies=(b"ok",),
        control=({"type": "heartbeat", "machine": "H002", "battery_pct": "81", "reader_1": "1"},),
        states=(State("H002", battery=81, said=(("reader_1", "1"),)),),
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"GET /time/api/elsewhere?a=1", "unknown_function"),
        (b"GET /time/api/cpvUpload2", "bad_frame"),
        (b"a=1 b=2", "bad_frame"),
    ],
)
def test_a_request_that_is_none(line, reason):
    assert parse(UPLOAD % (0, b"") + line + b"\r\n") == Parsed(rejects=(Reject(line, reason),))


def test_the_file_takes_its_machine_from_its_name_or_from_what_was_said():
    assert parse(FILE) == Parsed(READS)
    named = Context("Asia/Shanghai", date(2024, 5, 25), file_name="noon.csv", source="Finish")
    assert parse(FILE, named) == Parsed(tuple(read._replace(source="Finish", told=()) for read in READS))
    nobody = Context("Asia/Shanghai", None, needs_source=True)
    assert [reject.reason for reject in parse(FILE, nobody).rejects] == ["no_date", "no_source"]


@pytest.mark.parametrize("end", [b"13:", b"13:55:51:1", b"13:55:51:1:", b"13:55:51:1:0902", b"hello"])
def test_a_last_line_that_is_a_part_of_one(end):
    assert parse(FILE + end) == Parsed(READS, rejects=(Reject(end, "truncated"),))
    assert parse(FILE[:-1]) == Parsed(READS)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"hello", "bad_frame"),
        (b"13:55:049:1:A1", "bad_time"),
        (b"13:55:49:1:", "bad_chip"),
        (b"13:55:49:A1", "bad_time"),
    ],
)
def test_a_line_that_is_no_read_costs_only_itself(line, reason):
    assert parse(line + b"\n" + FILE) == Parsed(READS, rejects=(Reject(line, reason),))


def test_the_zip_of_the_handset():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("H002_1024_record.csv", FILE)
    body = packed.getvalue()
    assert parse(body, Context("Asia/Shanghai", date(2024, 5, 25), file_name="x.zip")) == Parsed(READS)
    assert parse(body[:40]) == Parsed(rejects=(Reject(body[:40], "not_a_chip_file"),))


@given(
    bodies(
        FILE, UPLOAD % (1, b"1=B1@13:55:49:2"), b"GET ", b"cpvUpload2?", b"machineId=", b"&", b"=", b"@", b"1=%FF",
        b"PK\x03\x04",
        b"testConnection?a=1 HTTP/1.1\r\n", b":", b"\r\n", b"13:55:49:1:", b"\xff", b"Host: x\r\n",
    )
)  # fmt: skip
def test_any_bytes_are_an_answer(body):
    parsed = parse(body)
    assert all(reject.raw for reject in parsed.rejects)
