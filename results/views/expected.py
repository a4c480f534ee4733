"""What the line should have read and did not: a part of `/line/`, a page of its own, and one for each rider looked for."""

from __future__ import annotations

from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from race.models import Edition, Entry, Race, Role, TimingPoint
from race.staff_pages import actor, desk, done
from results import expected, rulings, watches
from results.expected import Sight
from results.scoring.expected import Count
from results.views import expected_rows as rows
from results.views.expected_rows import Row, Words
from timing import corrections, venue_time
from timing.staff import line_page

#: Places of a race whose counts are shown, the newest.
MOST_COUNTS = 6


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/line/expected/`: the part alone for htmx, else the page around it."""
    part = request.headers.get("HX-Request") == "true"
    seen = everything(edition) | {"edition": edition, "next": _came_from(request), "part": part}
    return render(request, "results/line/expected.html" if part else "results/line/expected_page.html", seen)


def _came_from(request: HttpRequest) -> str:
    """The page that shows the part, to come back to."""
    return urlsplit(request.headers.get("HX-Current-URL", "")).path or request.path


def everything(edition: Edition) -> dict[str, Any]:
    """All races on the road, as the part draws them."""
    races = expected.on_the_road(edition)
    sights = [expected.of(race) for race in races]
    words, agreed = Words(races, edition.zone), expected.watches(races)
    late = sorted(
        (
            rows.overdue(words, sight, one, agreed.get((sight.race.pk, one.rider.bib, one.rider.place)))
            for sight in sights for one in sight.overdue()
        ),
        key=lambda row: row["order"],
    )  # fmt: skip
    holes = [rows.missing(words, sight, one) for sight in sights for one in reversed(sight.outlook.missing)]
    few = rows.MOST["backup"]
    taken = chain(
        *(rows.backups(words, sight, sight.outlook.backups[:few]) for sight in sights if sight.outlook.backups)
    )
    kinds = {"overdue": late, "missing": holes, "backup": list(taken)[:few]}
    return {
        "rows": [row for kind, found in kinds.items() for row in found[: rows.FIRST[kind]]],
        "rest": [row for kind, found in kinds.items() for row in found[rows.FIRST[kind] : rows.MOST[kind]]],
        "open": len(late) + len(holes),
        "more": max(0, len(late) - rows.MOST["overdue"]) + max(0, len(holes) - rows.MOST["missing"]),
        "on_course": sum(len(sight.outlook.riders) for sight in sights),
        "counts": [row for sight in sights for row in _counts(words, sight)],
        "racing": bool(races),
    }


def _counts(words: Words, sight: Sight) -> list[Row]:
    """Expected against read at the newest places of a race."""
    newest = sight.counts()[-MOST_COUNTS:]
    return [_count(words, sight, one) for one in reversed(newest)]


def _count(words: Words, sight: Sight, one: Count) -> Row:
    place = words.point(sight.race, one.place.point)
    return {
        "race": sight.race, "place": _("%(place)s, lap %(lap)s") % {"place": place, "lap": one.place.lap},
        "count": one, "short": one.missing + one.overdue > 0,
    }  # fmt: skip


@require_safe
@line_page()
def rider(request: HttpRequest, edition: Edition, race: str, bib: int) -> HttpResponse:
    """`/line/expected/<race>/<bib>/`: what is known of a rider who is looked for, and how a passing is written down."""
    here = _race(edition, race)
    sight = expected.of(here)
    if bib not in sight.entries:
        raise Http404
    words, agreed = Words([here], edition.zone), expected.watches([here])
    late = [
        rows.overdue(words, sight, one, agreed.get((here.pk, bib, one.rider.place))) | _form(words, sight, one.rider)
        for one in sight.overdue()
        if one.rider.bib == bib
    ]
    holes = [rows.missing(words, sight, one) for one in sight.outlook.missing if one.bib == bib]
    waiting = [] if late else [_waiting(words, sight, one) for one in sight.outlook.riders if one.bib == bib]
    context = words.who(sight, bib) | {
        "edition": edition, "rows": [*late, *holes], "waiting": waiting, "next": request.path,
        "rules": desk(request).may(Role.Name.COMMISSAIRE),
        "adds": desk(request).may(Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE),
    }  # fmt: skip
    return render(request, "results/line/expected_rider.html", context)


def _form(words: Words, sight: Sight, one: Any) -> Row:
    return {
        "time": words.clock(one.at_us, exact=True), "place": words.point(sight.race, one.place.point),
        "line": one.place.point == sight.outlook.points[-1],
    }  # fmt: skip


def _waiting(words: Words, sight: Sight, one: Any) -> str:
    said = {"place": words.point(sight.race, one.place.point), "lap": one.place.lap, "time": words.clock(one.at_us)}
    return _("Nothing is missing. Next at %(place)s, lap %(lap)s: %(time)s.") % said


@require_POST
@line_page(Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE)
def add(request: HttpRequest, edition: Edition, race: str, bib: int) -> HttpResponse:
    """A passing is written down: a commissaire rules it at the line, the crew adds what a person or a camera saw."""
    here = _race(edition, race)
    point = get_object_or_404(TimingPoint, course=here.course_id, code=request.POST.get("point", ""))
    at_us = venue_time.parse(edition, here.day.isoformat(), request.POST.get("at", ""))
    why = request.POST.get("why", "")
    if point.kind == TimingPoint.Kind.FINISH and desk(request).may(Role.Name.COMMISSAIRE):
        rulings.issue(here, "confirm_missed", bib=bib, detail={"at_us": at_us}, reason=why, by=actor(request))
        return done(request, edition, _("Ruled: the passing counts."))
    entry = get_object_or_404(Entry, race=here, bib=bib, state=Entry.State.CONFIRMED)
    corrections.add(entry, point, at_us, by=actor(request), evidence=why)
    return done(request, edition, _("Added: the passing counts."))


@require_POST
@line_page()
def note(request: HttpRequest, edition: Edition, race: str, bib: int) -> HttpResponse:
    """A rider is marked for a check, given five more minutes, or neither any more."""
    lap = request.POST.get("lap", "")
    number = int(lap) if lap.isascii() and lap.isdigit() and len(lap) < 6 else 0
    kind = request.POST.get("kind", "")
    watches.mark(_race(edition, race), bib, number, request.POST.get("point", ""), kind, by=actor(request))
    said = {
        "check": _("%(bib)s is to be checked; everybody at the line sees it."),
        "wait": _("%(bib)s has five more minutes; everybody at the line sees it."),
        "clear": _("%(bib)s is marked no more."),
    }
    return done(request, edition, said[kind] % {"bib": bib})


def _race(edition: Edition, slug: str) -> Race:
    return get_object_or_404(Race.objects.select_related("edition", "course"), edition=edition, slug=slug)
