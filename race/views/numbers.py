"""Whole numbers as forms send them."""

from __future__ import annotations

LONGEST = 18
"""Digits: what a key of the database can have."""


def whole(text: str | None) -> int | None:
    """The number of a text of ASCII digits; None for anything else, for `isdigit` also takes `²` and a million digits."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= LONGEST else None
