"""`{% load line %}`: the line desk's menu and its addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django import template
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from race import clock
from race.models import Edition, Role, TimingPoint, User
from race.staff_links import Places, menu, staff_url
from timing import file_list
from timing.line import words

register = template.Library()

#: Who one is at the desk, the first that fits.
ROLES: tuple[tuple[str, str | Promise], ...] = (
    (Role.Name.TIMING_CREW, gettext_lazy("Timing crew")),
    (Role.Name.COMMISSAIRE, gettext_lazy("Commissaire")),
    (Role.Name.ORGANISER, gettext_lazy("Organiser")),
)

PLACES: Places = (
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
    return staff_url(context.get("request"), name, **arguments)


@register.simple_tag(takes_context=True)
def line_clock(context: template.Context) -> dict[str, Any]:
    """The event's clock as the header shows it: the time now, how it runs (`race.clock`), its zone; and who one is there."""
    desk = context["request"].desk
    edition, real = desk.edition, timezone.now()
    zone = _("Beijing time") if edition.zone == "Asia/Shanghai" else edition.zone
    return {
        "at": clock.now(edition, real),
        "real": real.isoformat(),
        "law": orjson.dumps(clock.segment(edition, real)).decode(),
        "zone": edition.zone,
        "zone_word": f"{zone} {words.zone(edition.zone)}",
        "role": next((word for name, word in ROLES if name in desk.roles), ""),
    }


@register.simple_tag(takes_context=True)
def line_places(context: template.Context) -> list[dict[str, Any]]:
    """The places of the line desk that exist, the one being read marked as such."""
    return menu(context["request"], PLACES, "line")


@register.simple_tag(takes_context=True)
def line_here(context: template.Context) -> str:
    """Where to come back to: this page, or its place in the menu where it is the answer to a form and cannot be opened."""
    request = context["request"]
    if request.method in ("GET", "HEAD"):
        return str(request.get_full_path())
    return next((str(link["url"]) for link in line_places(context) if link["here"]), "") or line_url(context, "line")


@register.simple_tag
def line_place(point: TimingPoint) -> str:
    """A timing point with its course."""
    return words.place(point)


@register.simple_tag
def line_raw(raw: bytes | memoryview) -> str:
    """The first bytes of a row that could not be read; odd ones as backslash escapes."""
    return bytes(raw)[:120].decode("utf-8", "backslashreplace").strip()


@register.filter
def line_reason(code: str) -> str:
    """Why a row could not be read, in words."""
    return file_list.reason(code)


@register.filter
def line_at(at: datetime, edition: Edition) -> datetime:
    """When something was written down, in event time: at a rehearsal the clock on the page shows no other."""
    return clock.now(edition, at)


@register.filter
def line_channel(label: str) -> str:
    """What a channel is called."""
    return words.channel(label)


@register.filter
def who(user: User | None) -> str:
    """Who did something: the name, else the account; nobody in person was a machine or a program."""
    return user.get_full_name() or user.get_username() if user is not None else _("a program")
