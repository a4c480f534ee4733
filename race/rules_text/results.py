"""The chapter on results: a sentence for each key of `Race.rules` that the scoring core reads, with its default.

`race` does not know `results`, so the defaults stand here again; tests/race/test_rules.py holds both equal, and fails for a
key of `results.scoring.Rules` or of `Category.regulations` that has no sentence here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from race.rules_text.clauses import SECOND_US, Chapter, Clause, Row, Source, grouped, span

DEFAULTS: Mapping[str, Any] = {
    "rank_by": "order",
    "rank_scope": "category",
    "lapped": "complete",
    "lapped_ranked": True,
    "limit": {},
    "bunch": True,
    "bunch_scope": "race",
    "gap_us": SECOND_US,
    "wheel_us": 120_000,
    "min_lap_us": 0,
    "min_lap_us_by_category": {},
    "windows": (),
    "min_first_us": None,
    "time_point": None,
    "laps_by_category": {},
    "without_gun": False,
    "together_us": 3 * SECOND_US,
}


def results(source: Source) -> Chapter:
    """How the order, the times and the limits of each race are made."""
    said: list[Clause] = [
        source.clause(
            "results.chips",
            _("Times are taken by chips; what a commissaire or a camera saw stands above them. Published times are whole "
              "seconds, cut and never rounded."),
        )
    ]  # fmt: skip
    for key, speak in _SENTENCES.items():
        rows = ((category["code"], speak(DEFAULTS | race["rules"], race)) for race, category in source.categories)
        said += grouped(source, f"results.{key}", rows, "races[].rules")
    for key, speak_of in _CATEGORY.items():
        values = (
            (category["code"], speak_of(category["regulations"].get(key))) for _race, category in source.categories
        )
        said += grouped(source, f"results.{key}", values, "races[].regulations")
    said += _unknown(source)
    changed = _("The commissaires may change laps, join starts or stop a race where safety asks for it.")
    said.append(source.clause("results.commissaires", changed))
    return Chapter("results", _("How results are made"), tuple(said))


def _unknown(source: Source) -> Iterator[Clause]:
    """A key without a sentence is not hidden: it stands here as it is."""
    for race, category in source.categories:
        for key in sorted(race["rules"].keys() - DEFAULTS.keys()):
            text = f"{source.name(category)}: {key} = {race['rules'][key]}"
            yield source.clause(f"results.{key}.{category['code']}", text, "races[].rules")
        for key in sorted(category["regulations"].keys() - _CATEGORY.keys()):
            text = f"{source.name(category)}: {key} = {category['regulations'][key]}"
            yield source.clause(f"results.{key}.{category['code']}", text, "races[].regulations")


def _format(rules: Row, race: Row) -> str:
    if race["format"] == "laps":
        return _("A race over laps: more laps come first; with the same laps, the order over the line.")
    return _("A road race: who has ridden the full distance is ranked in the order over the line.")


def _rank_by(rules: Row, race: Row) -> str:
    if rules["rank_by"] == "net":
        return _("Ranked is the time from the gun of one's own wave.")
    return _("Ranked is the order over the line; the judge's picture decides where chips cannot tell.")


def _rank_scope(rules: Row, race: Row) -> str:
    if rules["rank_scope"] == "race":
        return _("All categories of the race are ranked together.")
    return _("Each category is ranked by itself.")


def _lapped(rules: Row, race: Row) -> str:
    if rules["lapped"] == "lead_lap":
        return _("Once the winner is in, the race ends for everyone at their next crossing of the line.")
    return _("Everyone rides the full number of laps.")


def _lapped_ranked(rules: Row, race: Row) -> str:
    if rules["lapped_ranked"]:
        return _("Who was lapped or taken out is ranked behind the others, by the laps ridden.")
    return _("Who was lapped or taken out has no place.")


def _limit(rules: Row, race: Row) -> str:
    limit = rules["limit"]
    parts = []
    if limit.get("percent") is not None:
        parts.append(_("the time of the first and %(n)d%% more") % {"n": limit["percent"]})
    if limit.get("after_first_us") is not None:
        parts.append(_("%(span)s behind the first") % {"span": span(limit["after_first_us"])})
    if limit.get("absolute_us") is not None:
        parts.append(_("%(span)s in all") % {"span": span(limit["absolute_us"])})
    if not parts:
        return _("There is no time limit.")
    if len(parts) == 1:
        return _("Time limit: %(limit)s. Whoever comes later is outside it (OTL).") % {"limit": parts[0]}
    return _("Time limits, the strictest counts: %(limits)s. Whoever comes later is outside them (OTL).") % {
        "limits": "; ".join(parts)
    }


def _bunch(rules: Row, race: Row) -> str:
    if not rules["bunch"]:
        return _("Everyone has a time of their own.")
    return _("Riders who finish in a bunch have the time of its first.")


def _bunch_scope(rules: Row, race: Row) -> str:
    if not rules["bunch"]:
        return ""
    if rules["bunch_scope"] == "category":
        return _("A bunch counts within a category only.")
    return _("A bunch counts across categories that ride together.")


def _gap(rules: Row, race: Row) -> str:
    if not rules["bunch"]:
        return ""
    return _("A gap of %(span)s from a rider's back wheel to the next one's front wheel starts a new time.") % {
        "span": span(rules["gap_us"])
    }


def _wheel(rules: Row, race: Row) -> str:
    if not rules["bunch"]:
        return ""
    if not rules["wheel_us"]:
        return _("Gaps are measured from chip to chip.")
    return _("As chips are read front to front, %(span)s for the length of a bike is added to that gap.") % {
        "span": span(rules["wheel_us"])
    }


def _min_lap(rules: Row, race: Row) -> str:
    if not rules["min_lap_us"]:
        return ""
    return _("A crossing less than %(span)s after the one before is no new lap.") % {"span": span(rules["min_lap_us"])}


def _min_lap_by_category(rules: Row, race: Row) -> str:
    spans = [f"{code} {span(us)}" for code, us in sorted(rules["min_lap_us_by_category"].items())]
    return _("Shortest lap by category: %(spans)s.") % {"spans": "; ".join(spans)} if spans else ""


def _windows(rules: Row, race: Row) -> str:
    said = [_window(window) for window in rules["windows"]]
    return (
        _("Crossings count only in these times after the gun: %(windows)s.") % {"windows": "; ".join(said)}
        if said
        else ""
    )


def _window(window: Row) -> str:
    """The point, the wave where one is named, from and until in minutes and seconds."""
    first, last = (None if window.get(end) is None else span(window[end] * SECOND_US) for end in ("from_s", "until_s"))
    where = " ".join(filter(None, (window["point"], window.get("wave", ""))))
    return f"{where} {first or '0'}–{last or '…'}"


def _min_first(rules: Row, race: Row) -> str:
    if rules["min_first_us"] is None:
        return ""
    return _("The first lap is shorter: it counts from %(span)s after the gun.") % {"span": span(rules["min_first_us"])}


def _time_point(rules: Row, race: Row) -> str:
    return (
        _("Times are taken at the timing point %(point)s.") % {"point": rules["time_point"]}
        if rules["time_point"]
        else ""
    )


def _laps_by_category(rules: Row, race: Row) -> str:
    laps = [f"{code} {count}" for code, count in sorted(rules["laps_by_category"].items())]
    return _("Laps by category: %(laps)s.") % {"laps": "; ".join(laps)} if laps else ""


def _without_gun(rules: Row, race: Row) -> str:
    return _("Laps count without a gun too; then there are lap times and no total.") if rules["without_gun"] else ""


def _together(rules: Row, race: Row) -> str:
    return _("While the race is on, riders within %(span)s of each other are shown as one group.") % {
        "span": span(rules["together_us"])
    }


def _pulled(value: Any) -> str:
    if value:
        return _("Who is lapped is taken out of the race and leaves the course before the line.")
    return _("Who is lapped rides on.")


_SENTENCES: Mapping[str, Callable[[Row, Row], str]] = {
    "format": _format,
    "rank_by": _rank_by,
    "rank_scope": _rank_scope,
    "lapped": _lapped,
    "lapped_ranked": _lapped_ranked,
    "limit": _limit,
    "bunch": _bunch,
    "bunch_scope": _bunch_scope,
    "gap_us": _gap,
    "wheel_us": _wheel,
    "min_lap_us": _min_lap,
    "min_lap_us_by_category": _min_lap_by_category,
    "windows": _windows,
    "min_first_us": _min_first,
    "time_point": _time_point,
    "laps_by_category": _laps_by_category,
    "without_gun": _without_gun,
    "together_us": _together,
}
_CATEGORY: Mapping[str, Callable[[Any], str]] = {"lapped_are_pulled": _pulled}
