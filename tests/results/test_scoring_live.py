"""Standings while the race is on: order by progress, gaps at the last crossing, groups with letters and roles."""

from results.scoring import score
from results.scoring.race_facts import Group
from tests.race_notation import SECOND_US, instant, race_log, table

MINUTE = 60 * SECOND_US

LIVE = """
    gun    8:00 1 2 3 4 5 6
    absent 7
    finish 1 8:10 8:20 8:30
    finish 2 8:10:00.5 8:20:10 8:30:05
    finish 3 8:11 8:21
    finish 4 8:11:00.9 8:21:01
    finish 5 8:11:01.5 8:21:01.8
    finish 6 8:19
"""


def test_before_the_gun_everyone_waits_and_nobody_is_missing():
    facts = race_log("gun - 1 2\nabsent 3\nfinish 1 7:50")
    standings = score(facts)
    assert table(standings) == ["- 1 0 waiting", "- 2 0 waiting", "- 3 0 waiting"]
    assert (standings.leader, standings.groups, standings.lead_us) == (None, (), ())


def test_after_the_gun_who_has_not_signed_on_and_was_never_read_did_not_start():
    facts = race_log("gun 8:00 1 2\nabsent 3 4\nfinish 4 8:10", laps=3)
    assert table(score(facts)) == ["1 4 1 racing", "- 1 0 racing", "- 2 0 racing", "- 3 0 DNS"]


def test_order_is_by_laps_then_by_the_last_crossing():
    assert table(score(race_log(LIVE, laps=5))) == [
        "1 1 3 racing",
        "2 2 3 racing",
        "3 3 2 racing",
        "4 4 2 racing",
        "5 5 2 racing",
        "6 6 1 racing",
        "- 7 0 DNS",
    ]


def test_a_point_between_counts_as_progress():
    facts = race_log(
        """
        gun    8:00 1 2 3 4
        finish 1 8:10
        finish 2 8:10:05
        finish 3 8:10:06
        point  P 2 8:14
        point  Q 3 8:18
        point  P 1 8:14:30
        point  P 4 8:04
        """,
        laps=5,
    )
    assert table(score(facts)) == ["1 3 1 racing", "2 2 1 racing", "3 1 1 racing", "4 4 0 racing"]


def test_without_a_point_between_a_gap_is_measured_at_the_riders_own_last_crossing():
    standings = score(race_log(LIVE, laps=5))
    assert {row.bib: (row.time_us, row.gap_us, row.last_lap_us) for row in standings.rows[:6]} == {
        1: (30 * MINUTE, 0, 10 * MINUTE),
        2: (30 * MINUTE + 5 * SECOND_US, 5 * SECOND_US, 10 * MINUTE - 5 * SECOND_US),
        3: (21 * MINUTE, MINUTE, 10 * MINUTE),
        4: (21 * MINUTE + SECOND_US, 61 * SECOND_US, 10 * MINUTE + 100_000),
        5: (21 * MINUTE + 1_800_000, MINUTE + 1_800_000, 10 * MINUTE + 300_000),
        6: (19 * MINUTE, 9 * MINUTE, 19 * MINUTE),
    }
    assert standings.lead_us == (instant("8:10"), instant("8:20"), instant("8:30"))


def test_a_leader_who_abandons_leaves_no_gap_behind():
    standings = score(race_log(LIVE + "dnf 1", laps=5))
    assert (standings.leader, standings.row(2).gap_us, standings.row(1).status) == (2, 0, "DNF")


def test_laps_down_are_the_times_the_leader_has_passed_the_rider():
    facts = race_log(
        """
        gun    8:00 1 2 3 4
        finish 1 8:10 8:20 8:30 8:40
        finish 2 8:12 8:24 8:36
        finish 3 8:19
        finish 4 8:21 8:39
        """,
        laps=6,
    )
    # 2 is behind on the same lap; 4 was passed once and has crossed since; 3 has one lap to the leader's four and has not
    # come round since: passed twice at least.
    assert {row.bib: row.laps_down for row in score(facts).rows} == {1: 0, 2: 0, 4: 1, 3: 2}


def test_places_gained_are_counted_between_the_last_two_crossings():
    facts = race_log(
        """
        gun    8:00 1 2 3 4
        finish 1 8:10 8:21
        finish 2 8:11 8:20:30
        finish 3 8:12 8:20
        finish 4 8:13
        """,
        laps=6,
    )
    assert {row.bib: row.move for row in score(facts).rows} == {3: 2, 2: 0, 1: -2, 4: None}


def test_groups_have_letters_roles_gaps_and_a_trend():
    standings = score(race_log(LIVE, laps=5, together_us=SECOND_US))
    assert standings.groups == (
        Group("A", "lead", (1,), 3, instant("8:30"), 0, None, "F"),
        Group("B", "chase", (2,), 3, instant("8:30:05"), 5 * SECOND_US, -5 * SECOND_US, "F"),
        Group("C", "group", (3,), 2, instant("8:21"), MINUTE, 0, "F"),
        Group("D", "main", (4, 5), 2, instant("8:21:01"), 61 * SECOND_US, 100_000, "F"),
        Group("E", "group", (6,), 1, instant("8:19"), 9 * MINUTE, None, "F"),
    )
    assert [row.group for row in standings.rows] == ["A", "B", "C", "D", "D", "E", ""]


def test_on_the_road_three_seconds_are_one_group_and_at_the_finish_a_shared_time_is():
    text = "gun 8:00 1 2 3\nfinish 1 8:10\nfinish 2 8:10:02.9\nfinish 3 8:10:05.9"
    assert [group.bibs for group in score(race_log(text, laps=5)).groups] == [(1, 2), (3,)]
    assert [group.bibs for group in score(race_log(text, laps=1)).groups] == [(1,), (2,), (3,)]


def test_groups_and_gaps_are_taken_where_riders_were_last_seen():
    facts = race_log(
        """
        gun    8:00 1 2 3 4
        point  P 1 8:04
        point  P 2 8:04:30
        finish 1 8:10
        finish 2 8:10:20
        finish 3 8:10:21
        finish 4 8:12
        point  P 2 8:14:05
        point  P 1 8:14
        """,
        laps=5,
        together_us=4 * SECOND_US,
    )
    standings = score(facts)
    assert standings.groups == (
        Group("A", "lead", (1,), 1, instant("8:14"), 0, None, "P"),
        Group("B", "group", (2,), 1, instant("8:14:05"), 5 * SECOND_US, -25 * SECOND_US, "P"),
        Group("C", "group", (3,), 1, instant("8:10:21"), 21 * SECOND_US, None, "F"),
        Group("D", "group", (4,), 1, instant("8:12"), 2 * MINUTE, None, "F"),
    )
    assert [(row.bib, row.group, row.gap_us) for row in standings.rows] == [
        (1, "A", 0),
        (2, "B", 5 * SECOND_US),
        (3, "C", 21 * SECOND_US),
        (4, "D", 2 * MINUTE),
    ]


def test_the_largest_group_in_front_leads_and_nobody_chases():
    facts = race_log("gun 8:00 1 2 3\nfinish 1 8:10\nfinish 2 8:10:00.5\nfinish 3 8:11", laps=5)
    assert [(group.role, group.bibs) for group in score(facts).groups] == [("lead", (1, 2)), ("group", (3,))]


def test_letters_go_on_after_z():
    riders = range(1, 29)
    text = "gun 8:00 " + " ".join(map(str, riders)) + "\n"
    text += "\n".join(f"finish {bib} 8:{10 + bib}" for bib in riders)
    assert [group.key for group in score(race_log(text, laps=5)).groups][24:] == ["Y", "Z", "AA", "AB"]


def test_a_lapped_rider_has_ended_as_soon_as_he_crosses_after_the_winner():
    facts = race_log(
        """
        gun    8:00 1 2 3
        finish 1 8:10 8:20
        finish 2 8:15 8:21
        finish 3 8:20:30
        """,
        format="laps",
        laps=2,
        lapped="lead_lap",
    )
    assert table(score(facts)) == ["1 1 2 finished", "2 2 2 finished", "3 3 1 LAP"]


def test_nobody_is_given_a_missing_read_before_the_race_is_closed():
    text = "gun 8:00 1 2\nfinish 1 8:10\n"
    assert [row.status for row in score(race_log(text)).rows] == ["FIN", "racing"]
    assert [row.status for row in score(race_log(text + "close")).rows] == ["FIN", "NR"]


def test_a_rider_seen_only_before_the_gun_and_not_signed_on_did_not_start():
    assert table(score(race_log("gun 8:00 1\nabsent 2\npoint P 2 7:55"))) == ["- 1 0 racing", "- 2 0 DNS"]


def test_a_point_of_an_earlier_lap_is_no_progress_on_this_one():
    facts = race_log("gun 8:00 1 2\npoint P 2 8:05\nfinish 1 8:10\nfinish 2 8:11", laps=5)
    assert table(score(facts)) == ["1 1 1 racing", "2 2 1 racing"]


def test_a_rider_passed_by_the_leader_just_before_the_line_is_a_lap_down():
    facts = race_log("gun 8:00 1 2\nfinish 1 8:10 8:20\nfinish 2 8:21", laps=5)
    assert [row.laps_down for row in score(facts).rows] == [0, 1]


def test_the_largest_group_right_behind_the_lead_is_the_main_one():
    facts = race_log("gun 8:00 1 2 3\nfinish 1 8:10\nfinish 2 8:11\nfinish 3 8:11:00.5", laps=5)
    assert [(group.role, group.bibs) for group in score(facts).groups] == [("lead", (1,)), ("main", (2, 3))]
