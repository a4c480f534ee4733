"""WeChat Pay, API v3, through the extra `wechatpayv3` (`pip install daguguan[wechat]`). Ready where WECHATPAY_* is set.

A phone's browser outside WeChat pays by h5 (an address), everything else by native: a code to scan.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from race.models import Payment, Refund
from race.providers.contract import Checkout, Notice, RefundAnswer
from race.refused import Refused

logger = logging.getLogger(__name__)
NEEDED = ("MCHID", "APPID", "PRIVATE_KEY", "CERT_SERIAL_NO", "APIV3_KEY")


class WeChat:
    """One merchant account for the whole site."""

    name = "wechat"
    label: str | Promise = gettext_lazy("WeChat Pay")
    method = "wechat"
    by_hand = False
    _client: Any = None

    @property
    def ready(self) -> bool:
        """Whether everything is set that an account needs."""
        return all(settings.WECHATPAY.get(name) for name in NEEDED)

    def checkout(self, payment: Payment, return_url: str) -> Checkout:
        """WeChat's own page for a phone, or ours with a code to scan. Refused (`provider_unreachable`)."""
        if settings.WECHATPAY.get("TYPE") == "h5":
            return Checkout(url=self._ordered(payment).get("h5_url", ""))
        page = reverse("pay_scan", args=[payment.number])
        return Checkout(url=f"{page}?{urlencode({'return': return_url})}" if return_url else page)

    def code(self, payment: Payment) -> str:
        """What the code says that a phone scans; asked for once an hour. Refused (`provider_unreachable`)."""
        key = f"wechat-code-{payment.number}"
        if (known := cache.get(key)) is None:
            known = self._ordered(payment).get("code_url", "")
            cache.set(key, known, 3600)
        return str(known)

    def _ordered(self, payment: Payment) -> dict[str, Any]:
        """WeChat's answer to the order; the same number may be ordered again as long as it is not paid."""
        from wechatpayv3 import WeChatPayType  # an extra, only there where it is used

        h5 = settings.WECHATPAY.get("TYPE") == "h5"
        scene = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}
        try:
            status, answer = self.client().pay(
                description=payment.registration.edition.short_name[:40], out_trade_no=payment.number,
                amount={"total": payment.amount_fen, "currency": "CNY"},
                pay_type=WeChatPayType.H5 if h5 else WeChatPayType.NATIVE, scene_info=scene if h5 else None,
            )  # fmt: skip
        except OSError as problem:  # what the library's HTTP client raises for any trouble on the way
            raise _unreachable() from problem
        told = _json(answer)
        if status not in (200, 201):
            logger.error("WeChat Pay refused %s: %s %s", payment.number, status, told.get("code", ""))
            raise _unreachable()
        return told

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        """What the library decrypts and finds signed by WeChat."""
        if not self.ready:
            return None
        try:
            told = self.client().callback(dict(headers), body)
        except ValueError:  # bytes that are no text or no JSON; trouble on the way to WeChat's keys is not caught here
            return None
        if not told or not isinstance(told.get("resource"), dict):
            return None
        return _notice(told.get("event_type", ""), told["resource"])

    def refund(self, refund: Refund) -> RefundAnswer:
        """Ask for it; WeChat answers SUCCESS or PROCESSING, and tells the end by a callback."""
        payment = refund.payment
        status, answer = self.client().refund(
            out_refund_no=refund.number, transaction_id=payment.provider_ref,
            amount={"refund": refund.amount_fen, "total": payment.received_fen, "currency": "CNY"},
        )  # fmt: skip
        told = _json(answer)
        if status != 200:
            return RefundAnswer("failed", problem=f"{status} {told.get('code', '')} {told.get('message', '')}"[:200])
        states = {"SUCCESS": "done", "PROCESSING": "pending"}
        state = states.get(told.get("status", ""), "failed")
        ref = told.get("refund_id", "")
        if state == "failed":
            return RefundAnswer("failed", ref, told.get("status", ""))
        return RefundAnswer("done" if state == "done" else "pending", ref)

    def client(self) -> Any:
        """The library's client, made once."""
        if self._client is None:
            from wechatpayv3 import WeChatPay, WeChatPayType

            given = settings.WECHATPAY
            self._client = WeChatPay(
                wechatpay_type=WeChatPayType.NATIVE, mchid=given["MCHID"], private_key=given["PRIVATE_KEY"],
                cert_serial_no=given["CERT_SERIAL_NO"], apiv3_key=given["APIV3_KEY"], appid=given["APPID"],
                notify_url=f"{settings.SITE_URL.rstrip('/')}/api/v1/payments/wechat/notify/",
                timeout=(5, 20),
                public_key=given.get("PUBLIC_KEY") or None, public_key_id=given.get("PUBLIC_KEY_ID") or None,
            )  # fmt: skip
        return self._client


def _unreachable() -> Refused:
    return Refused("provider_unreachable", _("WeChat Pay does not answer. Try again, or pay in another way."))


def _notice(event: str, resource: dict[str, Any]) -> Notice | None:
    """A notice out of the decrypted resource; None for an event that moves no money."""
    amount, number = resource.get("amount") or {}, str(resource.get("out_trade_no", ""))
    if event == "TRANSACTION.SUCCESS" and resource.get("trade_state", "SUCCESS") == "SUCCESS":
        return Notice("paid", number, int(amount["total"]), str(resource["transaction_id"]))
    if event == "REFUND.SUCCESS":
        return Notice(
            "refunded", number, int(amount["refund"]), str(resource["refund_id"]), str(resource["out_refund_no"])
        )
    if event in ("REFUND.ABNORMAL", "REFUND.CLOSED"):
        return Notice("refund_failed", number, int(amount["refund"]), "", str(resource["out_refund_no"]))
    return None


def _json(answer: Any) -> dict[str, Any]:
    try:
        told = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
