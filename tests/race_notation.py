"""Races written as a judge's sheet, and standings read back as one.

    gun    8:30 11 12          a wave leaves; its riders are signed on
    gun    8:35 21 wave B      another wave
    absent 13                  on the start list, not signed on
    finish 11 8:42 8:54:30.5   crossings of the line
    point  CP1 11 8:35         crossings of another point
    dsq    12                  a ruling: kind, bib, then key=value (an `at` is a time of day)
    judge  11 12=13            the judge's order; = is a dead heat

A line may start with # to be a note. Times of day are those of 25 May 2024, as UTC; only differences matter.
"""

from dataclasses import replace
from typing import Any

from results.scoring.gaps import gap_text, time_text
from results.scoring.race_facts import EntryFact, RaceFacts, Rules, RulingFact, Standings, WaveFact
from timing.passings import Passing

MIDNIGHT_US = 1_716_595_200_000_000
SECOND_US = 1_000_000

STATUS_WORDS = {"FIN": "finished", "racing": "racing", "waiting": "waiting"}


def instant(text: str) -> int:
    """`8:30`, `8:54:30` or `8:54:30.25` as UTC microseconds."""
    clock, _, fraction = text.partition(".")
    hours, minutes, seconds = ([int(part) for part in clock.split(":")] + [0])[:3]
    return MIDNIGHT_US + ((hours * 60 + minutes) * 60 + seconds) * SECOND_US + int(fraction.ljust(6, "0"))


class Sheet:
    """The sheet while it is being read."""

    def __init__(self) -> None:
        self.waves: list[WaveFact] = []
        self.entries: list[EntryFact] = []
        self.passings: list[Passing] = []
        self.rulings: list[RulingFact] = []
        self.judge: list[tuple[int, ...]] = []
        self.points: list[str] = []
        self.closed = False

    def gun(self, at: str, *words: str) -> None:
        wave = words[words.index("wave") + 1] if "wave" in words else ""
        bibs = words[: words.index("wave")] if "wave" in words else words
        self.waves.append(WaveFact(wave, None if at == "-" else instant(at)))
        self.entries += [EntryFact(int(bib), wave, wave, signed_on=True) for bib in bibs]

    def absent(self, *bibs: str) -> None:
        self.entries += [EntryFact(int(bib)) for bib in bibs]

    def finish(self, bib: str, *times: str) -> None:
        self.passings += [Passing(int(bib), "F", instant(at)) for at in times]

    def point(self, code: str, bib: str, *times: str) -> None:
        if code not in self.points:
            self.points.append(code)
        self.passings += [Passing(int(bib), code, instant(at)) for at in times]

    def order(self, *places: str) -> None:
        self.judge += [tuple(int(bib) for bib in place.split("=")) for place in places]

    def ruling(self, kind: str, *words: str) -> None:
        bib = int(words[0]) if words and "=" not in words[0] else None
        detail: dict[str, Any] = {}
        for key, _, value in (word.partition("=") for word in words if "=" in word):
            if key == "at":
                detail["at_us"] = instant(value)
            else:
                detail[key] = value == "yes" if value in ("yes", "no") else int(value)
        self.rulings.append(RulingFact(len(self.rulings) + 1, kind, bib, detail))


def race_log(text: str, **rules: Any) -> RaceFacts:
    """Facts of a race from its sheet; rules by name, the wheel allowance 0 unless given."""
    sheet = Sheet()
    closed = False
    for line in text.splitlines():
        word, *words = line.split() or ["#"]
        if word == "#":
            continue
        if word == "close":
            closed = True
        elif word == "judge":
            sheet.order(*words)
        elif word in ("gun", "absent", "finish", "point"):
            getattr(sheet, word)(*words)
        else:
            sheet.ruling(word, *words)
    given = {"wheel_us": 0, "points": (*sheet.points, "F"), **rules}
    sheet.passings.sort(key=lambda passing: passing.at_us)
    return RaceFacts(
        tuple(sheet.waves),
        tuple(sheet.entries),
        tuple(sheet.passings),
        tuple(sheet.rulings),
        replace(Rules(), **given),
        tuple(sheet.judge),
        closed,
    )


def table(standings: Standings) -> list[str]:
    """Place, bib, laps, status: `1 11 2 finished`; `-` for no place."""
    return [
        f"{row.rank or '-'} {row.bib} {row.laps} {STATUS_WORDS.get(row.status, row.status)}" for row in standings.rows
    ]


def sheet(standings: Standings) -> list[str]:
    """Place, bib, status, time, gap: `1 11 FIN 0:24:00`, `2 12 FIN 0:24:10 +0:10`."""
    lines = []
    for row in standings.rows:
        time = time_text(None if row.time_us is None else row.time_us // SECOND_US)
        gap = gap_text(None if row.gap_us is None else row.gap_us // SECOND_US, row.laps_down)
        lines.append(" ".join(f"{row.rank or '-'} {row.bib} {row.status} {time} {gap}".split()))
    return lines
