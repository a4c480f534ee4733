"""The interface for machines: who may, what comes back, and one shape for every error."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from race import clock, gun, tokens
from race.models import Entry, Token
from results import chain, live, rulings
from results.models import Link
from tests import cast
from tests.api_addresses import MATRIX
from timing import pad, uploads
from timing.models import Channel, Delivery, Read, Source, Upload

pytestmark = pytest.mark.django_db

CSV = "芯片号,时间,计时点\r\nC1,2024/5/25 9:20:00.25,Finish\r\nX9,2024/5/25 9:21:00.5,Finish\r\n"
DELIVERIES = "/api/v1/timing/deliveries/"


def code(answer):
    """Status and the codes of an error answer."""
    return answer.status_code, [error["code"] for error in answer.json()["errors"]]


def upload(client, headers, body, **query):
    address = f"{DELIVERIES}?{'&'.join(f'{key}={value}' for key, value in query.items())}"
    return client.post(address, body, content_type="application/octet-stream", headers=headers)


def test_a_gbk_file_is_taken_in_and_its_counts_come_back(client):
    stage = cast.make()
    headers = cast.bearer(stage.edition, Token.DELIVERIES)
    first = upload(client, headers, CSV.encode("gbk"), make="csv", name="noon.csv")
    again = upload(client, headers, CSV.encode("gbk"), make="csv", name="noon.csv")
    counts = {"new": 2, "known": 0, "rejected": 0, "unknown": 1, "markers": 0}
    assert (first.status_code, first.json()["counts"], first.json()["status"]) == (201, counts, "taken")
    assert (again.status_code, again.json()["id"], again.json()["counts"]) == (200, first.json()["id"], counts)
    assert (Delivery.objects.count(), Read.objects.count()) == (1, 2)


def test_a_form_upload_is_the_same(client):
    stage = cast.make()
    form = {"file": SimpleUploadedFile("noon.csv", CSV.encode())}
    answer = client.post(f"{DELIVERIES}?make=csv", form, headers=cast.bearer(stage.edition, "timing_crew"))
    assert (answer.status_code, answer.json()["counts"]["new"]) == (201, 2)
    assert Delivery.objects.get().options == {"make": "csv", "name": "noon.csv"}


def test_the_same_key_with_other_bytes_is_refused(client):
    stage = cast.make()
    headers = cast.bearer(stage.edition, Token.DELIVERIES) | {"Idempotency-Key": "k1"}
    upload(client, headers, CSV.encode(), make="csv")
    assert code(upload(client, headers, CSV.encode() + b"C2,2024/5/25 9:22:00,Finish\r\n", make="csv")) == (
        422,
        ["key_reused"],
    )


@pytest.mark.parametrize("body", [b"\x89PNG\r\n\x1a\n" + bytes(200), b"%PDF-1.7 ...", b"<html></html>"])
def test_a_file_that_is_not_a_chip_file_is_a_clear_error_and_is_kept(client, body):
    stage = cast.make()
    answer = upload(client, cast.bearer(stage.edition, Token.DELIVERIES), body, make="csv")
    assert code(answer) == (422, ["not_a_chip_file"])
    assert bytes(Delivery.objects.get().body) == body


def test_an_unknown_make_and_an_empty_body_and_a_bad_date(client):
    stage = cast.make()
    headers = cast.bearer(stage.edition, Token.DELIVERIES)
    assert code(upload(client, headers, b"x", make="sundial"))[0] == 415
    assert code(upload(client, headers, b"", make="csv")) == (400, ["invalid"])
    assert code(upload(client, headers, b"x", make="csv", date="tomorrow"))[0] == 400
    assert Delivery.objects.count() == 0


def test_unknown_revoked_and_foreign_tokens(client):
    stage, other = cast.make(), cast.make(slug="other")
    user = cast.person(stage.edition, "timing_crew")
    token, secret = tokens.issue(stage.edition, user, "timing_crew", "x")
    assert code(upload(client, {"Authorization": "Bearer nonsense"}, b"x")) == (401, ["bad_token"])
    assert code(
        client.get(f"{DELIVERIES}?edition={other.edition.slug}", headers={"Authorization": f"Bearer {secret}"})
    ) == (
        403,
        ["permission_denied"],
    )
    tokens.revoke(token)
    assert code(upload(client, {"Authorization": f"Bearer {secret}"}, b"x")) == (401, ["bad_token"])
    assert code(upload(client, {}, b"x"))[0] in (401, 404)
    assert Delivery.objects.count() == 0


def test_a_deliveries_token_may_do_nothing_else(client):
    stage = cast.make()
    headers = cast.bearer(stage.edition, Token.DELIVERIES)
    source = Source.objects.get(name="Finish").pk
    denied = [
        client.get(DELIVERIES, headers=headers),
        client.get("/api/v1/timing/reads/", headers=headers),
        client.get("/api/v1/timing/sources/", headers=headers),
        client.get("/api/v1/entries/?race=open", headers=headers),
        client.post(f"/api/v1/timing/sources/{source}/offsets/", {}, headers=headers),
        client.post("/api/v1/races/open/guns/", {}, headers=headers),
        client.post("/api/v1/races/open/rulings/", {}, headers=headers),
    ]
    assert [code(answer) for answer in denied] == [(403, ["permission_denied"])] * 7


def test_who_may_do_what_and_every_address_is_in_the_matrix(client):
    stage = cast.make()
    delivery = stage.reads("C1 09:20:00")
    source = Source.objects.get(name="Finish")
    channel = Channel.objects.create(edition=stage.edition, kind="tcp", make="mylaps", label="mats", port=3097)
    uploads.begin(stage.channel, "", size=9, sha256="", options={}, by=None)
    Upload.objects.update(code="abc")
    people = {role: cast.person(stage.edition, role) for role in ("organiser", "office", "timing_crew", "commissaire")}
    people |= {role: cast.person(stage.edition, role) for role in ("chief", "announcer")} | {"nobody": None}
    phone = pad.open_pad(stage.edition, stage.finish, "Phone", by=people["timing_crew"]).token
    for (method, address), allowed in MATRIX.items():
        there = address.replace("sources/1/", f"sources/{source.pk}/").replace("ies/1/", f"ies/{delivery.pk}/")
        there = there.replace("channels/1/", f"channels/{channel.pk}/").replace(
            "points/1/", f"points/{stage.finish.pk}/"
        )
        there = there.replace("pads/1/", f"pads/{phone.pk}/")
        for role, user in people.items():
            client.logout()
            if user is not None:
                client.force_login(user)
            # The body says enough to find the edition; whoever may is then told what is missing in it.
            body = json.dumps({"race": "open"})
            status = client.generic(method, there, body, content_type="application/json").status_code
            may = allowed == "public" or role in allowed
            assert (status not in (401, 403)) is may, (method, address, role, status)
    schema = client.get("/api/schema/?format=json").json()["paths"]
    described = {(method.upper(), path) for path, methods in schema.items() for method in methods}
    listed = {(method, path_of(address)) for method, address in MATRIX}
    assert described - {("GET", "/api/schema/")} == listed


def path_of(address):
    """The address as the OpenAPI document writes it."""
    bare = address.split("?")[0].replace("/nobody/", "/{provider}/")
    bare = bare.replace("/why/1/", "/why/{bib}/").replace("/edition-open/", "/{slug}/").replace("/open/", "/{slug}/")
    return (
        bare.replace("/categories/ME/", "/categories/{code}/")
        .replace("/protests/1/", "/protests/{number}/")
        .replace("/certificates/1/", "/certificates/{bib}/")
        .replace("/1/", "/{id}/")
        .replace("/abc/", "/{code}/")
        .replace("/C1-0000/", "/{code}/")
        .replace("/lists/labels/", "/lists/{code}/")
    )


def test_a_race_day_without_a_browser(client):
    stage = cast.make(laps=1)
    office, commissaire = (cast.bearer(stage.edition, role) for role in ("office", "commissaire"))
    Entry.objects.update(signed_on=False)
    clock.set_rehearsal(stage.edition, event=cast.GUN - timedelta(minutes=30), speed=0)

    def post(path, body, headers):
        return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)

    assert post("entries/sign-on/", {"race": "open", "bibs": [1, 2, 3]}, office).json() == {"signed_on": 3}
    assert post("races/open/guns/", {"wave": "A", "at": "2024-05-25T09:00:00+08:00"}, commissaire).status_code == 201
    assert post("races/open/guns/", {"wave": "A", "at": "2024-05-25T09:00:01+08:00"}, commissaire).status_code == 409
    reads = [{"source": "Finish", "chip": f"C{bib}", "local": f"2024-05-25T09:2{bib}:00"} for bib in (1, 2)]
    crew = cast.bearer(stage.edition, Token.DELIVERIES)
    assert post("timing/reads/", {"reads": reads}, crew).json()["counts"]["new"] == 2
    assert post("races/open/rulings/", {"kind": "dnf", "bib": 3, "reason": "crash"}, commissaire).status_code == 201
    closing = post("races/open/rulings/", {"kind": "close", "reason": "all in"}, commissaire)
    board = client.get("/api/v1/races/open/board/").json()
    assert (closing.json()["number"], board["phase"]) == (2, "closed")
    assert [row[:4] for row in board["rows"]] == [
        [1, 1, "FIN", 1],
        [2, 2, "FIN", 1],
        [3, None, "DNF", 0],
        [4, None, "DNS", 0],
    ]
    why = client.get("/api/v1/races/open/why/1/").json()["steps"]
    assert [step["kind"] for step in why][:1] == ["used"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"kind": "dsq", "bib": 99, "reason": "x"}, (409, ["not_on_list"])),
        ({"kind": "dsq", "reason": "x"}, (409, ["bib_missing"])),
        ({"kind": "lynch", "bib": 1, "reason": "x"}, (422, ["unknown_kind"])),
        ({"kind": "dsq", "bib": 1, "reason": " "}, (409, ["reason_missing"])),
        ({"kind": "time_penalty", "bib": 1, "reason": "x"}, (422, ["bad_detail"])),
        ({"kind": "time_penalty", "bib": 1, "detail": {"seconds": "ten"}, "reason": "x"}, (422, ["bad_detail"])),
        ({"kind": "dsq", "bib": 1, "detail": {"colour": 1}, "reason": "x"}, (422, ["bad_detail"])),
    ],
)
def test_a_ruling_that_cannot_be(client, body, expected):
    stage = cast.make()
    headers = cast.bearer(stage.edition, "commissaire")
    answer = client.post(
        "/api/v1/races/open/rulings/", json.dumps(body), content_type="application/json", headers=headers
    )
    assert code(answer) == expected


def test_boards_have_an_etag_a_past_and_no_identity(client):
    stage = cast.make()
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.race.refresh_from_db()
    then = stage.race.revision
    stage.reads("C1 09:20:00")
    stage.race.refresh_from_db()
    now = client.get("/api/v1/races/open/board/", headers={"Accept-Encoding": "gzip"})
    assert now["ETag"] == f'"{stage.race.revision}"'
    assert gzip.decompress(now.content) == live.board(stage.race).json
    assert client.get("/api/v1/races/open/board/", headers={"If-None-Match": now["ETag"]}).status_code == 304
    past = client.get(f"/api/v1/races/open/board/?at={then}")
    assert (past["ETag"], past.json()["revision"], past.json()["rows"][0][3]) == (f'"{then}"', then, 0)
    assert code(client.get("/api/v1/races/open/board/?at=99999")) == (400, ["invalid"])
    assert code(client.get("/api/v1/races/open/board/?at=-1")) == (400, ["invalid"])
    assert code(client.get("/api/v1/races/none/board/"))[0] == 404
    for canary in (b"SYNTHETIC", b"1990", b"identity"):
        assert canary not in past.content


def test_the_chain_of_rulings_is_whole_and_shows_tampering():
    stage = cast.make()
    for bib in (1, 2, 3):
        rulings.issue(stage.race, "dnf", bib=bib, reason="x", by=None)
    assert chain.broken_at(stage.edition) is None
    links = list(Link.objects.order_by("position"))
    assert [link.previous_hash for link in links] == [chain.GENESIS, links[0].hash, links[1].hash]
    tampered = [
        Link(position=link.position, previous_hash=link.previous_hash, hash=link.hash, canonical=link.canonical)
        for link in links
    ]
    tampered[1].canonical = bytes(links[1].canonical).replace(b'"bib":2', b'"bib":4')
    assert chain.first_break(tampered) == 2
    assert chain.first_break([links[0], links[2]]) == 2
    assert chain.first_break(links) is None


def test_the_openapi_document_is_whole():
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


def test_a_time_without_its_offset_is_refused(client):
    stage = cast.make()
    body = json.dumps({"wave": "A", "at": "2024-05-25T09:00:00"})
    headers = cast.bearer(stage.edition, "commissaire")
    answer = client.post("/api/v1/races/open/guns/", body, content_type="application/json", headers=headers)
    assert code(answer) == (400, ["no_zone"])


def test_time_is_told_with_its_offset(client):
    stage = cast.make()
    gun.fire(stage.wave, cast.GUN, by=None)
    board = client.get("/api/v1/races/open/board/").json()
    assert datetime.fromisoformat(board["gun"]) == cast.GUN.replace(tzinfo=UTC)
    assert board["gun"].endswith("+08:00")


@pytest.mark.parametrize(
    "address",
    ["timing/deliveries/?peer=%00", "timing/deliveries/?edition=%00", "entries/?race=%00", "races/?edition=%00"],
)
def test_a_nul_in_a_query_is_no_error_of_ours(client, address):
    stage = cast.make()
    answer = client.get(f"/api/v1/{address}", headers=cast.bearer(stage.edition, "timing_crew"))
    assert code(answer) == (400, ["invalid"])


@pytest.mark.parametrize(
    "body",
    [
        '{"race": "a\\u0000", "bibs": [1]}',
        '{"race": "\\ud800", "bibs": [1]}',
        "[" * 5000 + "]" * 5000,
        '{"race": 1e400, "n": ' + "9" * 40 + "}",
    ],
    ids=["nul", "half a character", "deep", "large"],
)
def test_json_that_no_text_or_number_of_ours_can_hold_is_refused(client, body):
    stage = cast.make()
    headers = cast.bearer(stage.edition, "office")
    answer = client.post("/api/v1/entries/sign-on/", body, content_type="application/json", headers=headers)
    assert answer.status_code in (400, 403)
    assert set(answer.json()) == {"type", "errors"}


def test_so_many_old_boards_a_minute_whatever_the_client_says_it_is(client):
    cast.make()
    cache.clear()
    answers = [
        client.get("/api/v1/races/open/board/?at=1", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code
        for number in range(62)
    ]
    cache.clear()
    assert answers == [200] * 60 + [429] * 2
