"""What providers tell us: kept byte for byte with what became of it, and judged again where it came too early."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from race import providers, rate, transactions
from race.models import Payment, ProviderCall, Refund
from race.payments import arrival, refunds
from race.providers import Notice

logger = logging.getLogger(__name__)
#: Outcomes after which a call is looked at again: kept when somebody was killed, or about a number nobody knew yet.
AGAIN = ("kept", "unknown")
#: Whoever floods us with forged calls fills no disk.
FORGED_AN_HOUR = 200
NOT_KEPT = {"cookie", "authorization"}


def record(provider_name: str, body: bytes, headers: Mapping[str, str]) -> str:
    """Act on what a provider sent, and keep it with the code of what became of it: `forged`, `unknown` (send it again),
    or what `settle` and the refunds say.

    Both in one transaction: whoever is killed in between has answered nothing, and the provider sends it again.
    """
    provider = providers.find(provider_name)
    notice = provider.verify(body, headers) if provider else None
    told = {name: value for name, value in headers.items() if name.lower() not in NOT_KEPT}
    call = ProviderCall(
        provider=provider_name[:12], body=body, headers=told, genuine=notice is not None, number=_about(notice)
    )
    if notice is None:
        if rate.count("forged-calls") > FORGED_AN_HOUR:
            logger.warning("a forged call of %s is not kept: there are many", call.provider)
            return "forged"
        return _kept(call, "forged")
    try:
        return _judged(call, notice)
    except Exception:
        _kept(call, "kept")  # money was told of: the bytes stay, whatever is wrong with us
        raise


def reprocess(*, now: datetime | None = None, limit: int = 50) -> int:
    """Judge calls again that came before their payment was known. Returns how many; safe to run twice.

    A call is evidence and never edited: the second judgement is another row of the same bytes.
    """
    since = (now or timezone.now()) - timedelta(days=7)
    number = OuterRef("number")
    known = Exists(Payment.objects.filter(number=number)) | Exists(Refund.objects.filter(number=number))
    judged = ProviderCall.objects.filter(number=number, genuine=True, body=OuterRef("body")).exclude(outcome__in=AGAIN)
    calls = ProviderCall.objects.filter(Q(outcome="kept") | Q(known), genuine=True, outcome__in=AGAIN)
    calls = calls.filter(~Exists(judged), received_at__gte=since)
    return sum(_again(call) for call in calls.order_by("pk")[:limit])


@transactions.retried
def _judged(call: ProviderCall, notice: Notice) -> str:
    """Act, and keep the call with what became of it."""
    return _kept(call, _act(call.provider, notice))


def _again(call: ProviderCall) -> int:
    """Judge one call again; one that fails again does not stop those behind it."""
    provider = providers.find(call.provider)
    notice = provider.verify(bytes(call.body), call.headers) if provider else None
    if notice is None:
        return 0
    try:
        with transaction.atomic():
            outcome = _act(call.provider, notice)
            if outcome in AGAIN:
                return 0
            _kept(call, outcome)
    except Exception:
        logger.exception("call %s of %s cannot be judged", call.number, call.provider)
        return 0
    return 1


def _kept(call: ProviderCall, outcome: str) -> str:
    call.pk, call.outcome = None, outcome
    call.save(force_insert=True)
    return outcome


def _act(provider: str, notice: Notice) -> str:
    """What a genuine notice does."""
    if notice.kind in ("refunded", "refund_failed"):
        return _act_on_refund(provider, notice)
    payment = Payment.objects.filter(number=notice.number, provider=provider).first()
    if payment is None:
        return "unknown"
    if notice.kind == "paid":
        return arrival.settle(payment, notice.amount_fen, notice.provider_ref, None)
    closed = Payment.objects.filter(pk=payment.pk, state=Payment.State.PENDING).update(state=Payment.State.CLOSED)
    return "closed" if closed else "known"


def _act_on_refund(provider: str, notice: Notice) -> str:
    refund = Refund.objects.filter(number=notice.refund_number, payment__provider=provider).first()
    if refund is None:
        return "unknown"
    if notice.kind == "refund_failed":
        return "refund_failed" if refunds.refund_failed(refund, "the provider says so") else "known"
    if notice.amount_fen != refund.amount_fen:
        refunds.refund_failed(refund, f"{notice.amount_fen} fen went back instead of {refund.amount_fen}")
        return "refund_mismatch"
    return "refunded" if refunds.refund_done(refund, ref=notice.provider_ref) else "known"


def _about(notice: Notice | None) -> str:
    return (notice.refund_number or notice.number)[:64] if notice else ""
