"""Pure: a phone number as it is dialled from anywhere. One place, for what is kept and for what it is found by."""

from __future__ import annotations

import unicodedata

import phonenumbers

HOME = "CN"
CHINA = 86
SHORTEST = 9  # digits of an area and a number in China; a mobile has eleven


def dialled(value: str) -> str:
    """The number with its country, `+8613800000000`; empty for what is none. Without a country it is one of China."""
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", value), HOME)
    except phonenumbers.NumberParseException:
        return ""
    # Only in full: 12345 is possible too, as a local number without its area, and nobody dials it from elsewhere.
    whole = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    short = number.country_code == CHINA and len(str(number.national_number)) < SHORTEST
    if number.extension or not whole or short:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
