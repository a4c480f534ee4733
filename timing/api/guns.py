"""Guns: what is proposed as the start of each wave. A commissaire chooses at `races/{slug}/guns/`."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from race.api.scope import Scoped
from race.models import Role
from timing import gun_proposals
from timing.clocks import instant


class ProposalRow(serializers.Serializer[Any]):
    """An instant that somebody or something proposes, in true time. `doubt`: `test`, `double` or empty."""

    kind = serializers.CharField()
    at = serializers.DateTimeField()
    source = serializers.CharField()  # type: ignore[assignment]
    name = serializers.CharField()
    doubt = serializers.CharField()
    late_ms = serializers.IntegerField()


class WaveStartRow(serializers.Serializer[Any]):
    """A wave with its programme, its official start and what is proposed."""

    race = serializers.CharField()
    wave = serializers.CharField()
    planned = serializers.DateTimeField()
    official = serializers.DateTimeField(allow_null=True)
    proposals = ProposalRow(many=True)


class GunProposals(Scoped):
    """The waves of an edition, and when each may have started."""

    roles = {"GET": (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE, Role.Name.ORGANISER)}

    @extend_schema(parameters=[OpenApiParameter("edition", str)], responses=WaveStartRow(many=True))
    def get(self, request: Request) -> Response:
        """In the order of the programme."""
        edition = self.edition()
        assert edition is not None
        zone = ZoneInfo(edition.zone)

        def told(moment: datetime) -> str:
            return moment.astimezone(zone).isoformat()

        return Response(
            [
                {
                    "race": one.wave.race.slug,
                    "wave": one.wave.code,
                    "planned": told(one.wave.planned_at),
                    "official": told(one.official.at) if one.official else None,
                    "proposals": [
                        {
                            "kind": each.kind, "at": told(instant(each.at_us)), "source": each.source.name,
                            "name": each.name, "doubt": each.doubt, "late_ms": each.late_us // 1000,
                        }
                        for each in one.proposals
                    ],
                }
                for one in gun_proposals.of(edition)
            ]
        )  # fmt: skip
