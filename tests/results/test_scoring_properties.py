"""What holds for any race: free of order, free of repeats, places without holes, a thread that agrees with its row."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from results.scoring import score
from results.scoring.explain import explain, explain_all
from results.scoring.race_facts import EntryFact, Limit, RaceFacts, Rules, RulingFact, WaveFact
from timing.passings import Passing

SECOND_US = 1_000_000
BIBS = range(1, 7)

PASSINGS = st.lists(
    st.builds(
        Passing,
        bib=st.sampled_from(BIBS),
        point=st.sampled_from(["F", "F", "F", "P"]),
        at_us=st.integers(-20, 400).map(lambda tenths: 1_000 * SECOND_US + tenths * 300_000),
    ),
    max_size=40,
    unique_by=lambda passing: (passing.bib, passing.point, passing.at_us),
).map(lambda passings: tuple(sorted(passings, key=lambda passing: passing.at_us)))

RULES = st.builds(
    Rules,
    format=st.sampled_from(["road", "laps"]),
    laps=st.integers(1, 4),
    points=st.just(("P", "F")),
    min_lap_us=st.sampled_from([0, 5 * SECOND_US]),
    bunch=st.booleans(),
    lapped=st.sampled_from(["complete", "lead_lap"]),
    lapped_ranked=st.booleans(),
    rank_by=st.sampled_from(["order", "net"]),
    bunch_scope=st.sampled_from(["race", "category"]),
    rank_scope=st.sampled_from(["race", "category"]),
    limit=st.sampled_from([Limit(), Limit(percent=20)]),
)
RULINGS = st.lists(
    st.tuples(
        st.sampled_from(["dsq", "dnf", "dns", "pulled", "relegate_group", "relegate_last", "time_penalty"]),
        st.sampled_from(BIBS),
        st.booleans(),
    ),
    max_size=3,
).map(
    lambda parts: tuple(
        RulingFact(number, kind, bib, {"seconds": 2, "leave_place_open": is_open})
        for number, (kind, bib, is_open) in enumerate(parts, start=1)
    )
)
ENTRIES = st.tuples(*(st.builds(EntryFact, bib=st.just(bib), category=st.sampled_from("AB"), wave=st.just("1"),
                                signed_on=st.booleans(), ranked=st.sampled_from([True, True, False]))
                      for bib in BIBS))  # fmt: skip
RACES = st.builds(
    RaceFacts,
    waves=st.just((WaveFact("1", 1_000 * SECOND_US),)),
    entries=ENTRIES,
    passings=PASSINGS,
    rulings=RULINGS,
    rules=RULES,
    judge_order=st.sampled_from([(), ((1,), (2, 3)), ((4,), (1,))]),
    closed=st.booleans(),
)


@given(RACES, st.randoms())
def test_the_order_of_facts_changes_nothing(facts: RaceFacts, dice):
    passings, rulings = list(facts.passings), list(facts.rulings)
    dice.shuffle(passings)
    dice.shuffle(rulings)
    assert score(replace(facts, passings=tuple(passings), rulings=tuple(rulings))) == score(facts)


@given(RACES)
def test_a_passing_given_twice_changes_nothing(facts: RaceFacts):
    assert score(replace(facts, passings=facts.passings * 2)) == score(facts)


@given(RACES)
def test_a_passing_of_another_race_is_a_warning_and_nothing_else(facts: RaceFacts):
    stranger = Passing(999, "F", 1_050 * SECOND_US)
    before, after = score(facts), score(replace(facts, passings=(*facts.passings, stranger)))
    assert replace(after, warnings=()) == replace(before, warnings=())
    assert set(after.warnings) - set(before.warnings) == {"unlisted_bib:999"}


@given(RACES)
def test_everyone_has_exactly_one_row(facts: RaceFacts):
    assert sorted(row.bib for row in score(facts).rows) == list(BIBS)


@given(RACES)
def test_places_have_no_holes_but_after_a_dead_heat_or_at_a_place_left_open(facts: RaceFacts):
    scopes = {"race": [list(score(facts).rows)]}
    scopes["category"] = [[row for row in score(facts).rows if row.category == category] for category in "AB"]
    heats = any(len(group) > 1 for group in facts.judge_order)
    left_open = any(ruling.kind == "dsq" and ruling.detail["leave_place_open"] for ruling in facts.rulings)
    for rows in scopes[facts.rules.rank_scope]:
        ranks = [row.rank for row in rows if row.rank is not None]
        assert ranks == sorted(ranks)
        if not heats and not left_open:
            assert ranks == list(range(1, len(ranks) + 1))


@given(RACES)
def test_only_those_who_may_have_a_place_have_one(facts: RaceFacts):
    ranked = {entry.bib: entry.ranked for entry in facts.entries}
    for row in score(facts).rows:
        placed = row.status == "FIN" or (row.status == "LAP" and facts.rules.lapped_ranked)
        if row.status != "racing":
            assert (row.rank is not None) == (placed and ranked[row.bib])
        if facts.closed:
            assert row.status not in ("waiting", "racing")
        else:
            assert row.status != "NR"


@given(RACES, st.sampled_from(BIBS))
def test_a_disqualification_changes_nobody_elses_time(facts: RaceFacts, bib: int):
    """M18 and M21: groups are of all who came home, so times stay; only gaps, the limit and places hang on the winner."""
    if any(ruling.bib == bib or ruling.kind == "time_penalty" for ruling in facts.rulings):
        return
    facts = replace(facts, closed=True, rules=replace(facts.rules, limit=Limit()))
    ruled = replace(facts, rulings=(*facts.rulings, RulingFact(9, "dsq", bib)))
    before = {row.bib: (row.status, row.time_us, row.laps) for row in score(facts).rows if row.bib != bib}
    assert {row.bib: (row.status, row.time_us, row.laps) for row in score(ruled).rows if row.bib != bib} == before


@given(RACES)
def test_published_times_are_whole_seconds_and_gaps_their_difference(facts: RaceFacts):
    for row in score(facts).rows:
        if row.status in ("FIN", "OTL") and row.time_us is not None:
            assert row.time_us % SECOND_US == 0
            assert row.gap_us is None or row.gap_us % SECOND_US == 0


@given(RACES)
def test_a_live_gap_is_never_before_the_first_and_groups_hold_everyone_once(facts: RaceFacts):
    standings = score(replace(facts, closed=False))
    assert [row.bib for row in standings.rows if row.status == "racing" and (row.gap_us or 0) < 0] == []
    grouped = [bib for group in standings.groups for bib in group.bibs]
    contest = [
        row.bib
        for row in standings.rows
        if row.status in ("FIN", "OTL") or (row.status == "racing" and row.gap_us is not None)
    ]
    assert sorted(grouped) == sorted(contest)
    assert [group.gap_us for group in standings.groups if group.gap_us < 0] == []


@settings(max_examples=40)
@given(RACES, st.sampled_from(BIBS))
def test_the_thread_agrees_with_the_row(facts: RaceFacts, bib: int):
    why = explain(facts, bib)
    assert why.row == score(facts).row(bib)
    standings, threads = explain_all(facts)
    assert (standings, threads[bib], sorted(threads)) == (score(facts), why, list(BIBS))
    assert tuple(step.at_us for step in why.steps if step.reason.startswith("lap")) == why.row.crossings
    own = sum(passing.bib == bib for passing in facts.passings)
    assert sum(step.kind in ("used", "set_aside") for step in why.steps) == own


@given(RACES)
def test_scoring_leaves_its_facts_as_they_were(facts: RaceFacts):
    copy = replace(facts)
    assert score(facts) == score(facts)
    assert facts == copy
