"""The bunch board: the page, its two acts, the API."""

import html
import re

import pytest
from django.test import Client

from race import gun
from race.refused import Refused
from results import bunch, rulings, to_do
from results.models import Ruling
from tests import cast
from tests.results.test_view_officials import words

pytestmark = pytest.mark.django_db

HERE = "/officials/bunch/open/"


@pytest.fixture(autouse=True)
def _nothing_held():
    to_do.forget()


def sprint():
    """1, 2 and 3 come in together, 4 three seconds later; the backup saw 3 before 2."""
    stage = cast.make(laps=1)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 10:00:00.100", "C2 10:00:00.400", "C3 10:00:00.440", "C4 10:00:03.900")
    stage.reads("C1 10:00:00.110", "C2 10:00:00.450", "C3 10:00:00.430", source="Backup")
    stage.finish.backup_ms = 1000
    stage.finish.save()
    stage.race.refresh_from_db()
    to_do.forget()
    return stage


def browser(stage, role="commissaire"):
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.person(stage.edition, role))
    return client


def seen(stage):
    stage.race.refresh_from_db()
    return stage.race.revision


def test_the_page_shows_groups_and_the_doubtful_pair_with_what_each_source_saw():
    told = words(browser(sprint()).get("/officials/bunch/"))
    assert "4 riders home · within 3.8 s" in told
    assert "1 doubt not settled" in told
    assert "3 riders, same time 1:00:00 with the first" in told
    assert "1 rider, own time +0:03 3.46 s after the group before" in told
    assert "Doubt 1 / 1" in told
    assert "closer than the setting · the backup saw the other order" in told
    assert "Main Finish 00.400 00.440 2" in told
    assert "Backup Backup 00.450 00.430 3" in told
    assert "2 before 3, confirm" in told


def test_whoever_is_about_to_publish_is_told_of_the_doubts_at_the_finish():
    stage = sprint()
    client, told = browser(stage), "1 close finish nobody has confirmed"
    here = client.get("/officials/")
    assert (told in words(here), 'id="alarms"' in here.content.decode()) == (False, True), "the race still runs"
    rulings.issue(stage.race, "close", reason="all home", by=None)
    assert [told in words(client.get(page)) for page in ("/officials/", "/officials/results/open/")] == [True, True]
    assert 'id="alarms"' not in client.get("/officials/").content.decode(), "machines may be packed up"
    rulings.issue(stage.race, "finish_order", detail={"order": [[2], [3]]}, reason="photo", by=None)
    assert [told in words(client.get(page)) for page in ("/officials/", "/officials/results/open/")] == [False, False]


def test_confirming_a_doubt_is_one_ruling_and_nobody_is_asked_twice():
    stage = sprint()
    client = browser(stage)
    said = {"order": "2,3", "basis": "photo", "seen": seen(stage)}
    first = client.post(f"{HERE}order/", said)
    assert first.url == f"{HERE}?signed=1"
    assert client.post(f"{HERE}order/", said).url == f"{HERE}?signed=1", "a second click"
    [made] = Ruling.objects.all()
    assert (made.kind, made.detail, made.article, made.reason) == (
        "finish_order", {"order": [[2], [3]]}, "UCI 1.2.100", "Photo finish: 2 – 3",
    )  # fmt: skip
    told = words(client.get(HERE))
    assert "Ruling 1 is signed" in told
    assert "Doubt 1" not in told
    assert "No open doubts" in told


def test_a_swap_and_a_dead_heat_change_the_board():
    stage = sprint()
    client = browser(stage)
    client.post(f"{HERE}order/", {"order": "3,2", "basis": "judge", "seen": seen(stage)})
    assert stage.table() == ["1 1 FIN 1", "2 3 FIN 1", "3 2 FIN 1", "4 4 FIN 1"]
    client.post(f"{HERE}order/", {"order": "3=2", "basis": "judge", "seen": seen(stage)})
    assert stage.table() == ["1 1 FIN 1", "2 3 FIN 1", "2 2 FIN 1", "4 4 FIN 1"]


def test_an_order_is_looked_at_before_it_is_signed():
    stage = sprint()
    client = browser(stage)
    answer = client.get(HERE, {"order": "3,2"}, headers={"X-Part": "1"})
    told = words(answer)
    assert "Not signed yet 2 places change · 0 times change" in told
    assert "Confirm the order of 2" in told
    assert re.findall(r'<li class="bn-rider[^>]* data-bib="(\d+)"', answer.content.decode()) == ["1", "3", "2", "4"]
    assert 'data-base="1,2,3,4"' in answer.content.decode()
    assert not Ruling.objects.exists()
    for order in ("x", "9,8", "2,2", "2=,3"):
        assert client.get(HERE, {"order": order}).status_code == 200


def test_the_script_is_told_nothing_while_nothing_is_new():
    stage = sprint()
    client = browser(stage)
    part = {"X-Part": "1"}
    revision = seen(stage)
    assert client.get(HERE, {"seen": revision}, headers=part).status_code == 204
    rulings.issue(stage.race, "dsq", bib=1, reason="pushed", by=None)
    assert client.get(HERE, {"seen": revision}, headers=part).status_code == 200


def test_a_colleagues_ruling_is_not_overlooked_and_who_is_not_home_is_named():
    stage = sprint()
    client, before = browser(stage), seen(stage)
    rulings.issue(stage.race, "dsq", bib=1, reason="pushed", by=None)
    answer = client.post(f"{HERE}order/", {"order": "3,2", "seen": before, "next": HERE}, follow=True)
    assert "was made meanwhile" in html.unescape(words(answer))
    stage.reads("C1 10:20:00")
    with pytest.raises(Refused) as refused:
        bunch.confirm(stage.race, [[2], [99]], basis="Photo finish", by=None, seen=None)
    assert refused.value.code == "not_home"
    assert [made.kind for made in Ruling.objects.all()] == ["dsq"]


def test_groups_are_split_joined_and_put_back_as_they_were():
    stage = sprint()
    client = browser(stage)

    def sign(what):
        return client.post(
            f"{HERE}divide/", {"divide": what, "reason": "video", "seen": seen(stage), "next": HERE}, follow=True
        )

    told = words(client.get(HERE, {"divide": "split-3"}))
    assert "A new group begins with 3 0 places change · 0 times change" in told, "within the same second"
    assert "Ruling 1 is signed" in words(sign("split-3"))
    assert [one.bibs for one in bunch.of(stage.race).board.bunches] == [(1, 2), (3,), (4,)]
    assert "the group is so already" in words(sign("split-3"))
    assert "This takes ruling 1 back." in words(client.get(HERE, {"divide": "join-3"}))
    sign("join-3")
    told = words(client.get(HERE, {"divide": "join-4"}))
    assert "1 time changes" in told
    sign("join-4")
    assert [one.bibs for one in bunch.of(seen(stage) and stage.race).board.bunches] == [(1, 2, 3, 4)]
    assert [(made.kind, made.article) for made in Ruling.objects.order_by("number")] == [
        ("split", "R-TIMING"), ("revoke", ""), ("join", "R-TIMING"),
    ]  # fmt: skip


def test_the_organiser_looks_and_does_not_sign():
    stage = sprint()
    client = browser(stage, "organiser")
    told = words(client.get(HERE))
    assert "Commissaires order and sign; here you look." in told
    assert "confirm" not in told
    assert client.post(f"{HERE}order/", {"order": "3,2"}).status_code == 403


def test_before_anybody_is_home_the_page_says_what_will_stand_there():
    stage = cast.make(laps=1)
    assert "Nobody is home yet." in words(browser(stage).get("/officials/bunch/"))


def test_the_api_tells_the_same():
    stage = sprint()
    answer = browser(stage).get("/api/v1/races/open/bunch/").json()
    assert answer["groups"][0] == {
        "group": "A", "bibs": [1, 2, 3], "at": "2024-05-25T10:00:00.100+08:00", "time_ms": 3_600_000, "gap_ms": 0,
        "before_ms": None,
    }  # fmt: skip
    assert answer["riders"][1] == {
        "bib": 2, "category": "ME", "rank": 2, "status": "FIN", "group": "A", "at": "2024-05-25T10:00:00.400+08:00",
        "ruling": None,
        "seen": [
            {"name": "Finish", "main": True, "typed": False, "at": "2024-05-25T10:00:00.400+08:00"},
            {"name": "Backup", "main": False, "typed": False, "at": "2024-05-25T10:00:00.450+08:00"},
        ],
    }  # fmt: skip
    assert answer["doubts"] == [
        {"before": 2, "after": 3, "gap_ms": 40, "reasons": ["close", "backup"], "settled": False}
    ]
