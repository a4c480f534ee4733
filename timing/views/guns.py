"""Guns: what is proposed as the start of each wave, and the official start, which a commissaire chooses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from race import gun
from race.models import Edition, Entry, Gun, Role, Wave
from race.staff_pages import actor, desk, done
from timing import gun_proposals, venue_time
from timing.clocks import instant, microseconds
from timing.gun_proposals import WaveStart
from timing.staff import line_page, number

#: Who chooses the official start.
CHOOSES = (Role.Name.COMMISSAIRE,)


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/line/guns/`: every wave with its programme, its official start and what is proposed."""
    starts = gun_proposals.of(edition)
    context = {
        "edition": edition, "may": desk(request).may(*CHOOSES), "waves": [drawn(edition, one, starts) for one in starts],
    }  # fmt: skip
    return render(request, "timing/line/guns.html", context)


def drawn(edition: Edition, one: WaveStart, starts: list[WaveStart]) -> dict[str, Any]:
    """A wave as the page draws it."""
    official = microseconds(one.official.at) if one.official else None
    day = one.wave.planned_at.astimezone(ZoneInfo(edition.zone)).date()
    return {
        "start": one, "wave": one.wave, "day": day, "official": venue_time.shown(edition, official) if official else "",
        "earlier": [(each, venue_time.shown(edition, microseconds(each.at))) for each in one.guns[1:]],
        "proposals": [
            (each, venue_time.shown(edition, each.at_us), signed(each.late_us), each.at_us == official)
            for each in one.proposals
        ],
        "others": [
            (other.wave, signed(microseconds(other.wave.planned_at) - microseconds(one.wave.planned_at)))
            for other in starts
            if other.wave.pk != one.wave.pk and other.official is None
            and other.wave.planned_at.astimezone(ZoneInfo(edition.zone)).date() == day
        ],
    }  # fmt: skip


def signed(us: int) -> str:
    """A distance in time with its sign: `+0:02.350`, `−1:58:00.000`; minutes, or hours where there are any."""
    ms = abs(us) // 1000
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}.{rest:03}" if hours else f"{minutes}:{seconds:02}.{rest:03}"
    return ("−" if us < 0 else "+") + text


@require_POST
@line_page(*CHOOSES)
def fire(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """Set the official start of a wave, and of others at the intervals of the programme.

    A start that was set already is corrected: first the page says what that changes, and asks for the reason.
    """
    data = request.POST
    waves = Wave.objects.select_related("race__edition").filter(race__edition=edition)
    wave = get_object_or_404(waves, pk=pk)
    at = instant(venue_time.parse(edition, data.get("day", ""), data.get("at", "")))
    before = wave.guns.order_by("-revision").first()
    if before is not None and not data.get("sure"):
        return _asked(request, edition, wave, before, at)
    also = [key for key in map(number, data.getlist("also")) if key]
    others = list(waves.filter(pk__in=also, guns=None).exclude(pk=pk).distinct())
    reason = data.get("reason", "").strip()[:200]
    with transaction.atomic():
        if before is None or before.at != at:
            seen = number(data.get("seen", "")) if before is not None else 0
            gun.fire(wave, at, by=actor(request), reason=reason, seen=seen)
        for other in others:
            gun.fire(other, at + (other.planned_at - wave.planned_at), by=actor(request), reason=reason)
    said = _("%(race)s %(wave)s started at %(time)s. The board follows.") % {
        "race": wave.race.name, "wave": wave.code, "time": venue_time.shown(edition, microseconds(at)),
    }  # fmt: skip
    if others:
        said += " " + ngettext(
            "%(n)d more wave starts at its interval.", "%(n)d more waves start at their intervals.", len(others)
        ) % {"n": len(others)}
    return done(request, edition, said)


def _asked(request: HttpRequest, edition: Edition, wave: Wave, standing: Gun, at: datetime) -> HttpResponse:
    """What a correction changes, with the reason to give."""
    before, later = standing.at, at - standing.at
    riders = Entry.objects.filter(category__wave=wave, state=Entry.State.CONFIRMED).count()
    context = {
        "edition": edition, "wave": wave, "riders": riders, "same": not later, "longer": later < timedelta(0),
        "before": venue_time.shown(edition, microseconds(before)), "at": venue_time.shown(edition, microseconds(at)),
        "by": signed(abs(later) // timedelta(microseconds=1))[1:], "day": at.astimezone(ZoneInfo(edition.zone)).date(),
        "alone": wave.race.waves.count() == 1, "seen": standing.revision,
    }  # fmt: skip
    return render(request, "timing/line/gun_corrected.html", context)
