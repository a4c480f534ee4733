"""The office's desk in a real browser: numbers by plan, chips with a reader that types, a swap, a list."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from race import transponders
from race.models import Entry
from tests import cast, desk_field
from tests.race.test_transponders import history

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def signed_in(page: Page, web: str, made: cast.Cast) -> None:
    """The page's browser is that of somebody of the office."""
    client = Client()
    client.force_login(cast.person(made.edition, "office"))
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])


def tells(page: Page, text: str) -> None:
    """The page that comes says so at its top."""
    expect(page.locator(".office-told strong").first).to_have_text(text)


def test_numbers_by_plan_then_chips_by_scan_with_a_swap(page: Page, web: str):
    made = cast.make(riders=0, published=False)
    desk_field.ranged(made.category, 11, 199)
    desk_field.confirmed(made, 3)
    signed_in(page, web, made)
    page.goto(f"{web}/office/bibs/")
    page.fill("#seeds", "车手N3")
    page.click("text=查看方案")
    expect(page.locator(".bibs-table .bib")).to_have_text(["11", "12", "14"])
    expect(page.locator(".bibs-table b")).to_have_text(["车手N3", "车手N1", "车手N2"])
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.click("text=按此发号")
    tells(page, "3 人有了号码。")
    assert list(Entry.objects.order_by("pk").values_list("bib", flat=True)) == [12, 14, 11]

    page.goto(f"{web}/office/chips/")
    for chip, bib in (("e200 1".replace(" ", ""), "11"), ("E2002", "12")):
        # A reader types the code and Enter; so does a person the number.
        expect(page.locator("#give-chip")).to_be_focused()
        page.keyboard.type(chip)
        page.keyboard.press("Enter")
        expect(page.locator("#give-bib")).to_be_focused()
        page.keyboard.type(bib)
        page.keyboard.press("Enter")
        page.wait_for_selector(f".office-told >> text={chip.upper()}")
        page.wait_for_load_state()  # until then Enter sends the form
    expect(page.locator("#give-chip")).to_be_focused()
    page.keyboard.type("E2001")
    page.keyboard.press("Enter")
    expect(page.locator("#give-bib")).to_be_focused()
    page.keyboard.type("14")
    page.keyboard.press("Enter")
    expect(page.locator("#ask")).to_contain_text("芯片 E2001 已属 11 号")
    expect(page.locator("button", has_text="换给 14 号")).to_be_focused()
    page.keyboard.press("Enter")
    tells(page, "14 号车手N2领到芯片 E2001。已收押金 100 元。")
    assert [line.split()[0] for line in history("E2001")] == ["11", "14"]
    assert transponders.holder(made.edition, "E2001").entry.bib == 14


def test_a_list_is_downloaded_twice_and_stands_below(page: Page, web: str):
    made = cast.make(riders=2)
    signed_in(page, web, made)
    page.goto(f"{web}/office/lists/")
    for _time in range(2):
        with page.expect_download() as download:
            page.locator("section", has_text="保险名单").first.locator("text=制作 XLSX").click()
        assert download.value.suggested_filename == f"{made.edition.slug}-insurer.xlsx"
    page.reload()
    expect(page.locator(".lists-made b")).to_have_text(["保险名单", "保险名单"])
