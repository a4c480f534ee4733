"""Chips at the line: whose an unknown one is, which lies on a mat, which two ride as one."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from race import search, transponders
from race.models import Assignment, Edition, Entry, Role
from race.staff_pages import actor, desk, done
from timing import chips, venue_time
from timing.chip_findings import Sighting
from timing.chips import ChipDesk
from timing.clocks import instant
from timing.line import words
from timing.staff import line_page, number
from timing.suggestions import Unknown
from timing.views import chip_words

#: Who says whose a chip is; everybody else of the line only looks.
SAYS = (Role.Name.TIMING_CREW, Role.Name.ORGANISER)
#: On `/line/` the first few; on the page so many.
FEW, MOST, FOUND = 6, 60, 12


class Who(NamedTuple):
    """A rider it may be, with the reasons in words."""

    entry: Entry
    why: str


class Shown(NamedTuple):
    """An unknown chip as it is drawn."""

    chip: str
    times: int
    reads: int
    places: str
    laps: str
    at: list[str]
    proposed: Who | None
    others: list[Who]
    held: bool


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/line/chips/`: the tray, what is odd, and what was done lately. `?chip=`: choose a rider for this one."""
    known = chips.gather(edition)
    found = known.unknown()
    stuck, crowds = known.stuck()
    context = tray(request, known, found, MOST, request.path) | {
        "stuck": [(one, known.entries.get(known.holder(one.chip, one.first_us) or 0), where(known, one),
                   chips.a_minute(one), *span(one.first_us, one.last_us)) for one in stuck],
        "crowds": [(one, words.place(known.point(one.source)), *span(one.first_us, one.last_us)) for one in crowds],
        "twins": [([known.entries[bib] for bib in pair.bibs], pair, f"{pair.widest_us / 1e6:.3f}",
                   *span(pair.first_us, pair.last_us)) for pair in known.twins()],
        "lately": chips.lately(edition), "aside": sorted(known.aside.values(), key=lambda one: one.at, reverse=True),
        "picked": picked(request, known, found),
    }  # fmt: skip
    return render(request, "timing/line/chips.html", context)


@require_safe
@line_page()
def unknown(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The tray alone, for `/line/` and for the page itself while it stands open."""
    known, found = chips.recent(edition)
    came = urlsplit(request.headers.get("HX-Current-URL", "")).path or request.path
    most = MOST if came.endswith("/chips/") else FEW
    return render(request, "timing/line/unknown_chips.html", tray(request, known, found, most, came))


@require_POST
@line_page(*SAYS)
def assign(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The chip is this rider's, from the beginning of the race day or from the moment that was typed."""
    data = request.POST
    entry = get_object_or_404(Entry.objects.select_related("rider"), edition=edition, pk=number(data.get("entry", "")))
    since = None
    if data.get("since", "").strip():
        since = instant(venue_time.parse(edition, data.get("day", ""), data["since"], seconds=False))
    made = chips.assign(edition, data.get("chip", ""), entry, by=actor(request), since=since)
    told = {"chip": transponders.normal(data.get("chip", "")), "bib": entry.bib, "rider": entry.rider}
    said = _("Chip %(chip)s is %(bib)s %(rider)s's. The board follows.") % told
    assert made.pk
    return done(request, edition, said)


@require_POST
@line_page(*SAYS)
def aside(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Put a chip aside, or ask about it again."""
    chip = request.POST.get("chip", "")
    if request.POST.get("again"):
        chips.ask_again(edition, chip)
        return done(request, edition, _("Chip %(chip)s is asked about again.") % {"chip": chip[:32]})
    made = chips.put_aside(edition, chip, by=actor(request))
    return done(request, edition, _("Chip %(chip)s is put aside. Its reads stay.") % {"chip": made.chip})


@require_POST
@line_page(*SAYS)
def undo(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """An assignment of the tray was a mistake."""
    made = get_object_or_404(Assignment, edition=edition, pk=pk)
    transponders.undo(made, by=actor(request), reason=_("taken back at the line"))
    return done(request, edition, _("Taken back. The board follows."))


def tray(request: HttpRequest, known: ChipDesk, found: list[Unknown], most: int, came: str) -> dict[str, Any]:
    """What the tray draws."""
    open_ones = [one for one in found if one.chip not in known.aside]
    return {
        "edition": known.edition, "may": desk(request).may(*SAYS), "next": came, "open": len(open_ones),
        "unknown": [drawn(known, one) for one in open_ones[:most]], "more": max(len(open_ones) - most, 0),
        "short": most == FEW,
    }  # fmt: skip


def drawn(known: ChipDesk, one: Unknown) -> Shown:
    """An unknown chip in words."""
    who = [
        Who(known.entries[each.bib], chip_words.all_of(each.reasons, known.edition.zone)) for each in one.suggestions
    ]
    places = list(dict.fromkeys(known.sources[sighting.source].name for sighting in one.sightings))
    instants = [chip_words.clock(sighting.first_us, known.edition.zone) for sighting in one.sightings]
    return Shown(
        one.chip, len(one.sightings), chips.reads_of(one.sightings), ", ".join(places[:3]), chip_words.laps(one.laps),
        list(dict.fromkeys(instants)), who[0] if one.proposed else None, who[1:] if one.proposed else who,
        bool(known.field.holds.get(one.chip)),
    )  # fmt: skip


def picked(request: HttpRequest, known: ChipDesk, found: list[Unknown]) -> dict[str, Any] | None:
    """The chip somebody wants to choose a rider for: where it was read, and who was found for what was typed."""
    code = transponders.normal(request.GET.get("chip", ""))[:32]
    one = next((each for each in found if each.chip == code), None)
    if one is None:
        return None
    asked = request.GET.get("q", "")
    return {
        "shown": drawn(known, one), "asked": asked, "days": venue_time.days(known.edition),
        "day": venue_time.day_of(known.edition, min(each.first_us for each in one.sightings)),
        "hits": [hit.entry for hit in search.find_public(known.edition, asked, FOUND)],
        "sightings": [(where(known, each), instant(each.first_us), each.reads) for each in one.sightings[:40]],
    }  # fmt: skip


def where(known: ChipDesk, one: Sighting) -> str:
    """A source with the place where it stands."""
    return f"{known.sources[one.source].name} · {words.place(known.point(one.source))}"


def span(first_us: int, last_us: int) -> tuple[Any, Any]:
    """Two instants that a template writes in the venue's time."""
    return instant(first_us), instant(last_us)
