"""Result sheets: what people download, for programs."""

from django.http import Http404, HttpResponse
from django.utils.translation import get_language, override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.request import Request

from race import list_files
from race.api.scope import Scoped
from results import sheet_answers, sheet_files, sheets
from results.paper import LANGUAGES


class ResultSheet(Scoped):
    """The result of a race as a sheet."""

    roles = {"GET": ("public",), "HEAD": ("public",)}

    @extend_schema(
        parameters=[
            OpenApiParameter("as", enum=list(sheet_files.FORMS)),
            OpenApiParameter("by", enum=sheets.BY),
            OpenApiParameter("category", str, description="The code of one category"),
            OpenApiParameter("lang", enum=list(LANGUAGES)),
            OpenApiParameter("at", int, description="A revision of the past, for officials"),
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
        ],
        responses={
            (200, sheet_files.JSON): OpenApiTypes.OBJECT,
            **{(200, kind): OpenApiTypes.BINARY for kind in (list_files.PDF, list_files.XLSX, list_files.CSV)},
            304: None,
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """The newest publication, or before it the live order; `uci.xlsx` and `uci.csv` are for officials and the office."""
        race, given = self.race(), request.query_params
        if race.published_at is None:
            raise Http404
        with override(LANGUAGES.get(given.get("lang", ""), get_language())):
            form = given.get("as", "json")
            want = sheet_answers.asked(race, "" if form == sheet_files.PAGE else form, given)
            if not sheet_answers.may(want, request.user, self.token()):
                raise PermissionDenied if request.user.is_authenticated else NotAuthenticated
            status, headers, body = sheet_answers.reply(want, request.headers.get("If-None-Match", ""))
        return HttpResponse(body, status=status, headers=headers)
