"""From the first tap to the start line, in a real browser with a real server and worker: three ways to enter, paid, written
to, given numbers and a chip, and signed on where there is no network."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import xlsxwriter
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from launch import patience
from race import clock
from race.models import Assignment, Category, DeskTick, Edition, Entry, LedgerLine, Message, Race, Wave
from tests import cast
from tests.browser.test_entering import abroad, choose, fill_in, signed, weekend
from tests.entering import resident_number

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WAIT = 30
TEAM = [f"王{name}" for name in "甲乙丙丁戊己庚辛壬癸子丑"]
__all__ = ["abroad"]


@pytest.fixture
def edition(worker: object) -> Edition:
    """The Open with its entries open, nobody entered, numbers from 1, 201 and 401; a real worker looks after it."""
    made = weekend(full=False)
    for code, first in (("ME", 1), ("WO", 201), ("MM", 401)):
        Category.objects.filter(code=code).update(first_bib=first)
    return made


@pytest.fixture
def office(chromium: Browser, web: str, edition: Edition) -> Iterator[BrowserContext]:
    """The office's tablet, signed in."""
    client = Client()
    client.force_login(cast.person(edition, "office"))
    context = chromium.new_context(viewport={"width": 1080, "height": 810}, locale="zh-CN")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert errors == []


def mails(folder: Path) -> list[tuple[str, str]]:
    """(to, text) of every mail the worker has sent."""
    found = []
    for path in sorted(folder.glob("*.log")):
        for part in re.split(rb"(?m)^-{79}\n", path.read_bytes()):
            if part.strip():
                mail = email.message_from_bytes(part.strip())
                content = mail.get_payload(decode=True)
                assert isinstance(content, bytes)
                found.append((str(mail["To"]), content.decode()))
    return found


def mailed_link(folder: Path, to: str) -> str:
    """The path of the private link in the newest mail to this address, waited for."""

    def there() -> list[str]:
        return [link for address, text in mails(folder) if address == to for link in re.findall(r"/my/[\w-]+/", text)]

    patience.until(lambda: bool(there()), WAIT, f"a mail to {to}")
    return there()[-1]


def pay_in_the_sandbox(page: Page) -> None:
    """From the page behind the private link to the cashier and back."""
    page.check("[name=way][value=sandbox]")
    page.click(".bar-in button")
    page.wait_for_url("**/pay/sandbox/**")
    page.click("button[value=pay]")
    page.wait_for_url("**/my/**")


def rider_from_xinjiang(page: Page, web: str, mail: Path) -> Entry:
    page.goto(f"{web}/enter/")
    fill_in(page)
    page.fill("[name=email]", "yutong@example.org")
    choose(page, "ME")
    signed(page, "单雨桐")
    page.click("button[type=submit]")
    page.wait_for_url("**/my/**")
    pay_in_the_sandbox(page)
    page.wait_for_selector(".entry-confirmed .pass")
    page.goto(web + mailed_link(mail, "yutong@example.org"))
    page.wait_for_selector(".entry-confirmed .pass")
    return Entry.objects.get(rider__name_zh="单雨桐")


def rider_from_colombia(page: Page, web: str, mail: Path) -> Entry:
    page.goto(f"{web}/enter/")
    page.fill("[name=identity_number]", "AT 482 917")
    page.select_option("[name=nation]", "COL")
    page.fill("[name=birth_date]", "1996-11-03")
    page.check("[name=sex][value=M]")
    for name, value in (
        ("surname_latin", "Rojas Moreno"), ("given_latin", "Andrés Felipe"), ("email", "andres@example.org"),
        ("emergency_name", "Lucía"), ("emergency_phone", "+57 300 1234567"),
    ):  # fmt: skip
        page.fill(f"[name={name}]", value)
    choose(page, "ME")
    signed(page, "Andrés Rojas")
    page.click("button[type=submit]")
    page.wait_for_url("**/my/**")
    pay_in_the_sandbox(page)
    page.wait_for_selector(".entry-confirmed .pass")
    page.goto(web + mailed_link(mail, "andres@example.org"))
    expect(page.locator(".entry-confirmed .entry-state")).to_contain_text("Confirmed")
    return Entry.objects.get(rider__nation="COL")


def team_of_twelve(page: Page, web: str, mail: Path, folder: Path) -> list[Entry]:
    book = folder / "team.xlsx"
    with xlsxwriter.Workbook(str(book)) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "身份证号", "组别", "邮箱"])
        for row, name in enumerate(TEAM, 1):
            sheet.write_row(row, 0, [name, resident_number(name), "男子公路大众组", f"rider{row}@example.org"])
    page.goto(f"{web}/enter/team/")
    for field, value in (("team", "洛阳飞驰车队"), ("contact_name", "经理"), ("email", "manager@example.org")):
        page.fill(f"#id_{field}", value)
    page.set_input_files("#id_list", str(book))
    page.click("button[value=judge]")
    page.wait_for_selector("#team-grid")
    page.wait_for_load_state()
    page.check("[name=accept]")
    page.click("button[value=register]")
    page.wait_for_selector(".team-riders")
    pay_in_the_sandbox(page)
    expect(page.locator(".team-rider")).to_have_count(12)
    assert mailed_link(mail, "manager@example.org") in page.url
    own = page.context.new_page()
    own.goto(web + mailed_link(mail, "rider1@example.org"))
    assert "王甲" in own.inner_text("main") and "王乙" not in own.inner_text("main")
    own.close()
    return list(Entry.objects.filter(team__name_zh="洛阳飞驰车队").order_by("pk"))


def numbers_and_a_chip(context: BrowserContext, web: str, entry: Entry) -> None:
    page = context.new_page()
    page.goto(f"{web}/editions/{entry.edition.slug}/office/bibs/")
    page.click(".bibs-plan button[type=submit]")
    page.click(".bibs-head form button")
    page.wait_for_url("**/bibs/**")
    patience.until(lambda: not Entry.objects.filter(state="confirmed", bib=None).exists(), WAIT, "the numbers")
    entry.refresh_from_db()
    page.goto(f"{web}/editions/{entry.edition.slug}/office/chips/")
    page.fill("#give-chip", "a77")
    page.fill("#give-bib", str(entry.bib))
    page.click("[data-chips-give] button[type=submit]")
    patience.until(lambda: Assignment.objects.exists(), WAIT, "the chip")
    page.close()


def half_an_hour_before(edition: Edition) -> None:
    """The morning of the race: an edition that rehearses stands half an hour before its first gun."""
    Edition.objects.filter(pk=edition.pk).update(rehearsal=True)
    first = Wave.objects.filter(race__edition=edition).order_by("planned_at")[0]
    clock.set_rehearsal(Edition.objects.get(pk=edition.pk), event=first.planned_at - timedelta(minutes=30), speed=1)


def sign_on_without_a_network(context: BrowserContext, web: str, entry: Entry) -> None:
    page = context.new_page()
    page.goto(f"{web}/editions/{entry.edition.slug}/office/sign-on/?desk=2")
    page.wait_for_selector("html[data-worker=ready]")
    page.wait_for_selector("[data-at=count]:has-text('/')")
    context.set_offline(True)
    page.fill("#so-q", str(entry.pass_code))
    page.press("#so-q", "Enter")
    expect(page.locator(".so-band h1")).to_have_text("单雨桐")
    for item in ("cloth", "plate"):
        page.click(f"[data-item={item}]")
    # The chips desk took the deposit and tied the chip to the number; here it goes from hand to hand.
    page.click("[data-item=chip]")
    page.fill("#so-field", "a77")
    page.click("#so-dialog .button-primary")
    page.click("[data-act=complete]")
    page.wait_for_selector(".so-done")
    assert Entry.objects.get(pk=entry.pk).signed_on is False
    context.set_offline(False)
    patience.until(lambda: Entry.objects.get(pk=entry.pk).signed_on, WAIT, "the sync")


def test_three_ways_in_and_one_to_the_start_line(
    web: str, page: Page, abroad: Page, office: BrowserContext, edition: Edition, mail: Path, tmp_path: Path
) -> None:
    one = rider_from_xinjiang(page, web, mail)
    two = rider_from_colombia(abroad, web, mail)
    twelve = team_of_twelve(page, web, mail, tmp_path)
    assert Entry.objects.filter(state="confirmed").count() == 14
    sums = [line.amount_fen for line in LedgerLine.objects.order_by("pk")]
    assert (len(sums), sum(sums)) == (14, 2 * 12_000 + 12 * 10_000)
    numbers_and_a_chip(office, web, one)
    bibs = list(Entry.objects.order_by("bib").values_list("bib", "category__code"))
    assert bibs == [(1, "ME"), (2, "ME"), *((401 + place, "MM") for place in range(12))]
    assert {one.bib, Entry.objects.get(pk=two.pk).bib} == {1, 2}
    assert {Entry.objects.get(pk=entry.pk).bib for entry in twelve} == set(range(401, 413))
    half_an_hour_before(edition)
    sign_on_without_a_network(office, web, one)
    done = DeskTick.objects.filter(outcome="done").order_by("pk").values_list("item", "value")
    assert list(done) == [("cloth", "1"), ("plate", "1"), ("chip", "A77"), ("sign_on", "1")]
    assert list(Assignment.objects.values_list("transponder__code", "entry")) == [("A77", one.pk)]
    page.goto(f"{web}/editions/{edition.slug}/start-list/?race={Race.objects.get(pk=one.race_id).slug}")
    assert Message.objects.filter(state="failed").count() == 0
