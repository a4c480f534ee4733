"""The prize sheet of a race for machines: what is due, what was paid, what comes back."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Role
from results import prizes
from results.models import PrizePayment


class PrizeLine(serializers.Serializer[Any]):
    """A line of the ledger. Sums in fen, before tax and the tax in it; negative where the money came back."""

    kind = serializers.CharField()
    gross_fen = serializers.IntegerField()
    tax_fen = serializers.IntegerField()
    receipt = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class PrizeRow(serializers.Serializer[Any]):
    """A rider's or a team's prize, in fen. `due_fen`: still to be paid before tax; negative: to be paid back."""

    category = serializers.CharField(source="category.code")
    key = serializers.CharField(help_text="bib:88 or team:12")
    place = serializers.IntegerField(allow_null=True)
    gross_fen = serializers.IntegerField()
    tax_fen = serializers.IntegerField()
    net_fen = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    due_fen = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["open", "paid", "back", "blocked"])
    why = serializers.CharField(help_text="not_official or under_protest, where it is blocked")
    payments = PrizeLine(many=True)


class PrizeSheet(serializers.Serializer[Any]):
    """The sheet of a race, as its newest publication has it."""

    official = serializers.BooleanField()
    version = serializers.IntegerField(source="publication.version", default=None, allow_null=True)
    rows = PrizeRow(many=True)


class PrizeOrder(serializers.Serializer[Any]):
    """Money that moves: `paid` what is still due, or `back` with a reason. `amount_fen` is before tax."""

    category = serializers.CharField(max_length=4)
    key = serializers.CharField(max_length=20)
    kind = serializers.ChoiceField(choices=PrizePayment.Kind.choices, default=PrizePayment.Kind.PAID)
    amount_fen = serializers.IntegerField(max_value=10**9, min_value=-(10**9))
    receipt = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    seen_fen = serializers.IntegerField(
        required=False, allow_null=True, default=None, max_value=10**9, min_value=0,
        help_text="For `back`: what was paid, before tax, as it was looked at; refused (`amount_moved`) where it is another",
    )  # fmt: skip


class Prizes(Scoped):
    """The prizes of a race."""

    roles = {
        "GET": (Role.Name.COMMISSAIRE, Role.Name.OFFICE, Role.Name.ORGANISER),
        "HEAD": (Role.Name.COMMISSAIRE, Role.Name.OFFICE, Role.Name.ORGANISER),
        "POST": (Role.Name.OFFICE, Role.Name.ORGANISER),
    }

    @extend_schema(responses=PrizeSheet)
    def get(self, request: Request, slug: str) -> Response:
        """Who is due what, what was paid, and what bars the rest."""
        return Response(PrizeSheet(prizes.sheet(self.race())).data)

    @extend_schema(request=PrizeOrder, responses={201: PrizeLine})
    def post(self, request: Request, slug: str) -> Response:
        """Put on record that money was handed out, or came back."""
        wanted = PrizeOrder(data=request.data)
        wanted.is_valid(raise_exception=True)
        said, race = wanted.validated_data, self.race()
        category, key, amount = said["category"], said["key"], said["amount_fen"]
        if said["kind"] == PrizePayment.Kind.PAID:
            made = prizes.pay(race, category, key, amount_fen=amount, receipt=said["receipt"], by=self.actor())
        else:
            made = prizes.take_back(
                race,
                category,
                key,
                amount_fen=amount,
                reason=said["reason"],
                by=self.actor(),
                seen_fen=said["seen_fen"],
            )
        return Response(PrizeLine(made).data, status=201)
