"""Protests: in time or not, once, settled once; what they hold up and what they mark."""

import json
from datetime import timedelta

import orjson
import pytest

from race import clock
from race.models import Edition, Entry
from results import chain, evidence, live, protests, publication, rulings, why
from results.models import Protest, ProtestStep
from tests import cast
from tests.results.test_publication import at, finished, refusal

pytestmark = pytest.mark.django_db


def filed(stage, bib=2, about=(1,)):
    entry = Entry.objects.get(race=stage.race, bib=bib)
    return protests.file(stage.race, bibs=about, text="took my line in the sprint", by_entry=entry)


def disputed(stage):
    return orjson.loads(live.board(stage.race).json)["disputed"]


def test_a_protest_is_filed_within_the_window_of_the_newest_publication():
    stage = finished()
    assert refusal(filed, stage) == "nothing_published"
    publication.publish(stage.race, by=None)
    at(stage, 90)
    first = filed(stage)
    assert (first.number, first.bibs, disputed(stage)) == (1, [1], [1])
    assert refusal(filed, stage) == "already_protested"
    assert refusal(filed, stage, about=(77,)) == "not_on_list"
    assert refusal(filed, stage, about=()) == "not_on_list"
    assert refusal(protests.file, stage.race, bibs=[1], text="  no ", filed_by="A manager") == "reason_missing"
    edition = Edition.objects.get(pk=stage.edition.pk)
    clock.set_rehearsal(edition, event=cast.GUN + timedelta(minutes=90, microseconds=1), speed=0)
    stage.race.edition.refresh_from_db()
    assert refusal(filed, stage, about=(3,)) == "window_over"


def test_a_verdict_settles_it_once_and_is_an_official_act():
    stage = finished()
    publication.publish(stage.race, by=None)
    protest = filed(stage)
    assert refusal(protests.decide, protest, "upheld", reason=" ", by=None) == "reason_missing"
    assert refusal(protests.decide, protest, "returned", reason="x", by=None) == "unknown_kind"
    ruling = rulings.issue(stage.race, "relegate_group", bib=1, reason="irregular sprint", by=None)
    verdict = protests.decide(protest, "upheld", reason="seen on the photo", by=None, ruling=ruling)
    assert orjson.loads(bytes(verdict.link.canonical))["ruling"] == ruling.number
    assert (disputed(stage), chain.broken_at(stage.edition)) == ([], None)
    assert refusal(protests.decide, protest, "rejected", reason="x", by=None) == "already_settled"
    assert refusal(protests.withdraw, protest, by=None) == "already_settled"
    assert filed(stage).number == 2


def test_one_telephone_does_not_put_every_row_under_protest():
    stage = finished()
    publication.publish(stage.race, by=None)
    for about in range(protests.MOST_BY_PHONE):
        protests.withdraw(filed(stage, about=(1 + about % 4,)), by=None)
    assert refusal(filed, stage, about=(1, 2, 3)) == "protests_many"
    assert filed(stage, bib=3).number == protests.MOST_BY_PHONE + 1
    in_person = {"filed_by": "Rider 2", "by": cast.person(stage.edition, "commissaire")}
    made = protests.file(stage.race, bibs=[1], text="took my line", **in_person)
    assert made.number == protests.MOST_BY_PHONE + 2


def test_the_deposit_is_taken_once_and_given_back_or_kept_once():
    stage = finished()
    publication.publish(stage.race, by=None)
    protest = filed(stage)
    give = {"amount_fen": 50_000, "by": None}
    assert refusal(protests.deposit, protest, "returned", **give) == "bad_step"
    protests.deposit(protest, "deposit", **give)
    assert refusal(protests.deposit, protest, "deposit", **give) == "bad_step"
    protests.withdraw(protest, by=None)
    protests.deposit(protest, "returned", **give)
    assert refusal(protests.deposit, protest, "kept", **give) == "bad_step"
    assert refusal(protests.deposit, protest, "upheld", **give) == "bad_step"
    assert list(ProtestStep.objects.order_by("pk").values_list("kind", flat=True)) == [
        "deposit",
        "withdrawn",
        "returned",
    ]


def test_prizes_and_league_wait_for_the_rows_of_an_undecided_protest_only():
    stage = finished()
    publication.publish(stage.race, by=None)
    assert protests.concerned([stage.race]) == {}
    first, second = filed(stage, about=(1, 3)), filed(stage, bib=4, about=(3,))
    assert protests.concerned([stage.race]) == {stage.race.pk: {1, 3}}
    protests.withdraw(first, by=None)
    assert protests.concerned([stage.race]) == {stage.race.pk: {3}}
    protests.decide(second, "rejected", reason="not seen by anybody", by=None)
    assert protests.concerned([stage.race]) == {}


PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


def test_evidence_is_kept_byte_for_byte_once_and_never_too_much():
    stage = finished()
    publication.publish(stage.race, by=None)
    protest = filed(stage)
    kept = evidence.keep(protest, "C:\\photos\\IMG 1.png", PNG, by=None)
    assert (kept.name, kept.media_type, bytes(kept.body)) == ("IMG 1.png", "image/png", PNG)
    assert evidence.keep(protest, "again.png", PNG, by=None) == kept
    assert refusal(evidence.keep, protest, "x.html", b"<script>", by=None) == "paper_type"
    for n in range(evidence.MOST - 1):
        evidence.keep(protest, "more.png", PNG + bytes([n]), by=None)
    assert refusal(evidence.keep, protest, "more.png", PNG + b"last", by=None) == "papers_many"


def test_over_http_the_public_is_told_number_bibs_state_and_verdict_and_nothing_else(client):
    stage = finished()
    publication.publish(stage.race, by=None)
    address = "/api/v1/races/open/protests/"

    def post(role, where="", **body):
        headers = cast.bearer(stage.edition, role)
        answer = client.post(address + where, json.dumps(body), content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    body = {"bibs": [1], "text": "CANARY-TEXT he left his line", "filed_by": "CANARY-NAME"}
    status, made = post("commissaire", **body)
    assert (status, made["number"], made["filed_by"]) == (201, 1, "CANARY-NAME")
    assert post("commissaire", **body)[1]["errors"][0]["code"] == "already_protested"
    evidence.keep(Protest.objects.get(), "CANARY-FILE.png", PNG, by=None)
    assert post("office", "1/steps/", kind="deposit")[1]["steps"][0]["amount_fen"] == 50_000
    assert post("office", "1/steps/", kind="rejected", reason="x")[0] == 403
    assert post("chief", "1/steps/", kind="upheld", reason="seen", ruling=99)[0] == 422
    assert post("chief", "1/steps/", kind="rejected", reason="nobody saw it")[0] == 201
    assert post("chief", "1/steps/", kind="kept")[1]["steps"][2]["amount_fen"] == 50_000
    assert post("chief", "7/steps/", kind="kept")[0] == 404
    public = client.get(address)
    verdict = {"reason": "nobody saw it", "ruling": None}
    assert public.json() == [{"number": 1, "bibs": [1], "state": "rejected", "verdict": verdict}]
    told = client.get(address, headers=cast.bearer(stage.edition, "office")).json()
    assert (told[0]["text"], told[0]["evidence"][0]["name"]) == (body["text"], "CANARY-FILE.png")
    for path in (address, "/api/v1/races/open/board/", "/api/v1/races/open/why/1/"):
        assert b"CANARY" not in client.get(path).content


def test_after_an_official_result_the_thread_explains_the_published_row_whatever_came_later():
    stage = finished()
    publication.publish(stage.race, by=None)
    rulings.issue(stage.race, "dsq", bib=1, reason="helmet", article="R-HELMET", by=None)
    live_thread = why.of(stage.race, 2)
    moved = live_thread["steps"][-1]
    assert (moved["detail"], moved["words"]["article"]) == ({"bib": 1, "was": 2, "now": 1}, "R-HELMET")
    assert moved["words"]["zh"] and live_thread["rests_on"] == live_thread["revision"]
    publication.publish(stage.race, by=None)
    at(stage, 91)
    made = publication.publish(stage.race, by=None, standing="official")
    frozen = why.of(stage.race, 2)
    rulings.issue(stage.race, "dsq", bib=2, reason="later", by=None)
    assert why.of(stage.race, 2) == frozen
    assert (frozen["revision"], frozen["standing"]) == (made.revision, "official")
    assert why.of(stage.race, 99) is None
