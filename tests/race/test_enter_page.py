"""The page of entering: judged while it is filled in, sent once, and nothing that was typed is lost."""

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from race import registration, regulations
from race.models import Category, Document, Edition, Entry, Message, PrivateLink, QuotaCount, Registration, Rider, Team
from tests.entering import Field, enter, open_entries, resident_number

pytestmark = pytest.mark.django_db


def form(field: Field, **more: Any) -> dict[str, Any]:
    """What a rider from Xinjiang sends."""
    return {
        "kind": "resident", "identity_number": resident_number("单雨桐", date(1998, 6, 12)), "name_zh": "单雨桐",
        "region_code": "650000", "phone": "138 0000 1234", "email": "", "emergency_name": "单父",
        "emergency_phone": "13900001234", "category": [field.category.pk], "accept": "on", "signer": "单雨桐",
        "version": regulations.current(field.edition).version, "key": "draft-1",
    } | more  # fmt: skip


def text(answer: Any) -> str:
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def errors(answer: Any) -> dict[str, str]:
    return answer.context["filled"].errors


def judged(client: Client, field: Field, **more: Any) -> dict[str, Any]:
    answer = client.post("/enter/judge/", form(field, **more))
    assert answer.status_code == 200
    return answer.json()


def reasons(shown: dict[str, Any]) -> list[str]:
    found = re.findall(r'id="reason_\d+">(.*?)</span>\s*</span>', shown["races"], re.S)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in found]


def more_category(field: Field, code: str, **columns: Any) -> Category:
    """One more category, on the next day unless `day` says otherwise."""
    race = field.category.race
    day = columns.pop("day", race.day + timedelta(days=1))
    if day != race.day:
        race = type(race).objects.create(
            edition=field.edition,
            course=race.course,
            slug=f"open-{code.lower()}",
            name_zh=code,
            day=day,
            format="laps",
            laps=4,
        )
        wave = race.waves.create(code="A", planned_at=field.category.wave.planned_at + timedelta(days=1))
    else:
        wave = field.category.wave
    given = {"name_zh": code, "capacity": 10, "fee_fen": 10_000, "sex": "M", "min_age": 18, "max_age": 60} | columns
    return Category.objects.create(race=race, wave=wave, code=code, **given)


def test_a_rider_enters_and_lands_on_the_private_page(client: Client) -> None:
    field = open_entries()
    answer = client.post("/enter/", form(field, team="天山车队"))
    entry = Entry.objects.select_related("rider", "team").get()
    assert (answer.status_code, answer["Location"]) == (302, f"/my/{answer['Location'].split('/')[2]}/")
    assert client.get(answer["Location"]).status_code == 200
    rider = entry.rider
    assert (rider.name_zh, rider.latin, rider.sex, rider.birth_date) == (
        "单雨桐",
        "SHAN Yutong",
        "M",
        date(1998, 6, 12),
    )
    assert (rider.region_code, rider.region_zh, rider.nation, entry.state) == ("650000", "新疆", "CHN", "held")
    assert entry.team is not None and entry.team.name_zh == "天山车队"
    assert list(Message.objects.values_list("kind", "channel")) == [("registered", "sms")]


def test_the_region_is_never_taken_from_the_number(client: Client) -> None:
    field = open_entries()
    answer = client.post("/enter/", form(field, region_code=""))
    assert (answer.status_code, errors(answer)) == (422, {"region_code": "选择您的居住地。"})


def test_the_same_form_twice_is_one_entry(client: Client) -> None:
    field = open_entries()
    first, second = (client.post("/enter/", form(field)) for _time in range(2))
    assert first["Location"] == second["Location"]
    assert (Registration.objects.count(), Entry.objects.count(), Rider.objects.count()) == (1, 1, 1)


def test_another_form_with_the_key_of_a_sent_one_is_refused_and_keeps_what_was_typed(client: Client) -> None:
    field = open_entries()
    client.post("/enter/", form(field))
    other = form(field, name_zh="欧阳瑞", identity_number=resident_number("欧阳瑞"), medical="青霉素")
    answer = client.post("/enter/", other)
    assert (answer.status_code, list(errors(answer))) == (422, [""])
    assert 'value="欧阳瑞"' in answer.content.decode() and "青霉素" in answer.content.decode()
    assert Entry.objects.count() == 1


def test_a_script_is_told_where_to_go(client: Client) -> None:
    field = open_entries()
    answer = client.post("/enter/", form(field), headers={"Accept": "application/json, text/html"})
    assert list(answer.json()) == ["to"]
    assert client.get(answer.json()["to"]).status_code == 200


def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(client: Client) -> None:
    field = open_entries()
    wrong = form(
        field, identity_number=resident_number("单雨桐")[:-1] + "0", phone="12", emergency_name="", accept="", signer=""
    )
    if wrong["identity_number"] == resident_number("单雨桐"):
        wrong["identity_number"] = wrong["identity_number"][:-1] + "1"
    answer = client.post("/enter/", wrong)
    assert answer.status_code == 422
    assert list(errors(answer)) == ["identity_number", "phone", "emergency_name", "accept", "signer"]
    page = answer.content.decode()
    assert [value in page for value in ('value="单雨桐"', 'value="12"', 'value="13900001234"')] == [True] * 3
    assert f'value="{field.category.pk}" checked' in page
    assert Entry.objects.count() == 0


def test_a_colombian_with_a_passport(client: Client) -> None:
    field = open_entries()
    client.cookies["django_language"] = "en"
    sent = form(
        field, kind="passport", identity_number="AT 482 917", nation="COL", birth_date="1996-11-03", sex="M", name_zh="",
        surname_latin="Rojas Moreno", given_latin="Andrés Felipe", email="andres@example.org", phone="", region_code="",
        uci_id="10054271836", signer="Andrés Rojas",
    )  # fmt: skip
    shown = judged(client, field, **sent)
    assert (
        shown["about"]["uci_problem"]
        == "The last two digits do not match. Check for a swapped digit, or leave it empty."
    )
    answer = client.post("/enter/", sent)
    assert answer.status_code == 302
    rider = Rider.objects.get()
    assert (rider.latin, rider.nation, rider.passport_name) == (
        "ROJAS MORENO Andrés Felipe",
        "COL",
        "Rojas Moreno Andrés Felipe",
    )
    assert (rider.identity_country, rider.region_code, rider.uci_id) == ("COL", "", "10054271836")
    assert Registration.objects.get().language == "en"


def test_the_holder_of_a_permit_is_of_the_region_its_number_names(client: Client) -> None:
    field = open_entries()
    for number, nation in (("H12345678", "HKG"), ("M12345678", "MAC")):
        sent = form(field, kind="permit_hm", identity_number=number, birth_date="1990-01-01", sex="M", key=number)
        assert client.post("/enter/", sent).status_code == 302
        assert Rider.objects.latest("pk").nation == nation


def test_a_minor_needs_a_guardian(client: Client) -> None:
    field = open_entries(min_age=12)
    born = timezone.localdate() - timedelta(days=16 * 366)
    young = form(field, identity_number=resident_number("少年", born))
    assert judged(client, field, **young)["minor"] is True
    answer = client.post("/enter/", young)
    assert set(errors(answer)) == {"guardian_name", "guardian_phone"}
    young |= {"guardian_name": "单母", "guardian_phone": "13800001111", "signer": "单母"}
    assert client.post("/enter/", young).status_code == 302
    assert list(Registration.objects.get().acceptances.values_list("signer", "guardian")) == [("单母", True)]


def test_a_newer_version_has_to_be_read_first(client: Client) -> None:
    field = open_entries()
    sent = form(field)
    Edition.objects.update(waiver_zh="新的声明。")
    regulations.current(Edition.objects.get())
    answer = client.post("/enter/", sent)
    assert errors(answer) == {"accept": "竞赛规程已有新版本，阅读并同意后再提交。"}
    assert 'name="version" value="2"' in answer.content.decode()


def test_judging_stores_nothing_and_tells_what_the_number_says(client: Client, django_assert_num_queries: Any) -> None:
    field = open_entries()
    sent = form(field)
    with django_assert_num_queries(2):
        shown = client.post("/enter/judge/", sent).json()
    told = shown["about"]
    assert (told["valid"], told["born"], told["sex"], told["latin"]) == (True, "1998-06-12", "M", "SHAN Yutong")
    assert (Rider.objects.count(), Registration.objects.count(), shown["chosen"]) == (0, 0, 1)
    assert resident_number("单雨桐", date(1998, 6, 12)) not in str(shown)


def test_every_card_says_why_in_the_riders_language(client: Client) -> None:
    field = open_entries()
    more_category(field, "WO", sex="F", day=field.category.race.day)
    more_category(field, "MM", day=field.category.race.day)
    full = more_category(field, "XO", capacity=250, taken=250, waiting=6)
    more_category(field, "XM", professionals="barred")
    more_category(field, "OLD", min_age=60, max_age=80)
    shown = judged(client, field, pro_registered="on", category=[field.category.pk, full.pk])
    day = (field.edition.starts_on - timedelta(days=7)).strftime("%-m月%-d日")
    assert reasons(shown) == [
        "可以报名",
        "您已选男子组。一天只能报一场。",
        "限女子。",
        f"须年满 60 岁，您 {(field.edition.starts_on + timedelta(days=1) - date(1998, 6, 12)).days // 365} 岁。",
        "限非注册运动员。",
        f"可以候补，您将排第 7 位。空出的名额按顺序递补，截至{day}。",
    ]


def test_a_region_that_has_its_places_is_closed_before_one_sends(client: Client) -> None:
    field = open_entries(quotas=[{"prefix": "65", "max": 1}])
    assert reasons(judged(client, field)) == ["可以报名"]
    QuotaCount.objects.create(category=field.category, key="65", taken=1)
    assert reasons(judged(client, field)) == ["您所在地区的名额已满。"]


def test_a_city_that_a_quota_names_can_be_chosen(client: Client) -> None:
    open_entries(quotas=[{"prefix": "4103", "max": 1, "name_zh": "洛阳", "name_en": "Luoyang"}])
    assert '<option value="410300">河南·洛阳</option>' in client.get("/enter/").content.decode()


def test_what_this_browser_entered_stands_on_the_cards(client: Client) -> None:
    field = open_entries()
    client.post("/enter/", form(field))
    page = client.get("/enter/")
    assert "本机已报名：单雨桐 · 名额保留中，未付款" in text(page)
    assert page.context["own_page"] == f"/my/{page.context['own_page'].split('/')[2]}/"
    assert "单雨桐" not in text(Client().get("/enter/"))


def test_the_bare_page_shows_what_can_be_entered_else_what_opens_next(client: Client) -> None:
    field = open_entries()
    later = open_entries(slug="later")
    now = timezone.now()
    Edition.objects.filter(pk=later.edition.pk).update(entry_opens_at=now + timedelta(days=3))
    assert client.get("/enter/").context["edition"] == field.edition
    Edition.objects.filter(pk=field.edition.pk).update(entry_closes_at=now - timedelta(hours=1))
    page = client.get("/enter/")
    assert page.context["edition"] == later.edition
    assert "报名尚未开始。" in text(page)
    assert 'name="identity_number"' not in page.content.decode()
    Edition.objects.filter(pk=later.edition.pk).update(entry_opens_at=now - timedelta(days=3), entry_closes_at=now)
    assert "报名已经截止。" in text(client.get("/enter/"))


def test_a_form_that_comes_after_the_window_makes_no_entry(client: Client) -> None:
    field = open_entries()
    Edition.objects.update(entry_closes_at=timezone.now())
    assert client.post("/enter/", form(field)).status_code == 409
    assert Entry.objects.count() == 0


@pytest.mark.parametrize("size", [1, 8])
def test_twelve_queries_at_any_size(client: Client, django_assert_max_num_queries: Any, size: int) -> None:
    field = open_entries()
    for number in range(size):
        more_category(field, f"C{number}", quotas=[{"each": 5}])
        enter(field, f"车手{'甲乙丙丁戊己庚辛'[number]}")
        Team.objects.create(edition=field.edition, name_zh=f"车队{number}")
    client.post("/enter/", form(field))
    with django_assert_max_num_queries(12):
        Client().get("/enter/")
    assert PrivateLink.objects.count() == size + 1


def test_nobody_keeps_the_page(client: Client) -> None:
    open_entries()
    assert "no-store" in client.get("/enter/")["Cache-Control"]
    assert registration.change_deadline(Edition.objects.get()) < timezone.now() + timedelta(days=60)


def test_a_paper_comes_with_the_form_and_a_wrong_one_is_told_at_its_place(client: Client) -> None:
    field = open_entries()
    Edition.objects.update(entry_rules={"documents": [{"kind": "insurance"}]})
    insured = form(field, insurer="平安", policy="P1", insured_until=field.edition.ends_on.isoformat())
    insured["version"] = regulations.current(Edition.objects.get()).version
    wrong = client.post("/enter/", insured | {"paper_insurance": SimpleUploadedFile("x.pdf", b"MZ")})
    assert list(errors(wrong)) == ["paper_insurance"]
    assert (
        client.post("/enter/", insured | {"paper_insurance": SimpleUploadedFile("x.pdf", b"%PDF-1")}).status_code == 302
    )
    document = Document.objects.get()
    assert (document.kind, document.file_name, document.state) == ("insurance", "x.pdf", "sent")
    assert Rider.objects.get() == document.rider
    short = insured | {"insured_until": field.edition.starts_on.isoformat(), "key": "draft-2"}
    assert list(errors(client.post("/enter/", short))) == ["insured_until"]


@pytest.mark.parametrize("category", ["²", "9" * 5000, "9" * 30])
def test_figures_that_are_none_choose_nothing(client: Client, category: str) -> None:
    open_entries()
    for address, status in (("/enter/judge/", 200), ("/enter/", 422)):
        assert client.post(address, {"category": category}).status_code == status
