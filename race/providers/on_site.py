"""Pay at sign-on: the place is confirmed at once, and the desk takes the money."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from race.models import Payment, Refund
from race.providers.contract import Checkout, Notice, RefundAnswer


class OnSite:
    """Cash or a phone's transfer at the desk."""

    name = "on_site"
    label: str | Promise = gettext_lazy("Pay at sign-on")
    method = "cash"
    by_hand = True

    def checkout(self, payment: Payment, return_url: str) -> Checkout:
        """What to bring."""
        return Checkout(text=_("Your place is confirmed. Bring the fee to sign-on."))

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        """Nobody sends anything."""
        return None

    def refund(self, refund: Refund) -> RefundAnswer:
        """The office hands it back and says so."""
        return RefundAnswer("pending")
