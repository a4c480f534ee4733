"""`{% load line %}`: the line desk's menu and its addresses."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import NoReverseMatch
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from race.staff_links import staff_path

register = template.Library()

# A place stands in the menu from the day its page exists: (URL name, word).
PLACES: tuple[tuple[str, str | Promise], ...] = (
    ("line", pgettext_lazy("line", "On line")),
    ("line_sources", pgettext_lazy("line", "Sources")),
    ("line_uploads", pgettext_lazy("line", "Uploads")),
    ("line_chips", pgettext_lazy("line", "Chips")),
    ("line_corrections", pgettext_lazy("line", "Corrections")),
    ("line_guns", pgettext_lazy("line", "Guns")),
    ("line_pad", pgettext_lazy("line", "Phone pad")),
)


@register.simple_tag(takes_context=True)
def line_url(context: template.Context, name: str, **arguments: Any) -> str:
    """The address of a page of the line desk, staying with the edition in hand; empty where nobody built that page."""
    desk = getattr(context.get("request"), "desk", None)
    try:
        return staff_path(name, desk.slug if desk is not None else "", **arguments)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def line_places(context: template.Context) -> list[dict[str, Any]]:
    """The places of the line desk that exist, the one being read marked as such."""
    path = context["request"].path
    links = []
    for name, word in PLACES:
        url = line_url(context, name)
        if url:
            links.append({"url": url, "word": word, "here": path == url or (name != "line" and path.startswith(url))})
    return links
