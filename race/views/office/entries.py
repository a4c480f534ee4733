"""All entries: filtered, sorted, page by page, with the next thing to do in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Page as Sheet
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from race import regions, selection, to_do
from race.models import Assignment, Category, Document, Edition, Entry, Team
from race.selection import Selection
from race.staff_pages import office_page
from race.views.office import wording

PAGE = 50
HEADS = (
    ("bib", _("Bib")), ("name", _("Rider")), ("category", _("Category")), ("team", _("Team")), ("state", _("State")),
    ("owed", _("Money")), ("entered", _("Entered")),
)  # fmt: skip


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/entries/`. Eight queries at any size."""
    wanted = Selection.of(request.GET)
    sort = request.GET.get("sort") or "name"
    found = selection.ordered(selection.entries(edition, wanted), sort)
    sheet = Paginator(loaded(found), PAGE).get_page(request.GET.get("page"))
    context = {
        "edition": edition,
        "sheet": sheet,
        "rows": [_row(entry) for entry in sheet],
        "wanted": wanted,
        "asked": wanted.asked,
        "sort": sort,
        "heads": [_head(name, word, sort) for name, word in HEADS],
        "action": action(wanted),
        "from_row": sheet.start_index(),
        "to_row": sheet.end_index(),
    }
    return render(request, "race/office/entries.html", context | filters(edition, wanted) | {"pages": _pages(sheet)})


def filters(edition: Edition, wanted: Selection) -> dict[str, Any]:
    """What the filter form needs: every filter with its choices and what is chosen. Two queries."""
    chosen: Mapping[str, str] = wanted.asked
    known = regions.regions()
    categories = to_do.categories(edition)
    teams = list(Team.objects.filter(edition=edition).order_by("name_zh"))
    return {
        "filters": [
            {"name": name, "word": word, "value": chosen.get(name, ""), "choices": list(choices.items())}
            for name, (word, choices) in wording.FILTERS.items()
        ],
        "active": _active(chosen, categories, teams),
        "categories": categories,
        "teams": teams,
        "regions": [(code[:2], region) for code, region in known.items()],
        "abroad": wanted.region if wanted.region and not wanted.region.isdigit() else "",
    }


def loaded(found: QuerySet[Entry]) -> QuerySet[Entry]:
    """With all that a row shows."""
    chips = Prefetch("assignments", Assignment.objects.select_related("transponder").order_by("pk"))
    papers = Prefetch("rider__documents", Document.objects.defer("sealed").exclude(state=Document.State.REPLACED))
    return found.select_related("rider", "team", "category", "race").prefetch_related(chips, papers)


def action(wanted: Selection) -> str:
    """The one thing that is done about every entry of this filter; empty for none."""
    if wanted.paid in ("unpaid", "expected"):
        return "paid"
    if wanted.state == Entry.State.CONFIRMED and wanted.bib == "without":
        return "bib"
    if wanted.state == Entry.State.CONFIRMED and wanted.chip == "without":
        return "chip"
    return ""


def _row(entry: Entry) -> dict[str, Any]:
    papers = [paper for paper in entry.rider.documents.all() if paper.edition_id == entry.edition_id]
    states = {paper.state for paper in papers}
    worst = next((state for state in ("refused", "sent", "accepted") if state in states), "")
    chips = [assignment.transponder.code for assignment in entry.assignments.all()]
    return {
        "entry": entry,
        "papers": worst,
        "papers_word": wording.PAPER.get(worst, ""),
        "chips": list(dict.fromkeys(chips)),
        "method": "transfer" if entry.registration_id and entry.state != Entry.State.CONFIRMED else "cash",
    }


def _head(name: str, word: Any, sort: str) -> dict[str, Any]:
    here = sort.removeprefix("-") == name
    return {
        "name": name,
        "word": word,
        "here": "descending" if sort == f"-{name}" else "ascending" if here else "",
        "next": f"-{name}" if sort == name else name,
    }


def _pages(sheet: Sheet[Entry]) -> list[int | None]:
    """The numbers of pages to show, None where some are left out."""
    return [
        number if isinstance(number, int) else None for number in sheet.paginator.get_elided_page_range(sheet.number)
    ]


def _active(chosen: Mapping[str, str], categories: list[Category], teams: list[Team]) -> list[tuple[Any, Any]]:
    """What is filtered by, in words."""
    named = {
        "category": (_("Category"), {str(one.pk): one.name for one in categories}),
        "team": (_("Team"), {str(one.pk): one.name for one in teams}),
        "region": (_("Region"), {code[:2]: region_name(region) for code, region in regions.regions().items()}),
        "day": (_("Entered"), {}),
    }
    words: dict[str, tuple[Any, Mapping[str, Any]]] = {**named, **wording.FILTERS}
    return [(words[name][0], words[name][1].get(value, value)) for name, value in chosen.items()]


def region_name(region: regions.Region) -> str:
    """The name in the language in force."""
    return region.en if (get_language() or "").startswith("en") else region.zh
