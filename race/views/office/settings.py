"""How many places there are and when entries are open; what a change means for the regulations."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from race import office_entries, regulations, to_do, waivers
from race.models import Category, Edition, LogLine, Regulations
from race.refused import Refused
from race.staff_pages import actor, done, office_page
from race.views.office import wording

CHANGES = ("capacity", "entry_window", "offered")


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/settings/`."""
    zone = ZoneInfo(edition.zone)
    newest = Regulations.objects.filter(edition=edition).order_by("-version").first()
    newest_signed = waivers.counting(edition).filter(waiver_sha256=regulations.waiver_now(edition))
    signed = newest_signed.aggregate(riders=Count("counts_for", distinct=True))["riders"]
    lines = LogLine.objects.filter(edition=edition, what__in=CHANGES).select_related("by").order_by("-pk")[:12]
    context = {
        "edition": edition, "categories": to_do.categories(edition), "newest": newest, "signed": signed,
        "next": newest.version + 1 if newest else 1,
        "opens": _field(edition.entry_opens_at, zone), "closes": _field(edition.entry_closes_at, zone),
        "lines": [(line, wording.LOG.get(line.what, line.what)) for line in lines],
    }  # fmt: skip
    return render(request, "race/office/settings.html", context)


@require_POST
@office_page()
def capacity(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """Change the number of places of a category."""
    category = get_object_or_404(Category.objects.select_related("race__edition"), race__edition=edition, pk=pk)
    text = request.POST.get("capacity", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Refused("bad_capacity", _("The number of places is a whole number."))
    offered = office_entries.set_capacity(category, int(text), by=actor(request))
    said = _("%(category)s has %(places)s places.") % {"category": category.name, "places": text}
    word = ngettext("%(n)d was offered to the line.", "%(n)d were offered to the line.", len(offered))
    return done(request, edition, f"{said} {word % {'n': len(offered)}}" if offered else said)


@require_POST
@office_page()
def window(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Change when entries open and close."""
    zone = ZoneInfo(edition.zone)
    opens, closes = (_instant(request.POST.get(name, ""), zone) for name in ("opens", "closes"))
    changed = office_entries.set_window(edition, opens, closes, by=actor(request))
    return done(request, edition, _("The entry window is changed.") if changed else _("Nothing is different."))


def _field(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}" if at else ""


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError as problem:
        raise Refused("bad_date", _("A date is written like 1990-03-07.")) from problem
    if not 2000 <= at.year < 2200:  # no clock of the database and of every zone reaches the ends of the calendar
        raise Refused("bad_window", _("Entries open and close between the years 2000 and 2199."))
    return at
