"""Entries as the office sees them, and sign-on."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from race import sign_on
from race.api.scope import Scoped
from race.models import Assignment, Edition, Entry, Race, Rider, Role


class RiderRow(serializers.ModelSerializer[Rider]):
    """A rider at the desk: what is read out, nothing of the document."""

    birth_year = serializers.IntegerField(source="birth_date.year")

    class Meta:
        model = Rider
        fields = ["name_zh", "latin", "sex", "birth_year", "nation", "region_zh", "region_en"]


class EntryRow(serializers.ModelSerializer[Entry]):
    """An entry with the chips it carries or carried."""

    category = serializers.CharField(source="category.code")
    wave = serializers.CharField(source="category.wave.code")
    race = serializers.CharField(source="race.slug")
    rider = RiderRow()
    team = serializers.CharField(source="team.name_zh", default="")
    chips = serializers.SerializerMethodField()

    class Meta:
        model = Entry
        fields = ["id", "race", "bib", "category", "wave", "state", "signed_on", "ranked", "rider", "team", "chips"]

    def get_chips(self, entry: Entry) -> list[str]:
        """The codes of all chips handed to this entry."""
        return [assignment.transponder.code for assignment in entry.assignments.all()]


class Entries(Scoped, ListAPIView[Entry]):
    """The entries of `?race=`."""

    roles = {"GET": (Role.Name.OFFICE, Role.Name.ORGANISER, Role.Name.COMMISSAIRE, Role.Name.TIMING_CREW)}
    serializer_class = EntryRow
    queryset = Entry.objects.none()

    def wanted_race(self) -> Race | None:
        """The race of `?race=`."""
        return Race.objects.select_related("edition").filter(slug=self.request.query_params.get("race", "")).first()

    def edition(self) -> Edition | None:
        """The edition of `?race=`."""
        race = self.wanted_race()
        return race.edition if race else None

    def get_queryset(self) -> QuerySet[Entry]:
        """Entries in bib order, in a fixed number of queries."""
        handed = Prefetch("assignments", Assignment.objects.select_related("transponder").order_by("pk"))
        entries = Entry.objects.filter(race=self.wanted_race()).order_by("bib", "pk")
        return entries.select_related("race", "category__wave", "rider", "team").prefetch_related(handed)


class SignOnRequest(serializers.Serializer[Any]):
    """Riders of a race who are here."""

    race = serializers.SlugField()
    bibs = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=5000)
    here = serializers.BooleanField(default=True)


class SignOnAnswer(serializers.Serializer[Any]):
    """How many were not signed on before."""

    signed_on = serializers.IntegerField()


class SignOn(Scoped):
    """Sign-on of one or many riders of a race."""

    roles = {"POST": (Role.Name.OFFICE, Role.Name.ORGANISER)}

    def edition(self) -> Edition | None:
        """The edition of the race in the body."""
        slug = self.request.data.get("race") if isinstance(self.request.data, dict) else None
        known = isinstance(slug, str) and slug.isascii() and "\x00" not in slug
        race = Race.objects.select_related("edition").filter(slug=slug).first() if known else None
        return race.edition if race else None

    @extend_schema(request=SignOnRequest, responses=SignOnAnswer)
    def post(self, request: Request) -> Response:
        """Note who is here; a second scan of the same rider changes nothing."""
        wanted = SignOnRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        race = Race.objects.select_related("edition").get(slug=wanted.validated_data["race"])
        moved = sign_on.sign_on(
            race, wanted.validated_data["bibs"], by=self.actor(), here=wanted.validated_data["here"]
        )
        return Response({"signed_on": moved})
