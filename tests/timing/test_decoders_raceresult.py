"""race result: what its vectors do not show."""

import json
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.timing.streams import CUTS, bodies, fed, holds_however_cut
from timing.decoders import decoder
from timing.decoders.model import MAX_FRAME, Context, Frame, FrameTooLong, Marker, Parsed, Read, Reject
from timing.decoders.wall_clock import DAY_US, day_us, time_us

MAKE, FILE, JSON = decoder("raceresult"), decoder("raceresult_file"), decoder("raceresult_json")
CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), "LYDG")
SATURDAY = day_us(2024, 5, 25)
NOWHERE = Context("Asia/Shanghai", None, needs_source=True)


def record(no=5, *, push=True, file=12, day=b"2024-05-25", chip=b"KV8", time=b"09:00:02.5", only=b";"):
    head = b"%d;%s;%s;%s;0;7;-60;;1;3;2%s;10231;2.9;25;0;Finish;%d;;D-5001\r\n" % (no, chip, day, time, only, file)
    return (b"#P;" if push else b"") + head


def read(no=5, file=12, **changed):
    told = (("location", "Finish"), ("channel", "3"), ("loop", "2"), ("hits", 7), ("active", True), ("file", file))
    at = SATURDAY + time_us("09:00:02.5")
    return Read("D-5001", "KV8", at, no, rssi=-60, told=(*told, ("battery", 2.9)))._replace(**changed)


def parse(body, context=CONTEXT):
    return MAKE.parse(body, context)


def test_without_gps_days_count_from_the_race_day():
    body = record(1, day=b"0000-00-00") + record(2, day=b"0000-00-01")
    assert parse(body) == Parsed((read(1), read(2, local_us=read().local_us + DAY_US)))
    assert parse(body, NOWHERE).rejects == tuple(Reject(line, "no_date") for line in body.splitlines())


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(day=b"0000-01-00"), "bad_time"),
        (record(day=b"2024-02-30"), "bad_time"),
        (record(day=b"25.05.2024"), "bad_time"),
        (record(time=b"09:00"), "bad_time"),
        (record(chip=b""), "bad_chip"),
        (b"#P;1;2;3;4\r\n", "bad_length"),
        (b"5;33;2024-05-25;09:00:02.773;6692;12;20;09ca52;0;;;\r\n", "bad_length"),
        (b"hello;1\r\n", "unknown_function"),
        (b"\xff\xfe\r\n", "unknown_function"),
        (b'{"ID":1\r\n', "bad_row"),
        (b'{"ID":1}\r\n', "bad_row"),
        (b"{" * 5000 + b"\r\n", "bad_row"),
    ],
)
def test_a_line_that_is_no_passing_costs_no_other(bad, reason):
    assert parse(bad + record()) == Parsed((read(),), rejects=(Reject(bad.rstrip(), reason),))
    assert [frame.keep for frame in fed(MAKE, bad + record(), [])[0]] == [True, True]


def test_a_record_of_no_box_stands_nowhere():
    body = b"5;KV8;2024-05-25;09:00:02.5;0;7;-60\r\n"
    assert parse(body, NOWHERE) == Parsed(rejects=(Reject(body.rstrip(), "no_source"),))
    named = Context("Asia/Shanghai", None, source="Finish", needs_source=True)
    assert parse(body, named) == Parsed((read(source="Finish", told=(("hits", 7),)),))


@pytest.mark.parametrize(
    ("tail", "told"),
    [
        (b"", ()),
        (b";09ca52", ()),
        (b";09ca52;0", (("active", False),)),
        (b";;1;3;2;;10231;2.9;25;0", (("channel", "3"), ("loop", "2"), ("active", True), ("battery", 2.9))),
        (b";1;3;2;;10231;2.9;25;0", (("channel", "3"), ("loop", "2"), ("active", True), ("battery", 2.9))),
    ],
)
def test_records_of_older_protocols(tail, told):
    order = ("channel", "loop", "hits", "active", "battery")
    said = tuple(sorted((*told, ("hits", 7)), key=lambda pair: order.index(pair[0])))
    body = b"5;KV8;2024-05-25;09:00:02.5;0;7;-60" + tail + b"\n"
    assert parse(body) == Parsed((read(source="", told=said),))


def test_the_exporters_first_version_lacks_a_field():
    assert parse(record(only=b"")) == Parsed((read(),))


@pytest.mark.parametrize(
    "change", [(b"2;;10231", b"2;1;10231"), (b"25;0;Fin", b"25;64;Fin"), (b"25;0;Fin", b"25;65;Fin")]
)
def test_a_passing_the_transponder_stored_says_so(change):
    (seen,) = parse(record().replace(*change)).reads
    assert dict(seen.told) == dict(read().told) | {"stored": True}


@pytest.mark.parametrize("chip", [b"99999", b"999990012", b"_____127"])
def test_a_marker_is_no_rider(chip):
    assert parse(record(chip=chip)) == Parsed(markers=(Marker("D-5001", "marker", chip.decode(), read().local_us),))


def test_of_what_the_decoder_says_of_itself_only_its_health_is_kept():
    body = (
        b"GETPROTOCOL;2.0;1.0;3.0\r\nSETPROTOCOL;2.0\r\nSTARTOPERATION;OK;0000-00-00;00:00:00.000\r\nPING\r\n"
        b"GETTIME;2024-05-25;09:00:02.942\r\nPASSINGS;2\r\nGETSTATUS;2024-05-25;09:00:00.1;1;11110000;1;177;0;0,0;1;81;0\r\n"
        b"GETSTATUS;x\r\nONLY 2 PASSINGS\r\n\r\n"
    )
    assert [frame.keep for frame in fed(MAKE, body, [])[0]] == [*[False] * 4, True, False, True, *[False] * 3]
    assert parse(body)._replace(states=()) == Parsed(
        control=(
            {"type": "GETPROTOCOL"},
            {"type": "SETPROTOCOL"},
            {"type": "STARTOPERATION"},
            {"type": "PING"},
            {"type": "GETTIME", "reader_time": "2024-05-25T09:00:02.942"},
            {"type": "PASSINGS", "count": 2},
            {"type": "GETSTATUS", "operating": True, "power": True, "file": 177, "battery_pct": 81},
            {"type": "GETSTATUS"},
            {"type": "ONLY"},
            {"type": "END"},
        )
    )


ASK_STATUS = b"GETSTATUS\r\nGETTIME\r\n"
ASK = b"SETPROTOCOL;2.0\r\nSETPUSHPASSINGS;1;0\r\n" + ASK_STATUS + b"PASSINGS\r\n"


def replies(session, body):
    return b"".join(frame.reply for frame in session.feed(body))


def test_a_hole_in_the_numbers_is_asked_for():
    session = MAKE.session("LYDG")
    assert replies(session, record(5) + record(8)) == b"6:2\r\n"
    assert replies(session, record(6, push=False) + record(7, push=False) + b"\r\n" + record(9)) == b""
    assert replies(session, record(1, file=13) + record(3, file=13)) == b"2:1\r\n"
    assert replies(session, record(2, file=14)) == b"1:1\r\n"
    assert (session.keep_alive(), session.keep_alive(), MAKE.port) == (ASK_STATUS, b"PING\r\n", 3601)


def test_a_hole_that_was_not_filled_before_the_line_broke():
    session = MAKE.session("LYDG")
    assert replies(session, record(5) + record(8) + record(10) + record(6, push=False)) == b"6:2\r\n9:1\r\n"
    assert session.opening() == ASK + b"7:1000\r\n"
    assert replies(session, record(6, push=False) + record(7, push=False) + b"\r\n") == b""
    assert session.opening() == ASK + b"11:1000\r\n"


def test_a_hole_that_others_came_after_is_not_forgotten():
    session = MAKE.session("LYDG")
    session.feed(record(5) + record(8) + record(10) + record(6, push=False) + record(7, push=False) + b"\r\n")
    assert session.opening() == ASK + b"9:1000\r\n"


def test_after_a_break_the_rest_of_the_file_is_fetched_block_by_block():
    session = MAKE.session("LYDG")
    assert session.opening() == ASK + b"1:1000\r\n"
    block = b"".join(record(no, push=False) for no in range(1, 1001))
    assert replies(session, b"PASSINGS;1200;12\r\n" + block + b"\r\n") == b"1001:1000\r\n"
    assert replies(session, record(1001, push=False) + b"#P;10") == b""
    assert session.opening() == ASK + b"1002:1000\r\n"
    assert replies(session, b"PASSINGS;1200;12\r\n\r\n") == b""  # nothing came: asking the same again helps nobody


def test_a_break_in_which_the_decoder_began_a_new_file():
    session = MAKE.session("LYDG")
    session.feed(record(500))
    assert session.opening() == ASK + b"501:1000\r\n"
    assert replies(session, b"PASSINGS;20;13\r\nONLY 20 PASSINGS\r\n") == b"1:1000\r\n"
    assert replies(session, b"\r\n") == b""
    session.feed(record(20, push=False, file=13))
    assert session.opening() == ASK + b"21:1000\r\n"
    assert replies(session, b"PASSINGS;3;13\r\n\r\n") == b"1:1000\r\n"  # cleared


def test_a_passing_file():
    body = "\ufeff#;ID;Date;Time\r\n\r\n".encode() + record(push=False).rstrip()
    assert FILE.parse(body, CONTEXT) == Parsed((read(),))
    assert MAKE.parse(body, CONTEXT) == Parsed(
        rejects=(Reject(record(push=False).rstrip(), "truncated"),), control=({"type": "END"},)
    )


def passing(**changed):
    inner = {"Transponder": "kv8", "Hits": 7, "RSSI": -60, "LoopID": 2, "Channel": 3, "DeviceID": "D-5001"}
    inner |= {"FileNo": 12, "PassingNo": 5, "IsMarker": False, "UTCTime": "2024-05-25T01:00:02.5Z"}
    whole = {"Bib": 57, "TimingPoint": "终点", "Time": 32402.5, "Invalid": False}
    inner |= {key: value for key, value in changed.items() if key in inner or key == "Received"}
    return whole | {key: value for key, value in changed.items() if key in whole} | {"Passing": inner}


def from_json(value, context=CONTEXT):
    return JSON.parse(json.dumps(value).encode(), context)


EXPORTED = read(
    bib="57", told=(("location", "终点"), ("channel", "3"), ("loop", "2"), ("hits", 7), ("file", 12))
)  # fmt: skip


def test_one_export_a_list_and_lines_of_them():
    one = json.dumps(passing()).encode()
    assert JSON.parse(one, CONTEXT) == Parsed((EXPORTED,))
    assert JSON.parse(b"[" + one + b",\n" + one + b"]", CONTEXT) == Parsed((EXPORTED, EXPORTED))
    assert JSON.parse(one + b"\n" + one, CONTEXT) == Parsed((EXPORTED, EXPORTED))
    assert parse(one + b" " + one + b"oops\r\n" + record()) == Parsed(
        (EXPORTED, EXPORTED, read()), rejects=(Reject(b"oops", "bad_row"),)
    )


def test_utc_that_is_local_time_is_not_believed():
    doubted = EXPORTED._replace(told=(*EXPORTED.told, ("time_utc", None)))
    for said in ("2024-05-25T09:00:02.5Z", "2024-05-25T01:00:02.5", "soon", "0001-01-01T00:00:00+23:00"):
        assert from_json(passing(UTCTime=said)) == Parsed((doubted,))
    assert from_json(passing(UTCTime="")) == Parsed((EXPORTED,))


def test_a_marker_and_an_invalid_time_of_the_exporter():
    assert from_json(passing(IsMarker=True)) == Parsed(markers=(Marker("D-5001", "marker", "KV8", read().local_us),))
    assert from_json(passing(Invalid=True)).reads == (EXPORTED._replace(told=(*EXPORTED.told, ("invalid", True))),)


def test_a_day_is_known_from_outside_or_from_the_record():
    assert from_json(passing(Received="2024-05-25T09:01:00+08:00"), NOWHERE) == Parsed((EXPORTED,))
    assert from_json(passing(UTCTime=""), NOWHERE).rejects[0].reason == "no_date"
    assert from_json(passing(Received="2024-13-25"), NOWHERE).rejects[0].reason == "bad_time"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Transponder": None}, "bad_chip"),
        ({"Time": None}, "bad_time"),
        ({"Time": True}, "bad_time"),
        ({"Time": -1}, "bad_time"),
        ({"Time": 1e300}, "bad_time"),
        ({"Time": float("nan")}, "bad_time"),
        ({"DeviceID": "\ud800"}, "bad_source"),
    ],
)
def test_an_export_that_is_no_passing_costs_no_other(change, reason):
    parsed = from_json([passing(**change), passing()])
    assert (parsed.reads, [reject.reason for reject in parsed.rejects]) == ((EXPORTED,), [reason])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[1]", "bad_row"),
        (b"1", "bad_row"),
        (b'{"Passing":3}', "bad_row"),
        (b'{"Passing":{"Transponder":"A"},"Time":1e99999999999999999999}', "bad_time"),
        (b"[" * 100_000, "unknown_function"),
        (b"\xff", "unknown_function"),
    ],
)
def test_a_body_that_is_no_export(body, reason):
    parsed = JSON.parse(body, CONTEXT)
    assert (parsed.reads, [reject.reason for reject in parsed.rejects]) == ((), [reason])


def test_a_line_that_does_not_end():
    session = MAKE.session("LYDG")
    for endless in (b"x" * MAX_FRAME, b"x" * MAX_FRAME + b"\n"):
        with pytest.raises(FrameTooLong) as broken:
            session.feed(record() + endless)
        assert broken.value.frames == [Frame(record(), b"", True)]
        session.opening()
    assert parse(b"x" * MAX_FRAME + b"\n").rejects == (Reject(b"x" * MAX_FRAME, "frame_too_long"),)


PIECES = bodies(
    *(record(5), record(8), record(1, file=13), record(6, push=False), b"5;KV8;2024-05-25;09:00:02.5;0;7"),
    *(b"\r\n", b"\n", b"PASSINGS;9;13\r\n", b"PING\r\n", b"#P;", b";", b"#;ID\n", b"\xef\xbb\xbf", b"\x00", b"\xff"),
    *(json.dumps(passing()).encode(), b"{", b"}", b"["),
)


@example(b"\xef\xbb\xbf\x00\x01", [])
@given(PIECES, CUTS)
def test_any_bytes_cut_anywhere_say_the_same(body, cuts):
    holds_however_cut(MAKE, CONTEXT, body, cuts)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inside: st.lists(inside)
)
FIELDS = st.sampled_from(sorted(passing() | passing()["Passing"]))


@given(st.one_of(PIECES, st.dictionaries(FIELDS, VALUES).map(lambda odd: json.dumps(passing(**odd)).encode())))
def test_no_file_and_no_export_raises(body):
    for make in (FILE, JSON):
        parsed = make.parse(body, CONTEXT)
        assert make.parse(body, CONTEXT) == parsed
