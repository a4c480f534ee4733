"""Bank transfer: the place is held for some days, and the office marks the money when it has come."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from race.models import Payment, Refund
from race.providers.contract import Checkout, Notice, RefundAnswer


class Transfer:
    """The account is the edition's: `contact["account_zh"]` and `contact["account_en"]`."""

    name = "transfer"
    label: str | Promise = gettext_lazy("Bank transfer")
    method = "transfer"
    by_hand = True

    def checkout(self, payment: Payment, return_url: str) -> Checkout:
        """Account and reference."""
        contact = payment.registration.edition.contact
        english = (get_language() or "").startswith("en")
        zh, en = contact.get("account_zh", ""), contact.get("account_en", "")
        account = (en or zh) if english else (zh or en)
        asked = _("Write this number into the reference: %(number)s.") % {"number": payment.number}
        return Checkout(text="\n".join(part for part in (account or _("The office tells you the account."), asked)))

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        """The bank sends nothing."""
        return None

    def refund(self, refund: Refund) -> RefundAnswer:
        """The office transfers it back and says so."""
        return RefundAnswer("pending")
