"""The office's money: what moved, what is on its way back, and the export of a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from race import payments, providers, reconciliation
from race.models import Edition, LedgerLine, ProviderCall, Refund
from race.payments import refunds
from race.staff_pages import actor, done, office_page

Kind = LedgerLine.Kind
KINDS: dict[str, str | Promise] = {
    Kind.FEE: pgettext_lazy("money", "Fee"),
    Kind.REFUND: pgettext_lazy("money", "Paid back"),
    Kind.DEPOSIT: pgettext_lazy("money", "Deposit"),
    Kind.DEPOSIT_BACK: pgettext_lazy("money", "Deposit back"),
    Kind.DEPOSIT_KEPT: pgettext_lazy("money", "Deposit kept"),
    Kind.CORRECTION: pgettext_lazy("money", "Correction"),
}
METHODS: dict[str, str | Promise] = {
    "sandbox": gettext_lazy("Practice payment"),
    "wechat": gettext_lazy("WeChat Pay"),
    "transfer": gettext_lazy("Bank transfer"),
    "cash": pgettext_lazy("money", "Cash"),
}
REASONS: dict[str, str | Promise] = {
    "withdrawn": gettext_lazy("The rider withdrew"),
    "withdrawn_before": gettext_lazy("Paid after the rider had withdrawn"),
    "cancelled": gettext_lazy("Cancelled by the organiser"),
    "our_fault": gettext_lazy("Our mistake"),
    "paid_twice": gettext_lazy("Paid twice"),
    "mismatch": gettext_lazy("Another sum than was asked for"),
    "too_late": gettext_lazy("Paid after the place was gone"),
}
SHOWN = 500


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/ledger/`: one day (or all) with its sums; `?day=`, `?kind=`, `?method=` filter."""
    today = timezone.now().astimezone(ZoneInfo(edition.zone)).date()
    on = _day(request.GET.get("day", ""))
    found = _filtered(reconciliation.lines(edition, on), request)
    moved = found.exclude(kind=Kind.DEPOSIT_KEPT)
    rows = list(found.order_by("-at", "-pk")[: SHOWN + 1])
    context: dict[str, Any] = {
        "edition": edition, "today": today, "day": on, "kinds": KINDS, "methods": METHODS,
        "kind": request.GET.get("kind", ""), "method": request.GET.get("method", ""),
        "sums": _sums(moved),
        "total": moved.aggregate(total=Sum("amount_fen"))["total"] or 0,
        "rows": [_line(line) for line in rows[:SHOWN]], "more": len(rows) > SHOWN, "shown": SHOWN,
        "leaving": [_leaving(refund) for refund in _open_refunds(edition)], "odd": _odd_calls(),
        "file": (on or today).isoformat(),
        "ways": _ways(edition, on) if on else [],
    }  # fmt: skip
    return render(request, "race/office/ledger.html", context)


@require_safe
@office_page()
def export(request: HttpRequest, edition: Edition, day: str, kind: str) -> HttpResponse:
    """`/office/ledger/<date>.xlsx` or `.csv`: the reconciliation of a day."""
    if (on := _day(day)) is None or kind not in ("csv", "xlsx"):
        raise Http404(_("No such day"))
    rows = reconciliation.table(edition, on)
    if kind == "csv":
        answer = HttpResponse(reconciliation.as_csv(rows), content_type="text/csv; charset=utf-8")
    else:
        sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        answer = HttpResponse(reconciliation.as_xlsx(rows), content_type=sheet)
    answer["Content-Disposition"] = f'attachment; filename="{edition.slug}-{on.isoformat()}.{kind}"'
    return answer


@require_POST
@office_page()
def refund(request: HttpRequest, edition: Edition, number: str) -> HttpResponse:
    """A refund by hand is done, or one that failed is tried again at once."""
    one = get_object_or_404(Refund, number=number, payment__registration__edition=edition)
    provider = providers.find(one.payment.provider)
    if provider is not None and not provider.by_hand:
        refunds.try_again(one, by=actor(request))
        return done(request, edition, _("The refund is asked for again within seconds."))
    payments.refund_done(one, ref=request.POST.get("ref", "").strip(), by=actor(request))
    return done(request, edition, _("The refund is booked."))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2200 else None  # nothing was paid then, and a day has a day after it


def _filtered(found: QuerySet[LedgerLine], request: HttpRequest) -> QuerySet[LedgerLine]:
    if (kind := request.GET.get("kind", "")) in KINDS:
        found = found.filter(kind=kind)
    if (method := request.GET.get("method", "")) in METHODS:
        found = found.filter(method=method)
    return found


def _sums(moved: QuerySet[LedgerLine]) -> list[dict[str, Any]]:
    rows = moved.order_by("method").values_list("method").annotate(Sum("amount_fen"))
    return [{"word": METHODS.get(method, method), "total": total} for method, total in rows]


def _line(line: LedgerLine) -> dict[str, Any]:
    return {
        "line": line, "kind": KINDS[line.kind], "method": METHODS.get(line.method, line.method),
        "note": REASONS.get(line.note, line.note),
        "ref": line.refund.number if line.refund else line.payment.number if line.payment else "",
    }  # fmt: skip


def _ways(edition: Edition, on: date) -> list[dict[str, Any]]:
    by_hand = {provider.method for provider in providers.ALL.values() if provider.by_hand}
    return [
        {"word": METHODS.get(way.method, way.method), "way": way, "online": way.method not in by_hand}
        for way in reconciliation.ways(edition, on)
    ]


def _open_refunds(edition: Edition) -> QuerySet[Refund]:
    found = Refund.objects.filter(payment__registration__edition=edition).exclude(state=Refund.State.DONE)
    return found.select_related("payment", "entry__rider").order_by("pk")[:200]


def _leaving(refund: Refund) -> dict[str, Any]:
    provider = providers.find(refund.payment.provider)
    return {
        "refund": refund, "reason": REASONS.get(refund.reason, refund.reason),
        "way": provider.label if provider else refund.payment.provider, "by_hand": provider is None or provider.by_hand,
        "failed": refund.state == Refund.State.FAILED,
    }  # fmt: skip


def _odd_calls() -> dict[str, int]:
    """How many callbacks of the last week were not what they said, or about nothing we know."""
    since = timezone.now() - timedelta(days=7)
    calls = ProviderCall.objects.filter(received_at__gte=since)
    return {
        "forged": calls.filter(genuine=False).count(),
        "kept": calls.filter(outcome="kept").count(),
        "ref_reused": calls.filter(outcome="ref_reused").count(),
    }
