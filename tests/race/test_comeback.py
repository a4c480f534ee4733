"""Coming back by a code: once, for ten minutes, five tries; and whoever asks learns nothing about anybody."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from race import comeback, dossier, links, messages
from race.models import Message, OneTimeCode
from race.refused import Refused
from tests.entering import Field, enter, open_entries
from tests.race.test_payments_together import together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _counted(redis: Any) -> None:
    """How often was asked starts at nothing."""


def ask(place: Field, contact: str, asker: str = "127.0.0.1") -> str:
    """Ask for a code; the one that was sent, empty for none."""
    before = Message.objects.filter(kind="code").count()
    comeback.ask(place.edition, contact, "zh-hans", asker=asker)
    sent = Message.objects.filter(kind="code").order_by("pk")
    return re.findall(r"\d{6}", messages.content(sent.last())[0])[0] if sent.count() > before else ""


def refusal(act: Any) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def address(name: str) -> str:
    from tests.entering import person

    return person(name).private["email"]


def test_a_code_opens_the_links_of_its_address_once() -> None:
    place = open_entries()
    entry = enter(place, "甲一")
    enter(place, "乙二")
    code = ask(place, f" {address('甲一').upper()} ")
    digest = comeback.enter(address("甲一"), f"{code[:3]} {code[3:]}")
    assert [link.registration_id for link in comeback.links_of(digest)] == [entry.registration_id]
    assert refusal(lambda: comeback.enter(address("甲一"), code)) == "code_wrong"


def test_a_phone_is_found_however_it_is_written() -> None:
    place = open_entries()
    from race import registration, regulations
    from tests.entering import person

    registration.register(
        place.edition, person("甲一"), [place.category], contact=registration.Contact("甲一", phone="138 0000 1234"),
        signature=registration.Signature("甲一", regulations.current(place.edition).version), key="k", language="zh-hans",
    )  # fmt: skip
    assert ask(place, "+86 138-0000-1234") != ""
    assert Message.objects.get(kind="code").channel == "sms"


@pytest.mark.parametrize(
    "typed", ["138 0000 1234", "13800001234", "+8613800001234", "0086 138-0000-1234", "１３８００００１２３４"]
)
def test_every_spelling_of_a_phone_is_one_after_a_change_too(typed: str) -> None:
    from race import details

    place = open_entries()
    entry = enter(place, "甲一")
    link = links.make(entry.registration)  # type: ignore[arg-type]
    details.change(link, entry.rider, {"phone": "138 0000 1234"})
    assert dossier.contact_hash(typed) == dossier.contact_hash("+8613800001234")
    code = ask(place, typed)
    found = comeback.links_of(comeback.enter("13800001234", code))
    assert [one.registration_id for one in found] == [entry.registration_id]


def test_what_is_no_phone_and_no_address_keeps_a_hash_of_its_own() -> None:
    hashes = {dossier.contact_hash(one) for one in ("13800001234", "13800001235", "1@example.org", "12", "")}
    assert (len(hashes), dossier.contact_hash("")) == (5, "")


def test_a_stranger_is_told_nothing_and_is_sent_nothing(client: Client) -> None:
    place = open_entries()
    enter(place, "甲一")
    answers = [client.post("/my/", {"contact": contact}) for contact in (address("甲一"), "nobody@example.org")]
    known, unknown = (
        re.sub(r'value="[^"]*"', "", one.content.decode())
        .replace(address("甲一"), "X")
        .replace("nobody@example.org", "X")
        for one in answers
    )
    assert known == unknown
    assert (Message.objects.filter(kind="code").count(), OneTimeCode.objects.count()) == (1, 2)


def test_five_tries_and_then_the_right_code_is_wrong_too() -> None:
    place = open_entries()
    enter(place, "甲一")
    code = ask(place, address("甲一"))
    wrong = "000000" if code != "000000" else "111111"
    assert [refusal(lambda: comeback.enter(address("甲一"), wrong)) for _try in range(5)] == ["code_wrong"] * 5
    assert refusal(lambda: comeback.enter(address("甲一"), code)) == "code_wrong"


def test_a_code_is_over_after_ten_minutes_and_another_one_ends_it() -> None:
    place = open_entries()
    enter(place, "甲一")
    first, second = ask(place, address("甲一")), ask(place, address("甲一"))
    if first != second:
        assert refusal(lambda: comeback.enter(address("甲一"), first)) == "code_wrong"
    OneTimeCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refusal(lambda: comeback.enter(address("甲一"), second)) == "code_wrong"


def test_an_address_is_written_to_five_times_an_hour_whether_known_or_not() -> None:
    place = open_entries()
    enter(place, "甲一")
    for contact in (address("甲一"), "nobody@example.org"):
        for _time in range(5):
            ask(place, contact)
        assert refusal(lambda contact=contact: ask(place, contact)) == "too_often"
    OneTimeCode.objects.update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    assert ask(place, address("甲一")) != ""


def test_one_place_asks_sixty_times_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    place = open_entries()
    monkeypatch.setattr(comeback, "ASKED_AN_HOUR", 3)
    for number in range(3):
        ask(place, f"somebody{number}@example.org", asker="10.0.0.1")
    assert refusal(lambda: ask(place, "another@example.org", asker="10.0.0.1")) == "too_often"
    assert ask(place, "another@example.org", asker="10.0.0.2") == ""


def test_without_redis_the_other_limit_holds(settings: Any) -> None:
    place = open_entries()
    settings.REDIS_URL = "unix:///nowhere/at-all.sock"
    for _time in range(5):
        ask(place, "nobody@example.org")
    assert refusal(lambda: ask(place, "nobody@example.org")) == "too_often"


def test_what_is_no_address_is_said_at_once(client: Client) -> None:
    open_entries()
    for contact in ("", "张三", "a@b", "12"):
        answer = client.post("/my/", {"contact": contact})
        assert (answer.status_code, "填写报名时的邮箱或手机号。" in answer.content.decode()) == (422, True)


def test_neither_code_nor_address_is_kept_in_the_open() -> None:
    place = open_entries()
    enter(place, "甲一")
    code = ask(place, address("甲一"))
    row = OneTimeCode.objects.get()
    assert row.contact_hash == dossier.contact_hash(address("甲一"))
    assert code not in str(vars(row)) and address("甲一") not in str(vars(row))


def test_the_three_steps_on_the_page(client: Client) -> None:
    place = open_entries()
    entry = enter(place, "甲一")
    assert entry.registration is not None
    client.post("/my/", {"contact": address("甲一")})
    code = re.findall(r"\d{6}", messages.content(Message.objects.get(kind="code"))[0])[0]
    wrong = client.post("/my/", {"contact": address("甲一"), "code": "1"})
    assert (wrong.status_code, "验证码不符或已失效" in wrong.content.decode()) == (422, True)
    answer = client.post("/my/", {"contact": address("甲一"), "code": code})
    assert (answer.status_code, answer["Location"]) == (302, "/my/")
    page = client.get("/my/")
    assert f'href="{links.path(links.make(entry.registration))}"' in page.content.decode()
    assert (page["Cache-Control"], page["X-Robots-Tag"]) == ("no-store", "noindex")
    assert f"<small>甲一 · {place.category.name_zh} · 名额保留中，未付款</small>" in page.content.decode()
    client.post("/my/", {"close": "1"})
    assert links.path(links.make(entry.registration)) not in client.get("/my/").content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("alone")
def test_twelve_at_once_are_sent_five_codes() -> None:
    place = open_entries()
    enter(place, "甲一")
    answers = together(*[lambda: comeback.ask(place.edition, address("甲一"), "zh-hans", asker="127.0.0.1")] * 12)
    assert sorted(answers, key=str) == [None] * 5 + ["too_often"] * 7
    assert Message.objects.filter(kind="code").count() == OneTimeCode.objects.count() == comeback.CODES_AN_HOUR


def test_behind_a_proxy_each_asker_is_counted_alone(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it the whole site shares the limit of one address."""
    open_entries()
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    monkeypatch.setattr(comeback, "ASKED_AN_HOUR", 1)
    told = [
        client.post("/my/", {"contact": f"{number}@example.org"}, headers={"X-Forwarded-For": address}).status_code
        for number, address in enumerate(("192.0.2.1", "192.0.2.2", "192.0.2.2"))
    ]
    assert told == [200, 200, 429]
