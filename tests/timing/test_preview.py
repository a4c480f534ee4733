"""A file is looked at before it counts: nothing is stored, and what is seen is what will be."""

import gzip
import io
import re
import zipfile
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.results.test_facts import RACED, raced
from timing import corrections, ingest, intake, preview, preview_values
from timing.models import Delivery, Read, Source

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/timing/deliveries/preview/"
HEAD = "芯片号,过点时间,计时点\r\n"


def gbk(*rows):
    return (HEAD + "\r\n".join(rows) + "\r\n").encode("gbk")


def ask(client, stage, body, query="", role="timing_crew"):
    address = f"{ADDRESS}?name=noon.csv{query}"
    return client.post(address, body, content_type="application/octet-stream", headers=cast.bearer(stage.edition, role))


def send(client, stage, body):
    address = "/api/v1/timing/deliveries/?make=csv&name=again.csv"
    headers = cast.bearer(stage.edition, "timing_crew")
    return client.post(address, body, content_type="application/octet-stream", headers=headers)


def codes(found):
    return [warning["code"] for warning in found["warnings"]]


def test_a_gbk_sheet_is_seen_as_it_will_be_read_and_nothing_is_stored(client):
    stage = raced()
    body = gbk(
        "C4,2024/5/25 9:45:00.25,Finish", "C1,2024/5/25 9:20:00,Finish", "X9,2024/5/25 9:50:00,旁边", "C2,坏,Finish"
    )
    before = (Read.objects.count(), Delivery.objects.count(), Source.objects.count())
    answer = ask(client, stage, body)
    assert answer.status_code == 200
    assert answer.json() == {
        "guesses": [{"format": "csv", "make": "csv", "confidence": 93, "why": "own_mark"}],
        "options": {"make": "csv", "name": "noon.csv"},
        "whole": True,
        "encoding": "gb18030",
        "heading_row": 1,
        "columns": [
            {"number": 1, "heading": "芯片号", "field": "chip", "sample": ["C4", "C1", "X9"]},
            {"number": 2, "heading": "过点时间", "field": "time",
             "sample": ["2024/5/25 9:45:00.25", "2024/5/25 9:20:00", "2024/5/25 9:50:00"]},
            {"number": 3, "heading": "计时点", "field": "reader", "sample": ["Finish", "Finish", "旁边"]},
        ],
        "rows": [
            {"source": "Finish", "chip": "C4", "local": "2024-05-25T09:45:00.250", "lap": None, "bib": ""},
            {"source": "Finish", "chip": "C1", "local": "2024-05-25T09:20:00.000", "lap": None, "bib": ""},
            {"source": "旁边", "chip": "X9", "local": "2024-05-25T09:50:00.000", "lap": None, "bib": ""},
        ],
        "counts": {"reads": 3, "new": 2, "known": 1, "ignored": 0, "rejected": 1, "markers": 0, "chips": 3,
                   "unknown_chips": 1},
        "rejects": [{"reason": "bad_time", "count": 1, "raw": "C2,坏,Finish"}],
        "unknown_chips": ["X9"],
        "sources": [{"name": "Finish", "reads": 2, "known": True, "point": "F"},
                    {"name": "旁边", "reads": 1, "known": False, "point": None}],
        "first": "2024-05-25T09:20:00.000",
        "last": "2024-05-25T09:50:00.000",
        "days": [{"day": "2024-05-25", "reads": 3}],
        "parks": "",
        "warnings": [{"code": "unmapped", "detail": "旁边：还不在任何计时点上。读卡记录会保存，放好后即计入。"}],
    }  # fmt: skip
    assert before == (Read.objects.count(), Delivery.objects.count(), Source.objects.count())
    assert stage.table() == RACED


def test_the_counts_are_those_that_the_delivery_will_have(client):
    stage = raced()
    body = gbk("C4,2024/5/25 9:45:00.25,Finish", "C1,2024/5/25 9:20:00,Finish", "C4,2024/5/25 9:45:00.25,Finish")
    seen = ask(client, stage, body).json()["counts"]
    told = {"make": "csv", "name": "wrong.csv"}
    made = intake.receive(stage.channel, body, "k", options=told, file=True).delivery
    ingest.take_in(stage.channel.pk)
    counts = ingest.totals([made.pk])[made.pk]
    assert [seen[name] for name in ("new", "known", "rejected")] == [
        counts[name] for name in ("new", "known", "rejected")
    ]
    again = ask(client, stage, body).json()["counts"]
    assert (again["new"], again["known"], again["ignored"]) == (0, 3, 0)
    corrections.ignore_delivery(made, by=None, evidence="wrong file")
    undone = ask(client, stage, body).json()
    assert (undone["counts"]["ignored"], codes(undone)) == (1, ["ignored"])
    assert "wrong.csv" in undone["warnings"][0]["detail"]
    answer = send(client, stage, body).json()
    assert (answer["counts"]["known"], answer["warnings"]) == (3, undone["warnings"])


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (("终" * 70).encode(), "终" * 66),  # the cut goes through a letter
        ("C1,\u202e昨天".encode(), "C1,\\u202e昨天"),
        ("终点".encode("gbk"), "终点"),
        (b"\x00\x01\xff", "0x0001ff (3 bytes)"),
    ],
)
def test_a_row_is_shown_as_what_it_is(row, shown):
    assert preview_values.readable(row) == shown


def test_every_warning_is_documented():
    codes = set(re.findall(r'_warning\(\s*"(\w+)"', Path(preview.__file__).read_text()))
    told = Path("docs/api.md").read_text()
    assert {code for code in codes if f"`{code}`" not in told} == set()


def test_what_looks_wrong_is_named(client):
    stage = raced()
    chips = ("C1", "C2", "C3", "C4")

    def seen(*rows, query=""):
        found = ask(client, stage, gbk(*rows), query).json()
        return found["parks"], codes(found)

    assert seen(*[f"{chip},2024/5/25 1:2{n}:00,Finish" for n, chip in enumerate(chips)]) == ("", ["zone_off"])
    assert seen(*[f"{chip},2023/5/25 9:2{n}:00,Finish" for chip in chips for n in range(3)]) == (
        "other_days",
        ["other_days"],
    )
    assert seen(*[f"X{n},2024/5/25 9:20:00,Finish" for n in range(6)]) == ("", ["unknown_chips"])
    assert seen("C1,2024/5/25 9:20:00,Finish", query="&zone=UTC") == ("", ["other_zone"])
    other = cast.make(slug="hill", riders=0)
    course = other.race.course
    course.edition, course.code = stage.edition, "hill"
    course.save(update_fields=["edition", "code"])
    Source.objects.create(edition=stage.edition, name="Hill", point=other.finish, zone="Asia/Shanghai")
    cast.transponders.hand_out(stage.edition, [(cast.enter(stage, 5), "C5", None, None)], by=None)
    rows = [f"C{n},2024/5/25 9:45:00,Hill" for n in range(1, 6)]
    assert seen(*rows) == ("", ["other_race"])


def test_columns_are_named_by_hand_and_the_delivery_is_read_so(client):
    stage = raced()
    body = "表,代号,何时\n1,C4,2024-05-25 09:45:00.25\n".encode("utf-16")
    assert ask(client, stage, body).json()["counts"]["reads"] == 0
    query = "&make=csv&columns=row:1,chip:2,time:3&source=Finish"
    found = ask(client, stage, body, query).json()
    assert (found["encoding"], found["rows"][0]["chip"], found["counts"]["new"]) == ("utf-16-le", "C4", 1)
    assert [column["field"] for column in found["columns"]] == ["", "chip", "time"]
    address = f"/api/v1/timing/deliveries/?name=noon.csv{query}"
    headers = cast.bearer(stage.edition, "timing_crew")
    made = client.post(address, body, content_type="application/octet-stream", headers=headers).json()
    assert (made["counts"]["new"], stage.table()[3]) == (1, "4 4 FIN 2")
    other = client.post(address.replace("chip:2", "chip:1"), body, content_type="text/plain", headers=headers).json()
    assert (other["id"] != made["id"], other["counts"]["new"]) == (True, 1)  # another reading, another delivery


@pytest.mark.parametrize(
    "columns", ["chip:1", "chip:1,time:1", "chip:x,time:2", "chip:1,time:0", "bread:1,chip:2,time:3"]
)
def test_columns_that_nobody_can_have_meant(client, columns):
    answer = ask(client, raced(), gbk("C4,2024/5/25 9:45:00,Finish"), f"&columns={columns}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "bad_columns")


def test_only_the_beginning_of_a_large_file_is_looked_at(client):
    stage = raced()
    rows = gbk(*[f"C4,2024/5/25 9:45:{second:02},Finish" for second in range(30)])
    found = ask(client, stage, rows[:-8], f"&size={len(rows)}").json()
    assert (found["whole"], found["counts"]["reads"], found["rejects"]) == (False, 29, [])


def test_the_queries_are_the_same_for_one_row_and_for_many():
    stage = raced()
    counted = []
    for many in (1, 400):
        rows = gbk(
            *[f"X{n},2024/5/25 9:{n // 60:02}:{n % 60:02},Finish" for n in range(many)]
            + ["C1,2024/5/25 9:20:00,Finish"]
        )
        with CaptureQueriesContext(connection) as queries:
            preview.look(stage.edition, rows, {})
        counted.append(len(queries))
    assert counted == [5, 7]  # chips of many are also held against the list of those handed out


def test_a_packed_file_is_seen_as_what_is_in_it(client, monkeypatch):
    stage = raced()
    rows = gbk(*[f"C4,2024/5/25 9:45:{second:02},Finish" for second in range(30)])
    found = ask(client, stage, gzip.compress(rows)).json()
    assert (found["guesses"][0]["format"], found["encoding"], found["counts"]["new"]) == ("csv", "gb18030", 30)
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as packed:
        packed.writestr("H002_1024_record.csv", "13:55:49:053:090202BD\n13:55:50:153:090202BE\n")
    found = ask(client, stage, box.getvalue(), "&date=2024-05-25").json()
    assert (found["options"]["make"], found["rows"][0]["source"], found["counts"]["reads"]) == ("feibot", "H002", 2)
    assert ask(client, stage, gzip.compress(rows)[:-9]).json()["rejects"][0]["reason"] == "broken_archive"
    part = ask(client, stage, gzip.compress(rows)[:-9], "&size=9000").json()
    assert (part["whole"], part["rejects"], codes(part)) == (False, [], ["part_of_packed"])
    monkeypatch.setattr(preview, "MOST_BYTES", 100)  # more than that is looked at of no plain file
    seen = ask(client, stage, gzip.compress(rows)).json()
    assert (seen["whole"], seen["counts"]["new"]) == (True, 30)


def test_a_decoder_that_fails_is_told(client, monkeypatch):
    monkeypatch.setattr(preview.parsing, "read_body", lambda *args: 1 / 0)
    found = ask(client, raced(), gbk("C4,2024/5/25 9:45:00,Finish")).json()
    assert [row["reason"] for row in found["rejects"]] == ["decoder_failed"]


def test_what_cannot_be_read_says_so(client):
    found = ask(client, raced(), b"%PDF-1.7 nothing of ours").json()
    assert (found["guesses"], found["counts"]["reads"], found["rejects"][0]["reason"]) == ([], 0, "not_a_chip_file")
    assert (found["first"], found["days"]) == (None, [])


def test_a_parked_file_is_decided_by_the_api(client):
    stage = raced()
    headers = cast.bearer(stage.edition, "timing_crew")
    rows = [f"C{n % 4 + 1},2023/5/25 9:20:{n:02},Finish" for n in range(12)]
    made = client.post(
        "/api/v1/timing/deliveries/?name=old.csv", gbk(*rows), content_type="text/csv", headers=headers
    ).json()
    assert (made["status"], made["parked_why"], made["counts"]["new"]) == ("parked", "other_days", 0)

    def decide(decision):
        address = f"/api/v1/timing/deliveries/{made['id']}/park/"
        answer = client.post(address, {"decision": decision}, content_type="application/json", headers=headers)
        said = answer.json()
        return answer.status_code, said.get("status") or said["errors"][0]["code"]

    assert decide("leave_out") == (200, "left_out")
    assert decide("perhaps") == (400, "invalid_choice")
    assert decide("count") == (200, "taken")
    assert decide("count") == (409, "not_parked")
