"""Why a chip may be a rider's, in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from timing.clocks import instant
from timing.suggestions import Reason


def why(reason: Reason, zone: str) -> str:
    """A reason as a few words."""
    told = {"chip": reason.chip, "bib": reason.bib, "time": clock(reason.at_us, zone)}
    words = {
        "same_but_for": _("was handed %(chip)s: only zeros or dashes differ"),
        "swapped": _("was handed %(chip)s: two signs swapped"),
        "one_sign": _("was handed %(chip)s: one sign differs"),
        "part_of": _("was handed %(chip)s: one code is part of the other"),
        "held_later": _("has had this chip only since %(time)s"),
        "held_before": _("had this chip until %(time)s"),
        "neighbours": _("lies in the box beside %(chip)s of number %(bib)s"),
        "no_chip": _("no chip is down for the rider"),
        "no_chip_since": _("gave a chip back at %(time)s, and no other is down"),
        "only_missing": _("the only one not read there then"),
        "missing": _("not read there then"),
        "laps_fit": _("lap times fit"),
        "shared": _("%(chip)s fits as well"),
    }
    return words[reason.code] % told


def all_of(reasons: Iterable[Reason], zone: str) -> str:
    """All reasons in one line."""
    return _(", ").join(why(reason, zone) for reason in reasons)


def clock(us: int | None, zone: str) -> str:
    """Hours and minutes at the venue."""
    return f"{_local(us, zone):%-H:%M}" if us is not None else "–"


def _local(us: int, zone: str) -> datetime:
    return instant(us).astimezone(ZoneInfo(zone))


def laps(numbers: tuple[int, ...]) -> str:
    """`1–4`, `2, 5`: laps as a short text."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{part[0]}–{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
