"""Communiqués on paper: what stands on each page, the same bytes each time, made again after a worker died."""

import hashlib
from datetime import timedelta

import orjson
import pytest
from django.core.management import call_command
from django.utils.translation import override

from race import typesetting
from race.models import Rider, Team
from results import facts, paper, printing, publication, rulings, tasks
from results.models import Communique, Printed
from tests import cast, pdf
from tests.results.test_publication import at, finished

pytestmark = pytest.mark.django_db
LONG = "洛阳伊滨自行车运动协会青年队" * 2


@pytest.fixture
def stage():
    """Two papers; the second tells of a disqualification. Rare characters, a long foreign name, 60 who were not seen."""
    stage = finished()
    names = {1: "赵㛃", 2: "䶮喆犇", 3: "安德烈斯·罗哈斯"}
    for bib, name in names.items():
        Rider.objects.filter(pk=stage.entries[bib].rider_id).update(name_zh=name)
    foreign = {"nation": "COL", "surname_latin": "Rojas de la Santísima", "given_latin": "Andrés Felipe"}
    Rider.objects.filter(pk=stage.entries[3].rider_id).update(**foreign)
    team = Team.objects.create(edition=stage.edition, name_zh=LONG, name_en="A " * 40)
    for bib in range(5, 65):
        cast.enter(stage, bib, team)
    publication.publish(stage.race, by=None)
    rulings.issue(stage.race, "dsq", bib=1, reason="第5圈接受外部援助", article="R-HELMET", by=None)
    publication.publish(stage.race, by=None)
    return stage


def newest():
    return Communique.objects.select_related("link").latest("pk")


def test_the_paper_says_what_it_is_on_every_page_and_names_rare_characters(stage):
    made = newest()
    pages = pdf.pages(paper.pdf(made, "zh"))
    text = "".join("".join(pages).split())
    for name in ("赵㛃", "䶮喆犇", "安德烈斯·罗哈斯ROJASDELASANTÍSIMAAndrésFelipe", "R-HELMET", "第5圈接受外部援助"):
        assert name in text
    for number, page in enumerate(pages, start=1):
        squeezed = "".join(page.split())
        assert made.code in page and f"第{number}页，共{len(pages)}页" in squeezed
        assert made.sha256[:4] in page and "暂定成绩" in squeezed and "正式成绩（" not in squeezed
    assert made.sha256 in text and made.link.hash in text and made.link.previous_hash in text


def test_the_english_paper_word_for_word(stage):
    text = pdf.text(paper.pdf(newest(), "en"))
    told = [
        "Communiqué No. 2", "Men · Provisional result (version 2)", "10:30 (deposit 500 yuan)",
        "communiqué No. 1 (Provisional result, version 1)", "Compared with communiqué No. 1",
        "1 RIDER No1 (Luoyang Feichi): place 1 40:00 becomes Disqualified (DSQ).", "Places 2–4 each move up 1 place.",
        "Data up to revision", "A provisional result is not an official one.", "Page 1 of 1",
    ]  # fmt: skip
    assert [one for one in told if one not in text.replace("\xa0", " ")] == []


def test_a_result_over_pages_repeats_its_heading():
    stage = finished()
    for bib in range(5, 85):
        cast.enter(stage, bib)
        rulings.issue(stage.race, "pulled", bib=bib, detail={"after_lap": 1}, reason="80 %", by=None)
    publication.publish(stage.race, by=None)
    pages = pdf.pages(paper.pdf(newest(), "en"))
    ranked = [page for page in pages if "lap" in page and "−1" in page]
    assert len(pages) >= 3 and len(ranked) >= 2
    assert all("Rank" in page and "Provisional result (version 1)" in page for page in ranked)


def test_an_official_paper_does_not_call_itself_provisional(stage):
    rulings.issue(stage.race, "close", detail={"out": list(range(5, 65))}, reason="all in", by=None)
    publication.publish(stage.race, by=None)
    at(stage, 95)
    items = publication.open_items(facts.gather(stage.race))
    publication.publish(stage.race, by=None, standing="official", confirmed=items)
    text = pdf.text(paper.pdf(newest(), "en"))
    assert "Men · Official result (version 4)" in text and "not an official one" not in text
    assert "Protests until" not in text


def test_files_are_made_once_with_their_hash_and_the_same_bytes(stage):
    made = newest()
    assert (printing.make(made.pk), printing.make(made.pk)) == (2, 0)
    kept = {one.language: one for one in Printed.objects.filter(communique=made)}
    assert sorted(kept) == ["en", "zh"]
    for language, one in kept.items():
        body = bytes(one.body)
        assert one.sha256 == hashlib.sha256(body).hexdigest() and body == paper.pdf(newest(), language)


def test_the_sweep_rings_for_papers_that_a_dead_worker_left_and_drain_makes_them(stage, monkeypatch, redis):
    rung = []
    monkeypatch.setattr("race.doorbell.ring", lambda task, arguments: rung.append((task, list(arguments))) or True)
    both = list(Communique.objects.order_by("-pk").values_list("pk", flat=True))
    tasks.sweep()
    papers = [arguments[0] for task, arguments in rung if task == "results.tasks.print_communique"]
    assert papers == both
    assert tasks.print_communique(both[0]) == 2
    call_command("drain")
    assert list(printing.owed()) == [] and Printed.objects.count() == 4


def test_a_paper_that_cannot_be_made_waits_longer_each_time_and_the_desk_says_so(stage, monkeypatch, redis, client):
    monkeypatch.setattr("race.doorbell.ring", lambda task, arguments: True)
    both, waits = list(Communique.objects.order_by("-pk").values_list("pk", flat=True)), []
    with monkeypatch.context() as broken:
        broken.setattr(paper, "pdf", lambda *_: 1 / 0)
        for _time in range(9):
            assert tasks.print_communique(both[0]) == 0
            waits.append(printing.store().ttl(f"{printing.WAITS}{both[0]}"))
    asked = [2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert [told for told, wait in zip(waits, asked, strict=True) if not wait - 2 <= told <= wait] == []
    assert printing.due() == both[1:]  # the other paper is not held up by it
    assert printing.stuck(stage.edition) == []
    with monkeypatch.context() as broken:
        broken.setattr(paper, "pdf", lambda *_: typesetting.pdf("no-such-template", {}))
        code = Communique.objects.get(pk=both[0]).code
        answer = client.get(f"/verify/{code}/communique-zh.pdf")
        assert (answer.status_code, "这份文件尚无 PDF。" in answer.content.decode()) == (503, True)
    monkeypatch.setattr(printing, "OVERDUE", timedelta(0))
    assert [one.pk for one in printing.stuck(stage.edition)] == both[::-1]
    client.force_login(cast.person(stage.edition, "commissaire"))
    number = Communique.objects.get(pk=both[0]).number
    assert f"第{number}号公告的 PDF 尚未生成。" in client.get("/officials/").content.decode()
    printing.store().delete(f"{printing.WAITS}{both[0]}")  # the wait is over
    assert (printing.due(), tasks.print_communique(both[0])) == (both, 2)
    left = [one.pk for one in printing.stuck(stage.edition)]
    assert (left, printing.store().hgetall(printing.FAILED)) == (both[1:], {})


def test_publishing_rings_for_the_paper_after_the_commit(monkeypatch, django_capture_on_commit_callbacks):
    stage, rung = finished(), []
    monkeypatch.setattr("race.doorbell.ring", lambda task, arguments: rung.append((task, list(arguments))) or True)
    with django_capture_on_commit_callbacks(execute=True):
        publication.publish(stage.race, by=None)
    assert ("results.tasks.print_communique", [newest().pk]) in rung


def test_runs_of_riders_who_moved_together_are_one_sentence():
    def line(rank, status="FIN", time_s=2400):
        return {"rank": rank, "status": status, "time_s": time_s}

    told = [
        {"bib": 1, "before": line(1), "after": line(None, "DSQ", None)},
        *({"bib": bib, "before": line(bib), "after": line(bib - 1)} for bib in range(2, 6)),
        {"bib": 9, "before": line(9), "after": line(9, time_s=2420)},
        {"bib": 12, "before": None, "after": line(12)},
    ]
    riders = {
        str(bib): {"zh": f"Z{bib}", "latin": f"L{bib}", "team": ["", ""], "nation": "CHN"} for bib in range(1, 13)
    }
    with override("en"):
        assert paper.changes(orjson.loads(orjson.dumps({"changes": told, "board": {"riders": riders}}))) == [
            "1 L1: place 1 40:00 becomes Disqualified (DSQ).",
            "9 L9: place 9 40:00 becomes place 9 40:20.",
            "12 L12: not in the result becomes place 12 40:00.",
            "Places 2–5 each move up 1 place.",
        ]
