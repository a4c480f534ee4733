"""A team of twelve from a spreadsheet, on a phone: judged, mended in place, entered, paid in one sum; and the office's list."""

import io
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from launch import patience
from race import dossier
from race.models import Entry, Message, Registration
from tests.entering import open_entries, resident_number

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = [f"王{name}" for name in "甲乙丙丁戊己庚辛壬癸子丑"]


def team_book(folder: Path) -> Path:
    """Twelve riders; the third has a wrong number, the fifth no phone."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "身份证号", "组别", "手机", "T恤"])
        for row, name in enumerate(NAMES, 1):
            number = resident_number(name) if row != 3 else "410311199003073000"
            sheet.write_row(row, 0, [name, number, "男子组", "" if row == 5 else f"138000012{row:02}", "L"])
    path = folder / "team.xlsx"
    path.write_bytes(made.getvalue())
    return path


def fill(page: Page, web: str, slug: str, book: Path) -> None:
    page.goto(f"{web}/editions/{slug}/enter/team/")
    page.fill("#id_team", "洛阳飞驰车队")
    page.fill("#id_contact_name", "经理")
    page.fill("#id_email", "manager@example.org")
    page.set_input_files("#id_list", str(book))
    page.click("button[value=judge]")
    page.wait_for_selector("#team-grid")
    page.wait_for_load_state()


def test_a_team_of_twelve_is_entered_from_a_spreadsheet(page: Page, web: str, tmp_path: Path) -> None:
    field = open_entries(capacity=11)
    fill(page, web, field.edition.slug, team_book(tmp_path))
    expect(page.locator(".row-wrong")).to_have_count(2)
    expect(page.locator(".row-wrong .row-who")).to_have_text(["王丙", "王戊"])
    page.fill(".row-wrong >> nth=1 >> [data-column=phone] input", "13900001111")
    page.locator(".row-wrong >> nth=1 >> [data-column=phone] input").blur()
    patience.until(lambda: page.locator(".row-wrong").count() == 1, 15, "the cell that was mended")
    expect(page.locator(".team-verdict .verdict-ok")).to_contain_text("11")
    page.check("[name=accept]")
    page.click("button[value=register]")
    page.wait_for_selector(".banner-ok")
    page.wait_for_load_state()
    expect(page.locator(".row-who")).to_have_text(["王丙"])
    booked = Registration.objects.get()
    assert (booked.kind, booked.entries.filter(state=Entry.State.HELD).count()) == ("team", 11)
    assert dossier.contact(booked)["email"] == "manager@example.org"
    page.fill("[data-column=number] input", resident_number("王丙"))
    page.locator("[data-column=number] input").blur()
    page.wait_for_selector(".row-right")
    page.click("button[value=register]")
    page.wait_for_selector(".team-riders")
    expect(page.locator(".team-rider")).to_have_count(12)
    expect(page.locator(".team-figures dd").nth(0)).to_have_text("11")
    expect(page.locator(".team-figures dd").nth(1)).to_have_text("1")
    assert Message.objects.filter(kind="team_rider").count() == 12
    assert Message.objects.filter(kind="team_registered").count() == 1
    page.check("[name=way][value=on_site]")
    page.click(".bar-in button")
    page.wait_for_selector(".state-ok")
    assert Entry.objects.filter(state=Entry.State.CONFIRMED).count() == 11


def test_a_draft_is_here_again_after_a_reload_and_a_rider_is_given_up(page: Page, web: str, tmp_path: Path) -> None:
    field = open_entries(capacity=20)
    fill(page, web, field.edition.slug, team_book(tmp_path))
    page.goto(f"{web}/editions/{field.edition.slug}/enter/team/")
    page.wait_for_selector(".team-draft:not([hidden])")
    expect(page.locator("#id_team")).to_have_value("洛阳飞驰车队")
    page.click("button[value=judge]")
    page.wait_for_selector("#team-grid")
    page.wait_for_load_state()
    expect(page.locator(".row-wrong")).to_have_count(2)
    page.check("[name=accept]")
    page.click("button[value=register]")
    page.click("text=打开车队页面")
    page.check("[name=entry] >> nth=0")
    page.click("button[value=withdraw]")
    page.wait_for_selector(".team-going")
    expect(page.locator(".team-going li")).to_have_count(1)
    page.click(".button-danger")
    page.wait_for_selector(".team-rider.gone")
    assert Entry.objects.filter(state=Entry.State.WITHDRAWN).count() == 1
