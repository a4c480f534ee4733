"""Large files in pieces: announce one, send its bytes from where they are missing, hear what became of it."""

from typing import Any

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Edition, Role, Token
from race.refused import Refused
from timing import intake, uploads
from timing.api.answers import DeliveryAnswer, answers, told
from timing.api.findings import findings
from timing.api.reading import RawParser, channel_of, for_channel, options_of, plain, raw_body
from timing.models import Upload

WHO = (Role.Name.TIMING_CREW, Token.DELIVERIES)


class TooLarge(APIException):
    """More than this house takes in one file."""

    status_code, default_code = 413, "too_large"


class UploadAsked(serializers.Serializer[Any]):
    """A file that is to come, and how it is to be read (as the query of a delivery says it)."""

    name = serializers.CharField(max_length=200, allow_blank=True, default="")
    size = serializers.IntegerField(min_value=1, max_value=2**62)
    sha256 = serializers.RegexField(
        r"\A[0-9a-fA-F]{64}\Z", required=False, help_text="Of the whole file, in hex digits"
    )
    make = serializers.CharField(max_length=40, default="csv")
    zone = serializers.CharField(max_length=40, required=False)
    date = serializers.CharField(max_length=10, required=False)
    source = serializers.CharField(max_length=80, required=False, trim_whitespace=False)  # type: ignore[assignment]
    columns = serializers.CharField(max_length=200, required=False)


class UploadAnswer(serializers.Serializer[Any]):
    """How far an upload is: the next byte to send is `received`."""

    code = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField()
    received = serializers.IntegerField()
    piece = serializers.IntegerField(help_text="Bytes that one PATCH may bring at most")
    until = serializers.DateTimeField(help_text="Forgotten then, unless somebody goes on with it before")
    delivery = DeliveryAnswer(allow_null=True, help_text="Once the file is whole: what became of it")


def answer_of(upload: Upload, delivery: dict[str, Any] | None) -> dict[str, Any]:
    """The state of an upload."""
    return {
        "code": upload.code,
        "name": upload.options.get("name", ""),
        "size": upload.size,
        "received": upload.received,
        "piece": uploads.MOST_PIECE,
        "until": (upload.touched_at + uploads.KEPT_FOR).isoformat(),
        "delivery": delivery,
    }


class Resumable(Scoped):
    """The headers that go with every answer about an upload, as in the IETF draft on resumable uploads."""

    def answer(self, upload: Upload, delivery: dict[str, Any] | None, status: int = 200) -> Response:
        """How far it is, in the body and in the headers."""
        complete = "?1" if upload.received == upload.size else "?0"
        limit = f"max-size={settings.DELIVERY_LIMIT}, max-append-size={uploads.MOST_PIECE}"
        headers = {
            "Upload-Offset": str(upload.received),
            "Upload-Length": str(upload.size),
            "Upload-Complete": complete,
            "Upload-Limit": limit,
        }
        return Response(answer_of(upload, delivery), status=status, headers=headers)


class Uploads(Resumable):
    """Announce a file."""

    roles = {"POST": WHO}

    @extend_schema(
        parameters=[
            OpenApiParameter("edition", str),
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER),
        ],
        request=UploadAsked,
        responses={201: UploadAnswer},
    )
    def post(self, request: Request) -> Response:
        """Announce a file; again with the same key: where it goes on."""
        asked = UploadAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        said: dict[str, Any] = asked.validated_data
        if said["size"] > settings.DELIVERY_LIMIT:
            limit = f"{settings.DELIVERY_LIMIT:,}"
            raise TooLarge(_("The file is larger than the limit (%(limit)s bytes).") % {"limit": limit})
        edition = self.edition()
        assert edition is not None
        options = options_of(said, said["name"])
        channel = channel_of(self, edition)
        upload, new = uploads.begin(
            channel,
            intake.told_key(request.headers.get("Idempotency-Key", "")),
            size=said["size"],
            sha256=said.get("sha256", "").lower(),
            options=for_channel(options, channel),
            by=self.actor(),
        )
        response = self.answer(upload, delivered(upload), 201 if new else 200)
        response["Location"] = request.build_absolute_uri(f"{request.path}{upload.code}/")
        return response


class OneUpload(Resumable):
    """An upload on its way."""

    roles = {"GET": WHO, "HEAD": WHO, "PATCH": WHO}
    parser_classes = [RawParser]

    def upload(self) -> Upload:
        """The upload the address names; a machine's key sees its own only."""
        wanted = Upload.objects.select_related("channel__edition", "delivery").defer("delivery__body")
        return get_object_or_404(wanted, code=self.kwargs["code"])

    def edition(self) -> Edition | None:
        """Its edition."""
        upload, token = self.upload(), self.token()
        if token is not None and upload.channel.token_id != token.pk:
            raise Http404
        return upload.channel.edition

    def handle_exception(self, exc: Exception) -> Response:
        """Whoever is refused is told in a header where to go on."""
        response = super().handle_exception(exc)
        if isinstance(exc, Refused):
            response["Upload-Offset"] = str(self.upload().received)
        return response

    @extend_schema(responses=UploadAnswer)
    def get(self, request: Request, code: str) -> Response:
        """How far it is."""
        upload = self.upload()
        return self.answer(upload, delivered(upload))

    @extend_schema(
        parameters=[OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, required=True)],
        request={"application/partial-upload": OpenApiTypes.BINARY},
        responses=UploadAnswer,
    )
    def patch(self, request: Request, code: str) -> Response:
        """Send the bytes from `Upload-Offset` on; with the last ones comes the answer of a delivery."""
        plain(request)
        offset = serializers.IntegerField(min_value=0).run_validation(request.headers.get("Upload-Offset", ""))
        body = raw_body(request)
        peer = request.META.get("REMOTE_ADDR", "") or ""
        upload, received = uploads.add(self.upload().pk, offset, body, peer=peer)
        if received is not None:
            return self.answer(upload, told(received.delivery))
        return self.answer(upload, delivered(upload))


def delivered(upload: Upload) -> dict[str, Any] | None:
    """What became of the file, once it is whole."""
    return None if upload.delivery is None else answers([upload.delivery])[0] | findings(upload.delivery)
