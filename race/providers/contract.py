"""What every way of paying is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from django.utils.functional import Promise

from race.models import Payment, Refund

NoticeKind = Literal["paid", "closed", "refunded", "refund_failed"]


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the payer goes next: an address, or a text to follow; one of the two is empty."""

    url: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider told, once its signature was found genuine."""

    kind: NoticeKind
    number: str
    amount_fen: int
    provider_ref: str = ""
    refund_number: str = ""


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """What became of a refund that was asked for: `pending` is told later, by a notice or by hand."""

    state: Literal["done", "pending", "failed"]
    ref: str = ""
    problem: str = ""


class Provider(Protocol):
    """One way of paying. `method` is its word in the ledger; `by_hand`: the office moves the money and says so."""

    name: str
    label: str | Promise
    method: str
    by_hand: bool

    def checkout(self, payment: Payment, return_url: str) -> Checkout:
        """How to pay this payment; `return_url` is where the payer comes back to."""
        ...

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        """What these bytes tell, or None where they are not the provider's."""
        ...

    def refund(self, refund: Refund) -> RefundAnswer:
        """Ask for money to go back. The same refund asked for twice moves money once: its number says which it is."""
        ...
