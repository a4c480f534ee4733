"""The line desk's first page: how every source is, what is wrong, what came last. It refreshes itself every two seconds."""

from __future__ import annotations

from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from race.models import Edition
from race.staff_pages import desk
from timing.line import alarms, health, words
from timing.line.alarms import Alarm
from timing.line.health import Health, SourceHealth
from timing.models import Source
from timing.staff import line_page

BAR, BAR_HEIGHT = 5, 24


class Bar(NamedTuple):
    """One minute of the sparkline: drawn as a rectangle."""

    x: int
    y: int
    height: int


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The whole page."""
    return render(request, "timing/line/line.html", now_of(edition))


@require_safe
@line_page()
def now(request: HttpRequest, edition: Edition) -> HttpResponse:
    """What changes of it."""
    return render(request, "timing/line/now.html", now_of(edition))


@require_safe
@line_page()
def alarm_banners(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The alarms alone, for any page of an official."""
    told = health.of(edition)
    return render(request, "timing/line/alarms.html", {"alarms": [banner(one) for one in alarms.of(told)]})


def now_of(edition: Edition) -> dict[str, Any]:
    """What the page shows of an instant."""
    told = health.of(edition)
    return {
        "edition": edition,
        "health": told,
        "totals": {name: f"{getattr(told, name):,}" for name in ("received", "new", "rejected")},
        "rows": [row(source, told) for source in told.sources],
        "alarms": [banner(one) for one in alarms.of(told)],
        "file": told.file,
        "file_rows": told.file.new + told.file.known + told.file.rejected if told.file else 0,
        "at": told.at.astimezone(ZoneInfo(edition.zone)),
    }


def banner(one: Alarm) -> dict[str, Any]:
    """An alarm as the banner draws it: its words, and where something can be done about it."""
    told = words.alarm(one)
    links = []
    source = one.source.source.pk if one.source is not None else 0
    if one.code in ("zone_mistake", "clock_off"):
        links.append({"name": "line_source", "pk": source, "word": _("Set the clock"), "anchor": "#clock"})
    elif one.code == "unmapped":
        links.append({"name": "line_source", "pk": source, "word": _("Place the source"), "anchor": "#place"})
    elif one.code in ("silent", "holes"):
        links.append({"name": "line_uploads", "pk": 0, "word": _("Import from a memory stick"), "anchor": ""})
    elif one.code == "rejected" and one.values["live"]:
        links.append({"name": "line_source", "pk": one.values["live"], "word": _("See the rows"), "anchor": "#rejects"})
    elif one.code in ("parked", "rejected"):
        links.append({"name": "line_uploads", "pk": 0, "word": _("See the files"), "anchor": ""})
    return {"key": one.key, "level": one.level, "fact": told.fact, "consequence": told.consequence, "links": links}


def row(source: SourceHealth, told: Health) -> dict[str, Any]:
    """A source as the table draws it."""
    return {
        "source": source.source,
        "health": source,
        "under": under(source),
        "role": role_word(source),
        "age": words.age(source.quiet_us),
        "state": words.state_word(source),
        "bars": bars(source.minutes),
        "peak": max(source.minutes),
        "offset": offset(source),
        "queue": source.status.queue if source.status else None,
        "battery": source.status.battery if source.status else None,
        "mains": bool(source.status and source.status.mains),
        "level": "danger" if source.state == "silent" else "warn" if source.state in ("slow", "unmapped") else "",
    }


def under(source: SourceHealth) -> str:
    """Make, point and zone: what stands under the name."""
    point = source.source.point
    parts = (words.make_word(source.source.make), words.place(point) if point else "", words.zone(source.source.zone))
    return " · ".join(part for part in parts if part)


def role_word(source: SourceHealth) -> str:
    """Main or backup; nothing where it stands nowhere."""
    if source.source.point_id is None:
        return "–"
    return _("Main") if source.source.role == Source.Position.MAIN else _("Backup")


def offset(source: SourceHealth) -> dict[str, Any]:
    """How far the clock is off: figure, how it is known, and whether it is too much."""
    ahead = None
    if source.base and source.reads:
        return {"figure": words.signed(0, 3), "how": _("base"), "off": False}
    measured, arrived = source.measured, source.arrived
    if measured is not None:
        ahead = measured.ahead_us
        return {
            "figure": words.signed(ahead, 3 if abs(ahead) < 100_000 else 2),
            "how": _("%(count)s riders") % {"count": measured.riders},
            "off": measured.sure and abs(ahead) > alarms.CLOCK_OFF_US,
        }
    if source.told_us is not None:
        return {"figure": words.signed(source.told_us), "how": _("by its own word"), "off": False}
    if arrived is not None and arrived.sure and abs(arrived.ahead_us) > alarms.ARRIVAL_OFF_US * 30:
        return {"figure": words.signed(arrived.ahead_us), "how": _("by arrival"), "off": True}
    return {"figure": "–", "how": "", "off": False}


def bars(minutes: tuple[int, ...]) -> list[Bar]:
    """The sparkline: a bar a minute; a minute without reads keeps a line of one pixel, so that time goes on."""
    most = max(*minutes, 1)
    heights = [max(1, BAR_HEIGHT * count // most) for count in minutes]
    return [Bar(BAR * index, BAR_HEIGHT - height, height) for index, height in enumerate(heights)]


def may_act(request: HttpRequest) -> bool:
    """Whether the reader may change what the line is set to, or only look."""
    return desk(request).may("timing_crew", "organiser")
