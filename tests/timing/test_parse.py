"""`manage.py parse`: the command line and its two kinds of output."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.timing.chip_vectors import named, received_at_of, segments_of, vectors
from timing.decoders import FORMATS


def run(*arguments):
    out = StringIO()
    call_command("parse", *map(str, arguments), stdout=out)
    return out.getvalue()


def options(vector):
    told, received_at = vector["context"], received_at_of(vector)
    more = ("--received-at", received_at.isoformat()) if received_at else ()
    if "file_name" in told:
        more += ("--file-name", told["file_name"])
    return ("--make", vector["format"], "--tz", told["tz"], "--date", told["race_date"], "--server-name", "LYDG", *more)


@pytest.mark.parametrize("vector", vectors(*FORMATS), ids=named)
def test_vector_as_a_file_and_as_segments(vector, tmp_path):
    whole, segments = tmp_path / "whole", tmp_path / "segments"
    whole.write_bytes(b"".join(segments_of(vector)))
    segments.write_text("\n".join(vector["input"]["segments_hex"]) + "\n")
    assert json.loads(run(whole, *options(vector), "--json")) == vector["expected"]
    assert json.loads(run(segments, *options(vector), "--json", "--hex")) == vector["expected"]


def test_each_identity_once_at_its_first_place(tmp_path):
    file = tmp_path / "reads.csv"
    file.write_text("chip,time,lap\nB1,09:00:01,1\nA1,09:00:00.0009,2\nB1,09:00:01,3\n")
    shown = json.loads(run(file, "--make", "csv", "--tz", "Asia/Shanghai", "--date", "2024-05-25", "--json"))
    assert shown["passings"] == [
        {"chip": "B1", "time_local": "2024-05-25T09:00:01.000", "time_utc": "2024-05-25T01:00:01.000Z", "lap": 1},
        {"chip": "A1", "time_local": "2024-05-25T09:00:00.000", "time_utc": "2024-05-25T01:00:00.000Z", "lap": 2},
    ]


def test_an_hour_that_comes_twice_has_no_utc(tmp_path):
    file = tmp_path / "reads.csv"
    file.write_text("chip,time\nA1,2024-10-27 02:30:00\nA1,2024-03-31 02:30:00\nA1,2024-03-31 03:00:00\n")
    shown = json.loads(run(file, "--make", "csv", "--tz", "Europe/Amsterdam", "--json"))
    assert [read["time_utc"] for read in shown["passings"]] == [None, None, "2024-03-31T01:00:00.000Z"]


def test_rejects_are_shown_with_escapes_for_what_is_no_text(tmp_path):
    file = tmp_path / "reads.csv"
    file.write_bytes("chip,time,计时点\nA1,05:01.7,终点\n".encode("gbk"))
    shown = json.loads(run(file, "--make", "csv", "--tz", "Asia/Shanghai", "--json"))
    assert shown["rejects"] == [{"raw": "A1,05:01.7,\\xd6յ\\xe3", "reason": "hours_lost"}]


def test_a_forwarders_log_is_understood(tmp_path):
    file = tmp_path / "forwarder.log"
    file.write_bytes(b"2024-05-25T01:01:02.649Z message: Finish@Passing@c=A1|d=240525|t=09:01:02.5@7@\n")
    shown = json.loads(run(file, "--make", "mylaps", "--tz", "Asia/Shanghai", "--server-name", "LYDG", "--json"))
    assert [(read["chip"], read["seq"]) for read in shown["passings"]] == [("A1", 7)]
    assert shown["replies"] == ["LYDG@AckPassing@7@$"]


def test_a_table_for_people(tmp_path):
    file = tmp_path / "stream"
    file.write_bytes(
        b"Finish@Passing@c=A1|d=240525|t=09:01:02.5@7@$hello$Finish@Marker@t=09:00:00|mt=Gunshot|n=Gun 1@8@$"
    )
    assert run(file, "--make", "mylaps", "--tz", "Asia/Shanghai", "--date", "2024-05-25").splitlines() == [
        "chip             time on the device      UTC                      reader",
        "A1               2024-05-25T09:01:02.500 2024-05-25T01:01:02.500Z Finish",
        "marker  2024-05-25T09:00:00.000 Gunshot Gun 1",
        "reject  bad_frame: 'hello'",
        "1 passings, 1 markers, 1 rejects, 2 replies, 0 control",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--make": "timy"}, "There is no decoder for 'timy' yet. There are: mylaps, "),
        ({"--tz": "Asia/Nowhere"}, "There is no time zone 'Asia/Nowhere'."),
        ({"--date": "25.5.2024"}, "argument --date: invalid iso_date value: '25.5.2024'"),
        ({"--received-at": "noon"}, "argument --received-at: invalid iso_time value: 'noon'"),
        ({"--received-at": "2024-05-25T09:00:00"}, "--received-at needs its offset"),
        ({"file": "/nowhere/at/all"}, "/nowhere/at/all cannot be read: No such file or directory."),
        ({"--hex": None}, "does not hold lines of hex digits."),
    ],
)
def test_a_wrong_argument_is_one_sentence_and_exit_2(change, message, tmp_path):
    file = tmp_path / "reads.csv"
    file.write_text("chip,time\n")
    given = {"file": file, "--make": "csv", "--tz": "Asia/Shanghai"} | change
    place = given.pop("file")
    words = [word for name, value in given.items() for word in ((name,) if value is None else (name, value))]
    with pytest.raises(CommandError) as refused:
        run(place, *words)
    assert message in str(refused.value)
    assert refused.value.returncode == 2 or "argument" in message  # argparse itself exits 2 on the command line
