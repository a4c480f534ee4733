"""What holds for each family of results, whatever is in it: order of arrival, strangers, lapped riders, merged fields."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from results.scoring import general, points, score, series, teams
from results.scoring.formats import itt
from results.scoring.general import Stage, StageResult
from results.scoring.points import Line
from results.scoring.race_facts import EntryFact, Limit, RaceFacts, Row, Rules, RulingFact, WaveFact
from results.scoring.teams import Finisher
from timing.passings import Passing

S = 1_000_000
GUN = 1_000 * S
BIBS = range(1, 8)


ABSENT, HALF, BUT_FIRST, WHOLE = "absent", "half", "but_first", "whole"
RIDDEN = st.tuples(
    *[st.tuples(st.integers(0, 9), st.sampled_from([WHOLE, WHOLE, WHOLE, BUT_FIRST, BUT_FIRST, HALF, ABSENT]))]
    * len(BIBS)
)


@st.composite
def races(draw, **fixed):
    """A field that crosses the line together: riders 0.4 s apart over a full second, some with a lap less."""
    laps = draw(st.integers(1, 3))
    entries = tuple(EntryFact(bib, "AB"[bib % 2], "AB"[bib % 2], signed_on=True) for bib in BIBS)
    passings = []
    for bib, (late, ridden) in zip(BIBS, draw(RIDDEN), strict=True):
        first = 2 if ridden == BUT_FIRST else 1
        last = {ABSENT: 0, HALF: laps - 1}.get(ridden, laps + (late == 9))
        passings += [Passing(bib, "F", GUN + lap * 60 * S + 900_000 + late * 400_000) for lap in range(first, last + 1)]
    rules = {
        "laps": laps, "format": "laps", "min_lap_us": 5 * S, "wheel_us": 0,
        "lapped": draw(st.sampled_from(["complete", "lead_lap"])), "rank_by": draw(st.sampled_from(["order", "net"])),
        "rank_scope": draw(st.sampled_from(["race", "category"])), "bunch": draw(st.booleans()),
        "bunch_scope": draw(st.sampled_from(["race", "category"])),
        "limit": draw(st.sampled_from([Limit(), Limit(percent=1), Limit(after_first_us=2 * S, absolute_us=300 * S)])),
    } | fixed  # fmt: skip
    waves = (WaveFact("A", GUN), WaveFact("B", GUN + 20 * S))
    return RaceFacts(waves, entries, tuple(passings), (), Rules(**rules), (), draw(st.booleans()))


DETAILS = {
    "time_penalty": st.fixed_dictionaries({"seconds": st.integers(1, 3)}),
    "credit_time_of": st.fixed_dictionaries({"of": st.sampled_from(BIBS)}),
    "chip_swap": st.permutations(BIBS).map(lambda bibs: {"a": bibs[0], "b": bibs[1]}),
    "finish_order": st.permutations(BIBS).map(lambda bibs: {"order": [bibs[:1], bibs[1:3], bibs[3:4]]}),
    "neutralise": st.just({"us": 9 * S}),
    "results_at_lap": st.just({"lap": 1}),
    "manual_finish": st.just({"at_us": GUN + 121 * S}),
    "confirm_missed": st.just({"at_us": GUN + 61 * S}),
    "dsq": st.fixed_dictionaries({"leave_place_open": st.booleans()}),
}
KINDS = (
    *DETAILS,
    "dnf",
    "dns",
    "pulled",
    "relegate_group",
    "relegate_last",
    "split",
    "join",
    "otl_waive",
    "otl_waive_all",
)


def rulings_of(*kinds):
    return st.sampled_from(kinds).flatmap(
        lambda kind: st.builds(
            RulingFact, st.just(7), st.just(kind), st.sampled_from(BIBS), DETAILS.get(kind, st.just({}))
        )
    )


RULINGS = rulings_of(*KINDS)
SEVERAL = st.lists(RULINGS, max_size=3) | st.lists(rulings_of("chip_swap", "finish_order"), min_size=2, max_size=3)


def judged(row: Row):
    return row.bib, row.status, row.laps, row.time_us


def as_told(row: Row):
    return row.bib, row.rank, row.status, row.laps, row.time_us, row.gap_us, row.laps_down


@given(races(), SEVERAL, st.randoms(use_true_random=False))
def test_a_race_whatever_its_rulings_does_not_depend_on_the_order_of_arrival(facts, rulings, dice):
    facts = replace(facts, rulings=tuple(replace(one, number=number) for number, one in enumerate(rulings, 1)))
    passings, said, entries = list(facts.passings), list(facts.rulings), list(facts.entries)
    for some in (passings, entries):
        dice.shuffle(some)
    passings.reverse()
    said.reverse()
    mixed = replace(facts, passings=tuple(passings), rulings=tuple(said))
    assert score(mixed) == score(facts)
    # The start list only says in which order categories, and riders of whom nothing is known, are listed.
    order = score(replace(mixed, entries=tuple(entries)))
    assert sorted(map(as_told, order.rows)) == sorted(map(as_told, score(facts).rows))


@given(races(), st.integers(1, 10**9))
def test_what_happens_later_by_the_same_time_has_the_same_result(facts, later_us):
    def later(at_us):
        return at_us + later_us

    moved = replace(
        facts,
        passings=tuple(one._replace(at_us=later(one.at_us)) for one in facts.passings),
        waves=tuple(replace(wave, gun_us=later(wave.gun_us)) for wave in facts.waves),
    )
    assert list(map(as_told, score(moved).rows)) == list(map(as_told, score(facts).rows))


@given(races(lapped="lead_lap", bunch=True))
def test_lapped_riders_never_join_a_group_nor_make_one(facts):
    """L04: with all of them away, every finisher has the same time, gap, place and status."""
    facts = replace(facts, closed=True)
    rows = score(facts).rows
    lapped = {row.bib for row in rows if row.status == "LAP"}
    without = replace(
        facts,
        entries=tuple(entry for entry in facts.entries if entry.bib not in lapped),
        passings=tuple(passing for passing in facts.passings if passing.bib not in lapped),
    )
    home = [[as_told(row) for row in found if row.status in ("FIN", "OTL")] for found in (rows, score(without).rows)]
    assert sorted(home[0]) == sorted(home[1])  # who stands first on the start list only orders the categories
    grouped = {bib for group in score(facts).groups for bib in group.bibs}
    assert not grouped & lapped


@given(races(limit=Limit(), bunch=True), st.sampled_from(BIBS))
def test_who_is_disqualified_has_still_ridden_in_his_bunch(facts, bib):
    """M21 and 8.6: nobody else's time, laps or status moves; places close up in the order there was."""
    facts = replace(facts, closed=True)
    before = [row for row in score(facts).rows if row.bib != bib]
    after = [row for row in score(replace(facts, rulings=(RulingFact(1, "dsq", bib),))).rows if row.bib != bib]
    assert list(map(judged, after)) == list(map(judged, before))
    for row, was in zip(after, before, strict=True):
        assert row.rank == was.rank or (row.rank is not None and was.rank is not None and row.rank == was.rank - 1)


@given(races(rank_scope="category", bunch_scope="category", bunch=True), RULINGS)
def test_merged_fields_are_ranked_as_if_each_rode_alone(facts, ruling):
    """Two categories on one course: what is read or ruled of the other changes nothing of this one."""
    mine = {entry.bib for entry in facts.entries if entry.category == "A"}
    alone = replace(
        facts,
        entries=tuple(entry for entry in facts.entries if entry.bib in mine),
        passings=tuple(passing for passing in facts.passings if passing.bib in mine),
        waves=facts.waves[:1],
    )
    if ruling.bib not in mine and ruling.kind not in (
        "chip_swap", "results_at_lap", "neutralise", "finish_order", "otl_waive_all"
    ):  # fmt: skip
        facts = replace(facts, rulings=(ruling,))
    got = [as_told(row) for row in score(facts).rows if row.bib in mine]
    if not facts.closed:  # where riders were last seen, the gap on the road is to the first of their own
        assert [row[:4] for row in got] == [as_told(row)[:4] for row in score(alone).rows]
    else:
        assert got == [as_told(row) for row in score(alone).rows]


@given(races(), RULINGS)
def test_a_ruling_taken_back_leaves_nothing_behind(facts, ruling):
    before = score(facts)
    score(replace(facts, rulings=(ruling,)))
    assert repr(score(replace(facts, rulings=()))) == repr(before)


@given(
    races(rank_by="order", limit=Limit()), st.sampled_from(BIBS), st.sampled_from(["relegate_group", "relegate_last"])
)
def test_a_relegated_rider_keeps_his_time_and_nobody_else_but_gains_by_it(facts, bib, kind):
    facts = replace(facts, closed=True)
    before = {row.bib: row for row in score(facts).rows}
    after = {row.bib: row for row in score(replace(facts, rulings=(RulingFact(1, kind, bib),))).rows}
    assert {one: judged(row) for one, row in after.items()} == {one: judged(row) for one, row in before.items()}
    for one, row in after.items():
        was = before[one].rank
        if row.rank is None or was is None:
            assert row.rank == was
        else:
            assert row.rank >= was if one == bib else row.rank in (was, was - 1)


def test_the_last_of_a_group_gains_nothing_by_being_put_last_in_it():
    """Groups by category in one ranking: others stand between the riders of a group."""
    rules = Rules(laps=1, format="laps", bunch=True, bunch_scope="category", rank_scope="race", wheel_us=0)
    entries = tuple(EntryFact(bib, category, "A", signed_on=True) for bib, category in ((1, "A"), (2, "B"), (3, "A")))
    passings = tuple(Passing(entry.bib, "F", GUN + 900_000_000 + entry.bib * 100_000) for entry in entries)
    facts = RaceFacts((WaveFact("A", GUN),), entries, passings, (), rules, (), True)
    assert [row.bib for row in score(facts).rows] == [1, 2, 3]
    for bib, order in ((1, [2, 3, 1]), (2, [1, 2, 3]), (3, [1, 2, 3])):
        told = score(replace(facts, rulings=(RulingFact(1, "relegate_group", bib),))).rows
        assert [row.bib for row in told] == order


STARTS = st.lists(
    st.builds(
        itt.Start,
        bib=st.integers(1, 99),
        start_us=st.integers(0, 9).map(lambda n: n * 60 * S),
        finish_us=st.none() | st.integers(600, 606).map(lambda n: n * S + n % 3 * 1_000),
        penalty_s=st.sampled_from([0, 0, 5]),
    ),
    max_size=9,
    unique_by=lambda start: start.bib,
)


@given(STARTS, st.randoms(use_true_random=False), st.integers(0, 10**9))
def test_a_time_trial_is_each_riders_own(starts, dice, later_us):
    rows = itt.rank(starts)
    mixed = dice.sample(starts, len(starts))
    assert itt.rank(mixed) == rows
    moved = [one._replace(start_us=one.start_us + later_us,
                          finish_us=None if one.finish_us is None else one.finish_us + later_us) for one in starts]  # fmt: skip
    assert itt.rank(moved) == rows
    # One rider more changes nobody's time, and the place of nobody ahead of him.
    for gone in starts[:1]:
        fewer = {row.bib: row for row in itt.rank(starts[1:])}
        own = next(row for row in rows if row.bib == gone.bib)
        for row in rows:
            if row.bib != gone.bib:
                assert row.elapsed_us == fewer[row.bib].elapsed_us
                if row.rank is not None:
                    behind = own.rank is not None and own.rank < row.rank
                    assert row.rank == (fewer[row.bib].rank or 0) + behind


STAGES = st.lists(
    st.builds(
        Stage,
        st.sampled_from(["road", "itt", "ttt"]),
        st.dictionaries(
            st.integers(1, 6),
            st.builds(StageResult, st.integers(600, 603).map(lambda n: n * S + n % 2 * 500_000), st.integers(1, 6),
                      st.sampled_from([0, 4, 10]), st.sampled_from([0, 10])),
            min_size=4,
        ),
    ),
    max_size=4,
)  # fmt: skip


@given(STAGES, st.randoms(use_true_random=False))
def test_the_general_classification_orders_two_riders_without_looking_at_a_third(stages, dice):
    placed = general.rank(stages)
    mixed = [Stage(one.kind, dict(dice.sample(list(one.results.items()), len(one.results)))) for one in stages]
    assert general.rank(mixed) == placed
    if placed:
        gone = dice.choice(placed).line.bib
        fewer = [Stage(one.kind, {bib: at for bib, at in one.results.items() if bib != gone}) for one in stages]
        assert [one.line for one in general.rank(fewer)] == [one.line for one in placed if one.line.bib != gone]


FINISHERS = st.lists(
    st.builds(
        Finisher, st.sampled_from(["A", "B", "C", ""]), st.integers(1, 20), st.integers(100, 104), st.integers(1, 99)
    ),
    max_size=14,
    unique_by=lambda one: one.bib,
)


@given(FINISHERS, st.integers(1, 3), st.randoms(use_true_random=False))
def test_a_team_is_its_best_and_no_other_teams_riders_matter(finishers, count, dice):
    placed = teams.rank(finishers, count)
    assert teams.rank(finishers[::-1], count) == placed == teams.rank(dice.sample(finishers, len(finishers)), count)
    lines = [one.line for one in placed]
    for line in lines:
        own = [one for one in finishers if one.team == line.team]
        assert [one.line for one in teams.rank(own, count)] == [line]
        assert line.time_s == sum(sorted(one.time_s for one in own)[:count])
        # Who does not count does not matter.
        assert [one.line for one in teams.rank(line.counting, count)] == [line]


LINES = st.lists(
    st.builds(Line, st.permutations([1, 2, 3, 4, 5]).map(lambda bibs: ((bibs[0],), tuple(sorted(bibs[1:3])), (bibs[3],))),
              st.sampled_from([(5, 3, 2, 1), (3, 2, 1)]), st.sampled_from([0, 1])),
    max_size=4,
)  # fmt: skip


@given(LINES, st.randoms(use_true_random=False))
def test_points_and_mountains_are_sums_over_lines_in_any_order(lines, dice):
    places = {bib: bib for bib in range(1, 5)}  # 5 did not finish
    placed = points.rank(lines, places)
    mixed = [replace_heats(line, dice) for line in dice.sample(lines, len(lines))]
    assert points.rank(mixed, places) == points.rank(mixed[::-1], places)
    assert [(one.rank, one.line.bib, one.line.points) for one in points.rank(mixed, places)] == [
        (one.rank, one.line.bib, one.line.points) for one in placed
    ]
    assert 5 not in {one.line.bib for one in placed}
    # Points are what the tables gave to those who finished.
    gained = dict.fromkeys(places, 0)
    for line in lines:
        for bib, given_points in [(group[0], line.table[at]) for at, group in ((0, line.order[0]), (3, line.order[2]))
                                  if at < len(line.table)] + [(bib, line.table[1]) for bib in line.order[1]]:  # fmt: skip
            gained[bib] = gained.get(bib, 0) + given_points
    assert {one.line.bib: one.line.points for one in placed} == {
        bib: total for bib, total in gained.items() if total and bib in places
    }


def replace_heats(line: Line, dice: random.Random) -> Line:
    """The riders of a dead heat named in another order."""
    return line._replace(order=tuple(tuple(dice.sample(group, len(group))) for group in line.order))


ROUNDS = st.lists(st.dictionaries(st.sampled_from("ABCDE"), st.none() | st.integers(1, 8)), max_size=5)


@given(ROUNDS, st.none() | st.integers(1, 5), st.randoms(use_true_random=False))
def test_a_league_is_the_same_in_whatever_order_riders_are_given_and_orders_two_without_a_third(rounds, best, dice):
    table = [10, 7, 5, 3, 2, 1]
    placed = series.rank(table, rounds, best)
    mixed = [dict(dice.sample(list(one.items()), len(one))) for one in rounds]
    assert series.rank(table, mixed, best) == placed
    gone = dice.choice("ABCDE")
    fewer = [{key: place for key, place in one.items() if key != gone} for one in rounds]
    assert [one.line for one in series.rank(table, fewer, best)] == [one.line for one in placed if one.line.key != gone]
    # Rounds in another order: the same points, and only a tie of points and places can turn.
    turned = {one.line.key: one.line.points for one in series.rank(table, rounds[::-1], best)}
    assert turned == {one.line.key: one.line.points for one in placed}
    for one in placed:
        scored = sorted((gained for gained in one.line.scored if gained is not None), reverse=True)
        assert one.line.points == sum(scored[:best])
