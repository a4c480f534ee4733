"""What providers tell us: kept byte for byte before it is judged, then judged, and judged again where it came too early."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from race import providers
from race.models import Payment, ProviderCall, Refund
from race.payments import arrival, refunds
from race.providers import Notice

#: Outcomes after which a call is looked at again: kept when somebody was killed, or about a number nobody knew yet.
AGAIN = ("kept", "unknown")
NOT_KEPT = {"cookie", "authorization"}


def record(provider_name: str, body: bytes, headers: Mapping[str, str]) -> str:
    """Keep what a provider sent, and act on it. The code of what became of it: `forged`, `unknown` (send it again), or
    what `settle` and the refunds say."""
    provider = providers.find(provider_name)
    notice = provider.verify(body, headers) if provider else None
    call = ProviderCall.objects.create(
        provider=provider_name[:12], body=body, genuine=notice is not None, number=_about(notice),
        headers={name: value for name, value in headers.items() if name.lower() not in NOT_KEPT},
        outcome="kept" if notice else "forged",
    )  # fmt: skip
    return _judged(call, notice) if notice else "forged"


def reprocess(*, now: datetime | None = None, limit: int = 50) -> int:
    """Judge calls again that came before their payment was known. Returns how many; safe to run twice."""
    since = (now or timezone.now()) - timedelta(days=7)
    number = OuterRef("number")
    known = Exists(Payment.objects.filter(number=number)) | Exists(Refund.objects.filter(number=number))
    calls = ProviderCall.objects.filter(Q(outcome="kept") | Q(known), genuine=True, outcome__in=AGAIN)
    done = 0
    for call in calls.filter(received_at__gte=since).order_by("pk")[:limit]:
        provider = providers.find(call.provider)
        notice = provider.verify(bytes(call.body), call.headers) if provider else None
        if notice is not None:
            _judged(call, notice)
            done += 1
    return done


def _judged(call: ProviderCall, notice: Notice) -> str:
    outcome = _act(call.provider, notice)
    ProviderCall.objects.filter(pk=call.pk).update(outcome=outcome)
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
