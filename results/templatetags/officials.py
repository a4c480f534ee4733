"""`{% load officials %}`: the menu of the officials' desk and its addresses."""

from __future__ import annotations

from typing import Any

import orjson
from django import template
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from race import clock
from race.models import Role
from race.staff_links import Places, menu, staff_url
from results.staff import OFFICIALS

register = template.Library()

#: Who one is at the desk, the first that fits.
ROLES: tuple[tuple[str, str | Promise], ...] = (
    (Role.Name.CHIEF, gettext_lazy("Chief commissaire")),
    (Role.Name.COMMISSAIRE, gettext_lazy("Commissaire")),
    (Role.Name.ORGANISER, gettext_lazy("Organiser")),
)

PLACES: Places = (
    ("officials", pgettext_lazy("officials", "To do")),
    ("officials_results", pgettext_lazy("officials", "Results")),
    ("officials_rulings", pgettext_lazy("officials", "Rulings")),
    ("officials_bunch", pgettext_lazy("officials", "Bunch board")),
    ("officials_protests", pgettext_lazy("officials", "Protests")),
    ("officials_league", gettext_lazy("League")),
    ("officials_communiques", pgettext_lazy("officials", "Communiqués")),
    ("officials_certificates", pgettext_lazy("officials", "Certificates")),
    ("officials_prizes", pgettext_lazy("officials", "Prizes")),
)


@register.simple_tag(takes_context=True)
def officials_url(context: template.Context, name: str, **arguments: Any) -> str:
    """The address of a page of the staff, staying with the edition in hand; empty where nobody built that page."""
    return staff_url(context.get("request"), name, **arguments)


@register.simple_tag(takes_context=True)
def officials_places(context: template.Context) -> list[dict[str, Any]]:
    """The places of the desk that exist, the one being read marked as such."""
    request = context["request"]
    # The office comes here for the prizes alone.
    places = PLACES if request.desk.may(*OFFICIALS) or request.user.is_superuser else PLACES[-1:]
    return menu(request, places, "officials")


@register.simple_tag(takes_context=True)
def officials_head(context: template.Context) -> dict[str, Any]:
    """What the header says: who one is at the desk, and by which law event time runs (`race.clock`)."""
    desk, real = context["request"].desk, timezone.now()
    return {
        "role": next((word for name, word in ROLES if name in desk.roles), ""),
        "real": real.isoformat(),
        "law": orjson.dumps(clock.segment(desk.edition, real)).decode(),
    }
