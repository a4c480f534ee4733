"""The bunch board in a real browser: an order by drag and by keyboard, undone, signed; the public board follows."""

from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from launch.processes import Part
from race import gun
from race.models import Role, User
from results import live
from results.models import Ruling
from tests import cast
from tests.browser.test_live import shows

pytestmark = pytest.mark.browser


def sprint():
    """1 to 4 come in together; 2 and 3 are doubtful."""
    stage = cast.make(laps=1, slug=f"race-{uuid4().hex[:8]}")
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 10:00:00.100", "C2 10:00:00.400", "C3 10:00:00.440", "C4 10:00:00.900")
    live.refresh(stage.race.pk)
    return stage


def stands(page: Page, *bibs: int) -> None:
    """The list shows these in this order, as the server drew it."""
    page.wait_for_function(
        "wanted => [...document.querySelectorAll('.bn-rider')].map(row => row.dataset.bib).join() === wanted",
        arg=",".join(map(str, bibs)),
    )


def drag_before(page: Page, bib: int, first: int) -> None:
    """A rider is dragged by the handle to the place of another, slowly enough for a hand."""
    page.locator(f'.bn-rider[data-bib="{bib}"] .bn-grip').hover()
    there = page.locator(f'.bn-rider[data-bib="{first}"]').bounding_box()
    assert there is not None
    page.mouse.down()
    page.mouse.move(there["x"] + 20, there["y"] + 30, steps=6)
    page.mouse.move(there["x"] + 20, there["y"] + 6, steps=4)
    page.mouse.up()


def test_an_order_by_drag_and_by_keyboard_is_signed_once_and_the_board_follows(page: Page, web: str, worker: Part):
    stage = sprint()
    user = User.objects.create(username="wang", email="wang@example.org")
    Role.objects.create(user=user, edition=stage.edition, name="commissaire")
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])
    board = page.context.new_page()
    board.goto(f"{web}/live/#{stage.race.slug}")
    shows(board, [["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"]])
    board.evaluate("() => { window.stayed = true; }")

    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{web}/officials/bunch/{stage.race.slug}/")
    stands(page, 1, 2, 3, 4)
    # By keyboard: 3 is chosen and goes one place to the front; the page says so.
    page.locator('.bn-rider[data-bib="3"] .bn-row').click()
    page.keyboard.press("ArrowUp")
    page.locator("#bn-draft").wait_for()
    stands(page, 1, 3, 2, 4)
    expect(page.locator("#bn-live")).to_contain_text("3 号")
    expect(page.locator('.bn-rider[data-bib="3"] .bn-row')).to_be_focused()
    # By drag: 4 goes to the very front, and is taken back.
    for _ in range(2):
        drag_before(page, 4, 1)
        stands(page, 4, 1, 3, 2)
        page.locator("[data-sign][value='4,1,3,2']").wait_for()
        page.locator("[data-undo]").click()
        stands(page, 1, 3, 2, 4)
        page.locator("[data-sign][value='3,2']").wait_for()
    # What was moved outlives a reload.
    page.reload()
    page.locator("[data-sign][value='3,2']").wait_for()
    assert not Ruling.objects.exists()
    page.locator("[data-sign]").click()
    page.locator(".bn-told").wait_for()
    page.wait_for_load_state()
    [made] = Ruling.objects.all()
    assert made.detail == {"order": [[3], [2]]}
    stands(page, 1, 3, 2, 4)
    expect(page.locator("#bn-doubt"), "who has placed both is not asked again").to_have_count(0)
    expect(page.locator("#bn-draft")).to_have_count(0)
    shows(board, [["1", "1"], ["2", "3"], ["3", "2"], ["4", "4"]])
    assert board.evaluate("window.stayed") is True
