"""A board that was frozen, read back."""

from typing import Any

import orjson

from results.models import Publication
from results.scoring import differences
from results.scoring.differences import Differences, Line


def board(pk: int) -> dict[str, Any]:
    """The board of a publication."""
    return read(Publication.objects.values_list("board", flat=True).get(pk=pk))


def read(body: bytes | memoryview) -> dict[str, Any]:
    """The board in the bytes of a publication."""
    found: dict[str, Any] = orjson.loads(bytes(body))
    return found


def lines(found: dict[str, Any]) -> tuple[Line, ...]:
    """Its lines, as they are compared."""
    rows = [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
    return tuple(
        Line(
            row["bib"], found["riders"][str(row["bib"])]["category"], row["rank"], row["status"], row["laps"],
            _seconds(row["time_ms"]), _seconds(row["gap_ms"]), "REL" in row["flags"],
        )
        for row in rows
    )  # fmt: skip


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000


def compare(before: Publication, after: Publication) -> Differences:
    """What differs between two publications of a race."""
    return differences.compare(lines(read(before.board)), lines(read(after.board)))
