"""The afternoon of a race in three browsers: an official, a rider with a phone, a spectator; clicks only, no page reloaded.

A disqualification with its preview, the order of a bunch by keyboard and by drag, the provisional result, a protest from the
phone, its verdict, the official result: the spectator's page follows each step by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect

from launch import patience
from launch.processes import Part
from race import clock, gun, links
from race.models import Category, Edition, Entry, Registration
from results import chain, live
from results.models import Communique, Publication, Ruling
from tests import cast
from tests.browser.test_bunch import drag_before, stands
from tests.browser.test_live import shows
from tests.browser.test_officials import text

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def race(at: str) -> tuple[cast.Cast, str]:
    """Three come in together, the fourth after them; an hour after the gun. And the private link of number 2's phone."""
    made = cast.make(laps=1, slug=at)
    Category.objects.filter(race=made.race).update(prizes_fen=[80_000, 50_000, 30_000])
    registration = Registration.objects.create(edition=made.edition, key="K")
    Entry.objects.filter(race=made.race, bib=2).update(registration=registration)
    gun.fire(made.wave, cast.GUN, by=None)
    made.reads("C1 09:20:00.100", "C2 09:20:00.400", "C3 09:20:00.440", "C4 09:20:20.000")
    it_is(made, 60)
    live.refresh(made.race.pk)
    return made, links.path(links.make(registration))


def it_is(made: cast.Cast, minutes: int) -> None:
    """So many minutes after the gun."""
    clock.set_rehearsal(Edition.objects.get(pk=made.edition.pk), event=cast.GUN + timedelta(minutes=minutes), speed=0)


@contextmanager
def opened(chromium: Browser, width: int, height: int) -> Iterator[Page]:
    """A page of a browser of its own; an error in its scripts fails the test."""
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    try:
        yield context.new_page()
    finally:
        context.close()
    assert errors == []


@pytest.fixture
def official(chromium: Browser) -> Iterator[Page]:
    with opened(chromium, 1440, 900) as page:
        yield page


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    with opened(chromium, 390, 844) as page:
        yield page


def test_from_the_finish_to_the_official_result(
    web: str, worker: Part, page: Page, official: Page, phone: Page
) -> None:
    made, own = race(f"race-{uuid4().hex[:8]}")
    client = Client()
    client.force_login(cast.person(made.edition, "chief"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}
    official.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(f"{web}/live/#{made.race.slug}")
    shows(page, [["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"]])
    page.evaluate("() => { window.stayed = true; }")
    official.goto(f"{web}/officials/results/{made.race.slug}/")

    disqualifies(official)
    shows(page, [["1", "1"], ["2", "2"], ["3", "3"], ["", "4"]])
    orders(official)
    shows(page, [["1", "3"], ["2", "1"], ["3", "2"], ["", "4"]])
    closes(official)
    publishes(official, "provisional")
    sees(page, "[data-at=result]", "暂定成绩，第1版")

    protests(phone, web + own)
    sees(page, ".row[data-bib='3'] .row-disputed", "抗议中")
    upholds(official)
    shows(page, [["1", "1"], ["2", "2"], ["3", "3"], ["", "4"]])
    patience.until(lambda: page.locator(".row-disputed").count() == 0, 20, "the row is free")
    sees(phone, "#state", "照片清楚")

    publishes(official, "provisional")
    sees(page, "[data-at=result]", "第2版")
    it_is(made, 91)
    publishes(official, "official")
    sees(page, "[data-at=result]", "正式成绩")
    assert page.evaluate("window.stayed") is True, "nobody has reloaded the spectator's page"
    kinds = Ruling.objects.order_by("number").values_list("kind", flat=True)
    assert list(kinds) == ["dsq", "finish_order", "close", "relegate_group"]
    standings = Publication.objects.order_by("version").values_list("standing", flat=True)
    assert list(standings) == ["provisional", "provisional", "official"]
    assert (Communique.objects.count(), chain.broken_at(made.edition)) == (3, None)


def sees(page: Page, selector: str, words: str) -> None:
    """A page that nobody touches comes to say so."""
    patience.until(lambda: words in (page.locator(selector).text_content() or ""), 20, f"{selector}: {words}")


def follow(link: Locator) -> None:
    """To where a link leads, until the scripts there run: a page of the desk does little without them."""
    link.click()
    link.page.wait_for_load_state()


def to(page: Page, place: str) -> None:
    """To another place of the desk, by its name in the header."""
    follow(page.locator(".of-places a", has_text=place))


def disqualifies(page: Page) -> None:
    follow(page.locator(".res-links a", has_text="新判罚"))
    page.locator("#bib").fill("车手4")
    page.locator("#found [data-bib]").first.click()
    page.locator("#article").select_option("R-ASSIST")
    page.locator("#reason").fill("接受车外援助")
    page.locator(".rule-mine").wait_for()
    assert text(page, ".rule-mine").startswith("4 → 变为 取消 DSQ 4 车手4")
    page.locator("[data-sign]").click()
    page.locator(".of-told", has_text="判罚 1 已签署").wait_for()


def orders(page: Page) -> None:
    """3 before 2 by keyboard, then to the very front by drag; signed once."""
    follow(page.locator(".of-places a[href*='bunch']"))
    stands(page, 1, 2, 3, 4)
    page.locator('.bn-rider[data-bib="3"] .bn-row').click()
    page.keyboard.press("ArrowUp")
    stands(page, 1, 3, 2, 4)
    page.locator("[data-sign][value='3,2']").wait_for()
    drag_before(page, 3, 1)
    stands(page, 3, 1, 2, 4)
    page.locator("[data-sign][value='3,1,2']").click()
    page.locator(".bn-told").wait_for()


def at_the_result(page: Page) -> None:
    to(page, "成绩")
    follow(page.locator(".of-page a", has_text="男子组").first)
    page.locator("#next").wait_for()


def closes(page: Page) -> None:
    at_the_result(page)
    page.locator(".res-close summary").click()
    page.locator("#close-reason").fill("全部到达")
    page.locator(".res-close form button").click()
    page.locator(".of-told", has_text="已关闭").wait_for()


def publishes(page: Page, standing: str) -> None:
    at_the_result(page)
    form = page.locator(f".res-steps form:has([value={standing}])")
    if standing == "official":
        page.locator(".res-seal summary").click()
        expect(form.locator(".res-first li")).to_contain_text(["车手1", "车手2", "车手3"])
    form.locator("button").click()
    page.locator(".of-told", has_text="已发布").wait_for()


def protests(page: Page, own: str) -> None:
    page.goto(own)
    page.locator("a[href*='/protest/']").click()
    page.locator("#bibs").fill("3")
    page.locator("#text").fill("他在最后两百米变线")
    page.locator(".protest form button[type=submit]").click()
    page.wait_for_url("**/protest/1/")


def upholds(page: Page) -> None:
    """From the list to the protest, by way of the ruling it leads to, and back to the verdict."""
    to(page, "抗议")
    follow(page.locator(".pd-item"))
    follow(page.locator(".pd-ruling a"))
    page.locator("#article").select_option("R-SPRINT")
    page.locator("#reason").fill("P1 冲刺变线")
    page.locator(".rule-mine").wait_for()
    page.locator("[data-sign]").click()
    page.locator(".of-told").wait_for()
    to(page, "抗议")
    follow(page.locator(".pd-item"))
    page.locator("#ruling").select_option(index=1)
    page.locator("#reason").fill("照片清楚")
    page.locator("[value=upheld]").click()
    page.locator(".of-told").wait_for()
