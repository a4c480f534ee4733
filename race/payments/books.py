"""Writing into the ledger: one line, and what the entry has paid with it."""

from __future__ import annotations

from django.db.models import F

from race.models import Edition, Entry, LedgerLine, Payment, Refund, Registration, Transponder, User

Kind = LedgerLine.Kind
#: The lines that are an entry's `paid_fen`.
OF_THE_FEE = (Kind.FEE, Kind.REFUND, Kind.CORRECTION)


def book(
    edition: Edition,
    kind: str,
    method: str,
    amount_fen: int,
    *,
    entry: Entry | None = None,
    registration: Registration | None = None,
    payment: Payment | None = None,
    refund: Refund | None = None,
    transponder: Transponder | None = None,
    note: str = "",
    by: User | None = None,
) -> LedgerLine:
    """Write one line, and move what the entry has paid. Inside the caller's transaction."""
    line = LedgerLine.objects.create(
        edition=edition, kind=kind, method=method, amount_fen=amount_fen, entry=entry, payment=payment, refund=refund,
        registration=registration or (entry.registration if entry else None), transponder=transponder, note=note, by=by,
    )  # fmt: skip
    if entry is not None and kind in OF_THE_FEE:
        Entry.objects.filter(pk=entry.pk).update(paid_fen=F("paid_fen") + amount_fen)
        entry.paid_fen += amount_fen
    return line
