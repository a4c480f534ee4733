"""The thread behind a row says what was used, what was not and why, and which rulings stand over it."""

import pytest

from results.scoring.explain import explain, moved_by
from results.scoring.race_facts import Limit, Step
from tests.race_notation import SECOND_US, instant, race_log
from timing.passings import Passing

MINUTE = 60 * SECOND_US


def reasons(facts, bib):
    return [(step.kind, step.reason, step.value) for step in explain(facts, bib).steps]


def test_every_crossing_has_its_reason_in_the_order_of_events():
    facts = race_log(
        """
        gun    8:30 11 12
        finish 11 8:25 8:30:03 8:42 8:42:30 8:54 9:06
        finish 12 8:41 8:53
        point  P 11 8:20 8:36
        close
        """,
        laps=2,
        min_lap_us=5 * MINUTE,
    )
    why = explain(facts, 11)
    assert why.steps == (
        Step("set_aside", "before_gun", instant("8:20"), "P", "UCI 1.2.095"),
        Step("set_aside", "before_gun", instant("8:25"), "F", "UCI 1.2.095"),
        Step("set_aside", "start_crossing", instant("8:30:03"), "F"),
        Step("used", "point", instant("8:36"), "P"),
        Step("used", "lap", instant("8:42"), "F", "", 1),
        Step(
            "set_aside",
            "too_soon",
            instant("8:42:30"),
            "F",
            detail=(("after_us", 30 * SECOND_US), ("least_us", 5 * MINUTE)),
        ),
        Step("used", "lap", instant("8:54"), "F", "", 2),
        Step("set_aside", "extra_crossing", instant("9:06"), "F"),
        Step("rule", "group_time", instant("8:54"), "", "UCI 1.2.107", 1440, detail=(("size", 1),)),
    )
    assert (why.row.rank, why.row.time_us) == (2, 24 * MINUTE)


def test_merged_reads_and_a_backup_are_named():
    facts = race_log("gun 8:30 11", laps=2)
    facts = type(facts)(
        facts.waves, facts.entries, (Passing(11, "F", instant("8:42"), (7, 8, 9), backup=True),), (), facts.rules
    )
    assert explain(facts, 11).steps == (
        Step("used", "lap_by_backup", instant("8:42"), "F", "", 1, (7,)),
        Step("merged", "same_passing", instant("8:42"), "F", "", 2, (8, 9)),
    )


def test_a_crossing_given_by_a_ruling_and_the_ruling_are_both_named():
    facts = race_log("gun 8:30 11\nfinish 11 8:40 9:00\nconfirm_missed 11 at=8:50\nclose", laps=3, bunch=False)
    assert reasons(facts, 11) == [
        ("used", "lap", 1),
        ("used", "lap_by_ruling", 2),
        ("used", "lap", 3),
        ("rule", "own_time", 1800),
        ("ruling", "confirm_missed", 1),
    ]


def test_rulings_for_the_whole_race_and_the_judge_stand_over_every_row():
    facts = race_log(
        """
        gun    8:30 11 12 13
        finish 11 8:40
        finish 12 8:40:00.5
        judge  12 11
        neutralise us=1000000
        relegate_group 12
        dsq    13
        close
        """
    )
    assert reasons(facts, 12) == [
        ("used", "lap", 1),
        ("rule", "group_time", 599),
        ("rule", "judge_order", None),
        ("ruling", "neutralise", 1),
        ("ruling", "relegate_group", 2),
    ]
    assert reasons(facts, 13) == [("ruling", "neutralise", 1), ("ruling", "dsq", 3)]


def test_what_ended_a_rider_is_said():
    facts = race_log(
        """
        gun    8:30 11 12 13 14 15
        absent 16
        finish 11 8:40 8:50
        finish 12 8:46 9:00
        finish 13 8:43 8:51
        finish 14 8:50
        finish 15 8:41
        close
        """,
        laps=2,
        lapped="lead_lap",
        limit=Limit(percent=40),
    )
    assert {bib: reasons(facts, bib)[-1] for bib in (12, 13, 14, 15, 16)} == {
        12: ("rule", "time_limit", 1680),
        13: ("rule", "group_time", 1260),
        14: ("rule", "ended_by_winner", 1),
        15: ("rule", "no_finish_read", None),
        16: ("rule", "not_signed_on", None),
    }


def test_swapped_chips_show_what_the_other_chip_saw():
    facts = race_log("gun 8:30 11 12\nfinish 11 8:40\nfinish 12 8:50\nchip_swap a=11 b=12\nclose")
    assert reasons(facts, 11) == [("used", "lap", 1), ("rule", "group_time", 1200), ("ruling", "chip_swap", 1)]


def test_before_the_gun_is_known_nothing_counts():
    assert reasons(race_log("gun - 11\nfinish 11 8:20"), 11) == [("set_aside", "no_gun", None)]


def test_a_bib_that_is_not_on_the_start_list_has_no_row():
    with pytest.raises(KeyError):
        explain(race_log("gun 8:30 11"), 99)


def test_a_penalty_is_a_step_of_its_own_after_the_time_of_the_group():
    facts = race_log(
        """
        gun    8:30 11 12
        finish 11 8:40
        finish 12 8:40:00.5
        dnf    99
        time_penalty 12 seconds=20
        time_penalty 12 seconds=5
        relegate_last 12
        close
        """
    )
    why = explain(facts, 12)
    assert why.steps[1:] == (
        Step(
            "rule",
            "group_time",
            instant("8:40"),
            "",
            "UCI 1.2.107",
            600,
            detail=(("size", 2), ("behind_us", SECOND_US // 2)),
        ),
        Step("ruling", "time_penalty", value=20, ruling=2),
        Step("ruling", "time_penalty", value=5, ruling=3),
        Step("ruling", "relegate_last", None, "", "UCI 2.12.007", 4, ruling=4),
    )
    assert why.row.time_us == 625 * SECOND_US


def test_a_ruling_about_another_rider_that_moved_the_row_is_named_with_the_place_before():
    facts = race_log("gun 8:30 11 12 13\nfinish 11 8:40\nfinish 12 8:41\nfinish 13 8:42\ndsq 11\ndnf 13\nclose")
    (moved,) = moved_by(facts, 12)
    assert (moved.reason, moved.ruling, moved.detail) == ("dsq", 1, (("bib", 11), ("was", 2), ("now", 1)))
    assert moved_by(facts, 11) == ()
