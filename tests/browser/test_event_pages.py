"""The event page and the regulations in a real browser: places move by themselves, nothing is wider than a phone."""

import pytest
from playwright.sync_api import Page, expect

from launch import patience
from race.models import Category, Edition
from tests.entering import enter, open_entries

pytestmark = pytest.mark.browser
LEFT = "document.querySelector('.event-left').innerText.trim()"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def ten_seconds_later(page: Page) -> str:
    """What the page says of the places by then; the server itself holds its answer for a real second."""
    page.clock.run_for(10_000)
    return str(page.evaluate(LEFT))


def test_places_move_while_somebody_looks(page: Page, web: str) -> None:
    field = open_entries(capacity=2)
    page.clock.install()
    page.goto(f"{web}/")
    assert page.evaluate(LEFT) == "剩 2 / 2"
    enter(field, "甲")
    patience.until(lambda: ten_seconds_later(page) == "剩 1 / 2", 15, "one place less")
    enter(field, "乙")
    enter(field, "丙")
    patience.until(lambda: ten_seconds_later(page) == "已满 · 候补 1 人", 15, "the waiting list")
    assert page.evaluate("document.querySelector('.places rect').getAttribute('width')") == "100"


def test_without_an_answer_the_figures_stay_and_say_of_when_they_are(page: Page, web: str) -> None:
    open_entries(capacity=2)
    page.clock.install()
    page.goto(f"{web}/")
    page.route("**/places/", lambda route: route.abort())
    said = page.evaluate("document.querySelector('[data-clock]').textContent")
    page.clock.run_for(10_500)
    age = page.locator(".event-age")
    patience.until(lambda: age.evaluate("box => box.classList.contains('is-lost')"), 15, "the warning")
    expect(age).to_have_text(f"没有连接，名额截至 {said}")
    assert page.evaluate(LEFT) == "剩 2 / 2"


@pytest.mark.parametrize("address", ["/", "/rules/"])
@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_is_wider_than_the_window(page: Page, web: str, address: str, width: int) -> None:
    field = open_entries()
    long = "男子公路精英组暨全国各地自行车运动爱好者邀请赛（含港澳台及外籍）"
    Category.objects.filter(pk=field.category.pk).update(name_zh=long)
    Edition.objects.filter(pk=field.edition.pk).update(entry_rules={"hold_minutes": 25})
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{web}{address}")
    assert page.evaluate(WIDER) == 0
    small = "[...document.querySelectorAll('main a')].filter((one) => one.getBoundingClientRect().height < 35.5).length"
    assert page.evaluate(small) == 0
