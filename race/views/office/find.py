"""What the one search box finds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from race import search
from race.models import Edition
from race.staff_links import staff_path
from race.staff_pages import desk, office_page
from race.views.office import wording

LIMIT = 50


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/search/?q=`. A scanned pass goes straight to its entry."""
    text = request.GET.get("q", "").strip()
    hits = search.find(edition, text, LIMIT)
    if len(hits) == 1 and hits[0].why == search.PASS:
        return redirect(staff_path("office_entry", desk(request).slug, pk=hits[0].entry.pk))
    rows = [
        {
            "entry": hit.entry,
            "why": wording.FOUND_BY[hit.why],
            "chips": list(dict.fromkeys(one.transponder.code for one in hit.entry.assignments.all())),
        }
        for hit in hits
    ]
    return render(request, "race/office/search.html", {"edition": edition, "q": text, "rows": rows, "limit": LIMIT})
