"""An official rules with the preview before his eyes, the public board follows, and whoever looked before is told."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from launch.processes import Part
from race import gun
from race.models import Category, Role, User
from results import live
from results.models import Draft, Ruling
from tests import cast
from tests.browser.test_live import shows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def raced() -> cast.Cast:
    """Four home, with prizes for three."""
    stage = cast.make(laps=1, slug=f"race-{uuid4().hex[:8]}")
    Category.objects.filter(race=stage.race).update(prizes_fen=[80_000, 50_000, 30_000])
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "C2 09:20:10", "C3 09:20:20", "C4 09:20:30")
    live.refresh(stage.race.pk)
    return stage


def signs_in(context: BrowserContext, web: str, stage: cast.Cast, name: str) -> None:
    user = User.objects.create(username=name)
    Role.objects.create(user=user, edition=stage.edition, name="commissaire")
    client = Client()
    client.force_login(user)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])


def writes(page: Page, bib: str, article: str) -> None:
    """Choose a rider by name or number and an article; the sanction it proposes is then chosen."""
    page.locator("#bib").fill(bib)
    page.locator("#found [data-bib]").first.click()
    page.locator("#article").select_option(article)
    page.locator("#reason").fill("非随队车辆传递水壶")


def text(page: Page, where: str) -> str:
    return re.sub(r"\s+", " ", page.locator(where).inner_text()).strip()


def test_a_ruling_is_previewed_signed_and_seen_and_a_second_official_is_told(
    page: Page, web: str, worker: Part, chromium: "Browser"
):
    stage = raced()
    signs_in(page.context, web, stage, "li")
    board = page.context.new_page()
    board.goto(f"{web}/live/#{stage.race.slug}")
    shows(board, [["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"]])
    board.evaluate("() => { window.stayed = true; }")
    other = chromium.new_context(locale="zh-CN")
    try:
        signs_in(other, web, stage, "wang")
        second = other.new_page()
        for one in (page, second):
            one.goto(f"{web}/officials/rulings/{stage.race.slug}/new/")
        writes(page, "车手1", "R-ASSIST")
        page.locator(".rule-mine").wait_for()
        assert text(page, ".rule-mine").startswith("1 → 变为 取消 DSQ 1 车手1 800 → 0")
        expect(page.locator(".rule-changes .rule-row:not(.rule-row-head)")).to_have_count(4)
        page.locator("#kept", has_text="草稿已保存").wait_for()
        assert Draft.objects.get().content["bib"] == "1"
        page.locator("[data-sign]").dblclick()
        page.wait_for_url("**/officials/rulings/")
        assert "判罚 1 已签署" in text(page, ".of-told")
        shows(board, [["1", "2"], ["2", "3"], ["3", "4"], ["", "1"]])
        assert board.evaluate("window.stayed") is True
        # The second official opened the page before: his preview tells him, and so does signing.
        writes(second, "1", "R-SAFETY")
        second.locator("#preview .rule-newer").wait_for()
        assert "li" in text(second, "#preview .rule-newer p >> nth=0")
        second.locator("[data-sign]").click()
        second.locator("#refused .rule-newer").wait_for()
        assert Ruling.objects.count() == 1
        second.locator("#refused [data-seen]").click()
        second.locator("#preview .rule-newer").wait_for(state="detached")
        second.locator("[data-sign]").click()
        second.wait_for_url("**/officials/rulings/")
        assert list(Ruling.objects.order_by("number").values_list("kind", "by__username")) == [
            ("dsq", "li"),
            ("warning", "wang"),
        ]
    finally:
        other.close()
