"""What differs between two standings."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from results.scoring import score
from results.scoring.differences import Line, compare, lines, runs
from results.scoring.race_facts import RulingFact
from tests.race_notation import race_log

SHEET = "gun 8:00 1 2 3 4 5 6\n" + "\n".join(f"finish {bib} 9:0{bib}" for bib in range(1, 7)) + "\nclose"


def test_a_disqualification_moves_everybody_behind_by_one_place():
    facts = race_log(SHEET)
    before, after = score(facts), score(replace(facts, rulings=(RulingFact(1, "dsq", 2),)))
    found = compare(lines(before), lines(after))
    assert (found.places, found.times, found.statuses) == (5, 1, 1)
    assert [(one.bib, one.before.rank, one.after.rank) for one in found.changes] == [
        (3, 3, 2), (4, 4, 3), (5, 5, 4), (6, 6, 5), (2, 2, None),
    ]  # fmt: skip
    assert [[one.bib for one in run] for run in runs(found.changes)] == [[3, 4, 5, 6], [2]]


def test_nothing_differs_from_itself_and_who_is_gone_comes_last():
    before = lines(score(race_log(SHEET)))
    assert compare(before, before).changes == ()
    found = compare(before, before[1:])
    assert [(one.bib, one.after) for one in found.changes] == [(1, None)]


LINES = st.lists(
    st.builds(
        Line, st.integers(1, 9), st.just("A"), st.none() | st.integers(1, 9), st.sampled_from(["FIN", "DNF"]),
        st.just(1), st.none() | st.integers(1, 5), st.none(), st.booleans(),
    ),
    unique_by=lambda line: line.bib, max_size=9,
)  # fmt: skip


@given(LINES, LINES)
def test_every_rider_who_differs_stands_there_once_and_both_ways(one, other):
    there, back = compare(one, other), compare(other, one)
    assert sorted(change.bib for change in there.changes) == sorted(change.bib for change in back.changes)
    assert (there.places, there.times, there.statuses) == (back.places, back.times, back.statuses)
    assert sum(len(run) for run in runs(there.changes)) == len(there.changes)
