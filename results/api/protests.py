"""Protests of a race: what the public is told of them, and what officials do."""

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from race import permissions
from race.api.fields import VenueInstant
from race.api.scope import Scoped
from race.models import Role
from race.refused import Refused
from results import protest_book, protests
from results.models import Protest, ProtestStep, Ruling
from results.protest_book import Case

Kind = ProtestStep.Kind
#: Who reads a protest whole: those who decide, those who keep its money, who runs the race.
READS = (Role.Name.COMMISSAIRE, Role.Name.OFFICE, Role.Name.ORGANISER)


class ProtestRow(serializers.Serializer[Any]):
    """What everybody is told: no names, no text, no money."""

    number = serializers.IntegerField(source="protest.number")
    bibs = serializers.ListField(child=serializers.IntegerField(), source="protest.bibs")
    state = serializers.CharField(help_text="open, upheld, rejected or withdrawn")
    verdict = serializers.SerializerMethodField(help_text="The reason of a verdict, and the ruling it led to")

    def get_verdict(self, one: Case) -> dict[str, Any] | None:
        """Null while it is open, and of one that was withdrawn."""
        settled = one.settled
        if settled is None or settled.kind == Kind.WITHDRAWN:
            return None
        return {"reason": settled.reason, "ruling": settled.ruling.number if settled.ruling else None}


class ProtestStepRow(serializers.ModelSerializer[ProtestStep]):
    """What happened to a protest."""

    at = VenueInstant()
    ruling = serializers.IntegerField(source="ruling.number", default=None, allow_null=True)

    class Meta:
        model = ProtestStep
        fields = ["kind", "at", "amount_fen", "reason", "ruling", "revision"]


class ProtestFile(ProtestRow):
    """What officials read besides."""

    at = VenueInstant(source="protest.at")
    by_bib = serializers.IntegerField(source="protest.by_entry.bib", default=None, allow_null=True)
    filed_by = serializers.CharField(source="protest.filed_by")
    text = serializers.CharField(source="protest.text")
    publication = serializers.IntegerField(source="protest.publication.version", default=None, allow_null=True)
    revision = serializers.IntegerField(source="protest.revision")
    evidence = serializers.SerializerMethodField()
    steps = ProtestStepRow(many=True)

    def get_evidence(self, one: Case) -> list[dict[str, Any]]:
        """Names and hashes; the files themselves are looked at on the desk."""
        return [
            {"name": shown.name, "sha256": shown.sha256, "size": shown.size} for shown in one.protest.evidence.all()
        ]


class ProtestRequest(serializers.Serializer[Any]):
    """A protest that somebody hands in at the desk."""

    bibs = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=protests.MOST_BIBS)
    text = serializers.CharField(max_length=2000)
    filed_by = serializers.CharField(max_length=80, help_text="Who hands it in")


class ProtestStepRequest(serializers.Serializer[Any]):
    """One step: deposit, returned, kept (with `amount_fen`); upheld, rejected, withdrawn (with `reason`)."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    amount_fen = serializers.IntegerField(
        min_value=1, max_value=100_000_000, required=False, allow_null=True, default=None
    )
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    ruling = serializers.IntegerField(required=False, allow_null=True, default=None, help_text="Number of the ruling")


class Protests(Scoped):
    """The protests of a race."""

    roles = {"GET": ("public",), "HEAD": ("public",), "POST": (Role.Name.COMMISSAIRE,)}

    @extend_schema(responses=ProtestFile(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Everybody: number, bibs, state and verdict. Officials, office and organiser: all of it."""
        race = self.race()
        whole = permissions.may(request.user, race.edition, *READS, token=self.token())
        return Response((ProtestFile if whole else ProtestRow)(protest_book.of(race), many=True).data)

    @extend_schema(request=ProtestRequest, responses={201: ProtestFile})
    def post(self, request: Request, slug: str) -> Response:
        """File a protest for somebody who is here in person."""
        wanted = ProtestRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = protests.file(self.race(), by=self.actor(), **wanted.validated_data)
        return Response(ProtestFile(_case(made.pk)).data, status=201)


class ProtestSteps(Scoped):
    """What is done about a protest."""

    roles = {"POST": READS}

    @extend_schema(request=ProtestStepRequest, responses={201: ProtestFile})
    def post(self, request: Request, slug: str, number: int) -> Response:
        """A verdict or a withdrawal is a commissaire's; the deposit also the office's and the organiser's."""
        wanted = ProtestStepRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        data, race = wanted.validated_data, self.race()
        decides = permissions.may(request.user, race.edition, Role.Name.COMMISSAIRE, token=self.token())
        if data["kind"] not in protest_book.DEPOSIT and not decides:
            raise PermissionDenied
        protest = get_object_or_404(Protest, race=race, number=number)
        _take(protest, data, self)
        return Response(ProtestFile(_case(protest.pk)).data, status=201)


@transaction.atomic
def _take(protest: Protest, data: dict[str, Any], view: Scoped) -> None:
    by, kind = view.actor(), data["kind"]
    if kind in protest_book.DEPOSIT:
        protests.deposit(protest, kind, amount_fen=data["amount_fen"], by=by)
    elif kind == Kind.WITHDRAWN:
        protests.withdraw(protest, by=by, reason=data["reason"])
    else:
        ruling = None
        if data["ruling"] is not None:
            ruling = Ruling.objects.filter(race=protest.race, number=data["ruling"]).first()
            if ruling is None:
                raise Refused("unknown_ruling", _("There is no ruling of this number in this race."))
        protests.decide(protest, kind, reason=data["reason"], by=by, ruling=ruling)


def _case(pk: int) -> Case:
    return protest_book.case(protest_book.rows().get(pk=pk))
