"""Numbers: a plan as a dry run, the plan carried out, and single numbers."""

from dataclasses import replace
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race import bibs
from race.api.scope import Scoped
from race.models import Category, Edition, Entry, Role
from race.numbering import HIGHEST

OFFICE = (Role.Name.OFFICE, Role.Name.ORGANISER)


class PlanRequest(serializers.Serializer[Any]):
    """How numbers are to be given; everything may be left out."""

    categories = serializers.ListField(child=serializers.CharField(max_length=4), max_length=100, required=False)
    order = serializers.ChoiceField(choices=bibs.ORDERS, default="entered")
    teams_together = serializers.BooleanField(default=True)
    seeds = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=5000, default=list)
    gap = serializers.IntegerField(min_value=0, max_value=50, default=0)

    def wanted(self, edition: Edition) -> bibs.Wanted:
        """The request in the words of `race.bibs`; a category that does not exist is a mistake of the field."""
        data = self.validated_data
        chosen: tuple[int, ...] | None = None
        if "categories" in data:
            known = dict(Category.objects.filter(race__edition=edition).values_list("code", "pk"))
            if strangers := sorted(set(data["categories"]) - known.keys()):
                raise serializers.ValidationError({"categories": f"unknown: {', '.join(strangers)}"})
            chosen = tuple(sorted(known[code] for code in data["categories"]))
        return bibs.Wanted(chosen, data["order"], data["teams_together"], tuple(data["seeds"]), data["gap"])


class AssignRequest(PlanRequest):
    """The same, with the digest of the plan that was shown."""

    digest = serializers.CharField(max_length=64)


class PlanRow(serializers.Serializer[Any]):
    """An entry and its number; `why` is kept, seeded, team or next."""

    entry = serializers.IntegerField(source="entry.pk")
    category = serializers.CharField(source="entry.category.code")
    bib = serializers.IntegerField()
    why = serializers.CharField()


class PlanProblem(serializers.Serializer[Any]):
    """What the plan cannot do, or what somebody should look at."""

    code = serializers.CharField()
    category = serializers.CharField(source="category.code")
    count = serializers.IntegerField()
    detail = serializers.CharField(source="text")


class PlanAnswer(serializers.Serializer[Any]):
    """The plan; nothing is written."""

    digest = serializers.CharField()
    new = serializers.SerializerMethodField()
    rows = PlanRow(many=True)
    problems = PlanProblem(many=True)

    def get_new(self, plan: bibs.Plan) -> int:
        """How many entries would get a number they do not have."""
        return len(plan.new)


class AssignAnswer(serializers.Serializer[Any]):
    """How many entries got a number."""

    assigned = serializers.IntegerField()


class PlanOfBibs(Scoped):
    """Who would get which number."""

    roles = {"POST": OFFICE}

    @extend_schema(request=PlanRequest, responses=PlanAnswer)
    def post(self, request: Request) -> Response:
        """A dry run."""
        edition = self.chosen()
        asked = PlanRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(PlanAnswer(bibs.planned(edition, asked.wanted(edition))).data)

    def chosen(self) -> Edition:
        """The edition; HasRole has refused whoever names none."""
        edition = self.edition()
        assert edition is not None
        return edition


class AssignBibs(PlanOfBibs):
    """A plan, carried out."""

    @extend_schema(request=AssignRequest, responses=AssignAnswer)
    def post(self, request: Request) -> Response:
        """Give exactly the numbers of the plan with this digest, or none (`plan_is_stale`)."""
        edition = self.chosen()
        asked = AssignRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        plan = bibs.planned(edition, asked.wanted(edition))
        shown = replace(plan, digest=asked.validated_data["digest"])
        return Response({"assigned": bibs.assign(shown, by=self.actor())})


class BibChangeRequest(serializers.Serializer[Any]):
    """One entry: `bib` gives it this number, null takes the number away; `swap_with` changes numbers with another entry;
    `lost` replaces a lost number by the next one (or by `bib`) and never gives it again."""

    entry = serializers.IntegerField(min_value=1)
    bib = serializers.IntegerField(min_value=1, max_value=HIGHEST, required=False, allow_null=True)
    swap_with = serializers.IntegerField(min_value=1, required=False)
    lost = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class BibChangeAnswer(serializers.Serializer[Any]):
    """The number the entry has now."""

    entry = serializers.IntegerField()
    bib = serializers.IntegerField(allow_null=True)


class ChangeBib(PlanOfBibs):
    """A single number."""

    @extend_schema(request=BibChangeRequest, responses=BibChangeAnswer)
    def post(self, request: Request) -> Response:
        """Give, take away, swap or replace one number; after the freeze with a reason."""
        edition = self.chosen()
        asked = BibChangeRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        entry = get_object_or_404(Entry, edition=edition, pk=data["entry"])
        how: dict[str, Any] = {"by": self.actor(), "reason": data["reason"]}
        if "swap_with" in data:
            bibs.swap(entry, get_object_or_404(Entry, edition=edition, pk=data["swap_with"]), **how)
        elif data["lost"]:
            bibs.replace_lost(entry, bib=data.get("bib"), **how)
        elif data.get("bib") is not None:
            bibs.give(entry, data["bib"], **how)
        elif "bib" in data:
            bibs.free(entry, **how)
        else:
            raise serializers.ValidationError({"bib": "a number, null, swap_with or lost"})
        entry.refresh_from_db(fields=["bib"])
        return Response({"entry": entry.pk, "bib": entry.bib})
