"""What a person typed instead of a chip: a bib, or "somebody passed, the bib comes later".

A read holds one code. `BIB:57` stands for whoever wears 57 at the edition when a board is computed: a bib that is handed
out, swapped or put right later carries its reads along. `TAP` is nobody: evidence of a crossing, which counts nowhere.
"""

from collections.abc import Iterable

from django.db.models import F

from race.models import Edition, Entry

TAP = "TAP"
BIB = "BIB:"
#: Digits of the largest bib that can be typed.
LONGEST = 6


def chip_of(bib: int) -> str:
    """The code under which a typed bib is stored."""
    return f"{BIB}{bib}"


def bib_of(chip: str) -> int | None:
    """The bib that a code says; None for every other code."""
    digits = chip.removeprefix(BIB)
    # Only as `chip_of` writes it: one bib has one code.
    fits = len(digits) <= LONGEST and digits.isascii() and digits.isdigit() and not digits.startswith("0")
    return int(digits) if chip.startswith(BIB) and fits else None


def riders(edition: Edition | int, chips: Iterable[str]) -> dict[str, set[tuple[int, int]]]:
    """Of the codes that say a bib somebody wears: code -> {(race, course)}. One query, and none where there is no bib."""
    bibs = {bib for bib in map(bib_of, chips) if bib is not None}
    if not bibs:
        return {}
    worn: dict[str, set[tuple[int, int]]] = {}
    entries = Entry.objects.filter(edition=edition, bib__in=bibs).annotate(course=F("race__course_id"))
    for bib, race, course in entries.values_list("bib", "race_id", "course"):
        worn.setdefault(chip_of(bib or 0), set()).add((race, course))
    return worn
