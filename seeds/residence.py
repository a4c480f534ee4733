"""Where riders come from, and the synthetic numbers they carry.

Nothing here is anybody's: resident numbers take their sequence from 990-999, telephone numbers count up from a
round number, passports from a round number, and everything made of them is marked `is_synthetic`.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import NamedTuple

# One district of each of the 31 mainland provinces: the first six digits of a synthetic resident number.
DISTRICTS: dict[str, str] = {
    "11": "110101",
    "12": "120101",
    "13": "130102",
    "14": "140101",
    "15": "150102",
    "21": "210102",
    "22": "220102",
    "23": "230102",
    "31": "310101",
    "32": "320102",
    "33": "330102",
    "34": "340104",
    "35": "350102",
    "36": "360102",
    "37": "370102",
    "41": "410302",
    "42": "420102",
    "43": "430102",
    "44": "440103",
    "45": "450102",
    "46": "460102",
    "50": "500101",
    "51": "510104",
    "52": "520102",
    "53": "530102",
    "54": "540102",
    "61": "610102",
    "62": "620102",
    "63": "630102",
    "64": "640102",
    "65": "650102",
}

# Riders in a thousand or so: the home province first, its neighbours next, everybody else a few.
WEIGHTS: dict[str, int] = {
    "41": 430,
    "14": 75,
    "61": 72,
    "37": 60,
    "13": 58,
    "42": 52,
    "34": 45,
    "32": 45,
    "11": 32,
    "44": 28,
    "33": 28,
    "51": 26,
    "43": 24,
    "31": 18,
    "21": 16,
    "12": 16,
    "36": 16,
    "35": 14,
    "50": 14,
    "62": 14,
    "15": 14,
    "53": 12,
    "52": 12,
    "45": 12,
    "22": 10,
    "23": 10,
    "64": 8,
    "65": 12,
    "63": 6,
    "46": 5,
    "54": 5,
}

SYNTHETIC_SEQUENCES = range(990, 1000)
_CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


class Province(NamedTuple):
    """A province-level division: two-digit prefix, six-digit code, short name in Chinese and English."""

    prefix: str
    code: str
    zh: str
    en: str


def provinces() -> dict[str, Province]:
    """Return the 31 mainland provinces by their two-digit prefix."""
    listed = json.loads((Path(__file__).parent / "provinces.json").read_text("utf-8"))["provinces"]
    return {
        row["prefix"]: Province(row["prefix"], row["code"], row["zh_short"], row["en"])
        for row in listed
        if row["mainland_31"]
    }


def check_digit(first17: str) -> str:
    """Return the eighteenth character of a resident number (GB 11643: weighted sum modulo 11)."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _CHECK_WEIGHTS, strict=True))
    return _CHECK_DIGITS[total % 11]


def resident_number(prefix: str, born: datetime.date, female: bool, index: int) -> str:
    """Return a synthetic resident number: valid check digit, sequence 990-999, even for women and odd for men.

    `index` (0-4) tells apart riders of one district, birthday and sex; IndexError says that the range is used up.
    """
    sequence = [number for number in SYNTHETIC_SEQUENCES if number % 2 == (0 if female else 1)][index]
    first17 = f"{DISTRICTS[prefix]}{born:%Y%m%d}{sequence}"
    return first17 + check_digit(first17)


def passport_number(nation: str, index: int) -> str:
    """Return a synthetic passport number in the shape the nation uses, counting up from a round number."""
    return f"AX9{index:05d}" if nation == "COL" else f"MP9{index:06d}"


def phone_number(nation: str, index: int) -> str:
    """Return a synthetic telephone number in E.164, counting up from a round number."""
    if nation == "COL":
        return f"+57300000{index:04d}"
    if nation == "BLR":
        return f"+37529100{index:04d}"
    return f"+8613800{index:06d}"
