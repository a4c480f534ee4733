"""Days and instants in words, in the language in force; instants at the venue."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import get_language


def weekday(on: date) -> str:
    """周六 5月25日, Saturday 25 May."""
    return f"{weekday_name(on)} {day(on)}"


def weekday_name(on: date) -> str:
    """周六, Saturday."""
    name = formats.date_format(on, "l")
    return f"周{name[-1]}" if (get_language() or "").startswith("zh") else name


def day(on: date) -> str:
    """5月25日, 25 May."""
    return formats.date_format(on, "n月j日" if (get_language() or "").startswith("zh") else "j F")


def days(first: date, last: date) -> str:
    """5月25–26日, 25–26 May; each with its month where they differ."""
    if first == last:
        return day(first)
    if first.month != last.month:
        return f"{day(first)} – {day(last)}"
    if (get_language() or "").startswith("zh"):
        return f"{first.month}月{first.day}–{last.day}日"
    return f"{first.day}–{day(last)}"


def instant(at: datetime, zone: str) -> str:
    """5月15日 18:00, 15 May, 18:00 at the venue."""
    local = at.astimezone(ZoneInfo(zone))
    gap = " " if (get_language() or "").startswith("zh") else ", "
    return f"{day(local.date())}{gap}{local:%H:%M}"


def with_year(year: int, days_in_words: str) -> str:
    """2024年5月25–26日, 25–26 May 2024."""
    return f"{year}年{days_in_words}" if (get_language() or "").startswith("zh") else f"{days_in_words} {year}"
