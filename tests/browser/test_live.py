"""The live page on the real road: facts in PostgreSQL, the board in Redis, the stream of the real server, a real browser."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from launch import patience
from race import gun
from results import live
from tests import cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ORDER = """[...document.querySelectorAll("#live .row[data-bib]")]
    .map((row) => [row.querySelector(".row-rank").textContent, row.dataset.bib])"""


@pytest.fixture
def race(web: str) -> cast.Cast:
    """The cast's race after its gun, on the board.

    Each test has a race of its own name: a web process never takes a board of an older revision for a newer one, and
    between tests the database goes back.
    """
    made = cast.make(laps=3, slug=f"race-{uuid4().hex[:8]}")
    gun.fire(made.wave, cast.GUN, by=None, reason="")
    live.refresh(made.race.pk)
    return made


def shows(page: Page, expected: list[list[str]]) -> None:
    patience.until(lambda: page.evaluate(ORDER) == expected, 20, f"the order {json.dumps(expected)}")


def test_a_position_change_is_seen_without_a_reload(page: Page, web: str, race: cast.Cast):
    race.reads("C1 09:20:00.000", "C2 09:20:05.000", "C3 09:20:30.000", "C4 09:20:31.000")
    live.refresh(race.race.pk)
    page.goto(f"{web}/live/#{race.race.slug}")
    shows(page, [["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"]])
    page.evaluate("() => { window.stayed = true; }")
    race.reads("C2 09:40:00.000", "C1 09:40:09.000")
    live.refresh(race.race.pk)
    shows(page, [["1", "2"], ["2", "1"], ["3", "3"], ["4", "4"]])
    assert page.evaluate("window.stayed") is True
    expect(page.locator(".tab-state")).to_have_text(["第3圈"])
    for row, lap in ((1, "19:55"), (2, "20:09")):
        expect(page.locator(".row-lap").nth(row)).to_have_text(lap)


def test_the_first_state_needs_no_stream(page: Page, web: str, race: cast.Cast):
    page.route("**/api/**", lambda route: route.abort())
    page.goto(f"{web}/live/")
    page.wait_for_selector("#live[data-ready]")
    expect(page.locator("[data-at=name]")).to_have_text("男子组")
    expect(page.locator("[data-at=facts]")).to_have_text("42 km · 3 圈 × 14 km · 9:00 发令 · 4 人出发，4 人在途")


def test_the_language_is_kept_and_the_page_comes_back(page: Page, web: str, race: cast.Cast):
    page.goto(f"{web}/live/")
    page.click("a[hreflang=en]")
    page.wait_for_url(f"{web}/live/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#race-name")).to_have_text("Men")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_why_tells_what_the_server_used_and_set_aside(page: Page, web: str, race: cast.Cast):
    race.reads("C1 09:20:00.000", "C1 09:20:40.000")
    live.refresh(race.race.pk)
    page.goto(f"{web}/live/#{race.race.slug}")
    page.click(".row[data-bib='1'] .row-name")
    steps = lambda: page.locator("#why .step-main").all_text_contents()
    wanted = ["第1圈计入", "不计：离上次过线太近，不足一圈", "第 1 名：先比圈数，再比过线先后"]
    patience.until(lambda: steps() == wanted, 15, "the server's thread")
    expect(page.locator("#why .step time")).to_have_text(["9:20:00", "9:20:40"])


def test_the_edition_can_be_named(client, web: str, race: cast.Cast):
    answers = [
        client.get(path).status_code
        for path in (f"/editions/{race.edition.slug}/live/", "/editions/none/live/", "/live/")
    ]
    assert answers == [200, 404, 200]


def test_the_bare_page_shows_the_edition_that_is_out_not_the_newest(client, web: str, race: cast.Cast):
    later = cast.make(published=False, slug="later")
    type(later.edition).objects.filter(pk=later.edition.pk).update(starts_on=cast.DAY + timedelta(days=365))
    html = client.get("/live/").content.decode()
    assert f'href="#{race.race.slug}"' in html and 'href="#later"' not in html
