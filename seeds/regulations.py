"""The Daguguan Open as data: what its two JSON files say, read once."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Document = Mapping[str, Any]


@cache
def tenth() -> Document:
    """Return the 10th edition: event, edition, courses, sources and the five races."""
    document: Document = json.loads((HERE / "daguguan_10.json").read_text("utf-8"))
    return document


@cache
def eleventh() -> Document:
    """Return the 11th edition (made up throughout): the races of the 10th, its dates counted from today."""
    document: Document = json.loads((HERE / "daguguan_11.json").read_text("utf-8"))
    return document


def race_day(race: Document) -> datetime.date:
    """Return the date on which a race of the 10th edition is ridden."""
    first = datetime.date.fromisoformat(tenth()["edition"]["starts_on"])
    return first + datetime.timedelta(days=race["day"])


def race_slug(edition_slug: str, race: Document) -> str:
    """Return the slug of a race: the edition's, and the category code in lower case."""
    return f"{edition_slug}-{race['code'].lower()}"


def timing_point(name: str) -> tuple[str, str]:
    """Return (course code, point code) of the timing source of this name. KeyError for a name not in the data."""
    for source in tenth()["sources"]:
        if source["name"] == name:
            return source["course"], source["point"]
    raise KeyError(name)
