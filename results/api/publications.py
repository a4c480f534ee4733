"""Publications of a race, and the communiqués of an edition."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from race import clock, permissions
from race.api.fields import VenueInstant
from race.api.scope import Scoped
from race.models import Role
from race.permissions import Anyone
from results import facts, live, publication
from results.api.certificates import CertificateRow
from results.models import Certificate, Communique, Publication
from results.scoring.out_there import still_out
from timing.clocks import microseconds

Standing = Publication.Standing
LONGEST = 16


class PublicationRow(serializers.ModelSerializer[Publication]):
    """A frozen result and its paper."""

    at = VenueInstant()
    recorded_at = VenueInstant()
    hash = serializers.CharField(source="link.hash")
    communique = serializers.IntegerField(source="communique.number", default=None, allow_null=True)
    code = serializers.CharField(source="communique.code", default="")

    class Meta:
        model = Publication
        fields = ["version", "standing", "revision", "at", "reason", "communique", "code", "hash", "recorded_at"]


class PublicationRequest(serializers.Serializer[Any]):
    """What to publish. `confirmed`: the open items that whoever makes the result official has looked at."""

    standing = serializers.ChoiceField(choices=Standing.choices, default=Standing.PROVISIONAL)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    cause = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    confirmed = serializers.ListField(child=serializers.CharField(max_length=60), required=False, default=list)
    after = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=10**8,
        help_text="The version that was looked at, 0 for none: a try after a lost answer is then no second version",
    )  # fmt: skip


class State(serializers.Serializer[Any]):
    """How far the result is, and what stands in the way of the next step."""

    publications = PublicationRow(many=True)
    bars = serializers.ListField(child=serializers.CharField(), help_text="Codes: why it cannot be official now")
    open_items = serializers.ListField(child=serializers.CharField(), help_text="To be confirmed by name")
    out = serializers.ListField(child=serializers.IntegerField(), help_text="Bibs still out there: close names them")
    moved = serializers.IntegerField(help_text="Riders whose line the facts now make another than published")


class Publications(Scoped):
    """The publications of a race."""

    roles = {"GET": ("public",), "HEAD": ("public",), "POST": (Role.Name.COMMISSAIRE,)}

    @extend_schema(responses=State)
    def get(self, request: Request, slug: str) -> Response:
        """All publications, oldest first, and what stands in the way of an official result."""
        race = self.race()
        made = Publication.objects.filter(race=race).select_related("edition", "link", "communique").defer("board")
        with live.snapshot():
            known = facts.gather(race)
            told = {
                "publications": list(made.order_by("version")),
                "bars": publication.bars(known, microseconds(clock.now(race.edition))),
                "open_items": publication.open_items(known),
                "out": still_out(known.facts),
                "moved": len(publication.moved_since(known).changes),
            }
        return Response(State(told).data)

    @extend_schema(request=PublicationRequest, responses={201: PublicationRow})
    def post(self, request: Request, slug: str) -> Response:
        """Publish. Provisional: a commissaire; official and amended: the chief commissaire."""
        wanted = PublicationRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        data, race = wanted.validated_data, self.race()
        chief = permissions.may(request.user, race.edition, Role.Name.CHIEF, token=self.token())
        if data["standing"] != Standing.PROVISIONAL and not chief:
            raise PermissionDenied
        made = publication.publish(race, by=self.actor(), **data)
        return Response(PublicationRow(made).data, status=201)


class CommuniqueRow(serializers.ModelSerializer[Communique]):
    """A communiqué: what it is and where it stands in the chain."""

    at = VenueInstant()
    race = serializers.CharField(source="race.slug", default=None, allow_null=True)
    supersedes = serializers.IntegerField(source="supersedes.number", default=None, allow_null=True)
    hash = serializers.CharField(source="link.hash")
    position = serializers.IntegerField(source="link.position")
    files = serializers.SerializerMethodField()

    class Meta:
        model = Communique
        fields = [
            "number", "kind", "race", "at", "revision", "code", "sha256", "supersedes", "hash", "position", "files",
        ]  # fmt: skip

    def get_files(self, made: Communique) -> list[dict[str, str]]:
        """Every file made of it, with its hash: what `/verify/` compares."""
        own = [{"kind": "json", "language": "", "sha256": made.sha256}]
        printed = ({"kind": one.kind, "language": one.language, "sha256": one.sha256} for one in made.printed.all())
        return own + list(printed)


def _with_files() -> Any:
    made = Communique.objects.select_related("edition", "race", "supersedes", "link").defer("content")
    return made.prefetch_related("printed")


class Communiques(Scoped):
    """The communiqués of an edition."""

    roles = {"GET": ("public",), "HEAD": ("public",)}

    @extend_schema(parameters=[OpenApiParameter("edition", str)], responses=CommuniqueRow(many=True))
    def get(self, request: Request) -> Response:
        """All of them, oldest first, with the hashes of their files."""
        return Response(CommuniqueRow(_with_files().filter(edition=self.edition()).order_by("number"), many=True).data)


class Verify(APIView):
    """What stands behind a code."""

    permission_classes = [Anyone]

    @extend_schema(
        responses=PolymorphicProxySerializer("Verified", [CommuniqueRow, CertificateRow], resource_type_field_name=None)
    )
    def get(self, request: Request, code: str) -> Response:
        """The communiqué or the certificate of this code, with the hashes of its files; 404 for a code nobody gave out."""
        code = code.upper()[:LONGEST]
        if given := Certificate.objects.filter(code=code).first():
            return Response(CertificateRow.told(given))
        return Response(CommuniqueRow(get_object_or_404(_with_files(), code=code)).data)


class CommuniqueJson(APIView):
    """The bytes that were hashed."""

    permission_classes = [Anyone]

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, code: str) -> HttpResponse:
        """The communiqué as JSON, byte for byte what its sha256 is of."""
        made = get_object_or_404(Communique, code=code.upper())
        answer = HttpResponse(bytes(made.content), content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="communique-{made.number}.json"'
        answer["ETag"] = f'"{made.sha256}"'
        return answer
