"""Rulings as pages list them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from race.models import Category, User
from race.models.edition import in_language
from results import articles
from results.models import Ruling
from results.views.officials_words import kind_word
from timing import venue_time
from ui import times

Row = dict[str, Any]


def rows(made: Iterable[Ruling]) -> list[Row]:
    """Each with its rider, article, author and whether it holds. Wants `entry__rider`, `by`, `link`, `race` fetched."""
    made = list(made)
    gone = {one.revokes_id for one in made if one.revokes_id}
    marks = dict(Category.objects.filter(race__in={one.race_id for one in made}).values_list("pk", "mark"))
    return [row(one, marks) | {"gone": one.pk in gone} for one in made]


def row(one: Ruling, marks: dict[int, str]) -> Row:
    """One ruling."""
    article = articles.articles().get(one.article)
    entry, revoked = one.entry, one.detail.get("ruling") if one.kind == "revoke" else None
    return {
        "ruling": one, "number": one.number, "what": kind_word(one.kind), "detail": detail(one), "race": one.race,
        "bib": entry.bib if entry else None, "mark": marks.get(entry.category_id, "") if entry else "",
        "name": name(entry.rider) if entry else "", "article": one.article, "article_words": article.words if article else "",
        "by": who(one.by), "at": one.at, "hash": one.link.hash, "reason": one.reason, "revokes": revoked,
    }  # fmt: skip


def name(rider: Any) -> str:
    """A rider's name in the language in force."""
    return in_language(rider.name_zh, f"{rider.surname_latin.upper()} {rider.given_latin}".strip())


def who(user: User | None) -> str:
    """The author of an act."""
    return "–" if user is None else user.get_full_name() or user.get_username()


def detail(one: Ruling) -> str:
    """The details of a ruling in words."""
    found = one.detail
    said = []
    if "seconds" in found:
        said.append(times.race_time(found["seconds"] * 1000))
    if "us" in found:
        said.append(times.race_time(found["us"] // 1000))
    if "at_us" in found:
        said.append(venue_time.shown(one.edition, found["at_us"]))
    if "after_lap" in found:
        said.append(_("after lap %(n)s") % {"n": found["after_lap"]})
    if "lap" in found:
        said.append(_("at lap %(n)s") % {"n": found["lap"]})
    if "of" in found:
        said.append(_("of %(bib)s") % {"bib": found["of"]})
    if "a" in found:
        said.append(f"{found['a']} ↔ {found['b']}")
    if found.get("leave_place_open"):
        said.append(_("place left open"))
    if "ruling" in found:
        said.append(_("ruling %(n)s") % {"n": found["ruling"]})
    if "order" in found:
        said.append(" ".join("=".join(map(str, group)) for group in found["order"][:8]))
    if found.get("out"):
        said.append(_("still out: %(bibs)s") % {"bibs": ", ".join(map(str, found["out"]))})
    return " · ".join(said)
