"""Chips: who has which, handed out, brought back, and many at once."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from race import chip_sheet, clock, transponders
from race.api.fields import VenueInstant
from race.api.scope import Scoped
from race.models import Assignment, Edition, Entry, Role, Transponder

OFFICE = (Role.Name.OFFICE, Role.Name.ORGANISER)


class HolderRow(serializers.ModelSerializer[Assignment]):
    """Who has a chip, since when and (where it is known) until when, in event time."""

    bib = serializers.IntegerField(source="entry.bib", allow_null=True)
    race = serializers.CharField(source="entry.race.slug")
    since = VenueInstant(source="during.lower", allow_null=True)
    until = VenueInstant(source="during.upper", allow_null=True)

    class Meta:
        model = Assignment
        fields = ["entry", "bib", "race", "since", "until"]


class ChipRow(serializers.ModelSerializer[Transponder]):
    """A chip and who has it now; null for nobody."""

    holder = serializers.SerializerMethodField()

    class Meta:
        model = Transponder
        fields = ["code", "holder"]

    @extend_schema(responses=HolderRow)
    def get_holder(self, chip: Transponder) -> dict[str, Any] | None:
        """The assignment in force."""
        held: list[Assignment] = getattr(chip, "held", [])
        return HolderRow(held[0]).data if held else None


class HandOutRequest(serializers.Serializer[Any]):
    """A chip for a number; `swap` takes it from whoever has it."""

    chip = serializers.CharField(max_length=40)
    bib = serializers.IntegerField(min_value=1)
    swap = serializers.BooleanField(default=False)


class Desk(Scoped):
    """Whatever is done at a desk is done for one edition."""

    roles = {"POST": OFFICE}

    def chosen(self) -> Edition:
        """The edition; HasRole has refused whoever names none."""
        edition = self.edition()
        assert edition is not None
        return edition


class Chips(Desk, ListAPIView[Transponder]):
    """The chips of an edition, in the order of their codes."""

    roles = {"GET": (*OFFICE, Role.Name.TIMING_CREW), "HEAD": (*OFFICE, Role.Name.TIMING_CREW), "POST": OFFICE}
    serializer_class = ChipRow
    queryset = Transponder.objects.none()

    def get_queryset(self) -> QuerySet[Transponder]:
        """Chips with their holder, in a fixed number of queries."""
        if getattr(self, "swagger_fake_view", False):
            return Transponder.objects.none()
        edition = self.chosen()
        at = clock.now(edition) + transponders.AFTER
        held = Assignment.objects.filter(during__contains=at).select_related("entry__race", "edition")
        chips = Transponder.objects.filter(edition=edition).order_by("code")
        return chips.prefetch_related(Prefetch("assignments", held, to_attr="held"))

    @extend_schema(request=HandOutRequest, responses={201: HolderRow})
    def post(self, request: Request) -> Response:
        """Hand a chip out, from now on. `chip_taken` where another rider has it."""
        asked = HandOutRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        edition, data = self.chosen(), asked.validated_data
        entry = get_object_or_404(Entry, edition=edition, bib=data["bib"], state=Entry.State.CONFIRMED)
        hand = transponders.swap_to if data["swap"] else transponders.give
        return Response(HolderRow(hand(entry, data["chip"], by=self.actor())).data, status=201)


class ReturnRequest(serializers.Serializer[Any]):
    """A chip that is brought back; before the gun with a reason."""

    chip = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class ChipReturn(Desk):
    """Chips that come back."""

    @extend_schema(request=ReturnRequest, responses=HolderRow)
    def post(self, request: Request) -> Response:
        """The chip is with nobody from now on; who had it. Bringing it back twice changes nothing."""
        asked = ReturnRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        ended = transponders.bring_back(self.chosen(), data["chip"], by=self.actor(), reason=data["reason"])
        ended = Assignment.objects.select_related("entry__race", "edition").get(pk=ended.pk)
        return Response(HolderRow(ended).data)


class ChipImportRow(serializers.Serializer[Any]):
    """A number and its chips."""

    bib = serializers.IntegerField(min_value=1)
    chips = serializers.ListField(child=serializers.CharField(max_length=40), min_length=1, max_length=2)


class ChipImportRequest(serializers.Serializer[Any]):
    """Many at once, as a whole or not at all; `dry_run` only judges."""

    rows = serializers.ListField(child=ChipImportRow(), min_length=1, max_length=5000)
    dry_run = serializers.BooleanField(default=False)


class ChipImportProblem(serializers.Serializer[Any]):
    """A row (counted from 1) that cannot be taken in."""

    row = serializers.IntegerField(source="line")
    detail = serializers.CharField(source="problem")


class ChipImportAnswer(serializers.Serializer[Any]):
    """How many chips are (or would be) handed out, and which rows are wrong."""

    new = serializers.IntegerField()
    problems = ChipImportProblem(many=True)


class ChipImport(Desk):
    """Chips by the hundred."""

    @extend_schema(request=ChipImportRequest, responses=ChipImportAnswer)
    def post(self, request: Request) -> Response:
        """Hand out every chip of the rows; `bad_rows` where one is wrong. The same rows again change nothing."""
        asked = ChipImportRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        edition, data = self.chosen(), asked.validated_data
        rows = [(line, str(row["bib"]), tuple(row["chips"])) for line, row in enumerate(data["rows"], 1)]
        if data["dry_run"]:
            judged = chip_sheet.judge(edition, rows)
            return Response(ChipImportAnswer({"new": judged.new, "problems": judged.bad}).data)
        return Response({"new": chip_sheet.take_in(edition, rows, by=self.actor()), "problems": []})
