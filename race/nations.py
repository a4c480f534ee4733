"""Nations under the codes of sport (IOC), their names, and the codes passports use (ISO 3166-1 alpha-3).

The two codes differ for a third of them, and some codes mean one nation here and another there: BRN is Bahrain to the
IOC and Brunei to ISO. So nothing here guesses which of the two a code is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).parent / "data" / "nations.json"


@dataclass(frozen=True, slots=True)
class Nation:
    """A nation that sends riders. `ioc` is what results print, `iso` what a passport says; `noc`: has an Olympic committee."""

    ioc: str
    iso: str
    zh: str
    en: str
    noc: bool = True


@cache
def nations() -> Mapping[str, Nation]:
    """Every nation by its IOC code: the 206 National Olympic Committees and Macao, which the UCI knows."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))["nations"]
    return MappingProxyType({row["ioc"]: Nation(**({"iso": row["ioc"]} | row)) for row in rows})


@cache
def _by_iso() -> Mapping[str, Nation]:
    return MappingProxyType({nation.iso: nation for nation in nations().values()})


def of_ioc(code: str) -> Nation | None:
    """The nation with this IOC code, None if there is none."""
    return nations().get(code.strip().upper())


def of_iso(code: str) -> Nation | None:
    """The nation with this ISO alpha-3 code, None if it sends no riders of its own (ATA, VAT)."""
    return _by_iso().get(code.strip().upper())
