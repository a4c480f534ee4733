"""An unknown chip in a real browser: it stands on the line desk, one button says whose it is, and the public board moves."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from launch.processes import Part
from race.models import Role, User
from results import live
from tests.browser.test_live import shows
from tests.timing.test_unknown_chips import AFTER, BEFORE, mistyped

pytestmark = pytest.mark.browser


def test_one_button_says_whose_the_chip_is_and_the_board_moves_by_itself(page: Page, web: str, worker: Part):
    stage = mistyped(slug=f"race-{uuid4().hex[:8]}")
    live.refresh(stage.race.pk)
    user = User.objects.create(username="zhao", email="zhao@example.org")
    Role.objects.create(user=user, edition=stage.edition, name="timing_crew")
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])
    board = page.context.new_page()
    board.goto(f"{web}/live/#{stage.race.slug}")
    shows(board, [["1", "1"], ["2", "2"], ["3", "3"], ["", "4"]])
    board.evaluate("() => { window.stayed = true; }")
    assert stage.table() == BEFORE
    page.goto(f"{web}/line/")
    chip = page.locator("#chip-BX0941")
    chip.wait_for()
    assert re.sub(r"\s+", " ", chip.inner_text()).startswith(
        "BX0941 2 次 · Finish，第 1–2 圈 建议 4 车手4 发的是 BX0914，相邻两位颠倒"
    )
    chip.get_by_role("button", name="归 4 号").click()
    page.locator(".line-told").wait_for()
    expect(page.locator(".line-told")).to_contain_text("芯片 BX0941 归 4 号")
    shows(board, [["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"]])
    assert board.evaluate("window.stayed") is True
    assert stage.table() == AFTER
    page.locator("#unknown >> text=读到的芯片都有归属，或已搁置。").wait_for()
