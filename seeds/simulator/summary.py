"""What a playing came to, for machines and for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from seeds.simulator.checker import Verdict
from seeds.simulator.faults import Fault
from seeds.simulator.ledger import Ledger, Tally
from seeds.simulator.weekend import Weekend

COUNTS = (
    "riders",
    "reads_sent",
    "reads_stored",
    "duplicates",
    "rejected",
    "finishers",
    "positions_wrong",
    "times_wrong",
)
Summary = Mapping[str, Any]


def summarise(
    weekend: Weekend,
    ledger: Ledger,
    verdict: Verdict,
    faults: Sequence[Fault],
    missing_faults: Sequence[str],
    seconds: float,
) -> Summary:
    """Return the summary: `ok` only if every place and time is right, nothing is lost and every fault asked for came.

    The duplicates and rejects of a race are the sender's count, those of the totals the receiver's.
    """
    tallies = ledger.tallies(weekend.truths)
    races = {slug: _race(weekend, slug, tallies[slug], verdict) for slug in weekend.truths}
    strangers = tallies[""]
    totals = {name: sum(race[name] for race in races.values()) for name in COUNTS}
    totals["reads_sent"] += strangers.sent
    totals["reads_stored"] += _stored(strangers, verdict) + len(verdict.strange)
    totals["duplicates"] = verdict.told.known
    totals["rejected"] = verdict.told.rejected
    totals["unknown"] = len(strangers.identities)
    totals["lost"] = len(verdict.missing)
    totals["strange"] = len(verdict.strange)
    balanced = all(
        count["reads_sent"] == count["reads_stored"] + count["duplicates"] + count["rejected"]
        for count in [*races.values(), totals]
    )
    return {
        "ok": verdict.right and balanced and not missing_faults,
        "seed": weekend.seed,
        "races": races,
        "totals": {**totals, "transmissions_lost": ledger.lost},
        "faults": [asdict(fault) for fault in faults],
        "faults_missing": list(missing_faults),
        "seconds": round(seconds, 1),
    }


def _race(weekend: Weekend, slug: str, tally: Tally, verdict: Verdict) -> dict[str, int]:
    difference = verdict.differences[slug]
    return {
        "riders": len(weekend.starters[slug]),
        "reads_sent": tally.sent,
        "reads_stored": _stored(tally, verdict),
        "duplicates": tally.duplicates,
        "rejected": tally.rejected,
        "finishers": difference.finishers,
        "positions_wrong": difference.positions_wrong,
        "times_wrong": difference.times_wrong,
    }


def _stored(tally: Tally, verdict: Verdict) -> int:
    """Count what the system says it holds of these reads; a read that is there twice counts twice."""
    return sum(verdict.reads.get(identity, 0) for identity in tally.identities)


def table(summary: Summary) -> str:
    """Return the summary as a table to read."""
    heads = ("race", *(name.replace("_", " ") for name in COUNTS))
    lines = [(slug, *(str(race[name]) for name in COUNTS)) for slug, race in summary["races"].items()]
    lines.append(("all", *(str(summary["totals"][name]) for name in COUNTS)))
    widths = [max(len(line[column]) for line in [heads, *lines]) for column in range(len(heads))]
    rows = [
        "  ".join(cell.ljust(width) if not column else cell.rjust(width)
                  for column, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in [heads, *lines]
    ]  # fmt: skip
    totals = summary["totals"]
    rows.append(
        f"reads of no race {totals['unknown']}, lost {totals['lost']}; "
        f"transmissions lost on the way and sent again {totals['transmissions_lost']}"
    )
    rows += [f"fault: {fault['kind']}, whole again after {fault['back_after_s']:.1f} s" for fault in summary["faults"]]
    rows += [f"fault that did not happen: {kind}" for kind in summary["faults_missing"]]
    rows.append(f"{'RIGHT' if summary['ok'] else 'WRONG'} (seed {summary['seed']}, {summary['seconds']} s)")
    return "\n".join(rows)
