"""Worked cases: a federation's own examples, run through the scoring core.

A case gives a race in milliseconds from the main gun and the rows it expects: [place, bib, status, laps, time in
seconds, gap in seconds or minus the laps down]. A case without `flags` does not check them; flags are checked for the
bibs it names. Within one unranked status the order of the rows is not checked, as no rule gives one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from race import eligibility, identity
from timing.passings import ChipHeld, Passings, PointRule, ReadFact, derive

from . import cases_classifications, score
from .formats import itt
from .gaps import gap_text, time_text
from .laps import reaches_80_percent
from .race_facts import EntryFact, Limit, RaceFacts, Row, Rules, RulingFact, Standings, WaveFact

Case = Mapping[str, Any]
MS = 1_000
SECOND_US = 1_000_000

EPOCH_US = 1_700_000_000 * SECOND_US
"""Where the cases' main gun stands; reads before it must stay positive instants."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a case. `unsupported`: its kind is not built yet, which is no agreement."""

    case: str
    kind: str
    title: str
    outcome: Literal["agree", "disagree", "unsupported"]
    expected: object = None
    got: object = None


def judge(case: Case) -> Verdict:
    """Run one case. KeyError or ValueError: it is not written in the schema of scoring-cases/1."""
    name, kind, title = str(case["id"]), str(case["kind"]), str(case.get("title", ""))
    answer = KINDS.get(kind)
    if answer is None:
        return Verdict(name, kind, title, "unsupported")
    expected: dict[str, Any] = case["expect"]
    got = answer(case["given"])
    wanted: dict[str, Any] = {key: _settled(value) if key == "rows" else value for key, value in expected.items()}
    named: dict[str, Any] = {key: _settled(got.get(key)) if key == "rows" else got.get(key) for key in wanted}
    if "flags" in wanted:
        wanted["flags"] = {bib: sorted(flags) for bib, flags in wanted["flags"].items()}
        named["flags"] = {bib: got["flags"].get(bib, []) for bib in wanted["flags"]}
    outcome: Literal["agree", "disagree"] = "agree" if wanted == named else "disagree"
    return Verdict(name, kind, title, outcome, wanted, named)


def _settled(rows: object) -> object:
    """Rows with neighbours of one unranked status put in order of bib."""
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == 6 for row in rows):
        return rows
    settled: list[list[Any]] = []
    for row in rows:
        at = len(settled)
        while row[0] is None and at and settled[at - 1][0] is None:
            if settled[at - 1][2] != row[2] or settled[at - 1][1] < row[1]:
                break
            at -= 1
        settled.insert(at, row)
    return settled


def race_facts(given: Case) -> tuple[RaceFacts, Passings]:
    """A mass or laps case as facts, by the same road as real reads: chips, passings, rules."""
    race = given["race"]
    waves = {str(wave): EPOCH_US + int(ms) * MS for wave, ms in race.get("waves", {}).items()}
    riders = given["riders"]
    chips = given.get("chips") or {str(rider["bib"]): rider["bib"] for rider in riders}
    reads = [
        ReadFact(number, read[2] if len(read) > 2 else "F", True, str(read[0]), EPOCH_US + read[1] * MS)
        for number, read in enumerate(given["reads"], start=1)
    ]
    points = (*dict.fromkeys(read.point for read in reads if read.point != "F"), "F")
    passings = derive(
        reads,
        [ChipHeld(chip, bib) for chip, bib in chips.items()],
        [PointRule(point) for point in points],
    )
    entries = tuple(
        EntryFact(
            bib=rider["bib"],
            category=rider.get("cat", ""),
            wave=next((code for code in (rider.get("wave"), rider.get("cat")) if code in waves), ""),
            signed_on=rider.get("checked_in", False),
            ranked=rider.get("ranked", True),
        )
        for rider in riders
    )
    facts = RaceFacts(
        waves=(WaveFact("", EPOCH_US), *(WaveFact(code, gun_us) for code, gun_us in waves.items())),
        entries=entries,
        passings=passings.passings,
        rulings=tuple(_ruling(number, ruling) for number, ruling in enumerate(given.get("decisions", ()), start=1)),
        rules=_rules(race, points),
        judge_order=tuple(tuple(group) for group in given.get("judge", {}).get("order", ())),
        closed=True,
    )
    return facts, passings


def _rules(race: Case, points: tuple[str, ...]) -> Rules:
    limit = race.get("limit", {})
    return Rules(
        laps=race["laps"],
        points=points,
        min_lap_us=race.get("min_lap_ms", 0) * MS,
        gap_us=race.get("gap_ms", 1000) * MS,
        wheel_us=race.get("wheel_ms", 0) * MS,
        bunch=not race.get("no_bunch", False),
        lapped=race.get("lapped", "complete"),
        lapped_ranked=race.get("lapped_ranked", True),
        rank_by=race.get("rank_by", "order"),
        bunch_scope=race.get("bunch_scope", "race"),
        limit=Limit(
            percent=limit.get("pct"),
            after_first_us=None if "after_first_s" not in limit else limit["after_first_s"] * SECOND_US,
            absolute_us=None if "abs_s" not in limit else limit["abs_s"] * SECOND_US,
        ),
        time_point=race.get("time_point"),
        rank_scope="race",
    )


def _ruling(number: int, decision: Case) -> RulingFact:
    """A case's decision with its milliseconds from the gun as instants."""
    detail = {key: value for key, value in decision.items() if key not in ("type", "bib")}
    for key in ("at", "t"):
        if key in detail:
            detail["at_us"] = EPOCH_US + detail.pop(key) * MS
    if "ms" in detail:
        detail["us"] = detail.pop("ms") * MS
    return RulingFact(number, decision["type"], decision.get("bib"), detail)


def _mass(given: Case) -> dict[str, Any]:
    facts, passings = race_facts(given)
    standings = score(facts)
    flags = {str(row.bib): sorted(FLAGS.intersection(row.flags)) for row in standings.rows}
    flags["_unknown"] = [chip for chip, _ in passings.unknown]
    return {"rows": case_rows(standings), "flags": flags}


def case_rows(standings: Standings) -> list[list[Any]]:
    """Standings as the rows of a case."""
    return [
        [row.rank, row.bib, row.status, row.laps, _seconds(row.time_us), _gap(row)]
        for row in standings.rows
    ]  # fmt: skip


def _seconds(time_us: int | None) -> int | None:
    return None if time_us is None else time_us // SECOND_US


def _gap(row: Row) -> int | None:
    return -row.laps_down if row.status == "LAP" else _seconds(row.gap_us)


def _rule80(given: Case) -> dict[str, Any]:
    return {
        "pull": reaches_80_percent(
            given["leader_first_lap_ms"] * MS,
            given["leader_lap_end_ms"] * MS,
            given["rider_lap_end_ms"] * MS,
            given["rider_on_final_lap"],
        )
    }


def _itt(given: Case) -> dict[str, Any]:
    penalties = {int(bib): seconds for bib, seconds in given.get("penalties_s", {}).items()}
    starts = [
        itt.Start(bib, start * MS, None if end is None else end * MS, penalties.get(bib, 0))
        for bib, start, end in given["starts"]
    ]
    return {
        "rows": [
            [row.rank, row.bib, None if row.elapsed_us is None else row.elapsed_us // MS, row.time_s, row.gap_s]
            for row in itt.rank(starts)
        ]
    }


def _format(given: Case) -> dict[str, Any]:
    down = given.get("laps_down", 0)
    same = given.get("same_group_as_previous", False)
    return {
        "time": time_text(given.get("time_s")),
        "gap": gap_text(given.get("gap_s"), down),
        "short": "s.t." if same else gap_text(given.get("gap_s"), down),
        "irm": "LAP" if down else "",
        "uci_result": f"-{down}" if down else time_text(given.get("time_s")),
    }


def _age(given: Case) -> dict[str, Any]:
    born, day = date.fromisoformat(given["born"]), date.fromisoformat(given["race"])
    age = eligibility.uci_age(born, day)
    return {
        "uci_age": age,
        "civil_age": eligibility.civil_age(born, day),
        "uci_category": eligibility.uci_category(given["sex"], age),
    }


FLAGS = frozenset(
    ("duplicate_read", "extra_crossing", "missed_read", "suspect_missed_read", "no_reads", "no_finish_read",
     "tie_needs_photo", "manual", "REL", "penalty")
)  # fmt: skip
"""The flags that cases know; others of ours (a lap that is too short) are no part of their schema."""

CASE_DOCUMENTS: Mapping[str, str] = {"cn_id": "resident"}
"""Documents whose name in the schema is not ours."""


def _id(given: Case) -> dict[str, Any]:
    """A number by itself. A UCI ID that fails is a warning, any other number an error."""
    if given["type"] == "uci_id":
        licence = identity.examine_uci_id(given["value"])
        severity = None if licence.valid else "warning"
        return {"valid": licence.valid, "stored": licence.stored, "severity": severity, "problem": licence.problem}
    kind = CASE_DOCUMENTS.get(given["type"], given["type"])
    if kind == "resident" and identity.normal(given["value"])[:2] in identity.HMT:
        kind = "residence_permit_hmt"  # the same eighteen digits
    number = identity.examine(kind, given["value"], country=given.get("country", ""))
    return {
        "valid": number.valid,
        "stored": number.number,
        "severity": None if number.valid else "error",
        "problem": number.problem,
        "province": number.province,
        "born": None if number.born is None else number.born.isoformat(),
        "sex": number.sex,
    }


KINDS: Mapping[str, Callable[[Case], dict[str, Any]]] = {
    "mass": _mass,
    "laps": _mass,
    "rule80": _rule80,
    "itt": _itt,
    "format": _format,
    "age": _age,
    "id": _id,
    **cases_classifications.KINDS,
}


def judge_all(cases: Sequence[Case]) -> list[Verdict]:
    """Run cases in their order."""
    return [judge(case) for case in cases]
