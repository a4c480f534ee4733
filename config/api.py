"""The whole interface for machines, on one page. OpenAPI at /api/schema/, a reader for it at /api/docs/."""

from typing import Any

from csp.decorators import csp_update
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from drf_standardized_errors.handler import exception_handler as standardized
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from race.api import (
    bibs,
    editions,
    entries,
    entry_import,
    lists,
    payments,
    races,
    registrations,
    riders,
    sign_on,
    teams,
    timing_points,
    transponders,
)
from race.refused import Refused
from results.api import (
    boards,
    bunch,
    certificates,
    expected,
    league,
    league_rows,
    prizes,
    protests,
    publications,
    rulings,
    sheets,
)
from timing.api import (
    channels,
    chips,
    corrections,
    deliveries,
    guns,
    line,
    machines,
    pads,
    previews,
    reads,
    sources,
    uploads,
)

#: Refusals that are about the request itself, not about the state of the race.
UNPROCESSABLE = {
    "key_reused", "not_a_chip_file", "bad_detail", "unknown_kind", "no_zone", "cut_off", "too_long",
    "bad_characters", "bad_rule", "bad_setting", "unknown_mark", "unknown_point",
    "incomplete", "bad_phone", "bad_email", "bad_date", "no_contact", "unknown_field", "unknown_nation", "unknown_region",
    "no_category", "identity_mismatch", "guardian_missing", "team_missing", "no_rows", "no_columns", "not_accepted",
    "too_many_riders", "too_many_rows", "too_many_columns", "empty", "old_excel", "broken_workbook", "workbook_too_large",
    "unknown_article", "article_forbids", "unknown_ruling", "another_zip", "undecodable", "cell_too_long",
    "longer_than_announced", "wrong_hash", "too_large_unpacked", "broken_archive", "not_one_file",
    "unknown_form", "unknown_grouping", "unknown_category", "unknown_revision",
}  # fmt: skip
#: What is wrong with a document number, by the code of `race.identity`.
IDENTITY = "identity_"


class RefusedByRule(APIException):
    """A rule said no: 409 where the race stands against it, 422 where the request does; with the rule's code."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message, refused.code)
        wrong = refused.code in UNPROCESSABLE or refused.code.startswith(IDENTITY)
        self.status_code = 422 if wrong else 409


def exception_handler(exc: Exception, context: Any) -> Response | None:
    """Every error in one shape: {"type", "errors": [{"code", "detail", "attr"}]}."""
    if isinstance(exc, Refused):
        exc = RefusedByRule(exc)
    return standardized(exc, context)


# The reader brings its own inline styles and data images; only its page may.
reader = csp_update({"style-src": ["'self'", "'unsafe-inline'"], "img-src": ["'self'", "data:"]})(
    SpectacularSwaggerSplitView.as_view(url_name="schema")
)

urlpatterns = [
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", reader, name="api-docs"),
    path("api/v1/editions/", editions.Editions.as_view()),
    path("api/v1/editions/<slug:slug>/", editions.OneEdition.as_view()),
    path("api/v1/editions/<slug:slug>/clock/", editions.EditionClock.as_view()),
    path("api/v1/editions/<slug:slug>/places/", registrations.Places.as_view()),
    path("api/v1/registrations/", registrations.Registrations.as_view()),
    path("api/v1/registrations/mine/", registrations.Own.as_view()),
    path("api/v1/registrations/mine/withdraw/", registrations.Withdrawn.as_view()),
    path("api/v1/registrations/mine/accept-offer/", registrations.OfferTaken.as_view()),
    path("api/v1/registrations/mine/leave/", registrations.LineLeft.as_view()),
    path("api/v1/registrations/mine/change/", registrations.Changed.as_view()),
    path("api/v1/registrations/mine/transfer/", registrations.Transferred.as_view()),
    path("api/v1/registrations/mine/payments/", registrations.PaymentsOfMine.as_view()),
    path("api/v1/races/", races.Races.as_view()),
    path("api/v1/races/<slug:slug>/", races.OneRace.as_view()),
    path("api/v1/races/<slug:slug>/start-list/", races.StartList.as_view()),
    path("api/v1/races/<slug:slug>/categories/<slug:code>/", registrations.OneCategory.as_view()),
    path("api/v1/races/<slug:slug>/guns/", races.Guns.as_view()),
    path("api/v1/races/<slug:slug>/rulings/", rulings.Rulings.as_view()),
    path("api/v1/races/<slug:slug>/rulings/preview/", rulings.RulingPreview.as_view()),
    path("api/v1/races/<slug:slug>/publications/", publications.Publications.as_view()),
    path("api/v1/races/<slug:slug>/protests/", protests.Protests.as_view()),
    path("api/v1/races/<slug:slug>/protests/<int:number>/steps/", protests.ProtestSteps.as_view()),
    path("api/v1/races/<slug:slug>/prizes/", prizes.Prizes.as_view()),
    path("api/v1/certificates/", certificates.Certificates.as_view()),
    path("api/v1/certificates/archive/", certificates.CertificateArchive.as_view()),
    path("api/v1/races/<slug:slug>/certificates/<int:bib>/", certificates.OneCertificate.as_view()),
    path("api/v1/communiques/", publications.Communiques.as_view()),
    path("api/v1/league/", league.LeagueStandings.as_view()),
    path("api/v1/league/changes/", league_rows.LeagueChanges.as_view()),
    path("api/v1/league/rows/", league_rows.LeagueRows.as_view()),
    path("api/v1/league/rows/<int:pk>/join/", league_rows.LeagueJoin.as_view()),
    path("api/v1/league/rows/<int:pk>/part/", league_rows.LeaguePart.as_view()),
    path("api/v1/verify/<str:code>/", publications.Verify.as_view(), name="verify-code"),
    path("api/v1/verify/<str:code>/communique.json", publications.CommuniqueJson.as_view(), name="communique-json"),
    path("api/v1/races/<slug:slug>/board/", boards.Board.as_view(), name="board"),
    path("api/v1/races/<slug:slug>/results/", sheets.ResultSheet.as_view()),
    path("api/v1/races/<slug:slug>/bunch/", bunch.BunchBoard.as_view()),
    path("api/v1/races/<slug:slug>/expected/", expected.Expected.as_view()),
    path("api/v1/races/<slug:slug>/missing/", expected.MissingPassings.as_view()),
    path("api/v1/races/<slug:slug>/why/<int:bib>/", boards.Why.as_view(), name="why"),
    path("api/v1/riders/", riders.Riders.as_view()),
    path("api/v1/entries/", entries.Entries.as_view()),
    path("api/v1/entries/import/", entry_import.EntryImport.as_view()),
    path("api/v1/teams/", teams.Teams.as_view()),
    path("api/v1/entries/sign-on/", sign_on.SignOn.as_view()),
    path("api/v1/entries/bibs/", bibs.PlanOfBibs.as_view()),
    path("api/v1/entries/bibs/assign/", bibs.AssignBibs.as_view()),
    path("api/v1/entries/bibs/change/", bibs.ChangeBib.as_view()),
    path("api/v1/transponders/", transponders.Chips.as_view()),
    path("api/v1/transponders/return/", transponders.ChipReturn.as_view()),
    path("api/v1/transponders/import/", transponders.ChipImport.as_view()),
    path("api/v1/lists/<slug:code>/", lists.OneList.as_view()),
    path("api/v1/sign-on/roster/", sign_on.Roster.as_view()),
    path("api/v1/sign-on/ticks/", sign_on.Ticks.as_view()),
    path("api/v1/races/<slug:slug>/head-count/", sign_on.HeadCount.as_view()),
    path("api/v1/payments/", payments.Payments.as_view()),
    path("api/v1/payments/<str:provider>/notify/", payments.Notify.as_view()),
    path("api/v1/timing-points/", timing_points.TimingPoints.as_view()),
    path("api/v1/timing-points/<int:pk>/", timing_points.OneTimingPoint.as_view()),
    path("api/v1/timing/channels/", channels.Channels.as_view()),
    path("api/v1/timing/channels/<int:pk>/", channels.OneChannel.as_view()),
    path("api/v1/timing/sources/", sources.Sources.as_view()),
    path("api/v1/timing/sources/<int:pk>/", sources.OneSource.as_view()),
    path("api/v1/timing/sources/<int:pk>/offsets/", sources.Offsets.as_view()),
    path("api/v1/timing/sources/<int:pk>/measured/", line.MeasuredOffset.as_view()),
    path("api/v1/timing/line/", line.Line.as_view()),
    path("api/v1/timing/deliveries/", deliveries.Deliveries.as_view()),
    path("api/v1/timing/deliveries/preview/", previews.Previews.as_view()),
    path("api/v1/timing/deliveries/<int:pk>/", deliveries.OneDelivery.as_view()),
    path("api/v1/timing/deliveries/<int:pk>/park/", previews.ParkedDelivery.as_view()),
    path("api/v1/timing/deliveries/<int:pk>/body/", deliveries.DeliveryBody.as_view(), name="delivery-body"),
    path("api/v1/timing/uploads/", uploads.Uploads.as_view(), name="uploads"),
    path("api/v1/timing/uploads/<str:code>/", uploads.OneUpload.as_view(), name="upload"),
    path("api/v1/timing/reads/", reads.Reads.as_view()),
    path("api/v1/timing/feibot/<str:key>/<path:rest>", machines.Feibot.as_view()),
    path("api/v1/timing/raceresult/<str:key>/", machines.RaceResult.as_view()),
    path("api/v1/timing/crossmgr/<str:key>/<str:rest>", machines.CrossMgr.as_view()),
    path("api/v1/timing/corrections/", corrections.Corrections.as_view()),
    path("api/v1/timing/unknown-chips/", chips.UnknownChips.as_view()),
    path("api/v1/timing/guns/", guns.GunProposals.as_view()),
    path("api/v1/timing/chips/", chips.ChipFindings.as_view()),
    path("api/v1/timing/clock/", pads.Clock.as_view()),
    path("api/v1/timing/pads/", pads.Pads.as_view()),
    path("api/v1/timing/pads/<int:pk>/", pads.OnePad.as_view()),
    path("api/v1/timing/pad/", pads.OwnPad.as_view()),
]
