"""Money that moved, once: what the office books, sees and takes away with it."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from race import ledger, payments, reconciliation, registration
from race.models import Entry, LedgerLine, Payment, ProviderCall, Refund, Role, Transponder
from race.providers.contract import Notice
from race.providers.sandbox import callback
from race.refused import Refused
from tests import cast
from tests.entering import Field, enter, open_entries
from tests.race.test_office_access import member

pytestmark = pytest.mark.django_db


def refused(act: Any) -> str:
    with pytest.raises(Refused) as found:
        act()
    return found.value.code


def take(entry: Entry, fen: int = 10_000, method: str = "cash", **more: Any) -> LedgerLine:
    return ledger.mark_paid(entry, method=method, amount_fen=fen, note="收", by=None, **more)


def pay(entry: Entry, ref: str) -> Payment:
    assert entry.registration is not None
    payment = payments.start(entry.registration, "sandbox")
    payments.record("sandbox", *callback(Notice("paid", payment.number, payment.amount_fen, ref)))
    return payment


def test_what_an_entry_has_paid_is_the_sum_of_its_lines() -> None:
    entry = enter(open_entries(), "甲一")
    take(entry, 4_000)
    take(entry, 6_000, "transfer")
    ledger.correct(entry, -500, method="cash", note="找零记错", by=None)
    ledger.deposit(entry, None, 10_000, "cash", None)
    entry.refresh_from_db()
    lines = LedgerLine.objects.filter(entry=entry, kind__in=ledger.OF_THE_FEE)
    assert (entry.state, entry.paid_fen, lines.aggregate(Sum("amount_fen"))["amount_fen__sum"]) == (
        "confirmed",
        9_500,
        9_500,
    )


def test_the_office_is_refused_what_makes_no_sense() -> None:
    field = open_entries(capacity=1)
    entry, waiting = enter(field, "甲一"), enter(field, "乙二")
    assert [
        refused(lambda: take(entry, 0)), refused(lambda: take(entry, 10_001)), refused(lambda: take(entry, 1, "shells")),
        refused(lambda: take(waiting)), refused(lambda: ledger.correct(entry, 5, method="cash", note=" ", by=None)),
    ] == ["bad_amount", "too_much", "no_such_method", "no_place", "reason_missing"]  # fmt: skip
    assert (LedgerLine.objects.count(), Payment.objects.count()) == (0, 0)


def test_a_transfer_for_somebody_who_waits_is_booked_and_goes_back() -> None:
    field = open_entries(capacity=1)
    enter(field, "甲一")
    waiting = enter(field, "乙二")
    assert take(waiting, method="transfer").entry_id is None
    assert list(Refund.objects.values_list("reason", "amount_fen")) == [("too_late", 10_000)]


def test_the_same_form_sent_twice_is_booked_once() -> None:
    entry = enter(open_entries(), "甲一")
    assert take(entry, 4_000, key="form-1").pk == take(entry, 4_000, key="form-1").pk
    assert LedgerLine.objects.count() == 1


def test_a_whole_registration_is_marked_paid() -> None:
    field = open_entries()
    one, other = enter(field, "甲一"), enter(field, "乙二")
    Entry.objects.filter(pk=other.pk).update(registration=one.registration)
    assert one.registration is not None
    assert ledger.mark_registration_paid(one.registration, method="transfer", by=None) == 20_000
    assert ledger.mark_registration_paid(one.registration, method="transfer", by=None) == 0
    assert list(Entry.objects.order_by("pk").values_list("state", "paid_fen")) == [("confirmed", 10_000)] * 2


def test_an_entry_the_office_wrote_itself_can_be_paid() -> None:
    entry = cast.make(riders=1).entries[1]
    Entry.objects.filter(pk=entry.pk).update(fee_fen=10_000)
    take(entry)
    entry.refresh_from_db()
    assert (entry.paid_fen, refused(lambda: take(entry))) == (10_000, "too_much")


def test_a_deposit_is_taken_once_a_chip_and_goes_back_once() -> None:
    field = open_entries()
    entry = enter(field, "甲一")
    chips = [Transponder.objects.create(edition=field.edition, code=f"CHIP{number}") for number in (1, 2)]
    for chip in chips:
        ledger.deposit(entry, chip, 10_000, "cash", None)
    assert refused(lambda: ledger.deposit(entry, chips[0], 10_000, "cash", None)) == "deposit_held"
    assert ledger.deposits(field.edition) == {entry.pk: 20_000}
    ledger.deposit_back(entry, chips[0], 10_000, "cash", None)
    assert refused(lambda: ledger.deposit_back(entry, chips[0], 10_000, "cash", None)) == "deposit_not_held"
    ledger.deposit_kept(entry, chips[1], 10_000, "cash", None)
    entry.refresh_from_db()
    assert (ledger.deposits(field.edition), entry.paid_fen) == ({}, 0)
    assert sum(LedgerLine.objects.exclude(kind="deposit_kept").values_list("amount_fen", flat=True)) == 10_000


def a_day(field: Field) -> None:
    """Two paid online, one of them withdrawn and paid back; one in cash; a deposit."""
    one, _other = enter(field, "甲一"), enter(field, "乙二")
    for name in ("甲一", "乙二"):
        pay(Entry.objects.get(rider__name_zh=name), f"SB-{name}")
    registration.withdraw(one, by=None)
    payments.run_refunds()
    third = enter(field, "丙三")
    ledger.mark_paid(third, method="cash", amount_fen=10_000, note="=1+1", by=None)
    ledger.deposit(third, None, 20_000, "cash", None)


def test_the_books_of_a_day_agree_with_what_the_provider_told() -> None:
    field = open_entries()
    a_day(field)
    today = timezone.localtime(timezone=reconciliation.ZoneInfo("Asia/Shanghai")).date()
    assert reconciliation.ways(field.edition, today) == [
        reconciliation.Way("cash", 1, 10_000, 0, 0, 20_000),
        reconciliation.Way("sandbox", 2, 20_000, 1, -8_000, 0),
    ]
    assert reconciliation.ways(field.edition, today - timedelta(days=1)) == []
    payments.record("sandbox", *callback(Notice("paid", "P-NOBODY", 5_000, "SB-lost")))
    entry = enter(field, "丁四")
    assert entry.registration is not None
    payments.settle(payments.start(entry.registration, "sandbox"), 10_000, "SB-by-hand", None)
    sandbox = reconciliation.ways(field.edition, today)[1]
    assert (sandbox.only_told, sandbox.only_booked) == (("SB-lost",), ("SB-by-hand",))


def today_at_the_venue() -> str:
    return timezone.localtime(timezone=reconciliation.ZoneInfo("Asia/Shanghai")).date().isoformat()


def test_the_export_runs_no_formula() -> None:
    field = open_entries()
    a_day(field)
    office = member(field.edition)
    text = office.get(f"/office/ledger/{today_at_the_venue()}.csv").content.decode("utf-8-sig")
    assert "cash,1,100.0,0,0.0,200.0,300.0" in text.splitlines()
    assert [line.rsplit(",", 1)[1] for line in text.splitlines() if ",fee,cash," in line] == ["'=1+1"]
    answer = office.get(f"/office/ledger/{today_at_the_venue()}.xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert ["cash", 1.0, 100.0, 0.0, 0.0, 200.0, 300.0] in [row[:7] for row in rows]
    assert [row[7] for row in rows if row[1:3] == ["fee", "cash"]] == ["'=1+1"]
    for text in ("=1", "+1", "-1", "@a", "\ta", "\ra"):
        assert reconciliation.as_csv([[text]]).decode("utf-8-sig").lstrip('"').startswith("'")
    assert office.get("/office/ledger/2026-02-30.csv").status_code == 404
    assert office.get(f"/office/ledger/{today_at_the_venue()}.exe").status_code == 404


def test_the_page_of_a_day_asks_as_much_for_thirty_lines_as_for_three(django_assert_max_num_queries: Any) -> None:
    field = open_entries(capacity=40)
    office = member(field.edition)
    assert "No money moved" in office.get("/office/ledger/").content.decode()
    for number in range(30):
        take(enter(field, f"车手{number}"))
    with django_assert_max_num_queries(22):
        page = office.get(f"/office/ledger/?day={today_at_the_venue()}&method=cash&kind=fee").content.decode()
    assert page.count("<tr>") == 31
    assert "¥3,000" in page
    assert office.get("/office/ledger/?day=never&kind=x&method=%00").status_code in (200, 400)


def test_a_refund_by_hand_is_marked_and_a_failed_one_is_asked_for_again() -> None:
    field = open_entries()
    office = member(field.edition)
    cash, online = enter(field, "甲一"), enter(field, "乙二")
    take(cash)
    pay(online, "SB-1")
    for entry in (cash, online):
        registration.withdraw(entry, by=None)
    Refund.objects.filter(payment__provider="sandbox").update(state="failed", tries=12, problem="no funds")
    page = office.get("/office/ledger/").content.decode()
    assert (page.count("Mark as paid back"), page.count("Ask for it again"), "no funds" in page) == (1, 1, True)
    assert all(f" · {entry.rider.latin}" in page for entry in (cash, online))  # as everywhere in English
    for refund in Refund.objects.all():
        office.post(f"/office/ledger/refunds/{refund.number}/", {"next": "/office/ledger/"})
    assert payments.run_refunds() == 1
    assert list(Refund.objects.values_list("state", flat=True)) == ["done", "done"]
    assert "On its way back" not in office.get("/office/ledger/").content.decode()


def test_nobody_else_sees_the_money() -> None:
    field = open_entries()
    a_day(field)
    for role in (Role.Name.COMMISSAIRE, Role.Name.TIMING_CREW, Role.Name.ANNOUNCER):
        stranger = member(field.edition, role, role)
        assert stranger.get("/office/ledger/").status_code == 403
        assert stranger.get(f"/office/ledger/{today_at_the_venue()}.csv").status_code == 403
        assert stranger.post(f"/office/ledger/refunds/{Refund.objects.get().number}/").status_code == 403
    assert Client().get("/office/ledger/").status_code == 302


# --- the cashier and the door of the providers -----------------------------------------------------------------------


def test_the_cashier_pays_fails_and_sends_twice(client: Client) -> None:
    field = open_entries()
    entry = enter(field, "甲一")
    assert entry.registration is not None
    payment = payments.start(entry.registration, "sandbox")
    url = payments.checkout(payment, "/my/secret/").url
    assert url == f"/pay/sandbox/{payment.number}/?return=%2Fmy%2Fsecret%2F"
    page = client.get(url, headers={"accept-language": "en"}).content.decode()
    assert ("¥100" in page, "甲一" in page, 'href="/my/secret/"' in page) == (True, False, True)
    assert client.post(url, {"do": "fail"})["Location"] == url
    assert client.post(url, {"do": "nonsense"})["Location"] == url
    assert client.post(url, {"do": "twice"})["Location"] == "/my/secret/"
    assert client.post(url, {"do": "pay"})["Location"] == "/my/secret/"
    outcomes = list(ProviderCall.objects.order_by("pk").values_list("outcome", flat=True))
    assert outcomes == ["closed", "settled", "known", "known"]
    assert LedgerLine.objects.count() == 1
    away = f"/pay/sandbox/{payment.number}/?return=https://example.org/"
    assert 'href="https://example.org' not in client.get(away).content.decode()
    assert client.post(away, {"do": "later"})["Location"] == away


def test_the_cashier_is_not_there_where_the_rules_do_not_list_it(client: Client) -> None:
    field = open_entries()
    entry = enter(field, "甲一")
    assert entry.registration is not None
    payment = payments.start(entry.registration, "sandbox")
    field.edition.entry_rules = {"payment_methods": ["on_site"]}
    field.edition.save(update_fields=["entry_rules"])
    assert client.get(f"/pay/sandbox/{payment.number}/").status_code == 404
    assert client.post(f"/pay/sandbox/{payment.number}/", {"do": "pay"}).status_code == 404
    assert client.get("/pay/sandbox/P1/").status_code == 404


def test_a_callback_over_http_is_taken_refused_or_asked_for_again(client: Client) -> None:
    entry = enter(open_entries(), "甲一")
    assert entry.registration is not None
    payment = payments.start(entry.registration, "sandbox")

    def send(body: bytes, headers: dict[str, str], name: str = "sandbox") -> tuple[int, str]:
        given = {key: value for key, value in headers.items() if key != "Content-Type"}
        answer = client.post(f"/api/v1/payments/{name}/notify/", body, "application/json", headers=given)
        told = answer.json()
        return answer.status_code, told["outcome"] if answer.status_code == 200 else told["errors"][0]["code"]

    paid = callback(Notice("paid", payment.number, 10_000, "SB-1"))
    assert [
        send(*paid), send(*paid), send(paid[0] + b" ", paid[1]), send(*callback(Notice("paid", "P-1", 1, "SB-2"))),
        send(*paid, "nobody"), send(b"x" * 20_000, {}),
    ] == [
        (200, "settled"), (200, "known"), (403, "forged"), (404, "unknown_payment"), (404, "not_found"), (413, "too_large"),
    ]  # fmt: skip
    kept = ProviderCall.objects.order_by("pk")[0]
    assert bytes(kept.body) == paid[0]
    assert "Cookie" not in kept.headers


def test_the_office_reads_payments_over_the_api(client: Client, django_assert_max_num_queries: Any) -> None:
    field = open_entries()
    a_day(field)
    headers = cast.bearer(field.edition, "office")
    with django_assert_max_num_queries(7):
        rows = client.get("/api/v1/payments/?state=paid", headers=headers).json()["results"]
    found = [(row["provider"], row["received_fen"], [one["amount_fen"] for one in row["refunds"]]) for row in rows]
    assert found == [("on_site", 10_000, []), ("sandbox", 10_000, []), ("sandbox", 10_000, [8_000])]
    assert client.get("/api/v1/payments/?state=closed", headers=headers).json()["count"] == 0
