"""What the simulator knows before the start: the race cards from the regulations, the starters from the start list.

All instants are UTC milliseconds since 1970 (`_ms`), the resolution of the decoders it plays.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from seeds import regulations

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def to_ms(at: datetime.datetime) -> int:
    """Return the instant in milliseconds since 1970 (UTC)."""
    return (at - EPOCH) // datetime.timedelta(milliseconds=1)


def from_ms(at_ms: int) -> datetime.datetime:
    """Return the instant of a number of milliseconds since 1970 (UTC)."""
    return EPOCH + datetime.timedelta(milliseconds=at_ms)


def iso(at_ms: int) -> str:
    """Return the instant as ISO 8601 with offset, to the millisecond."""
    return from_ms(at_ms).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Leg:
    """The road between two timing points. `pace` scales the category's speed: below 1 uphill, above 1 downhill."""

    point: str
    length_m: int
    pace: float


@dataclass(frozen=True)
class Limits:
    """The time limit of a race: a percentage of the winner's time, or seconds after it; None where there is none."""

    percent: int | None = None
    after_first_s: int | None = None


@dataclass(frozen=True)
class RaceCard:
    """One race as the regulations and the programme describe it."""

    slug: str
    code: str
    course: str
    bunch: bool
    laps: int
    planned_ms: int
    legs: tuple[Leg, ...]
    min_lap_ms: int
    gap_ms: int
    lead_lap: bool
    lapped_ranked: bool
    lapped_pulled: bool
    limits: Limits
    speed_kmh: float
    spread: float


@dataclass(frozen=True)
class Starter:
    """A rider of the start list, with the chips that are on the bicycle on the race day."""

    bib: int
    chips: tuple[str, ...]


# How the categories ride: average speed on the loop, and how far apart in strength the riders are. Illustrative.
CHARACTER: dict[str, tuple[float, float]] = {
    "ME": (39.5, 0.036),
    "WO": (34.0, 0.055),
    "MM": (35.0, 0.065),
    "XO": (20.4, 0.055),
    "XM": (17.6, 0.075),
}


def card(race: Mapping[str, Any], edition: Mapping[str, Any] | None = None) -> RaceCard:
    """Return the card of one race of the regulations."""
    edition = edition or regulations.tenth()["edition"]
    course = next(item for item in regulations.tenth()["courses"] if item["code"] == race["course"])
    rules = race["rules"]
    hour, minute = map(int, race["gun"].split(":"))
    planned = datetime.datetime.combine(
        regulations.race_day(race), datetime.time(hour, minute), ZoneInfo(edition["zone"])
    )
    after_us = rules["limit"].get("after_first_us")
    speed, spread = CHARACTER[race["code"]]
    return RaceCard(
        slug=regulations.race_slug(edition["slug"], race),
        code=race["code"],
        course=race["course"],
        bunch=rules["bunch"],
        laps=race["laps"],
        planned_ms=to_ms(planned),
        legs=legs_of(course),
        min_lap_ms=rules["min_lap_us"] // 1000,
        gap_ms=(rules.get("gap_us", 0) + rules.get("wheel_us", 0)) // 1000,
        lead_lap=rules["lapped"] == "lead_lap",
        lapped_ranked=rules["lapped_ranked"],
        lapped_pulled=race["regulations"]["lapped_are_pulled"],
        limits=Limits(rules["limit"].get("percent"), after_us // 1_000_000 if after_us else None),
        speed_kmh=speed,
        spread=spread,
    )


def legs_of(course: Mapping[str, Any]) -> tuple[Leg, ...]:
    """Cut a loop at its timing points; what a leg climbs or falls makes it slower or faster than the loop."""
    heights = dict(course["profile"])
    legs, before = [], 0
    for point in course["points"]:
        length = point["at_m"] - before
        rise = heights[point["at_m"]] - heights[before]
        legs.append(Leg(point["code"], length, 1 - 5.0 * rise / length if rise > 0 else 1 - 3.0 * rise / length))
        before = point["at_m"]
    return tuple(legs)


def weekend() -> tuple[RaceCard, ...]:
    """Return the cards of the five races, in the order of their guns."""
    return tuple(sorted((card(race) for race in regulations.tenth()["races"]), key=lambda item: item.planned_ms))
