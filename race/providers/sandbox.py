"""A provider of our own for rehearsals, demo and tests: a cashier's page, and real signed callbacks.

A callback is JSON with the headers `Sandbox-Time`, `Sandbox-Nonce` and `Sandbox-Signature`: HMAC-SHA256, under a key made
from SECRET_KEY, over time, nonce and body, a line each. No money moves, ever.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any, get_args
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from race.models import Payment, Refund
from race.providers.contract import Checkout, Notice, NoticeKind, RefundAnswer


class Sandbox:
    """Offered only where an edition's rules list it."""

    name = "sandbox"
    label: str | Promise = gettext_lazy("Practice payment")
    method = "sandbox"
    by_hand = False

    def checkout(self, payment: Payment, return_url: str) -> Checkout:
        """The cashier's page."""
        page = reverse("pay_sandbox", args=[payment.number])
        return Checkout(url=f"{page}?{urlencode({'return': return_url})}" if return_url else page)

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        """The notice, if the signature fits and the body is one of ours."""
        given = {name.lower(): value for name, value in headers.items()}
        signature = given.get("sandbox-signature", "")
        wanted = _signature(given.get("sandbox-time", ""), given.get("sandbox-nonce", ""), body)
        if not hmac.compare_digest(signature.encode(), wanted.encode()):
            return None
        return _notice(body)

    def refund(self, refund: Refund) -> RefundAnswer:
        """Done at once."""
        return RefundAnswer("done", ref=f"SR-{refund.number}")


def callback(notice: Notice) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the callback that tells this, signed."""
    told = {name: getattr(notice, name) for name in Notice.__dataclass_fields__}
    body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    at, nonce = str(int(time.time())), secrets.token_hex(8)
    return body, {
        "Content-Type": "application/json",
        "Sandbox-Time": at,
        "Sandbox-Nonce": nonce,
        "Sandbox-Signature": _signature(at, nonce, body),
    }


def new_ref() -> str:
    """The sandbox's own number of a sum received."""
    return f"SB-{secrets.token_hex(10)}"


def _signature(at: str, nonce: str, body: bytes) -> str:
    key = hashlib.sha256(b"sandbox:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, b"\n".join((at.encode(), nonce.encode(), body)), hashlib.sha256).hexdigest()


def _notice(body: bytes) -> Notice | None:
    try:
        told: Any = orjson.loads(body)
        notice = Notice(**told)
    except (orjson.JSONDecodeError, TypeError):
        return None
    return notice if notice.kind in get_args(NoticeKind) and isinstance(notice.amount_fen, int) else None
