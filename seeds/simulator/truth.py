"""What really happened, known before the first read is sent; the yardstick the boards are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["FIN", "LAP", "OTL", "DNF", "DSQ", "DNS"]


@dataclass(frozen=True)
class Crossing:
    """The front wheel over a point. `lap` counts from 1; 0 is the start line itself, after the gun."""

    bib: int
    point: str
    lap: int
    at_ms: int


@dataclass(frozen=True)
class RulingPlan:
    """What an official will enter: kind, bib (None for the whole race), detail, why, and when he can know it."""

    at_ms: int
    kind: str
    bib: int | None
    reason: str
    after_lap: int | None = None

    def body(self) -> dict[str, Any]:
        """Return the ruling as the API takes it."""
        detail = {} if self.after_lap is None else {"after_lap": self.after_lap}
        return {"kind": self.kind, "bib": self.bib, "detail": detail, "reason": self.reason}


@dataclass(frozen=True)
class TrueRow:
    """A rider's line of the right result. `rank` None: not ranked; `time_s` None: no time is published."""

    bib: int
    rank: int | None
    status: Status
    laps: int
    time_s: int | None


@dataclass(frozen=True)
class RaceTruth:
    """A race as it happened, with its right result in the order of display."""

    slug: str
    gun_ms: int
    absent: tuple[int, ...]
    crossings: tuple[Crossing, ...]
    rulings: tuple[RulingPlan, ...]
    rows: tuple[TrueRow, ...]
    last_ms: int

    def document(self) -> Mapping[str, Any]:
        """Return the truth as JSON-ready values."""
        return asdict(self)
