"""A round ridden elsewhere brought in at the officials' desk: upload, look at it row by row, take in all of it or nothing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from race import import_jobs
from race.models import Edition
from race.models.edition import in_language
from race.refused import Refused
from race.staff_links import staff_path
from race.staff_pages import actor, desk
from results.league import asked, imports, rules
from results.league.imports import Outcome
from results.models import League, Round
from results.staff import officials_page
from results.views import league_desk
from results.views.league_desk import RUNS

#: Rows of a preview; wrong ones first.
SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@officials_page(*RUNS)
def upload(request: HttpRequest, edition: Edition, league: str, number: int) -> HttpResponse:
    """Choose a file, or paste rows; it is kept for an hour, and what it would do is shown."""
    shown, made = round_of(edition, league, number)
    problem = ""
    if request.method == "POST":
        try:
            job = import_jobs.received(
                request.FILES.get("list"), request.POST.get("pasted", ""), edition, actor(request)
            )
            imports.dry_run(made, job.body)
            import_jobs.keep(job)
            return HttpResponseRedirect(_path(request, made, job.token))
        except Refused as refused:
            problem = refused.message
    context = {"problem": problem, "pasted": request.POST.get("pasted", "")[:200_000]} | _context(edition, shown, made)
    return render(request, "results/officials/league_import.html", context, status=409 if problem else 200)


def round_of(edition: Edition, league: str, number: int) -> tuple[League, Round]:
    """A round of a league of the edition."""
    shown = asked.league_of(edition, league)
    return shown, get_object_or_404(Round.objects.select_related("league", "edition"), league=shown, order=number)


def _path(request: HttpRequest, made: Round, token: str) -> str:
    slug = desk(request).slug
    return staff_path("officials_league_list", slug, league=made.league.slug, number=made.order, token=token)


def _context(edition: Edition, league: League, made: Round) -> dict[str, Any]:
    return {
        "edition": edition, "league": league, "name": league_desk.named(league)["name"], "round": made,
        "round_name": in_language(made.name_zh, made.name_en), "ours": made.edition_id is not None,
        "groups": [rules.name(league, code) for code in rules.codes(league)], "had": made.results.count(),
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@officials_page(*RUNS)
def preview(request: HttpRequest, edition: Edition, league: str, number: int, token: str) -> HttpResponse:
    """What the list would do; POST takes it in, if the round is still as it was looked at."""
    shown, made = round_of(edition, league, number)
    context = _context(edition, shown, made)
    try:
        job = import_jobs.find(token, edition)
        found, refused = imports.dry_run(made, job.body), None
    except Refused as gone:
        return render(request, "results/officials/league_import.html", context | {"problem": gone.message}, status=409)
    if request.method == "POST":
        try:
            seen, who = request.POST.get("seen", "")[:16], actor(request)
            done = imports.apply(made, job.body, edition=edition, by=who, seen=seen, file=job.name)
        except Refused as no:
            refused, found = no, imports.dry_run(made, job.body)
        else:
            said = {"added": done.added, "changed": done.changed, "removed": done.removed, "same": done.unchanged}
            text = _("Brought in: %(added)s new, %(changed)s changed, %(removed)s removed, %(same)s as they were.")
            messages.success(request, text % said)
            return HttpResponseRedirect(staff_path("officials_league_one", desk(request).slug, league=shown.slug))
    context |= _shown(found, shown) | {"job": job, "refused": refused}
    return render(request, "results/officials/league_list.html", context, status=409 if refused else 200)


def _shown(found: Outcome, league: League) -> dict[str, Any]:
    """The outcome as the page draws it: wrong rows first, then as the list has them."""
    labels = {
        "place": _("Place"), "category": _("Group"), "name": _("Name"), "number": _("Document number"),
    }  # fmt: skip
    rows = sorted(found.rows, key=lambda row: (not row.problems, row.number))
    return {
        "outcome": found,
        "lines": [
            {
                "row": row, "group": rules.name(league, row.group, short=True) if row.group else "",
                "problems": [{"label": labels.get(column, column), "text": text} for column, text in row.problems],
            }
            for row in rows[:SHOWN]
        ],
        "hidden": max(0, len(rows) - SHOWN),
        "gone": [league_desk.line_row(line, league) | {"was_joined": bool(line.member)} for line in found.gone],
        "by_document": sum(bool(row.identity_hash) for row in found.rows),
        "by_name": sum(not row.identity_hash for row in found.rows),
    }  # fmt: skip
