"""The officials' desk: what is left to do, and who is still out there."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.html import strip_tags

from race import clock, gun, sign_on
from race.models import Edition
from race.refused import Refused
from results import expected, facts, publication, rulings, to_do
from results.models import Publication, Ruling
from results.scoring.out_there import still_out
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_held():
    to_do.forget()
    expected.forget()


def raced():
    """Bibs 1 to 3 are home, 4 was seen once; an hour after the gun."""
    stage = cast.make(laps=2)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "C2 09:20:01", "C3 09:20:02", "C4 09:20:03")
    stage.reads("C1 09:40:00", "C2 09:40:10", "C3 09:40:20")
    at(stage, 60)
    return stage


def at(stage, minutes):
    """It is so many minutes after the gun."""
    edition = Edition.objects.get(pk=stage.edition.pk)
    clock.set_rehearsal(edition, event=cast.GUN + timedelta(minutes=minutes), speed=0)
    stage.race.edition.refresh_from_db()
    stage.race.refresh_from_db()


def browser(stage, role="commissaire"):
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.person(stage.edition, role))
    return client


def words(answer):
    """What a page says, without its header."""
    assert answer.status_code == 200
    body = answer.content.decode().split("</header>", 1)[-1]
    return re.sub(r"\s+", " ", strip_tags(body.replace("<", " <"))).strip()


def out(stage):
    return list(still_out(facts.gather(stage.race).facts))


def test_who_is_called_up_and_neither_home_nor_off_the_course_is_still_out_there():
    stage = cast.make(laps=2)
    assert out(stage) == []
    gun.fire(stage.wave, cast.GUN, by=None)
    assert out(stage) == [1, 2, 3, 4]
    stage.reads("C1 09:20:00", "C2 09:20:01", "C1 09:40:00")
    assert out(stage) == [2, 3, 4]
    sign_on.sign_on(stage.race, [4], by=None, here=False)
    assert out(stage) == [2, 3]
    rulings.issue(stage.race, "dnf", bib=3, reason="crash", by=None)
    assert out(stage) == [2]
    rulings.issue(stage.race, "dsq", bib=2, reason="pushed", by=None)
    assert out(stage) == [2], "disqualified, and still on a bicycle"
    rulings.issue(stage.race, "pulled", bib=2, reason="stopped at the pass", by=None)
    assert out(stage) == []


def test_a_race_is_closed_by_naming_who_is_still_out_there():
    stage = raced()
    rulings.issue(stage.race, "dsq", bib=3, reason="pushed", by=None)  # came home before
    assert out(stage) == [4]
    for said in ({}, {"out": [1, 2]}):
        with pytest.raises(Refused) as refused:
            rulings.issue(stage.race, "close", detail=said, reason="all in", by=None)
        assert refused.value.code == "riders_out"
        assert "4" in refused.value.message
    made = rulings.issue(stage.race, "close", detail={"out": [1, 4]}, reason="sweeping goes on", by=None)
    assert made.detail == {"out": [4]}, "who was out when the race was closed, and nobody else"
    with pytest.raises(Refused) as refused:
        rulings.issue(stage.race, "close", detail={"out": ["4"]}, reason="all in", by=None)
    assert refused.value.code == "bad_detail"
    rulings.revoke(made, reason="found him", by=None)
    rulings.issue(stage.race, "dnf", bib=4, reason="in the ambulance", by=None)
    assert rulings.issue(stage.race, "close", reason="all in", by=None).detail == {}


def test_the_first_page_tells_what_is_left_to_do():
    stage = raced()
    told = words(browser(stage).get("/officials/"))
    assert "Men Live On the road" in told
    assert "1 rider still out there 1 overdue" in told
    assert "Rider No4" in told.replace("RIDER", "Rider")
    assert "F, lap 1 at 09:20:03" in told
    rulings.issue(stage.race, "dnf", bib=4, reason="broom wagon", by=None)
    rulings.issue(stage.race, "close", reason="all in", by=None)
    told = words(browser(stage).get("/officials/"))
    assert "Closed, and nothing is published: publish it as provisional." in told
    publication.publish(stage.race, by=None)
    rulings.issue(stage.race, "time_penalty", bib=1, detail={"seconds": 30}, reason="feeding", by=None)
    told = words(browser(stage, "organiser").get("/officials/", headers={"HX-Request": "true"}))
    assert "Provisional Closed · version 1 · Protests until" in told
    assert "still out there" not in told
    assert "lines differ from the published result" in told


def test_the_standings_stand_to_the_millisecond_now_and_back_in_time():
    stage = raced()
    client, then = browser(stage, "organiser"), stage.race.revision
    told = words(client.get("/officials/results/open/"))
    assert "1 1 RIDER No1 Luoyang Feichi 2 40:00 40:00.000 09:40:00.000" in told
    assert "Only commissaires publish." in told
    rulings.issue(stage.race, "dsq", bib=1, reason="pushed", by=None)
    assert "DSQ 1 RIDER No1" in words(client.get("/officials/results/open/"))
    past = words(client.get(f"/officials/results/open/?at={then}"))
    assert "1 1 RIDER No1" in past
    assert "Nothing is published from here." in past
    assert "The past" not in words(client.get("/officials/results/open/?at=soon"))


def test_a_result_is_published_step_by_step_from_the_page():
    stage = raced()
    client, chief, there = browser(stage), browser(stage, "chief"), "/officials/results/open/"
    told = words(client.get(there))
    assert "1 rider is still out there. Tick who is accounted for." in told
    assert client.post(f"{there}close/", {"reason": "all in"}, follow=True).status_code == 200
    assert "Closed" not in words(client.get(there))
    client.post(f"{there}close/", {"reason": "sweeping", "out": "4"})
    for _click in range(2):
        client.post(f"{there}publish/", {"standing": "provisional", "after": "0"})
    assert Publication.objects.count() == 1, "a second click is no second version"
    assert client.post(f"{there}publish/", {"standing": "official", "after": "1"}).status_code == 403
    assert words(chief.get(there)).count("The time for protests is not over yet.") == 1
    at(stage, 95)
    to_do.forget()
    told = words(chief.get(there))
    assert "Open items, confirmed one by one 4 RIDER No4 No result" in told
    chief.post(f"{there}publish/", {"standing": "official", "after": "1"})
    assert Publication.objects.count() == 1
    chief.post(f"{there}publish/", {"standing": "official", "after": "1", "confirmed": "no_result:4"})
    rulings.issue(stage.race, "dsq", bib=1, reason="doping", by=None)
    told = words(chief.get(there))
    assert "Official" in told
    assert "Differs from the published result" in told
    chief.post(f"{there}publish/", {"standing": "amended", "after": "2", "cause": "disciplinary", "reason": "doping"})
    assert list(Publication.objects.order_by("version").values_list("version", "standing")) == [
        (1, "provisional"), (2, "official"), (3, "amended"),
    ]  # fmt: skip
    told = words(chief.get(f"{there}?from=2&to=3"))
    assert "Version 2 against version 3" in told
    assert "1 → becomes DSQ" in told
    assert "Amended" in words(client.get("/officials/results/"))


def test_a_text_is_kept_whole_or_refused_and_odd_digits_are_no_numbers():
    stage = raced()
    Edition.objects.filter(pk=stage.edition.pk).update(rehearsal=True)
    chief, base = browser(stage, "chief"), "/officials/results/open/"

    def sent(address, **form):
        answer = chief.post(address, form, follow=True)
        return [one.extra_tags or one.level_tag for one in answer.context["messages"]]

    long = "left his line\r\n" * 21  # 315 characters as they are sent, 293 as a person counts them
    assert sent(f"{base}close/", reason="x" * 301, out="4") == ["too_long"]
    assert sent(f"{base}close/", reason="all in", out="²") == ["riders_out"]
    assert sent(f"{base}close/", reason=long, out=["4", "²"]) == ["success"]
    closed = Ruling.objects.get(kind="close")
    assert closed.reason == long.replace("\r", "").strip()
    assert sent(f"/officials/rulings/{closed.number}/revoke/", reason="x" * 301) == ["too_long"]
    assert sent(f"{base}publish/", standing="provisional", reason="x" * 301) == ["too_long"]
    assert sent(f"{base}publish/", standing="provisional", after="²") == ["success"]
    preview = chief.post("/officials/rulings/open/preview/", {"kind": "dsq", "bib": "²", "seen": "²"})
    assert preview.status_code == 200
    protest = {"race": "open", "bibs": "1", "filed_by": "A manager", "text": "x" * 2001}
    assert sent("/officials/protests/", **protest) == ["too_long"]
    assert sent(
        "/officials/protests/", **protest | {"text": "took my line", "bibs": " ".join(map(str, range(21)))}
    ) == ["not_on_list"]
    assert sent("/officials/protests/", **protest | {"text": "\r\n" * 1500 + "took my line"}) == ["success"]
    step = "/officials/protests/1/step/"
    assert sent(step, do="upheld", reason="x" * 1001) == ["too_long"]
    assert sent(step, do="upheld", reason="seen " * 200, ruling="²") == ["success"]
    assert chief.get("/officials/protests/1/").status_code == 200
