"""Rulings on many riders at once, at the officials' desk."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from race.models import Edition, Race
from race.refused import Refused
from race.staff_links import staff_path
from race.staff_pages import actor, desk
from results import ruling_lists, rulings, to_do
from results.staff import RULES, officials_page
from results.views.expected_rows import Words
from results.views.officials_words import kind_word
from results.views.ruling_form import LABELS, number
from results.views.rulings import race_of
from ui import times

#: The article that goes with each list.
ARTICLES = {"dnf": "UCI 1.3.080", "dns": "", "pulled": "R-80", "otl_waive": "R-LIMIT"}


@require_http_methods(["GET", "HEAD", "POST"])
@officials_page(*RULES)
def page(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """`/officials/rulings/<race>/many/`: a list of numbers and what they are ruled; who is outside the time limit."""
    here, given = race_of(edition, race), request.POST
    context: dict[str, Any] = {
        "edition": edition, "race": here, "given": given, "outside": outside(here), "most": ruling_lists.MOST,
        "kinds": [(kind, kind_word(kind)) for kind in ("dnf", "dns", "pulled")],
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "results/officials/many.html", context)
    try:
        made = _sign(request, here)
    except Refused as refused:
        return render(request, "results/officials/many.html", context | {"refused": refused}, status=409)
    sentence = ngettext(
        "%(n)s ruling is signed. The board follows.", "%(n)s rulings are signed. The board follows.", made
    )
    messages.success(request, sentence % {"n": made})
    return HttpResponseRedirect(staff_path("officials_rulings", desk(request).slug))


def _sign(request: HttpRequest, race: Race) -> int:
    """How many rulings it became."""
    given, by = request.POST, actor(request)
    kind, reason = given.get("kind", ""), given.get("reason", "")[:300]
    if kind == "otl_waive_all":
        rulings.issue(race, kind, reason=reason, by=by, article="R-LIMIT")
        return 1
    found = ruling_lists.bibs(" ".join(given.getlist("bibs")))
    lap = number(given.get("after_lap", ""), LABELS()["after_lap"])
    made = ruling_lists.issue(race, kind, found, reason=reason, by=by, article=ARTICLES.get(kind, ""), after_lap=lap)
    return len(made)


def outside(race: Race) -> list[dict[str, Any]]:
    """Who has come home outside the time limit, as the engine finds it."""
    judged, words = to_do.judged(race), Words([race], race.edition.zone)
    entries = judged.entries
    return [
        words.entry(race, entries.get(row.bib, {}), row.bib)
        | {"time": times.race_time(None if row.time_us is None else row.time_us // 1000)}
        for row in judged.standings.rows
        if row.status == "OTL"
    ]
