"""What a hostile or an unlucky outsider does to the timing side: it says no, and what came before is none the worse."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from race import tokens
from race.models import Token
from race.refused import Refused
from tests import cast
from tests.test_api import CSV, DELIVERIES, MATRIX, code, upload
from timing import corrections, pad, sources, uploads, venue_time
from timing.models import Channel, ClockOffset, Correction, Delivery, Source, Upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]

CORRECTIONS = "/api/v1/timing/corrections/"


def post(client, path, body, headers):
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


YEARS = ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2100-01-01T00:00:00+00:00"]


def test_no_fact_is_of_a_year_that_nobody_could_read_again(client):
    """An offset from the end of 9999 was refused with an error, kept, and broke the line desk and the boards for ever."""
    stage = cast.make()
    stage.reads("C1 09:30:00")
    crew, source = cast.bearer(stage.edition, "timing_crew"), Source.objects.get(name="Finish")
    number = stage.read("C1", "09:30:00").pk
    for at in YEARS:
        said = [
            (f"/api/v1/timing/sources/{source.pk}/offsets/", {"offset_ms": 5, "evidence": "x", "from": at}),
            (CORRECTIONS, {"kind": "move", "read": number, "at": at, "evidence": "x"}),
            (CORRECTIONS, {"kind": "add", "race": "open", "bib": 1, "point": "F", "at": at, "evidence": "x"}),
            ("/api/v1/timing/unknown-chips/", {"kind": "assign", "chip": "X", "race": "open", "bib": 1, "from": at}),
        ]
        assert [code(post(client, path, body, crew)) for path, body in said] == [(400, ["out_of_range"])] * 4, at
    far = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    with pytest.raises(Refused) as offset:
        sources.set_offset(source, since=far, offset_us=1, evidence="x", by=None)
    with pytest.raises(Refused) as day:
        venue_time.parse(stage.edition, "0001-01-01", "00:00:00")
    assert (offset.value.code, day.value.code) == ("bad_time", "bad_date")
    assert (ClockOffset.objects.count(), Correction.objects.count()) == (0, 0)
    assert client.get("/api/v1/timing/line/", headers=crew).status_code == 200


def test_a_correction_that_is_said_twice_is_one(client):
    """A second click, and a try after an answer that was lost: otherwise it would have to be undone twice."""
    stage = cast.make()
    stage.reads("C1 09:30:00")
    crew, read = cast.bearer(stage.edition, "timing_crew"), stage.read("C1", "09:30:00")
    at, later = "2024-05-25T09:40:00+08:00", "2024-05-25T09:41:00+08:00"
    move = {"kind": "move", "read": read.pk, "at": at, "evidence": "camera"}
    said = [
        {"kind": "ignore", "read": read.pk, "evidence": "warming up"},
        {"kind": "add", "race": "open", "bib": 1, "point": "F", "at": at, "evidence": "seen"},
        move,
    ]
    for body in said:
        first, again = (post(client, CORRECTIONS, body, crew).json()["id"] for _ in range(2))
        assert first == again
    other = post(client, CORRECTIONS, move | {"at": later}, crew).json()["id"]
    back = post(client, CORRECTIONS, move, crew).json()["id"]  # said before, and another time since
    assert len({other, back}) == 2
    assert Correction.objects.count() == 5
    made = Correction.objects.get(kind="ignore")
    corrections.undo(made, by=None, evidence="it was the race")
    assert post(client, CORRECTIONS, said[0], crew).json()["id"] != made.pk  # it does not hold any more


def test_keys_that_only_begin_alike_are_two(client):
    stage = cast.make()
    headers = cast.bearer(stage.edition, Token.DELIVERIES)
    other = CSV.encode() + b"C2,2024/5/25 9:22:00,Finish\r\n"
    keys = ["k" * 200 + end for end in ("1", "2", "1")]
    bodies = [CSV.encode(), other, CSV.encode()]
    sent = [upload(client, headers | {"Idempotency-Key": key}, body) for key, body in zip(keys, bodies, strict=True)]
    assert ([one.status_code for one in sent], Delivery.objects.count()) == ([201, 201, 200], 2)


def test_files_that_were_given_up_do_not_shut_a_crew_out(client):
    stage = cast.make()
    headers = cast.bearer(stage.edition, Token.DELIVERIES)

    def begin():
        return post(client, "/api/v1/timing/uploads/", {"size": 9}, headers).status_code

    assert [begin() for _ in range(uploads.MOST_OPEN + 1)] == [201] * uploads.MOST_OPEN + [409]
    old = Upload.objects.order_by("pk").first()
    Upload.objects.filter(pk=old.pk).update(touched_at=old.touched_at - uploads.IDLE_FOR - timedelta(seconds=1))
    assert (begin(), begin(), Upload.objects.filter(pk=old.pk).exists()) == (201, 409, False)


def test_a_feibot_file_with_a_day_that_is_none_is_refused(client):
    stage = cast.make()
    secret = tokens.issue(stage.edition, cast.person(stage.edition, "timing_crew"), Token.DELIVERIES, "box")[1]
    address = f"/api/v1/timing/feibot/{secret}/fileUpload"
    answers = [
        client.post(f"{address}?date={day}", b"09:20:00:5:AB\n", content_type="text/plain").status_code
        for day in ("25.5.2024", "2024-05-25")
    ]
    assert (answers, Delivery.objects.count()) == ([400, 200], 1)


#: Of the timing side: what the matrix of test_api.py says of people holds of keys, and only at their own edition.
TIMING = {
    key: allowed for key, allowed in MATRIX.items() if key[1].startswith(("/api/v1/timing", "/api/v1/races/open/guns"))
}


def test_a_key_may_what_its_role_may_and_nothing_at_another_edition(client):
    stage, other = cast.make(), cast.make(slug="other")
    delivery, source = stage.reads("C1 09:20:00"), Source.objects.get(name="Finish", edition=stage.edition)
    channel = Channel.objects.create(edition=stage.edition, kind="tcp", make="mylaps", label="mats", port=3097)
    uploads.begin(stage.channel, "", size=9, sha256="", options={}, by=None)
    Upload.objects.update(code="abc")
    phone = pad.open_pad(stage.edition, stage.finish, "Phone", by=cast.person(stage.edition, "timing_crew")).token
    roles = ("organiser", "office", "timing_crew", "commissaire", "chief", "announcer")
    keys = {role: cast.bearer(stage.edition, role) for role in roles}
    strangers = {role: cast.bearer(other.edition, role) for role in (*roles, Token.DELIVERIES)}
    for (method, address), allowed in TIMING.items():
        places = {
            "sources/1/": source,
            "ies/1/": delivery,
            "channels/1/": channel,
            "points/1/": stage.finish,
            "pads/1/": phone,
        }
        for name, row in places.items():
            address = address.replace(name, name.replace("1", str(row.pk)))
        body = json.dumps({"race": "open"})
        for role, headers in keys.items():
            status = client.generic(method, address, body, content_type="application/json", headers=headers).status_code
            may = allowed == "public" or role in allowed
            if "/uploads/abc/" in address:
                assert status == 404, (method, role)  # a key sees its own uploads only
            else:
                assert (status not in (401, 403)) is may, (method, address, role, status)
        if allowed != "public":
            for role, headers in strangers.items():
                status = client.generic(
                    method, address, body, content_type="application/json", headers=headers
                ).status_code
                assert status in (401, 403, 404), (method, address, role, status)
    assert Delivery.objects.filter(channel__edition=other.edition).count() == 0
    assert client.get(f"{DELIVERIES}{delivery.pk}/body/", headers=keys["office"]).status_code == 403
