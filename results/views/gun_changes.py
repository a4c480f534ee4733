"""What another official start would change on the board, for whoever is about to choose it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from race.models import Edition, Wave
from race.refused import Refused
from results import preview
from results.views import preview_rows
from timing import venue_time
from timing.staff import line_page

#: Riders who get another place that are named.
MOST = 12


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """`/line/guns/<pk>/changes/?day=&at=`: how many places, times and prizes differ, and who gets another place. A part."""
    wave = get_object_or_404(Wave.objects.select_related("race__edition", "race__course"), race__edition=edition, pk=pk)
    try:
        at_us = venue_time.parse(edition, request.GET.get("day", ""), request.GET.get("at", ""))
    except Refused as refused:
        return render(request, "results/line/gun_changes.html", {"problem": refused.message}, status=422)
    found = preview_rows.of(wave.race, preview.of_gun(wave, at_us), None)
    rows = [row for part in found["parts"] for row in (part.get("fold") or [part["row"]])]
    moved = [row for row in rows if row["moved"]]
    return render(
        request, "results/line/gun_changes.html", {"found": found, "rows": moved[:MOST], "more": len(moved[MOST:])}
    )
