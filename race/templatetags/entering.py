"""`{% load entering %}`: money and times of the pages of entering, and a field that keeps what was typed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from race import dates
from race.templatetags import money

register = template.Library()
register.filter(money.yuan)


@register.simple_tag
def at_venue(instant: datetime, zone: str, named: bool = False, clock: bool = False) -> SafeString:
    """An instant in the venue's time; a script adds the reader's own time where that is another.

    `clock`: only the time of day; `named`: it says whose time it is.
    """
    local = instant.astimezone(ZoneInfo(zone))
    text = f"{local:%H:%M}" if clock else dates.instant(instant, zone)
    if named:
        text = (
            _("%(time)s Beijing time") % {"time": text}
            if zone == "Asia/Shanghai"
            else _("%(time)s venue time") % {"time": text}
        )
    return format_html('<time datetime="{}" data-own>{}</time>', local.isoformat(), text)


@register.inclusion_tag("race/enter_field.html", takes_context=True)
def entry_field(context: template.Context, name: str, label: str, **more: Any) -> dict[str, Any]:
    """A field of the form `filled`: `type`, `auto` (autocomplete), `mode` (inputmode), `note` beside the label, `help` under
    it, `options` for a choice ([(value, word)]), `long` for several lines, `list` of suggestions, `extra` classes."""
    filled = context["filled"]
    defaults = {
        "type": "text",
        "auto": "off",
        "mode": "",
        "note": "",
        "help": "",
        "options": None,
        "extra": "",
        "list": "",
    }
    given = {"name": name, "label": label, "value": filled[name], "error": filled.errors.get(name, "")}
    return defaults | given | {"id": f"id_{name}"} | more
