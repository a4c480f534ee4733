"""Money buys the place it was asked for, or goes back whole; whatever a provider sends, and however often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from race import ledger, payments, places, providers, registration
from race.models import Edition, Entry, LedgerLine, Message, Payment, ProviderCall, Refund
from race.payments import calls
from race.providers.contract import Notice, RefundAnswer
from race.providers.sandbox import callback
from race.refused import Refused
from tests.entering import Field, enter, open_entries

pytestmark = pytest.mark.django_db
State = Entry.State


def tell(payment: Payment, fen: int | None = None, ref: str = "SB-1", kind: Any = "paid") -> str:
    fen = payment.amount_fen if fen is None else fen
    return payments.record("sandbox", *callback(Notice(kind, payment.number, fen, ref)))


def start(entry: Entry, way: str = "sandbox") -> Payment:
    assert entry.registration is not None
    return payments.start(entry.registration, way)


def books() -> list[str]:
    """The ledger, a line each: kind, method, fen, and whose fee it is."""
    lines = LedgerLine.objects.select_related("entry__rider").order_by("pk")
    return [
        f"{line.kind} {line.method} {line.amount_fen} {line.entry.rider.name_zh if line.entry else '–'}"
        for line in lines
    ]


def refunds() -> list[str]:
    return [f"{one.reason} {one.amount_fen} {one.state}" for one in Refund.objects.order_by("pk")]


def now(entry: Entry) -> tuple[str, int]:
    entry.refresh_from_db()
    return entry.state, entry.paid_fen


def test_a_paid_callback_confirms_the_place_and_a_replay_changes_nothing() -> None:
    entry = enter(open_entries(), "甲一")
    payment = start(entry)
    sent = callback(Notice("paid", payment.number, 10_000, "SB-1"))
    assert [payments.record("sandbox", *sent) for _time in range(3)] == ["settled", "known", "known"]
    assert (now(entry), books(), refunds()) == (("confirmed", 10_000), ["fee sandbox 10000 甲一"], [])
    assert [(bytes(call.body), call.outcome) for call in ProviderCall.objects.order_by("pk")] == [
        (sent[0], "settled"), (sent[0], "known"), (sent[0], "known"),
    ]  # fmt: skip
    assert list(Message.objects.filter(kind="paid").values_list("registration", flat=True)) == [entry.registration_id]


def test_a_flood_of_forged_callbacks_fills_no_disk(monkeypatch: pytest.MonkeyPatch, redis: Any) -> None:
    monkeypatch.setattr(calls, "FORGED_AN_HOUR", 2)
    assert [payments.record("sandbox", b"x", {}) for _call in range(4)] == ["forged"] * 4
    assert ProviderCall.objects.count() == 2


def test_a_forged_callback_is_kept_and_does_nothing() -> None:
    entry = enter(open_entries(), "甲一")
    body, headers = callback(Notice("paid", start(entry).number, 10_000, "SB-1"))
    assert payments.record("sandbox", body.replace(b"10000", b"10001"), headers) == "forged"
    assert payments.record("sandbox", body, headers | {"Sandbox-Nonce": "other"}) == "forged"
    assert payments.record("sandbox", b"", {}) == "forged"
    assert payments.record("transfer", body, headers) == "forged"
    assert (now(entry), books(), ProviderCall.objects.filter(genuine=False).count()) == (("held", 0), [], 4)


def test_another_sum_than_was_asked_for_goes_back_whole() -> None:
    entry = enter(open_entries(), "甲一")
    assert tell(start(entry), 9_999) == "mismatch"
    assert (now(entry), books(), refunds()) == (("held", 0), ["fee sandbox 9999 –"], ["mismatch 9999 requested"])


def test_money_that_comes_twice_goes_back_once() -> None:
    entry = enter(open_entries(), "甲一")
    payment = start(entry)
    assert [tell(payment, ref=ref) for ref in ("SB-1", "SB-2", "SB-2")] == ["settled", "paid_twice", "known"]
    assert books() == ["fee sandbox 10000 甲一", "fee sandbox 10000 –"]
    assert refunds() == ["paid_twice 10000 requested"]


def test_a_second_payment_of_the_same_places_goes_back() -> None:
    entry = enter(open_entries(), "甲一")
    first, _transfer, second = start(entry), start(entry, "transfer"), start(entry)
    assert first.pk != second.pk
    assert [tell(first, ref="SB-1"), tell(second, ref="SB-2")] == ["settled", "settled"]
    assert (now(entry), refunds()) == (("confirmed", 10_000), ["paid_twice 10000 requested"])


def test_the_same_number_of_the_providers_for_another_payment_is_not_booked() -> None:
    field = open_entries()
    one, other = enter(field, "甲一"), enter(field, "乙二")
    assert [tell(start(one)), tell(start(other))] == ["settled", "ref_reused"]
    assert (now(other), books()) == (("held", 0), ["fee sandbox 10000 甲一"])


def expired(field: Field, name: str) -> tuple[Entry, Payment]:
    entry = enter(field, name)
    payment = start(entry)
    registration.expire(field.edition, now=timezone.now() + timedelta(minutes=16))
    assert now(entry)[0] == "expired"
    return entry, payment


def test_late_money_seats_the_rider_again_where_a_place_is_free() -> None:
    field = open_entries(capacity=1)
    entry, payment = expired(field, "甲一")
    assert tell(payment) == "settled"
    field.category.refresh_from_db()
    assert (now(entry), field.category.taken, refunds()) == (("confirmed", 10_000), 1, [])
    assert entry.pass_code


def test_late_money_goes_back_where_the_place_is_gone_and_the_rider_waits() -> None:
    field = open_entries(capacity=1)
    entry, payment = expired(field, "甲一")
    enter(field, "乙二")
    waiting = enter(field, "丙三")
    assert tell(payment) == "settled"
    field.category.refresh_from_db()
    assert (now(entry), entry.queue_number, waiting.queue_number) == (("waiting", 0), 2, 1)
    assert (field.category.taken, field.category.waiting) == (1, 2)
    assert (books(), refunds()) == (["fee sandbox 10000 –"], ["too_late 10000 requested"])


def test_late_money_of_somebody_who_entered_again_only_goes_back() -> None:
    field = open_entries(capacity=5)
    entry, payment = expired(field, "甲一")
    again = enter(field, "甲一", key="again")
    assert tell(payment) == "settled"
    assert (now(entry), now(again)) == (("expired", 0), ("held", 0))
    assert refunds() == ["too_late 10000 requested"]


def test_late_money_does_not_pass_a_full_region() -> None:
    field = open_entries(capacity=5, quotas=[{"prefix": "41", "max": 1}])
    entry, payment = expired(field, "甲一")
    enter(field, "乙二")
    assert tell(payment) == "settled"
    assert (now(entry), refunds()) == (("waiting", 0), ["too_late 10000 requested"])


def test_money_for_a_place_that_was_given_up_goes_back_whole() -> None:
    entry = enter(open_entries(), "甲一")
    payment = start(entry)
    registration.withdraw(entry, by=None)
    assert tell(payment) == "settled"
    assert (now(entry), refunds()) == (("withdrawn", 0), ["withdrawn_before 10000 requested"])


def test_a_callback_that_overtakes_its_payment_is_judged_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = enter(open_entries(), "甲一")
    early = callback(Notice("paid", "P-EARLY", 10_000, "SB-1"))
    assert (payments.record("sandbox", *early), payments.reprocess()) == ("unknown", 0)
    payment = start(entry)
    Payment.objects.filter(pk=payment.pk).update(number="P-EARLY")
    assert (payments.reprocess(), payments.reprocess()) == (1, 0)
    assert now(entry) == ("confirmed", 10_000)
    assert list(ProviderCall.objects.order_by("pk").values_list("outcome", flat=True)) == ["unknown", "settled"]


def test_a_notice_that_breaks_us_is_kept_and_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = enter(open_entries(), "甲一")
    payment = start(entry)
    with monkeypatch.context() as broken:
        broken.setattr(places, "lock", lambda entries: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tell(payment)
        assert payments.reprocess() == 0
    assert list(ProviderCall.objects.values_list("outcome", flat=True)) == ["kept"]
    assert (payments.reprocess(), now(entry)) == (1, ("confirmed", 10_000))


def test_closed_then_paid_then_closed_again_is_paid() -> None:
    entry = enter(open_entries(), "甲一")
    payment = start(entry)
    assert [tell(payment, kind="closed"), tell(payment), tell(payment, kind="closed")] == ["closed", "settled", "known"]
    payment.refresh_from_db()
    assert (payment.state, now(entry)) == ("paid", ("confirmed", 10_000))


def test_a_registration_is_paid_as_a_whole_and_each_line_is_judged() -> None:
    field = open_entries(capacity=5)
    one, other = enter(field, "甲一"), enter(field, "乙二")
    Entry.objects.filter(pk=other.pk).update(registration=one.registration)
    assert one.registration is not None
    payment = start(one)
    assert (payments.owed(one.registration), payment.amount_fen) == (20_000, 20_000)
    registration.withdraw(other, by=None)
    assert tell(payment) == "settled"
    assert (now(one), now(other)) == (("confirmed", 10_000), ("withdrawn", 0))
    assert refunds() == ["withdrawn_before 10000 requested"]


def test_starting_twice_is_one_payment_and_nothing_owed_is_refused() -> None:
    entry = enter(open_entries(), "甲一")
    payment = start(entry)
    assert start(entry).pk == payment.pk
    tell(payment)
    assert refused(lambda: start(entry)) == "nothing_owed"
    assert refused(lambda: start(entry, "wechat")) == "no_such_method"


def test_a_payment_that_is_started_too_late_is_refused() -> None:
    entry = enter(open_entries(), "甲一")
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert refused(lambda: start(entry)) == "hold_over"


def refused(act: Any) -> str:
    with pytest.raises(Refused) as found:
        act()
    return found.value.code


def test_paying_at_sign_on_confirms_the_place_at_once() -> None:
    entry = enter(open_entries(), "甲一")
    start(entry, "on_site")
    assert now(entry) == ("confirmed", 0)
    ledger.mark_paid(entry, method="cash", amount_fen=10_000, note="", by=None)
    assert (now(entry), books()) == (("confirmed", 10_000), ["fee cash 10000 甲一"])
    assert refused(lambda: ledger.mark_paid(entry, method="cash", amount_fen=10_000, note="", by=None)) == "too_much"
    assert sorted(Payment.objects.values_list("state", flat=True)) == ["closed", "paid"]


def test_a_transfer_holds_the_place_for_days_once() -> None:
    entry = enter(open_entries(), "甲一")
    start(entry, "transfer")
    entry.refresh_from_db()
    assert entry.held_until is not None
    assert timedelta(hours=71) < entry.held_until - timezone.now() < timedelta(hours=73)
    with time_machine.travel(timezone.now() + timedelta(hours=10)):
        start(entry)
        start(entry, "transfer")
    before = entry.held_until
    entry.refresh_from_db()
    assert entry.held_until == before


def test_a_place_that_costs_nothing_is_confirmed_without_money() -> None:
    entry = enter(open_entries(fee_fen=0), "甲一")
    until = timezone.now() + timedelta(minutes=5)
    Entry.objects.filter(pk=entry.pk).update(state=State.HELD, held_until=until)  # an offer that was taken
    assert (start(entry).state, now(entry)) == ("paid", ("confirmed", 0))


# --- refunds ----------------------------------------------------------------------------------------------------------


def paid(field: Field, name: str = "甲一") -> Entry:
    entry = enter(field, name)
    tell(start(entry), ref=f"SB-{name}")
    entry.refresh_from_db()
    return entry


def test_a_withdrawal_pays_back_by_the_steps_of_the_regulations() -> None:
    entry = paid(open_entries())
    assert payments.refund_preview(entry) == 8_000
    registration.withdraw(entry, by=None)
    assert (payments.run_refunds(), payments.run_refunds()) == (1, 0)
    assert (now(entry), refunds()) == (("withdrawn", 2_000), ["withdrawn 8000 done"])
    assert books() == ["fee sandbox 10000 甲一", "refund sandbox -8000 甲一"]
    assert payments.refund_preview(entry) == 0


def test_after_the_last_step_nothing_comes_back_but_our_own_fault_pays_all() -> None:
    field = open_entries()
    entry = paid(field)
    Edition.objects.filter(pk=field.edition.pk).update(starts_on=timezone.localdate() + timedelta(days=3))
    entry = Entry.objects.select_related("edition", "registration").get(pk=entry.pk)
    assert payments.refund_preview(entry) == 0
    assert payments.refund_entry(entry, reason="withdrawn", by=None) is None
    made = payments.refund_entry(entry, reason="our_fault", by=None)
    assert made is not None and made.amount_fen == 10_000
    assert payments.refund_entry(entry, reason="our_fault", by=None) is None


def answers(monkeypatch: pytest.MonkeyPatch, *given: RefundAnswer) -> list[str]:
    """The sandbox answers so, one after the other; the numbers it was asked for."""
    asked: list[str] = []

    def refund(one: Refund) -> RefundAnswer:
        asked.append(one.number)
        return given[len(asked) - 1]

    monkeypatch.setattr(providers.ALL["sandbox"], "refund", refund)
    return asked


def test_a_refund_that_fails_is_seen_and_tried_again_with_its_own_number(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, RefundAnswer("failed", problem="no funds"), RefundAnswer("done", ref="SR-1"))
    entry = paid(open_entries())
    registration.withdraw(entry, by=None)
    soon = timezone.now() + timedelta(seconds=5)
    assert (payments.run_refunds(now=soon), payments.run_refunds(now=soon), refunds()) == (
        1, 0, ["withdrawn 8000 failed"],
    )  # fmt: skip
    assert Refund.objects.get().problem == "no funds"
    assert payments.run_refunds(now=soon + timedelta(minutes=1)) == 1
    assert (refunds(), len(asked), len(set(asked))) == (["withdrawn 8000 done"], 2, 1)


def test_refund_notices_in_any_order_book_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, RefundAnswer("pending"))
    entry = paid(open_entries())
    registration.withdraw(entry, by=None)
    payments.run_refunds()
    one = Refund.objects.get()

    def told(kind: Any, fen: int = 8_000, number: str = one.number) -> str:
        return payments.record("sandbox", *callback(Notice(kind, one.payment.number, fen, "SR-1", number)))

    assert [
        told("refund_failed"), told("refunded", 7_999), told("refunded"), told("refunded"), told("refund_failed"),
        told("refunded", number="R-unknown"),
    ] == ["refund_failed", "refund_mismatch", "refunded", "known", "known", "unknown"]  # fmt: skip
    assert (now(entry), refunds()) == (("withdrawn", 2_000), ["withdrawn 8000 done"])
    assert books() == ["fee sandbox 10000 甲一", "refund sandbox -8000 甲一"]


def test_a_refund_by_hand_waits_for_the_office() -> None:
    entry = enter(open_entries(), "甲一")
    ledger.mark_paid(entry, method="transfer", amount_fen=10_000, note="回单 17", by=None)
    registration.withdraw(entry, by=None)
    assert (payments.run_refunds(), refunds()) == (0, ["withdrawn 8000 requested"])
    one = Refund.objects.get()
    assert (payments.refund_done(one), payments.refund_done(one)) == (True, False)
    assert books() == ["fee transfer 10000 甲一", "refund transfer -8000 甲一"]


def test_what_is_on_its_way_back_is_owed_again() -> None:
    """Late money goes back and the rider waits; when a place is offered and taken, all of it is to be paid."""
    field = open_entries(capacity=1)
    entry, payment = expired(field, "甲一")
    other = enter(field, "乙二")
    tell(payment)
    registration.withdraw(other, by=None)
    assert now(entry) == ("offered", 0)
    registration.accept_offer(entry)
    assert entry.registration is not None
    assert payments.owed(entry.registration) == 10_000
    tell(start(entry), ref="SB-9")
    payments.run_refunds()
    assert (now(entry), refunds()) == (("confirmed", 10_000), ["too_late 10000 done"])


def test_a_refund_that_is_not_done_yet_is_owed_again_at_once() -> None:
    entry = paid(open_entries())
    assert entry.registration is not None
    payments.refund_entry(entry, reason="our_fault", by=None)
    assert (entry.paid_fen, payments.owed(entry.registration)) == (10_000, 10_000)
    payments.run_refunds()
    assert (now(entry), payments.owed(entry.registration)) == (("confirmed", 0), 10_000)
