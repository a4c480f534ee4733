"""The prize sheets of an edition at the officials' desk, and the ledger of what was paid."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from race.models import Edition
from race.refused import Refused
from race.staff_pages import OFFICE, actor, desk, done
from results import certificate_job, prize_paper, prizes
from results.staff import OFFICIALS, officials_page
from results.views.rulings import race_of

#: Who looks at the sheets: the desk, and those who keep the money.
SEES = (*OFFICIALS, *OFFICE)


@require_safe
@officials_page(*SEES)
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/officials/prizes/`: every race, what is due and what is paid."""
    sheets = [prizes.sheet(race) for race in certificate_job.races(edition)]
    rows = [{"sheet": one, "totals": prize_paper.totals(one), "stands": prize_paper.stands(one)} for one in sheets]
    return render(request, "results/officials/prizes.html", {"edition": edition, "rows": rows})


@require_safe
@officials_page(*SEES)
def race(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """`/officials/prizes/<race>/`: the sheet, with paying, and the ledger."""
    found = prizes.sheet(race_of(edition, race))
    groups = [{"name": name, "rows": [_row(row) for row in rows]} for name, rows in prize_paper.grouped(found.rows)]
    ledger = [prize_paper.ledger_row(found, row, one) | {"pk": one.pk} for row in found.rows for one in row.payments]
    context = {
        "edition": edition, "race": found.race, "sheet": found, "stands": prize_paper.stands(found), "groups": groups,
        "totals": prize_paper.totals(found), "ledger": sorted(ledger, key=lambda line: line["pk"]),
        "may": desk(request).may(*OFFICE),
    }  # fmt: skip
    return render(request, "results/officials/prizes_race.html", context)


def _row(row: prizes.Row) -> dict[str, Any]:
    team = row.entry.team.name if row.entry and row.entry.team else ""
    return {"row": row, "name": prize_paper.name(row), "team": team, "state": prize_paper.state(row)}


@require_safe
@officials_page(*SEES)
def file(request: HttpRequest, edition: Edition, race: str, form: str) -> HttpResponse:
    """The sheet as PDF or XLSX."""
    if form not in prize_paper.FORMS:
        raise Http404
    here = race_of(edition, race)
    answer = HttpResponse(prize_paper.file(prizes.sheet(here), form), content_type=prize_paper.FORMS[form])
    way = "inline" if form == "pdf" else "attachment"
    answer["Content-Disposition"] = f'{way}; filename="prizes-{here.slug}.{form}"'
    return answer


@require_POST
@officials_page(*OFFICE)
def pay(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """Hand a prize out: the sum that was looked at, and who signed."""
    given, here = request.POST, race_of(edition, race)
    prizes.pay(
        here, given.get("category", ""), given.get("key", ""), amount_fen=_fen(given.get("fen", "")),
        receipt=given.get("receipt", ""), by=actor(request),
    )  # fmt: skip
    return done(request, edition, _("The prize is paid and on record."))


@require_POST
@officials_page(*OFFICE)
def back(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """Money came back."""
    given, here = request.POST, race_of(edition, race)
    prizes.take_back(
        here, given.get("category", ""), given.get("key", ""), amount_fen=_fen(given.get("fen", "")),
        reason=given.get("reason", ""), by=actor(request), seen_fen=_fen(given["paid"]) if "paid" in given else None,
    )  # fmt: skip
    return done(request, edition, _("What came back is on record."))


def _fen(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused("bad_amount", _("A sum above 0 comes back."))
    return int(text)
