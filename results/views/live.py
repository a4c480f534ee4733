"""The spectator's page: five races, the clock, how far, who. It moves by the stream; this is its first state."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import redis
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from race.clock import segment
from race.models import Edition, Race, TimingPoint
from results import live
from results.views.live_words import words

MODULES = tuple(
    f"ui/{name}.js"
    for name in (
        "times", "live/board", "live/chart", "live/clock", "live/dom", "live/events", "live/follow", "live/headline",
        "live/list", "live/names", "live/result", "live/road", "live/search", "live/situation", "live/stream", "live/strip",
        "live/when", "live/why", "live/words",
    )
)  # fmt: skip
# What a phone shows before the first board is there; rows come with the board itself.
LEFT_OUT = ("rows", "riders")


@require_safe
def page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """The live page of the current edition, or of the one named. 404 when there is none."""
    editions = Edition.objects.exclude(races=None)
    edition = get_object_or_404(editions.distinct(), slug=slug) if slug else current(editions)
    if edition is None:
        raise Http404(gettext("No edition yet"))
    races = [as_json(race, edition.zone) for race in edition_races(edition)]
    return render(
        request, "results/live.html", context(edition_json(edition), races, headers([r["slug"] for r in races]))
    )


def current(editions: QuerySet[Edition]) -> Edition | None:
    """The edition of the bare pages: the newest one whose start lists are out, else the newest one with races."""
    out = editions.filter(races__published_at__isnull=False)
    return out.order_by("-starts_on").first() or editions.order_by("-starts_on").first()


def edition_races(edition: Edition) -> list[Race]:
    """The races of an edition in the order of its programme, with all that the page reads of them."""
    races = edition.races.select_related("course", "edition").prefetch_related("waves", "categories", "course__points")
    return list(races.order_by("day", "order", "slug"))


def headers(slugs: list[str]) -> dict[str, Any]:
    """The published boards without their rows. None while Redis is away: the page then waits for the stream."""
    try:
        pipe = live.store().pipeline(transaction=False)
        for slug in slugs:
            pipe.hget(f"board:{slug}", "json")
        found = pipe.execute()
    except redis.RedisError:
        return {}
    boards = {slug: orjson.loads(board) for slug, board in zip(slugs, found, strict=True) if board}
    return {slug: {**board, **dict(zip(LEFT_OUT, ([], {}), strict=True))} for slug, board in boards.items()}


def edition_json(edition: Edition) -> dict[str, Any]:
    """What the page says of the edition."""
    return {
        "slug": edition.slug,
        "name": edition.name,
        "short": edition.short_name,
        "note": edition.venue,
        "zone": edition.zone,
        "clock": segment(edition),
    }


def as_json(race: Race, zone: str) -> dict[str, Any]:
    """A race as the page's modules read it."""
    course = race.course
    categories, waves = list(race.categories.all()), list(race.waves.all())
    planned = waves[0].planned_at.astimezone(ZoneInfo(zone)) if waves else None
    summit = course.summit
    return {
        "slug": race.slug,
        "code": categories[0].code if categories else "",
        "mark": categories[0].mark if categories else "",
        "title": race.name,
        "short": race.short_name,
        "name": {"zh": race.name_zh, "en": race.name_en},
        "day": race.day.isoformat(),
        "planned": planned.isoformat() if planned else None,
        "starts": starts(planned, race.day),
        "laps": race.laps,
        "lap_m": course.lap_m,
        "course": {
            "code": course.code,
            "name": {"zh": course.name_zh, "en": course.name_en},
            "lap_m": course.lap_m,
            "profile": course.profile,
            "pass": {"m": summit["m"], "alt": summit["alt"], "name": {"zh": summit["zh"], "en": summit["en"]}}
            if summit
            else None,
            "points": [point_json(point) for point in course.points.all()],
        },
    }


def point_json(point: TimingPoint) -> dict[str, Any]:
    """A timing point as the page's modules read it."""
    name = {"zh": point.name_zh, "en": point.name_en or point.name_zh}
    return {"code": point.code, "kind": point.kind, "at_m": point.at_m, "name": name}


def starts(planned: datetime | None, day: date) -> str:
    """When a race starts, as a tab says it: 周日 8:30, Sun 8:30."""
    weekday = date_format(day, "D")
    return f"{weekday} {planned.hour}:{planned.minute:02}" if planned else weekday


def context(edition: dict[str, Any], races: list[dict[str, Any]], boards: dict[str, Any]) -> dict[str, Any]:
    """All that the template and its modules need. `boards` holds what is known of each race, without rows."""
    for before, race in pairwise([races[0], *races]):
        race["first_of_day"] = before["day"] != race["day"]
    data = {
        "edition": edition,
        "races": races,
        "boards": boards,
        "lang": get_language() or "zh-hans",
        "words": words(),
        "sprites": {"icons": static("ui/icons.svg"), "marks": static("ui/marks.svg")},
        "urls": {
            "stream": "/live/stream",
            "board": "/api/v1/races/{slug}/board/",
            "why": "/api/v1/races/{slug}/why/{bib}/",
            "verify": "/verify/{code}",
            "sheet": "/races/{slug}/results/",
            "protest": "/live/{slug}/{bib}/protest/",
            "certificate": "/live/{slug}/{bib}/certificate-{language}.pdf",
        },
    }
    return {"edition": edition, "races": races, "modules": MODULES, "page": data}
