"""Order, times, penalties and places of a finish; status and the tail of the list."""

from dataclasses import replace

import pytest

from results.scoring import score
from results.scoring.race_facts import EntryFact, Limit, RulingFact
from tests.race_notation import SECOND_US, race_log, sheet, table

BUNCH = """
    gun    8:00 1 2 3 4 5
    finish 1 9:00:00.000
    finish 2 9:00:00.900
    finish 3 9:00:01.800
    finish 4 9:00:05.000
    finish 5 9:00:05.500
    close
"""


def test_a_gap_of_a_second_starts_a_new_time_of_the_first_of_the_group():
    assert sheet(score(race_log(BUNCH))) == [
        "1 1 FIN 1:00:00",
        "2 2 FIN 1:00:00",
        "3 3 FIN 1:00:00",
        "4 4 FIN 1:00:05 +0:05",
        "5 5 FIN 1:00:05 +0:05",
    ]


@pytest.mark.parametrize(("second", "time"), [("1.119999", "1:00:00"), ("1.12", "1:00:01 +0:01")])
def test_the_length_of_a_bike_comes_on_top_of_the_gap(second: str, time: str):
    facts = race_log(f"gun 8:00 1 2\nfinish 1 9:00\nfinish 2 9:00:0{second}\nclose", wheel_us=120_000)
    assert sheet(score(facts)) == ["1 1 FIN 1:00:00", f"2 2 FIN {time}"]


def test_a_disqualified_rider_keeps_the_group_together_and_never_a_lapped_one():
    dsq = score(race_log(BUNCH + "dsq 2"))
    assert sheet(dsq)[:2] == ["1 1 FIN 1:00:00", "2 3 FIN 1:00:00"]
    lapped = race_log(
        """
        gun    8:00 1 2 3
        finish 1 8:30 9:00
        finish 2 8:31 9:00:01.200
        finish 3 9:00:00.600
        close
        """,
        laps=2,
        lapped="lead_lap",
    )
    assert sheet(score(lapped)) == ["1 1 FIN 1:00:00", "2 2 FIN 1:00:01 +0:01", "3 3 LAP -1 LAP"]


def test_commissaires_split_and_join_groups():
    split = sheet(score(race_log(BUNCH + "split 2")))
    assert split[1:3] == ["2 2 FIN 1:00:00", "3 3 FIN 1:00:00"]
    joined = sheet(score(race_log(BUNCH + "join 4")))
    assert joined[3:] == ["4 4 FIN 1:00:00", "5 5 FIN 1:00:00"]
    third = sheet(score(race_log(BUNCH + "split 3")))
    assert third[2] == "3 3 FIN 1:00:01 +0:01"


def test_groups_of_a_category_ignore_riders_of_another():
    text = """
        gun    8:00 11 12 wave W
        gun    8:00 1 wave M
        finish 11 9:00:00
        finish 1  9:00:00.800
        finish 12 9:00:01.500
        close
    """
    road = score(race_log(text, bunch_scope="race"))
    assert sheet(road) == ["1 11 FIN 1:00:00", "2 12 FIN 1:00:00", "1 1 FIN 1:00:00"]
    apart = score(race_log(text, bunch_scope="category"))
    assert sheet(apart) == ["1 11 FIN 1:00:00", "2 12 FIN 1:00:01 +0:01", "1 1 FIN 1:00:00"]


def test_two_waves_of_one_category_are_ranked_by_the_line_on_the_first_gun_or_by_net_time():
    facts = race_log(
        """
        gun    8:00 1 wave A
        gun    8:02 2 wave B
        finish 1 9:00
        finish 2 9:01
        close
        """
    )
    one = replace(facts, entries=tuple(replace(entry, category="MM") for entry in facts.entries))
    assert sheet(score(one)) == ["1 1 FIN 1:00:00", "2 2 FIN 1:01:00 +1:00"]
    net = replace(one, rules=replace(one.rules, rank_by="net"))
    assert sheet(score(net)) == ["1 2 FIN 0:59:00", "2 1 FIN 1:00:00 +1:00"]


def test_the_judge_places_riders_within_the_slots_they_hold():
    assert [row.bib for row in score(race_log(BUNCH + "judge 3 1")).rows] == [3, 2, 1, 4, 5]


def test_a_dead_heat_shares_the_place_and_the_next_is_skipped():
    assert table(score(race_log(BUNCH + "judge 1 2=3"))) == [
        "1 1 1 finished",
        "2 2 1 finished",
        "2 3 1 finished",
        "4 4 1 finished",
        "5 5 1 finished",
    ]


def test_equal_instants_are_provisional_by_bib_and_marked_for_the_photo_until_the_judge_has_seen_it():
    text = "gun 8:00 1 2 3\nfinish 2 9:00\nfinish 1 9:00\nfinish 3 9:01\nclose\n"
    open_tie = score(race_log(text))
    assert [(row.rank, row.bib, row.flags) for row in open_tie.rows] == [
        (1, 1, ("tie_needs_photo",)),
        (2, 2, ("tie_needs_photo",)),
        (3, 3, ()),
    ]
    seen = score(race_log(text + "judge 2 1"))
    assert [(row.rank, row.bib, row.flags) for row in seen.rows] == [(1, 2, ()), (2, 1, ()), (3, 3, ())]


def test_relegation_to_the_last_place_of_the_group_or_of_the_race_leaves_the_time():
    group = score(race_log(BUNCH + "relegate_group 1"))
    assert sheet(group) == [
        "1 2 FIN 1:00:00",
        "2 3 FIN 1:00:00",
        "3 1 FIN 1:00:00",
        "4 4 FIN 1:00:05 +0:05",
        "5 5 FIN 1:00:05 +0:05",
    ]
    race = score(race_log(BUNCH + "relegate_last 1"))
    assert sheet(race)[-1] == "5 1 FIN 1:00:00"
    assert (race.row(1).relegated, race.row(1).flags, race.row(2).relegated) == (True, ("REL",), False)


def test_a_time_penalty_places_behind_everyone_with_a_time_not_above_the_new_one():
    penalised = score(race_log(BUNCH + "time_penalty 1 seconds=5"))
    assert sheet(penalised) == [
        "1 2 FIN 1:00:00",
        "2 3 FIN 1:00:00",
        "3 4 FIN 1:00:05 +0:05",
        "4 5 FIN 1:00:05 +0:05",
        "5 1 FIN 1:00:05 +0:05",
    ]
    assert penalised.row(1).flags == ("penalty",)
    twice = score(race_log(BUNCH + "time_penalty 1 seconds=2\ntime_penalty 1 seconds=2"))
    assert sheet(twice)[:3] == ["1 2 FIN 1:00:00", "2 3 FIN 1:00:00", "3 1 FIN 1:00:04 +0:04"]


def test_a_rider_disqualified_closes_the_list_up_unless_the_place_stays_open():
    assert table(score(race_log(BUNCH + "dsq 3")))[2:] == ["3 4 1 finished", "4 5 1 finished", "- 3 1 DSQ"]
    assert table(score(race_log(BUNCH + "dsq 3 leave_place_open=yes")))[2:] == [
        "4 4 1 finished",
        "5 5 1 finished",
        "- 3 1 DSQ",
    ]


def test_a_rider_without_rank_stands_at_his_place_and_takes_none():
    facts = race_log(BUNCH)
    entries = tuple(replace(entry, ranked=entry.bib != 1) for entry in facts.entries)
    assert sheet(score(replace(facts, entries=entries)))[:3] == [
        "- 1 FIN 1:00:00",
        "1 2 FIN 1:00:00",
        "2 3 FIN 1:00:00",
    ]


LATE = """
    gun    8:00 1 2 3
    finish 1 9:00
    finish 2 9:06:00.9
    finish 3 9:06:02
    close
"""


@pytest.mark.parametrize(
    "limit", [Limit(percent=10), Limit(after_first_us=360 * SECOND_US), Limit(absolute_us=3960 * SECOND_US)]
)
def test_over_the_limit_is_out_and_on_it_is_in(limit: Limit):
    assert sheet(score(race_log(LATE, limit=limit))) == [
        "1 1 FIN 1:00:00",
        "2 2 FIN 1:06:00 +6:00",
        "- 3 OTL 1:06:02 +6:02",
    ]


def test_the_strictest_limit_counts_and_the_panel_may_let_riders_in():
    limit = Limit(percent=10, after_first_us=300 * SECOND_US)
    assert [row.status for row in score(race_log(LATE, limit=limit)).rows] == ["FIN", "OTL", "OTL"]
    one = score(race_log(LATE + "otl_waive 3", limit=limit))
    assert table(one) == ["1 1 1 finished", "2 3 1 finished", "- 2 1 OTL"]
    everyone = score(race_log(LATE + "otl_waive_all", limit=limit))
    assert [row.status for row in everyone.rows] == ["FIN", "FIN", "FIN"]


def test_the_limit_hangs_on_the_new_winner_when_the_first_is_disqualified():
    facts = race_log(LATE + "dsq 1", limit=Limit(percent=1))
    assert sheet(score(facts)) == ["1 2 FIN 1:06:00", "2 3 FIN 1:06:02 +0:02", "- 1 DSQ"]


def test_a_rider_held_up_in_the_last_kilometres_has_the_time_of_his_group_and_his_own_place():
    facts = race_log(LATE + "credit_time_of 3 of=1", limit=Limit(percent=5))
    assert sheet(score(facts)) == ["1 1 FIN 1:00:00", "2 3 FIN 1:00:00", "- 2 OTL 1:06:00 +6:00"]


def test_a_neutralised_interval_comes_off_everybodys_time():
    facts = race_log(LATE + "neutralise us=60000000")
    assert sheet(score(facts)) == ["1 1 FIN 0:59:00", "2 2 FIN 1:05:00 +6:00", "3 3 FIN 1:05:02 +6:02"]


def test_times_may_be_taken_at_another_point_than_places():
    facts = race_log(
        """
        gun    8:00 1 2 3
        point  K3 1 8:55
        point  K3 2 8:55:00.4
        finish 2 9:00
        finish 1 9:00:30
        finish 3 9:01
        close
        """,
        time_point="K3",
    )
    standings = score(facts)
    assert sheet(standings) == ["1 2 FIN 0:55:00", "2 1 FIN 0:55:00", "3 3 FIN"]
    assert standings.row(3).flags == ("no_time_read",)


def test_swapped_chips_are_put_right_by_one_ruling():
    assert [row.bib for row in score(race_log(BUNCH + "chip_swap a=1 b=4")).rows] == [4, 2, 3, 1, 5]


def test_the_tail_of_a_closed_list_and_no_decision_is_invented():
    facts = race_log(
        """
        gun    8:00 1 2 3 4 5 6 7 8
        absent 9 10
        finish 1 8:30 9:00
        finish 2 8:31 9:20
        finish 3 8:35
        finish 4 8:36
        finish 5 8:37 9:03
        point  P 6 8:20
        pulled 3
        dnf 4
        dsq 5
        dns 8
        close
        """,
        laps=2,
        limit=Limit(percent=10),
    )
    facts = replace(facts, entries=(*facts.entries, EntryFact(11, signed_on=True)))
    standings = score(facts)
    assert table(standings) == [
        "1 1 2 finished",
        "2 3 1 LAP",
        "- 2 2 OTL",
        "- 6 0 NR",
        "- 7 0 NR",
        "- 11 0 NR",
        "- 4 1 DNF",
        "- 5 2 DSQ",
        "- 8 0 DNS",
        "- 9 0 DNS",
        "- 10 0 DNS",
    ]
    assert {row.bib: row.flags for row in standings.rows if row.flags} == {
        6: ("no_finish_read",),
        7: ("no_reads",),
        11: ("no_reads",),
    }


def test_the_gravest_ruling_stands_in_whatever_order_they_were_made():
    assert [row.status for row in score(race_log(BUNCH + "dsq 5\ndnf 5\npulled 5")).rows][-1] == "DSQ"


def test_the_gap_runs_from_the_latest_read_so_far_where_the_judge_saw_another_order():
    facts = race_log("gun 8:00 1 2 3\nfinish 2 9:00:00.2\nfinish 1 9:00:00.9\nfinish 3 9:00:01.5\njudge 1 2\nclose")
    assert sheet(score(facts)) == ["1 1 FIN 1:00:00", "2 2 FIN 1:00:00", "3 3 FIN 1:00:00"]


def test_a_judge_may_name_a_rider_who_is_not_in_the_finish():
    assert [row.bib for row in score(race_log(BUNCH + "judge 2 1 3\ndnf 1")).rows] == [2, 3, 4, 5, 1]


def test_relegated_in_the_group_and_then_to_the_last_of_the_race_is_the_last_of_the_race():
    facts = race_log(BUNCH + "relegate_group 1\nrelegate_last 1\nrelegate_group 4")
    assert [row.bib for row in score(facts).rows] == [2, 3, 5, 4, 1]


def test_relegation_in_a_group_of_one_changes_nothing_but_the_mark():
    facts = race_log("gun 8:00 1 2\nfinish 1 9:00\nfinish 2 9:01\nrelegate_group 1\nclose")
    assert [(row.bib, row.flags) for row in score(facts).rows] == [(1, ("REL",)), (2, ())]


def test_a_disqualified_rider_over_the_limit_stays_disqualified():
    assert score(race_log(LATE + "dsq 3", limit=Limit(percent=1))).row(3).status == "DSQ"


def test_the_limit_and_the_gaps_hang_on_the_first_who_rides_for_a_rank():
    facts = race_log(LATE, limit=Limit(after_first_us=SECOND_US))
    entries = tuple(replace(entry, ranked=entry.bib != 1) for entry in facts.entries)
    assert sheet(score(replace(facts, entries=entries))) == [
        "- 1 FIN 1:00:00 -6:00",
        "1 2 FIN 1:06:00",
        "- 3 OTL 1:06:02 +0:02",
    ]


def test_a_place_stays_open_only_where_the_ruling_says_so():
    assert table(score(race_log(BUNCH + "dsq 3 leave_place_open=no")))[2:] == [
        "3 4 1 finished",
        "4 5 1 finished",
        "- 3 1 DSQ",
    ]


def test_in_a_net_race_riders_of_two_waves_share_no_time_on_the_line():
    facts = race_log(
        """
        gun    8:00 1 wave A
        gun    8:02 2 3 wave B
        finish 1 9:01:59.800
        finish 2 9:02:00.200
        finish 3 9:02:01.100
        close
        """,
        rank_by="net",
        rank_scope="race",
    )
    assert sheet(score(facts)) == ["1 2 FIN 1:00:00", "2 3 FIN 1:00:00", "3 1 FIN 1:01:59 +1:59"]


def test_a_read_at_the_time_point_before_the_gun_gives_no_time():
    facts = race_log("gun 8:00 1\npoint K3 1 7:50 8:55\nfinish 1 9:00\nclose", time_point="K3")
    assert sheet(score(facts)) == ["1 1 FIN 0:55:00"]


def _photo(*orders):
    facts = race_log(BUNCH)
    rulings = [
        RulingFact(number, "finish_order", None, {"order": order}) for number, order in enumerate(orders, start=1)
    ]
    return table(score(replace(facts, rulings=tuple(rulings))))


def test_each_photo_orders_its_own_riders_and_a_later_one_holds():
    chips = table(score(race_log(BUNCH)))
    assert chips == ["1 1 1 finished", "2 2 1 finished", "3 3 1 finished", "4 4 1 finished", "5 5 1 finished"]
    swapped = ["1 2 1 finished", "2 1 1 finished", "3 3 1 finished", "4 5 1 finished", "5 4 1 finished"]
    # The order of the second photo is not that of riders behind the first: each pair keeps its own two places.
    assert _photo([[5], [4]], [[2], [1]]) == _photo([[2], [1]], [[5], [4]]) == swapped
    assert _photo([[2], [1]], [[1], [2]]) == chips
    assert _photo([[2, 1]]) == ["1 2 1 finished", "1 1 1 finished", *chips[2:]]
    assert _photo([[2, 1]], [[1], [2]]) == chips
