"""The prize sheet: what is due, what bars paying, the ledger that is only added to, what comes back after a late ruling."""

import io
import json

import pytest
import python_calamine
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from race.models import Category, Edition, Rider, Team
from results import prize_paper, prizes, protests, publication, rulings
from results.models import PrizePayment
from results.scoring.prizes import shares, tax_fen
from tests import cast, pdf
from tests.results.test_publication import at, finished, refusal

db = pytest.mark.django_db
PAID = {"receipt": "签字", "by": None}


def test_dead_heats_share_the_prizes_of_the_places_they_hold():
    assert shares([800, 500, 300], {1: 1, 2: 2, 3: 3, 4: 4}) == {1: 800, 2: 500, 3: 300}
    assert shares([801, 500, 300], {8: 1, 9: 1, 3: 3}) == {8: 651, 9: 650, 3: 300}
    assert shares([800, 500], {1: 1, 2: 2, 3: 2, 4: 2}) == {1: 800, 2: 167, 3: 167, 4: 166}
    assert (tax_fen(80_000, 20), tax_fen(3, 50), tax_fen(1, 20), tax_fen(5, 0)) == (16_000, 2, 0, 0)


@given(st.lists(st.integers(0, 10**6), max_size=12), st.lists(st.integers(1, 4), min_size=1, max_size=10))
def test_no_fen_is_lost_or_made(table, groups):
    places, at_place = {}, 1
    for size in groups:
        places |= dict.fromkeys(range(len(places), len(places) + size), at_place)
        at_place += size
    assert sum(shares(table, places).values()) == sum(table[: len(places)])


def prized(**rules):
    stage = finished()
    Category.objects.filter(race=stage.race).update(prizes_fen=[80_000, 50_000, 30_000])
    Edition.objects.filter(pk=stage.edition.pk).update(result_rules=rules)
    stage.edition.refresh_from_db()
    stage.race.refresh_from_db()
    publication.publish(stage.race, by=None)
    return stage


def official(stage):
    at(stage, 95)
    publication.publish(stage.race, by=None, standing="official")


def table(stage):
    """Key, place, prize, in the hand, paid, state and why: a line each."""
    stage.race.refresh_from_db()
    rows = prizes.sheet(stage.race).rows
    told = ((row.key, row.place or "–", row.gross_fen, row.net_fen, row.paid_fen, row.state, row.why) for row in rows)
    return [" ".join(map(str, one)).strip() for one in told]


def pay(stage, key, amount):
    return prizes.pay(stage.race, "ME", key, amount_fen=amount, **PAID)


@db
def test_prizes_wait_for_the_official_result_are_paid_once_and_come_back_after_a_late_disqualification():
    stage = prized()
    assert table(stage)[0] == "bib:1 1 80000 64000 0 blocked not_official"
    assert refusal(pay, stage, "bib:1", 80_000) == "not_official"
    official(stage)
    assert table(stage) == [
        "bib:1 1 80000 64000 0 open", "bib:2 2 50000 40000 0 open", "bib:3 3 30000 24000 0 open",
    ]  # fmt: skip
    made = pay(stage, "bib:1", 80_000)
    assert (made.gross_fen, made.tax_fen, made.place, made.receipt) == (80_000, 16_000, 1, "签字")
    assert refusal(pay, stage, "bib:1", 80_000) == "prize_paid"
    assert refusal(pay, stage, "bib:2", 80_000) == "amount_moved"
    assert refusal(pay, stage, "bib:4", 1) == "no_prize"
    wrong = rulings.issue(stage.race, "dsq", bib=2, reason="motor", by=None)
    assert table(stage)[1] == "bib:2 2 50000 40000 0 blocked disqualified"
    assert refusal(pay, stage, "bib:2", 50_000) == "disqualified"
    rulings.revoke(wrong, reason="bib 1 it was", by=None)
    pay(stage, "bib:2", 50_000)
    rulings.issue(stage.race, "dsq", bib=1, reason="motor", by=None)
    publication.publish(stage.race, by=None, standing="amended", reason="motor", cause="disciplinary")
    assert table(stage) == [
        "bib:2 1 80000 64000 50000 open", "bib:3 2 50000 40000 0 open", "bib:4 3 30000 24000 0 open",
        "bib:1 – 0 0 80000 back",
    ]  # fmt: skip
    more = pay(stage, "bib:2", 30_000)
    assert (more.gross_fen, more.tax_fen) == (30_000, 6_000)
    back = {"reason": "DSQ", "by": None}
    for amount, said, code in ((1, " ", "reason_missing"), (0, "x", "bad_amount"), (80_001, "x", "too_much")):
        assert refusal(prizes.take_back, stage.race, "ME", "bib:1", amount_fen=amount, reason=said, by=None) == code
    assert prizes.take_back(stage.race, "ME", "bib:1", amount_fen=80_000, **back).tax_fen == -16_000
    assert refusal(prizes.take_back, stage.race, "ME", "bib:1", amount_fen=1, **back) == "too_much"
    found = prizes.sheet(stage.race)
    assert [found.total(name) for name in ("gross_fen", "tax_fen", "paid_fen", "withheld_fen", "due_fen")] == [
        160_000, 32_000, 80_000, 16_000, 80_000,
    ]  # fmt: skip
    for act in (lambda: PrizePayment.objects.update(gross_fen=1), lambda: PrizePayment.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@db
def test_a_row_under_protest_waits_and_teams_are_paid_whole():
    stage = prized(team_prizes_fen={"ME": [100_000]}, prize_tax_percent=0)
    official(stage)
    rulings.issue(stage.race, "time_penalty", bib=3, detail={"seconds": 5}, reason="feeding", by=None)
    publication.publish(stage.race, by=None, standing="amended", reason="penalty", cause="disciplinary")
    filed = protests.file(stage.race, bibs=[2], text="He left his line", filed_by="a manager")
    team = stage.entries[1].team_id
    assert table(stage) == [
        "bib:1 1 80000 80000 0 open", "bib:2 2 50000 50000 0 blocked under_protest", "bib:3 3 30000 30000 0 open",
        f"team:{team} 1 100000 100000 0 blocked under_protest",
    ]  # fmt: skip
    assert refusal(pay, stage, "bib:2", 50_000) == "under_protest"
    protests.decide(filed, "rejected", reason="not seen", by=None)
    assert pay(stage, f"team:{team}", 100_000).tax_fen == 0


@db
def test_the_sheet_on_paper_and_as_a_workbook_with_rare_characters_and_no_formula():
    stage = prized(team_prizes_fen={"ME": [120_050]})
    Rider.objects.filter(pk=stage.entries[1].rider_id).update(name_zh="赵㛃䶮")
    Team.objects.update(name_zh="=HYPERLINK(1)")
    official(stage)
    pay(stage, "bib:1", 80_000)
    with override("zh-hans"):
        found = prizes.sheet(stage.race)
        text = pdf.text(prize_paper.file(found, "pdf")).replace(" ", "")
        for words in (
            "奖金发放单",
            "赵㛃䶮",
            "正式成绩·第2号公告",
            "领取人签字",
            "1,200.50",
            "代扣个人所得税",
            "已发放与已退回",
        ):
            assert words in text, words
        book = python_calamine.load_workbook(io.BytesIO(prize_paper.file(found, "xlsx")))
    due, ledger = (book.get_sheet_by_index(index).to_python() for index in (0, 1))
    assert due[2][:7] == ["男子组", "1", "1", "赵㛃䶮", 800.0, 160.0, 640.0]
    assert [row[3] for row in due[2:]] == ["赵㛃䶮", "车手2", "车手3", "'=HYPERLINK(1)"]
    assert ledger[2][1:7] == ["1 赵㛃䶮", "发放", 800.0, 160.0, 640.0, "签字"]


@db
def test_the_desk_pays_once_and_the_api_tells_the_same(client):
    stage = prized()
    official(stage)
    office, chief = Client(), Client()
    office.force_login(cast.person(stage.edition, "office"))
    chief.force_login(cast.person(stage.edition, "chief"))
    start = f"/editions/{stage.edition.slug}/officials/prizes/"
    assert "¥800" in office.get(f"{start}open/").content.decode() and office.get(start).status_code == 200
    form = {"category": "ME", "key": "bib:1", "fen": "80000", "receipt": "本人", "next": f"{start}open/"}
    assert [office.post(f"{start}open/pay/", form).status_code for _click in (1, 2)] == [302, 302]
    told = office.get(f"{start}open/").content.decode()
    assert ("这笔奖金已发放" in told, "本人" in told, PrizePayment.objects.count()) == (True, True, 1)
    seen = chief.get(f"{start}open/").content.decode()
    assert ("本人" in seen, "/pay/" in seen, chief.post(f"{start}open/pay/", form).status_code) == (True, False, 403)
    for form_of in ("pdf", "xlsx"):
        assert chief.get(f"{start}open/prizes.{form_of}").status_code == 200
    head = cast.bearer(stage.edition, "office")
    rows = client.get("/api/v1/races/open/prizes/", headers=head).json()["rows"]
    assert [(row["key"], row["state"], row["due_fen"]) for row in rows] == [
        ("bib:1", "paid", 0), ("bib:2", "open", 50_000), ("bib:3", "open", 30_000),
    ]  # fmt: skip
    body = {"category": "ME", "key": "bib:1", "kind": "back", "amount_fen": 80_000, "reason": "wrong rider"}
    back = client.post("/api/v1/races/open/prizes/", json.dumps(body), content_type="application/json", headers=head)
    assert (back.status_code, back.json()["gross_fen"], back.json()["tax_fen"]) == (201, -80_000, -16_000)
