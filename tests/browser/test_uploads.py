"""A file on a memory stick, in a real browser: dropped, seen, counted, dropped again, parked, undone."""

from base64 import b64encode
from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page, Request, Route, expect

from race.models import Role, User
from tests.cast import Cast
from tests.results.test_facts import RACED, raced
from timing import ingest
from timing.models import Delivery, Read, Upload

pytestmark = pytest.mark.browser
HEAD = "芯片号,过点时间,计时点\r\n"
#: Keeps every sentence of the status line, with the state of the bar beside it.
WATCH = """() => {
  window.said = [];
  const bar = document.getElementById("up-bar");
  new MutationObserver(() => window.said.push([document.getElementById("up-said").textContent, bar.position]))
    .observe(document.getElementById("up-said"), {childList: true, characterData: true, subtree: true});
}"""


@pytest.fixture
def stage() -> Cast:
    return raced()


@pytest.fixture
def line(page: Page, web: str, stage: Cast) -> Page:
    """A phone on which somebody of the timing crew is signed in, at the page of files."""
    user = User.objects.create(username="zhao", email="zhao@example.org")
    Role.objects.create(user=user, edition=stage.edition, name="timing_crew")
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])
    page.goto(f"{web}/line/uploads/")
    return page


def drop(page: Page, name: str, body: bytes) -> None:
    """Drop a file on the page, as a hand with a mouse does, once its scripts run."""
    page.wait_for_load_state()
    text = "Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))"
    script = f"([name, body]) => {{ const held = new DataTransfer(); held.items.add(new File([{text}], name)); return held; }}"
    held = page.evaluate_handle(script, [name, b64encode(body).decode()])
    page.dispatch_event("#up-drop", "drop", {"dataTransfer": held})
    page.locator("#up-look").wait_for()


def press(page: Page) -> None:
    """Press the button that counts with so slow a hand that the answer for the field just left comes meanwhile."""
    page.hover("#up-count")
    page.mouse.down()
    page.wait_for_timeout(500)
    page.mouse.up()


def count(page: Page, by: Callable[[Page], None] = lambda page: page.click("#up-count")) -> str:
    """Count what is shown; what the list says of it."""
    by(page)
    row = page.locator(".up-fresh")
    row.wait_for()
    # While a worker still takes the rows in, the list says so and follows by itself.
    row.locator(".up-counts", has_not_text="正在读入").wait_for()
    return row.locator(".up-counts").inner_text()


def sheet(day: str, times: list[str]) -> bytes:
    return (HEAD + "".join(f"{chip},{day} {time},Finish\r\n" for chip, time in map(str.split, times))).encode("gbk")


def test_a_gbk_sheet_is_dropped_seen_counted_and_known_when_it_comes_again(line: Page, stage: Cast):
    rows = [f"X{n} 9:{n // 60 % 60:02}:{n % 60:02}.{n % 1000:03}" for n in range(3000)]
    body = sheet("2024/5/25", ["C4 9:45:00.25", "C1 9:20:00", *rows])
    drop(line, "终点U盘.csv", body)
    expect(line.locator(".up-look-head > *")).to_have_text(["终点U盘.csv", "已识别 有这个品牌特有的标志 · GB18030"])
    expect(line.locator(".up-sum")).to_have_text("3002 行：1 条已有，3001 条新增，0 条拒收。")
    assert line.locator("[data-column]").evaluate_all("all => all.map(one => one.value)") == ["chip", "time", "reader"]
    assert Delivery.objects.filter(options__has_key="name").count() == 0
    slow = line.context.new_cdp_session(line)
    slow.send("Network.enable")
    slow.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000},
    )
    line.evaluate(WATCH)
    assert count(line) == "3002 行：1 条已有，3001 条新增，0 条拒收。"
    said = line.evaluate("window.said")
    assert len({position for _text, position in said if 0 < position < 1}) >= 2
    assert stage.table()[3] == "4 4 FIN 2"
    slow.detach()
    drop(line, "终点U盘.csv", body)
    expect(line.locator(".up-do .small")).to_have_text("全部已有；不会有变化。")
    assert count(line) == "3002 行：1 条已有，3001 条新增，0 条拒收。"  # the same bytes are the same delivery
    expect(line.locator(".up-item")).to_have_count(1)
    drop(line, "又一次.csv", body + b"\r\n")
    assert count(line) == "3002 行：3002 条已有，0 条新增，0 条拒收。"


def test_columns_are_named_by_hand_where_the_headings_say_nothing(line: Page, stage: Cast):
    drop(line, "box.txt", "序,代号,何时\n1,C4,09:45:00.25\n2,C9,坏\n".encode())
    expect(line.locator("#up-count")).to_be_disabled()
    expect(line.locator(".up-do .reason")).to_have_text("这样读不出任何记录。换个品牌或改各列含义。")
    line.select_option("[data-column='2']", "chip")
    line.locator("#up-problem:visible").wait_for()
    line.select_option("[data-column='3']", "time")
    line.locator("text=只有时间没有日期：要填日期").wait_for()
    line.fill("#up-date", "2024-05-25")
    line.dispatch_event("#up-date", "change")
    line.locator("text=没说在哪里：要填数据源").wait_for()
    line.fill("#up-source", "Fin")
    with line.expect_response("**/look/"):
        line.dispatch_event("#up-source", "change")
        line.locator("#up-source").press_sequentially("is")  # somebody types on while the answer is on its way
    line.locator("#up-count:enabled").wait_for()
    expect(line.locator("#up-source")).to_have_value("Finis")
    line.locator("#up-status").wait_for(state="hidden")
    expect(line.locator("#up-problem")).to_be_hidden()
    line.fill("#up-source", "Finish")
    assert count(line, press) == "2 行：0 条已有，1 条新增，1 条拒收。"
    assert stage.table()[3] == "4 4 FIN 2"
    line.click(".up-rejects summary")
    line.locator(".up-rejects code").wait_for()
    expect(line.locator(".up-rejects tbody tr > *")).to_have_text(["没有时间", "2,C9,坏"])
    kept = Delivery.objects.latest("pk").options
    assert kept == {
        "make": "csv", "name": "box.txt", "date": "2024-05-25", "source": "Finish", "columns": "row:1,chip:2,time:3",
    }  # fmt: skip


def test_a_file_of_another_day_is_parked_counted_and_undone(line: Page, stage: Cast):
    before = Read.objects.count()
    wrong = sheet("2023/5/25", [f"C{n % 4 + 1} 9:{n + 10}:00" for n in range(12)])
    drop(line, "last-year.csv", wrong)
    expect(line.locator(".up-look .banner-danger")).to_have_text(
        "它会被搁置：几乎所有读卡都不在比赛日。 它会保留，有人在下面的列表里决定后即计入。"
    )
    assert count(line) == "已搁置：几乎所有读卡都不在比赛日。要有人决定是否计入。"
    assert (Read.objects.count(), stage.table()) == (before, RACED)
    line.click("button:has-text('不计入')")
    expect(line.locator(".line-told")).to_have_text("文件不计入。原始字节保留，以后仍可计入。")
    line.click("button:has-text('计入文件')")
    line.locator(".line-told").wait_for()
    drop(line, "today.csv", sheet("2024/5/25", ["C4 9:25:00", "C3 9:39:00"]))
    count(line)
    assert stage.table() != RACED
    line.locator(".up-item").first.locator("summary").click()
    line.locator(".up-item").first.locator("[name=evidence]").fill("别的比赛的文件")
    line.click("button:has-text('撤出这些行')")
    line.locator(".up-undone").wait_for()
    expect(line.locator(".line-told")).to_have_text("文件带来的记录不再计入，各行仍保存。")
    assert stage.table() == RACED


def test_a_large_file_goes_on_where_a_broken_line_stopped(line: Page, stage: Cast):
    """Ten megabytes, sent in pieces; the line breaks in the middle. What was kept is not sent again."""
    pieces: list[tuple[int, int]] = []
    line.on("requestfinished", lambda one: pieces.append(offset_of(one)) if one.method == "PATCH" else None)
    make = """([head, row, filler]) => {
      const rows = Array.from({length: 2000}, (_one, n) => row.replace("#", String(n).padStart(4, "0")) + filler);
      const held = new DataTransfer();
      held.items.add(new File([head, ...rows], "box.csv"));
      return held;
    }"""
    row = "C4,2024-05-25 09:45:00.#,Finish,"
    held = line.evaluate_handle(make, ["chip,time,source,note\n", row, "x" * 5200 + "\n"])
    line.dispatch_event("#up-drop", "drop", {"dataTransfer": held})
    line.locator("#up-look").wait_for()
    expect(line.locator(".up-sum")).to_contain_text("只查看了文件开头")
    lose = [True]

    def answer_lost(route: Route) -> None:
        """The first piece arrives, its answer does not."""
        if route.request.method == "PATCH" and lose:
            lose.clear()
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    line.route("**/api/v1/timing/uploads/*/", answer_lost)
    line.click("#up-count")
    line.locator("#up-problem:visible").wait_for()
    row_of_file = line.locator(".up-fresh")
    row_of_file.wait_for()
    expect(row_of_file.locator(".up-counts")).to_have_text("正在读入各行。")
    delivery = Delivery.objects.filter(options__name="box.csv").get()
    assert (delivery.size, Upload.objects.get().delivery_id) == (2000 * (len(row) + 3 + 5201) + 22, delivery.pk)
    assert [offset for offset, _status in pieces] == [8 * 1024 * 1024]
    ingest.take_in(delivery.channel_id)
    line.locator("text=2000 行：0 条已有，2000 条新增，0 条拒收。").wait_for()


def offset_of(request: Request) -> tuple[int, int]:
    """Where a piece began, and how it was answered."""
    answer = request.response()
    return int(request.headers["upload-offset"]), answer.status if answer else 0
