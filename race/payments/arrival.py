"""Money arrives: it buys what it was asked for, or it goes back whole. It is never lost and never counted twice.

| the entry is | the money |
|---|---|
| held, offered | buys the place: confirmed |
| confirmed, unpaid | is taken for it |
| confirmed, paid | goes back: it came twice |
| expired | seats the rider again where a place is free and nobody waits; else it goes back, and the rider waits in line |
| waiting, withdrawn | goes back |
| another sum than was asked for | goes back whole, nothing is confirmed |
"""

from __future__ import annotations

from django.utils import timezone

from race import log, messages, places, providers, transactions
from race.models import Entry, LedgerLine, Payment, User
from race.payments import books, money, refunds

State = Entry.State


@transactions.retried
def settle(payment: Payment, received_fen: int, provider_ref: str, by: User | None, *, note: str = "") -> str:
    """Take money in for a payment; what became of it: `settled`, `known`, `paid_twice`, `mismatch`, `ref_reused`.

    The same money told again changes nothing: it is known by (provider, provider_ref) and by the payment's number.
    """
    entries = money.lock(money.line_entries(payment))
    payment = (
        Payment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("registration__edition")
        .get(pk=payment.pk)
    )
    if provider_ref and (known := _known(payment, provider_ref)):
        return known
    if payment.state == Payment.State.PAID:
        return _second(payment, received_fen, provider_ref, by=by) if provider_ref else "known"
    Payment.objects.filter(pk=payment.pk).update(
        state=Payment.State.PAID, received_fen=received_fen, provider_ref=provider_ref, paid_at=timezone.now()
    )
    if received_fen != payment.amount_fen:
        _back(payment, received_fen, "mismatch", by=by)
        return "mismatch"
    _spend(payment, entries, by=by, note=note)
    return "settled"


def _known(payment: Payment, provider_ref: str) -> str:
    """Why money of this number of the provider's is not new; empty where it is."""
    seen = Payment.objects.filter(provider=payment.provider, provider_ref=provider_ref).first()
    if seen is None:
        return ""
    # The extra payment that holds money which came twice has the lines of the one it was sent for.
    return "known" if seen.pk == payment.pk or seen.lines == payment.lines else "ref_reused"


def _second(payment: Payment, received_fen: int, provider_ref: str, *, by: User | None) -> str:
    """Other money for a payment that is paid: kept as a payment of its own, and sent back."""
    extra = Payment.objects.create(
        registration=payment.registration, number=money.new_number("P"), provider=payment.provider,
        amount_fen=received_fen, lines=payment.lines, state=Payment.State.PAID, received_fen=received_fen,
        provider_ref=provider_ref, paid_at=timezone.now(),
    )  # fmt: skip
    _back(extra, received_fen, "paid_twice", by=by)
    return "paid_twice"


def _spend(payment: Payment, entries: list[Entry], *, by: User | None, note: str) -> None:
    """Each line buys its entry, or goes back."""
    found = {entry.pk: entry for entry in entries}
    leaving = money.outstanding(entries)
    bought: list[Entry] = []
    for line in payment.lines:
        entry, fen = found[line["entry"]], line["fen"]
        reason = _why_not(entry, fen, leaving.get(entry.pk, 0), by=by)
        if reason:
            _back(payment, fen, reason, by=by, about=entry)
            continue
        _fee(payment, fen, entry=entry, by=by, note=note)
        bought.append(entry)
    held = [entry for entry in bought if entry.state in (State.HELD, State.OFFERED)]
    money.confirm(held, by=by)
    for entry in bought:
        log.note(entry.edition, "paid", by=by, entry=entry, registration=payment.registration, number=payment.number)
    if bought:
        messages.about(payment.registration, "paid", amount=f"{sum(_fen(payment, bought)) / 100:.2f}")


def _fen(payment: Payment, bought: list[Entry]) -> list[int]:
    keys = {entry.pk for entry in bought}
    return [line["fen"] for line in payment.lines if line["entry"] in keys]


def _why_not(entry: Entry, fen: int, leaving: int, *, by: User | None) -> str:
    """Why this money does not buy this place; empty where it does. An expired entry is seated or queued again here."""
    if entry.state == State.WITHDRAWN:
        return "withdrawn_before"
    if money.owed(entry, leaving) < fen:
        return "paid_twice"
    if entry.state == State.EXPIRED and not places.take_again(entry, by=by):
        places.queue_again(entry, by=by)
        return "too_late"
    return "too_late" if entry.state == State.WAITING else ""


def _back(payment: Payment, fen: int, reason: str, *, by: User | None, about: Entry | None = None) -> None:
    """Book money that buys nothing, and send it back."""
    _fee(payment, fen, entry=None, by=by, note=reason)
    refunds.ask(payment, fen, reason=reason, entry=None, by=by, about=about)


def _fee(payment: Payment, fen: int, *, entry: Entry | None, by: User | None, note: str) -> None:
    provider = providers.find(payment.provider)
    books.book(
        payment.registration.edition, LedgerLine.Kind.FEE, provider.method if provider else payment.provider, fen,
        entry=entry, registration=payment.registration, payment=payment, by=by, note=note[:200],
    )  # fmt: skip
