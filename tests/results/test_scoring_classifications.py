"""General, team, points and series classifications, and when a result is official: by the book, and by properties."""

from hypothesis import given
from hypothesis import strategies as st

from results.scoring import general, points, publishing, series, teams
from results.scoring.general import Stage, StageResult
from results.scoring.points import Line
from results.scoring.publishing import Protest
from results.scoring.teams import Finisher

S = 1_000_000


def table(placed, *names):
    """Each line as (rank, what names it, the named values..., the rule that put it there)."""
    return [(one.rank, *(getattr(one.line, name) for name in names), one.by) for one in placed]


def test_general_ties_are_broken_by_fractions_then_places_then_the_last_stage():
    trial = Stage(
        "itt", {1: StageResult(600_400_000, 3), 2: StageResult(600_300_000, 2), 3: StageResult(600_300_000, 1)}
    )
    road = Stage("road", {1: StageResult(3600 * S, 1), 2: StageResult(3600 * S, 3), 3: StageResult(3600 * S, 4)})
    assert table(general.rank([trial, road]), "bib", "total_s") == [
        (1, 2, 4200, ""), (2, 3, 4200, "last_stage"), (3, 1, 4200, "time_trial_fractions"),
    ]  # fmt: skip


def test_general_adds_penalties_and_leaves_team_time_trials_out_of_the_places():
    team = Stage("ttt", {1: StageResult(1800 * S, 9), 2: StageResult(1800 * S, 1)})
    road = Stage("road", {1: StageResult(3600 * S, 1, bonus_s=10, penalty_s=10), 2: StageResult(3600 * S, 2)})
    assert table(general.rank([team, road]), "bib", "total_s") == [(1, 1, 5400, ""), (2, 2, 5400, "sum_of_places")]


def test_general_of_nothing_is_nothing_and_equal_in_all_is_one_place():
    assert general.rank([]) == []
    same = Stage("road", {7: StageResult(S, 1), 5: StageResult(S, 1), 9: StageResult(2 * S, 3)})
    assert table(general.rank([same]), "bib") == [(1, 5, ""), (1, 7, ""), (3, 9, "time")]


def test_a_team_of_two_is_not_classified_and_riders_without_a_team_count_for_none():
    finishers = [Finisher("A", place, 100, place) for place in (1, 2)]
    finishers += [Finisher("B", place, 110, place) for place in (3, 4, 5)] + [Finisher("", 6, 90, 6)]
    assert table(teams.rank(finishers), "team", "time_s") == [(1, "B", 330, "")]


def test_teams_over_two_races_are_separated_by_their_first_places():
    def race(*order):
        finishers = [Finisher(team, place, 100, place) for place, team in enumerate(order, start=1)]
        return teams.rank(finishers, 1)

    overall = teams.rank_overall([race("A", "B", "C"), race("B", "C", "A"), race("A", "C", "B")], {"C": 1, "B": 2})
    assert table(overall, "team", "places") == [
        (1, "A", (1, 3, 1), ""), (2, "B", (2, 1, 3), "more_better_places"), (3, "C", (3, 2, 2), "more_better_places"),
    ]  # fmt: skip
    assert table(teams.rank_overall([race("A"), race("B")]), "team") == []


def test_points_go_to_who_completes_the_race_and_wins_on_the_highest_category_decide():
    lines = [Line(((1,), (2,), (9,)), (5, 3, 1), category=1), Line(((2,), (1,)), (5, 3), category=0)]
    assert table(points.rank(lines, {1: 1, 2: 2}), "bib", "points", "wins") == [
        (1, 2, 8, (1, 0), ""), (2, 1, 8, (0, 1), "more_wins"),
    ]  # fmt: skip
    assert table(points.rank(lines, {1: 1, 2: 2}, lost={1: 10}), "bib", "points") == [
        (1, 2, 8, ""),
        (2, 1, -2, "points"),
    ]


def test_a_series_is_decided_by_the_latest_round_and_the_unranked_get_nothing():
    rounds = [{"A": 1, "B": 2, "C": None}, {"A": 2, "B": 1}]
    assert table(series.rank([10, 6], rounds), "key", "points", "scored") == [
        (1, "B", 16, (6, 10), ""), (2, "A", 16, (10, 6), "latest_round"), (3, "C", 0, (0, None), "points"),
    ]  # fmt: skip
    assert series.rank([10, 6], rounds, best=1)[0].line.counting == (1,)


ROUNDS = st.lists(st.dictionaries(st.sampled_from("ABCDEF"), st.none() | st.integers(1, 12)), max_size=6)


@given(ROUNDS, st.integers(1, 6))
def test_dropping_a_round_never_gives_points_and_every_rider_stands_there_once(rounds, best):
    whole = {one.line.key: one.line.points for one in series.rank(range(12, 0, -1), rounds)}
    some = series.rank(range(12, 0, -1), rounds, best)
    assert sorted(one.line.key for one in some) == sorted({key for ridden in rounds for key in ridden})
    assert all(one.line.points <= whole[one.line.key] for one in some)
    ranks = [one.rank for one in some]
    assert ranks == sorted(ranks) and all(rank <= number for number, rank in enumerate(ranks, start=1))


@given(st.permutations([Finisher(team, place, 100 + place // 3, place) for place, team in enumerate("ABACBCABCAB", 1)]))
def test_the_order_in_which_finishers_are_given_changes_no_team(finishers):
    assert teams.rank(finishers) == teams.rank(sorted(finishers, key=lambda one: one.place))


def test_a_protest_in_time_bars_until_it_is_decided_and_a_late_one_never():
    minute = 60 * S
    bars = publishing.bars_to_official
    assert bars(None, 99 * minute) == ("not_provisional",)
    assert bars(0, 30 * minute - 1) == ("window_open",)
    assert bars(0, 30 * minute) == ()
    assert bars(0, 31 * minute, [Protest(30 * minute)]) == ("open_protest",)
    assert bars(0, 31 * minute, [Protest(30 * minute + 1)]) == ()
    assert bars(0, 20 * minute, [Protest(minute)]) == ("window_open", "open_protest")
    assert bars(0, 40 * minute, [Protest(minute, decided_us=35 * minute)]) == ()
    assert bars(0, 34 * minute, [Protest(minute, decided_us=35 * minute)]) == ("open_protest",)


def test_thirty_days_hold_for_errors_of_recording_and_not_for_discipline():
    day = publishing.DAY_US
    assert publishing.may_correct(0, 30 * day, "recording_error")
    assert not publishing.may_correct(0, 30 * day + 1, "recording_error")
    assert publishing.may_correct(0, 400 * day, "disciplinary")
    assert publishing.late_reads(True, 3) == ("reads_after_official",)
    assert publishing.late_reads(False, 3) == () == publishing.late_reads(True, 0)
