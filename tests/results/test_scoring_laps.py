"""Which crossings make a lap, and whose race ends when."""

from dataclasses import replace

import pytest

from results.scoring import score
from tests.race_notation import SECOND_US, instant, race_log, sheet, table

MINUTE = 60 * SECOND_US


def test_more_laps_beats_less_time():
    facts = race_log(
        """
        gun    8:30 11 12
        finish 11 8:42 8:54
        finish 12 8:41
        """,
        laps=2,
    )
    assert table(score(facts)) == ["1 11 2 finished", "2 12 1 racing"]


def test_nothing_before_the_own_gun_or_in_its_instant_is_a_lap():
    facts = race_log(
        """
        gun    8:30 11 12
        gun    8:35 21 wave B
        finish 11 8:29 8:30 8:42
        finish 12 8:20
        finish 21 8:31 8:35 8:46
        close
        """
    )
    assert sheet(score(facts)) == ["1 11 FIN 0:12:00", "- 12 NR", "1 21 FIN 0:11:00"]


def test_a_crossing_sooner_than_the_shortest_lap_is_the_same_one_seen_twice():
    facts = race_log(
        """
        gun    8:30 11
        finish 11 8:36 8:40:59.999999 8:41 8:47
        """,
        laps=9,
        min_lap_us=5 * MINUTE,
    )
    row = score(facts).row(11)
    assert row.crossings == (instant("8:36"), instant("8:41"), instant("8:47"))
    assert row.flags == ("duplicate_read",)


def test_a_field_that_starts_behind_the_line_does_not_ride_a_lap_by_crossing_it():
    sheet_text = """
        gun    8:30 11
        finish 11 8:30:04 8:42
        """
    assert table(score(race_log(sheet_text, laps=3, min_lap_us=5 * MINUTE))) == ["1 11 1 racing"]
    assert score(race_log(sheet_text, laps=3, min_lap_us=5 * MINUTE)).row(11).flags == ()


def test_a_shorter_first_lap_has_its_own_least_length():
    facts = race_log(
        """
        gun    8:30 11
        finish 11 8:30:30 8:32 8:44
        """,
        laps=3,
        min_lap_us=5 * MINUTE,
        min_first_us=MINUTE,
    )
    assert score(facts).row(11).crossings == (instant("8:32"), instant("8:44"))


def test_laps_after_the_last_are_extra():
    facts = race_log(
        """
        gun    8:30 11
        finish 11 8:42 8:54 9:06
        """,
        laps=2,
    )
    row = score(facts).row(11)
    assert (row.status, row.laps, row.flags) == ("FIN", 2, ("extra_crossing",))


def test_each_category_rides_its_own_laps():
    facts = race_log(
        """
        gun    8:30 11 12 wave A
        gun    8:30 21 wave B
        finish 11 8:42 8:54
        finish 12 8:43
        finish 21 8:44
        """,
        laps=2,
        laps_by_category={"B": 1},
    )
    assert table(score(facts)) == ["1 11 2 finished", "2 12 1 racing", "1 21 1 finished"]


LEAD_LAP = """
    gun    8:30 11 12 13 14
    finish 11 8:40 8:50 9:00
    finish 12 8:41 8:52 9:03
    finish 13 8:46 9:00 9:15
    finish 14 8:49
"""


def test_once_the_winner_is_in_everyone_ends_at_the_next_crossing():
    facts = race_log(LEAD_LAP, format="laps", laps=3, lapped="lead_lap", bunch=False)
    assert table(score(facts)) == ["1 11 3 finished", "2 12 3 finished", "3 13 2 LAP", "4 14 1 racing"]
    closed = score(replace(facts, closed=True))
    assert sheet(closed) == ["1 11 FIN 0:30:00", "2 12 FIN 0:33:00 +3:00", "3 13 LAP -1 LAP", "- 14 NR"]
    assert closed.row(13).flags == ("extra_crossing",)


def test_without_that_rule_everyone_rides_all_laps():
    facts = race_log(LEAD_LAP, format="laps", laps=3, lapped="complete", bunch=False)
    assert table(score(facts)) == ["1 11 3 finished", "2 12 3 finished", "3 13 3 finished", "4 14 1 racing"]


def test_a_disqualified_winner_has_still_ended_the_race_but_one_who_abandoned_has_not():
    rules = {"format": "laps", "laps": 3, "lapped": "lead_lap", "bunch": False}
    disqualified = race_log(LEAD_LAP + "dsq 11\nclose", **rules)
    assert table(score(disqualified)) == ["1 12 3 finished", "2 13 2 LAP", "- 14 1 NR", "- 11 3 DSQ"]
    abandoned = race_log(LEAD_LAP + "dnf 11\nclose", **rules)
    assert table(score(abandoned)) == ["1 12 3 finished", "2 13 3 finished", "- 14 1 NR", "- 11 3 DNF"]


def test_one_categorys_winner_does_not_end_anothers_race():
    facts = race_log(
        """
        gun    8:30 11 wave A
        gun    8:30 21 22 wave B
        finish 11 8:40 8:50
        finish 21 8:45 9:00
        finish 22 8:46 8:55 9:02
        """,
        laps=2,
        lapped="lead_lap",
    )
    assert table(score(facts)) == ["1 11 2 finished", "1 22 2 finished", "2 21 2 finished"]


def test_pulled_riders_are_ranked_by_laps_then_by_the_time_of_the_pull():
    facts = race_log(
        """
        gun    8:30 11 12 13 14 15
        finish 11 8:40 8:50 9:00
        finish 12 8:45 8:59
        finish 13 8:46 8:58
        finish 14 8:49
        pulled 14 after_lap=1
        pulled 15 at=8:51
        pulled 12 after_lap=2
        pulled 13
        close
        """,
        format="laps",
        laps=3,
    )
    assert table(score(facts)) == ["1 11 3 finished", "2 13 2 LAP", "3 12 2 LAP", "4 14 1 LAP", "5 15 0 LAP"]


def test_where_lapped_riders_are_not_placed_a_pulled_one_has_no_place():
    facts = race_log(
        """
        gun    8:30 11 12 13
        finish 11 8:40 8:50
        finish 12 8:45
        pulled 12
        finish 13 8:48
        """,
        laps=2,
        lapped_ranked=False,
    )
    assert table(score(facts)) == ["1 11 2 finished", "2 13 1 racing", "- 12 1 LAP"]


def test_the_commissaires_count_of_laps_stands_where_a_chip_missed_one():
    facts = race_log(
        """
        gun    8:30 11 12
        finish 11 8:40 8:50 9:00
        finish 12 8:44
        pulled 12 after_lap=2
        """,
        laps=3,
    )
    row = score(facts).row(12)
    assert (row.status, row.laps, row.laps_down, row.flags) == ("LAP", 2, 1, ("missed_read",))


def test_a_stopped_race_is_judged_at_an_earlier_lap():
    facts = race_log(
        """
        gun    8:30 11 12
        finish 11 8:40 8:51
        finish 12 8:41 8:50
        results_at_lap lap=1
        close
        """,
        laps=3,
    )
    standings = score(facts)
    assert table(standings) == ["1 11 1 finished", "2 12 1 finished"]
    assert standings.flags == ("results_at_lap:1",)


def test_a_missing_read_is_suspected_and_only_a_ruling_adds_it():
    text = """
        gun    8:30 11
        finish 11 8:40 9:00 9:10 9:20
        """
    assert (score(race_log(text, laps=6)).row(11).laps, score(race_log(text, laps=6)).row(11).flags) == (
        4,
        ("suspect_missed_read",),
    )
    ruled = score(race_log(text + "confirm_missed 11 at=8:50", laps=6)).row(11)
    assert (ruled.laps, ruled.flags) == (5, ("missed_read",))


@pytest.mark.parametrize(("long_lap", "flags"), [("8:56:59 9:06:59", ()), ("8:57 9:07", ("suspect_missed_read",))])
def test_a_lap_of_seventeen_tenths_of_the_median_is_the_first_suspect_one(long_lap: str, flags: tuple[str, ...]):
    facts = race_log(
        f"""
        gun    8:30 11
        finish 11 8:40 {long_lap}
        """,
        laps=6,
    )
    assert score(facts).row(11).flags == flags


def test_the_judges_finish_replaces_what_chips_say_about_the_last_lap():
    facts = race_log(
        """
        gun    8:30 11 12
        finish 11 8:40 8:50:30
        finish 12 8:41
        manual_finish 11 at=8:50:10
        manual_finish 12 at=8:50:20
        close
        """,
        laps=2,
        bunch=False,
    )
    standings = score(facts)
    assert sheet(standings) == ["1 11 FIN 0:20:10", "2 12 FIN 0:20:20 +0:10"]
    assert [row.flags for row in standings.rows] == [("manual",), ("manual",)]


def test_a_stream_without_a_gun_shows_laps_and_lap_times_and_no_totals():
    text = """
        gun    - 11 12
        finish 11 8:40 8:50
        finish 12 8:41
        """
    assert [row.status for row in score(race_log(text, laps=5)).rows] == ["waiting", "waiting"]
    row = score(race_log(text, laps=5, without_gun=True)).row(11)
    assert (row.status, row.laps, row.time_us, row.last_lap_us) == ("racing", 2, None, 10 * MINUTE)


def test_odd_data_is_a_warning():
    facts = race_log(
        """
        gun    8:30 11
        finish 11 8:40
        finish 99 8:41 8:42
        dsq    98
        chip_swap a=11 b=97
        """
    )
    standings = score(facts)
    assert standings.warnings == ("unlisted_bib:99", "ruling_without_rider:2", "ruling_without_rider:1")
    assert table(standings) == ["1 11 1 finished"]


def test_the_judges_finish_stands_against_a_crossing_after_the_winners():
    facts = race_log(
        """
        gun    8:30 11 12
        finish 11 8:40 8:50
        finish 12 8:51
        manual_finish 12 at=8:59
        """,
        laps=2,
        lapped="lead_lap",
    )
    assert table(score(facts)) == ["1 11 2 finished", "2 12 2 finished"]


def test_the_judges_finish_leaves_out_the_chips_that_came_before_it_on_the_last_lap():
    facts = race_log("gun 8:30 11\nfinish 11 8:40 8:50\nmanual_finish 11 at=8:50:10", laps=2)
    assert score(facts).row(11).crossings == (instant("8:40"), instant("8:50:10"))


def test_a_pulled_riders_laps_are_the_commissaires_also_after_the_winner():
    facts = race_log(
        """
        gun    8:30 11 12
        finish 11 8:40 8:45 8:50 9:00
        finish 12 8:50 9:01 9:10
        pulled 12 after_lap=3
        """,
        laps=4,
        lapped="lead_lap",
    )
    assert table(score(facts)) == ["1 11 4 finished", "2 12 3 LAP"]


def test_a_rider_who_did_not_start_cannot_end_the_race_with_his_chip():
    facts = race_log(
        """
        gun    8:30 11 12
        finish 11 8:40 8:50
        finish 12 8:51 9:00
        dns    11
        """,
        laps=2,
        lapped="lead_lap",
    )
    assert table(score(facts)) == ["1 12 2 finished", "- 11 2 DNS"]


def test_a_first_lap_of_another_length_is_not_compared_and_a_corrected_rider_is_not_suspected_again():
    far = race_log("gun 8:30 11\nfinish 11 8:50 9:00 9:10 9:20", laps=9, min_first_us=MINUTE)
    assert score(far).row(11).flags == ()
    ruled = race_log("gun 8:30 11\nfinish 11 8:40 9:00 9:10\nconfirm_missed 11 at=8:42", laps=9)
    assert score(ruled).row(11).flags == ("missed_read",)


def test_two_laps_are_too_few_to_suspect_one():
    assert score(race_log("gun 8:30 11\nfinish 11 8:40 9:10", laps=9)).row(11).flags == ()


def test_a_count_of_laps_that_cannot_be_is_brought_into_the_race():
    text = "gun 8:30 11 12 13\nfinish 11 8:40 8:50\nfinish 12 8:45\nfinish 13 8:46\n"
    facts = race_log(text + "pulled 12 after_lap=9\npulled 13 after_lap=-3\nresults_at_lap lap=0", laps=3)
    assert [(row.bib, row.laps, row.laps_down) for row in score(facts).rows] == [(12, 3, 0), (11, 2, 0), (13, 0, 3)]


FIELD = """
        gun    8:30 11 12 13 14
        finish 11 8:40 8:50
        finish 12 8:40:10 8:50:10
        finish 13 8:40:20 8:50:20
        """


@pytest.mark.parametrize(("second", "flags"), [("8:46:30", ()), ("8:46:29", ("suspect_fast_lap",))])
def test_a_lap_under_six_tenths_of_what_it_takes_the_field_is_marked_and_counts(second: str, flags: tuple[str, ...]):
    standings = score(race_log(FIELD + f"finish 14 8:40:30 {second}", laps=2))
    assert (standings.row(14).rank, standings.row(14).laps, standings.row(14).flags) == (1, 2, flags)
    assert standings.warnings == (("fast_lap:14",) if flags else ())


@pytest.mark.parametrize(("stray", "flags"), [("9:06", ()), ("9:05:59", ("suspect_fast_lap",))])
def test_a_lap_under_six_tenths_of_three_others_of_the_rider_is_marked(stray: str, flags: tuple[str, ...]):
    alone = race_log(f"gun 8:30 11\nfinish 11 8:40 8:50 9:00 {stray}", laps=9)
    assert (score(alone).row(11).laps, score(alone).row(11).flags) == (4, flags)


def test_with_too_few_to_compare_with_no_lap_is_too_short():
    facts = race_log("gun 8:30 11 12\nfinish 11 8:40 8:50 8:51\nfinish 12 8:40 8:50 9:00", laps=9)
    assert [score(facts).row(bib).flags for bib in (11, 12)] == [(), ()]


def test_a_first_lap_of_another_length_is_not_too_short():
    facts = race_log("gun 8:30 11\nfinish 11 8:32 8:42 8:52 9:02 9:12", laps=9, min_first_us=MINUTE)
    assert score(facts).row(11).flags == ()
