"""Documents and licence numbers: what a number says by itself, before anybody looks it up.

| source | rule | function | |
|---|---|---|---|
| GB 11643-1999 | 18 characters: 6 division, 8 birth, 3 order (odd for men), 1 check by ISO 7064 MOD 11-2 | `_resident` | done |
| GB/T 2260 | two digits are a province; the other four are not checked: withdrawn codes stay on cards | `_resident` | done |
| Identity Card Law as of 2011 | cards with 15 digits ended on 1 January 2013 | `_resident` | done |
| State Council office 2018/81 | residents' permits of Hong Kong, Macao, Taiwan: same form, 81 to 83 | `_resident` | done |
| permit of Hong Kong and Macao | H or M and eight digits, without the two of the issue | `_permit_hm` | done |
| permit of Taiwan | eight digits | `_permit_tw` | done |
| ICAO 9303 | a passport is known by its number and its issuer together | `_passport` | done |
| immigration office 2023 | permanent residence: 3 letters and 12 digits; new: 18 from 9 on, with check | `_pr_card` | done |
| UCI ID | 11 digits; the last two are the first nine modulo 97, with 97 for 0 | `examine_uci_id` | done |

Nothing here tells whether a document exists or whose it is, nor whether a birth date lies in the future: no clock.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from stdnum.iso7064 import mod_11_2

Sex = Literal["M", "F"]

_PREFIXES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65"
PROVINCES = frozenset(_PREFIXES.split())
"""First two digits of the 31 provinces, autonomous regions and municipalities of the mainland (GB/T 2260)."""

HMT = frozenset({"81", "82", "83"})
"""Hong Kong, Macao and Taiwan, as their residents' permits write them."""

_SPELLING = {
    **{0xFF00 + code - 0x20: chr(code).upper() for code in range(0x21, 0x7F)},
    **{code: chr(code).upper() for code in range(ord("a"), ord("z") + 1)},
    **dict.fromkeys(map(ord, "-－‐‑‒–—―−.．·"), ""),
}
"""Full-width characters and small letters to what they stand for, and what people part a number with to nothing."""

OLDEST_YEAR = 1900
"""No living rider was born before; a year like 0199 is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a document number says.

    `number` is its normal form. `problem` is None or a code: `length`, `characters`, `fifteen_digits`,
    `unknown_province`, `no_such_date`, `check_digit`, `country_missing`, `unknown_kind`. `born` and `sex` are those
    written in the number, None where it tells neither or is not valid. `province` is two digits of GB/T 2260: where
    the number was first registered, which is never evidence of where its owner lives.
    """

    kind: str
    number: str
    valid: bool
    problem: str | None = None
    born: date | None = None
    sex: Sex | None = None
    province: str | None = None


@dataclass(frozen=True, slots=True)
class UciId:
    """A UCI ID. `stored` is its eleven digits, empty if it has not that form.

    `problem` is None, `length`, `characters` or `check_digit`. A failed check is a warning and never a refusal: such
    numbers stand in official results.
    """

    stored: str
    valid: bool
    problem: str | None = None


def normal(number: str) -> str:
    """The one spelling of a number: full-width characters folded, no blanks, dashes or dots, upper case."""
    return "".join(number.translate(_SPELLING).split())


def examine(kind: str, number: str, *, country: str = "") -> Examined:
    """Judge a document number by itself.

    `kind` is one of KINDS; `country`, the issuer of a passport, is any code and only has to be there. What is wrong is
    a value in the answer; nothing is raised.
    """
    spelt = normal(number)
    judge = KINDS.get(kind)
    if judge is None:
        return Examined(kind, spelt, False, "unknown_kind")
    if kind == "passport" and not country.strip():
        return Examined(kind, spelt, False, _passport(kind, spelt).problem or "country_missing")
    return judge(kind, spelt)


def examine_uci_id(text: str) -> UciId:
    """Judge a UCI ID: eleven digits, of which the last two are the first nine modulo 97, with 97 for 0."""
    spelt = normal(text)
    if not _digits(spelt):
        return UciId("", False, "characters" if spelt else "length")
    if len(spelt) != 11:
        return UciId("", False, "length")
    check = int(spelt[:9]) % 97 or 97
    return UciId(spelt, True) if check == int(spelt[9:]) else UciId(spelt, False, "check_digit")


def masked(number: str) -> str:
    """A number as it may be shown: only its last two characters, eighteen of them grouped like on the card.

    A number of two characters or fewer is hidden whole.
    """
    spelt = normal(number)
    hidden = "*" * len(spelt) if len(spelt) <= 2 else "*" * (len(spelt) - 2) + spelt[-2:]
    return f"{hidden[:6]} {hidden[6:14]} {hidden[14:]}" if len(hidden) == 18 else hidden


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _resident(kind: str, number: str) -> Examined:
    """A resident number, or a residence permit of the same form: read from left to right, the check last."""
    if kind == "resident" and len(number) == 15 and _digits(number):
        return Examined(kind, number, False, "fifteen_digits")
    if problem := _form_of_eighteen(number):
        return Examined(kind, number, False, problem)
    if number[:2] not in (PROVINCES if kind == "resident" else HMT):
        return Examined(kind, number, False, "unknown_province")
    born = _born(number)
    if born is None:
        return Examined(kind, number, False, "no_such_date")
    if not mod_11_2.is_valid(number):
        return Examined(kind, number, False, "check_digit")
    return Examined(kind, number, True, None, born, "M" if int(number[16]) % 2 else "F", number[:2])


def _form_of_eighteen(number: str) -> str | None:
    """The problem of what should be seventeen digits and a digit or X."""
    if not re.fullmatch(r"[0-9]*[0-9X]?", number):
        return "characters"
    return None if len(number) == 18 else "length"


def _born(number: str) -> date | None:
    """The birth date in characters 7 to 14 of eighteen, None if the calendar has no such day."""
    year, month, day = int(number[6:10]), int(number[10:12]), int(number[12:14])
    if year < OLDEST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _formed(kind: str, number: str, form: str, lengths: range) -> Examined:
    """A number that has a form and no check: the wrong length is said before the wrong characters."""
    if len(number) not in lengths:
        return Examined(kind, number, False, "length")
    return Examined(kind, number, True) if re.fullmatch(form, number) else Examined(kind, number, False, "characters")


def _permit_hm(kind: str, number: str) -> Examined:
    return _formed(kind, number, "[HM][0-9]{8}", range(9, 10))


def _permit_tw(kind: str, number: str) -> Examined:
    return _formed(kind, number, "[0-9]{8}", range(8, 9))


def _passport(kind: str, number: str) -> Examined:
    return _formed(kind, number, "[A-Z0-9]+", range(5, 16))


def _pr_card(kind: str, number: str) -> Examined:
    """A foreigner's permanent residence: of the old form nothing is derived, of the new one the birth date."""
    if len(number) == 15:
        return _formed(kind, number, "[A-Z]{3}[0-9]{12}", range(15, 16))
    if len(number) != 18:
        return Examined(kind, number, False, "length")
    if _form_of_eighteen(number) or number[0] != "9":
        return Examined(kind, number, False, "characters")
    born = _born(number)
    if born is None:
        return Examined(kind, number, False, "no_such_date")
    if not mod_11_2.is_valid(number):
        return Examined(kind, number, False, "check_digit")
    return Examined(kind, number, True, born=born)


def _uci_id(kind: str, number: str) -> Examined:
    judged = examine_uci_id(number)
    return Examined(kind, number, judged.valid, judged.problem)


KINDS: Mapping[str, Callable[[str, str], Examined]] = {
    "resident": _resident,
    "residence_permit_hmt": _resident,
    "permit_hm": _permit_hm,
    "permit_tw": _permit_tw,
    "passport": _passport,
    "pr_card": _pr_card,
    "uci_id": _uci_id,
}
