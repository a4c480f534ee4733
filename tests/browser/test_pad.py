"""The phone pad in a real browser, with a real server: no tap is lost, each counts once and at the moment of the touch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from launch import patience
from launch.processes import Part
from race import clock, gun
from race.models import Rider
from tests import cast
from tests.conftest import answers, running
from tests.ports import free_port
from tests.ui.modules import run_module
from timing import pad
from timing.models import Correction, Read, Source, Status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WAIT = 20
#: Milliseconds between a touch and when this test looked at its own clock, on a slow machine.
SLACK = 400


@pytest.fixture
def stage() -> cast.Cast:
    """Ten minutes after the gun; four riders, in real time."""
    made = cast.make(laps=3)
    gun.fire(made.wave, cast.GUN, by=None)
    Rider.objects.filter(entries__bib=3).update(name_zh="黄思源", surname_latin="HUANG", given_latin="Siyuan")
    clock.set_rehearsal(made.edition, event=cast.GUN + timedelta(minutes=10), speed=1)
    made.edition.refresh_from_db()
    return made


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    """A phone of a volunteer without an account; an error in its scripts fails the test."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", has_touch=True)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert errors == []


def key(stage: cast.Cast, name: str = "Pad A") -> str:
    return pad.open_pad(stage.edition, stage.finish, name, by=cast.person(stage.edition, "timing_crew")).secret


def opened(phone: BrowserContext, web: str, secret: str) -> Page:
    """The pad, its clock measured and its service worker at work."""
    page = phone.new_page()
    page.goto(f"{web}/line/pad/keys/#key={secret}")
    page.wait_for_selector("html[data-worker=ready]")
    page.wait_for_selector("[data-at=error]:has-text('±')")
    return page


def type_bib(page: Page, bib: int) -> None:
    for digit in str(bib):
        page.tap(f"[data-digit='{digit}']")


def tap_now(page: Page, stage: cast.Cast) -> tuple[datetime, datetime]:
    """Touch Now; the event times just before and after."""
    before = clock.now(stage.edition)
    page.tap("[data-act=now]")
    return before, clock.now(stage.edition)


def badge(page: Page) -> str:
    return page.inner_text("[data-at=badge]")


def until_sent(page: Page) -> None:
    patience.until(lambda: badge(page) == "全部已发", WAIT, "an empty queue")


def stored() -> list[tuple[str, datetime]]:
    """What counts of the pad's reads: code and true instant, by time."""
    ignored = Correction.objects.filter(kind="ignore").values("read")
    reads = Read.objects.filter(source__make="pad").exclude(pk__in=ignored).order_by("local_us", "chip")
    zone = ZoneInfo("Asia/Shanghai")
    naive = [(read.chip, datetime(1970, 1, 1) + timedelta(microseconds=read.local_us)) for read in reads]  # noqa: DTZ001
    return [(chip, moment.replace(tzinfo=zone)) for chip, moment in naive]


def within(found: datetime, span: tuple[datetime, datetime]) -> bool:
    slack = timedelta(milliseconds=SLACK)
    return span[0] - slack <= found <= span[1] + slack


def test_a_volunteer_gets_a_key_from_the_crew_and_taps(
    chromium: Browser, phone: BrowserContext, web: str, stage: cast.Cast
) -> None:
    crew = Client()
    crew.force_login(cast.person(stage.edition, "timing_crew"))
    desk = chromium.new_context(locale="zh-CN")
    desk.add_cookies([{"name": "sessionid", "value": crew.cookies["sessionid"].value, "url": web}])
    page = desk.new_page()
    page.goto(f"{web}/line/pad/")
    page.select_option("#pd-point", str(stage.finish.pk))
    page.fill("#pd-name", "终点手机")
    page.click(".pd-form button")
    link = page.input_value("#pd-link")
    expect(page.locator(".pd-code svg")).to_be_visible()
    mine = opened(phone, web, link.split("key=")[1])
    assert mine.url == f"{web}/line/pad/keys/"  # the key is no longer to be seen
    stage.reads("C1 09:08:00", "C2 09:08:01")
    type_bib(mine, 3)
    expect(mine.locator("[data-at=who] b")).to_have_text("黄思源")
    spans = [tap_now(mine, stage)]
    until_sent(mine)
    assert [chip for chip, _at in stored()] == ["BIB:3"] and within(stored()[0][1], spans[0])
    assert stage.table()[:3] == ["1 1 racing 1", "2 2 racing 1", "3 3 racing 1"]
    page.goto(f"{web}/line/pad/")
    page.click(".pd-list .button-danger")
    page.wait_for_selector(".pd-gone")
    type_bib(mine, 4)
    mine.tap("[data-act=now]")
    mine.wait_for_selector("[data-at=badge]:has-text('密钥已收回')")
    assert Read.objects.filter(chip="BIB:4").count() == 0
    desk.close()


def test_plain_taps_get_their_bibs_later_and_a_wrong_bib_is_taken_back(
    phone: BrowserContext, web: str, stage: cast.Cast
) -> None:
    page = opened(phone, web, key(stage))
    spans = [tap_now(page, stage), tap_now(page, stage)]
    until_sent(page)
    assert [chip for chip, _at in stored()] == ["TAP", "TAP"]
    assert stage.table()[0] == "– 1 racing 0"
    for bib in (2, 1):
        type_bib(page, bib)
        page.tap("[data-act=give]")
    until_sent(page)
    assert stage.table()[:2] == ["1 2 racing 1", "2 1 racing 1"]
    # the first was bib 3, not 2
    page.tap(".pad-line:last-child .pad-entry")
    type_bib(page, 3)
    page.tap("[data-act=give]")
    until_sent(page)
    assert stage.table()[:2] == ["1 3 racing 1", "2 1 racing 1"]
    # it was nobody at all; and then it was 3 after all
    page.tap(".pad-line:last-child .pad-entry")
    page.tap("[data-act=back]")
    until_sent(page)
    assert stage.table()[0] == "1 1 racing 1"
    page.tap(".pad-line:last-child .pad-entry")
    type_bib(page, 3)
    page.tap("[data-act=give]")
    until_sent(page)
    assert stage.table()[:2] == ["1 3 racing 1", "2 1 racing 1"]
    found = stored()
    assert [chip for chip, _at in found] == ["TAP", "BIB:3", "BIB:1", "TAP"]
    assert within(found[1][1], spans[0]) and within(found[2][1], spans[1])
    assert Correction.objects.count() == 2


def server(started: Callable[..., Part], port: int) -> Any:
    command = ["-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    part = started("pad-web", *command, "--log-level", "warning", "--timeout-graceful-shutdown", "1")
    return running(part, lambda: answers(f"http://127.0.0.1:{port}/healthz/live"))


def test_a_minute_without_a_network_a_restart_of_the_server_and_everything_counts_once(
    phone: BrowserContext, started: Callable[..., Part], stage: cast.Cast, redis: object
) -> None:
    port = free_port()
    web = f"http://127.0.0.1:{port}"
    with ExitStack() as first:
        first.enter_context(server(started, port))
        page = opened(phone, web, key(stage))
        tap_now(page, stage)
        until_sent(page)
    phone.set_offline(True)
    page.wait_for_selector("[data-at=badge]:has-text('离线')")
    spans = []
    for bib in (1, 3):
        type_bib(page, bib)
        spans.append(tap_now(page, stage))
    # the phone is put away and taken out again, without a network; its clock is known no better than before
    page.close()
    page = phone.new_page()
    page.goto(f"{web}/line/pad/")
    page.wait_for_selector("[data-at=badge]:has-text('2 条待发')")
    expect(page.locator("[data-at=error]")).to_have_text("时钟未校准")
    type_bib(page, 4)
    spans.append(tap_now(page, stage))
    other = phone.new_page()  # and another tab of it
    other.goto(f"{web}/line/pad/keys/")
    type_bib(other, 2)
    spans.append(tap_now(other, stage))
    page.wait_for_selector("[data-at=badge]:has-text('4 条待发')")
    time.sleep(3)
    assert Read.objects.count() == 1
    with server(started, port):
        phone.set_offline(False)
        until_sent(page)
        until_sent(other)
        found = stored()[1:]
        assert [chip for chip, _at in found] == ["BIB:1", "BIB:3", "BIB:4", "BIB:2"]
        assert [within(at, span) for (_chip, at), span in zip(found, spans, strict=True)] == [True] * 4
        page.goto(f"{web}/line/pad/keys/")
        page.wait_for_selector("[data-at=badge]:has-text('全部已发')")
        assert len(stored()) == 5
    assert stage.table() == ["1 1 racing 1", "2 3 racing 1", "3 4 racing 1", "4 2 racing 1"]


def test_a_phone_whose_clock_is_wrong_and_is_set_in_between_tells_the_right_time(
    phone: BrowserContext, web: str, stage: cast.Cast
) -> None:
    # Two hours and 345 ms ahead of true; later somebody sets it back by three hours.
    phone.add_init_script(
        "const real = Date.now.bind(Date); globalThis.ahead = 7_200_345; Date.now = () => real() + globalThis.ahead;"
    )
    page = opened(phone, web, key(stage))
    type_bib(page, 1)
    spans = [tap_now(page, stage)]
    phone.set_offline(True)
    page.evaluate("globalThis.ahead = -3_600_000")
    type_bib(page, 3)
    spans.append(tap_now(page, stage))
    phone.set_offline(False)
    until_sent(page)
    found = stored()
    assert [chip for chip, _at in found] == ["BIB:1", "BIB:3"]
    assert [within(at, span) for (_chip, at), span in zip(found, spans, strict=True)] == [True, True]
    patience.until(lambda: Status.objects.exists(), WAIT, "the phone's word")
    status = Status.objects.get()
    assert status.source == Source.objects.get(name="Pad A")
    assert abs(abs(status.clock_us or 0) - 5_400_000_000) < 2_000_000_000  # told as it was at one of the two


def test_odd_bibs_are_warned_of_and_kept(phone: BrowserContext, web: str, stage: cast.Cast) -> None:
    page = opened(phone, web, key(stage))
    type_bib(page, 99)
    expect(page.locator("[data-at=who] .pad-doubt span")).to_have_text("99 号没有车手。照样记下。")
    page.tap("[data-act=now]")
    for _time in range(2):
        page.keyboard.type("3")
        page.keyboard.press("Enter")
    until_sent(page)
    expect(page.locator(".pad-line:first-child small")).to_have_text("3 号又来一次，比一圈所需的短。照样记下。")
    assert [chip for chip, _at in stored()] == ["BIB:99", "BIB:3", "BIB:3"]
    assert stage.table()[0] == "1 3 racing 1"


def test_what_the_server_cannot_count_is_said(phone: BrowserContext, web: str, stage: cast.Cast) -> None:
    page = opened(phone, web, key(stage))
    refusing = {"counts": {"new": 0, "known": 0, "rejected": 1, "unknown": 0, "markers": 0}}
    phone.route("**/api/v1/timing/reads/", lambda route: route.fulfill(status=201, json=refusing))
    page.tap("[data-act=now]")
    page.wait_for_selector("[data-at=badge]:has-text('1 条不计')")
    expect(page.locator("[data-at=trouble]")).to_have_text("服务器存下了这些记录，但不能计入。告诉计时组。")


CLOCK = """
    import { PadClock } from "/pad/clock.js";
    let mono = 1000, wall = 5_000_000;
    const pass = (ms, asleep = 0) => { mono += ms; wall += ms + asleep; };
    const clock = new PadClock(() => mono, () => wall);
    const told = () => [Math.round(clock.event()), Math.round(clock.reading.error * 10) / 10, clock.sure];
    const found = [];
    // true time is the phone's clock + 70 000: ten answers of odd ways, one of 20 ms
    for (const [there, back] of [[90, 10], [200, 30], [8, 12], [40, 300]]) {
      const from = mono; pass(there); const server = wall + 70_000; pass(back); clock.heard(from, mono, server);
    }
    found.push(["measured", ...told(), wall + 70_000]);
    pass(3_600_000);
    found.push(["an hour later", ...told(), wall + 70_000]);
    wall -= 9_999_999; found.push(["set back", clock.watch(false), ...told().slice(2), Math.round(clock.event()) - mono]);
    pass(1000, 600_000);
    found.push(["slept", clock.watch(true), ...told().slice(2)]);
    const stretch = clock.stretch;
    found.push(["in sight", clock.watch(false)]);
    wall += 50_000; found.push(["set forward unmeasured", clock.watch(false), clock.stretch === stretch]);
    return found;
"""


def test_the_fastest_answer_says_most_and_breaks_of_the_clock_are_noticed(page: Page) -> None:
    found = run_module(page, CLOCK)
    assert [row[0] for row in found] == [
        "measured",
        "an hour later",
        "set back",
        "slept",
        "in sight",
        "set forward unmeasured",
    ]
    _name, at, error, sure, true = found[0]
    assert (abs(at - true) <= error, error, sure) == (True, 10.0, True)
    _name, at, error, sure, true = found[1]
    assert (abs(at - true) <= 10, 185 < error < 195, sure) == (True, True, True)
    assert found[2][1:3] == [True, True]
    assert found[3][1:] == [True, False]
    assert [found[4][1], found[5][1:]] == [False, [True, True]]


ENTRIES = """
    import { given, marked, nameless, pending, tapped, undone, waiting } from "/pad/entries.js";
    const when = { local: "2024-05-25T09:20:00.250", event: 1, wall: 1 };
    const codes = (entry) => entry.facts.map((fact) => `${fact.kind} ${fact.chip} ${fact.local.slice(20)}`);
    const plain = tapped("k", 1, when, null, 1), named = given(plain, 7), wrong = given(named, 9), gone = undone(wrong);
    const again = given(gone, 9);
    return [codes(again), undone(gone) === gone, given(named, 7) === named, nameless([plain, named, gone]).length,
            waiting([marked(again, [0, 1])], "read").map((fact) => fact.place), pending(marked(plain, [0]))];
"""


def test_an_entry_only_grows_facts(page: Page) -> None:
    assert run_module(page, ENTRIES) == [
        ["read TAP 250", "read BIB:7 250", "back BIB:7 250", "read BIB:9 250", "back BIB:9 250", "read BIB:9 250001"],
        True, True, 1, [3, 5], False,
    ]  # fmt: skip


def test_the_wall_clock_of_a_zone_is_written_to_the_millisecond(page: Page) -> None:
    script = 'import { localText } from "/pad/clock.js";\nreturn moments.map((one) => localText(one, "Asia/Shanghai"));'
    moments = [datetime(2024, 5, 24, 16, 0, 0, 4000, UTC).timestamp() * 1000, 1716600000999.6]
    assert run_module(page, script, {"moments": moments}) == ["2024-05-25T00:00:00.004", "2024-05-25T09:20:01.000"]
