"""Races: what is on the programme, start lists and guns."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from race import gun, race_rules
from race.api.fields import Instant, VenueInstant
from race.api.scope import Scoped
from race.models import Category, Course, Entry, Gun, Race, Role, TimingPoint, Wave
from race.permissions import Anyone


class PointRow(serializers.ModelSerializer[TimingPoint]):
    """A timing point."""

    class Meta:
        model = TimingPoint
        fields = ["code", "kind", "at_m", "name_zh", "name_en"]


class CourseRow(serializers.ModelSerializer[Course]):
    """A course with its points."""

    points = PointRow(many=True)

    class Meta:
        model = Course
        fields = ["code", "name_zh", "name_en", "lap_m", "profile", "summit", "points"]


class CategoryRow(serializers.ModelSerializer[Category]):
    """A category with its special regulations."""

    wave = serializers.CharField(source="wave.code")

    class Meta:
        model = Category
        fields = ["code", "mark", "name_zh", "name_en", "sex", "min_age", "max_age", "capacity", "wave", "regulations"]


class WaveRow(serializers.ModelSerializer[Wave]):
    """A wave with its planned start."""

    planned = serializers.DateTimeField(source="planned_at")

    class Meta:
        model = Wave
        fields = ["code", "planned"]


class RaceRow(serializers.ModelSerializer[Race]):
    """A race as the programme shows it."""

    edition = serializers.CharField(source="edition.slug")
    course = CourseRow()
    categories = CategoryRow(many=True)
    waves = WaveRow(many=True)

    class Meta:
        model = Race
        fields = [
            "slug", "edition", "name_zh", "name_en", "day", "format", "laps", "rules", "revision", "course",
            "categories", "waves",
        ]  # fmt: skip


class Races(ListAPIView[Race]):
    """The programme: every race of `?edition=` (or of all), in the order of the programme."""

    permission_classes = [Anyone]
    serializer_class = RaceRow
    filterset_fields = {"edition__slug": ["exact"]}

    def get_queryset(self) -> QuerySet[Race]:
        """Races, with all a programme shows, in a fixed number of queries."""
        races = Race.objects.select_related("edition", "course").prefetch_related(
            "course__points", "categories__wave", "waves"
        )
        slug = self.request.query_params.get("edition")
        return races.filter(edition__slug=slug) if slug else races


class RaceRequest(serializers.Serializer[Any]):
    """What should be otherwise about a race, and why. `rules`: the keys to set; null takes one away."""

    laps = serializers.IntegerField(required=False)
    rules = serializers.DictField(required=False)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


class OneRace(Scoped):
    """The laps and the special regulations of a race."""

    roles = {"PATCH": (Role.Name.ORGANISER, Role.Name.CHIEF)}

    @extend_schema(request=RaceRequest, responses=RaceRow)
    def patch(self, request: Request, slug: str) -> Response:
        """Other laps or rules; the board is computed anew."""
        wanted = RaceRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        laps, rules = said.get("laps"), said.get("rules")
        race_rules.change(self.race(), laps=laps, rules=rules, by=self.actor(), reason=said["reason"])
        return Response(RaceRow(self.race()).data)


class StartListRow(serializers.ModelSerializer[Entry]):
    """A line of the public start list: no birth date, no identity, no phone."""

    category = serializers.CharField(source="category.code")
    name_zh = serializers.CharField(source="rider.name_zh")
    latin = serializers.CharField(source="rider.latin")
    nation = serializers.CharField(source="rider.nation")
    region_zh = serializers.CharField(source="rider.region_zh")
    region_en = serializers.CharField(source="rider.region_en")
    team_zh = serializers.CharField(source="team.name_zh", default="")
    team_en = serializers.CharField(source="team.name_en", default="")

    class Meta:
        model = Entry
        fields = [
            "bib", "category", "name_zh", "latin", "nation", "region_zh", "region_en", "team_zh", "team_en", "signed_on",
        ]  # fmt: skip


class StartList(Scoped, ListAPIView[Entry]):
    """The public start list of a race; empty until it is published."""

    roles = {"GET": ("public",), "HEAD": ("public",)}
    serializer_class = StartListRow
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry]:
        """Confirmed entries in bib order."""
        race = self.race()
        entries = Entry.objects.filter(race=race, state=Entry.State.CONFIRMED).order_by("bib")
        entries = entries.select_related("rider", "team", "category")
        return entries if race.published_at else entries.none()


class GunRow(serializers.ModelSerializer[Gun]):
    """An official start."""

    wave = serializers.CharField(source="wave.code")
    at = VenueInstant()
    recorded_at = VenueInstant()

    class Meta:
        model = Gun
        fields = ["wave", "at", "reason", "revision", "recorded_at"]


class GunRequest(serializers.Serializer[Any]):
    """The official start of a wave."""

    wave = serializers.CharField()
    at = Instant()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")
    seen = serializers.IntegerField(required=False, help_text="Revision of the start that stood; 0: none")


class Guns(Scoped):
    """The official starts of a race. The newest of a wave counts."""

    roles = {"GET": ("public",), "HEAD": ("public",), "POST": (Role.Name.COMMISSAIRE,)}

    @extend_schema(responses=GunRow(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Every start that was set, oldest first."""
        guns = Gun.objects.filter(wave__race=self.race()).select_related("wave", "edition").order_by("revision")
        return Response(GunRow(guns, many=True).data)

    @extend_schema(request=GunRequest, responses={201: GunRow})
    def post(self, request: Request, slug: str) -> Response:
        """Set the official start of a wave."""
        wanted = GunRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        race = self.race()
        wave = (
            Wave.objects.select_related("race__edition").filter(race=race, code=wanted.validated_data["wave"]).first()
        )
        if wave is None:
            raise serializers.ValidationError({"wave": "unknown wave"})
        fired = gun.fire(
            wave,
            wanted.validated_data["at"],
            by=self.actor(),
            reason=wanted.validated_data["reason"],
            seen=wanted.validated_data.get("seen"),
        )
        return Response(GunRow(fired).data, status=201)
