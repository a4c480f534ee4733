"""A result on its way in three browsers: a spectator, a rider with a phone, an official; and nobody reloads a page."""

from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from launch import patience
from race import clock, gun, links
from race.models import Edition, Entry, Registration
from results import live, protests, publication, rulings
from results.models import Protest
from tests import cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def race(web: str) -> cast.Cast:
    """Four are home and the race is closed, an hour after the gun."""
    made = cast.make(laps=1, slug=f"race-{uuid4().hex[:8]}")
    gun.fire(made.wave, cast.GUN, by=None, reason="")
    made.reads("C1 09:20:00.000", "C2 09:20:05.000", "C3 09:20:30.000", "C4 09:20:31.000")
    rulings.issue(made.race, "close", reason="all in", by=None)
    at(made, 60)
    live.refresh(made.race.pk)
    return made


def at(made: cast.Cast, minutes: int) -> None:
    edition = Edition.objects.get(pk=made.edition.pk)
    clock.set_rehearsal(edition, event=cast.GUN + timedelta(minutes=minutes), speed=0)
    made.race.edition.refresh_from_db()


def publish(made: cast.Cast, standing: str) -> None:
    publication.publish(made.race, by=None, standing=standing)
    live.refresh(made.race.pk)


def test_a_protest_goes_from_the_phone_to_the_verdict_and_the_public_sees_each_step(
    page: Page, web: str, race: cast.Cast
):
    entry = Entry.objects.get(race=race.race, bib=2)
    registration = Registration.objects.create(edition=race.edition, key="K")
    Entry.objects.filter(pk=entry.pk).update(registration=registration)
    page.goto(f"{web}/live/#{race.race.slug}")
    page.wait_for_selector(".row[data-bib='1']")
    page.evaluate("() => { window.stayed = true; }")

    def sees(selector: str, text: str) -> None:
        patience.until(lambda: text in (page.locator(selector).text_content() or ""), 20, f"{selector}: {text}")

    assert page.locator("[data-at=result]").is_hidden()
    publish(race, "provisional")
    sees("[data-at=result]", "暂定成绩，第1版")
    sees("[data-at=result]", "公告")
    phone = page.context.new_page()
    phone.goto(f"{web}{links.path(links.make(registration))}protest/?race={race.race.slug}&bib=1")
    phone.fill("#text", "他在最后两百米变线")
    phone.click(".protest form button[type=submit]")
    phone.wait_for_url("**/protest/1/")
    live.refresh(race.race.pk)
    sees(".row[data-bib='1'] .row-disputed", "抗议中")
    made = Protest.objects.get(race=race.race)
    ruling = rulings.issue(race.race, "relegate_last", bib=1, reason="变线", by=None)
    protests.decide(made, "upheld", reason="照片清楚", by=None, ruling=ruling)
    live.refresh(race.race.pk)
    patience.until(lambda: page.locator(".row-disputed").count() == 0, 20, "the row is free")
    patience.until(lambda: "照片清楚" in (phone.locator("#state").text_content() or ""), 20, "the phone is told")
    publish(race, "provisional")
    at(race, 91)
    publish(race, "official")
    sees("[data-at=result]", "正式成绩")
    assert page.evaluate("window.stayed") is True
    first = page.locator(".row[data-bib]").first
    expect(first).to_have_attribute("data-bib", "2")
