"""`{% load office %}`: the office's menu, its addresses, and how it writes money and states."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from race.models import Edition
from race.staff_links import Places, menu, staff_path, staff_url
from race.templatetags import money

register = template.Library()
register.filter(money.yuan)

PLACES: Places = (
    ("office", pgettext_lazy("office", "To do")),
    ("office_entries", pgettext_lazy("office", "Entries")),
    ("office_bibs", gettext_lazy("Bibs")),
    ("office_chips", gettext_lazy("Chips")),
    ("office_sign_on", gettext_lazy("Sign-on")),
    ("office_messages", gettext_lazy("Messages")),
    ("office_lists", pgettext_lazy("office", "Lists")),
    ("office_money", gettext_lazy("Money")),
    ("office_import", pgettext_lazy("office", "Import")),
    ("office_settings", gettext_lazy("Settings")),
)
STATES: dict[str, str | Promise] = {
    "held": pgettext_lazy("entry", "Held"),
    "offered": pgettext_lazy("entry", "Offered"),
    "confirmed": pgettext_lazy("entry", "Confirmed"),
    "waiting": pgettext_lazy("entry", "Waiting"),
    "withdrawn": pgettext_lazy("entry", "Withdrawn"),
    "expired": pgettext_lazy("entry", "Expired"),
}


@register.simple_tag(takes_context=True)
def office_url(context: template.Context, name: str, **arguments: Any) -> str:
    """The address of an office page, staying with the edition in hand; empty where nobody built that page."""
    return staff_url(context.get("request"), name, **arguments)


@register.inclusion_tag("race/office/places.html", takes_context=True)
def office_places(context: template.Context) -> dict[str, Any]:
    """The places of the office that exist, the one being read marked as such."""
    links = menu(context["request"], PLACES, "office")
    user = context["request"].user
    name = user.get_full_name() or user.get_username()
    return {
        "links": links,
        "user_name": name,
        "here": next((link["word"] for link in links if link["here"]), PLACES[0][1]),
    }


@register.simple_tag(takes_context=True)
def same_place(context: template.Context, edition: Edition) -> str:
    """The office of another edition."""
    request: HttpRequest = context["request"]
    match = request.resolver_match
    simple = match is not None and set(match.kwargs) <= {"slug"} and match.url_name
    return staff_path(str(match.url_name) if simple and match else "office", edition.slug)


@register.filter
def state_word(state: str) -> str:
    """The word for where an entry stands."""
    return str(STATES.get(state, state))


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changed: Any) -> str:
    """The query of this page with some values changed (None takes one away), for a link."""
    values = context["request"].GET.copy()
    for name, value in changed.items():
        values.pop(name, None)
        if value not in (None, ""):
            values[name] = str(value)
    return f"?{values.urlencode()}"
