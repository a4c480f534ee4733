"""A batch of reads as JSON."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timing.decoders import decoder
from timing.decoders.model import Context, Parsed, Read, Reject
from timing.decoders.wall_clock import day_us, time_us

CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25))
BATCH = decoder("json")
AT = day_us(2024, 5, 25) + time_us("09:05:01.690")
GOOD = {"source": "Finish", "chip": "ab12", "local": "2024-05-25T09:05:01.690"}


def parse(*rows):
    return BATCH.parse(json.dumps({"reads": rows}).encode(), CONTEXT)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (17, "bad_row"),
        (GOOD | {"chip": ""}, "bad_chip"),
        (GOOD | {"chip": 12}, "bad_chip"),
        (GOOD | {"chip": "A\x00B"}, "bad_chip"),
        (GOOD | {"chip": "A" * 33}, "bad_chip"),
        (GOOD | {"chip": "1.02E+09"}, "chip_ruined"),
        (GOOD | {"source": " "}, "bad_source"),
        (GOOD | {"source": "x" * 81}, "bad_source"),
        (GOOD | {"source": "\ud800"}, "bad_source"),
        (GOOD | {"local": "09:05:01.690Z"}, "bad_time"),
        (GOOD | {"local": "09:05"}, "bad_time"),
        (GOOD | {"local": "2024-05-25T09:05:01.690Z"}, "bad_time"),
        (GOOD | {"local": "2024-05-25T09:05:01.690+08:00"}, "bad_time"),
        (GOOD | {"local": None}, "bad_time"),
    ],
)
def test_a_bad_row_costs_only_itself(row, reason):
    raw = json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace")
    assert parse(row, GOOD) == Parsed((Read("Finish", "AB12", AT),), rejects=(Reject(raw, reason),))


def test_a_time_of_day_is_of_the_day_that_was_named_and_of_no_other():
    row = GOOD | {"local": "09:05:01.690"}
    body = json.dumps({"reads": [row]}).encode()
    assert BATCH.parse(body, CONTEXT) == Parsed((Read("Finish", "AB12", AT),))
    assert BATCH.parse(body, Context("Asia/Shanghai", None)).rejects == (Reject(json.dumps(row).encode(), "no_date"),)


@pytest.mark.parametrize("nobody", [{}, {"source": ""}, {"source": None}], ids=str)
def test_a_read_of_nobody_where_somebody_is_needed(nobody):
    row = {"chip": "AB12", "local": GOOD["local"]} | nobody
    body = json.dumps({"reads": [row]}).encode()
    needed = Context("Asia/Shanghai", None, needs_source=True)
    named = Context("Asia/Shanghai", None, source="Finish", needs_source=True)
    assert BATCH.parse(body, needed).rejects == (Reject(json.dumps(row).encode(), "no_source"),)
    assert BATCH.parse(body, named) == Parsed((Read("Finish", "AB12", AT),))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"reads": 1}', b"\xff", b"[" * 100_000], ids=len)
def test_a_body_that_is_no_batch(body):
    assert BATCH.parse(body, CONTEXT) == Parsed(rejects=(Reject(body, "not_a_chip_file"),))


VALUES = st.none() | st.integers() | st.text(max_size=30)


@given(st.dictionaries(st.sampled_from(["source", "chip", "local", "x"]), VALUES) | VALUES)
def test_any_json_is_an_answer(row):
    assert [reject.reason.startswith("bad_") for reject in parse(row).rejects] == [True]
