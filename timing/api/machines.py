"""Machines that speak HTTP in their own way: Feibot, race result's exporter, CrossMgr's readers.

Nobody can teach them a header, so the key stands in the address: `/api/v1/timing/feibot/<key>/...`. Only a key that may
do nothing but add deliveries is taken there, and the logs do not show it (`config.settings`). Each is answered in its own
words, after the commit, and the same bytes again are the delivery that is there: what was not answered is sent again.
"""

import hashlib
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, JsonResponse
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from race import clock
from race.api.authentication import KeyInAddress
from race.api.scope import Scoped
from race.models import Token
from race.refused import Refused
from timing import intake
from timing.api.reading import RawParser, channel_of, only_source, plain, raw_body
from timing.decoders.field_text import file_name

#: Parts of a Feibot's address that are the same in every machine: the keys of its application.
APPLICATION_KEYS = ("t", "sign")


class OfMachine(Scoped):
    """What a machine says under the key in its address."""

    authentication_classes = [KeyInAddress]
    parser_classes = [MultiPartParser, RawParser]
    roles = {"*": (Token.DELIVERIES,)}

    def keep(self, body: bytes, make: str, *, name: str = "", file: bool = False) -> None:
        """Keep what was said. The same bytes again are the same delivery, also on another day."""
        edition = self.edition()
        assert edition is not None
        channel, heard = channel_of(self, edition), datetime.now(UTC)
        options = {"make": make, "name": file_name(name), "source": only_source(channel) or channel.label}
        if not file:
            today = clock.now(edition, heard).astimezone(ZoneInfo(edition.zone)).date()
            options |= {"date": today.isoformat(), "heard_at": heard.isoformat()}
        elif day := self.request.query_params.get("date"):
            options["date"] = day
        peer = self.request.META.get("REMOTE_ADDR", "") or ""
        try:
            key = f"{make} {hashlib.sha256(body).hexdigest()}"
            intake.receive(channel, body, key, options=options, peer=peer, file=file)
        except Refused as known:
            if known.code != "key_reused":  # said before midnight and again after it
                raise


def said(text: str, status: int = 200) -> HttpResponse:
    """An answer that is compared letter by letter."""
    return HttpResponse(text, content_type="text/plain", status=status)


@extend_schema(exclude=True)
class Feibot(OfMachine):
    """`cpvUpload2` (reads), `testConnection` (how the machine is), `fileUpload` (its file), below any path."""

    def get(self, request: Request, key: str, rest: str) -> HttpResponse:
        """Reads or a heartbeat, in the query. A heartbeat that says nothing only asks whether we are here."""
        word = rest.rstrip("/").rpartition("/")[2]
        if word not in ("cpvUpload2", "testConnection"):
            raise Http404
        pieces = request.META.get("QUERY_STRING", "").split("&")
        query = "&".join(piece for piece in pieces if piece and piece.partition("=")[0] not in APPLICATION_KEYS)
        if query:
            self.keep(f"GET /{word}?{query} HTTP/1.1\r\n".encode("utf-8", "replace"), "feibot_http")
        return said("ok")

    def post(self, request: Request, key: str, rest: str) -> HttpResponse:
        """Its file, zipped or not, as a form or bare."""
        if rest.rstrip("/").rpartition("/")[2] != "fileUpload":
            raise Http404
        plain(request)
        body, name = self._file(request)
        if not body:
            return said("no file", 400)
        try:
            date.fromisoformat(request.query_params.get("date") or "2000-01-01")
        except ValueError:
            return said("no date", 400)
        self.keep(body, "feibot_file", name=name, file=True)
        return said("upload successful")

    def _file(self, request: Request) -> tuple[bytes, str]:
        """The first file of a form, whatever its field is called; else the body."""
        if not (request.content_type or "").startswith("multipart/"):
            return raw_body(request), request.query_params.get("name", "")
        sent: Any = request.data
        files = [value for value in sent.values() if isinstance(value, UploadedFile)]
        return (files[0].read(), files[0].name or "") if files else (b"", "")


@extend_schema(exclude=True)
class RaceResult(OfMachine):
    """What the exporter of race result posts: one passing or many, as JSON or as lines."""

    def post(self, request: Request, key: str) -> HttpResponse:
        """Passings."""
        plain(request)
        body = _bare(request)
        if not body:
            return said("no passing", 400)
        self.keep(body, "raceresult_json")
        return said("ok")


@extend_schema(exclude=True)
class CrossMgr(OfMachine):
    """`rfid.js` (reads) and `servertimestamp.js` (our clock, for readers that set theirs by it)."""

    def get(self, request: Request, key: str, rest: str) -> HttpResponse:
        """Event time in milliseconds, beside the time that the reader said."""
        if rest != "servertimestamp.js":
            raise Http404
        edition = self.edition()
        assert edition is not None
        said_ms = parse_qs(request.META.get("QUERY_STRING", "")).get("clientTime", ["0"])[0]
        try:
            client = float(said_ms[:32])
        except ValueError:
            client = 0.0
        client = client if abs(client) < 1e18 else 0.0
        server = clock.now(edition).timestamp() * 1000
        answer = JsonResponse({"serverTime": server, "clientTime": client})
        answer["Cache-Control"] = "no-store"
        return answer

    def post(self, request: Request, key: str, rest: str) -> HttpResponse:
        """`{"reader_id", "data": [{"tag", "t"}, ...]}`."""
        if rest != "rfid.js":
            raise Http404
        plain(request)
        body = _bare(request)
        if not body:
            return said("", 400)
        self.keep(body, "crossmgr_rfid_js")
        return said("")


def _bare(request: Request) -> bytes:
    """The body; empty for a form."""
    return b"" if (request.content_type or "").startswith("multipart/") else raw_body(request)
