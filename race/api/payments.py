"""Callbacks of payment providers, and the payments of an edition for the office."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from race import payments, providers
from race.api.scope import Scoped
from race.models import Edition, Payment, Refund, Role

#: The largest callback that is kept. Real ones have two thousand bytes.
LARGEST = 16 * 1024


class NotTaken(APIException):
    """A callback that did not count; the provider sends it again."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail, code)
        self.status_code = status


class NotifyAnswer(serializers.Serializer[Any]):
    """What became of a callback."""

    code = serializers.CharField()
    outcome = serializers.CharField()


class Notify(Scoped):
    """A provider's callback: its signature says who sent it."""

    roles = {"POST": ("public",)}
    authentication_classes = []

    def edition(self) -> Edition | None:
        """None: the number in the callback says what it is about."""
        return None

    @extend_schema(request=None, responses=NotifyAnswer)
    def post(self, request: Request, provider: str) -> Response:
        """Keep it, act on it, and answer when both are committed."""
        if providers.find(provider) is None:
            raise NotTaken(404, "not_found", "No such provider.")
        body = request._request.body
        if len(body) > LARGEST:
            raise NotTaken(413, "too_large", "No callback is that long.")
        outcome = payments.record(provider, body, dict(request.headers))
        if outcome == "forged":
            raise NotTaken(403, "forged", "The signature does not fit.")
        if outcome == "unknown":
            raise NotTaken(404, "unknown_payment", "No payment of this number yet.")
        return Response({"code": "SUCCESS", "outcome": outcome})


class RefundRow(serializers.ModelSerializer[Refund]):
    """Money on its way back."""

    class Meta:
        model = Refund
        fields = ["number", "entry", "amount_fen", "reason", "state", "problem", "created_at", "done_at"]


class PaymentRow(serializers.ModelSerializer[Payment]):
    """A payment with its refunds. Whose it is says the registration; no name and no address is here."""

    refunds = RefundRow(many=True)

    class Meta:
        model = Payment
        fields = [
            "number", "registration", "provider", "state", "amount_fen", "received_fen", "provider_ref", "lines",
            "created_at", "paid_at", "refunds",
        ]  # fmt: skip


class Payments(Scoped, ListAPIView[Payment]):
    """The payments of an edition, the newest first."""

    roles = {"GET": (Role.Name.OFFICE, Role.Name.ORGANISER)}
    serializer_class = PaymentRow
    queryset = Payment.objects.none()

    def get_queryset(self) -> QuerySet[Payment]:
        """Three queries at any size; `?state=` picks those of one state."""
        found = Payment.objects.filter(registration__edition=self.edition()).order_by("-pk")
        if (state := self.request.query_params.get("state")) in Payment.State.values:
            found = found.filter(state=state)
        return found.prefetch_related(Prefetch("refunds", Refund.objects.order_by("pk")))
