"""The sign-on desk in a real browser, with a real server: it works without a network, loses no tap and gives nothing twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from launch import patience
from race import clock, desk_roster, desk_sync, names
from race.desk_ticks import Event
from race.models import Assignment, Category, DeskTick, Edition, Entry, Race, Rider, Team
from tests import cast
from tests.ui.modules import run_module

pytestmark = pytest.mark.browser
WAIT = 20
PEOPLE = (
    (326, "黄思源", "HUANG", "Siyuan", "南阳卧龙单车俱乐部"),
    (351, "唐晓峰", "TANG", "Xiaofeng", "洛阳飞驰车队"),
    (344, "阿卜杜拉·麦麦提", "ABUDULA", "Maimaiti", "乌鲁木齐天山骑行俱乐部"),
    (407, "宋佳", "SONG", "Jia", "郑州一骑绝尘自行车运动俱乐部"),
    (312, "曹志远", "CAO", "Zhiyuan", ""),
    (219, "杨若彤", "YANG", "Ruotong", "西安城墙车队"),
)


@pytest.fixture
def stage() -> cast.Cast:
    """Six riders half an hour before the start; nobody is here yet."""
    made = cast.make(riders=0)
    Edition.objects.update(
        short_zh="第十届大谷关公开赛", waiver_zh="本人自愿参加，身体健康，自担风险。\n\n遵守规程与裁判判罚。",
        waiver_en="I ride of my own will, in good health and at my own risk.\n\nI keep to the regulations and the rulings.",
    )  # fmt: skip
    Race.objects.update(name_zh="男子公路大众组", name_en="Men's road masters")
    Category.objects.update(
        code="MM",
        mark="square",
        name_zh="男子公路大众组",
        name_en="Road masters",
        min_age=18,
        max_age=60,
        fee_fen=10_000,
    )
    for bib, zh, surname, given, team in PEOPLE:
        entry = cast.enter(
            made, bib, Team.objects.get_or_create(edition=made.edition, name_zh=team)[0] if team else None
        )
        Rider.objects.filter(pk=entry.rider_id).update(
            name_zh=zh, surname_latin=surname, given_latin=given, search_key=names.search_keys(zh, surname, given),
            region_zh="河南", region_en="Henan", sort_key=names.sort_key(zh, surname, given),
        )  # fmt: skip
        made.entries[bib] = entry
    Entry.objects.update(signed_on=False, fee_fen=10_000, paid_fen=10_000)
    Entry.objects.filter(bib=326).update(pass_code="7KQ2MZX4AB")
    clock.set_rehearsal(made.edition, event=cast.GUN - timedelta(minutes=30), speed=1)
    made.edition.refresh_from_db()
    return made


def signed_in(chromium: Browser, web: str, stage: cast.Cast, role: str = "office", **options: Any) -> BrowserContext:
    """A browser of somebody with a role."""
    client = Client()
    client.force_login(cast.person(stage.edition, role))
    told: dict[str, Any] = {"viewport": {"width": 1080, "height": 810}, "locale": "zh-CN"} | options
    context = chromium.new_context(**told)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])
    return context


@pytest.fixture
def tablet(chromium: Browser, web: str, stage: cast.Cast) -> Iterator[BrowserContext]:
    """A tablet of desk 2; an error in its scripts fails the test."""
    context = signed_in(chromium, web, stage)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert errors == []


def opened(tablet: BrowserContext, web: str) -> Page:
    """The page with its list on the tablet and its service worker at work."""
    page = tablet.new_page()
    page.goto(f"{web}/office/sign-on/?desk=2")
    page.wait_for_selector("html[data-worker=ready]")
    page.wait_for_selector("[data-at=count]:has-text('/')")
    return page


def scan(page: Page, text: str) -> None:
    """Type as a reader does."""
    page.fill("#so-q", text)
    page.press("#so-q", "Enter")


def hand_out_everything(page: Page, chip: str) -> None:
    """Sign the waiver, tick cloth and plate, give the chip, take the deposit."""
    page.click("[data-act=waiver]")
    page.fill("#so-field", "黄思源")
    page.click("#so-dialog .button-primary")
    for item in ("cloth", "plate"):
        page.click(f"[data-item={item}]")
    page.click("[data-item=chip]")
    page.fill("#so-field", chip)
    page.click("#so-dialog .button-primary")
    page.click("[data-item=deposit]")
    page.click("[data-method=cash]")


def badge(page: Page) -> str:
    return page.inner_text("[data-at=badge]") if page.is_visible("[data-at=badge]") else ""


def until_synced(page: Page) -> None:
    patience.until(lambda: badge(page) == "", WAIT, "an empty queue")


def done() -> list[tuple[str, str]]:
    """What counts, in order."""
    return list(DeskTick.objects.filter(outcome="done").order_by("pk").values_list("item", "value"))


EVERYTHING = [
    ("waiver", "黄思源"), ("cloth", "1"), ("plate", "1"), ("chip", "A77"), ("deposit", "cash"), ("sign_on", "1"),
]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_rider_is_signed_on_without_a_network_and_it_counts_once(
    tablet: BrowserContext, web: str, stage: cast.Cast
) -> None:
    page = opened(tablet, web)
    tablet.set_offline(True)
    page.reload()
    page.wait_for_selector("[data-at=badge]:has-text('离线')")
    scan(page, "7KQ2MZX4AB")
    expect(page.locator(".so-band h1")).to_have_text("黄思源")
    expect(page.locator("[data-act=complete]")).to_be_disabled()
    expect(page.locator("#so-reason")).to_have_text("补齐 2 项后才能检录。裁判长可带缺项放行并写明理由。")
    hand_out_everything(page, "a77")
    page.click("[data-act=complete]")
    page.wait_for_selector(".so-done")
    assert badge(page) == "离线 · 6 条待同步"
    assert Entry.objects.get(bib=326).signed_on is False
    page.close()  # the tablet is put away and taken out again, still without a network
    page = tablet.new_page()
    page.goto(f"{web}/office/sign-on/?desk=2")
    page.wait_for_selector("[data-at=badge]:has-text('6 条待同步')")
    tablet.set_offline(False)
    until_synced(page)
    assert Entry.objects.get(bib=326).signed_on is True
    assert done() == EVERYTHING
    page.reload()
    page.wait_for_selector("[data-at=count]:has-text('1 / 6')")
    until_synced(page)
    assert done() == EVERYTHING
    assert {tick.desk for tick in DeskTick.objects.all()} == {"2"}


@pytest.mark.django_db(transaction=True)
def test_two_tablets_gave_the_same_chip_and_a_person_decides(
    chromium: Browser, tablet: BrowserContext, web: str, stage: cast.Cast
) -> None:
    page = opened(tablet, web)
    other = signed_in(chromium, web, stage)
    theirs = opened(other, web)
    tablet.set_offline(True)
    for desk, bib in ((page, "351"), (theirs, "407")):
        scan(desk, bib)
        desk.click("[data-item=chip]")
        desk.fill("#so-field", "B5")
        desk.click("#so-dialog .button-primary")
        desk.wait_for_selector(".so-tile[data-item=chip][aria-pressed=true]")
    until_synced(theirs)
    tablet.set_offline(False)
    page.wait_for_selector("[data-at=cards]:has-text('1 条要处理')")
    assert list(Assignment.objects.values_list("transponder__code", "entry__bib")) == [("B5", 407)]
    page.click("[data-at=cards]")
    expect(page.locator(".so-card h3")).to_have_text("芯片 B5 已属 407 号")
    page.click("[data-do=chip]")
    page.fill("#so-field", "B6")
    page.click("#so-dialog .button-primary")
    page.wait_for_selector("[data-at=cards]", state="hidden")
    until_synced(page)
    assert set(Assignment.objects.values_list("transponder__code", "entry__bib")) == {("B5", 407), ("B6", 351)}
    other.close()


@pytest.mark.django_db(transaction=True)
def test_what_another_desk_did_is_heard_and_signing_out_forgets_the_riders(
    tablet: BrowserContext, web: str, stage: cast.Cast
) -> None:
    tablet.clock.install()
    page = opened(tablet, web)
    scan(page, "tangxiaofeng")
    tick = Event(
        uuid4(),
        stage.entries[351].pk,
        "cloth",
        "1",
        clock.now(stage.edition),
        desk_roster.instants(stage.edition)["stamp"],
        desk="5",
    )
    desk_sync.take(stage.edition, [tick], by=None, roles=())
    page.clock.run_for(8_000)
    page.wait_for_selector(".so-tile[data-item=cloth][aria-pressed=true]", timeout=WAIT * 1000)
    expect(page.locator(".so-tile[data-item=cloth]")).to_contain_text(re.compile(r"351 · \d+:\d\d 5 号台"))
    tablet.set_offline(True)
    page.click("[data-item=plate]")
    page.wait_for_selector("[data-at=badge]:has-text('1 条待同步')")
    page.click(".so-menu summary")
    expect(page.locator("[data-at=leave]")).to_be_disabled()
    expect(page.locator("[data-at=leave-why]")).to_have_text("还有 1 条没有发送，发完再退出。")
    tablet.set_offline(False)
    until_synced(page)
    page.click("[data-at=leave]")
    page.wait_for_url("**/login/")
    page.wait_for_selector("html[data-wiped=yes]")
    kept = page.evaluate("""async () => {
        const { Store } = await import("/static/ui/sign_on/store.js");
        const store = await Store.open();
        return [(await store.all("roster")).length, (await caches.keys()).length];
    }""")
    assert kept == [0, 0]


FOLDED = [
    "Zhāng Sān", "张 三", "ＺＨＡＮＧ", "Łódź", "Müller-Lüdenscheidt", "O’Brien", "阿卜杜拉·麦麦提", "STRASSE ß", "  a-b.c  ",
    "İstanbul", "Ångström",
    "12０３", "ἈΘΗΝΑΣ", "ﬁ", "吕明", "лыжи", "e\u0301",
]  # fmt: skip


def test_the_tablet_folds_what_is_typed_as_the_server_does(page: Page) -> None:
    script = 'import { queryKey } from "/sign_on/find.js";\nreturn texts.map(queryKey);'
    assert run_module(page, script, {"texts": FOLDED}) == [names.query_key(text) for text in FOLDED]


FIND = """
    import { find } from "/sign_on/find.js";
    return asked.map((text) => find(text, rows).map((row) => row.bib));
"""


def test_one_field_finds_pass_bib_chip_name_and_initials(page: Page) -> None:
    rows = [
        {"bib": bib, "key": names.search_keys(zh, surname, given), "pass": f"PASS{bib}", "chips": [f"C{bib}"]}
        for bib, zh, surname, given, _team in PEOPLE
    ]
    asked = [
        "pass326",
        "https://dgg.example/p/PASS351",
        "344",
        "3",
        "C407",
        "宋佳",
        "tangxiaofeng",
        "xiaofengtang",
        "hsy",
        "maimaiti",
        "zz",
    ]
    assert run_module(page, FIND, {"rows": rows, "asked": asked}) == [
        [326], [351], [344], [312, 326, 344, 351], [407], [407], [351], [351], [326], [344], [],
    ]  # fmt: skip


ROWS = """
    import { withQueue, headCount } from "/sign_on/rows.js";
    const view = withQueue(new Map(rows.map((row) => [row.id, row])), queue);
    const told = (row) => [row.id, row.here, row.chips, Object.keys(row.ticks), row.missing.map((gap) => gap.code)];
    return [[...view.values()].map(told), headCount(view, "mm")];
"""


def test_taps_that_were_not_sent_stand_on_top_of_the_servers_rows(page: Page) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": one,
            "race": "mm",
            "here": False,
            "chips": [f"C{one}"],
            "ticks": {},
            "paid_fen": 0,
            "missing": [{"code": "unpaid", "fen": 100}],
        }
        for one in (1, 2)
    ]
    queue = [
        {"entry": 1, "item": item, "value": value, "at": "", "desk": "2"}
        for item, value in [("cash", "100"), ("cloth", "1"), ("chip_swap", "c2"), ("sign_on", "1"), ("cloth", "off")]
    ]
    assert run_module(page, ROWS, {"rows": rows, "queue": queue}) == [
        [[1, True, ["C1", "C2"], ["cash", "chip", "sign_on"], []], [2, False, [], [], ["unpaid", "no_chip"]]],
        {"here": 1, "all": 2},
    ]
