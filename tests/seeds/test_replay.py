"""A recording goes through a real gateway and a real worker, twice."""

import json
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from django.core.management import CommandError, call_command

from race.models import Race
from results import live
from timing.models import Marker, Read

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parent.parent.parent


def record(chip, time, lap, number, day="250413"):
    """A version 1 record with its checksum."""
    text = f"{chip:7}{time:>12} 5 0F{lap:3d}{number:04X}{day}"
    return f"{text}{sum(text.encode()) % 256:02X}"


LAPS = [record("AB10001", f"07:{10 + 10 * lap}:00.250", lap, lap) for lap in range(3)]
OTHER = [record("AB10002", "07:11:00.500", 1, 9)]
BAD = record("AB10003", "07:12:00.500", 1, 10)[:-2] + "00"
LOG = "\n".join(
    [
        "2025-04-13T03:00:00.000Z message: 5Km@Pong@",
        "2025-04-13T03:00:01.000Z message: Start@Pong@",
        f"2025-04-13T03:10:00.000Z message: 5Km@Store@{LAPS[0]}@{OTHER[0]}@1@",
        "2025-04-13T03:10:01.000Z message: Start@Marker@2025-04-13 07:00:00.100|ext-gun|Extern gunshot@1@",
        "2025-04-13T03:10:01.500Z message: Start@Marker@2025-04-13 07:00:00.700|ext-gun|Extern gunshot@2@",
        f"2025-04-13T03:20:00.000Z message: \x00\x00\r\n5Km@Store@{LAPS[1]}@2@",
        f"2025-04-13T03:20:20.000Z message: 5Km@Store@{LAPS[1]}@2@",
        f"2025-04-13T03:21:00.000Z message: Start@Store@{LAPS[0]}@1@",
        f"2025-04-13T03:30:00.000Z message: 5Km@Store@{LAPS[2]}@{BAD}@1@",
        "2025-04-13T03:30:01.000Z message: 5Km@AckPing@",
        "",
    ]
)


def replay(path, environment):
    command = [sys.executable, "manage.py", "replay", str(path), "--make", "mylaps", "--point", "5Km"]
    command += ["--tz", "Asia/Dubai", "--create-entries", "--json"]
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


def test_a_recording_is_stored_once_however_often_it_is_replayed(tmp_path, process_environment, redis):
    (tmp_path / "recording.log").write_text(LOG)
    first = replay(tmp_path / "recording.log", process_environment)
    again = replay(tmp_path / "recording.log", process_environment)
    same = {"race": "replay-5km-2025-04-13", "frames": 10, "rejected": 1, "markers": 2, "acks": 7}
    assert first == same | {"reads_stored": 5, "duplicates": 1}
    assert again == same | {"reads_stored": 0, "duplicates": 6}
    assert list(Marker.objects.order_by("local_us").values_list("kind", "source__name")) == [("ext-gun", "Start")] * 2
    assert sorted(Read.objects.values_list("source__name", flat=True)) == ["5Km"] * 4 + ["Start"]

    # Its board shows laps and no totals, and takes no gun from a marker.
    race = Race.objects.get(slug=again["race"])
    board = orjson.loads(live.board(race).json)
    assert (board["gun"], board["phase"], live.held(race)) == (None, "live", race.revision)
    rows = {row[0]: row for row in board["rows"]}
    # bib, rank, status, laps, time: none without a gun; last lap ten minutes
    assert [rows[1][:5], rows[1][8], rows[2][:5]] == [[1, 1, "racing", 3, None], 600_000, [2, 2, "racing", 1, None]]


def test_what_cannot_be_replayed_is_said(tmp_path, process_environment):
    (tmp_path / "empty").write_bytes(b"")
    empty, dubai = str(tmp_path / "empty"), ["--point", "5Km", "--tz", "Asia/Dubai"]
    for words, said in (
        ([empty, "--make", "mylaps", *dubai], "holds no frames of mylaps"),
        ([empty, "--make", "csv", *dubai], "has no live stream"),
        ([empty, "--make", "mylaps", "--point", "5Km", "--tz", "Mars/Olympus"], "is no time zone"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("replay", *words)
    command = [sys.executable, "manage.py", "replay", "none", "--make", "mylaps", *dubai]
    answer = subprocess.run(command, cwd=ROOT, env=process_environment, capture_output=True, text=True, timeout=60)
    assert (answer.returncode, "No such file" in answer.stderr) == (1, True), answer.stderr
