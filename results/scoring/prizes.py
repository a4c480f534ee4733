"""Prize money: who is due what by place. Integers, in fen.

| | rule | where | |
|---|---|---|---|
| | a place gets what the table says | `shares` | done |
| | a dead heat: the prizes of the places they hold together, in equal parts | `shares` | done |
| 个人所得税法 Art. 2 (9), 3 (3), 6 (6) | prizes are taxed on the whole sum of each, at 20 % | `tax_fen` | done |
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from .differences import Line

Who = TypeVar("Who")


def shares(table: Sequence[int], places: Mapping[Who, int]) -> dict[Who, int]:
    """Who -> prize in fen. `places` in the order of the result; those without a prize are left out.

    What does not divide by the fen goes to those named first, so that the sum is exactly that of the table.
    """
    tied: dict[int, list[Who]] = {}
    for who, place in places.items():
        tied.setdefault(place, []).append(who)
    found: dict[Who, int] = {}
    for place, those in tied.items():
        whole, over = divmod(sum(table[place - 1 : place - 1 + len(those)]), len(those))
        for number, who in enumerate(those):
            prize = whole + (number < over)
            if prize:
                found[who] = prize
    return found


def of_lines(lines: Sequence[Line], tables: Mapping[str, Sequence[int]]) -> dict[int, int]:
    """Bib -> prize in fen, each category by its own table; those without a prize are left out."""
    found: dict[int, int] = {}
    for category, table in tables.items():
        found |= shares(table, {line.bib: line.rank for line in lines if line.category == category and line.rank})
    return found


def tax_fen(gross_fen: int, percent: int) -> int:
    """What is withheld of a prize, to the fen, halves up."""
    return (gross_fen * percent * 2 + 100) // 200
