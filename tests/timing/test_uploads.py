"""Large files in pieces: nothing is sent twice, nothing counts before the whole is there, and then exactly once."""

import hashlib
import json
from datetime import timedelta

import pytest

from race.models import Token
from tests import cast
from tests.timing.test_intake import in_threads
from timing import uploads
from timing.models import Delivery, Read, Upload, UploadPiece

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]

ADDRESS = "/api/v1/timing/uploads/"
BODY = b"chip,time,point\n" + b"".join(
    b"C%d,2024-05-25 09:%02d:00,Finish\n" % (1 + number % 4, number) for number in range(20, 50)
)
SHA256 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def crew(client):
    """A crew's machine: `crew.begin(...)`, `crew.send(code, offset, bytes)`, `crew.ask(code)`."""
    return Crew(client, cast.bearer(cast.make().edition, Token.DELIVERIES))


class Crew:
    def __init__(self, client, headers):
        self.client, self.headers = client, headers

    def begin(self, key=None, **said):
        told = self.headers | ({"Idempotency-Key": key} if key else {})
        body = json.dumps({"name": "day.csv", "size": len(BODY)} | said)
        return self.client.post(ADDRESS, body, content_type="application/json", headers=told)

    def send(self, code, offset, body, **headers):
        told = self.headers | ({} if offset is None else {"Upload-Offset": str(offset)}) | headers
        return self.client.generic("PATCH", f"{ADDRESS}{code}/", body, "application/partial-upload", headers=told)

    def ask(self, code, method="GET"):
        return self.client.generic(method, f"{ADDRESS}{code}/", headers=self.headers)


def how_far(answer):
    return answer.status_code, answer.json()["received"], answer["Upload-Offset"], answer["Upload-Complete"]


def refused(answer):
    return answer.status_code, answer.json()["errors"][0]["code"], answer.headers.get("Upload-Offset")


def test_a_file_in_three_pieces_becomes_one_delivery_with_its_counts(crew):
    began = crew.begin("k", sha256=SHA256.upper())
    code = began.json()["code"]
    assert began["Location"].endswith(f"{ADDRESS}{code}/")
    assert how_far(began) == (201, 0, "0", "?0")
    assert how_far(crew.send(code, 0, BODY[:100])) == (200, 100, "100", "?0")
    assert (Delivery.objects.count(), Read.objects.count()) == (0, 0)
    assert how_far(crew.ask(code)) == (200, 100, "100", "?0")
    assert crew.ask(code, "HEAD")["Upload-Offset"] == "100"
    crew.send(code, 100, BODY[100:700])
    last = crew.send(code, 700, BODY[700:])
    kept = Delivery.objects.get()
    assert how_far(last) == (200, len(BODY), str(len(BODY)), "?1")
    assert last.json()["delivery"]["counts"] == {"new": 30, "known": 0, "rejected": 0, "unknown": 0, "markers": 0}
    assert (bytes(kept.body), kept.sha256, kept.size, kept.key) == (BODY, SHA256, len(BODY), "k")
    assert kept.options == {"make": "csv", "name": "day.csv"}
    assert (UploadPiece.objects.count(), crew.ask(code).json()) == (0, last.json() | {"until": last.json()["until"]})


def test_a_piece_anywhere_but_at_the_end_is_told_where_to_go_on(crew):
    code = crew.begin().json()["code"]
    crew.send(code, 0, BODY[:100])
    for offset in (0, 99, 101, len(BODY)):
        assert refused(crew.send(code, offset, BODY[:100])) == (409, "wrong_offset", "100")
    assert refused(crew.send(code, 100, BODY)) == (422, "longer_than_announced", "100")
    assert refused(crew.send(code, None, b"x"))[:2] == (400, "invalid")
    assert Upload.objects.get().received == 100
    crew.send(code, 100, BODY[100:])
    assert refused(crew.send(code, 0, BODY)) == (409, "wrong_offset", str(len(BODY)))
    assert how_far(crew.send(code, len(BODY), b"")) == (200, len(BODY), str(len(BODY)), "?1")
    assert (Delivery.objects.count(), Read.objects.count()) == (1, 30)


def test_a_file_that_is_not_the_announced_one_counts_nowhere_and_begins_anew(crew):
    code = crew.begin(sha256=SHA256).json()["code"]
    crew.send(code, 0, BODY[:700])
    assert refused(crew.send(code, 700, BODY[700:].swapcase())) == (422, "wrong_hash", "0")
    assert (Delivery.objects.count(), UploadPiece.objects.count()) == (0, 0)
    assert crew.send(code, 0, BODY).json()["delivery"]["counts"]["new"] == 30


def test_the_same_bytes_are_the_same_delivery_whichever_way_they_came(crew):
    direct = crew.client.post(
        "/api/v1/timing/deliveries/?name=a", BODY, content_type="text/csv", headers=crew.headers
    ).json()
    code = crew.begin().json()["code"]
    assert crew.send(code, 0, BODY).json()["delivery"] == direct
    assert Delivery.objects.count() == 1


def test_a_key_finds_its_upload_again_and_no_other(crew):
    first = crew.begin("k", sha256=SHA256)
    again = crew.begin("k", sha256=SHA256, name="renamed.csv")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["code"] == again.json()["code"]
    for other in ({"size": 5}, {"date": "2024-05-25"}, {"make": "mylaps"}, {"sha256": "0" * 64}):
        assert refused(crew.begin("k", **({"sha256": SHA256} | other)))[:2] == (422, "key_reused")
    assert crew.begin(sha256=SHA256).json()["code"] != first.json()["code"]


def test_a_key_of_a_delivery_with_other_bytes_is_refused_at_the_last_piece(crew):
    other = {"Idempotency-Key": "k"}
    crew.client.post("/api/v1/timing/deliveries/", b"x", content_type="text/csv", headers=crew.headers | other)
    code = crew.begin("k").json()["code"]
    crew.send(code, 0, BODY[:100])
    assert refused(crew.send(code, 100, BODY[100:])) == (422, "key_reused", "100")
    assert (Delivery.objects.count(), Upload.objects.get().received) == (1, 100)


def test_what_can_never_be_taken_is_refused_before_a_byte_is_sent(crew, settings):
    settings.DELIVERY_LIMIT = 1000
    assert refused(crew.begin(size=1001))[:2] == (413, "too_large")
    assert refused(crew.begin(size=0))[:2] == (400, "min_value")
    assert refused(crew.begin(sha256="x"))[:2] == (400, "invalid")
    assert refused(crew.begin(make="sundial"))[0] == 415
    assert refused(crew.begin(zone="Mars/X"))[:2] == (400, "bad_zone")
    assert refused(crew.begin(date="tomorrow"))[0] == 400
    assert Upload.objects.count() == 0


def test_a_channel_has_twenty_files_on_their_way_at_most(crew):
    codes = [crew.begin().json()["code"] for _number in range(uploads.MOST_OPEN)]
    assert refused(crew.begin())[:2] == (409, "too_many_uploads")
    crew.send(codes[0], 0, BODY)
    assert crew.begin().status_code == 201


def test_a_file_that_is_no_chip_file_is_said_so_and_kept(crew):
    code = crew.begin(size=13).json()["code"]
    assert refused(crew.send(code, 0, b"<html></html>")) == (422, "not_a_chip_file", "13")
    assert bytes(Delivery.objects.get().body) == b"<html></html>"


def test_a_machine_reaches_its_own_uploads_only(client, crew):
    code = crew.begin().json()["code"]
    edition = Upload.objects.get().channel.edition
    for role, status in ((Token.DELIVERIES, 404), ("timing_crew", 404), ("office", 404)):
        other = Crew(client, cast.bearer(edition, role))
        assert (other.ask(code).status_code, other.send(code, 0, BODY).status_code) == (status, status)
    client.force_login(cast.person(edition, "timing_crew"))
    assert client.get(f"{ADDRESS}{code}/").status_code == 200
    assert Upload.objects.get().received == 0


def test_what_nobody_goes_on_with_is_forgotten_after_a_day(crew):
    old, young = (crew.begin(key).json()["code"] for key in ("a", "b"))
    crew.send(old, 0, BODY[:100])
    Upload.objects.filter(code=old).update(touched_at=Upload.objects.get(code=old).touched_at - timedelta(hours=25))
    assert (uploads.drop_old(), uploads.drop_old()) == (1, 0)
    assert ([row.code for row in Upload.objects.all()], UploadPiece.objects.count()) == ([young], 0)
    assert crew.ask(old).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_same_piece_twice_at_once_is_kept_once():
    stage = cast.make()
    upload, _new = uploads.begin(stage.channel, "k", size=len(BODY), sha256=SHA256, options={"make": "csv"}, by=None)
    for start, end in ((0, 500), (500, len(BODY))):
        answers = in_threads(*[lambda start=start, end=end: uploads.add(upload.pk, start, BODY[start:end])] * 4)
        assert sorted(getattr(one, "code", "kept") for one in answers) == ["kept"] + ["wrong_offset"] * 3
    assert bytes(Delivery.objects.get().body) == BODY


@pytest.mark.django_db(transaction=True)
def test_the_last_piece_and_the_delivery_are_one_transaction(monkeypatch):
    stage = cast.make()
    upload, _new = uploads.begin(stage.channel, "k", size=len(BODY), sha256=SHA256, options={"make": "csv"}, by=None)
    uploads.add(upload.pk, 0, BODY[:500])

    def dies(*_what, **_how):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(uploads.intake, "receive_upload", dies)
        uploads.add(upload.pk, 500, BODY[500:])
    assert (Upload.objects.get().received, UploadPiece.objects.count(), Delivery.objects.count()) == (500, 1, 0)
    made, received = uploads.add(upload.pk, 500, BODY[500:])
    assert (made.delivery, received.new, UploadPiece.objects.count()) == (received.delivery, True, 0)


@pytest.mark.django_db(transaction=True)
def test_two_uploads_of_the_same_file_at_once_are_one_delivery():
    stage = cast.make()
    begun = [
        uploads.begin(stage.channel, "", size=len(BODY), sha256=SHA256, options={"make": "csv"}, by=None)[0]
        for _sender in range(3)
    ]
    answers = in_threads(*[lambda upload=upload: uploads.add(upload.pk, 0, BODY) for upload in begun])
    assert sorted(received.new for _upload, received in answers) == [False, False, True]
    assert Delivery.objects.count() == 1
