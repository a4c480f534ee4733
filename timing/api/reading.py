"""What a request says of bytes: through which channel they come, and how they are to be read."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import APIException, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from race.api.scope import Scoped
from race.models import Edition
from race.refused import Refused
from timing import decoders
from timing.channels import UPLOADS_OF
from timing.decoders.field_text import file_name, is_name
from timing.decoders.sheet.columns import BadColumns, said_columns
from timing.models import Channel

LONGEST_AGE_MS = 30 * 86_400_000


class RawParser(BaseParser):
    """The body as it is, whatever it calls itself."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """All bytes of the body."""
        return stream.read()


class Encoded(APIException):
    """A body that was squeezed for its way. What is kept are the bytes of the machine, so they come as they are."""

    status_code, default_code = 415, "content_encoding"


def plain(request: Request) -> None:
    """Refuse a body with a Content-Encoding, before it is looked at."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Encoded(
            _("Send the bytes as they are, without Content-Encoding; a .gz or .zip file may be sent as a file.")
        )


def raw_body(request: Request) -> bytes:
    """The body of a request for RawParser, exactly as long as it was announced. Refused: `cut_off`."""
    body: Any = request.data
    if not isinstance(body, bytes):
        return b""  # the framework parses no body where none came
    announced = request.META.get("CONTENT_LENGTH")
    if announced and int(announced) != len(body):
        raise Refused("cut_off", _("The body is not as long as it was announced; nothing was kept."))
    return body


def body_of(request: Request) -> tuple[bytes, str]:
    """The bytes of a request, raw or as `file` of a form, and the name of the file."""
    if (request.content_type or "").startswith("multipart/"):
        sent: Any = request.data
        upload = sent.get("file")
        if upload is None or not hasattr(upload, "read"):
            raise serializers.ValidationError({"file": _("The form has no field named file.")})
        body, name = upload.read(), request.query_params.get("name") or upload.name or ""
    else:
        body, name = raw_body(request), request.query_params.get("name", "")
    if not body:
        raise serializers.ValidationError({"file": _("The body is empty; nothing was kept.")})
    return body, name


def channel_of(view: Scoped, edition: Edition) -> Channel:
    """The channel a request's token or person delivers through; made at the first delivery."""
    token, channels = view.token(), Channel.objects.select_related("edition")
    if token is not None:
        given = {"edition": edition, "kind": Channel.Kind.HTTP, "label": token.label}
        return channels.get_or_create(token=token, defaults=given)[0]
    label = f"{UPLOADS_OF}{view.request.user.get_username()}"
    return channels.get_or_create(edition=edition, kind=Channel.Kind.HTTP, token=None, label=label)[0]


def only_source(channel: Channel) -> str:
    """The source a channel speaks for, if that is exactly one; else empty."""
    names = list(channel.sources.values_list("name", flat=True)[:2])
    return names[0] if len(names) == 1 else ""


def options_of(asked: Mapping[str, str], name: str) -> dict[str, str]:
    """How bytes are to be read, checked: `make`, `zone`, `date`, `source`, `columns` of what is asked, and the file's name."""
    make = asked.get("make", "csv")
    try:
        decoders.decoder(make)
    except LookupError as problem:
        raise UnsupportedMediaType(make, detail=str(problem)) from problem
    options = {"make": make, "name": file_name(name)}
    options |= {key: asked[key] for key in ("zone", "date", "source", "columns") if asked.get(key)}
    if "date" in options:
        options["date"] = serializers.DateField().run_validation(options["date"]).isoformat()
    if "zone" in options:
        _check_zone(options["zone"])
    if "source" in options:
        options["source"] = options["source"].strip()
    if not is_name(options.get("source", "-")):
        raise serializers.ValidationError({"source": _("This cannot be the name of a source.")})
    if "columns" in options:
        _check_columns(options["columns"])
    return options


def for_channel(options: dict[str, str], channel: Channel, label: str = "") -> dict[str, str]:
    """The options, with the channel's only source where none is named; where it has several or none, with `label`."""
    label = label.strip() if is_name(label.strip()) else ""
    only = "" if "source" in options else only_source(channel) or label
    return options | {"source": only} if only else options


def heard(asked: Mapping[str, str]) -> dict[str, str]:
    """When the machine said it, as an option, if the sender tells how many milliseconds ago (`age`) that was."""
    if not asked.get("age"):
        return {}
    age = serializers.IntegerField(min_value=0, max_value=LONGEST_AGE_MS).run_validation(asked["age"])
    return {"heard_at": (datetime.now(UTC) - timedelta(milliseconds=age)).isoformat()}


def _check_columns(columns: str) -> None:
    try:
        said_columns(columns)
    except BadColumns as problem:
        message = _("%(columns)s does not say which column is what: chip:1,time:2 at least, each column once.")
        raise serializers.ValidationError({"columns": message % {"columns": problem}}, "bad_columns") from problem


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        message = _("%(zone)s is no time zone.") % {"zone": zone}
        raise serializers.ValidationError({"zone": message}, "bad_zone") from problem
