"""`{% load times %}`: the formats of `ui.times` in templates, in the language in force."""

from __future__ import annotations

from django import template
from django.utils.translation import get_language

from ui import times

register = template.Library()
register.filter("race_time", times.race_time)
register.filter("gap", times.gap)
register.filter("officials_time", times.officials_time)


@register.filter
def laps_down(laps: int) -> str:
    """Laps behind, in the language in force."""
    return times.laps_down(laps, get_language() or "")


@register.simple_tag
def same_time() -> str:
    """同时 or s.t."""
    return times.same_time(get_language() or "")
