"""The bunch board, pure: groups, doubts, lanes, and what has to hold for any race."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from results.scoring import bunch, score
from results.scoring.bunch import Doubt, Sight
from results.scoring.race_facts import EntryFact, RaceFacts, Rules, RulingFact, WaveFact
from tests.results.test_scoring_properties import RACES
from timing.passings import Passing

GUN = 1_000_000_000
MS = 1_000
DOUBT = 50 * MS


def race(*ends_ms, backup_ms=(), rulings=(), typed_ms=(), **rules):
    """Bibs 1, 2 ... home so many milliseconds after the gun; what the backup and a person saw of some of them."""
    passings, sights = [], {}
    for bib, end in enumerate(ends_ms, start=1):
        reads = [bib]
        sights[bib] = Sight(1, True, GUN + end * MS)
        for base, source, seen in ((100, 2, backup_ms), (200, 3, typed_ms)):
            if bib <= len(seen) and seen[bib - 1] is not None:
                reads.append(base + bib)
                sights[base + bib] = Sight(source, False, GUN + seen[bib - 1] * MS, typed=source == 3)
        passings.append(Passing(bib, "F", GUN + end * MS, tuple(reads)))
    facts = RaceFacts(
        waves=(WaveFact("1", GUN),),
        entries=tuple(EntryFact(bib, "A", "1", True) for bib in range(1, len(ends_ms) + 1)),
        passings=tuple(passings),
        rulings=tuple(RulingFact(number, *said) for number, said in enumerate(rulings, start=1)),
        rules=replace(Rules(), **rules),
    )
    return facts, sights


def read(*ends_ms, **more):
    return bunch.read(*race(*ends_ms, **more), DOUBT)


def order(*groups):
    return "finish_order", None, {"order": [list(group) for group in groups]}


def bibs(board):
    return [one.bib for one in board.finishers]


def test_groups_with_times_gaps_and_letters():
    board = read(60_120, 60_310, 61_700, 61_900, 65_000)
    assert [(one.key, one.bibs, one.time_us, one.gap_us, one.before_us) for one in board.bunches] == [
        ("A", (1, 2), 60_000_000, 0, None),
        ("B", (3, 4), 61_000_000, 1_000_000, 1_390_000),
        ("C", (5,), 65_000_000, 5_000_000, 3_100_000),
    ]
    assert board.shared
    assert board.by_line
    assert board.doubts == ()


def test_neighbours_closer_than_the_setting_are_doubtful():
    assert read(60_000, 60_049, 60_099).doubts == (Doubt(1, 2, 49 * MS, ("close",), False),)
    assert read(60_000, 60_050).doubts == ()
    facts, sights = race(60_000, 60_000)
    assert [doubt.reasons for doubt in bunch.read(facts, sights, 0).doubts] == [("close",)], "equal always is"


def test_neighbours_whom_the_backup_saw_the_other_way_round_are_doubtful():
    board = read(60_000, 60_400, 60_800, backup_ms=(60_010, 60_810, 60_790))
    assert board.doubts == (Doubt(2, 3, 400 * MS, ("backup",), False),)
    skipped = read(60_000, 60_400, 60_800, backup_ms=(60_010, None, 60_005))
    assert skipped.doubts == (Doubt(1, 3, 800 * MS, ("backup",), False),), "whom it saw next to each other"


def test_what_a_person_typed_makes_no_doubt_and_is_shown():
    board = read(60_000, 60_400, typed_ms=(62_000, 61_000))
    assert board.doubts == ()
    assert [sight.source for sight in board.finishers[0].sights] == [1, 3]


def test_a_doubt_is_settled_by_one_ruling_that_holds_both():
    close = (60_000, 60_020, 60_040)
    both = read(*close, rulings=[order([1], [2])])
    assert [(doubt.before, doubt.after, doubt.settled) for doubt in both.doubts] == [(1, 2, True), (2, 3, False)]
    assert [(doubt.before, doubt.after) for doubt in both.open] == [(2, 3)]
    apart = read(*close, rulings=[order([1], [3]), order([2], [3])])
    assert all(doubt.settled for doubt in apart.doubts if {doubt.before, doubt.after} != {1, 2})


def test_a_ruled_order_against_the_chips_is_settled_and_its_new_neighbours_are_not():
    board = read(60_000, 60_300, 60_600, rulings=[order([3], [1])])
    assert bibs(board) == [3, 2, 1]
    assert board.doubts == (
        Doubt(3, 2, -300 * MS, ("main",), False),
        Doubt(2, 1, -300 * MS, ("main",), False),
    )
    whole = read(60_000, 60_300, 60_600, rulings=[order([3], [2], [1])])
    assert whole.open == ()


def test_a_dead_heat_is_told_and_shares_the_place():
    board = read(60_000, 60_010, 60_900, rulings=[order([1, 2])])
    assert [one.rank for one in board.finishers] == [1, 1, 3]
    assert board.finishers[0].heat == board.finishers[1].heat != 0
    assert board.finishers[2].heat == 0


def test_groups_are_split_and_joined_by_commissaires():
    assert [one.bibs for one in read(60_000, 60_300, rulings=[("split", 2, {})]).bunches] == [(1,), (2,)]
    assert [one.bibs for one in read(60_000, 63_000, rulings=[("join", 2, {})]).bunches] == [(1, 2)]


def test_whoever_is_disqualified_stands_there_and_leaves_no_doubt():
    board = read(60_000, 60_020, 60_040, rulings=[("dsq", 2, {})])
    assert bibs(board) == [1, 2, 3]
    assert [(doubt.before, doubt.after) for doubt in board.doubts] == [(1, 3)], "neighbours over his head"


def test_where_own_times_make_places_nothing_at_the_line_is_doubtful():
    board = read(60_000, 60_010, rank_by="net", bunch=False)
    assert (board.by_line, board.shared, board.doubts) == (False, False, ())


def test_lapped_riders_never_join():
    facts, sights = race(60_000, 60_010, laps=2, lapped="lead_lap")
    second = Passing(1, "F", GUN + 120_000 * MS, (900,))
    beside = Passing(2, "F", GUN + 120_050 * MS, (901,))
    early = replace(facts, passings=(facts.passings[0], second, beside))
    assert [one.bibs for one in bunch.read(early, sights, DOUBT).bunches] == [(1,)]


def test_the_strip_is_cut_where_nobody_comes_and_chips_drop_into_lanes():
    second = 1_000_000
    short, far = bunch.stretches([0, second, 60 * second], 100, 40)
    assert (short.x, far.x) == (0, short.width + 40)
    assert short.from_us <= 0
    assert short.until_us > second
    assert far.from_us <= 60 * second < far.until_us
    assert bunch.stretches([], 100, 40) == []
    assert bunch.lanes([0, 10, 20, 41, 90], 40) == [0, 1, 2, 0, 0]


@given(RACES)
def test_the_board_is_the_result(facts: RaceFacts):
    """Everybody home stands in exactly one group, in the order of the places, and nobody else does."""
    board = bunch.read(facts, {}, DOUBT)
    rows = {row.bib: row for row in score(facts).rows}
    listed = [bib for one in board.bunches for bib in one.bibs]
    assert sorted(listed) == sorted(bibs(board))
    assert {bib for bib in listed if rows[bib].status != "DSQ"} == {
        bib for bib, row in rows.items() if row.status in ("FIN", "OTL")
    }
    assert all(one.rank == rows[one.bib].rank for one in board.finishers)
    for doubt in board.doubts:
        assert listed.count(doubt.before) == listed.count(doubt.after) == 1


@given(RACES, st.randoms())
def test_the_order_of_facts_changes_nothing_on_the_board(facts: RaceFacts, dice):
    passings, rulings = list(facts.passings), list(facts.rulings)
    dice.shuffle(passings)
    dice.shuffle(rulings)
    again = replace(facts, passings=tuple(passings), rulings=tuple(rulings))
    assert bunch.read(again, {}, DOUBT) == bunch.read(facts, {}, DOUBT)


@given(RACES)
def test_an_order_over_everybody_leaves_nothing_open(facts: RaceFacts):
    said = [[bib] for bib in bibs(bunch.read(facts, {}, DOUBT))]
    ruled = replace(facts, rulings=(*facts.rulings, RulingFact(99, "finish_order", None, {"order": said})))
    board = bunch.read(ruled, {}, DOUBT)
    assert board.open == ()
    assert bibs(board) == [bib for [bib] in said]


@given(st.lists(st.integers(0, 5_000), max_size=40).map(sorted), st.integers(1, 80))
def test_chips_of_a_lane_never_overlap(places, width):
    ends: dict[int, int] = {}
    for x, lane in zip(places, bunch.lanes(places, width), strict=True):
        assert ends.get(lane, 0) <= x
        ends[lane] = x + width
