"""The test vectors of data/chip-vectors.json, and what they compare."""

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from timing.decoders.model import Context

FILE = Path(__file__).parents[1] / "data" / "chip-vectors.json"


@cache
def vectors(*formats: str) -> list[dict[str, Any]]:
    found = json.loads(FILE.read_text(encoding="utf-8"))["vectors"]
    return [vector for vector in found if vector["format"] in formats]


def context_of(vector: dict[str, Any]) -> Context:
    told = vector["context"]
    return Context(
        told["tz"],
        date.fromisoformat(told["race_date"]),
        told.get("server_name", "LYDG"),
        received_at_of(vector),
        told.get("file_name", ""),
    )


def received_at_of(vector: dict[str, Any]) -> datetime | None:
    """When it came in, where the vector says so: on the venue's clock."""
    local = vector["context"].get("received_at_local")
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(vector["context"]["tz"])) if local else None


def segments_of(vector: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(line) for line in vector["input"]["segments_hex"]]


def named(vector: dict[str, Any]) -> str:
    return str(vector["id"])
