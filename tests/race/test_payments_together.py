"""The same callback many times at once, and a hold that ends while its money arrives: real threads, real locks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from race import ledger, payments, registration
from race.models import Category, Entry, LedgerLine, Payment, ProviderCall, Refund
from race.providers.contract import Notice
from race.providers.sandbox import callback
from race.refused import Refused
from tests.entering import enter, open_entries

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("alone")]


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Do all of this at the same moment, each over a connection of its own."""
    ready = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        try:
            ready.wait(20)
            return act()
        except Refused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def test_the_same_callback_eight_times_at_once_is_booked_once() -> None:
    entry = enter(open_entries(), "甲一")
    assert entry.registration is not None
    payment = payments.start(entry.registration, "sandbox")
    sent = callback(Notice("paid", payment.number, 10_000, "SB-1"))
    outcomes = together(*[lambda: payments.record("sandbox", *sent)] * 8)
    assert sorted(outcomes) == ["known"] * 7 + ["settled"]
    entry.refresh_from_db()
    assert (entry.state, entry.paid_fen, LedgerLine.objects.count(), Refund.objects.count()) == (
        "confirmed",
        10_000,
        1,
        0,
    )
    assert ProviderCall.objects.count() == 8


def test_two_payments_of_one_place_at_once_leave_one_fee() -> None:
    entry = enter(open_entries(), "甲一")
    assert entry.registration is not None
    first = payments.start(entry.registration, "sandbox")
    payments.start(entry.registration, "transfer")
    second = payments.start(entry.registration, "sandbox")
    sent = [callback(Notice("paid", one.number, 10_000, f"SB-{one.pk}")) for one in (first, second)]
    assert together(*[lambda one=one: payments.record("sandbox", *one) for one in sent]) == ["settled"] * 2
    entry.refresh_from_db()
    assert (entry.paid_fen, Refund.objects.get().amount_fen) == (10_000, 10_000)


def test_a_hold_that_ends_while_its_money_arrives_loses_neither_place_nor_money() -> None:
    for attempt in range(4):
        field = open_entries(capacity=1, slug=f"race-{attempt}")
        entry = enter(field, f"甲{attempt}", key=f"one-{attempt}")
        assert entry.registration is not None
        payment = payments.start(entry.registration, "sandbox")
        sent = callback(Notice("paid", payment.number, 10_000, f"SB-{attempt}"))
        later = timezone.now() + timedelta(minutes=16)
        together(
            lambda sent=sent: payments.record("sandbox", *sent),
            lambda field=field, later=later: registration.expire(field.edition, now=later),
            lambda field=field, attempt=attempt: enter(field, f"乙{attempt}", key=f"two-{attempt}"),
        )
        entry.refresh_from_db()
        category = Category.objects.get(pk=field.category.pk)
        rows = Entry.objects.filter(category=category)
        assert category.taken == rows.filter(state__in=Entry.PLACED).count() <= 1
        assert category.waiting == rows.filter(state="waiting").count()
        back = Refund.objects.filter(payment=payment).count()
        assert (entry.state, entry.paid_fen, back) in (("confirmed", 10_000, 0), ("waiting", 0, 1))


def test_the_office_clicks_twice_at_once() -> None:
    entry = enter(open_entries(), "甲一")
    acts = [lambda: ledger.mark_paid(entry, method="cash", amount_fen=10_000, note="", by=None).pk] * 4
    assert sum(isinstance(one, int) for one in together(*acts)) == 1
    entry.refresh_from_db()
    assert (entry.paid_fen, Payment.objects.count()) == (10_000, 1)


def test_four_workers_ask_for_a_refund_once() -> None:
    entry = enter(open_entries(), "甲一")
    assert entry.registration is not None
    payment = payments.start(entry.registration, "sandbox")
    payments.record("sandbox", *callback(Notice("paid", payment.number, 10_000, "SB-1")))
    registration.withdraw(entry, by=None)
    assert sorted(together(*[payments.run_refunds] * 4)) == [0, 0, 0, 1]
    assert LedgerLine.objects.filter(kind="refund").count() == 1
