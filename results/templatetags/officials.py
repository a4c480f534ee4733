"""`{% load officials %}`: the menu of the officials' desk and its addresses."""

from __future__ import annotations

from typing import Any

import orjson
from django import template
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from race import clock
from race.models import Role
from race.staff_links import staff_path

register = template.Library()

#: Who one is at the desk, the first that fits.
ROLES: tuple[tuple[str, str | Promise], ...] = (
    (Role.Name.CHIEF, gettext_lazy("Chief commissaire")),
    (Role.Name.COMMISSAIRE, gettext_lazy("Commissaire")),
    (Role.Name.ORGANISER, gettext_lazy("Organiser")),
)

# A place stands in the menu from the day its page exists: (URL name, word).
PLACES: tuple[tuple[str, str | Promise], ...] = (
    ("officials", pgettext_lazy("officials", "To do")),
    ("officials_results", pgettext_lazy("officials", "Results")),
    ("officials_rulings", pgettext_lazy("officials", "Rulings")),
    ("officials_bunch", pgettext_lazy("officials", "Bunch board")),
    ("officials_protests", pgettext_lazy("officials", "Protests")),
    ("officials_communiques", pgettext_lazy("officials", "Communiqués")),
)


@register.simple_tag(takes_context=True)
def officials_url(context: template.Context, name: str, **arguments: Any) -> str:
    """The address of a page of the staff, staying with the edition in hand; empty where nobody built that page."""
    desk = getattr(context.get("request"), "desk", None)
    try:
        return staff_path(name, desk.slug if desk is not None else "", **arguments)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def officials_places(context: template.Context) -> list[dict[str, Any]]:
    """The places of the desk that exist, the one being read marked as such."""
    path = context["request"].path
    links = []
    for name, word in PLACES:
        url = officials_url(context, name)
        if url:
            links.append(
                {"url": url, "word": word, "here": path == url or (name != "officials" and path.startswith(url))}
            )
    return links


@register.simple_tag(takes_context=True)
def officials_head(context: template.Context) -> dict[str, Any]:
    """What the header says: who one is at the desk, and by which law event time runs (`race.clock`)."""
    desk, real = context["request"].desk, timezone.now()
    return {
        "role": next((word for name, word in ROLES if name in desk.roles), ""),
        "real": real.isoformat(),
        "law": orjson.dumps(clock.segment(desk.edition, real)).decode(),
    }
