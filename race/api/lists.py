"""Lists that leave the house: as JSON, XLSX or PDF."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race import list_files, lists
from race.api.scope import Scoped
from race.models import Race

FORMS = ("json", *list_files.FORMS)


class ListColumn(serializers.Serializer[Any]):
    """A column of a list."""

    key = serializers.CharField()
    title = serializers.CharField()


class ListAnswer(serializers.Serializer[Any]):
    """A list: what it is for, who made it and when, and its rows by the keys of the columns."""

    kind = serializers.CharField()
    title = serializers.CharField()
    purpose = serializers.CharField()
    made = serializers.CharField()
    columns = ListColumn(many=True)
    rows = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))


class OneList(Scoped):
    """A list of an edition, or of one race."""

    roles = {"GET": lists.ROLES}

    @extend_schema(
        parameters=[OpenApiParameter("race"), OpenApiParameter("as", enum=FORMS), OpenApiParameter("edition")],
        responses=ListAnswer,
    )
    def get(self, request: Request, code: str) -> Response | HttpResponse:
        """The list, in the language asked for. One of personal data is noted in the log each time."""
        edition = self.edition()
        assert edition is not None  # HasRole has refused whoever names none
        form = request.query_params.get("as", "json")
        if form not in FORMS:
            raise serializers.ValidationError({"as": f"one of {', '.join(FORMS)}"})
        slug = request.query_params.get("race", "")
        races = Race.objects.select_related("edition").filter(edition=edition)
        race = get_object_or_404(races, slug=slug) if slug else None
        made = lists.make(edition, code, by=self.actor(), race=race, form=form)
        if form == "json":
            return Response(ListAnswer(made).data)
        body, kind, name = list_files.file(made, form)
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return HttpResponse(body, content_type=kind, headers=headers)
