"""Asking for money: what a registration owes, and a payment for it."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from race import changes, log, places, providers, transactions
from race.entry_rules import EntryRules
from race.models import Entry, Payment, Registration, User
from race.payments import money
from race.providers import Checkout
from race.refused import Refused

State = Entry.State


def owed(registration: Registration) -> int:
    """What the held places and the confirmed, unpaid ones of a registration still cost, in fen."""
    entries = list(registration.entries.filter(state__in=(State.HELD, State.CONFIRMED)))
    return sum(_owed_lines(entries).values())


@transactions.retried
def start(registration: Registration, provider_name: str, *, by: User | None = None) -> Payment:
    """A payment for what is owed; the pending one of the same sum and way, where there is one.

    Paying at sign-on confirms the places at once, a transfer holds them longer. Refused: `no_such_method`,
    `hold_over`, `nothing_owed`.
    """
    _refuse_unlisted(registration, provider_name)
    entries = places.lock(registration.entries.filter(state__in=(State.HELD, State.CONFIRMED)))
    entries = [entry for entry in entries if entry.state in (State.HELD, State.CONFIRMED)]
    if any(entry.state == State.HELD and entry.held_until and entry.held_until < timezone.now() for entry in entries):
        raise Refused("hold_over", _("The time to pay is over. The place may still be free: enter again."))
    if not (lines := _owed_lines(entries)) and not any(entry.state == State.HELD for entry in entries):
        raise Refused("nothing_owed", _("There is nothing to pay."))
    payment = _pending(registration, provider_name, lines)
    Registration.objects.filter(pk=registration.pk).update(pays=provider_name)
    money.confirm([entry for entry in entries if _final(entry, provider_name)], by=by)
    if provider_name == "transfer":
        _hold_longer(payment, [entry for entry in entries if entry.state == State.HELD], by=by)
    return payment


def checkout(payment: Payment, return_url: str) -> Checkout:
    """Where the payer goes next, by the payment's own provider."""
    if (provider := providers.find(payment.provider)) is None:
        raise Refused("no_such_method", _("This way of paying is not offered."))
    return provider.checkout(payment, return_url)


def _refuse_unlisted(registration: Registration, provider_name: str) -> None:
    if provider_name not in {provider.name for provider in providers.offered(registration.edition)}:
        raise Refused("no_such_method", _("This way of paying is not offered."))


def _owed_lines(entries: list[Entry]) -> dict[int, int]:
    leaving = money.outstanding(entries)
    lines = {entry.pk: money.owed(entry, leaving.get(entry.pk, 0)) for entry in entries}
    return {entry: fen for entry, fen in lines.items() if fen}


def _final(entry: Entry, provider_name: str) -> bool:
    """Whether a place is confirmed without money now: it costs nothing, or the desk takes the money."""
    return entry.state == State.HELD and (provider_name == "on_site" or money.owed(entry) == 0)


def _pending(registration: Registration, provider_name: str, lines: dict[int, int]) -> Payment:
    """The pending payment of these lines, or a new one. Others of the registration are closed: their money would still
    be taken in."""
    wanted = [{"entry": entry, "fen": fen} for entry, fen in sorted(lines.items())]
    pending = registration.payments.filter(state=Payment.State.PENDING)
    known = pending.filter(provider=provider_name, lines=wanted).order_by("pk").first()
    if known is not None:
        return known
    pending.update(state=Payment.State.CLOSED)
    total = sum(lines.values())
    made = Payment.objects.create(
        registration=registration, number=money.new_number("P"), provider=provider_name, amount_fen=total, lines=wanted,
        state=Payment.State.PENDING if total else Payment.State.PAID,
    )  # fmt: skip
    log.note(registration.edition, "payment_started", by=None, registration=registration, number=made.number)
    return made


def _hold_longer(payment: Payment, entries: list[Entry], *, by: User | None) -> None:
    """A transfer takes days: once for an entry, however often the payer changes the way of paying."""
    edition = payment.registration.edition
    earlier = payment.registration.payments.filter(provider="transfer").exclude(pk=payment.pk)
    had = {entry for one in earlier for entry in money.line_entries(one)}
    until = payment.created_at + timedelta(hours=EntryRules.of(edition.entry_rules).transfer_hold_hours)
    longer = [entry for entry in entries if entry.pk not in had and (entry.held_until or until) < until]
    if longer:
        changes.write(edition, [(entry, {"held_until": until}) for entry in longer], by=by)
