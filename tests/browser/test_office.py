"""The office in a real browser, on a phone: find by a key, take money, send a message, watch it go."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from launch.processes import Part
from race import ledger
from race.models import Entry, Message, Role, User
from tests import entering

pytestmark = pytest.mark.browser


@pytest.fixture
def field() -> entering.Field:
    return entering.open_entries()


@pytest.fixture
def office(page: Page, web: str, field: entering.Field) -> Page:
    """A phone on which somebody of the office is signed in."""
    user = User.objects.create(username="zhou", email="zhou@example.org")
    Role.objects.create(user=user, edition=field.edition, name="office")
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])
    return page


def test_the_queue_refreshes_itself_and_the_menu_folds(office: Page, web: str, field: entering.Field):
    office.clock.install()
    office.goto(f"{web}/office/")
    assert office.locator(".office-places-in").is_hidden()
    office.click(".office-places-open")
    expect(office.locator(".office-places-in a[aria-current=page]")).to_have_text("待办")
    entry = entering.enter(field, "张伟")
    ledger.mark_paid(entry, method="cash", amount_fen=10_000, by=None)
    office.clock.run_for(16_000)
    office.locator(".todo-card").first.wait_for()
    expect(office.locator(".todo-card b")).to_have_text(["1", "1"])


def test_a_slash_finds_a_rider_and_money_is_taken_in_place(office: Page, web: str, field: entering.Field):
    entry = entering.enter(field, "张伟")
    office.goto(f"{web}/office/")
    office.keyboard.press("/")
    office.keyboard.type("zw")
    office.keyboard.press("Enter")
    office.click("text=张伟")
    office.click("summary:has-text('收款')")
    office.click("button:has-text('记录收款')")
    office.locator(".office-told").wait_for()
    expect(office.locator(".office-told")).to_have_text("已收 张伟 100.00 元。")
    assert Entry.objects.get(pk=entry.pk).paid_fen == 10_000


def test_a_message_to_many_is_seen_sent_and_followed_to_its_end(
    office: Page, web: str, field: entering.Field, worker: Part
):
    for name in ("张伟", "李雷"):
        ledger.mark_paid(entering.enter(field, name), method="cash", amount_fen=10_000, by=None)
    office.goto(f"{web}/office/entries/?state=confirmed")
    office.click("text=给 2 条报名写消息")
    office.fill("#subject_zh", "停车")
    office.fill("#body_zh", "{name}：东门。{link}")
    office.click("button:has-text('先看样稿')")
    office.locator("#preview").wait_for()
    expect(office.locator(".letter-shown")).to_have_count(2)
    office.click("button:has-text('发送 2 条消息')")
    office.locator("text=所有消息均已处理").wait_for(timeout=30_000)
    assert list(Message.objects.filter(kind="campaign").values_list("state", flat=True)) == ["sent", "sent"]
