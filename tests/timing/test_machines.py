"""Machines that post in their own way: answered in their own words, kept once, and their key is in no log."""

import io
import json
import logging
import zipfile
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from config.secrets_in_logs import Hidden
from race import tokens
from race.models import Token
from tests import cast
from timing import ingest
from timing.models import Delivery, Read, Source, Status

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
UPLOAD = "machineId=H002&eventId=1024&epcNum=2&1=090202BD@24-05-25~09:55:49:53&2=090202BE@24-05-25~09:55:50:7"
SECRETS = "&t=74491411&sign=4282e3f1"


@pytest.fixture
def stage():
    """The small race; it is 09:56 there."""
    made = cast.make()
    at = cast.GUN.replace(minute=56)
    made.edition.clock = [{"real": datetime.now(UTC).isoformat(), "event": at.isoformat(), "speed": 0}]
    made.edition.save(update_fields=["clock"])
    return made


@pytest.fixture
def key(stage):
    """The key of a machine, as it stands in its address."""
    return tokens.issue(stage.edition, cast.person(stage.edition, "timing_crew"), Token.DELIVERIES, "van")[1]


def words(answer):
    return answer.status_code, answer.content.decode(), answer.headers["Content-Type"].split(";")[0]


def feibot(key, rest):
    return f"/api/v1/timing/feibot/{key}/time/api/{rest}"


def taken_in():
    for delivery in Delivery.objects.all():
        ingest.take_in(delivery.channel_id)
    return list(Read.objects.order_by("pk").values_list("source__name", "chip"))


def test_a_feibot_uploads_is_told_ok_and_says_it_again_from_its_memory(client, key):
    first = client.get(feibot(key, f"cpvUpload2?{UPLOAD}{SECRETS}"))
    again = client.get(feibot(key, f"cpvUpload2?{UPLOAD}{SECRETS}"))
    other = client.get(feibot(key, "cpvUpload2?machineId=H002&eventId=1024&epcNum=1&1=090202BD@24-05-25~09:55:49:53"))
    assert [words(answer) for answer in (first, again, other)] == [(200, "ok", "text/plain")] * 3
    kept = [bytes(delivery.body) for delivery in Delivery.objects.order_by("pk")]
    assert (len(kept), kept[0]) == (
        2,
        f"GET /cpvUpload2?{UPLOAD} HTTP/1.1\r\n".encode(),
    )  # without its application's keys
    assert taken_in() == [("H002", "090202BD"), ("H002", "090202BE")]
    assert Read.objects.get(chip="090202BD").local_us == cast.local_us("09:55:49.053")


def test_the_same_words_after_midnight_are_the_ones_that_are_kept(client, key, stage):
    undated = feibot(key, "cpvUpload2?machineId=H002&epcNum=1&1=090202BD@23:59:59:900")
    assert words(client.get(undated))[0] == 200
    stage.edition.clock[0]["event"] = "2024-05-25T16:10:00+00:00"
    stage.edition.save(update_fields=["clock"])
    assert words(client.get(undated)) == (200, "ok", "text/plain")
    assert Delivery.objects.count() == 1


def test_a_heartbeat_tells_battery_and_clock_and_a_bare_one_leaves_nothing(client, key, stage):
    ms = int(cast.GUN.replace(minute=56).timestamp() * 1000) + 700
    beat = f"testConnection?machineId=H002&batPercent=67&epcTotal=9&machineTimeStamp={ms}{SECRETS}"
    assert words(client.get(feibot(key, "testConnection"))) == (200, "ok", "text/plain")
    assert Delivery.objects.count() == 0
    assert words(client.get(feibot(key, beat))) == (200, "ok", "text/plain")
    assert taken_in() == []
    status = Status.objects.get()
    assert (status.source.name, status.battery, status.clock_us, status.said["total"]) == ("H002", 67, 700_000, "9")


def zipped(name, text):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, text)
    return made.getvalue()


LINES = "24-05-25~09:55:49:53:090202BD\n24-05-25~09:55:50:7:090202BE\n"


def test_its_file_zipped_in_a_form_or_bare(client, key):
    name = "H002_1024_record.csv"
    form = {"myFile": SimpleUploadedFile(f"{name}.zip", zipped(name, LINES))}
    assert words(client.post(feibot(key, "fileUpload"), form)) == (200, "upload successful", "text/plain")
    bare = client.post(f"{feibot(key, 'fileUpload')}?name={name}", LINES.encode(), content_type="text/csv")
    assert words(bare) == (200, "upload successful", "text/plain")
    assert taken_in() == [("H002", "090202BD"), ("H002", "090202BE")]
    assert words(client.post(feibot(key, "fileUpload"), {"x": "1"})) == (400, "no file", "text/plain")


def passing(number, chip):
    seconds = 9 * 3600 + 1800 + number
    return {"Time": seconds, "Passing": {"Transponder": chip, "PassingNo": number, "DeviceID": "D-5012"}}


def test_the_exporter_of_race_result_posts_one_or_many(client, key):
    address = f"/api/v1/timing/raceresult/{key}/"
    bodies = [
        json.dumps(passing(1, "C1")),
        json.dumps([passing(2, "C2"), passing(1, "C1")]),
        "3;C3;2024-05-25;09:40:00.000;0;5;-60\r\n",
    ]
    for body in bodies:
        for _again in range(2):
            assert words(client.post(address, body, content_type="application/json")) == (200, "ok", "text/plain")
    assert words(client.post(address, b"", content_type="application/json"))[0] == 400
    assert Delivery.objects.count() == 3
    assert taken_in() == [
        ("D-5012", "C1"),
        ("D-5012", "C2"),
        ("van", "C3"),
    ]  # a line names no box: the key's label does
    assert Read.objects.get(chip="C1").local_us == cast.local_us("09:30:01")


def test_readers_of_crossmgr_set_their_clock_and_post(client, key):
    root = f"/api/v1/timing/crossmgr/{key}"
    asked = client.get(f"{root}/servertimestamp.js?clientTime=1716601234567.5")
    event_ms = cast.GUN.replace(minute=56).timestamp() * 1000
    assert asked.json() == {"serverTime": event_ms, "clientTime": 1716601234567.5}
    assert client.get(f"{root}/servertimestamp.js?clientTime=nan").content.endswith(b'"clientTime": 0.0}')
    said = {"reader_id": "gate", "data": [{"tag": "C1", "t": "2024-05-25T09:30:00.250"}]}
    for _again in range(2):
        assert words(client.post(f"{root}/rfid.js", json.dumps(said), content_type="application/json"))[:2] == (200, "")
    assert (Delivery.objects.count(), taken_in()) == (1, [("gate", "C1")])


def test_reads_that_name_nobody_are_of_the_only_source_of_the_key(client, key, stage):
    said = {"data": [{"tag": "C1", "t": "2024-05-25T09:30:00.250"}]}

    def post(tag):
        body = json.dumps({"data": [said["data"][0] | {"tag": tag}]})
        client.post(f"/api/v1/timing/crossmgr/{key}/rfid.js", body, content_type="application/json")

    post("C1")
    Delivery.objects.get().channel.sources.add(Source.objects.get(edition=stage.edition, name="Finish"))
    post("C2")
    assert taken_in() == [("Finish", "C2")]  # "van" is none of its sources by then
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize("address", ["feibot/{}/testConnection", "raceresult/{}/", "crossmgr/{}/rfid.js"])
def test_whose_key_it_is_is_looked_up_each_time(client, stage, key, address):
    def status(secret):
        path = f"/api/v1/timing/{address.format(secret)}"
        answer = client.get(path) if "feibot" in address else client.post(path, b"{}", content_type="application/json")
        return answer.status_code

    person = cast.person(stage.edition, "timing_crew")
    crew = tokens.issue(stage.edition, person, "timing_crew", "crew")[1]  # may do more, so it stands in no address
    assert (status("nonsense"), status(crew), status(key)) == (401, 403, 200)
    tokens.revoke(Token.objects.get(digest=tokens.digest(key)))
    assert status(key) == 401


@pytest.mark.parametrize(
    ("method", "rest"), [("get", "feibot/{}/getEventConfigfile"), ("post", "feibot/{}/cpvUpload2"), ("get", "crossmgr/{}/x.js")]
)  # fmt: skip
def test_other_words_are_nothing_here(client, key, method, rest):
    assert getattr(client, method)(f"/api/v1/timing/{rest.format(key)}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/api/v1/timing/feibot/{}/time/api/cpvUpload2?1=2", "/api/v1/timing/raceresult/{}/", "/api/v1/timing/crossmgr/{}/rfid.js",
     "/my/{}/pay/"],
)  # fmt: skip
def test_no_log_shows_a_key(path):
    secret = "deliveries-0123456789abcdef"
    access = ("127.0.0.1:5", "GET", path.format(secret), "1.1", 200)
    record = logging.LogRecord("uvicorn.access", 20, "x", 1, '%s - "%s %s HTTP/%s" %d', access, None)
    other = logging.LogRecord("x", 20, "x", 1, f"cannot take {path.format(secret)}", None, None)
    assert Hidden().filter(record) and Hidden().filter(other)
    assert [one.getMessage() for one in (record, other)] == [
        f'127.0.0.1:5 - "GET {path.format("…")} HTTP/1.1" 200',
        f"cannot take {path.format('…')}",
    ]
