"""A board as lines that people read, in the language in force: the one way papers, sheets and files write a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.translation import get_language, pgettext

from race.models.edition import in_language
from ui import times

#: In which order those without a place stand under the result.
OUT = ("LAP", "OTL", "DNF", "NR", "DNS", "DSQ", "racing", "waiting")
HOME = "CHN"


@dataclass(frozen=True, slots=True)
class ResultLine:
    """A rider's line. `result` is what stands in the column: a time, a gap, laps down, or empty. `time_ms` as published."""

    bib: int
    rank: int | None
    status: str
    name: str
    team: str
    represents: str
    category: str
    result: str
    time_ms: int | None
    gap_ms: int | None
    laps: int
    down: int
    same_time: bool
    relegated: bool
    rider: Mapping[str, Any]


def lines(board: Mapping[str, Any]) -> list[ResultLine]:
    """The lines of a board (docs/api.md), those ranked together one after another, in display order."""
    rows = [dict(zip(board["columns"], row, strict=True)) for row in board["rows"]]
    riders = board["riders"]
    made, before = [], None
    for row in rows:
        rider = riders[str(row["bib"])]
        timed = row["status"] == "FIN" and row["rank"] is not None and row["time_ms"] is not None
        here = (rider["category"], row["time_ms"] // 1000) if timed else None
        made.append(_line(row, rider, same=here is not None and here == before))
        before = here or before
    return made


def _line(row: Mapping[str, Any], rider: Mapping[str, Any], *, same: bool) -> ResultLine:
    return ResultLine(
        row["bib"], row["rank"], row["status"], name(rider), in_language(*rider["team"]), represents(rider),
        rider["category"], _result(row, same), row["time_ms"], row["gap_ms"], row["laps"], row["down"] or 0, same,
        "REL" in row["flags"], rider,
    )  # fmt: skip


def _result(row: Mapping[str, Any], same: bool) -> str:
    language = get_language() or "zh-hans"
    if row["status"] == "LAP" or (row["status"] == "racing" and row["down"]):
        return times.laps_down(row["down"], language) if row["down"] else ""
    if row["status"] != "FIN" or row["time_ms"] is None:
        return ""
    if same:
        return times.same_time(language)
    return times.gap(row["gap_ms"]) if row["gap_ms"] else times.race_time(row["time_ms"])


def name(rider: Mapping[str, Any]) -> str:
    """A name as a paper prints it: in Chinese a foreigner's is followed by how it is written in the passport."""
    if rider["nation"] in ("", HOME) or rider["zh"] == rider["latin"]:
        return in_language(rider["zh"], rider["latin"])
    return in_language(f"{rider['zh']} {rider['latin']}", rider["latin"])


def represents(rider: Mapping[str, Any]) -> str:
    """The region at home, the nation's code abroad."""
    if rider["nation"] in ("", HOME):
        return in_language(*rider["region"])
    return str(rider["nation"])


def ranked(all_lines: Iterable[ResultLine]) -> list[ResultLine]:
    """Those with a place."""
    return [line for line in all_lines if line.rank is not None]


def out(all_lines: Iterable[ResultLine]) -> list[tuple[str, list[ResultLine]]]:
    """Those without a place, by status in the order of OUT, each by number."""
    left = sorted((line for line in all_lines if line.rank is None), key=lambda line: (_place(line.status), line.bib))
    return [(status, list(members)) for status, members in groupby(left, key=lambda line: line.status)]


def _place(status: str) -> int:
    return OUT.index(status) if status in OUT else len(OUT)


def by_category(
    all_lines: Sequence[ResultLine], named: Sequence[Mapping[str, str]]
) -> list[tuple[str, list[ResultLine]]]:
    """The lines of each category with its name, where a race ranks several; else all of them under no name."""
    found = {one["code"]: in_language(one["zh"], one["en"]) for one in named}
    codes = [code for code in found if any(line.category == code for line in all_lines)]
    firsts = sum(line.rank == 1 for line in all_lines)
    if len(codes) < 2 or firsts < 2:
        return [("", list(all_lines))]
    return [(found[code], [line for line in all_lines if line.category == code]) for code in codes]


def status_word(status: str) -> str:
    """What has become of those without a place: the word, and the letters of the sport."""
    words = {
        "LAP": pgettext("result", "Laps down (LAP)"), "OTL": pgettext("result", "Over the time limit (OTL)"),
        "DNF": pgettext("result", "Did not finish (DNF)"), "DNS": pgettext("result", "Did not start (DNS)"),
        "DSQ": pgettext("result", "Disqualified (DSQ)"), "NR": pgettext("result", "No result (NR)"),
        "racing": pgettext("result", "On course"), "waiting": pgettext("result", "Not started"),
    }  # fmt: skip
    return words.get(status, status)


def standing_word(standing: str) -> str:
    """How far a result has come."""
    words = {
        "live": pgettext("result", "Live order"), "provisional": pgettext("result", "Provisional result"),
        "official": pgettext("result", "Official result"), "amended": pgettext("result", "Amended official result"),
    }  # fmt: skip
    return words[standing]
