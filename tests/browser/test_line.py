"""The line desk in a real browser: an alarm appears by itself, is acted on, and a lost connection is told."""

from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from race import clock
from race.models import Role
from tests import cast
from timing.models import Source

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def race(web: str) -> cast.Cast:
    made = cast.make(riders=6, slug=f"line-{uuid4().hex[:8]}")
    clock.set_rehearsal(made.edition, event=datetime.fromisoformat("2024-05-25T09:30:00+08:00"), speed=0)
    made.edition.refresh_from_db()
    return made


@pytest.fixture
def desk(page: Page, web: str, race: cast.Cast) -> Page:
    """A phone on which somebody of the timing crew looks at the line."""
    client = Client()
    client.force_login(cast.person(race.edition, Role.Name.TIMING_CREW))
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])
    page.goto(f"{web}/line/")
    return page


def reads(race: cast.Cast, source: str, hour: str) -> None:
    race.reads(*(f"C{bib} {hour}:29:{bib}0.000" for bib in range(1, 6)), source=source)


def test_an_alarm_appears_by_itself_and_its_cure_is_a_click_away(desk: Page, web: str, race: cast.Cast):
    expect(desk.locator(".line-alarm")).to_have_count(0)
    expect(desk.locator("[data-time]")).to_have_text("09:30:00")
    desk.evaluate("() => { window.stayed = true; }")
    reads(race, "Finish", "09")
    reads(race, "Backup", "01")
    desk.locator(".line-alarm").wait_for()
    assert desk.evaluate("window.stayed") is True
    said = desk.locator(".line-alarm p").inner_text()
    assert said.startswith("Backup慢 8 小时 0 分：它的时钟不是 Asia/Shanghai 的时间。")
    desk.click(".line-alarm >> text=校正时钟")
    desk.click("text=时区改为 UTC")
    desk.locator(".line-told").wait_for()
    assert Source.objects.get(edition=race.edition, name="Backup").zone == "UTC"
    desk.goto(f"{web}/line/")
    expect(desk.locator(".line-alarm")).to_have_count(0)


def test_a_lost_connection_is_told_and_what_was_seen_stays(desk: Page, race: cast.Cast):
    reads(race, "Finish", "09")
    desk.locator("[data-state=ok]").wait_for()
    desk.route("**/line/now/", lambda route: route.abort())
    desk.locator("#line-age.age-stale").wait_for()
    expect(desk.locator("#line-age")).to_have_text("连接中断，这是 09:30:00 的状态。恢复后自动续上。")
    expect(desk.locator("[data-state=ok] .line-name b")).to_have_text("Finish")
    desk.unroute("**/line/now/")
    desk.locator("#line-age:not(.age-stale)").wait_for()
