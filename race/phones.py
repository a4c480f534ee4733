"""Pure: a phone number as it is dialled from anywhere. One place, for what is kept and for what it is found by."""

from __future__ import annotations

import unicodedata

import phonenumbers

HOME = "CN"


def dialled(value: str) -> str:
    """The number with its country, `+8613800000000`; empty for what is none. Without a country it is one of China."""
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", value), HOME)
    except phonenumbers.NumberParseException:
        return ""
    if number.extension or not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
