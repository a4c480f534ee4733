"""Entering in a real browser, as on a phone: a draft that survives, one entry however often one taps, and the held place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from race import messages
from race.models import Category, Course, Edition, Entry, Message, Race, Registration, Rider, Wave
from tests.entering import open_entries, resident_number

pytestmark = pytest.mark.browser
NUMBER = resident_number("单雨桐", date(1998, 6, 12))
#: code, mark, names, day, laps, sex, ages, places, taken, waiting, fee, gun
PROGRAMME = (
    ("ME", "circle", "男子公路精英组", "Men's road elite", 0, 6, "M", (18, 45), 200, 177, 0, 12_000, (8, 30)),
    ("MM", "square", "男子公路大众组", "Men's road mass", 0, 4, "M", (18, 60), 400, 252, 0, 10_000, (9, 10)),
    ("WO", "diamond", "女子公开组", "Women's open", 0, 3, "F", (18, 55), 150, 89, 0, 10_000, (8, 45)),
    ("XO", "peak", "男子山地公开组", "Men's MTB open", 1, 6, "M", (18, 45), 250, 250, 6, 10_000, (8, 30)),
    ("XM", "peaks", "男子山地大众组", "Men's MTB mass", 1, 4, "M", (18, 60), 300, 188, 0, 10_000, (10, 30)),
)


def weekend(*, full: bool = True, **rules: object) -> Edition:
    """The five categories of the Open on two days in two months; `full`: many have entered."""
    field = open_entries(slug="weekend")
    edition = field.edition
    for one in (field.category, field.category.wave, field.category.race):
        one.delete()
    saturday = timezone.localdate() + timedelta(
        days=60 + (5 - (timezone.localdate() + timedelta(days=60)).weekday()) % 7
    )
    Edition.objects.filter(pk=edition.pk).update(
        starts_on=saturday, ends_on=saturday + timedelta(days=1), short_zh="大谷关公开赛", short_en="Daguguan Open",
        venue_zh="洛阳伊滨", venue_en="Yibin, Luoyang", entry_rules=rules,
    )  # fmt: skip
    courses = [
        Course.objects.create(edition=edition, code=code, name_zh=zh, name_en=en, lap_m=lap)
        for code, zh, en, lap in (("road", "公路", "road", 14_000), ("mtb", "山地", "MTB", 5_000))
    ]
    for code, mark, zh, en, day, laps, sex, ages, places, taken, waiting, fee, gun in PROGRAMME:
        on = saturday + timedelta(days=day)
        race = Race.objects.create(
            edition=edition, course=courses[day], slug=f"weekend-{code.lower()}", name_zh=zh, name_en=en, day=on,
            order=gun[0] * 60 + gun[1], format="road", laps=laps,
        )  # fmt: skip
        at = datetime(on.year, on.month, on.day, *gun, tzinfo=ZoneInfo("Asia/Shanghai"))
        wave = Wave.objects.create(race=race, code="A", planned_at=at)
        Category.objects.create(
            race=race, wave=wave, code=code, mark=mark, name_zh=zh, name_en=en, sex=sex, min_age=ages[0], max_age=ages[1],
            capacity=places, taken=taken if full else 0, waiting=waiting if full else 0, queue_last=waiting if full else 0,
            fee_fen=fee, professionals="barred" if code in ("MM", "XM") else "allowed",
        )  # fmt: skip
    edition.refresh_from_db()
    return edition


@pytest.fixture
def abroad(chromium: Browser) -> Iterator[Page]:
    """A phone in Bogotá, in English; an error in a script fails the test."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-US", timezone_id="America/Bogota")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def fill_in(page: Page) -> None:
    """A rider from Xinjiang, everything but the races and the signature."""
    page.fill("[name=identity_number]", NUMBER)
    page.fill("[name=name_zh]", "单雨桐")
    page.select_option("[name=region_code]", "650000")
    for name, value in (("phone", "13800001234"), ("emergency_name", "单父"), ("emergency_phone", "13900001234")):
        page.fill(f"[name={name}]", value)


def choose(page: Page, code: str) -> None:
    page.check(f"#category_{Category.objects.get(code=code).pk}")
    page.wait_for_selector(f".choice-chosen #category_{Category.objects.get(code=code).pk}")


def signed(page: Page, name: str) -> None:
    page.check("[name=accept]")
    page.fill("[name=signer]", name)


def entries() -> list[tuple[str, str]]:
    return list(Entry.objects.order_by("day").values_list("category__code", "state"))


def test_a_rider_from_xinjiang_enters_for_two_races(web: str, page: Page) -> None:
    weekend()
    page.goto(f"{web}/enter/")
    fill_in(page)
    page.wait_for_selector(".field-identity_number.field-ok")
    told = {name: page.text_content(f"[data-told={name}]") for name in ("born", "sex_word", "latin")}
    assert told == {"born": "1998-06-12", "sex_word": "男", "latin": "SHAN Yutong"}
    expect(page.locator("[name=region_code]")).to_have_value("650000")
    page.focus("[name=signer]")
    expect(page.locator(".veil")).to_have_text(f"****** ******** **{NUMBER[-2:]}")
    choose(page, "ME")
    closed = page.text_content(f"#reason_{Category.objects.get(code='MM').pk}") or ""
    assert closed.strip() == "您已选男子公路精英组。一天只能报一场。"
    choose(page, "XO")

    page.reload()
    page.wait_for_selector(".field-identity_number.field-ok")
    expect(page.locator("[name=name_zh]")).to_have_value("单雨桐")
    expect(page.locator(".choice input:checked")).to_have_count(2)
    kept = page.evaluate("JSON.stringify(Object.entries(localStorage))")
    assert "单雨桐" in kept and NUMBER not in kept

    signed(page, "单雨桐")
    page.dblclick("button[type=submit]")
    page.wait_for_url("**/my/**")
    assert (Registration.objects.count(), entries()) == (1, [("ME", "held"), ("XO", "waiting")])
    assert Rider.objects.get().region_zh == "新疆"
    page.wait_for_function("/^1[45]:\\d\\d$/.test(document.querySelector('[data-left]').textContent)")
    expect(page.locator(".hold button")).to_have_text("支付 ¥120")
    assert (
        page.evaluate(
            "Object.keys(localStorage).concat(Object.keys(sessionStorage)).filter((k) => k.startsWith('entry:'))"
        )
        == []
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_no_page_scrolls_sideways_on_a_desk(web: str, page: Page) -> None:
    weekend()
    page.set_viewport_size({"width": 1440, "height": 900})
    for path in ("/enter/", "/enter/team/", "/my/", "/rules/", "/"):
        page.goto(f"{web}{path}")
        assert (path, page.evaluate("document.documentElement.scrollWidth")) == (path, 1440)


def test_without_a_signal_nothing_is_lost_and_the_next_tap_sends_it_once(web: str, page: Page) -> None:
    weekend()
    page.goto(f"{web}/enter/")
    fill_in(page)
    choose(page, "ME")
    signed(page, "单雨桐")
    page.context.set_offline(True)
    page.click("button[type=submit]")
    page.wait_for_selector("#no-signal:not([hidden])")
    expect(page.locator("#no-signal")).to_contain_text("没有信号")
    expect(page.locator("[name=name_zh]")).to_have_value("单雨桐")
    assert entries() == []
    page.context.set_offline(False)
    page.click("button[type=submit]")
    page.wait_for_url("**/my/**")
    assert entries() == [("ME", "held")]


def test_an_answer_that_is_lost_and_a_second_tab_make_no_second_entry(web: str, page: Page) -> None:
    weekend()
    page.goto(f"{web}/enter/")
    fill_in(page)
    choose(page, "ME")
    signed(page, "单雨桐")
    other = page.context.new_page()
    other.goto(f"{web}/enter/")
    other.fill("[name=identity_number]", NUMBER)
    signed(other, "单雨桐")

    def lost(route: Route) -> None:
        route.fetch(max_redirects=0)  # it arrived, and the answer did not come back
        route.abort()

    page.route("**/enter/", lost)
    page.click("button[type=submit]")
    page.wait_for_selector("#no-signal:not([hidden])")
    assert entries() == [("ME", "held")]
    other.click("button[type=submit]")
    other.wait_for_url("**/my/**")
    assert (Registration.objects.count(), entries()) == (1, [("ME", "held")])


def test_what_is_wrong_is_told_at_its_field_without_losing_anything(web: str, page: Page) -> None:
    weekend()
    page.goto(f"{web}/enter/")
    fill_in(page)
    page.fill("[name=phone]", "12")
    choose(page, "ME")
    page.click("button[type=submit]")
    page.wait_for_selector(".form-errors")
    page.wait_for_load_state()
    wrong = page.eval_on_selector_all(".field-error [name]", "all => all.map((one) => one.name)")
    assert wrong == ["phone", "accept", "signer"]
    expect(page.locator("[name=identity_number]")).to_have_value(NUMBER)
    expect(page.locator("[name=emergency_name]")).to_have_value("单父")
    page.fill("[name=phone]", "13800001234")
    signed(page, "单雨桐")
    page.click("button[type=submit]")
    page.wait_for_url("**/my/**")
    assert entries() == [("ME", "held")]


def test_a_colombian_enters_in_english_with_a_passport(web: str, abroad: Page) -> None:
    weekend()
    page = abroad
    page.goto(f"{web}/enter/")
    head = page.text_content(".enter-head") or ""
    assert ("Beijing time" in head, "in Bogota)" in head) == (True, True)
    page.fill("[name=identity_number]", "AT 482 917")
    page.select_option("[name=nation]", "COL")
    page.fill("[name=birth_date]", "1996-11-03")
    page.check("[name=sex][value=M]")
    for name, value in (
        ("surname_latin", "Rojas Moreno"), ("given_latin", "Andrés Felipe"), ("name_zh", "安德烈斯·罗哈斯"),
        ("uci_id", "100 542 718 36"), ("email", "andres@example.org"), ("emergency_name", "Lucía"),
        ("emergency_phone", "+57 300 1234567"),
    ):  # fmt: skip
        page.fill(f"[name={name}]", value)
    page.wait_for_selector(".field-uci_id.field-warn")
    expect(page.locator("#id_uci_id_help")).to_contain_text("do not match")
    assert page.is_hidden("[name=region_code]")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    choose(page, "ME")
    signed(page, "Andrés Rojas")
    page.click("button[type=submit]")
    page.wait_for_url("**/my/**")
    rider = Rider.objects.get()
    assert (rider.latin, rider.name_zh, rider.nation) == ("ROJAS MORENO Andrés Felipe", "安德烈斯·罗哈斯", "COL")
    expect(page.locator(".hold button")).to_have_text("Pay ¥120")


def test_the_page_works_without_scripts(web: str, chromium: Browser) -> None:
    weekend()
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{web}/enter/")
    fill_in(page)
    page.check(f"#category_{Category.objects.get(code='ME').pk}")
    page.click("button[type=submit]")
    expect(page.locator("[name=name_zh]")).to_have_value("单雨桐")
    expect(page.locator(".choice input:checked")).to_have_count(1)
    signed(page, "单雨桐")
    page.click("button[type=submit]")
    page.wait_for_url("**/my/**")
    assert entries() == [("ME", "held")]
    page.check("[name=way][value=on_site]")
    page.click(".hold button")
    page.wait_for_selector(".entry-confirmed .pass")
    assert entries() == [("ME", "confirmed")]
    context.close()


def test_one_rider_and_a_whole_team_lead_to_each_other_and_files_speak_our_words(web: str, chromium: Browser) -> None:
    weekend()
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{web}/enter/")
    expect(page.locator("label[for=id_kind]")).to_have_text("证件类型")
    page.click("text=车队集体报名")
    page.wait_for_url("**/enter/team/")
    expect(page.locator(".file-button")).to_have_text("选择文件")
    expect(page.locator(".file-none")).to_be_visible()
    expect(page.locator(".file-none")).to_have_text("未选择")
    with page.expect_file_chooser():
        page.click(".file-button")
    with page.expect_file_chooser():
        page.press("#id_list", "Enter")
    page.set_input_files(
        "#id_list", {"name": "车队.csv", "mimeType": "text/csv", "buffer": "姓名,证件号码\n甲一,1".encode()}
    )
    assert page.is_hidden(".file-none")
    page.click("button[value=judge]")
    page.wait_for_selector(".team-table")
    page.click("text=个人报名")
    page.wait_for_url("**/enter/")
    context.close()


def test_the_held_time_is_the_servers_and_ends(web: str, page: Page) -> None:
    weekend()
    page.clock.install(time=datetime(2031, 1, 1, tzinfo=ZoneInfo("UTC")))  # a phone whose clock is years off
    page.goto(f"{web}/enter/")
    fill_in(page)
    page.clock.run_for(1000)
    choose_quick(page, "ME")
    signed(page, "单雨桐")
    page.click("button[type=submit]")
    page.wait_for_url("**/my/**")
    page.clock.run_for(1000)
    assert (page.text_content("[data-left]") or "").startswith("14:5")
    page.clock.run_for(15 * 60 * 1000)
    expect(page.locator("[data-left]")).to_have_text("0:00")
    expect(page.locator(".hold button")).to_be_disabled()
    expect(page.locator("[data-after]")).to_contain_text("名额释放")


def choose_quick(page: Page, code: str) -> None:
    """Tick a category on a page whose clock stands still."""
    page.check(f"#category_{Category.objects.get(code=code).pk}")
    page.clock.run_for(1000)


def test_coming_back_by_a_code(web: str, page: Page) -> None:
    weekend()
    page.goto(f"{web}/enter/")
    fill_in(page)
    choose(page, "ME")
    signed(page, "单雨桐")
    page.click("button[type=submit]")
    page.wait_for_url("**/my/**")
    mine = page.url
    page.goto(f"{web}/my/")
    page.fill("[name=contact]", "138 0000 1234")
    page.click("main button[type=submit]")
    page.wait_for_selector("[name=code]")
    sent = messages.content(Message.objects.get(kind="code"))[0]
    page.fill("[name=code]", "".join(char for char in sent[-6:] if char.isdigit()))
    page.click("main button[type=submit]")
    page.click(".link-list a")
    page.wait_for_url("**/my/*/")
    assert page.url == mine
