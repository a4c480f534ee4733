"""The board: standings of a race at a revision, as the public sees them. One encoder for the stream, the API and the press.

The shape is described in docs/api.md ("The board"). It holds no identity data: names, teams, regions and nations only.
"""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from race.clock import Segment
from results import result_rules
from results.facts import Known
from results.scoring.race_facts import Row, Standings
from timing.clocks import EPOCH

COLUMNS = ("bib", "rank", "status", "laps", "time_ms", "gap_ms", "down", "group", "lap_ms", "move", "flags")
MOST_EVENTS = 20
SHOWN_IN_GROUP = 6
#: A strung-out race falls apart into as many groups as riders; beyond these nobody looks for a letter.
MOST_GROUPS = 26


def as_json(known: Known, standings: Standings, clock: Segment | None) -> dict[str, Any]:
    """The whole board as plain values, in the order of docs/api.md."""
    race, zone = known.ground.race, ZoneInfo(known.ground.race.edition.zone)
    guns = [wave.gun_us for wave in known.facts.waves if wave.gun_us is not None]
    gun_us = min(guns, default=None)
    last = max((row.crossings[-1] for row in standings.rows if row.crossings), default=None)
    winner = next((row for row in standings.rows if row.rank == 1 and row.status == "FIN"), None)
    shown = {group.key for group in standings.groups[:MOST_GROUPS]}
    return {
        "v": 1,
        "race": race.slug,
        "edition": race.edition.slug,
        "revision": known.ground.revision,
        "phase": phase(known, gun_us),
        "standing": known.ground.posted.standing if known.ground.posted else "live",
        "publication": publication(known, zone),
        "disputed": known.ground.disputed,
        "clock": clock,
        "planned": known.ground.planned.astimezone(zone).isoformat() if known.ground.planned else None,
        "gun": moment(gun_us, zone),
        "last": moment(last, zone),
        "finished_at": moment(winner.crossings[-1] if winner and winner.crossings else None, zone),
        "laps": known.facts.rules.laps,
        "lap_m": race.course.lap_m,
        "start_m": 0,
        "leader": _leader(known, standings, gun_us),
        "counts": _counts(known, standings, begun=phase(known, gun_us) != "upcoming"),
        "groups": _groups(known, standings, gun_us, zone),
        "columns": COLUMNS,
        "rows": [_row(row, shown) for row in standings.rows],
        "riders": {str(row["bib"]): _rider(row) for row in known.ground.entries},
        "events": _events(known, standings, gun_us, zone),
        "chart": _chart(standings),
        "warnings": standings.warnings,
    }


def publication(known: Known, zone: ZoneInfo) -> dict[str, Any] | None:
    """The newest publication: its version, when it was posted, until when it can be protested, its communiqué."""
    posted = known.ground.posted
    if posted is None:
        return None
    minutes = result_rules.of(known.ground.race.edition).protest_minutes
    until_us = None if posted.at_us is None else posted.at_us + minutes * 60_000_000
    return {
        "version": posted.version,
        "at": moment(posted.at_us, zone),
        "protest_until": moment(until_us, zone),
        "revision": posted.revision,
        "communique": posted.communique,
        "code": posted.code,
    }


def held(frozen: dict[str, Any], known: Known, clock: Segment | None) -> dict[str, Any]:
    """The board of an official result: the lines as they were published, and what is known beside them now."""
    zone = ZoneInfo(known.ground.race.edition.zone)
    posted = known.ground.posted
    return frozen | {
        "revision": known.ground.revision,
        "clock": clock,
        "standing": posted.standing if posted else "live",
        "publication": publication(known, zone),
        "disputed": known.ground.disputed,
    }


def phase(known: Known, gun_us: int | None) -> str:
    """Upcoming until the first gun (or, where no gun is known, the first lap), closed once a commissaire closed the race."""
    if known.facts.closed:
        return "closed"
    begun = gun_us is not None or (known.facts.rules.without_gun and bool(known.facts.passings))
    return "live" if begun else "upcoming"


def moment(at_us: int | None, zone: ZoneInfo) -> str | None:
    """UTC microseconds as ISO 8601 in the venue's zone, to the millisecond."""
    if at_us is None:
        return None
    return (EPOCH + timedelta(microseconds=at_us)).astimezone(zone).isoformat(timespec="milliseconds")


def _ms(value_us: int | None) -> int | None:
    return None if value_us is None else value_us // 1000


def _row(row: Row, shown: set[str]) -> list[Any]:
    """A line of the board, in the order of COLUMNS; `shown` are the groups the board lists."""
    flags = [*row.flags, "REL"] if row.relegated and "REL" not in row.flags else list(row.flags)
    return [
        row.bib, row.rank, row.status, row.laps, _ms(row.time_us), _ms(row.gap_us), row.laps_down,
        row.group if row.group in shown else "",
        _ms(row.last_lap_us), row.move, flags,
    ]  # fmt: skip


def _rider(row: dict[str, Any]) -> dict[str, Any]:
    latin = f"{row['surname'].upper()} {row['given']}".strip()
    return {
        "zh": row["name_zh"] or latin,
        "latin": latin or row["name_zh"],
        "team": [row["team_zh"], row["team_en"] or row["team_zh"]],
        "region": [row["region_zh"], row["region_en"] or row["region_zh"]],
        "nation": row["nation"],
        "category": row["category"],
    }


def _leader(known: Known, standings: Standings, gun_us: int | None) -> dict[str, Any] | None:
    if standings.leader is None:
        return None
    row = standings.row(standings.leader)
    if not row.crossings or gun_us is None:
        return None
    ridden_us = row.crossings[-1] - gun_us
    metres = row.laps * known.ground.race.course.lap_m
    speed = round(metres * 36_000_000 / ridden_us) / 10 if ridden_us > 0 else None
    return {
        "bib": row.bib,
        "laps": row.laps,
        "time_ms": ridden_us // 1000,
        "speed": speed,
        "lap_ms": _ms(row.last_lap_us),
    }


def _counts(known: Known, standings: Standings, *, begun: bool) -> dict[str, int]:
    by = Counter(row.status for row in standings.rows)
    lapped = sum(1 for row in standings.rows if row.status == "racing" and row.laps_down > 0)
    entered = len(known.ground.entries)
    signed = sum(1 for row in known.ground.entries if row["signed_on"])
    return {
        "entered": entered,
        "signed_on": signed,
        "started": entered - by["DNS"] - by["waiting"] if begun else 0,
        "racing": by["racing"],
        "finished": by["FIN"],
        "lapped": by["LAP"] + lapped,
        "otl": by["OTL"],
        "dnf": by["DNF"],
        "dns": by["DNS"],
        "dsq": by["DSQ"],
        "nr": by["NR"],
    }


def _groups(known: Known, standings: Standings, gun_us: int | None, zone: ZoneInfo) -> list[dict[str, Any]]:
    return [
        {
            "key": group.key,
            "role": group.role,
            "size": len(group.bibs),
            "bibs": group.bibs[:SHOWN_IN_GROUP],
            "gap_ms": _ms(group.gap_us),
            "trend_ms": _ms(group.trend_us),
            "lap": group.lap,
            "point": group.point,
            "m": known.ground.metres.get(group.point, 0),
            "time_ms": None if gun_us is None else _ms(group.at_us - gun_us),
            "at": moment(group.at_us, zone),
        }
        for group in standings.groups[:MOST_GROUPS]
    ]


def _chart(standings: Standings) -> dict[str, Any]:
    """How far the first rider of each group was behind the leader at each lap; the gun is lap 0, all together."""
    rows = {row.bib: row for row in standings.rows}
    lines: dict[str, list[int]] = {}
    for group in standings.groups[:4]:
        first = rows[group.bibs[0]]
        gaps = [mine - lead for mine, lead in zip(first.crossings, standings.lead_us, strict=False)]
        lines[group.key] = [0, *(max(0, gap) // 1000 for gap in gaps)]
    return {"laps": list(range(len(standings.lead_us) + 1)), "lines": lines}


def _events(known: Known, standings: Standings, gun_us: int | None, zone: ZoneInfo) -> list[dict[str, Any]]:
    """What happened, newest first: changes of the leader, the fastest lap, finish of the winner, rulings about riders."""
    found = _lead_changes(standings) + _fastest(standings, gun_us)
    for row in standings.rows:
        if row.rank == 1 and row.status == "FIN" and row.crossings:
            found.append(
                (row.crossings[-1], {"kind": "finish", "bibs": [row.bib], "lap": row.laps, "ms": _ms(row.time_us)})
            )
        elif row.status in ("DNF", "DSQ") and row.bib in known.ground.ruled_us:
            event = {"kind": row.status.lower(), "bibs": [row.bib], "lap": row.laps}
            found.append((known.ground.ruled_us[row.bib], event))
    found.sort(key=lambda event: (-event[0], event[1]["kind"], event[1]["bibs"]))
    return [{"at": moment(at, zone), **event} for at, event in found[:MOST_EVENTS]]


def _lead_changes(standings: Standings) -> list[tuple[int, dict[str, Any]]]:
    first_at: dict[int, int] = {}
    for lap, lead in enumerate(standings.lead_us):
        for row in standings.rows:
            if len(row.crossings) > lap and row.crossings[lap] == lead:
                first_at[lap] = row.bib
                break
    return [
        (standings.lead_us[lap], {"kind": "lead", "bibs": [first_at[before], first_at[lap]], "lap": lap + 1})
        for before, lap in pairwise(sorted(first_at))
        if first_at[before] != first_at[lap]
    ]


def _fastest(standings: Standings, gun_us: int | None) -> list[tuple[int, dict[str, Any]]]:
    best: tuple[int, int, Row] | None = None
    for row in standings.rows:
        for start, end in pairwise(row.crossings):
            if best is None or (end - start, end) < best[:2]:
                best = (end - start, end, row)
    if best is None:
        return []
    lap_us, at, row = best
    lap = row.crossings.index(at) + 1
    return [(at, {"kind": "fastest", "bibs": [row.bib], "lap": lap, "ms": lap_us // 1000})]


def delta(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What changed from one board to the next: apply to `before` to get `after`. Both as decoded JSON."""
    old = {row[0]: row for row in before["rows"]}
    new = {row[0]: row for row in after["rows"]}
    order = [row[0] for row in after["rows"]]
    change: dict[str, Any] = {
        "race": after["race"],
        "from": before["revision"],
        "to": after["revision"],
        "set": {
            key: value
            for key, value in after.items()
            if key not in ("rows", "riders", "revision") and before.get(key) != value
        },
        "rows": {str(bib): row for bib, row in new.items() if old.get(bib) != row},
        "gone": sorted(set(old) - set(new)),
        "riders": {bib: rider for bib, rider in after["riders"].items() if before["riders"].get(bib) != rider},
    }
    if order != [row[0] for row in before["rows"]]:
        change["order"] = order
    return change
