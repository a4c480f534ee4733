"""Entries as the office sees them."""

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers
from rest_framework.generics import ListAPIView

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
