"""A ruling as it is written on the page: fields to what `results.rulings` takes, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from race.models import Race
from race.refused import Refused
from results import articles, rulings
from timing import venue_time

#: The fields of the page that a draft keeps.
FIELDS = (
    "bib", "article", "kind", "reason", "seen", "seconds", "leave_place_open", "after_lap", "at", "of", "a", "b", "lap",
    "minutes",
)  # fmt: skip
#: Kinds that have a page of their own.
ELSEWHERE = ("finish_order", "close")
#: The others, the lightest first.
KINDS = (
    "warning", "time_penalty", "relegate_group", "relegate_last", "dsq", "dnf", "dns", "pulled", "otl_waive", "otl_waive_all",
    "credit_time_of", "manual_finish", "confirm_missed", "split", "join", "chip_swap", "results_at_lap", "neutralise",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page asks for."""

    kind: str
    bib: int | None
    article: str
    reason: str
    seen: int | None
    detail: dict[str, Any] = field(default_factory=dict)


def read(race: Race, given: Mapping[str, str]) -> Asked:
    """The ruling that was written. Refused: `kind_missing`, `bib_missing`, `bad_detail`, `bad_time`, each with a sentence."""
    kind = given.get("kind", "")
    if kind not in KINDS:
        raise Refused("kind_missing", _("Choose a sanction."))
    about_rider, must, may = rulings.KINDS[kind]
    bib = number(given.get("bib", ""), _("The number"))
    if about_rider and bib is None:
        raise Refused("bib_missing", _("Choose a rider."))
    detail = {key: value for key in (*must, *may) if (value := _detail(race, kind, key, given)) is not None}
    if missing := [key for key in must if key not in detail]:
        raise Refused(
            "bad_detail", _("Still missing: %(what)s.") % {"what": ", ".join(LABELS()[key] for key in missing)}
        )
    seen = number(given.get("seen", ""), "seen")
    return Asked(
        kind, bib if about_rider else None, given.get("article", ""), given.get("reason", "").strip(), seen, detail
    )


def LABELS() -> dict[str, str]:
    """What the details are called on the page."""
    return {
        "seconds": _("Seconds"), "leave_place_open": _("Leave the place open"), "after_lap": _("Laps ridden"),
        "at_us": _("Time of day"), "of": _("Number of the other rider"), "a": _("The number"),
        "b": _("Number of the other rider"),
        "lap": _("Lap that counts"), "us": _("Minutes off everybody's time"),
    }  # fmt: skip


def _detail(race: Race, kind: str, key: str, given: Mapping[str, str]) -> Any:
    if key == "leave_place_open":
        return True if given.get(key) else None
    if key == "at_us":
        text = given.get("at", "").strip()
        return venue_time.parse(race.edition, race.day.isoformat(), text) if text else None
    if key == "us":
        minutes = number(given.get("minutes", ""), LABELS()["us"])
        return None if minutes is None else minutes * 60_000_000
    if key == "a":  # of two who swapped chips, the one the page is about
        return number(given.get("bib", ""), LABELS()["a"])
    return number(given.get(key, ""), LABELS()[key])


def number(text: str, what: str) -> int | None:
    """A whole number, None for nothing. Refused (`bad_detail`) for anything else."""
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused("bad_detail", _("%(what)s is a whole number.") % {"what": what})
    return int(text)


def allowed() -> dict[str, dict[str, Any]]:
    """Article -> the sanctions it can lead to on this page, and the one that is proposed. One without any is left out."""
    found = {}
    for code, article in articles.articles().items():
        may = [kind for kind in article.may if kind in KINDS]
        if may:
            found[code] = {"may": may, "default": article.default if article.default in may else may[0]}
    return found
