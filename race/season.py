"""Which editions there are to choose from, and what each is about now: entries, the race, or what has been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from django.utils import timezone

from race import clock
from race.models import Edition

State = Literal["racing", "open", "closed", "ahead", "over"]
FIRST: tuple[State, ...] = ("racing", "open", "closed", "ahead", "over")
"""What people come for, most first: who comes during a race weekend comes for the race."""


@dataclass(frozen=True)
class Standing:
    """An edition and what it is about now."""

    edition: Edition
    state: State


def state(edition: Edition, now: datetime | None = None) -> State:
    """What an edition is about. The race goes by event time, entries by real time."""
    now = now or timezone.now()
    today = clock.now(edition, now).astimezone(ZoneInfo(edition.zone)).date()
    if today > edition.ends_on:
        return "over"
    if today >= edition.starts_on:
        return "racing"
    if edition.entry_opens_at is None or now < edition.entry_opens_at:
        return "ahead"
    return "closed" if edition.entry_closes_at is not None and now >= edition.entry_closes_at else "open"


def standings(now: datetime | None = None) -> list[Standing]:
    """Every edition with races, what people come for first: of those to come the nearest, of those over the newest."""
    editions = Edition.objects.exclude(races=None).select_related("event")
    found = [Standing(edition, state(edition, now)) for edition in editions]

    def order(one: Standing) -> tuple[int, int, str]:
        days = one.edition.starts_on.toordinal()
        return FIRST.index(one.state), -days if one.state in ("racing", "over") else days, one.edition.slug

    return sorted(found, key=order)
