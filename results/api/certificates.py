"""Certificates: a finisher's own, and all of an edition as a job in parts."""

from typing import Any, cast

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.fields import VenueInstant
from race.api.scope import Scoped
from race.models import Role
from results import certificate_job, certificate_paper, certificates
from results.models import Certificate

#: Who has them made for everybody; the chief may what a commissaire may.
MAKERS = (Role.Name.COMMISSAIRE, Role.Name.ORGANISER)
LANGUAGE = serializers.ChoiceField(choices=list(certificate_paper.LANGUAGES), default="zh")


class CertificateRow(serializers.ModelSerializer[Certificate]):
    """A certificate: what it says, and whether the newest publication still says so."""

    kind = serializers.SerializerMethodField()
    race = serializers.CharField(source="race.slug")
    communique = serializers.IntegerField(source="publication.communique.number")
    issued_at = VenueInstant()
    said = serializers.JSONField()
    state = serializers.SerializerMethodField(help_text="holds, amended or withdrawn")
    newest_communique = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()

    class Meta:
        model = Certificate
        fields = ["kind", "code", "race", "communique", "issued_at", "said", "state", "newest_communique", "files"]

    def get_kind(self, made: Certificate) -> str:
        """Always `certificate`: what tells it from a communiqué behind `verify/`."""
        return "certificate"

    def get_state(self, made: Certificate) -> str:
        """Whether it still holds."""
        return self._now(made).state

    def get_newest_communique(self, made: Certificate) -> int:
        """The number of the communiqué that it was compared with."""
        return self._now(made).publication.communique.number

    def get_files(self, made: Certificate) -> list[dict[str, str]]:
        """Where its PDFs are, with the hash of those that were made: what `/verify/` compares."""
        hashes = dict(made.files.values_list("language", "sha256"))
        return [
            {
                "language": language,
                "url": reverse("certificate_file", args=[made.code, language]),
                "sha256": hashes.get(language, ""),
            }
            for language in certificate_paper.LANGUAGES
        ]

    def _now(self, made: Certificate) -> certificates.Now:
        found = self.context.get("now")
        return found if isinstance(found, certificates.Now) else certificates.now(made)

    @classmethod
    def told(cls, made: Certificate) -> Any:
        """The row, compared once."""
        return cls(made, context={"now": certificates.now(made)}).data


class OneCertificate(Scoped):
    """The certificate of a row."""

    roles = {"GET": ("public",), "HEAD": ("public",)}

    @extend_schema(responses=CertificateRow)
    def get(self, request: Request, slug: str, bib: int) -> Response:
        """It is issued when it is first asked for. 409 `not_official` or `not_a_finisher` says why there is none."""
        return Response(CertificateRow.told(certificates.issue(self.race(), bib)))


class CertificateState(serializers.Serializer[Any]):
    """How far the certificates of an edition are in a language."""

    language = serializers.CharField()
    finishers = serializers.IntegerField(help_text="Of races whose result is official")
    made = serializers.IntegerField()
    parts = serializers.IntegerField(help_text="Of the newest job")
    parts_done = serializers.IntegerField()
    running = serializers.BooleanField()
    waiting = serializers.ListField(child=serializers.CharField(), help_text="Races that are not official yet")


class CertificateOrder(serializers.Serializer[Any]):
    """In which language the missing ones are made."""

    language = LANGUAGE


class Certificates(Scoped):
    """The certificates of an edition."""

    roles = {"GET": MAKERS, "HEAD": MAKERS, "POST": MAKERS}
    edition_named = OpenApiParameter("edition", str)

    @extend_schema(parameters=[edition_named], responses=CertificateState(many=True))
    def get(self, request: Request) -> Response:
        """How far they are, in each language."""
        return Response(self._state())

    @extend_schema(parameters=[edition_named], request=CertificateOrder, responses={202: CertificateState(many=True)})
    def post(self, request: Request) -> Response:
        """Have the missing ones made. A second call finds the job that runs."""
        wanted = CertificateOrder(data=request.data)
        wanted.is_valid(raise_exception=True)
        edition = self.edition()
        assert edition is not None
        certificate_job.start(edition, wanted.validated_data["language"], by=self.actor())
        return Response(self._state(), status=202)

    def _state(self) -> Any:
        edition = self.edition()
        assert edition is not None
        found = certificate_job.progress(edition).items()
        told = [
            {
                "language": language, "finishers": one.finishers, "made": one.made, "parts": one.parts,
                "parts_done": one.parts_done, "running": one.running, "waiting": [race.slug for race in one.waiting],
            }
            for language, one in found
        ]  # fmt: skip
        return CertificateState(told, many=True).data


class CertificateArchive(Scoped):
    """All of them in one file."""

    roles = {"GET": MAKERS, "HEAD": MAKERS}

    @extend_schema(
        parameters=[OpenApiParameter("edition", str), OpenApiParameter("language", str, enum=["zh", "en"])],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponse:
        """A ZIP of every certificate that is made and holds: a folder a category, a file a rider."""
        wanted = CertificateOrder(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        edition, language = self.edition(), wanted.validated_data["language"]
        assert edition is not None
        answer = StreamingHttpResponse(certificate_job.archive(edition, language), content_type="application/zip")
        answer["Content-Disposition"] = f'attachment; filename="certificates-{edition.slug}-{language}.zip"'
        return cast(HttpResponse, answer)
