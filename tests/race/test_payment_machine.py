"""Payment under any order of events: hypothesis plays riders, the provider, the office and time against each other.

`HYPOTHESIS_PROFILE=thorough ./run test tests/race/test_payment_machine.py` plays at least 500 sequences; the default
profile plays fewer, so that the suite stays quick. The last test counts what was played.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from race import entry_rules, ledger, payments, places, registration
from race.entry_rules import EntryRules
from race.models import Category, Entry, LedgerLine, Payment, ProviderCall, Refund, Registration
from race.payments import money
from race.providers import ALL, RefundAnswer
from race.providers.contract import Notice
from race.providers.sandbox import callback, new_ref
from race.refused import Refused
from tests.entering import enter, open_entries

pytestmark = pytest.mark.django_db
State = Entry.State
PICK = st.integers(0, 999)
SEQUENCES = 600 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 20
PLAYED: list[int] = []


class Payments(RuleBasedStateMachine):
    """One category of few places, a handful of riders who pay, and everything that can go wrong on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.steps = 0
        self.sent: list[tuple[bytes, dict[str, str]]] = []
        self.told: dict[str, int] = {}
        self.answer = "done"
        self.real_refund = ALL["sandbox"].refund
        ALL["sandbox"].refund = self.provider_refunds  # type: ignore[method-assign]

    def teardown(self) -> None:
        ALL["sandbox"].refund = self.real_refund  # type: ignore[method-assign]
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)
        PLAYED.append(self.steps)

    def provider_refunds(self, refund: Refund) -> RefundAnswer:
        return RefundAnswer(self.answer, ref=f"SR-{refund.number}", problem="")  # type: ignore[arg-type]

    def pick(self, rows: Any, number: int) -> Any:
        found = list(rows.order_by("pk"))
        return found[number % len(found)] if found else None

    def tell(self, notice: Notice) -> str:
        sent = callback(notice)
        self.sent.append(sent)
        return payments.record("sandbox", *sent)

    # --- riders -------------------------------------------------------------------------------------------------

    @initialize(capacity=st.integers(1, 3))
    def opened(self, capacity: int) -> None:
        self.field = open_entries(capacity=capacity)

    @rule(who=st.integers(1, 6), together=st.booleans())
    def register(self, who: int, together: bool) -> None:
        before = Registration.objects.order_by("-pk").first()
        self.steps += 1
        try:
            entry = enter(self.field, f"车手{who}", key=f"key-{who}-{self.steps}")
        except Refused as refused:
            assert refused.code == "already_entered"
            return
        if together and before is not None:
            Entry.objects.filter(pk=entry.pk).update(registration=before)

    @rule(number=PICK, provider=st.sampled_from(["sandbox", "sandbox", "on_site", "transfer"]))
    def start(self, number: int, provider: str) -> None:
        self.started(number, provider)

    def started(self, number: int, provider: str) -> Payment | None:
        one = self.pick(Registration.objects.all(), number)
        self.steps += 1
        if one is None:
            return None
        try:
            with transaction.atomic():
                payment = payments.start(one, provider)
                assert (
                    payments.start(one, provider).pk == payment.pk or provider == "on_site" or payment.amount_fen == 0
                )
        except Refused as refused:
            assert refused.code in ("nothing_owed", "hold_over")
            return None
        return payment

    @rule(number=PICK)
    def withdraw(self, number: int) -> None:
        self.steps += 1
        if (entry := self.pick(Entry.objects.filter(state__in=Entry.ALIVE), number)) is not None:
            registration.withdraw(entry, by=None)

    @rule(number=PICK)
    def accept(self, number: int) -> None:
        self.steps += 1
        if (entry := self.pick(Entry.objects.filter(state=State.OFFERED), number)) is not None:
            registration.accept_offer(entry)

    # --- the provider -------------------------------------------------------------------------------------------

    @rule(number=PICK, off=st.sampled_from([0, 0, 0, 0, -1, 1]), same=st.booleans())
    def paid(self, number: int, off: int, same: bool) -> None:
        self.steps += 1
        if (payment := self.pick(Payment.objects.filter(provider="sandbox", amount_fen__gt=1), number)) is not None:
            self.pay(payment, payment.amount_fen + off, payment.provider_ref if same else "")

    def pay(self, payment: Payment, fen: int, ref: str = "") -> None:
        ref = ref or new_ref()
        known = ref in self.told
        outcome = self.tell(Notice("paid", payment.number, fen, ref))
        assert outcome in (("known", "ref_reused") if known else ("settled", "paid_twice", "mismatch"))
        self.told.setdefault(ref, fen)

    @rule(number=PICK, early=st.booleans())
    def early(self, number: int, early: bool) -> None:
        """The callback overtakes the row it is about, and is judged when the row is there."""
        self.steps += 1
        preset, real = money.new_number("P"), money.new_number
        ref = new_ref()
        assert self.tell(Notice("paid", preset, 10_000, ref)) == "unknown"
        used: list[str] = []

        def chosen(letter: str) -> str:
            if letter == "P" and not used:
                used.append(preset)
                return preset
            return real(letter)

        money.new_number = chosen
        try:
            self.started(number, "sandbox")
        finally:
            money.new_number = real
        made = Payment.objects.filter(number=preset).first()
        assert payments.reprocess() == (made is not None)
        if made is not None:
            if made.provider != "sandbox" or (made.amount_fen == 0):
                return
            self.told[ref] = 10_000
        assert payments.reprocess() == 0

    @rule(number=PICK)
    def late(self, number: int) -> None:
        """Started in time, paid when the hold was over."""
        self.steps += 1
        payment = self.started(number, "sandbox")
        self.time_passes(16)
        if payment is not None and payment.amount_fen:
            self.pay(payment, payment.amount_fen)

    @rule(number=PICK)
    def closed(self, number: int) -> None:
        self.steps += 1
        if (payment := self.pick(Payment.objects.filter(provider="sandbox"), number)) is not None:
            assert self.tell(Notice("closed", payment.number, 0)) in ("closed", "known")

    @precondition(lambda self: self.sent)
    @rule(number=PICK)
    def replayed(self, number: int) -> None:
        self.steps += 1
        before = self.ledger()
        outcome = payments.record("sandbox", *self.sent[number % len(self.sent)])
        assert outcome in ("known", "unknown", "ref_reused", "closed", "refunded", "refund_failed", "refund_mismatch")
        assert outcome == "refunded" or self.ledger() == before

    @precondition(lambda self: self.sent)
    @rule(number=PICK, body=st.booleans())
    def forged(self, number: int, body: bool) -> None:
        self.steps += 1
        bytes_, headers = self.sent[number % len(self.sent)]
        before = self.ledger()
        headers = headers if body else headers | {"Sandbox-Signature": "0" * 64}
        assert payments.record("sandbox", bytes_ + b" " if body else bytes_, headers) == "forged"
        assert self.ledger() == before

    @rule(number=PICK, kind=st.sampled_from(["refunded", "refunded", "refund_failed"]), off=st.sampled_from([0, 0, 1]))
    def refund_told(self, number: int, kind: Any, off: int) -> None:
        self.steps += 1
        refund = self.pick(Refund.objects.filter(payment__provider="sandbox"), number)
        if refund is not None:
            notice = Notice(kind, refund.payment.number, refund.amount_fen + off, f"SR-{refund.number}", refund.number)
            assert self.tell(notice) in ("refunded", "refund_failed", "refund_mismatch", "known")

    # --- the office and time ------------------------------------------------------------------------------------

    @rule(answer=st.sampled_from(["done", "pending", "failed"]), days=st.integers(0, 2))
    def refunds_run(self, answer: str, days: int) -> None:
        self.steps += 1
        self.answer = answer
        payments.run_refunds(now=timezone.now() + timedelta(days=days))

    @rule(number=PICK)
    def refund_by_hand(self, number: int) -> None:
        self.steps += 1
        if (refund := self.pick(Refund.objects.exclude(payment__provider="sandbox"), number)) is not None:
            payments.refund_done(refund)

    @rule(number=PICK, method=st.sampled_from(["cash", "transfer"]), fen=st.sampled_from([10_000, 10_000, 4_000]))
    def office_takes(self, number: int, method: str, fen: int) -> None:
        self.steps += 1
        if (entry := self.pick(Entry.objects.all(), number)) is None:
            return
        try:
            ledger.mark_paid(entry, method=method, amount_fen=fen, note="收", by=None)
        except Refused as refused:
            assert refused.code in ("too_much", "no_place")

    @rule(minutes=st.sampled_from([1, 16, 60 * 25, 60 * 73]))
    def time_passes(self, minutes: int) -> None:
        self.steps += 1
        registration.expire(self.field.edition, now=timezone.now() + timedelta(minutes=minutes))

    @rule(capacity=st.integers(0, 4))
    def capacity_changes(self, capacity: int) -> None:
        self.steps += 1
        try:
            places.set_capacity(self.field.category, capacity)
        except Refused as refused:
            assert refused.code == "below_taken"

    # --- what always holds --------------------------------------------------------------------------------------

    def ledger(self) -> list[Any]:
        return list(LedgerLine.objects.order_by("pk").values_list("kind", "amount_fen", "entry", "payment"))

    @invariant()
    def places_are_exact(self) -> None:
        for category in Category.objects.all():
            rows = Entry.objects.filter(category=category)
            placed, waiting = rows.filter(state__in=Entry.PLACED).count(), rows.filter(state=State.WAITING).count()
            assert (category.taken, category.waiting) == (placed, waiting)
            assert category.taken <= category.capacity

    @invariant()
    def money_is_counted_once_and_kept(self) -> None:
        seen = dict(Payment.objects.exclude(provider_ref="").values_list("provider_ref", "received_fen"))
        assert seen == self.told
        for payment in Payment.objects.filter(state=Payment.State.PAID):
            assert total(LedgerLine.objects.filter(payment=payment, kind="fee")) == payment.received_fen
            loose = LedgerLine.objects.filter(payment=payment, kind="fee", entry=None)
            assert total(loose) == total(Refund.objects.filter(payment=payment, entry=None))
            assert total(Refund.objects.filter(payment=payment)) <= payment.received_fen

    @invariant()
    def every_entry_has_paid_what_its_state_is_due(self) -> None:
        for entry in Entry.objects.select_related("edition"):
            lines = LedgerLine.objects.filter(entry=entry, kind__in=ledger.OF_THE_FEE)
            refunds = Refund.objects.filter(entry=entry)
            gross = total(lines.filter(kind="fee"))
            assert entry.paid_fen == total(lines) == gross - total(refunds.filter(state=Refund.State.DONE))
            kept = gross - total(refunds)
            rules = EntryRules.of(entry.edition.entry_rules)
            if entry.state == State.WITHDRAWN:
                assert kept == gross - entry_rules.refund_fen(rules, gross, 60)
            elif entry.state == State.CONFIRMED:
                assert kept == entry.fee_fen or (self.by_hand(entry) and 0 <= kept <= entry.fee_fen)
            else:
                assert kept == 0

    def by_hand(self, entry: Entry) -> bool:
        """Whether the office or the desk takes the money for an entry."""
        hands = Payment.objects.exclude(provider="sandbox").filter(lines__contains=[{"entry": entry.pk}])
        return hands.exists()

    @invariant()
    def booked_refunds_are_done(self) -> None:
        booked = set(LedgerLine.objects.filter(refund__isnull=False).values_list("refund", "amount_fen"))
        done = Refund.objects.filter(state=Refund.State.DONE).values_list("pk", "amount_fen")
        assert booked == {(pk, -fen) for pk, fen in done}

    @invariant()
    def every_call_is_kept(self) -> None:
        genuine = {
            (bytes(call.body), call.headers["Sandbox-Signature"]) for call in ProviderCall.objects.filter(genuine=True)
        }
        assert {(body, headers["Sandbox-Signature"]) for body, headers in self.sent} == genuine


def total(rows: Any) -> int:
    return rows.aggregate(total=Sum("amount_fen"))["total"] or 0


@pytest.mark.usefixtures("alone")
def test_money_and_places_are_consistent_whatever_happens_in_whatever_order(capsys: Any) -> None:
    PLAYED.clear()
    # What a failing sequence is made shorter by is not worth its time here: it is printed as it was found.
    chosen = settings(
        max_examples=SEQUENCES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Payments, settings=chosen)
    with capsys.disabled():
        print(f"\n{len(PLAYED)} sequences, {sum(PLAYED)} events")
    assert len(PLAYED) >= (500 if SEQUENCES > 500 else SEQUENCES // 2)
