"""Chip codes as spreadsheets keep or ruin them."""

import re

from timing.decoders.field_text import MAX_CHIP
from timing.decoders.sheet.cell_times import BadCell

CHIP_RUINED = "chip_ruined"  # 1.02E+09: Excel took the code for a number and its digits are gone
BAD_CHIP = "bad_chip"
_RUINED = re.compile(r"\d(?:[.,]\d+)?E\+\d+|\d[.,]\d+E\d+")
_CODE = re.compile(r"[0-9A-Z_:-]+")


def chip_of(cell: str) -> str:
    """The chip of a cell: upper case, without blanks, leading zeros kept, also of `'0012` and `="0012"`.

    Raises BadCell.
    """
    chip = "".join(cell.split()).upper()
    if chip.startswith("="):
        chip = chip[1:].strip('"')
    chip = chip.removeprefix("'")
    if _RUINED.fullmatch(chip):
        raise BadCell(CHIP_RUINED)
    if len(chip) > MAX_CHIP or not _CODE.fullmatch(chip):
        raise BadCell(BAD_CHIP)
    return chip
