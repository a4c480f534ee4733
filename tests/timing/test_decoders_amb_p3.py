"""AMB P3: what its vectors do not show."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given

from tests.timing.streams import CUTS, bodies, fed, holds_however_cut
from timing.decoders import decoder
from timing.decoders.amb_p3 import ASK_TIME, request, resend
from timing.decoders.model import MAX_FRAME, Context, Frame, FrameTooLong, Marker, Parsed, Read, Reject
from timing.decoders.wall_clock import day_us, time_us

MAKE = decoder("amb_p3")
CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG")
START_UTC = int(datetime(2024, 5, 25, 1, tzinfo=UTC).timestamp()) * 1_000_000
NINE = day_us(2024, 5, 25) + time_us("09:00:00")
STATUS = request(2, b"\x01\x02\x28\x00\x81\x04\x13\x18\x04\x00")


def field(tag, number, size=4):
    return bytes([tag, size]) + number.to_bytes(size, "little")


def passing(number, chip=0x8D8E8F, second=0, box=268307):
    fields = field(1, number) + field(3, chip) + field(4, START_UTC + second * 1_000_000, 8)
    return request(1, fields + field(0x81, box))


def read(number, second=0, **changed):
    return Read("268307", str(0x8D8E8F), NINE + second * 1_000_000, number)._replace(**changed)


def parse(body, context=CONTEXT):
    return MAKE.parse(body, context)


def replies(session, *records):
    return [frame.reply for record in records for frame in session.feed(record)]


def test_bytes_that_are_ends_travel_escaped():
    raw = passing(1)
    assert bytes([0x8D, 0xAF, 0x8D, 0xAE, 0x8D, 0xAD]) in raw
    assert (raw.count(b"\x8e"), raw.count(b"\x8f")) == (1, 1)
    assert parse(raw) == Parsed((read(1),))


def test_missing_numbers_are_asked_for_once():
    session = MAKE.session("LYDG")
    assert replies(session, passing(7), passing(8, second=1), passing(12, second=2)) == [b"", b"", resend(9, 11)]
    assert replies(session, passing(9, second=1), passing(12, second=2), passing(13, second=3)) == [b"", b"", b""]
    assert replies(session, passing(3, second=9, box=5), passing(5, second=10, box=5)) == [b"", resend(4, 4)]
    assert parse(passing(7) + passing(9)).replies == (resend(8, 8),)
    assert resend(9, 11) == bytes.fromhex(
        "8e021700" + resend(9, 11)[4:6].hex() + "000004000104090000000204" + "0b0000008f"
    )


def test_a_decoder_that_was_restarted_counts_anew():
    session = MAKE.session("LYDG")
    assert replies(session, passing(70), passing(1, second=1), passing(3, second=2)) == [b"", b"", resend(2, 2)]
    assert replies(session, passing(2, second=2), passing(4, second=3)) == [b"", b""]
    other = MAKE.session("LYDG")
    assert replies(other, passing(70), passing(3, second=1)) == [b"", resend(1, 2)]


def test_after_a_reconnect_all_since_the_last_is_asked_for():
    session = MAKE.session("LYDG")
    assert session.opening() == ASK_TIME == session.keep_alive()
    session.feed(passing(7) + passing(8)[:10])
    assert session.opening() == ASK_TIME + resend(8, 0xFFFFFFFF)
    assert (session.pending, replies(session, passing(9))) == (b"", [resend(8, 8)])


def test_what_is_no_passing_is_control_and_of_its_health_one_of_a_kind_is_kept():
    time = request(0x24, field(1, START_UTC, 8))
    said = STATUS + time + request(0xFFFF, field(1, 4, 2)) + request(0x45)
    kept = [(b"", True, True)] * 2 + [(b"", False, False)] * 3
    assert [frame[1:] for frame in fed(MAKE, said + STATUS, [])[0]] == kept
    assert parse(said)._replace(states=()) == Parsed(
        control=(
            {"type": "STATUS"},
            {"type": "GET_TIME", "reader_time": "2024-05-25T09:00:00.000"},
            {"type": "ERROR", "code": 4},
            {"type": "FIRST_CONTACT"},
        )
    )


def test_the_gate_of_a_start_is_a_marker():
    assert parse(passing(1, chip=9992)) == Parsed(markers=(Marker("268307", "gate", "9992", NINE),))


def test_strength_hits_and_the_clock_of_the_satellites():
    fields = field(1, 7) + field(3, 5) + field(0x10, START_UTC, 8) + field(5, 178, 2) + field(6, 52, 2) + field(8, 1, 2)
    assert parse(request(1, fields)) == Parsed((Read("", "5", NINE, 7, rssi=178, told=(("hits", 52), ("flags", 1))),))
    nobody = Context("Asia/Shanghai", None, needs_source=True)
    assert parse(request(1, fields), nobody).rejects == (Reject(request(1, fields), "no_source"),)


GOOD = passing(1)
BAD_CRC = GOOD[:5] + bytes([GOOD[5] ^ 1]) + GOOD[6:]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (BAD_CRC, "bad_checksum"),
        (GOOD[:11] + GOOD[12:], "bad_length"),
        (b"\x8e\x8f", "bad_length"),
        (b"\x8e\x02\x8d\x8f", "bad_frame"),
        (b"\x8e\x8d\x20\x8f", "bad_frame"),
        (b"hello\x8f", "bad_frame"),
        (b"hello", "bad_frame"),
        (GOOD[:-1], "truncated"),
        (request(1, b"\x01"), "bad_frame"),
        (request(1, b"\x01\x04\x00"), "bad_frame"),
        (request(1, field(1, 7) + field(4, START_UTC, 8)), "bad_chip"),
        (request(1, field(3, 1 << 33, 5) + field(4, START_UTC, 8)), "bad_chip"),
        (request(1, field(3, 7)), "bad_time"),
        (request(1, field(3, 7) + field(4, 1 << 63, 8)), "bad_time"),
        (request(0x77), "unknown_function"),
    ],
)  # fmt: skip
def test_a_record_that_is_no_read_costs_only_itself(raw, reason):
    assert parse(raw + GOOD) == Parsed((read(1),), rejects=(Reject(raw, reason),))
    assert fed(MAKE, raw + GOOD, [])[0] == [Frame(raw, b"", True), Frame(GOOD, b"", True)]


def test_a_record_without_end_ends_the_connection():
    session = MAKE.session("LYDG")
    with pytest.raises(FrameTooLong) as broken:
        session.feed(GOOD + b"\x8e" + bytes(MAX_FRAME))
    assert broken.value.frames == [Frame(GOOD, b"", True)]
    assert parse(b"\x8e" + bytes(MAX_FRAME)).rejects[0].reason == "frame_too_long"


@given(
    bodies(
        GOOD, GOOD[:-1], GOOD[1:], passing(4), passing(9, second=5), STATUS, BAD_CRC, b"\x8e", b"\x8f", b"\x8d", b"\x00", b"x",
        request(0x77), request(1, field(3, 7)),
    ),
    CUTS,
)  # fmt: skip
def test_any_bytes_cut_anywhere_say_the_same(body, cuts):
    holds_however_cut(MAKE, CONTEXT, body, cuts)
