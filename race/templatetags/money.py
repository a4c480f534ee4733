"""How a sum is written: one filter for the pages of riders and of the office."""

from __future__ import annotations


def yuan(fen: int | None) -> str:
    """Hundredths of a yuan as a sum: `¥100`, `¥99.50`, `–` for nothing known."""
    if fen is None:
        return "–"
    sign, whole, rest = "−" if fen < 0 else "", abs(fen) // 100, abs(fen) % 100
    return f"{sign}¥{whole:,}" + (f".{rest:02d}" if rest else "")
