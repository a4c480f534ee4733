"""What the parts of payment share: numbers, locks, what an entry has paid and gets back."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from race import changes, places, vault
from race.models import Entry, Payment, Refund, User

State = Entry.State


def new_number(letter: str) -> str:
    """A fresh number of a payment (P) or a refund (R): the day, and what nobody guesses."""
    return f"{letter}{timezone.now():%Y%m%d}{secrets.token_hex(8).upper()}"


def line_entries(payment: Payment) -> list[int]:
    """The entries a payment is for."""
    return [line["entry"] for line in payment.lines]


def lock(entries: Iterable[int]) -> list[Entry]:
    """Entries with everything that may move when money arrives, in the one order: people, categories, entries.

    A rider who enters again at this moment holds the lock of the person while the new entry is written, so that the
    question whether another entry lives is answered for good.
    """
    keys = list(entries)
    sealed = Entry.objects.filter(pk__in=keys).values_list("rider__identity_sealed", flat=True)
    places.lock_people(vault.unseal(one) for one in sealed if one)
    return places.lock(Entry(pk=key) for key in keys)


def outstanding(entries: Iterable[Entry]) -> dict[int, int]:
    """Entry -> fen of refunds of its fee that are asked for and not done yet."""
    refunds = Refund.objects.filter(entry__in=list(entries)).exclude(state=Refund.State.DONE)
    return dict(refunds.order_by().values_list("entry").annotate(Sum("amount_fen")))


def owed(entry: Entry, leaving: int = 0) -> int:
    """What is still to be paid for a place; `leaving` is what is on its way back."""
    return max(entry.fee_fen - entry.paid_fen + leaving, 0)


def confirm(entries: Iterable[Entry], *, by: User | None) -> None:
    """Make held places final."""
    edits: list[tuple[Entry, dict[str, Any]]] = [
        (entry, {"state": State.CONFIRMED, "held_until": None}) for entry in entries
    ]
    if edits:
        changes.write(edits[0][0].race.edition, edits, by=by)
