"""The office's first page: what is left to do, and how the entries come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from race import to_do
from race.models import Category, Edition
from race.staff_links import staff_path
from race.staff_pages import desk, office_page
from race.to_do import Bar
from race.views.office import wording

#: Work that is a filter of the list of entries.
LISTS = {
    "expected": "paid=expected",
    "unpaid": "paid=unpaid&state=confirmed",
    "bibs": "state=confirmed&bib=without",
    "chips": "state=confirmed&chip=without",
}


@dataclass(frozen=True)
class Drawn:
    """A bar of a picture, placed: `x` from the left, `y` and `height` in percent of the highest."""

    bar: Bar
    x: int
    y: float
    height: float


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/`. The queue is fetched again by a script every quarter of a minute."""
    slug = desk(request).slug
    works = [
        {"kind": work.kind, "count": work.count, "word": wording.WORK[work.kind][0], "about": wording.WORK[work.kind][1],
         "url": work_url(work.kind, slug)}
        for work in to_do.queue(edition)
    ]  # fmt: skip
    context: dict[str, Any] = {
        "edition": edition,
        "works": [work for work in works if work["count"]],
        "done": [work for work in works if not work["count"]],
        "now": timezone.now(),
    }
    # The script that keeps the page fresh takes the queue only.
    if "X-Fresh" not in request.headers:
        context |= pictures(edition)
    return render(request, "race/office/home.html", context)


def work_url(kind: str, slug: str) -> str:
    """Where this kind of work is done."""
    if kind in LISTS:
        return f"{staff_path('office_entries', slug)}?{LISTS[kind]}"
    if kind == "duplicates":
        return staff_path("office_duplicates", slug)
    if kind == "messages":
        return f"{staff_path('office_messages', slug)}?state=failed"
    return staff_path("office_to_do", slug, kind=kind)


def pictures(edition: Edition) -> dict[str, Any]:
    """Places taken by category, entries by day, riders by province and nation."""
    found = to_do.categories(edition)
    days = to_do.per_day(edition)
    regions = to_do.by_region(edition, get_language() or "")
    most = max((bar.count for bar in days), default=0)
    return {
        "pictured": True,
        "categories": [_filled(category) for category in found],
        "taken": sum(category.taken for category in found),
        "capacity": sum(category.capacity for category in found),
        "waiting": sum(category.waiting for category in found),
        "days": [_drawn(bar, place, most) for place, bar in enumerate(days)],
        "days_width": 10 * len(days), "most": most, "first": days[0] if days else None, "last": days[-1] if days else None,
        "regions": [bar for bar in regions if bar.count], "nowhere": [bar for bar in regions if not bar.count],
        "region_most": max((bar.count for bar in regions), default=0),
        "provinces": sum(1 for bar in regions if bar.count and bar.code.isdigit()),
        "nations": sum(1 for bar in regions if bar.count and not bar.code.isdigit()),
    }  # fmt: skip


def _drawn(bar: Bar, place: int, most: int) -> Drawn:
    height = round(100 * bar.count / most, 1)
    return Drawn(bar, 10 * place, 100 - height, height)


def _filled(category: Category) -> dict[str, Any]:
    percent = round(100 * category.taken / category.capacity) if category.capacity else 0
    return {"category": category, "percent": min(percent, 100), "left": category.capacity - category.taken}
