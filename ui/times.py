"""How times, gaps and laps are written, everywhere. `static/ui/times.js` is the same in the browser; a test holds them equal.

| written | means |
|---|---|
| `2:09:47`, `58:03` | a race time; seconds are cut, not rounded, as published times are |
| `+0:12` | a gap to the leader |
| 同时 / s.t. | the same time as the rider before |
| −1圈 / −1 lap | laps down (U+2212, so that it stands as wide as a plus) |
| `10:39:49.912` | a time of day for officials |
| – | nothing |
"""

from __future__ import annotations

NOTHING = "–"
MINUS = "\N{MINUS SIGN}"


def race_time(ms: int | None) -> str:
    """A duration of `ms` milliseconds as `h:mm:ss`, or `m:ss` under an hour."""
    if ms is None:
        return NOTHING
    minutes, seconds = divmod(max(ms, 0) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def gap(ms: int | None) -> str:
    """A gap of `ms` milliseconds to the leader: `+0:12`."""
    return NOTHING if ms is None else f"+{race_time(ms)}"


def same_time(language: str) -> str:
    """The word for a rider who is given the time of the rider before."""
    return "s.t." if language.startswith("en") else "同时"


def laps_down(laps: int, language: str) -> str:
    """How many whole laps a rider is behind: `−1圈`, `−2 laps`."""
    if not language.startswith("en"):
        return f"{MINUS}{laps}圈"
    return f"{MINUS}{laps} {'lap' if laps == 1 else 'laps'}"


def officials_time(ms_of_day: int | None) -> str:
    """A time of day to the millisecond, from milliseconds since midnight: `10:39:49.912`."""
    if ms_of_day is None:
        return NOTHING
    seconds, ms = divmod(ms_of_day, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}.{ms:03}"
