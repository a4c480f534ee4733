"""The rider's own page: every state of an entry says what it is and what can be done, to the holder of the link alone."""

import re
from copy import deepcopy
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from race import dossier, links, payments, registration, regulations
from race.models import Acceptance, Edition, Entry, Payment, PrivateLink, Registration, Rider
from race.refused import Refused
from tests.entering import Field, enter, open_entries, person

pytestmark = pytest.mark.django_db
State = Entry.State


def link_of(entry: Entry) -> PrivateLink:
    assert entry.registration is not None
    return links.make(entry.registration)


def path_of(entry: Entry) -> str:
    return links.path(link_of(entry))


def text(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def one(**more: Any) -> tuple[Field, Entry, str]:
    field = open_entries(**more)
    entry = enter(field, "单雨桐")
    return field, entry, path_of(entry)


def put(entry: Entry, **columns: Any) -> None:
    Entry.objects.filter(pk=entry.pk).update(**columns)


def test_a_held_place_shows_its_time_and_one_button_with_the_sum(client: Client) -> None:
    _field, entry, path = one()
    page = client.get(path)
    assert "名额为您保留" in text(page) and "支付 ¥100" in text(page)
    assert f'data-until="{entry.held_until.isoformat()}"' in page.content.decode()  # type: ignore[union-attr]
    assert page.content.decode().count("button-primary") == 1


def test_paying_at_the_desk_confirms_and_shows_the_pass(client: Client) -> None:
    _field, entry, path = one()
    answer = client.post(f"{path}pay/", {"way": "on_site"})
    assert (answer.status_code, answer["Location"]) == (302, f"{path}#pay")
    entry.refresh_from_db()
    page = client.get(path)
    assert entry.state == State.CONFIRMED
    assert "已确认" in text(page) and f" {entry.pass_code} " in text(page) and "还需支付 ¥100" in text(page)
    assert '<svg role="img" aria-label="QR"' in page.content.decode()
    assert "检录 08:00 – 08:50" in text(page)


def test_paying_in_the_sandbox_leads_to_its_page(client: Client) -> None:
    _field, _entry, path = one()
    answer = client.post(f"{path}pay/", {"way": "sandbox"})
    payment = Payment.objects.get()
    assert answer.status_code == 302
    assert payment.number in answer["Location"]
    client.post(f"{path}pay/", {"way": "sandbox"})
    assert Payment.objects.count() == 1


def test_a_way_that_is_not_offered_changes_nothing(client: Client) -> None:
    _field, _entry, path = one()
    answer = client.post(f"{path}pay/", {"way": "gold"})
    assert (answer.status_code, Payment.objects.count()) == (409, 0)
    assert "没有任何改动。" in text(answer)


def test_the_waiting_list_says_my_number_and_lets_me_leave(client: Client) -> None:
    field = open_entries(capacity=1)
    for name in ("甲一", "乙二"):
        enter(field, name)
    entry = enter(field, "丙三")
    page = client.get(path_of(entry))
    assert "候补第 2 位" in text(page)
    asked = client.get(f"{path_of(entry)}entries/{entry.pk}/leave/")
    assert "您的候补位置将放弃" in text(asked)
    entry.refresh_from_db()
    assert entry.state == State.WAITING
    client.post(f"{path_of(entry)}entries/{entry.pk}/leave/")
    entry.refresh_from_db()
    assert entry.state == State.WITHDRAWN


def test_an_offer_is_taken_with_one_tap(client: Client) -> None:
    field = open_entries(capacity=1)
    first, entry = enter(field, "甲一"), enter(field, "乙二")
    client.post(f"{path_of(first)}entries/{first.pk}/leave/")
    page = client.get(path_of(entry))
    assert "有名额递补给您" in text(page)
    for _tap in range(2):
        client.post(f"{path_of(entry)}entries/{entry.pk}/accept/")
    entry.refresh_from_db()
    assert entry.state == State.HELD


def test_withdrawing_says_what_comes_back_before_it_does_anything(client: Client) -> None:
    _field, entry, path = one()
    payment = payments.start(entry.registration, "sandbox")  # type: ignore[arg-type]
    payments.settle(payment, 10_000, "ref-1", None)
    asked = client.get(f"{path}entries/{entry.pk}/leave/")
    assert "已付 ¥100，按原支付方式退回 ¥80 。" in text(asked)
    entry.refresh_from_db()
    assert entry.state == State.CONFIRMED
    client.post(f"{path}entries/{entry.pk}/leave/")
    entry.refresh_from_db()
    assert (entry.state, entry.registration.payments.get().refunds.get().amount_fen) == (State.WITHDRAWN, 8_000)
    assert "退款中" in text(client.get(path)) and payment.number in text(client.get(path))


def test_after_the_deadline_the_page_says_so_and_does_nothing(client: Client) -> None:
    _field, entry, path = one()
    put(entry, state=State.CONFIRMED, held_until=None)
    Edition.objects.update(starts_on=timezone.localdate() + timedelta(days=5))
    assert "自助退出已截止" in text(client.get(path))
    assert client.post(f"{path}entries/{entry.pk}/leave/").status_code == 409
    assert client.post(f"{path}riders/{entry.rider_id}/change/", {"phone": "13911112222"}).status_code == 409
    entry.refresh_from_db()
    assert entry.state == State.CONFIRMED


def test_a_released_place_says_what_to_do(client: Client) -> None:
    _field, entry, path = one()
    put(entry, state=State.EXPIRED, held_until=None)
    page = text(client.get(path))
    assert "已没有有效名额" in page and "仍有名额时可重新报名" in page and "支付" not in page


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.WAITING, "候补中，还没有名额"),
        (State.OFFERED, "有一个名额递补给您"),
        (State.CONFIRMED, "已全部办妥"),
        (State.WITHDRAWN, "已没有有效名额"),
    ],
)
def test_only_a_place_that_is_confirmed_is_called_done(client: Client, state: str, said: str) -> None:
    _field, entry, path = one(fee_fen=0)
    put(
        entry, state=state, queue_number=1 if state == State.WAITING else None,
        held_until=timezone.now() + timedelta(hours=1) if state == State.OFFERED else None,
    )  # fmt: skip
    page = text(client.get(path))
    told = ("候补中，还没有名额", "有一个名额递补给您", "已全部办妥", "已没有有效名额")
    assert [one for one in told if one in page] == [said]


def test_the_menu_leads_to_the_regulations_of_the_edition_one_reads_about(client: Client) -> None:
    field, _entry, path = one()
    links_there = re.findall(r'<a href="([^"]*rules/)"[^>]*>规程</a>', client.get(path).content.decode())
    assert links_there == [f"/editions/{field.edition.slug}/rules/"] * 2


def test_what_is_refused_stands_in_its_field_as_typed(client: Client) -> None:
    _field, entry, path = one()
    answer = client.post(f"{path}riders/{entry.rider_id}/change/", {"phone": "12345", "emergency_name": "单母"})
    page = answer.content.decode()
    assert (answer.status_code, 'value="12345"' in page, 'value="单母"' in page) == (409, True, True)
    assert ('id="details" open' in page, dossier.read(Rider.objects.get())["emergency_name"]) == (True, "家人")


def test_contact_and_team_are_changed_and_nothing_else(client: Client) -> None:
    _field, entry, path = one()
    sent = {
        "email": "new@example.org",
        "phone": "",
        "emergency_name": "单母",
        "team": "天山车队",
        "sex": "F",
        "name_zh": "别人",
    }
    answer = client.post(f"{path}riders/{entry.rider_id}/change/", sent)
    assert (answer.status_code, answer["Location"]) == (302, f"{path}?saved=1#details")
    rider, booked = Rider.objects.get(), Registration.objects.get()
    kept = dossier.read(rider)
    assert (kept["email"], kept["emergency_name"], kept["emergency_phone"]) == (
        "new@example.org",
        "单母",
        "+8613800000000",
    )
    assert (rider.name_zh, rider.sex, Entry.objects.get().team.name_zh) == ("单雨桐", "M", "天山车队")  # type: ignore[union-attr]
    assert (dossier.contact(booked)["email"], booked.email_hash) == (
        "new@example.org",
        dossier.contact_hash("new@example.org"),
    )


def test_somebody_stays_reachable(client: Client) -> None:
    _field, entry, path = one()
    answer = client.post(f"{path}riders/{entry.rider_id}/change/", {"email": "", "phone": ""})
    assert answer.status_code == 409
    assert "手机和邮箱至少填一项。" in text(answer)


def test_a_newer_version_is_signed_once(client: Client) -> None:
    field, entry, path = one()
    Edition.objects.update(waiver_zh="新的声明。")
    regulations.current(Edition.objects.get())
    assert "免责声明有新版本" in text(client.get(path))
    for _tap in range(2):
        client.post(f"{path}riders/{entry.rider_id}/sign/", {"signer": "单雨桐", "version": "2"})
    assert list(Acceptance.objects.order_by("pk").values_list("regulations__version", "signer")) == [
        (1, "单雨桐"),
        (2, "单雨桐"),
    ]
    assert "免责声明有新版本" not in text(client.get(path))
    old = client.post(f"{path}riders/{entry.rider_id}/sign/", {"signer": "单雨桐", "version": "1"})
    assert old.status_code == 409
    assert field.edition.regulations.count() == 2


def test_another_number_of_places_asks_nobody_to_sign_again(client: Client) -> None:
    field, _entry, path = one()
    field.category.capacity += 50
    field.category.save(update_fields=["capacity"])
    assert regulations.current(Edition.objects.get()).version == 2
    assert asked(client.get(path)) == (False, False)
    later = enter(field, "乙二")
    third = registration.register(
        field.edition, person("丙三"), [field.category], contact=registration.Contact("丙三", "c@example.org"),
        signature=registration.Signature("丙三", 1), key="shown-before", language="zh-hans",
    )  # fmt: skip
    versions = Acceptance.objects.order_by("pk").values_list("regulations__version", flat=True)
    assert (list(versions), later.state, third.entries.get().state) == ([1, 2, 1], State.HELD, State.HELD)
    field.category.fee_fen += 100
    field.category.save(update_fields=["fee_fen"])
    regulations.current(Edition.objects.get())
    with pytest.raises(Refused) as refused:
        regulations.accepted(field.edition, 2)
    assert refused.value.code == "new_version"


def asked(answer: Any) -> tuple[bool, bool]:
    """Whether the page asks to sign, and whether it says that the regulations are newer than the signature."""
    return "/sign/" in answer.content.decode(), "在此之后有新版本" in text(answer)


def test_other_terms_ask_nobody_to_sign_again_but_the_page_says_so(client: Client) -> None:
    field, entry, path = one()
    field.category.fee_fen += 100
    field.category.save(update_fields=["fee_fen"])
    assert regulations.current(Edition.objects.get()).version == 2
    page = client.get(path)
    assert asked(page) == (False, True)
    assert (
        f'<a href="/editions/{field.edition.slug}/rules/">竞赛规程</a>在此之后有新版本：第 2 版'
        in page.content.decode()
    )
    assert "还缺" not in text(page)
    client.post(f"{path}riders/{entry.rider_id}/sign/", {"signer": "单雨桐", "version": "2"})
    assert asked(client.get(path)) == (False, False)
    Edition.objects.update(waiver_zh="新的声明。")
    assert asked(client.get(path)) == (True, False)


def test_a_minor_who_signed_alone_is_told_that_the_guardian_has_not(client: Client) -> None:
    _field, entry, path = one()
    Rider.objects.update(birth_date=timezone.localdate() - timedelta(days=365 * 15))
    assert asked(client.get(path)) == (True, False)
    assert "监护人未签" in text(client.get(path))
    client.post(f"{path}riders/{entry.rider_id}/sign/", {"signer": "单母", "version": "1"})
    assert asked(client.get(path)) == (False, False)
    assert "单母 于" in text(client.get(path))


def test_the_same_terms_are_all_but_the_number_of_places() -> None:
    document = regulations.document(open_entries().edition)
    more, dearer = deepcopy(document), deepcopy(document)
    more["races"][0]["categories"][0]["capacity"] += 1
    dearer["races"][0]["categories"][0]["fee_fen"] += 1
    other = document | {"waiver": {"zh": "新", "en": "new"}}
    assert [regulations.same_terms(document, one) for one in (document, more, dearer, other)] == [
        True,
        True,
        False,
        False,
    ]


def test_nobody_else_comes_in(client: Client) -> None:
    field, entry, path = one()
    other = enter(field, "乙二")
    assert client.get("/my/nothing/").status_code == 404
    for part in (f"entries/{other.pk}/leave/", f"entries/{other.pk}/accept/", f"riders/{other.rider_id}/change/"):
        assert client.post(f"{path}{part}").status_code == 404
    PrivateLink.objects.filter(registration=entry.registration).update(revoked_at=timezone.now())
    assert client.get(path).status_code == 404


def test_a_riders_link_shows_that_riders_part_and_no_money(client: Client) -> None:
    field, entry, _path = one()
    other = enter(field, "乙二")
    put(other, registration=entry.registration)
    mine = links.path(links.make(entry.registration, entry.rider))  # type: ignore[arg-type]
    page = text(client.get(mine))
    assert "单雨桐" in page and "乙二" not in page and "支付" not in page
    assert client.post(f"{mine}pay/", {"way": "on_site"}).status_code == 409
    assert client.post(f"{mine}entries/{entry.pk}/leave/").status_code == 409
    whole = text(client.get(path_of(entry)))
    assert "单雨桐" in whole and "乙二" in whole


def test_nobody_keeps_or_lists_the_page_and_no_other_site_hears_of_it(client: Client) -> None:
    _field, _entry, path = one()
    answer = client.get(path)
    told = [answer[name] for name in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")]
    assert told == ["no-store", "same-origin", "noindex"]
    assert '<meta name="robots" content="noindex">' in answer.content.decode()


@pytest.mark.parametrize("others", [0, 6])
def test_the_queries_do_not_grow_with_the_entries(
    client: Client, django_assert_max_num_queries: Any, others: int
) -> None:
    field, entry, path = one(capacity=3)
    for number in range(others):
        put(enter(field, "甲乙丙丁戊己"[number] * 2), registration=entry.registration)
    payments.start(entry.registration, "sandbox")  # type: ignore[arg-type]
    with django_assert_max_num_queries(14):
        client.get(path)
