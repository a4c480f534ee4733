"""The ledger: money that moved, one line each time. A mistake is put right by another line.

`Entry.paid_fen` moves with the lines of its fee, in the same transaction; deposits for chips never touch it. What is
booked without an entry bought nothing (money that came twice, late or in another sum) and goes back whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext as _

from race import log, transactions
from race.models import Edition, Entry, LedgerLine, Payment, Registration, Transponder, User
from race.payments import arrival, money
from race.payments.books import OF_THE_FEE, book
from race.refused import Refused

__all__ = [
    "OF_THE_FEE", "book", "correct", "covering", "deposit", "deposit_back", "deposit_kept", "deposits", "deposits_by_chip",
    "deposits_of", "due_back", "held", "mark_paid", "mark_registration_paid",
]  # fmt: skip

Kind = LedgerLine.Kind
#: How the office takes money -> the provider whose payment it is.
BY_HAND = {"cash": "on_site", "transfer": "transfer"}


@transactions.retried
def mark_paid(
    entry: Entry, *, method: str, amount_fen: int, note: str = "", by: User | None, key: str = ""
) -> LedgerLine:
    """The office has taken money for an entry: `cash` or `transfer`, the whole fee or a part of it.

    The place is confirmed. Refused: `bad_amount`, `no_such_method`, `too_much` (a second click finds nothing owed),
    `no_place` (cash for an entry that has none: nothing is taken). A transfer that came too late is booked and goes back.
    """
    _refuse_bad_amount(amount_fen)
    if method not in BY_HAND:
        raise Refused("no_such_method", _("This way of paying is not offered."))
    (entry,) = money.lock([entry.pk])
    number = _number(entry.registration, key)
    if key and (known := LedgerLine.objects.filter(payment__number=number, kind=Kind.FEE).first()):
        return known
    owed = money.owed(entry, money.outstanding([entry]).get(entry.pk, 0))
    if amount_fen > owed:
        raise Refused("too_much", _("Only %(sum)s yuan are owed.") % {"sum": f"{owed / 100:.2f}"})
    if entry.registration is None:
        return _without_registration(entry, method, amount_fen, note, by)
    payment = _by_hand(entry.registration, method, [{"entry": entry.pk, "fen": amount_fen}], number)
    arrival.settle(payment, amount_fen, "", by, note=note)
    line = LedgerLine.objects.filter(payment=payment, kind=Kind.FEE).get()
    if method == "cash" and line.entry_id is None:
        raise Refused("no_place", _("There is no place for this entry any more: do not take the money."))
    _close_what_is_paid(entry.registration)
    return line


@transactions.retried
def mark_registration_paid(registration: Registration, *, method: str, note: str = "", by: User | None) -> int:
    """The office has the money for all that a registration owes. Returns how much it was; 0 where nothing was owed."""
    keys = registration.entries.filter(state__in=Entry.PLACED).order_by("pk").values_list("pk", flat=True)
    entries = money.lock(keys)
    leaving = money.outstanding(entries)
    lines = [{"entry": entry.pk, "fen": money.owed(entry, leaving.get(entry.pk, 0))} for entry in entries]
    lines = [line for line in lines if line["fen"]]
    if not lines:
        return 0
    payment = _by_hand(registration, method, lines, money.new_number("P"))
    arrival.settle(payment, payment.amount_fen, "", by, note=note)
    _close_what_is_paid(registration)
    return payment.amount_fen


@transactions.retried
def correct(entry: Entry, amount_fen: int, *, method: str, note: str, by: User | None) -> LedgerLine:
    """Put a wrong line right by another one, with the reason. Refused (`reason_missing`) without it."""
    if not note.strip():
        raise Refused("reason_missing", _("A correction needs a reason."))
    entry = _locked(entry)
    log.note(entry.edition, "money_corrected", by=by, entry=entry, amount_fen=amount_fen)
    return book(entry.edition, Kind.CORRECTION, method, amount_fen, entry=entry, note=note[:200], by=by)


def _by_hand(registration: Registration, method: str, lines: list[dict[str, int]], number: str) -> Payment:
    total = sum(line["fen"] for line in lines)
    return Payment.objects.create(
        registration=registration, number=number, provider=BY_HAND[method], lines=lines, amount_fen=total
    )


def _number(registration: Registration | None, key: str) -> str:
    """The number of a payment by hand: the same for the same key of a form, so that a second click finds the first."""
    return f"K{registration.pk if registration else 0}-{key}"[:32] if key else money.new_number("P")


def _without_registration(entry: Entry, method: str, amount_fen: int, note: str, by: User | None) -> LedgerLine:
    """An entry that the office wrote itself: there is nobody to ask, only the money to book."""
    if entry.state not in Entry.PLACED:
        raise Refused("no_place", _("There is no place for this entry any more: do not take the money."))
    money.confirm([entry] if entry.state != Entry.State.CONFIRMED else [], by=by)
    log.note(entry.edition, "paid", by=by, entry=entry)
    return book(entry.edition, Kind.FEE, method, amount_fen, entry=entry, note=note[:200], by=by)


def _close_what_is_paid(registration: Registration) -> None:
    """Nobody is asked any more for what is paid: the pending payments of a registration that owes nothing are closed."""
    owing = registration.entries.filter(state__in=Entry.PLACED, paid_fen__lt=F("fee_fen")).exists()
    if not owing:
        registration.payments.filter(state=Payment.State.PENDING).update(state=Payment.State.CLOSED)


def deposits(edition: Edition) -> dict[int, int]:
    """Entry -> fen of deposits that are held for it now; entries for which nothing is held are left out."""
    held: dict[int, int] = defaultdict(int)
    for (entry, _chip), fen in deposits_by_chip(edition).items():
        held[entry] += fen
    return {entry: total for entry, total in held.items() if total}


def deposits_by_chip(edition: Edition) -> dict[tuple[int, int | None], int]:
    """(Entry, chip) -> fen that is held now; no chip where sign-on took the money before a chip was given. One query."""
    return _held(LedgerLine.objects.filter(edition=edition, entry__isnull=False))


def deposits_of(entry: Entry) -> dict[Transponder | None, int]:
    """What is held for an entry, by the chip it was taken for."""
    held = {chip: fen for (_entry, chip), fen in _held(LedgerLine.objects.filter(entry=entry)).items() if fen > 0}
    chips = Transponder.objects.in_bulk([key for key in held if key is not None])
    return {chips[key] if key is not None else None: fen for key, fen in held.items()}


def due_back(entry: Entry, chip: Transponder, still_out: Collection[int]) -> dict[Transponder | None, int]:
    """What goes back with this chip: its own deposit, and with the rider's last chip all that is left.

    The deposit may have been taken at sign-on without a chip, or for one that was replaced since.
    """
    held = deposits_of(entry)
    return {one: fen for one, fen in held.items() if one == chip or not still_out}


def covering(entry: Entry, chip: Transponder, still_out: Collection[int]) -> dict[Transponder | None, int]:
    """What is held for this chip, or else for none that the rider still has."""
    held = deposits_of(entry)
    if chip in held:
        return {chip: held[chip]}
    return {one: fen for one, fen in held.items() if one is None or one.pk not in still_out}


def _held(lines: QuerySet[LedgerLine]) -> dict[tuple[int, int | None], int]:
    held: dict[tuple[int, int | None], int] = defaultdict(int)
    told = lines.filter(kind__in=(Kind.DEPOSIT, Kind.DEPOSIT_BACK, Kind.DEPOSIT_KEPT)).order_by()
    for entry, chip, kind, total in told.values_list("entry", "transponder", "kind").annotate(Sum("amount_fen")):
        held[entry, chip] += -total if kind == Kind.DEPOSIT_KEPT else total
    return {key: total for key, total in held.items() if total}


@transactions.retried
def deposit(entry: Entry, transponder: Transponder | None, amount_fen: int, method: str, by: User | None) -> LedgerLine:
    """Money for a chip, taken at the desk. Refused (`deposit_held`) where it is held for this chip already."""
    entry = _locked(entry)
    if held(entry, transponder) > 0:
        raise Refused("deposit_held", _("The deposit for this chip is paid already."))
    _refuse_bad_amount(amount_fen)
    return _deposit_line(Kind.DEPOSIT, entry, transponder, amount_fen, method, by)


@transactions.retried
def deposit_back(
    entry: Entry, transponder: Transponder | None, amount_fen: int, method: str, by: User | None
) -> LedgerLine:
    """The chip is back, and so is its money. Refused (`deposit_not_held`) where less is held than should go back."""
    entry = _locked(entry)
    _refuse_more_than_held(entry, transponder, amount_fen)
    return _deposit_line(Kind.DEPOSIT_BACK, entry, transponder, -amount_fen, method, by)


@transactions.retried
def deposits_back(entry: Entry, still_out: Collection[int], method: str, by: User | None) -> int:
    """All that is held for a rider beyond the chips still out goes back. Returns how much, in fen.

    Refused (`deposit_not_held`) where that is nothing, and where sign-on's money may be for a chip that is out.
    """
    entry = _locked(entry)
    due = {chip: fen for chip, fen in deposits_of(entry).items() if chip is None or chip.pk not in still_out}
    if due and still_out and not set(deposits_of(entry)) - set(due):
        raise Refused("deposit_not_held", _("The rider still has a chip: the deposit goes back with it."))
    if not due:
        raise Refused("deposit_not_held", _("No deposit is held for this rider."))
    for chip, fen in due.items():
        _deposit_line(Kind.DEPOSIT_BACK, entry, chip, -fen, method, by)
    return sum(due.values())


@transactions.retried
def deposit_kept(
    entry: Entry, transponder: Transponder | None, amount_fen: int, method: str, by: User | None
) -> LedgerLine:
    """The chip is lost, and its money stays. Refused (`deposit_not_held`) where less is held."""
    entry = _locked(entry)
    _refuse_more_than_held(entry, transponder, amount_fen)
    return _deposit_line(Kind.DEPOSIT_KEPT, entry, transponder, amount_fen, method, by)


def held(entry: Entry, transponder: Transponder | None) -> int:
    """What is held for one chip of an entry, in fen."""
    lines = LedgerLine.objects.filter(entry=entry, transponder=transponder)
    total: dict[str, int] = dict(lines.order_by().values_list("kind").annotate(Sum("amount_fen")))
    return total.get(Kind.DEPOSIT, 0) + total.get(Kind.DEPOSIT_BACK, 0) - total.get(Kind.DEPOSIT_KEPT, 0)


def _deposit_line(
    kind: str, entry: Entry, transponder: Transponder | None, amount_fen: int, method: str, by: User | None
) -> LedgerLine:
    log.note(entry.edition, kind, by=by, entry=entry, amount_fen=amount_fen, method=method)
    return book(entry.edition, kind, method, amount_fen, entry=entry, transponder=transponder, by=by)


def _locked(entry: Entry) -> Entry:
    return (
        Entry.objects.select_for_update(of=("self",), no_key=True)
        .select_related("edition", "registration")
        .get(pk=entry.pk)
    )


def _refuse_more_than_held(entry: Entry, transponder: Transponder | None, amount_fen: int) -> None:
    _refuse_bad_amount(amount_fen)
    if held(entry, transponder) < amount_fen:
        raise Refused("deposit_not_held", _("No deposit of this sum is held for this chip."))


def _refuse_bad_amount(amount_fen: int) -> None:
    if amount_fen <= 0:
        raise Refused("bad_amount", _("The sum must be more than 0."))
