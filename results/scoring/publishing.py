"""When a result may become official, and when an official one may still be changed.

| article | rule | function | |
|---|---|---|---|
| spec 13, 通用规程 | official once the protest window after publication is over | `bars_to_official` | done |
| spec 13 | and no protest that came in time is undecided | `bars_to_official` | done |
| UCI 1.2.111 | errors in the order of passage are corrected within 30 days of the race's end | `may_correct` | done |
| UCI 1.2.111 | decisions of competent bodies (discipline, doping) are not bound by that | `may_correct` | done |
| spec 13.3 | reads that come after that change nothing by themselves: they are an open item | `late_reads` | done |
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

DAY_US = 86_400_000_000
CORRECTION_US = 30 * DAY_US
PROTEST_WINDOW_US = 30 * 60 * 1_000_000

Cause = Literal["recording_error", "disciplinary", "protest"]


class Protest(NamedTuple):
    """A protest: when it was filed and when it was decided (None: not yet)."""

    filed_us: int
    decided_us: int | None = None


def bars_to_official(
    posted_us: int | None, now_us: int, protests: Iterable[Protest] = (), window_us: int = PROTEST_WINDOW_US
) -> tuple[str, ...]:
    """Why a result cannot be made official now; nothing: it can.

    `not_provisional` (it was never posted), `window_open`, `open_protest`. A protest filed after the window is not
    admitted and bars nothing.
    """
    if posted_us is None:
        return ("not_provisional",)
    end_us = posted_us + window_us
    bars = []
    if now_us < end_us:
        bars.append("window_open")
    if any(
        one.filed_us <= min(now_us, end_us) and (one.decided_us is None or one.decided_us > now_us) for one in protests
    ):
        bars.append("open_protest")
    return tuple(bars)


def may_correct(race_end_us: int, now_us: int, cause: str) -> bool:
    """Whether an official result may be changed now for this cause. A protest that was admitted is decided at any time."""
    return cause in ("disciplinary", "protest") or now_us - race_end_us <= CORRECTION_US


def late_reads(official: bool, reads: int) -> tuple[str, ...]:
    """The open items that new reads make of a result; a result that is not official simply moves."""
    return ("reads_after_official",) if official and reads else ()
