"""The office's pages for numbers, chips and lists: what a click does, what a refusal says, and who may."""

from __future__ import annotations

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from race import bibs, ledger, transponders
from race.models import Category, Edition, Entry, LedgerLine, LogLine, Message, Transponder
from tests import cast, desk_field
from tests.race.test_transponders import desk, history

pytestmark = pytest.mark.django_db
PAGES = [
    "bibs/",
    "bibs/plan/",
    "chips/",
    "chips/out/",
    "chips/import/",
    "lists/",
    "lists/start_list.xlsx",
    "lists/police.pdf",
]


def member(made: cast.Cast, role: str = "office") -> Client:
    client = Client()
    client.force_login(cast.person(made.edition, role))
    return client


def stage(riders: int = 3) -> cast.Cast:
    made = cast.make(riders=0, published=False)
    desk_field.ranged(made.category, 1, 199)
    desk_field.confirmed(made, riders)
    return made


def post(client: Client, path: str, **data) -> tuple[int, list[tuple[str, str]]]:
    """The status after the redirect, and what the page says."""
    answer = client.post(f"/office/{path}", {"next": "/office/bibs/"} | data, follow=True)
    return answer.status_code, [(message.level_tag, str(message)) for message in answer.context["messages"]]


@pytest.mark.parametrize("path", PAGES)
def test_only_office_and_organiser_come_in(path):
    made = stage()
    statuses = {
        role: member(made, role).get(f"/office/{path}").status_code
        for role in ("commissaire", "timing_crew", "announcer")
    }
    assert set(statuses.values()) == {403}
    assert Client().get(f"/office/{path}").status_code == 302
    for role in ("office", "organiser"):
        assert member(made, role).get(f"/office/{path}").status_code in (200, 409)


def test_a_plan_is_shown_then_carried_out_and_a_stale_one_is_not():
    made = stage()
    client = member(made)
    shown = client.get("/office/bibs/plan/", {"asked": "1", "order": "name", "seeds": "车手N3\nnobody"})
    assert [(row.bib, row.why) for row in shown.context["plan"].rows] == [(1, "seeded"), (2, "next"), (3, "next")]
    assert shown.context["unclear"] == ["nobody"]
    fields = dict(shown.context["fields"]) | {"digest": shown.context["plan"].digest}
    desk_field.confirmed(made, 1, prefix="L")
    assert post(client, "bibs/assign/", **fields) == (200, [("error", "方案做出之后情况有变。看一下新的方案。")])
    fields["digest"] = client.get("/office/bibs/plan/", fields).context["plan"].digest
    assert post(client, "bibs/assign/", **fields) == (200, [("success", "4 人有了号码。")])
    assert Entry.objects.get(rider__given_latin="N3").bib == 1


def test_single_numbers_from_the_page():
    made = stage()
    client, entry = member(made), Entry.objects.get(rider__given_latin="N1")
    other = Entry.objects.get(rider__given_latin="N2")
    change = lambda what, entry=entry, **data: post(client, "bibs/change/", entry=entry.pk, what=what, **data)[1]
    assert change("give", bib="7") == [("success", "车手N1现在是 7 号。")]
    assert change("give", other, bib="7") == [("error", "7 号属于车手N1。")]
    assert change("give", other, bib="x") == [("error", "号码在 1 到 99999 之间。")]
    assert change("give", other, bib="8") == [("success", "车手N2现在是 8 号。")]
    assert change("swap", bib="8") == [("success", "车手N1现在是 8 号。")]
    assert change("swap", bib="99") == [("error", "发车名单上没有：99。")]
    assert change("lost") == [("error", "写明理由：理由与改动一起留存。")]
    assert change("lost", reason="撕坏") == [("success", "车手N1现在是 1 号。")]
    assert change("free", other) == [("success", "车手N2现在没有号码。")]
    assert client.post("/office/bibs/change/", {"entry": "999999", "what": "free"}).status_code == 404


def test_ranges_numbers_kept_back_freeze_and_start_list_from_the_page():
    made = stage()
    client, category = member(made), made.category.pk
    assert post(client, "bibs/range/", category=category, first="11", last="20")[1] == [
        ("success", "男子组的号码段已设定。")
    ]
    assert post(client, "bibs/range/", category=category, first="30", last="20")[1] == [
        ("error", "首号不小于 1，也不大于末号。")
    ]
    assert post(client, "bibs/kept-back/", numbers="12，14-15", reason="坏牌")[1] == [("success", "留出 3 个号码。")]
    assert post(client, "bibs/kept-back/", numbers="14", what="put_back")[1] == [("success", "1 个号码可以重新发放。")]
    assert post(client, "bibs/kept-back/", numbers="1-900")[1] == [("error", "一次最多 500 个号码。")]
    bibs.assign(bibs.plan(made.edition), by=None)
    assert list(Entry.objects.order_by("pk").values_list("bib", flat=True)) == [11, 14, 16]
    assert post(client, "bibs/freeze/")[1] == [("success", "号码已冻结。个别号码可写明理由后更改。")]
    assert post(client, "bibs/freeze/", what="unfreeze", reason=" ")[1] == [("error", "写明理由：理由与改动一起留存。")]
    assert post(client, "bibs/tell/")[1] == [("success", "3 条通知正在发送。")]
    assert post(client, "bibs/start-list/", race=made.race.slug)[1] == [("success", "男子组的发车名单已发布。")]
    made.race.refresh_from_db()
    assert (made.race.published_at is not None, Message.objects.count()) == (True, 3)


def test_a_chip_is_handed_out_with_its_deposit_and_swapped_when_asked():
    made = desk()
    client, late = member(made), cast.enter(made, 5)
    data = {"deposit": "1", "method": "cash"}
    assert post(client, "chips/give/", chip="n1", bib="5", **data)[1] == [
        ("success", "5 号车手5领到芯片 N1。已收押金 100 元。")
    ]
    assert post(client, "chips/give/", chip="n1", bib="5", **data)[1] == [("success", "5 号车手5领到芯片 N1。")]
    asked = client.post("/office/chips/give/", {"chip": "c2", "bib": "5", **data})
    assert (asked.status_code, asked.context["swap"]["holder"].entry.bib) == (409, 2)
    assert "芯片 C2 已属 2 号" in asked.content.decode()
    assert post(client, "chips/give/", chip="c2", bib="5", swap="1")[1] == [("success", "5 号车手5领到芯片 C2。")]
    assert history("C2") == ["2 ..-60", "5 -60.."]
    refused = client.post("/office/chips/give/", {"chip": "c3", "bib": "77", **data})
    assert (refused.status_code, refused.context["problem"]) == (409, "发车名单上没有：77。")
    assert refused.context["typed"] == {"chip": "c3", "bib": "77"}
    assert 'value="c3"' in refused.content.decode() and "没有任何改动。" in refused.content.decode()
    assert ledger.deposits(made.edition) == {late.pk: 10_000}


def test_a_chip_comes_back_with_its_deposit():
    made = desk()
    client = member(made)
    late = cast.enter(made, 5)
    post(client, "chips/give/", chip="N1", bib="5", deposit="1")
    asked = client.post("/office/chips/back/", {"chip": "n1", "deposit": "1"})
    assert (asked.status_code, asked.context["early"]["why"]) == (409, "5 号尚未出发。写明现在收回芯片的理由。")
    said = post(client, "chips/back/", chip="n1", deposit="1", reason="退赛")[1]
    assert said == [("success", "5 号车手5的芯片 N1 已收回。退还押金 100 元。")]
    assert post(client, "chips/back/", chip="n1", deposit="1")[1] == [("success", "5 号车手5的芯片 N1 已收回。")]
    assert list(LedgerLine.objects.values_list("kind", "amount_fen")) == [
        ("deposit", 10_000),
        ("deposit_back", -10_000),
    ]
    assert transponders.holder(made.edition, "N1") is None and late.assignments.count() == 1


def test_a_lost_chip_keeps_its_deposit():
    made = desk()
    client, late = member(made), cast.enter(made, 5)
    post(client, "chips/give/", chip="N1", bib="5", deposit="1")
    out = client.get("/office/chips/out/").context
    assert [(row["one"].entry.bib, row["held"]) for row in out["rows"]] == [(1, 0), (2, 0), (3, 0), (4, 0), (5, 10_000)]
    assert post(client, "chips/lost/", chip="N1", reason="掉进河里")[1] == [("success", "芯片 N1 已标为遗失。")]
    assert ledger.deposits(made.edition) == {}
    assert LedgerLine.objects.filter(entry=late).order_by("pk").last().kind == "deposit_kept"
    assert client.get("/office/chips/out/").context["lost"] == [("N1", "掉进河里")]


def test_the_deposit_of_sign_on_goes_back_with_the_last_chip():
    """Sign-on takes it for the rider, before a chip is in anybody's hand."""
    made = desk()
    client, late = member(made), cast.enter(made, 5)
    ledger.deposit(late, None, 10_000, "cash", None)
    for chip in ("N1", "N2"):
        assert post(client, "chips/give/", chip=chip, bib="5", deposit="1")[1] == [
            ("success", f"5 号车手5领到芯片 {chip}。")
        ]
    rows = client.get("/office/chips/out/").context
    assert [(row["one"].transponder.code, row["held"]) for row in rows["rows"] if row["one"].entry == late] == [
        ("N1", 10_000),
        ("N2", 0),
    ]
    assert rows["total"] == 10_000
    data = {"deposit": "1", "reason": "退赛"}
    assert post(client, "chips/back/", chip="N1", **data)[1] == [("success", "5 号车手5的芯片 N1 已收回。")]
    said = post(client, "chips/back/", chip="N2", **data)[1]
    assert said == [("success", "5 号车手5的芯片 N2 已收回。退还押金 100 元。")]
    assert ledger.deposits(made.edition) == {}


def test_each_of_two_chips_has_its_own_deposit():
    made = desk()
    client, late = member(made), cast.enter(made, 5)
    for chip in ("N1", "N2"):
        post(client, "chips/give/", chip=chip, bib="5", deposit="1")
    rows = client.get("/office/chips/out/").context["rows"]
    assert [row["held"] for row in rows if row["one"].entry == late] == [10_000, 10_000]
    post(client, "chips/back/", chip="N1", deposit="1", reason="退赛")
    assert ledger.deposits_by_chip(made.edition) == {(late.pk, Transponder.objects.get(code="N2").pk): 10_000}


def test_the_deposit_follows_a_rider_whose_chip_was_replaced():
    made = desk()
    client, late = member(made), cast.enter(made, 5)
    post(client, "chips/give/", chip="N1", bib="5", deposit="1")
    post(client, "chips/back/", chip="N1", reason="坏了")
    assert post(client, "chips/give/", chip="N2", bib="5", deposit="1")[1] == [("success", "5 号车手5领到芯片 N2。")]
    assert post(client, "chips/lost/", chip="N2", reason="掉进河里")[1] == [("success", "芯片 N2 已标为遗失。")]
    assert list(LedgerLine.objects.filter(entry=late).order_by("pk").values_list("kind", "transponder__code")) == [
        ("deposit", "N1"),
        ("deposit_kept", "N1"),
    ]


def test_a_deposit_whose_chip_went_to_another_rider_is_shown_and_goes_back_once():
    made = desk()
    client, late = member(made), cast.enter(made, 5)
    post(client, "chips/give/", chip="N1", bib="5", deposit="1")
    post(client, "chips/give/", chip="N1", bib="2", swap="1")
    out = client.get("/office/chips/out/")
    assert [(row["entry"], row["held"]) for row in out.context["alone"]] == [(late, 10_000)]
    assert "没有芯片的押金" in out.content.decode()
    assert post(client, "chips/deposit/", entry=late.pk, method="cash")[1] == [("success", "退给车手5 100 元。")]
    assert post(client, "chips/deposit/", entry=late.pk, method="cash")[1] == [("error", "这位车手没有未退的押金。")]
    assert (ledger.deposits(made.edition), client.get("/office/chips/out/").context["alone"]) == ({}, [])
    ledger.deposit(late, None, 10_000, "cash", None)
    post(client, "chips/give/", chip="N2", bib="5")
    assert post(client, "chips/deposit/", entry=late.pk)[1] == [("error", "车手还有芯片：押金随芯片一起退。")]


def test_a_rider_who_is_found_comes_with_the_history_of_the_number():
    made = stage()
    client, entry = member(made), Entry.objects.order_by("pk")[0]
    assert client.get(f"/office/bibs/?q={entry.rider.name_zh}").context["hits"] == [{"entry": entry, "lines": []}]
    bibs.give(entry, 7, by=cast.person(made.edition, "office"))
    bibs.replace_lost(entry, by=None, reason="雨里掉了", bib=9)
    page = client.get("/office/bibs/?q=9")
    (hit,) = page.context["hits"]
    assert [(str(line["word"]), line["numbers"], line["reason"]) for line in hit["lines"]] == [
        ("号码布遗失", "7", "雨里掉了"),
        ("发放号码", "7 → 9", "雨里掉了"),
        ("发放号码", "– → 7", ""),
    ]
    assert "7 → 9" in page.content.decode()


def test_a_file_is_looked_at_then_taken_in():
    made = desk()
    client = member(made)
    text = "号码,芯片\n1,A1\n9,A2\n"
    # Pasted rows need no file: the browser does not ask for one.
    assert 'class="chips-form" novalidate>' in client.get("/office/chips/import/").content.decode()
    looked = client.post("/office/chips/import/", {"text": text, "what": "judge"})
    assert [(row.line, row.problem) for row in looked.context["judged"].bad] == [(3, "没有这个号码的车手。")]
    assert post(client, "chips/import/", text=text, what="take_in")[1] == [("error", "未导入任何内容：1 行有错。")]
    good = text.replace("9,", "2,")
    assert post(client, "chips/import/", text=good, what="take_in")[1] == [("success", "已发放 2 个芯片。")]
    assert client.post("/office/chips/import/", {"text": good, "what": "judge"}).context["judged"].new == 0
    assert post(client, "chips/import/", text=" ", what="judge")[1] == [("error", "文件读不了：里面没有内容。")]


def test_a_list_is_a_file_and_stands_in_the_log():
    made = stage()
    client = member(made)
    answer = client.get("/office/lists/insurer.xlsx")
    assert (answer["Content-Type"].split(".")[-1], answer["Content-Disposition"]) == (
        "sheet", f'attachment; filename="{made.edition.slug}-insurer.xlsx"',
    )  # fmt: skip
    assert "no-store" in answer["Cache-Control"]
    client.head("/office/lists/insurer.xlsx")
    assert [one["line"].details["list"] for one in client.get("/office/lists/").context["made"]] == ["insurer"]
    refused = client.get("/office/lists/call_up.pdf")
    assert (refused.status_code, refused.context["refused"]) == (409, "选定这份名单所属的比赛。")
    assert client.get(f"/office/lists/call_up.pdf?race={made.race.slug}").content[:4] == b"%PDF"
    assert [
        client.get(f"/office/lists/{name}").status_code for name in ("nothing.pdf", "police.doc", "police.pdf?race=x")
    ] == [404] * 3
    assert LogLine.objects.filter(what="list_made").count() == 1


@pytest.mark.parametrize("path", ["bibs/", "bibs/plan/", "chips/", "chips/out/", "lists/"])
def test_ten_queries_beyond_the_frame_at_any_size(path, django_assert_max_num_queries):
    made = stage(150)
    Category.objects.update(capacity=200)
    Entry.objects.update(bib=F("pk"))
    transponders.hand_out(made.edition, [(entry, f"N{entry.pk}", None, None) for entry in Entry.objects.all()], by=None)
    client = member(made)
    with django_assert_max_num_queries(20):
        assert client.get(f"/office/{path}").status_code == 200


def test_no_personal_data_on_the_pages():
    made = stage()
    Edition.objects.update(bibs_frozen_at=timezone.now())
    client = member(made)
    for path in ("bibs/?q=车手", "bibs/plan/", "chips/", "chips/out/", "lists/"):
        page = client.get(f"/office/{path}").content.decode()
        assert [secret for secret in ("SYNTHETIC", "1990-01-01", "13800000001", "@example.org") if secret in page] == []
