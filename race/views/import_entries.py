"""The office's import: upload a list, see what it would do row by row, take in all of it or nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from race import entry_columns, entry_import, entry_template, import_jobs, log
from race.entry_import import Outcome
from race.models import Edition
from race.refused import Refused
from race.staff_links import staff_path
from race.staff_pages import actor, desk, office_page
from race.views.numbers import whole

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 100  # rows of a preview; wrong ones first


@require_http_methods(["GET", "HEAD", "POST"])
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/import/`: choose a file, or paste rows."""
    problem = ""
    if request.method == "POST":
        try:
            job = import_jobs.received(
                request.FILES.get("list"), request.POST.get("pasted", ""), edition, actor(request)
            )
            entry_import.read(job.body)
            import_jobs.keep(job)
            return redirect(staff_path("office_import_list", desk(request).slug, token=job.token))
        except Refused as refused:
            problem = refused.message
    context = {"edition": edition, "problem": problem, "columns": list(entry_columns.LABELS.values())}
    return render(request, "race/import.html", context, status=409 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page()
def preview(request: HttpRequest, edition: Edition, token: str) -> HttpResponse:
    """What the list would do; POST takes it in, or changes how its columns are read."""
    slug = desk(request).slug
    try:
        job = import_jobs.find(token, edition)
    except Refused as refused:
        context = {"edition": edition, "problem": refused.message, "columns": list(entry_columns.LABELS.values())}
        return render(request, "race/import.html", context, status=409)
    if request.method == "POST" and request.POST.get("do") == "columns":
        job.update = request.POST.get("update") == "yes"
        job.mapping = _mapping(request)
        import_jobs.keep(job)
        return redirect(staff_path("office_import_list", slug, token=token))
    outcome = entry_import.dry_run(edition, job.body, update=job.update, mapping=job.mapping)
    if request.method == "POST" and not outcome.wrong and outcome.rows:
        import_jobs.start(job, edition, len(outcome.rows))
        return redirect(staff_path("office_import_done", slug, token=token))
    context = _shown(outcome, job) | {"edition": edition, "job": job, "slug": slug}
    return render(request, "race/import_list.html", context, status=409 if request.method == "POST" else 200)


def _mapping(request: HttpRequest) -> dict[int, str]:
    """What each unknown column means, by its position."""
    return {
        column: str(value)
        for name, value in request.POST.items()
        if name.startswith("map_") and (column := whole(name[4:])) is not None and value in entry_columns.LABELS
    }


def _shown(outcome: Outcome, job: import_jobs.Job) -> dict[str, Any]:
    rows = sorted(outcome.rows, key=lambda row: (row.ok, row.number))
    lines = [
        {
            "row": row, "bib": row.cells.get("bib", ""), "name": row.cells.get("name", ""),
            "category": row.category, "problems": [_told(problem) for problem in row.problems],
            "changes": [(str(entry_columns.LABELS[name]), *pair) for name, pair in told.items()],
        }
        for row in rows[:SHOWN]
        for told in [outcome.differs.get(row.number, {}) if row.ok else {}]
    ]  # fmt: skip
    return {
        "outcome": outcome, "lines": lines, "hidden": max(len(rows) - SHOWN, 0),
        "unknown": outcome.headings.unknown if outcome.headings else [],
        "known": [
            (heading, entry_columns.LABELS[name])
            for heading, name in zip(outcome.headings.written, outcome.headings.columns, strict=True)
            if name
        ] if outcome.headings else [],
        "labels": list(entry_columns.LABELS.items()), "differing": _differing(outcome),
    }  # fmt: skip


def _told(problem: Any) -> dict[str, Any]:
    return {"label": entry_columns.LABELS[problem.column], "text": problem.text, "blocks": problem.blocks}


def _differing(outcome: Outcome) -> int:
    """How many rows are wrong only because they say something else than the entry."""
    return sum(
        bool(row.problems) and all(problem.code == "differs" for problem in row.problems if problem.blocks)
        for row in outcome.rows
        if not row.ok
    )


@require_safe
@office_page()
def done(request: HttpRequest, edition: Edition, token: str) -> HttpResponse:
    """How far it is, and at the end what was done; the page asks for it again and again."""
    told = import_jobs.progress(token)
    context = {"edition": edition, "token": token, "told": told, "slug": desk(request).slug}
    return render(request, "race/import_done.html", context)


@require_safe
@office_page()
def progress(request: HttpRequest, edition: Edition, token: str) -> HttpResponse:
    """The same for the script of that page."""
    return JsonResponse(import_jobs.progress(token))


@require_POST
@office_page()
def now(request: HttpRequest, edition: Edition, token: str) -> HttpResponse:
    """Take the list in within this request, where no worker answers; a worker that comes later finds it done."""
    import_jobs.run(edition, token)
    return redirect(staff_path("office_import_done", desk(request).slug, token=token))


@require_safe
@office_page()
def template(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The list to fill in."""
    return _file(entry_template.blank(edition, office=True), f"{edition.slug}-list.xlsx")


@require_safe
@office_page()
def export(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Every living entry as a list that can be taken in again. It holds document numbers: who fetched it is noted."""
    entries = entry_template.whole(edition)
    log.note(edition, "entries_exported", by=actor(request), count=len(entries))
    return _file(entry_template.of_entries(entries), f"{edition.slug}-entries.xlsx")


def _file(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
