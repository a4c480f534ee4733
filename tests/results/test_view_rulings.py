"""The officials' page for a new ruling, the list, taking one back: what is asked, shown, signed and kept."""

import re

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import strip_tags

from race import gun
from race.models import Category
from results import drafts, publication, rulings, to_do
from results.models import Draft, Evidence, Ruling
from results.views import ruling_form
from tests import cast

pytestmark = pytest.mark.django_db
NEW, PART = "/officials/rulings/open/new/", {"X-Part": "1"}
DSQ = {"bib": "1", "kind": "dsq", "article": "R-ASSIST", "reason": "a bottle from a car"}


@pytest.fixture(autouse=True)
def _nothing_held():
    to_do.forget()


@pytest.fixture
def stage():
    """Four home, with prizes for three."""
    stage = cast.make(laps=1)
    Category.objects.filter(race=stage.race).update(prizes_fen=[80_000, 50_000, 30_000])
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "C2 09:20:10", "C3 09:20:20", "C4 09:20:30")
    stage.race.refresh_from_db()
    return stage


def official(stage, role="commissaire"):
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.person(stage.edition, role))
    return client


def words(answer):
    body = answer.content.decode().split("</header>", 1)[-1]
    body = re.sub(r"<script.*?</script>", " ", body, flags=re.S)
    return re.sub(r"\s+", " ", strip_tags(body.replace("<", " <"))).strip()


def seen(stage):
    stage.race.refresh_from_db()
    return str(stage.race.revision)


def test_the_preview_shows_the_lines_that_change_and_writes_nothing(stage):
    told = words(official(stage).post("/officials/rulings/open/preview/", DSQ, headers=PART))
    assert "Places 4 riders" in told
    assert "Prizes 4 riders · −¥800" in told.replace("¥ −", "−¥") or "Prizes 4 riders" in told
    row = re.search(r"Prize ¥ (.*) Nobody else changes\.", told)
    assert row is not None
    assert row[1] == (
        "1 → becomes DSQ 1 RIDER No1 Luoyang Feichi 800 → 0 "
        "2 → becomes 1 2 RIDER No2 Luoyang Feichi 500 → 800 "
        "3 → becomes 2 3 RIDER No3 Luoyang Feichi 300 → 500 "
        "4 → becomes 3 4 RIDER No4 Luoyang Feichi 0 → 300"
    )
    assert not Ruling.objects.exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Choose a rider and a sanction"),
        ({"kind": "dsq"}, "Choose a rider."),
        ({"kind": "dsq", "bib": "99"}, "Not on the start list: 99."),
        ({"kind": "dsq", "bib": "nobody"}, "The number is a whole number."),
        ({"kind": "time_penalty", "bib": "1"}, "Still missing: Seconds."),
        ({"kind": "time_penalty", "bib": "1", "seconds": "-3"}, "Seconds is a whole number."),
        ({"kind": "manual_finish", "bib": "1", "at": "quarter past"}, "is no time of day"),
        ({"kind": "close"}, "Choose a sanction."),
    ],
)
def test_what_is_not_whole_yet_is_said_in_a_sentence(stage, given, sentence):
    assert sentence in words(official(stage).post("/officials/rulings/open/preview/", given))


def test_signing_is_one_act_however_often_it_is_clicked(stage):
    client = official(stage)
    drafts.save(stage.race, cast.person(stage.edition, "commissaire"), DSQ)
    for _click in range(2):
        answer = client.post(NEW, DSQ | {"seen": seen(stage), "do": "sign"}, headers=PART)
        assert answer.json() == {"next": "/officials/rulings/"}
    made = Ruling.objects.get()
    assert (made.kind, made.entry.bib, made.article, made.reason, made.by.username) == (
        "dsq", 1, "R-ASSIST", "a bottle from a car", f"commissaire@{stage.edition.slug}",
    )  # fmt: skip
    assert not Draft.objects.exists()
    assert "Ruling 1 is signed" in words(client.get("/officials/rulings/"))


def test_without_a_script_the_form_previews_and_signs(stage):
    client = official(stage)
    shown = words(client.post(NEW, DSQ | {"do": "preview"}))
    assert "Nobody else changes." in shown
    assert client.post(NEW, DSQ)["Location"] == "/officials/rulings/"
    again = client.post(NEW, DSQ | {"reason": "", "kind": "warning"})
    assert (again.status_code, "A ruling needs a reason." in words(again)) == (409, True)
    assert 'value="warning" checked' in again.content.decode()


def test_a_colleague_is_not_overlooked(stage):
    client, before = official(stage), seen(stage)
    rulings.issue(
        stage.race,
        "time_penalty",
        bib=1,
        detail={"seconds": 30},
        reason="feeding",
        by=cast.person(stage.edition, "chief"),
    )
    late = DSQ | {"seen": before}
    told = words(client.post("/officials/rulings/open/preview/", late))
    assert f"chief@{stage.edition.slug} signed ruling 1" in told
    assert "Time penalty · 0:30 feeding" in told
    refused = client.post(NEW, late, headers=PART)
    assert (refused.status_code, Ruling.objects.count()) == (409, 1)
    assert "Ruling 1 (time_penalty) was made meanwhile" in words(refused)
    revision = re.search(r'data-seen="(\d+)"', refused.content.decode())
    assert revision is not None
    assert client.post(NEW, late | {"seen": revision[1]}, headers=PART).status_code == 200
    other = DSQ | {"bib": "2", "seen": before}
    assert client.post(NEW, other, headers=PART).status_code == 200, "rulings on others are nobody's surprise"


def test_evidence_is_kept_for_officials_and_its_hash_stands_in_the_act(stage):
    client = official(stage)
    files = [
        SimpleUploadedFile("dir/IMG_1.jpg", b"\xff\xd8\xff photo"),
        SimpleUploadedFile("again.jpg", b"\xff\xd8\xff photo"),
    ]
    assert client.post(NEW, DSQ | {"evidence": files}, headers=PART).status_code == 200
    kept = Evidence.objects.get()
    assert (kept.name, kept.media_type, kept.size, bytes(kept.body)) == (
        "again.jpg",
        "image/jpeg",
        9,
        b"\xff\xd8\xff photo",
    )
    act = orjson.loads(bytes(Ruling.objects.get().link.canonical))
    assert act["evidence"] == [kept.sha256]
    address = f"/officials/evidence/{kept.pk}/"
    answer = client.get(address)
    assert (answer["Content-Type"], answer.content) == ("image/jpeg", b"\xff\xd8\xff photo")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert Client().get(address).status_code == 302
    script = SimpleUploadedFile("a.jpg", b"<script>alert(1)</script>")
    refused = client.post(NEW, DSQ | {"bib": "2", "evidence": [script]}, headers=PART)
    assert (refused.status_code, Ruling.objects.count()) == (409, 1), "nothing is signed without what was shown for it"


def test_a_draft_is_kept_and_a_second_tab_does_not_write_over_it(stage):
    client, address = official(stage), "/officials/rulings/open/draft/"
    first = client.post(address, DSQ | {"touched": "", "csrfmiddlewaretoken": "x"}).json()["touched"]
    assert Draft.objects.get().content == {key: DSQ[key] for key in ("bib", "article", "kind", "reason")}
    assert client.post(address, DSQ | {"touched": ""}).status_code == 409
    assert client.post(address, DSQ | {"touched": first, "reason": "two bottles"}).status_code == 200
    page = client.get(NEW).content.decode()
    assert "two bottles" in page
    assert 'value="dsq" checked' in page
    assert "a draft is kept" in words(client.get("/officials/rulings/"))
    assert "two bottles" not in official(stage, "chief").get(NEW).content.decode(), "a draft is its author's"
    client.post(address, {"do": "drop"})
    assert not Draft.objects.exists()


def test_every_kind_has_a_place_on_this_page_or_on_one_of_its_own():
    assert sorted([*ruling_form.KINDS, *ruling_form.ELSEWHERE]) == sorted(rulings.KINDS)


def test_a_rider_is_found_by_number_and_by_name(stage):
    client = official(stage)

    def found(text):
        answer = client.get("/officials/rulings/open/riders/", {"q": text}).content.decode()
        return re.findall(r'data-bib="(\d+)"', answer)

    assert (found("3"), found("车手2"), found(" "), found("nobody")) == (["3"], ["2"], [], [])


def test_a_ruling_is_taken_back_with_its_preview(stage):
    made = rulings.issue(stage.race, "dsq", bib=1, reason="a bottle", by=None)
    client, chief = official(stage), official(stage, "organiser")
    told = words(client.get("/officials/rulings/1/"))
    assert "DSQ → becomes 1 1 RIDER No1" in told
    assert "Only commissaires rule." in words(chief.get("/officials/rulings/1/"))
    assert chief.post("/officials/rulings/1/revoke/", {"reason": "x"}).status_code == 403
    client.post("/officials/rulings/1/revoke/", {"reason": " "})
    assert Ruling.objects.count() == 1
    client.post("/officials/rulings/1/revoke/", {"reason": "another rider"})
    assert Ruling.objects.get(number=2).revokes == made
    told = words(client.get("/officials/rulings/1/"))
    assert "Taken back by ruling 2" in told


def test_of_an_official_result_the_page_says_that_it_stands(stage):
    assert "the board follows at once" in words(official(stage).get(NEW))
    publication.publish(stage.race, by=None)
    assert "provisional result, version 1" in words(official(stage).get(NEW))


def test_the_page_takes_nothing_back_over_what_it_did_not_show(stage):
    client = official(stage)
    rulings.issue(stage.race, "dsq", bib=1, reason="no helmet", by=None)
    shown = client.get("/officials/rulings/1/").content.decode()
    revision = re.search(r'name="seen" value="(\d+)"', shown)
    assert revision is not None
    rulings.issue(stage.race, "warning", bib=1, reason="litter", by=cast.person(stage.edition, "chief"))
    given = {"reason": "wrong rider", "seen": revision[1], "next": "/officials/rulings/1/"}
    refused = client.post("/officials/rulings/1/revoke/", given, follow=True)
    assert ("was made meanwhile" in words(refused), Ruling.objects.count()) == (True, 2)
    given["seen"] = seen(stage)
    client.post("/officials/rulings/1/revoke/", given)
    assert Ruling.objects.get(number=3).revokes.number == 1
