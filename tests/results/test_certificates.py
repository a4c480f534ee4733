"""Certificates: who is given one and who is told why not, what it says, whether it still holds, and all of them as a job."""

import hashlib
import io
import zipfile

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from race import changes
from race.models import Category, Edition, Rider
from results import certificate_job, certificate_paper, certificates, publication, rulings, tasks
from results.models import Certificate, CertificateFile, CertificateJob, CertificatePart, Ruling
from tests import cast, pdf
from tests.results.test_publication import at, finished, refusal

pytestmark = pytest.mark.django_db


def official(stage=None):
    """Rider 4 is disqualified, everybody else is home; the result is official. Rare characters, a long foreign name."""
    stage = stage or finished()
    Category.objects.filter(race=stage.race).update(name_zh="男子公路精英组", name_en="Men's road elite")
    Edition.objects.filter(pk=stage.edition.pk).update(
        name_zh="第十届公开赛暨洛阳市联赛", venue_zh="洛阳伊滨", venue_en="Yibin"
    )
    names = {1: {"name_zh": "赵㛃䶮"}, 2: {"name_zh": "犇喆"}, 3: {
        "name_zh": "安德烈斯·费利佩·罗哈斯·德拉桑蒂西马", "surname_latin": "Rojas de la Santísima Trinidad",
        "given_latin": "Andrés Felipe", "nation": "COL",
    }}  # fmt: skip
    for bib, name in names.items():
        Rider.objects.filter(pk=stage.entries[bib].rider_id).update(**name)
    rulings.issue(stage.race, "dsq", bib=4, reason="cut the course", by=None)
    publication.publish(stage.race, by=None)
    at(stage, 95)
    publication.publish(stage.race, by=None, standing="official")
    return stage


def amend(stage, bib, seconds):
    """Rider `bib` is given a time penalty after the result was official, and the result is amended."""
    rulings.issue(stage.race, "time_penalty", bib=bib, detail={"seconds": seconds}, reason="feeding", by=None)
    publication.publish(stage.race, by=None, standing="amended", reason="penalty", cause="disciplinary")


def test_a_certificate_is_for_finishers_of_an_official_result_and_says_so_in_both_languages():
    stage = finished()
    assert refusal(certificates.issue, stage.race, 1) == "not_official"
    official(stage)
    assert refusal(certificates.issue, stage.race, 4) == "not_a_finisher"
    assert refusal(certificates.issue, stage.race, 99) == "not_on_list"
    one = certificates.issue(stage.race, 1)
    assert one == certificates.issue(stage.race, 1)
    assert {key: one.said[key] for key in ("bib", "rank", "status", "time_s", "metres", "name_zh")} == {
        "bib": 1, "rank": 1, "status": "FIN", "time_s": 2400, "metres": 28000, "name_zh": "赵㛃䶮",
    }  # fmt: skip
    zh = pdf.text(certificate_paper.pdf([one], "zh")).replace(" ", "")
    for words in (
        "暨洛阳市联赛",
        "赵㛃䶮",
        "于二〇二四年五月二十五日，在洛阳伊滨",
        "完成男子公路精英组二十八公里比赛",
        "40:00",
        "第2号公告",
        one.code,
    ):
        assert words in zh, words
    third = certificates.issue(stage.race, 3)
    en = pdf.text(certificate_paper.pdf([third], "en"))
    for words in (
        "ROJAS DE LA SANTÍSIMA TRINIDAD",
        "Andrés Felipe",
        "On 25 May 2024 in Yibin,",
        "28 km: Men's road elite",
    ):
        assert words in en, words
    assert len(pdf.pages(certificate_paper.pdf([one, third], "zh"))) == 2


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (0, "零"),
        (4, "四"),
        (10, "十"),
        (11, "十一"),
        (84, "八十四"),
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
        (212, "二百一十二"),
    ],
)
def test_numbers_in_chinese(number, word):
    assert certificate_paper.chinese(number) == word


def test_codes_never_look_like_those_of_communiques_and_give_way_to_one_another():
    stage = official()
    one = certificates.issue(stage.race, 1)
    assert one.code == certificates.code(one.sha256) and not set(one.code) & set("CILOU")
    assert certificates._codes([one.sha256]) == [certificates.code(one.sha256, 1)]
    for act in (lambda: Certificate.objects.update(code="X"), lambda: CertificateFile.objects.all().delete()):
        certificates.file(one, "zh")
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_job_makes_all_of_them_once_and_an_amendment_only_those_that_changed(monkeypatch, redis):
    stage = official()
    rung = []
    monkeypatch.setattr("race.doorbell.ring", lambda task, arguments: rung.append((task, list(arguments))) or True)
    monkeypatch.setattr(certificate_job, "PART", 2)
    certificates.file(certificates.issue(stage.race, 2), "zh")
    job = certificate_job.start(stage.edition, "zh", by=None)
    assert certificate_job.start(stage.edition, "zh", by=None) == job
    assert told(stage) == (3, 1, 1, 0, True)
    # The worker dies over its part: nothing of it stays, and the sweep rings once it has been quiet for a while.
    with monkeypatch.context() as broken:
        broken.setattr(certificate_paper, "pdf", lambda made, language: 1 / 0)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            tasks.make_certificates(job.pk)
    assert (told(stage), certificate_job.forgotten()) == ((3, 1, 1, 0, True), [])
    CertificateJob.objects.update(asked_at=job.asked_at - certificate_job.QUIET)
    tasks.sweep()
    assert (certificate_job.TASK, [job.pk]) in rung
    call_command("drain")
    assert told(stage) == (3, 3, 1, 1, False)
    assert (certificate_job.make_part(job.pk), certificate_job.forgotten()) == (0, [])
    assert refusal(certificate_job.start, stage.edition, "zh", by=None) == "all_made"
    before = files(stage)
    assert sorted(before) == [
        "open/ME/0001_1_赵㛃䶮.pdf", "open/ME/0002_2_犇喆.pdf", "open/ME/0003_3_安德烈斯·费利佩·罗哈斯·德拉桑蒂西马.pdf",
    ]  # fmt: skip
    kept = set(CertificateFile.objects.values_list("sha256", flat=True))
    assert {hashlib.sha256(body).hexdigest() for body in before.values()} == kept
    amend(stage, 3, 30)
    certificate_job.start(stage.edition, "zh", by=None)
    assert [part.entries for part in CertificatePart.objects.filter(done_at=None)] == [[stage.entries[3].pk]]
    call_command("drain")
    after = files(stage)
    assert {name for name in after if after[name] != before.get(name)} == {name for name in after if "_3_" in name}
    assert (Certificate.objects.count(), refusal(certificate_job.start, stage.edition, "fr", by=None)) == (
        4,
        "unknown_kind",
    )


def test_no_name_leads_out_of_its_folder_or_breaks_the_name_of_a_file():
    assert certificate_job.in_a_path("../a\\b:c*\n\x1b[31m\u202ed 𠮷") == ".. a b c   [31m d 𠮷"


def told(stage):
    found = certificate_job.progress(stage.edition)["zh"]
    return found.finishers, found.made, found.parts, found.parts_done, found.running


def files(stage):
    with zipfile.ZipFile(io.BytesIO(b"".join(certificate_job.archive(stage.edition, "zh")))) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def test_what_it_says_is_compared_with_the_newest_publication():
    stage = official()
    third, second = certificates.issue(stage.race, 3), certificates.issue(stage.race, 2)
    assert [certificates.now(one).state for one in (third, second)] == ["holds", "holds"]
    amend(stage, 3, 30)
    assert [certificates.now(one).state for one in (third, second)] == ["amended", "holds"]
    assert certificates.now(third).line["time_s"] == third.said["time_s"] + 30
    rulings.issue(stage.race, "dsq", bib=2, reason="motor", by=None)
    publication.publish(stage.race, by=None, standing="amended", reason="motor", cause="disciplinary")
    assert [certificates.now(one).state for one in (third, second)] == ["amended", "withdrawn"]
    # The penalty is taken back: the first certificate holds again, and none is made anew.
    ruling = Ruling.objects.get(kind="time_penalty")
    rulings.revoke(ruling, reason="jury", by=None)
    publication.publish(stage.race, by=None, standing="amended", reason="jury", cause="disciplinary")
    assert certificates.now(third).state == "amended"  # third before; second of two now
    assert (certificates.now(third).line["rank"], third.said["rank"]) == (2, 3)


def test_pages_and_api_give_a_certificate_or_say_why_not(client):
    stage = finished()
    row, own = "/live/open/1/certificate/", "/live/open/1/certificate-zh.pdf"
    early = client.get(row)
    assert (early.status_code, "成为正式成绩后发放" in early.content.decode()) == (200, True)
    assert (client.get(own).status_code, client.get(own)["Location"]) == (302, row)
    official(stage)
    body = client.get(own).content
    made = Certificate.objects.get()
    kept = hashlib.sha256(body).hexdigest()
    assert (body[:5], client.get(f"/verify/{made.code}/certificate-zh.pdf").content == body) == (b"%PDF-", True)
    page = client.get(f"/verify/{made.code.lower()}/").content.decode()
    assert kept in page and "赵㛃䶮" in page and "与现行成绩一致" in page
    assert "DSQ" in client.get("/live/open/4/certificate/").content.decode()
    statuses = ("live/open/99/certificate/", "live/open/1/certificate-fr.pdf", f"verify/{made.code}/certificate-fr.pdf")
    assert [client.get(f"/{address}").status_code for address in statuses] == [404, 404, 404]
    api = client.get("/api/v1/races/open/certificates/1/").json()
    assert (api["code"], api["state"], api["files"][0]["sha256"]) == (made.code, "holds", kept)
    assert client.get(f"/api/v1/verify/{made.code}/").json() == api
    assert client.get("/api/v1/races/open/certificates/4/").json()["errors"][0]["code"] == "not_a_finisher"
    amend(stage, 1, 3)
    assert "此后成绩已更正" in client.get(f"/verify/{made.code}/").content.decode()
    client.force_login(cast.person(stage.edition, "commissaire"))
    desk = f"/editions/{stage.edition.slug}/officials/certificates/"
    assert [client.post(desk, {"language": "en", "next": desk}).status_code for _click in (1, 2)] == [302, 302]
    assert "共 1 批，已完成 0 批" in client.get(f"{desk}now/").content.decode()
    call_command("drain")
    again = client.get(desk).content.decode()
    assert "已全部制作" in again and f"{desk}en.zip" in again
    packed = client.get(f"{desk}en.zip")
    assert zipfile.ZipFile(io.BytesIO(b"".join(packed.streaming_content))).testzip() is None


def test_a_number_that_is_swapped_later_does_not_move_a_certificate():
    stage = official()
    swapped = [(stage.entries[1], {"bib": 101}), (stage.entries[2], {"bib": 1})]
    with transaction.atomic():
        changes.edit(stage.edition, [stage.race], swapped, by=None, reason="mixed up")
    made = certificates.issue(stage.race, 1)
    assert (made.entry_id, made.said["name_zh"], made.said["rank"]) == (stage.entries[1].pk, "赵㛃䶮", 1)
    assert certificates.now(made).state == "holds"
