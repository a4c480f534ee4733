"""Corrections: find a read, say that it does not count or counts at another time, add a passing that was seen, undo."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from race.models import Edition, Role, TimingPoint
from race.refused import Refused
from race.staff_pages import actor, desk, done
from timing import correction_desk, corrections, venue_time
from timing.clocks import instant
from timing.correction_desk import Wanted
from timing.models import Correction, Read, Source
from timing.staff import line_page

#: Who corrects reads; the organiser looks.
CORRECTS = (Role.Name.TIMING_CREW, Role.Name.COMMISSAIRE)
MOST = 100


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/line/corrections/`: what was corrected, newest first; and reads, once something is looked for."""
    asked, problem = request.GET, ""
    try:
        wanted = looked_for(edition, asked)
    except Refused as refused:
        wanted, problem = Wanted(), refused.message
    reads = correction_desk.find(edition, wanted, MOST + 1)
    context = {
        "edition": edition, "may": desk(request).may(*CORRECTS), "problem": problem, "days": venue_time.days(edition),
        "sources": list(Source.objects.filter(edition=edition).order_by("name")), "looked": not wanted.nothing,
        "reads": [(one, instant(one.at_us), venue_time.shown(edition, one.at_us)) for one in reads[:MOST]],
        "today": venue_time.today(edition), "day": asked.get("day", ""),
        "more": len(reads) > MOST,
        "points": list(TimingPoint.objects.filter(course__edition=edition).select_related("course")),
        "made": [
            (one, when(one.correction.at_us), when(one.read_us)) for one in correction_desk.made(edition)
        ],
        "here": request.get_full_path(),
    }  # fmt: skip
    return render(request, "timing/line/corrections.html", context)


def when(us: int | None) -> Any:
    """An instant that the template writes in the venue's time."""
    return instant(us) if us is not None else None


def looked_for(edition: Edition, asked: Any) -> Wanted:
    """What the form asks for. Refused (`bad_time`, `bad_number`) where it cannot be read.

    A day that was chosen is searched from end to end, without one all days are; times alone are those of today.
    """
    day, typed = asked.get("day", ""), [asked.get(name, "").strip() for name in ("from", "until")]
    if day:
        typed = [text or end for text, end in zip(typed, ("0:00", "23:59:59.999999"), strict=True)]
    day = day or venue_time.today(edition).isoformat()
    ends = [venue_time.parse(edition, day, text, seconds=False) if text else None for text in typed]
    return Wanted(
        bib=number(asked.get("bib", "")), chip=asked.get("chip", "").strip()[:32], source=number(asked.get("source", "")),
        from_us=ends[0], until_us=ends[1],
    )  # fmt: skip


def number(text: str) -> int | None:
    """A whole number, or None for nothing. Refused (`bad_number`) for anything else."""
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused("bad_number", _("%(text)s is no number.") % {"text": text[:40]})
    return int(text)


@require_POST
@line_page(*CORRECTS)
def ignore(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """The read does not count."""
    corrections.ignore(_read(edition, pk), by=actor(request), evidence=_evidence(request))
    return done(request, edition, _("The read does not count. The board follows."))


@require_POST
@line_page(*CORRECTS)
def move(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """The read counts at another time."""
    read = _read(edition, pk)
    to_us = venue_time.parse(edition, request.POST.get("day", ""), request.POST.get("at", ""))
    corrections.move(read, to_us, by=actor(request), evidence=_evidence(request))
    return done(
        request,
        edition,
        _("The read counts at %(time)s. The board follows.") % {"time": venue_time.shown(edition, to_us)},
    )


@require_POST
@line_page(*CORRECTS)
def add(request: HttpRequest, edition: Edition) -> HttpResponse:
    """A passing that a person or a camera saw."""
    data = request.POST
    bib = number(data.get("bib", ""))
    entry = correction_desk.rider(edition, bib) if bib is not None else None
    if entry is None:
        raise Refused("not_on_list", _("Not on the start list: %(bib)s.") % {"bib": data.get("bib", "")[:12] or "–"})
    points = TimingPoint.objects.filter(course=entry.race.course_id)
    point = points.filter(pk=number(data.get("point", "")) or 0).first()
    if point is None:
        raise Refused(
            "other_course", _("The race of number %(bib)s does not go over this timing point.") % {"bib": bib}
        )
    at_us = venue_time.parse(edition, data.get("day", ""), data.get("at", ""))
    corrections.add(entry, point, at_us, by=actor(request), evidence=_evidence(request))
    told = {"bib": bib, "time": venue_time.shown(edition, at_us)}
    return done(request, edition, _("Number %(bib)s passed at %(time)s. The board follows.") % told)


@require_POST
@line_page(*CORRECTS)
def undo(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """An earlier correction no longer holds."""
    made = get_object_or_404(Correction, edition=edition, pk=pk)
    corrections.undo(made, by=actor(request), evidence=_evidence(request))
    return done(request, edition, _("Undone. The board follows."))


def _read(edition: Edition, pk: int) -> Read:
    return get_object_or_404(Read.objects.select_related("source__edition"), source__edition=edition, pk=pk)


def _evidence(request: HttpRequest) -> str:
    return request.POST.get("evidence", "")[:200]
