"""When a passing counts: windows per wave and point, and the shortest lap of a category."""

from dataclasses import replace

from results.scoring import score
from results.scoring.explain import explain
from results.scoring.race_facts import Rules, Window
from tests.race_notation import race_log, table

MINUTE_US = 60_000_000
SHEET = """
    gun    8:30 11 12
    gun    8:35 21 wave B
    finish 11 8:31 8:42 8:54
    finish 12 8:42:01 8:54:01 9:30
    finish 21 8:36 8:49
    point  P  11 8:30:30 8:36
"""


def read(facts):
    """As reads made them: what only a person saw is not bound by a window."""
    passings = [one._replace(read_ids=(number,)) for number, one in enumerate(facts.passings, 1)]
    return replace(facts, passings=tuple(passings))


def steps(facts, bib):
    return [(step.reason, step.value) for step in explain(facts, bib).steps if step.point]


def test_a_wave_has_its_own_window_and_all_others_share_one():
    windows = (Window("F", "", 10 * MINUTE_US, 30 * MINUTE_US), Window("F", "B", 0, 2 * MINUTE_US))
    facts = read(race_log(SHEET, laps=2, windows=windows))
    assert table(score(facts)) == ["1 11 2 finished", "2 12 2 finished", "1 21 1 racing"]
    assert steps(facts, 11) == [
        ("point", None), ("outside_window", None), ("point", None), ("lap", 1), ("lap", 2),
    ]  # fmt: skip
    assert steps(facts, 12) == [("lap", 1), ("lap", 2), ("outside_window", None)]
    assert steps(facts, 21) == [("lap", 1), ("outside_window", None)]


def test_the_ends_of_a_window_are_inside_and_other_points_know_nothing_of_it():
    window = Window("F", "", 12 * MINUTE_US, 24 * MINUTE_US)
    facts = read(race_log(SHEET, laps=2, windows=(window,)))
    assert steps(facts, 11) == [
        ("point", None), ("outside_window", None), ("point", None), ("lap", 1), ("lap", 2),
    ]  # fmt: skip
    short = read(race_log(SHEET, laps=2, windows=(window._replace(point="P", from_us=MINUTE_US),)))
    assert [reason for reason, _ in steps(short, 11)] == ["outside_window", "lap", "point", "lap", "extra_crossing"]


def test_what_a_person_saw_counts_outside_every_window():
    facts = race_log(SHEET, laps=2, windows=(Window("F", "", 100 * MINUTE_US),))
    assert table(score(facts)) == table(score(replace(facts, rules=replace(facts.rules, windows=()))))


def test_a_window_goes_with_the_rider_and_not_with_the_chip():
    """Two riders of two waves wore each other's chips: each is judged by the own wave."""
    windows = (Window("F", "B", 0, 2 * MINUTE_US),)
    facts = read(race_log(f"{SHEET}\nchip_swap a=11 b=21", laps=2, windows=windows))
    assert [row.crossings for row in score(facts).rows if row.bib == 21] == [()]
    assert steps(facts, 11) == [("lap", 1), ("lap", 2)]
    assert [reason for reason, _ in steps(facts, 21)] == [
        "before_gun", "before_gun", "point", "outside_window", "outside_window",
    ]  # fmt: skip


def test_chips_that_were_swapped_twice_are_followed_through_both_rulings():
    sheet = (
        "gun 8:30 11 12 13\nfinish 11 8:41\nfinish 12 8:42\nfinish 13 8:43\nchip_swap a=11 b=12\nchip_swap a=12 b=13"
    )
    facts = read(race_log(sheet, laps=1))
    assert table(score(facts)) == ["1 13 1 finished", "2 11 1 finished", "3 12 1 finished"]
    assert [steps(facts, bib) for bib in (11, 12, 13)] == [[("lap", 1)]] * 3


def test_a_category_may_have_a_shorter_lap_than_the_race():
    sheet = "gun 8:30 11\ngun 8:30 21 wave B\nfinish 11 8:40 8:44\nfinish 21 8:40 8:44"
    facts = race_log(sheet, laps=3, min_lap_us=5 * MINUTE_US, min_lap_us_by_category={"B": 3 * MINUTE_US})
    assert table(score(facts)) == ["1 11 1 racing", "1 21 2 racing"]
    assert steps(facts, 11) == [("lap", 1), ("too_soon", None)]
    assert steps(facts, 21) == [("lap", 1), ("lap", 2)]
    assert Rules().windows == ()
