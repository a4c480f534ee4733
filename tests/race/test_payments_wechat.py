"""WeChat Pay through its library: no network here, so the library's class is played by one with the same methods."""

from __future__ import annotations

import json
import sys
from enum import Enum
from types import ModuleType
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from race import payments, providers, registration
from race.models import Entry, LedgerLine, ProviderCall, Refund
from race.providers.wechat import NEEDED, WeChat
from race.refused import Refused
from tests.entering import enter, open_entries

pytestmark = pytest.mark.django_db


class Library:
    """`wechatpayv3.WeChatPay` as far as we call it. What is signed with "ours" is genuine."""

    def __init__(self, **given: Any) -> None:
        self.given = given
        self.down: Exception | None = None
        self.paid: list[dict[str, Any]] = []
        self.refunded: list[dict[str, Any]] = []
        self.refund_answer: tuple[int, dict[str, Any]] = (200, {"status": "PROCESSING", "refund_id": "50300"})

    def pay(self, **order: Any) -> tuple[int, str]:
        if self.down:
            raise self.down
        self.paid.append(order)
        key = "code_url" if order["pay_type"].name == "NATIVE" else "h5_url"
        return 200, json.dumps({key: f"weixin://{order['out_trade_no']}"})

    def callback(self, headers: dict[str, str], body: bytes) -> dict[str, Any] | None:
        return json.loads(body) if headers.get("Wechatpay-Signature") == "ours" else None

    def refund(self, **order: Any) -> tuple[int, str]:
        self.refunded.append(order)
        status, answer = self.refund_answer
        return status, json.dumps(answer)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Library:
    """The account is set up, and the library is the one above."""
    module = ModuleType("wechatpayv3")
    module.WeChatPay = Library  # type: ignore[attr-defined]
    module.WeChatPayType = Enum("WeChatPayType", ["NATIVE", "H5"])  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wechatpayv3", module)
    settings.WECHATPAY = dict.fromkeys(NEEDED, "x")
    provider = providers.ALL["wechat"]
    assert isinstance(provider, WeChat)
    monkeypatch.setattr(provider, "_client", None)
    found: Library = provider.client()
    return found


def entered() -> Entry:
    field = open_entries()
    field.edition.entry_rules = {"payment_methods": ["wechat", "on_site"]}
    field.edition.save(update_fields=["entry_rules"])
    return enter(field, "甲一")


def told(event: str, number: str, signed: str = "ours", **more: Any) -> str:
    resource = {"out_trade_no": number, "amount": {"total": 10_000, "refund": 8_000}} | more
    body = json.dumps({"event_type": event, "resource": resource}).encode()
    return payments.record("wechat", body, {"Wechatpay-Signature": signed})


def test_it_is_offered_only_where_the_account_is_set_up(settings: Any) -> None:
    entry = entered()
    assert [one.name for one in providers.offered(entry.edition)] == ["on_site"]
    settings.WECHATPAY = dict.fromkeys(NEEDED, "x")
    assert [one.name for one in providers.offered(entry.edition)] == ["wechat", "on_site"]


def test_without_an_account_nothing_is_genuine() -> None:
    assert payments.record("wechat", b"{}", {"Wechatpay-Signature": "ours"}) == "forged"


def test_a_code_to_scan_or_an_address(library: Library, settings: Any, client: Client) -> None:
    cache.clear()
    entry = entered()
    assert entry.registration is not None
    payment = payments.start(entry.registration, "wechat")
    url = payments.checkout(payment, "/my/x/").url
    assert url == f"/pay/scan/{payment.number}/?return=%2Fmy%2Fx%2F"
    pages = [client.get(url).content.decode() for _time in range(2)]
    assert [("<svg" in page, "refresh" in page, "甲一" in page) for page in pages] == [(True, True, False)] * 2
    assert [order["amount"] for order in library.paid] == [{"total": 10_000, "currency": "CNY"}]
    told("TRANSACTION.SUCCESS", payment.number, transaction_id="420")
    assert client.get(url)["Location"] == "/my/x/"
    assert "refresh" not in client.get(f"/pay/scan/{payment.number}/?return=//example.org/").content.decode()
    assert client.get("/pay/scan/P1/").status_code == 404
    assert library.given["notify_url"].endswith("/api/v1/payments/wechat/notify/")
    settings.WECHATPAY = settings.WECHATPAY | {"TYPE": "h5"}
    assert payments.checkout(payment, "/my/x/").url == f"weixin://{payment.number}"


def test_where_wechat_does_not_answer_the_payer_is_told_and_the_payment_stays(
    library: Library, settings: Any, client: Client
) -> None:
    entry = entered()
    assert entry.registration is not None
    payment = payments.start(entry.registration, "wechat")
    library.down = ConnectionError("no route")
    page = client.get(payments.checkout(payment, "/my/x/").url, headers={"accept-language": "en"})
    assert (page.status_code, "WeChat Pay does not answer." in page.content.decode()) == (200, True)
    settings.WECHATPAY = settings.WECHATPAY | {"TYPE": "h5"}
    with pytest.raises(Refused) as refused:
        payments.checkout(payment, "/my/x/")
    assert refused.value.code == "provider_unreachable"
    library.down = None
    assert payments.checkout(payments.start(entry.registration, "wechat"), "").url == f"weixin://{payment.number}"


def test_paid_and_refunded_as_the_library_tells(library: Library) -> None:
    entry = entered()
    assert entry.registration is not None
    payment = payments.start(entry.registration, "wechat")
    assert [
        told("TRANSACTION.SUCCESS", payment.number, "theirs", transaction_id="420"),
        told("TRANSACTION.SUCCESS", payment.number, transaction_id="420"),
        told("TRANSACTION.SUCCESS", payment.number, transaction_id="420"),
        told("COUPON.USE", payment.number),
    ] == ["forged", "settled", "known", "forged"]
    registration.withdraw(entry, by=None)
    payments.run_refunds()
    refund = Refund.objects.get()
    assert library.refunded == [{
        "out_refund_no": refund.number, "transaction_id": "420",
        "amount": {"refund": 8_000, "total": 10_000, "currency": "CNY"},
    }]  # fmt: skip
    assert refund.state == "requested"
    sent = {"out_refund_no": refund.number, "refund_id": "50300"}
    assert [told(f"REFUND.{event}", payment.number, **sent) for event in ("ABNORMAL", "SUCCESS", "SUCCESS", "CLOSED")] == [
        "refund_failed", "refunded", "known", "known",
    ]  # fmt: skip
    entry.refresh_from_db()
    assert (entry.paid_fen, LedgerLine.objects.count()) == (2_000, 2)
    assert ProviderCall.objects.filter(provider="wechat").count() == 8
    assert payments.record("wechat", b"no json", {"Wechatpay-Signature": "ours"}) == "forged"


@pytest.mark.parametrize(
    ("answer", "state", "problem"),
    [
        ((200, {"status": "SUCCESS", "refund_id": "1"}), "done", ""),
        ((200, {"status": "ABNORMAL", "refund_id": "1"}), "failed", "ABNORMAL"),
        ((403, {"code": "NOT_ENOUGH", "message": "no funds"}), "failed", "403 NOT_ENOUGH no funds"),
    ],
)
def test_what_becomes_of_a_refund(library: Library, answer: Any, state: str, problem: str) -> None:
    library.refund_answer = answer
    entry = entered()
    assert entry.registration is not None
    payment = payments.start(entry.registration, "wechat")
    told("TRANSACTION.SUCCESS", payment.number, transaction_id="420")
    registration.withdraw(entry, by=None)
    payments.run_refunds()
    refund = Refund.objects.get()
    assert (refund.state, refund.problem) == (state, problem)
