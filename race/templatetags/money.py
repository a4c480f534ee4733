"""How a sum is written, everywhere: on pages of riders, office and officials, in rules and on papers."""

from __future__ import annotations


def yuan(fen: int | None) -> str:
    """Hundredths of a yuan as a sum: `¥100`, `¥99.50`, `–` for nothing known."""
    if fen is None:
        return "–"
    return ("−¥" if fen < 0 else "¥") + amount(abs(fen))


def amount(fen: int) -> str:
    """The same without the sign of the currency, for columns that name it: `1,200`, `−99.50`."""
    whole, rest = divmod(abs(fen), 100)
    return ("−" if fen < 0 else "") + f"{whole:,}" + (f".{rest:02}" if rest else "")
