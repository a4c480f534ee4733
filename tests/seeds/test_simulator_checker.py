"""The check has to see what is wrong: in a place, in a time, in the order, in the reads, in the system's own counts."""

import asyncio
import json

import pytest

from seeds.simulator import checker
from seeds.simulator.checker import Counts, compare
from seeds.simulator.faults import SCHEDULE, Fault
from seeds.simulator.ledger import Ledger
from seeds.simulator.mylaps import wall_clock
from seeds.simulator.summary import summarise, table
from seeds.simulator.weekend import stick_items
from tests.seeds.played import weekend

COLUMNS = ["bib", "rank", "status", "laps", "time_ms"]
SLUG = "luoyang-2024-xm"


def truth():
    return weekend(1).truths[SLUG]


def right_board(of=None):
    of = of or truth()
    rows = [[r.bib, r.rank, r.status, r.laps, None if r.time_s is None else r.time_s * 1000] for r in of.rows]
    return {"phase": "closed", "columns": COLUMNS, "rows": rows}


def told(board):
    found = compare(board, truth())
    return found.positions_wrong, found.times_wrong, found.none


def test_a_right_board_is_right():
    assert told(right_board()) == (0, 0, True)


def test_a_board_that_is_not_closed_is_not_right():
    assert told({**right_board(), "phase": "live"}) == (0, 0, False)


@pytest.mark.parametrize(
    ("column", "value", "wrong"),
    [(1, 2, (1, 0)), (2, "LAP", (2, 0)), (3, 1, (1, 0)), (4, 1_000, (0, 1)), (4, None, (0, 1))],
    ids=["rank", "status (and so the order)", "laps", "time", "no time"],
)
def test_one_wrong_value_is_one_wrong_line(column, value, wrong):
    board = right_board()
    board["rows"][0][column] = value
    positions, times, right = told(board)
    assert ((positions, times), right) == (wrong, False)


def test_a_missing_rider_and_a_stranger_are_wrong():
    board = right_board()
    board["rows"][0][0] = 9999
    assert told(board) == (2, 1, False)


def test_two_neighbours_changed_are_out_of_order():
    board = right_board()
    board["rows"][4], board["rows"][5] = board["rows"][5], board["rows"][4]
    assert told(board) == (1, 0, False)


class Pretended:
    """A system that holds given boards, reads and counts, one list entry a look."""

    def __init__(self, boards, reads, counts):
        self.boards, self.reads, self.counts, self.looks = boards, reads, counts, 0

    async def get(self, path, role, **params):
        if path == "timing/deliveries/":
            names = ("new", "known", "rejected")
            return {"results": [{"counts": dict(zip(names, one, strict=True))} for one in self.counts], "next": None}
        self.looks += 1
        return self.boards[path.split("/")[1]]

    async def pages(self, path, role, **params):
        assert path == "timing/reads/"
        for source, chip, local_ms in self.reads:
            yield {"source": source, "chip": chip, "local": wall_clock(local_ms).isoformat(timespec="microseconds")}


def examine(change=lambda boards, reads, counts: None):
    """What the check says of a system that is right but for a change."""
    laid_out = weekend(1)
    ledger = Ledger(files=[stick_items(stick) for stick in laid_out.day.sticks])
    boards = {slug: right_board(one) for slug, one in laid_out.truths.items()}
    reads = sorted({item.detection.identity for item in ledger.items()})
    counts = [[len(reads), 0, 0]]
    change(boards, reads, counts)
    system = Pretended(boards, reads, counts)
    verdict = asyncio.run(checker.examine(system, "luoyang-2024", laid_out.truths, ledger, print, patience_s=0))
    return laid_out, ledger, verdict


def test_a_right_system_is_right_and_its_summary_balances():
    laid_out, ledger, verdict = examine()
    summary = summarise(laid_out, ledger, verdict, [], [], 12.34)
    totals = summary["totals"]
    assert summary["ok"] is True
    assert totals["reads_sent"] == totals["reads_stored"] == sum(len(stick.detections) for stick in laid_out.day.sticks)
    assert (totals["lost"], totals["positions_wrong"], totals["times_wrong"]) == (0, 0, 0)
    assert {slug: race["riders"] for slug, race in summary["races"].items()} == {
        slug: len(listed) for slug, listed in laid_out.starters.items()
    }
    assert table(summary).splitlines()[-1] == "RIGHT (seed 1, 12.3 s)"
    assert json.loads(json.dumps(summary)) == summary


def lose_a_read(boards, reads, counts):
    del reads[7]
    counts[0][0] -= 1


def invent_a_read(boards, reads, counts):
    reads.append(("FIN-ROAD", "XX00001", 1_000))


def double_a_read(boards, reads, counts):
    reads.append(reads[0])


def miscount(boards, reads, counts):
    counts[0][1] += 1


def miss_a_time(boards, reads, counts):
    boards[SLUG]["rows"][0][4] += 1_000


def leave_open(boards, reads, counts):
    boards[SLUG]["phase"] = "live"


@pytest.mark.parametrize(
    "change",
    [lose_a_read, invent_a_read, double_a_read, miscount, miss_a_time, leave_open],
    ids=lambda one: one.__name__,
)
def test_whatever_is_wrong_is_not_ok(change):
    laid_out, ledger, verdict = examine(change)
    assert verdict.right is False
    assert summarise(laid_out, ledger, verdict, [], [], 1)["ok"] is False


def test_a_lost_read_is_counted_as_lost():
    laid_out, ledger, verdict = examine(lose_a_read)
    assert summarise(laid_out, ledger, verdict, [], [], 1)["totals"]["lost"] == 1


def test_a_fault_that_did_not_happen_is_not_ok():
    laid_out, ledger, verdict = examine()
    happened = [Fault(kind, "2024-05-25T01:22:00+00:00", "2026-01-01T00:00:00+00:00", 1.0) for kind, _ in SCHEDULE[:-1]]
    summary = summarise(laid_out, ledger, verdict, happened, [SCHEDULE[-1][0]], 1)
    assert (summary["ok"], summary["faults_missing"], len(summary["faults"])) == (False, ["postgres killed"], 5)


def test_all_six_faults_are_asked_for():
    assert {kind for kind, _ in SCHEDULE} == {
        "worker killed",
        "gateway killed",
        "postgres killed",
        "redis emptied",
        "connection cut in a frame",
        "acknowledgement lost",
    }


def test_a_time_finer_than_a_millisecond_is_no_read_of_ours():
    assert [checker.local_ms(f"1970-01-01T00:00:01.{digits}") for digits in ("250000", "250001")] == [1_250, -1]


def test_the_sum_of_all_deliveries_is_told():
    system = Pretended({}, [], [[3, 1, 0], [2, 0, 4]])
    assert asyncio.run(checker.told(system, "luoyang-2024")) == Counts(5, 1, 4)
