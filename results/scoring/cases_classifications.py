"""Worked cases of what is computed from several results, and of when a result is official: see `cases`."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from . import general, points, publishing, series, teams

Case = Mapping[str, Any]
MS = 1_000
#: A prologue is a time trial (UCI 2.6.006).
KIND_OF_STAGE: Mapping[str, Literal["road", "itt", "ttt"]] = {"itt": "itt", "prologue": "itt", "ttt": "ttt"}


def _general(given: Case) -> dict[str, Any]:
    stages = [
        general.Stage(
            KIND_OF_STAGE.get(stage.get("type", "road"), "road"),
            {
                int(bib): general.StageResult(
                    result["t"] * MS, result.get("place"), result.get("bonus", 0), result.get("penalty", 0)
                )
                for bib, result in stage["results"].items()
            },
        )
        for stage in given["stages"]
    ]
    ranked = general.rank(stages)
    best = ranked[0].line.total_s if ranked else 0
    return {"rows": [[rank, line.bib, line.total_s, line.total_s - best] for rank, line, _ in ranked]}


def _team(given: Case) -> dict[str, Any]:
    finishers = [
        teams.Finisher(one["team"], one["pos"], one["time_s"], one.get("bib", 0))
        for one in given["finishers"]
        if one.get("pos") is not None and one.get("time_s") is not None
    ]
    ranked = teams.rank(finishers, given.get("count", 3))
    return {"rows": [[rank, line.team, line.time_s] for rank, line, _ in ranked]}


def _points(given: Case) -> dict[str, Any]:
    lines = []
    for sprint in given["sprints"]:
        crossed = sprint["order"] if isinstance(sprint, Mapping) else sprint
        own: Case = sprint if isinstance(sprint, Mapping) else {}
        heats = tuple(tuple(group) if isinstance(group, list) else (group,) for group in crossed)
        lines.append(points.Line(heats, tuple(own.get("table", given.get("table", ()))), own.get("category", 0)))
    places: dict[int, int] = {}
    for group in given["finish"]:
        bibs = group if isinstance(group, list) else [group]
        places |= dict.fromkeys(bibs, len(places) + 1)
    ranked = points.rank(lines, places)
    return {"rows": [[rank, line.bib, line.points] for rank, line, _ in ranked]}


def _series(given: Case) -> dict[str, Any]:
    ranked = series.rank(given["table"], given["rounds"], given.get("best"))
    return {"rows": [[rank, line.key, line.points] for rank, line, _ in ranked]}


def _us(instant: str) -> int:
    return (datetime.fromisoformat(instant) - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // timedelta(
        microseconds=1
    )


def _workflow(given: Case) -> dict[str, Any]:
    """A correction of an official result, reads after it, or the attempt to make one official: by what is given."""
    answer: dict[str, Any] = {}
    if "correction_at" in given:
        allowed = publishing.may_correct(_us(given["race_end"]), _us(given["correction_at"]), given["reason"])
        version = given.get("version", 1)
        answer |= {"allowed": allowed, "new_version": version + 1 if allowed else None}
    if "new_reads" in given:
        items = publishing.late_reads(given["official"], given["new_reads"])
        answer |= {"result_changes": not given["official"], "flag": items[0] if items else None}
    if "try_official_at" in given:
        filed, decided = given.get("protest_at"), given.get("protest_decided_at")
        protests = [publishing.Protest(_us(filed), None if decided is None else _us(decided))] if filed else []
        window_us = given.get("window_min", 30) * 60_000_000
        posted_us = _us(given["posted_at"]) if given.get("posted_at") else None
        bars = publishing.bars_to_official(posted_us, _us(given["try_official_at"]), protests, window_us)
        answer |= {"can_be_official": not bars, "why": bars[-1] if bars else None}
    return answer


KINDS: Mapping[str, Callable[[Case], dict[str, Any]]] = {
    "gc": _general,
    "team": _team,
    "points": _points,
    "series": _series,
    "workflow": _workflow,
}
