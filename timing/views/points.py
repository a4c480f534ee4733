"""How reads become passings: the settings of each timing point, and what a race says of laps and windows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from race import race_rules, timing_points
from race.models import Change, Edition, Gun, Race, Role, TimingPoint
from race.refused import Refused
from race.staff_pages import actor, desk, done
from timing.line import words
from timing.staff import line_page
from timing.views.sources import thousandths

#: Who sets points, and who sets what a race says: as at the API.
SETS = (Role.Name.TIMING_CREW, Role.Name.ORGANISER)
RULES = (Role.Name.ORGANISER, Role.Name.CHIEF)
SECOND_US, DAY_S, LATELY = 1_000_000, 86_400, 20
POLICIES: tuple[tuple[str, str | Promise], ...] = (
    ("first", pgettext_lazy("policy", "the first")), ("strongest", pgettext_lazy("policy", "the strongest")),
    ("last", pgettext_lazy("policy", "the last")),
)  # fmt: skip
#: What may have been changed, in words; of rules, those that are set here.
NAMES: dict[str, str | Promise] = {
    "dedup_ms": gettext_lazy("Reads closer than this are one passing"),
    "backup_ms": gettext_lazy("Main and backup lie at most so far apart"),
    "policy": gettext_lazy("The time is that of"),
    "min_lap_us": gettext_lazy("Shortest lap"),
    "min_first_us": gettext_lazy("Shortest first lap"),
    "windows": gettext_lazy("When passings count"),
    "laps": gettext_lazy("Laps"),
}


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/line/points/`: courses with their points and races, and what was changed lately."""
    begun = set(Gun.objects.filter(edition=edition).values_list("wave__race", flat=True))
    races: dict[int, list[dict[str, Any]]] = {}
    for one in Race.objects.filter(edition=edition).prefetch_related("waves").order_by("day", "pk"):
        races.setdefault(one.course_id, []).append(_race(one, one.pk in begun))
    courses: dict[int, dict[str, Any]] = {}
    for point in TimingPoint.objects.filter(course__edition=edition).select_related("course"):
        here = courses.setdefault(
            point.course_id, {"course": point.course, "points": [], "races": races.get(point.course_id, [])}
        )
        here["points"].append(_point(point))
    for here in courses.values():
        here["begun"] = any(row["begun"] for row in here["races"])
    context = {
        "edition": edition, "courses": list(courses.values()), "policies": POLICIES, "lately": lately(edition),
        "may": desk(request).may(*SETS), "may_rule": desk(request).may(*RULES),
    }  # fmt: skip
    return render(request, "timing/line/points.html", context)


def _point(point: TimingPoint) -> dict[str, Any]:
    return {
        "point": point, "place": words.place(point), "dedup": seconds(point.dedup_ms), "backup": seconds(point.backup_ms),
        "policy": dict(POLICIES)[point.policy],
    }  # fmt: skip


def _race(race: Race, begun: bool) -> dict[str, Any]:
    windows = [
        window | {"from": span(window.get("from_s", 0) * SECOND_US) if "from_s" in window else "",
                  "until": span(window["until_s"] * SECOND_US) if "until_s" in window else ""}
        for window in race.rules.get("windows", [])
    ]  # fmt: skip
    return {
        "race": race, "begun": begun, "windows": windows, "waves": [wave.code for wave in race.waves.all()],
        "min_lap": span(race.rules["min_lap_us"]) if race.rules.get("min_lap_us") else "",
        "min_first": span(race.rules["min_first_us"]) if race.rules.get("min_first_us") is not None else "",
    }  # fmt: skip


@require_POST
@line_page(*SETS)
def change(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """Other settings for a point: what differs from what the form showed, so that nobody else's change is undone."""
    point = get_object_or_404(TimingPoint.objects.select_related("course"), course__edition=edition, pk=pk)
    given = changed(request.POST, ("dedup", "backup", "policy"))
    values: dict[str, Any] = {}
    for name in ("dedup", "backup"):
        if name in given:
            values[f"{name}_ms"] = _within(given[name])
    if "policy" in given:
        values["policy"] = given["policy"]
    timing_points.change(point, values, by=actor(request), reason=_reason(request))
    return done(request, edition, _("%(point)s is set. Boards follow.") % {"point": words.place(point)})


def _within(text: str) -> int:
    ms, most = thousandths(text), timing_points.LONGEST_MS
    if not 0 <= ms <= most:
        raise Refused("bad_number", _("From 0 to %(most)s seconds: %(text)s is none of these.") % {
            "most": most // 1000, "text": text[:20],
        })  # fmt: skip
    return ms


@require_POST
@line_page(*RULES)
def rule(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """What a race says of laps, or one window of it: from when until when after the gun passings at a point count."""
    found, data = get_object_or_404(Race, edition=edition, slug=race), request.POST
    rules: dict[str, Any] = {}
    if data.get("point"):
        rules["windows"] = windows(found, data)
    else:
        given = changed(data, ("min_lap", "min_first"))
        rules = {f"{name}_us": span_us(text) for name, text in given.items()}
    race_rules.change(found, rules=rules, by=actor(request), reason=_reason(request))
    return done(request, edition, _("The rules of %(race)s are set. Boards follow.") % {"race": found.name})


def windows(race: Race, data: Mapping[str, str]) -> list[dict[str, Any]] | None:
    """The race's windows with this one set; without both its ends taken away. None where no window is left."""
    place = (data.get("point", ""), data.get("wave", ""))
    kept = [one for one in race.rules.get("windows", []) if (one["point"], one.get("wave", "")) != place]
    ends = {name: span_us(data.get(name, "")) for name in ("from_s", "until_s")}
    said: dict[str, Any] = {name: us // SECOND_US for name, us in ends.items() if us is not None}
    if said:
        kept.append({"point": place[0]} | ({"wave": place[1]} if place[1] else {}) | said)
    elif len(kept) == len(race.rules.get("windows", [])):
        raise Refused("nothing_changed", _("Say from when or until when passings count."))
    return kept or None


def changed(data: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """The fields that somebody changed: a form says beside each what it showed. Refused where that is none."""
    given = {name: data.get(name, "").strip() for name in names}
    differ = {name: text for name, text in given.items() if text != data.get(f"was_{name}", "").strip()}
    if not differ:
        raise Refused("nothing_changed", _("Everything is as it was."))
    return differ


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:200]


def seconds(ms: int) -> str:
    """Milliseconds as they are typed: `5`, `0.35`."""
    return f"{ms // 1000}.{ms % 1000:03}".rstrip("0").rstrip(".")


def span(us: int) -> str:
    """A span as it is typed: `0:45`, `1:02:30`."""
    minutes, rest = divmod(us // SECOND_US, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span_us(text: str) -> int | None:
    """A span as somebody typed it, in microseconds: `45`, `0:45`, `1:02:30`; None where it is empty. Refused: `bad_number`."""
    parts = text.strip().replace("：", ":").split(":")
    if parts == [""]:
        return None
    whole = len(parts) <= 3 and all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts)
    total = reduce(lambda span, part: span * 60 + int(part), parts, 0) if whole else DAY_S
    if total >= DAY_S:
        raise Refused("bad_number", _("%(text)s is no span. Write 0:45 or 1:02:30.") % {"text": text[:20]})
    return total * SECOND_US


def lately(edition: Edition) -> list[dict[str, Any]]:
    """The newest changes of points and races: what was and what is, by whom and why."""
    made = list(
        Change.objects.filter(edition=edition, model__in=("race.TimingPoint", "race.Race"))
        .select_related("by").order_by("-revision", "-pk")[:LATELY]
    )  # fmt: skip
    points = TimingPoint.objects.select_related("course").in_bulk(
        [one.object_id for one in made if "Point" in one.model]
    )
    races = Race.objects.in_bulk([one.object_id for one in made if "Point" not in one.model])
    rows = []
    for one in made:
        what = points.get(one.object_id) if "Point" in one.model else races.get(one.object_id)
        parts = told(one.before, one.after)
        if what is not None and parts:
            name = words.place(what) if isinstance(what, TimingPoint) else what.name
            rows.append({"change": one, "name": name, "parts": parts})
    return rows


def told(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, what was and what is, of what differs and has a name here."""
    one, other = ({**side, **side.get("rules", {})} for side in (before, after))
    return [
        (str(NAMES[key]), _value(key, one.get(key)), _value(key, other.get(key)))
        for key in NAMES
        if one.get(key) != other.get(key)
    ]


def _value(key: str, value: Any) -> str:
    if value is None:
        return "–"
    if key == "windows":
        return "; ".join(_window(one) for one in value)
    if key == "policy":
        return str(dict(POLICIES)[value])
    if key.endswith("_ms"):
        return _("%(seconds)s s") % {"seconds": seconds(value)}
    return span(value) if key.endswith("_us") else str(value)


def _window(one: Mapping[str, Any]) -> str:
    ends = [span(one[name] * SECOND_US) if name in one else "" for name in ("from_s", "until_s")]
    return " ".join(filter(None, (one["point"], one.get("wave", ""), "–".join(ends))))
