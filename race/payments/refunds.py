"""Money on its way back: asked for in the transaction that has a reason, moved by a worker after it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Sum
from django.utils import timezone

from race import entry_rules, log, messages, providers, transactions
from race.entry_rules import EntryRules
from race.models import Entry, LedgerLine, Payment, Refund, User
from race.payments import books, money
from race.providers import RefundAnswer

#: Reasons for which everything goes back: it was our doing, or no place was ever given for the money.
WHOLE = {"cancelled", "our_fault", "paid_twice", "mismatch", "too_late", "withdrawn_before", "fee_changed"}
MOST_TRIES = 12
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)


def refund_preview(entry: Entry, *, on: date | None = None) -> int:
    """What would come back if the rider withdrew now, in fen."""
    rules = EntryRules.of(entry.edition.entry_rules)
    gross, back = _paid_and_back(entry)
    return max(entry_rules.refund_fen(rules, max(gross, 0), _days_before(entry, on)) - back, 0)


def refund_entry(entry: Entry, *, reason: str, by: User | None) -> Refund | None:
    """Give back what was paid for a (locked) entry, by the steps of the regulations; None where nothing is due.

    All of it for a reason that is not the rider's (WHOLE); never more than was paid and is not on its way already.
    """
    gross, back = _paid_and_back(entry)
    due = gross - back if reason in WHOLE else refund_preview(entry)
    made = [ask(payment, fen, reason=reason, entry=entry, by=by) for payment, fen in _shares(entry, max(due, 0)) if fen]
    return made[0] if made else None


def refund_surplus(entry: Entry, *, by: User | None) -> None:
    """Give back what a (locked) entry has paid beyond its fee, which fell; nothing where it has not."""
    gross, back = _paid_and_back(entry)
    for payment, fen in _shares(entry, max(gross - back - entry.fee_fen, 0)):
        if fen:
            ask(payment, fen, reason="fee_changed", entry=entry, by=by)


def ask(
    payment: Payment, amount_fen: int, *, reason: str, entry: Entry | None, by: User | None, about: Entry | None = None
) -> Refund:
    """Write a refund down; a worker moves the money. `entry` is whose fee it was; `about` only stands in the log."""
    refund = Refund.objects.create(
        payment=payment, entry=entry, number=money.new_number("R"), amount_fen=amount_fen, reason=reason,
        not_before=timezone.now(),
    )  # fmt: skip
    registration = payment.registration
    log.note(
        registration.edition, "refund_asked", by=by, entry=entry or about, registration=registration,
        number=refund.number, amount_fen=amount_fen, reason=reason,
    )  # fmt: skip
    messages.about(registration, "money_back", amount=f"{amount_fen / 100:.2f}")
    return refund


def run_refunds(*, now: datetime | None = None, limit: int = 20) -> int:
    """Ask the providers for every refund that is due. Returns how many were asked for; safe to run twice.

    A refund is claimed by moving its next try into the future first: whoever is killed in between is followed by another
    worker, and the provider knows the refund by its number.
    """
    now = now or timezone.now()
    by_hand = [provider.name for provider in providers.ALL.values() if provider.by_hand]
    due = Refund.objects.filter(state__in=(Refund.State.REQUESTED, Refund.State.FAILED), not_before__lte=now)
    due = due.filter(tries__lt=MOST_TRIES).exclude(payment__provider__in=by_hand)
    asked = 0
    for refund in due.select_related("payment__registration__edition", "entry").order_by("not_before")[:limit]:
        pause = min(FIRST_PAUSE * 2**refund.tries, LONGEST_PAUSE)
        claimed = Refund.objects.filter(pk=refund.pk, not_before=refund.not_before, tries=refund.tries)
        if claimed.exclude(state=Refund.State.DONE).update(tries=F("tries") + 1, not_before=now + pause):
            _answered(refund, _moved(refund))
            asked += 1
    return asked


@transactions.retried
def refund_done(refund: Refund, *, ref: str = "", by: User | None = None) -> bool:
    """The money is back, as a provider or the office says. Booked once; False where it was booked before."""
    if refund.entry_id:
        list(Entry.objects.select_for_update(of=("self",), no_key=True).filter(pk=refund.entry_id))
    refund = (
        Refund.objects.select_for_update(of=("self",), no_key=True)
        .select_related("payment__registration__edition", "entry__registration")
        .get(pk=refund.pk)
    )
    if refund.state == Refund.State.DONE:
        return False
    Refund.objects.filter(pk=refund.pk).update(
        state=Refund.State.DONE, provider_ref=ref[:64], problem="", done_at=timezone.now()
    )
    payment, registration = refund.payment, refund.payment.registration
    books.book(
        registration.edition, LedgerLine.Kind.REFUND, _method(payment), -refund.amount_fen, entry=refund.entry,
        registration=registration, payment=payment, refund=refund, by=by,
    )  # fmt: skip
    return True


def refund_failed(refund: Refund, problem: str) -> bool:
    """A refund did not go through: it is tried again, and seen until it does. One that is done stays done."""
    open_ones = Refund.objects.filter(pk=refund.pk).exclude(state=Refund.State.DONE)
    return bool(open_ones.update(state=Refund.State.FAILED, problem=problem[:200]))


@transactions.retried
def try_again(refund: Refund, *, by: User | None) -> None:
    """Somebody has looked at a refund that failed: it is due at once, with its tries counted from the beginning."""
    due = Refund.objects.filter(pk=refund.pk).exclude(state=Refund.State.DONE)
    if due.update(state=Refund.State.REQUESTED, tries=0, not_before=timezone.now()):
        registration = refund.payment.registration
        log.note(registration.edition, "refund_again", by=by, registration=registration, number=refund.number)


def _answered(refund: Refund, answer: RefundAnswer) -> None:
    if answer.state == "done":
        refund_done(refund, ref=answer.ref)
    elif answer.state == "failed":
        refund_failed(refund, answer.problem)


def _moved(refund: Refund) -> RefundAnswer:
    """What the provider answers; whatever goes wrong on the way is a failed try and stays in sight."""
    provider = providers.find(refund.payment.provider)
    if provider is None:
        return RefundAnswer("failed", problem="no such provider any more")
    try:
        return provider.refund(refund)
    except Exception as problem:  # a foreign library and a network: any fault of theirs is a try that failed
        return RefundAnswer("failed", problem=f"{type(problem).__name__}: {problem}"[:200])


def _method(payment: Payment) -> str:
    provider = providers.find(payment.provider)
    return provider.method if provider else payment.provider


def _paid_and_back(entry: Entry) -> tuple[int, int]:
    """All that was ever paid for an entry, and what of it is back or on its way."""
    refunds = Refund.objects.filter(entry=entry)
    back: int = refunds.aggregate(total=Sum("amount_fen"))["total"] or 0
    done: int = refunds.filter(state=Refund.State.DONE).aggregate(total=Sum("amount_fen"))["total"] or 0
    return entry.paid_fen + done, back


def _shares(entry: Entry, due: int) -> list[tuple[Payment, int]]:
    """How much of what is due comes out of which payment: the newest first, none more than it paid for the entry."""
    fees = LedgerLine.objects.filter(entry=entry, kind=LedgerLine.Kind.FEE, payment__isnull=False)
    back = dict(Refund.objects.filter(entry=entry).order_by().values_list("payment").annotate(Sum("amount_fen")))
    shares: list[tuple[Payment, int]] = []
    for line in fees.select_related("payment__registration__edition").order_by("-pk"):
        assert line.payment is not None
        left = line.amount_fen - back.pop(line.payment_id, 0)
        share = min(max(left, 0), due)
        shares.append((line.payment, share))
        due -= share
    return shares


def _days_before(entry: Entry, on: date | None) -> int:
    today = on or timezone.now().astimezone(ZoneInfo(entry.edition.zone)).date()
    return max((entry.edition.starts_on - today).days, 0)
