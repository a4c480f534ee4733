"""Where riders live: the divisions of the first level, and the cities that a quota names.

An identity number's first digits are where it was issued, never where its owner lives, so nobody is told a region: the
rider chooses it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

FILE = Path(__file__).parent / "data" / "regions.json"


@dataclass(frozen=True, slots=True)
class Region:
    """A division: its GB/T 2260 code of six digits and its short names."""

    code: str
    zh: str
    en: str


@cache
def regions() -> Mapping[str, Region]:
    """The 34 divisions of the first level by code, in the order of the codes."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))["regions"]
    return MappingProxyType({row["code"]: Region(**row) for row in rows})


def with_cities(quotas: Iterable[Mapping[str, Any]]) -> dict[str, Region]:
    """The divisions, and after its province each city that a quota counts apart.

    Such a quota has a prefix of four digits, and says `name_zh` and `name_en` of the city.
    """
    found = dict(regions())
    for quota in quotas:
        prefix = str(quota.get("prefix", ""))
        if len(prefix) == 4 and (province := regions().get(f"{prefix[:2]}0000")):
            zh, en = quota.get("name_zh") or prefix, quota.get("name_en") or prefix
            found[f"{prefix}00"] = Region(f"{prefix}00", f"{province.zh}·{zh}", f"{en}, {province.en}")
    return dict(sorted(found.items()))
