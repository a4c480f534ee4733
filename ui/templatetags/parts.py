"""`{% load parts %}`: the small parts of the look. Each one draws a template of `ui/templates/ui/parts/`."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy

register = template.Library()

STATUS_WORDS: dict[str, str | Promise] = {
    "FIN": gettext_lazy("Finished"),
    "LAP": pgettext_lazy("status", "Lapped"),
    "OTL": pgettext_lazy("status", "Over the time limit"),
    "NR": gettext_lazy("No result"),
    "DNF": pgettext_lazy("status", "Retired"),
    "DNS": gettext_lazy("Did not start"),
    "DSQ": pgettext_lazy("status", "Disqualified"),
    "REL": gettext_lazy("Relegated"),
}
STANDING_WORDS: dict[str, str | Promise] = {
    "live": pgettext_lazy("standing", "Live"),
    "provisional": gettext_lazy("Provisional"),
    "official": gettext_lazy("Official"),
    "amended": gettext_lazy("Amended"),
    "pending": gettext_lazy("Result pending"),
}
# A page stands in the menu from the day it exists: (URL name, word).
MENU: tuple[tuple[str, str | Promise], ...] = (
    ("live", pgettext_lazy("menu", "Live")),
    ("results", gettext_lazy("Results")),
    ("start_list", gettext_lazy("Start list")),
    ("league", gettext_lazy("League")),
    ("rules", gettext_lazy("Rules")),
    ("enter", pgettext_lazy("menu", "Enter")),
    ("my", gettext_lazy("My entries")),
)


@register.inclusion_tag("ui/parts/icon.html")
def icon(name: str, label: str = "") -> dict[str, str]:
    """A drawing of the sprite; without a label it is decoration and a screen reader passes over it."""
    return {"name": name, "label": label}


@register.inclusion_tag("ui/parts/mark.html")
def mark(shape: str, label: str = "") -> dict[str, str]:
    """The shape of a category."""
    return {"shape": shape, "label": label}


@register.inclusion_tag("ui/parts/bib.html")
def bib(number: int, shape: str = "", size: str = "m", filled: bool = False) -> dict[str, Any]:
    """A bib: `size` is s, m or l; `filled` where categories mix on one page."""
    return {"number": number, "shape": shape, "size": size, "filled": filled}


@register.inclusion_tag("ui/parts/move.html")
def move(places: int | None) -> dict[str, Any]:
    """Places gained (positive) or lost since the rider's last crossing; None draws nothing."""
    return {"places": places, "lost": -places if places is not None and places < 0 else 0}


@register.inclusion_tag("ui/parts/status.html")
def status(code: str) -> dict[str, Any]:
    """The word of a status or of a standing, with its code where the language of the page is not English."""
    english = (get_language() or "").startswith("en")
    word = STATUS_WORDS.get(code) or STANDING_WORDS[code]
    return {"code": code, "word": word, "is_status": code in STATUS_WORDS, "english": english}


@register.inclusion_tag("ui/parts/letter.html")
def letter(key: str, lead: bool = False, mine: bool = False) -> dict[str, Any]:
    """The letter of a group in its circle: filled for the leaders, peony for the followed rider's group."""
    return {"key": key, "lead": lead, "mine": mine}


@register.inclusion_tag("ui/parts/banner.html")
def banner(kind: str, fact: str, consequence: str = "", large: bool = False) -> dict[str, Any]:
    """A bold fact and what follows from it; `kind` is ok, note, warn or danger."""
    icons = {"ok": "check", "note": "help", "warn": "clock", "danger": "warning"}
    return {"kind": kind, "icon_name": icons[kind], "fact": fact, "consequence": consequence, "large": large}


@register.inclusion_tag("ui/parts/menu.html", takes_context=True)
def menu(context: template.Context, label: str) -> dict[str, Any]:
    """Links to the pages that exist, the one being read marked as such. On a page of an edition, its own regulations."""
    path = context["request"].path if "request" in context else ""
    slug = getattr(context.get("edition"), "slug", "")
    links = []
    for name, word in MENU:
        try:
            url = reverse(name)
        except NoReverseMatch:  # this page is not built, so nobody is sent to it
            continue
        own = reverse("edition_rules", args=[slug]) if name == "rules" and slug else url
        links.append({"url": own, "word": word, "here": path in (url, own)})
    return {"links": links, "label": label}
