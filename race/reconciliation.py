"""The books of one day beside what the providers told: for the treasurer, and for whoever looks for a lost sum."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from race import list_files, providers
from race.models import Edition, LedgerLine, Payment, ProviderCall

Kind = LedgerLine.Kind
Row = list[str | int | float]


@dataclass(frozen=True)
class Way:
    """One way of paying on that day, in fen. `only_told`: the provider told of money that is not in our books;
    `only_booked`: the other way round."""

    method: str
    payments: int
    received_fen: int
    refunds: int
    refunded_fen: int
    deposits_fen: int
    only_told: tuple[str, ...] = ()
    only_booked: tuple[str, ...] = ()

    @property
    def total_fen(self) -> int:
        """What is more (or less) in hand after this day."""
        return self.received_fen + self.refunded_fen + self.deposits_fen


def day_of(edition: Edition, on: date) -> tuple[datetime, datetime]:
    """The first instant of a day at the venue, and that of the next."""
    zone = ZoneInfo(edition.zone)
    return datetime.combine(on, time(), zone), datetime.combine(on + timedelta(days=1), time(), zone)


def lines(edition: Edition, on: date | None = None) -> QuerySet[LedgerLine]:
    """The ledger's lines, of one day at the venue or of all, oldest first, with what a list shows."""
    found = LedgerLine.objects.filter(edition=edition).select_related(
        "entry__rider", "entry__category", "payment", "refund", "transponder", "by"
    )
    if on is not None:
        first, after = day_of(edition, on)
        found = found.filter(at__gte=first, at__lt=after)
    return found.order_by("at", "pk")


def ways(edition: Edition, on: date) -> list[Way]:
    """A day's sums for each way of paying, and where provider and books disagree."""
    groups: dict[str, list[LedgerLine]] = defaultdict(list)
    for line in lines(edition, on):
        groups[line.method].append(line)
    told, booked = _told(edition, on), _booked(edition, on)
    return [_way(method, groups[method], told[method], booked[method]) for method in sorted({*groups, *told, *booked})]


def _way(method: str, lines_: list[LedgerLine], told: set[str], booked: set[str]) -> Way:
    fees = [line.amount_fen for line in lines_ if line.kind in (Kind.FEE, Kind.CORRECTION)]
    refunds = [line.amount_fen for line in lines_ if line.kind == Kind.REFUND]
    deposits = [line.amount_fen for line in lines_ if line.kind in (Kind.DEPOSIT, Kind.DEPOSIT_BACK)]
    return Way(
        method, len(fees), sum(fees), len(refunds), sum(refunds), sum(deposits),
        only_told=tuple(sorted(told - booked)), only_booked=tuple(sorted(booked - told)),
    )  # fmt: skip


def _told(edition: Edition, on: date) -> dict[str, set[str]]:
    """Method -> the provider's numbers of the money its callbacks told of that day."""
    first, after = day_of(edition, on)
    calls = ProviderCall.objects.filter(genuine=True, received_at__gte=first, received_at__lt=after)
    numbers = set(Payment.objects.filter(registration__edition=edition).values_list("number", flat=True))
    unknown = set(calls.values_list("number", flat=True)) - set(
        Payment.objects.filter(number__in=calls.values("number")).values_list("number", flat=True)
    )
    found: dict[str, set[str]] = defaultdict(set)
    for call in calls.iterator():
        provider = providers.find(call.provider)
        notice = provider.verify(bytes(call.body), call.headers) if provider else None
        if provider and notice and notice.kind == "paid" and notice.number in numbers | unknown:
            found[provider.method].add(notice.provider_ref)
    return found


def _booked(edition: Edition, on: date) -> dict[str, set[str]]:
    """Method -> the provider's numbers of the money in our books that day."""
    first, after = day_of(edition, on)
    paid = Payment.objects.filter(registration__edition=edition, paid_at__gte=first, paid_at__lt=after)
    found: dict[str, set[str]] = defaultdict(set)
    for name, ref in paid.exclude(provider_ref="").values_list("provider", "provider_ref"):
        provider = providers.find(name)
        found[provider.method if provider else name].add(ref)
    return found


def table(edition: Edition, on: date) -> list[Row]:
    """The export: the sums, the differences, and every line."""
    found = ways(edition, on)
    zone = ZoneInfo(edition.zone)
    rows: list[Row] = [[_("Reconciliation"), edition.short_name, on.isoformat()], []]
    rows.append([_("Way"), _("Payments"), _("Received"), _("Refunds"), _("Paid back"), _("Deposits"), _("Total")])
    for way in found:
        rows.append([
            way.method, way.payments, way.received_fen / 100, way.refunds, way.refunded_fen / 100,
            way.deposits_fen / 100, way.total_fen / 100,
        ])  # fmt: skip
    rows += [[], [_("Told by the provider, not in the books"), _("In the books, not told by the provider")]]
    rows += [[f"{way.method} {ref}", ""] for way in found for ref in way.only_told]
    rows += [["", f"{way.method} {ref}"] for way in found for ref in way.only_booked]
    heads = [_("Time"), _("Kind"), _("Way"), _("Sum"), _("Entry"), _("Payment"), _("Number at the provider"), _("Note")]
    rows += [[], list(heads)]
    for line in lines(edition, on):
        rows.append([
            line.at.astimezone(zone).strftime("%H:%M:%S"), line.kind, line.method, line.amount_fen / 100,
            line.entry_id or "", line.payment.number if line.payment else "",
            (line.refund.provider_ref if line.refund else line.payment.provider_ref if line.payment else ""), line.note,
        ])  # fmt: skip
    return rows


def as_csv(rows: Iterable[Row]) -> bytes:
    """The rows as UTF-8 with a mark at the beginning, which spreadsheets here need."""
    out = io.StringIO()
    csv.writer(out).writerows([[_safe(cell) for cell in row] for row in rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(rows: Iterable[Row]) -> bytes:
    """The rows as a workbook of one sheet; texts are written as texts and never as formulas."""
    out = io.BytesIO()
    book = list_files.workbook(out)
    sheet = book.add_worksheet()
    money = book.add_format({"num_format": "0.00"})
    sheet.set_column(0, 7, 18)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, float):
                sheet.write_number(number, column, cell, money)
            elif isinstance(cell, int):
                sheet.write_number(number, column, cell)
            else:
                sheet.write_string(number, column, str(_safe(cell)))
    book.close()
    return out.getvalue()


def _safe(cell: str | int | float) -> str | int | float:
    """A text that a spreadsheet would run as a formula gets a quote before it."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
