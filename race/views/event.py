"""The event page: what it is, when, where, which categories have places left, and the one thing to do now."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from race import dates, season
from race.models import Category, Course, Edition
from race.models.edition import in_language
from race.season import Standing
from race.views import entry_cards

WORDS: dict[str, str | Promise] = {
    "racing": gettext_lazy("Racing now"),
    "open": gettext_lazy("Entries are open"),
    "closed": gettext_lazy("Entries are closed"),
    "ahead": gettext_lazy("Entries are not open yet"),
    "over": gettext_lazy("The race is over"),
}
SIZES = {"phone": (358, 128), "desk": (560, 190)}


@dataclass(frozen=True)
class Action:
    """The one thing to do now; without an address only why there is nothing to do."""

    text: str = ""
    url: str = ""


@dataclass(frozen=True)
class Profile:
    """A course as it is drawn: a path for a phone and one for a desk, and who rides it."""

    course: Course
    climb_m: int
    drawings: tuple[dict[str, Any], ...]
    categories: tuple[Category, ...]


@never_cache
@require_safe
def page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """`/`: the edition people come for now, the others as cards; or the edition named. Four queries at any size."""
    found = season.standings()
    if slug is not None:
        edition = get_object_or_404(Edition, slug=slug)
        here = Standing(edition, season.state(edition))
    elif found:
        here = found[0]
    else:
        return render(request, "race/event_none.html")
    others = [one for one in found if one.edition.pk != here.edition.pk]
    return render(request, "race/event.html", {**_context(here), "others": [_card(one) for one in others[:3]]})


def _context(here: Standing) -> dict[str, Any]:
    edition = here.edition
    listed = entry_cards.categories(edition)
    return {
        "edition": edition,
        "state": here.state,
        "state_words": WORDS[here.state],
        "dates": dates.with_year(edition.starts_on.year, dates.days(edition.starts_on, edition.ends_on)),
        "sponsor": in_language(edition.sponsor_zh, edition.sponsor_en),
        "window": _window(here),
        "action": _action(here, listed),
        "days": entry_cards.days(edition, listed, entry_cards.Asked()),
        "profiles": _profiles(listed),
        "rules_url": reverse("edition_rules", args=[edition.slug]),
        "made_up": bool(edition.illustrative),
        "now": timezone.now(),
    }


def _card(one: Standing) -> dict[str, Any]:
    edition = one.edition
    return {
        "edition": edition,
        "state": one.state,
        "words": WORDS[one.state],
        "dates": dates.with_year(edition.starts_on.year, dates.days(edition.starts_on, edition.ends_on)),
        "window": _window(one),
        "url": reverse("edition", args=[edition.slug]),
    }


def _window(here: Standing) -> str:
    """When entries open or close, at the venue; nothing once the race is on."""
    edition = here.edition
    if here.state == "open" and edition.entry_closes_at:
        return _("Entries until %(at)s") % {"at": dates.instant(edition.entry_closes_at, edition.zone)}
    if here.state == "ahead" and edition.entry_opens_at:
        return _("Entries from %(at)s") % {"at": dates.instant(edition.entry_opens_at, edition.zone)}
    if here.state == "closed" and edition.entry_closes_at:
        return _("Entries closed on %(at)s") % {"at": dates.instant(edition.entry_closes_at, edition.zone)}
    return ""


def _action(here: Standing, listed: list[Category]) -> Action:
    edition, out = here.edition, any(category.race.published_at for category in listed)
    if here.state == "racing":
        return Action(_("Watch live"), _url("edition_live", edition))
    if here.state == "over":
        return Action(_("See the results"), _url("edition_live", edition))
    if here.state == "open":
        return Action(_("Enter"), _url("edition_enter", edition) or _url("enter"))
    if out:
        return Action(_("See the start list"), _url("edition_start_list", edition))
    if here.state == "closed":
        return Action(_("The start list is not out yet"))
    return Action(_window(here) or _("The days on which entries are open are not set yet."))


def _url(name: str, edition: Edition | None = None) -> str:
    """The address of a page; nothing as long as it is not built."""
    try:
        return reverse(name, args=[edition.slug] if edition else [])
    except NoReverseMatch:
        return ""


def _profiles(listed: list[Category]) -> list[Profile]:
    """Each course that is ridden, once, in the order of the programme."""
    riders: dict[int, list[Category]] = {}
    for category in listed:
        riders.setdefault(category.race.course_id, []).append(category)
    made = []
    for categories in riders.values():
        course = categories[0].race.course
        if len(course.profile) > 1:
            climb = sum(max(b[1] - a[1], 0) for a, b in pairwise(course.profile))
            drawings = tuple(drawing(course, size) for size in SIZES)
            made.append(Profile(course, round(climb), drawings, tuple(categories)))
    return made


def drawing(course: Course, size: str) -> dict[str, Any]:
    """The profile as paths: ground, line, the named climb, kilometres below."""
    width, height = SIZES[size]
    top, base = 34, height - 22
    low, high = (edge(point[1] for point in course.profile) for edge in (min, max))
    floor = low - (high - low) * 0.12

    def x(metre: float) -> float:
        return round(float(metre) / course.lap_m * (width - 2) + 1, 1)

    def y(altitude: float) -> float:
        return round(base - float(altitude - floor) / ((high - floor) or 1) * (base - top), 1)

    line = "".join(f"{'L' if at else 'M'}{x(m)} {y(alt)}" for at, (m, alt) in enumerate(course.profile))
    summit = None
    if course.summit:
        at = x(course.summit["m"])
        summit = {
            "x": at, "y": y(course.summit["alt"]), "anchor": "end" if at > width * 0.7 else "middle",
            "text": f"{in_language(course.summit['zh'], course.summit['en'])} {course.summit['alt']} m",
        }  # fmt: skip
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if course.lap_m / 1000 / step <= 8)
    ticks = [
        {"x": x(km * 1000), "text": str(km)} for km in range(step, int(course.lap_m / 1000 - step * 0.4) + 1, step)
    ]
    return {
        "size": size, "width": width, "height": height, "line": line, "base": base, "text_y": height - 5,
        "ground": f"{line}L{width - 1} {base}L1 {base}Z", "summit": summit, "ticks": ticks,
        "km": f"{course.lap_m / 1000:.2f}".rstrip("0").rstrip("."), "right": width - 1,
    }  # fmt: skip
