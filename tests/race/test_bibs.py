"""Numbers: planned, shown, given, and never to two."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from race import bib_ranges, bibs, changes, numbering, start_list
from race.models import Category, Change, Edition, Entry, LogLine
from race.numbering import Candidate, Span
from race.refused import Refused
from tests import cast, desk_field

pytestmark = pytest.mark.django_db


def stage(riders: int = 0, first: int | None = 1, last: int | None = 199, *, capacity: int = 150) -> cast.Cast:
    made = cast.make(riders=0, published=False)
    Category.objects.filter(pk=made.category.pk).update(capacity=capacity)
    desk_field.ranged(made.category, first, last)
    if riders:
        desk_field.confirmed(made, riders)
    return made


def sheet(plan: bibs.Plan) -> list[str]:
    """A plan as the office reads it: `bib name why`."""
    return [f"{row.bib} {row.entry.rider.given_latin} {row.why}" for row in plan.rows]


def codes(plan: bibs.Plan) -> list[tuple[str, int]]:
    return [(problem.code, problem.count) for problem in plan.problems]


def refusal(call, *args, **kwargs) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **kwargs)
    return refused.value.code


def numbers() -> dict[str, int | None]:
    return dict(Entry.objects.order_by("pk").values_list("rider__given_latin", "bib"))


# --- pure -----------------------------------------------------------------------------------------------------------


def given(text: str, free: list[int], **how) -> list[str]:
    """`a:red b c:red=4`: key:team=bib, in order; the answer as `bib key why`."""
    keys, candidates = [], []
    for word in text.split():
        head, _, bib = word.partition("=")
        name, _, team = head.partition(":")
        keys.append(name)
        candidates.append(Candidate(len(keys) - 1, team or None, int(bib) if bib else None))
    how["seeds"] = [keys.index(name) for name in how.get("seeds", "").split()]
    return [f"{bib} {keys[key]} {why}" for key, bib, why in numbering.number(candidates, free, **how)]


def test_the_lowest_numbers_in_order_and_who_has_one_keeps_it():
    assert given("a b=7 c", [1, 2, 3]) == ["1 a next", "2 c next", "7 b kept"]


def test_seeds_come_first():
    assert given("a b c", [1, 2, 3], seeds="c a") == ["1 c seeded", "2 a seeded", "3 b next"]


def test_a_team_stands_in_a_row_past_a_hole_and_others_fill_the_hole():
    wanted = ["11 b next", "12 e next", "14 a team", "15 c team", "16 d team"]
    assert given("a:red b c:red d:red e", [11, 12, 14, 15, 16, 17]) == wanted


def test_without_a_row_long_enough_a_team_gets_the_lowest_numbers():
    assert given("a:red b:red c:red", [1, 3, 5]) == ["1 a team", "3 b team", "5 c team"]


def test_a_late_rider_goes_beside_the_team():
    assert given("a:red=5 b:red=4 c d:red", [1, 2, 6, 7]) == ["1 c next", "4 b kept", "5 a kept", "6 d team"]


def test_a_gap_is_left_after_a_team_as_long_as_there_is_room():
    assert given("a:red b:red c", [1, 2, 3, 4, 5], gap=2) == ["1 a team", "2 b team", "5 c next"]
    assert given("a:red b:red c d", [1, 2, 3, 4], gap=2) == ["1 a team", "2 b team", "3 c next", "4 d next"]


def test_teams_apart_where_the_office_wants_it():
    assert given("a:red b c:red", [1, 2, 3], teams_together=False) == ["1 a next", "2 b next", "3 c next"]


def test_who_finds_no_number_is_missing():
    assert given("a b c", [4, 9]) == ["4 a next", "9 b next"]


def test_spans_meet_at_their_ends_and_an_open_one_ends_where_the_next_begins():
    assert Span(1, 10).meets(Span(10, 20)) and not Span(1, 9).meets(Span(10, 20))
    assert numbering.closed(Span(1), [Span(201), Span(401)]) == Span(1, 200)
    assert numbering.closed(Span(401), [Span(1), Span(201)]) == Span(401, numbering.HIGHEST)


# --- plans ----------------------------------------------------------------------------------------------------------


def test_a_plan_writes_nothing_and_leaves_reserved_numbers_out():
    made = stage(4, first=11)
    bib_ranges.keep_back(made.edition, [12], by=None, reason="plate is broken")
    plan = bibs.plan(made.edition)
    assert sheet(plan) == ["11 N1 next", "14 N2 next", "15 N3 next", "16 N4 next"]
    assert codes(plan) == []
    assert set(numbers().values()) == {None}


def test_orders():
    made = stage(3)
    entries = list(Entry.objects.order_by("pk"))
    desk_field.teams(made, [entries[2]], 1)
    for entry, key in zip(entries, ["c", "a", "b"], strict=True):
        type(entry.rider).objects.filter(pk=entry.rider_id).update(sort_key=key)
    told = {
        order: [row.entry.rider.given_latin for row in bibs.plan(made.edition, order=order).rows]
        for order in bibs.ORDERS
    }
    assert told == {
        "entered": ["N1", "N2", "N3"], "name": ["N2", "N3", "N1"], "team": ["N3", "N2", "N1"], "seeded": ["N1", "N2", "N3"],
    }  # fmt: skip
    seeded = bibs.plan(made.edition, order="seeded", seeds=[entries[2].pk])
    assert sheet(seeded) == ["1 N3 seeded", "2 N1 next", "3 N2 next"]


def test_what_a_plan_cannot_do_is_said():
    made = stage(5, first=11, last=14, capacity=9)
    other = desk_field.another_race(made)
    desk_field.confirmed(made, 2, category=other, prefix="W", state="confirmed")
    Entry.objects.filter(rider__given_latin="N1").update(bib=77)
    plan = bibs.plan(made.edition)
    assert sheet(plan) == ["11 N2 next", "12 N3 next", "14 N4 next", "77 N1 kept"]
    assert codes(plan) == [("range_full", 1), ("range_too_small", 6), ("outside_range", 1), ("no_range", 2)]
    assert [problem.text for problem in bibs.plan(made.edition, [other]).problems] == [
        "女子组没有号码段：2 人没有号码。"
    ]


def test_only_confirmed_entries_are_numbered():
    made = stage(3)
    Entry.objects.filter(rider__given_latin="N2").update(state="withdrawn")
    assert sheet(bibs.plan(made.edition)) == ["1 N1 next", "2 N3 next"]


# --- carried out ----------------------------------------------------------------------------------------------------


def test_assigning_gives_exactly_the_plan_and_again_changes_nothing():
    made = stage(3, first=12)
    plan = bibs.plan(made.edition)
    assert bibs.assign(plan, by=None) == 3
    assert numbers() == {"N1": 12, "N2": 14, "N3": 15}
    assert list(LogLine.objects.values_list("what", "details")) == [
        ("bib_given", {"bib": bib, "was": None}) for bib in (12, 14, 15)
    ]
    assert refusal(bibs.assign, plan, by=None) == "plan_is_stale"
    assert bibs.assign(bibs.plan(made.edition), by=None) == 0
    assert LogLine.objects.count() == 3


def test_a_plan_is_stale_once_somebody_came_went_or_a_number_is_kept_back():
    made = stage(3)
    plan = bibs.plan(made.edition)
    bib_ranges.keep_back(made.edition, [2], by=None)
    assert refusal(bibs.assign, plan, by=None) == "plan_is_stale"
    plan = bibs.plan(made.edition)
    desk_field.confirmed(made, 1, prefix="L")
    assert refusal(bibs.assign, plan, by=None) == "plan_is_stale"
    assert refusal(bibs.assign, replace(bibs.plan(made.edition), digest="made up"), by=None) == "plan_is_stale"
    assert set(numbers().values()) == {None}


def test_after_the_start_list_is_out_each_number_is_a_fact():
    made = stage(2)
    bibs.assign(bibs.plan(made.edition), by=None)
    start_list.publish([made.race], by=None)
    before = Change.objects.count()
    one, other = Entry.objects.order_by("bib")
    bibs.swap(one, other, by=None, reason="wrong plates")
    assert numbers() == {"N1": 2, "N2": 1}
    facts = Change.objects.order_by("pk")[before:]
    assert [(fact.before, fact.after, fact.reason) for fact in facts] == [
        ({"bib": 1}, {"bib": 2}, "wrong plates"),
        ({"bib": 2}, {"bib": 1}, "wrong plates"),
    ]
    assert len({fact.revision for fact in facts}) == 1


@pytest.mark.parametrize("published", [False, True])
def test_the_same_number_of_queries_for_three_and_for_twelve_hundred(published):
    counted = []
    for size in (3, 1200):
        made = cast.make(riders=0, published=False, slug=f"q{size}")
        Category.objects.filter(pk=made.category.pk).update(capacity=size, first_bib=1, last_bib=2000)
        desk_field.teams(made, desk_field.confirmed(made, size, prefix=f"Q{size}-"), 3)
        if published:
            Entry.objects.filter(edition=made.edition).update(race=made.race)
            made.race.published_at = cast.GUN
            made.race.save(update_fields=["published_at"])
        plan = bibs.plan(made.edition)
        with CaptureQueriesContext(connection) as queries:
            assert bibs.assign(plan, by=None) == size
        counted.append(len(queries))
        assert Entry.objects.filter(edition=made.edition, bib=None).count() == 0
    assert counted[0] == counted[1] <= 20


def test_edits_of_many_rows_are_a_fixed_number_of_statements():
    made = cast.make(riders=40)
    entries = list(Entry.objects.filter(race=made.race).select_related("race"))
    with CaptureQueriesContext(connection) as few:
        changes.write(made.edition, [(entry, {"bib": 100 + entry.bib}) for entry in entries[:2]], by=None)
    with CaptureQueriesContext(connection) as many:
        changes.write(made.edition, [(entry, {"bib": 100 + entry.bib}) for entry in entries[2:]], by=None)
    assert len(few) == len(many)


# --- single numbers -------------------------------------------------------------------------------------------------


def test_one_number_is_given_freed_and_refused_in_words():
    stage(2)
    one, other = Entry.objects.order_by("pk")
    bibs.give(one, 57, by=None)
    bibs.give(one, 57, by=None)
    with pytest.raises(Refused) as taken:
        bibs.give(other, 57, by=None)
    assert (taken.value.code, str(taken.value)) == ("bib_taken", "57 号属于车手N1。")
    assert refusal(bibs.give, other, 13, by=None) == "bib_reserved"
    assert [refusal(bibs.give, other, bib, by=None) for bib in (0, 100_000)] == ["bad_bib", "bad_bib"]
    bibs.free(one, by=None)
    bibs.give(other, 57, by=None)
    assert numbers() == {"N1": None, "N2": 57}
    Entry.objects.filter(pk=one.pk).update(state="withdrawn")
    assert refusal(bibs.give, one, 5, by=None) == "not_confirmed"
    assert list(LogLine.objects.values_list("what", "details")) == [
        ("bib_given", {"bib": 57, "was": None}),
        ("bib_freed", {"bib": None, "was": 57}),
        ("bib_given", {"bib": 57, "was": None}),
    ]


def test_numbers_are_swapped_and_a_number_goes_to_who_has_none():
    stage(2)
    one, other = Entry.objects.order_by("pk")
    bibs.give(one, 4, by=None)
    bibs.swap(one, other, by=None)
    assert numbers() == {"N1": None, "N2": 4}
    bibs.give(one, 5, by=None)
    bibs.swap(one, other, by=None)
    assert numbers() == {"N1": 4, "N2": 5}
    bibs.swap(one, one, by=None)
    assert numbers() == {"N1": 4, "N2": 5}


def test_a_lost_number_is_replaced_and_never_given_again():
    made = stage(3)
    bibs.assign(bibs.plan(made.edition), by=None)
    one = Entry.objects.get(bib=1)
    assert refusal(bibs.replace_lost, one, by=None, reason=" ") == "reason_missing"
    assert bibs.replace_lost(one, by=None, reason="torn off") == 4
    assert bib_ranges.kept_back(made.edition) == {1: "torn off"}
    assert refusal(bibs.give, Entry.objects.get(bib=2), 1, by=None) == "bib_reserved"
    bib_ranges.put_back(made.edition, [1, 13], by=None, reason="found")
    assert bib_ranges.never(made.edition) == {13}
    assert bibs.next_free(made.category) == 1


def test_after_the_freeze_only_single_numbers_change_and_each_says_why():
    made = stage(2)
    bibs.freeze(made.edition, by=None)
    bibs.freeze(made.edition, by=None)
    one, other = Entry.objects.order_by("pk")
    assert refusal(bibs.assign, bibs.plan(made.edition), by=None) == "bibs_frozen"
    for call in (
        lambda: bibs.give(one, 5, by=None),
        lambda: bibs.free(one, by=None),
        lambda: bibs.swap(one, other, by=None),
    ):
        assert refusal(call) == "reason_missing"
    bibs.give(one, 5, by=None, reason="late entry")
    assert refusal(bibs.unfreeze, made.edition, by=None, reason="") == "reason_missing"
    bibs.unfreeze(made.edition, by=None, reason="new category")
    assert bibs.assign(bibs.plan(made.edition), by=None) == 1
    assert numbers() == {"N1": 5, "N2": 1}
    assert list(LogLine.objects.values_list("what", flat=True)) == [
        "bibs_frozen", "bib_given", "bibs_unfrozen", "bib_given",
    ]  # fmt: skip


def test_the_freeze_is_due_at_the_end_of_the_day_the_regulations_name():
    made = stage()
    edition = Edition.objects.get(pk=made.edition.pk)
    due = bibs.regulations.days_before(edition, 5)
    assert [bibs.freeze_due(edition, due), bibs.freeze_due(edition, due.replace(day=due.day - 1))] == [True, False]


# --- ranges ---------------------------------------------------------------------------------------------------------


def test_ranges_of_two_categories_never_overlap():
    made = stage(first=1, last=None)
    other = desk_field.another_race(made)
    bib_ranges.set_range(other, 201, None, by=None)
    every = list(Category.objects.order_by("pk"))
    assert list(bib_ranges.ranges(every).values()) == [Span(1, 200), Span(201, numbering.HIGHEST)]
    with pytest.raises(Refused) as refused:
        bib_ranges.set_range(made.category, 150, 250, by=None)
    assert (refused.value.code, str(refused.value)) == ("range_overlap", "女子组的号码是 201–99999。")
    assert refusal(bib_ranges.set_range, other, 1, None, by=None) == "range_overlap"
    assert [
        refusal(bib_ranges.set_range, other, *pair, by=None) for pair in ((9, 8), (0, 5), (None, 5), (5, 100_000))
    ] == ["bad_range"] * 4
    bib_ranges.set_range(other, None, None, by=None)
    bib_ranges.set_range(made.category, 150, 250, by=None)
    made.category.refresh_from_db()
    assert (made.category.first_bib, made.category.last_bib) == (150, 250)


# --- two at once ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_desks_carry_out_the_same_plan_once():
    made = stage(30)
    plan = bibs.plan(made.edition)
    outcomes = at_once(lambda: bibs.assign(plan, by=None), lambda: bibs.assign(plan, by=None))
    assert sorted(map(str, outcomes)) == ["30", "plan_is_stale"]
    assert LogLine.objects.filter(what="bib_given").count() == 30


@pytest.mark.django_db(transaction=True)
def test_two_desks_never_give_one_number_twice():
    made = stage(2)
    other = desk_field.another_race(made)
    desk_field.confirmed(made, 1, category=other, prefix="W")
    one, far = Entry.objects.get(rider__given_latin="N1"), Entry.objects.get(rider__given_latin="W1")
    outcomes = at_once(lambda: bibs.give(one, 9, by=None), lambda: bibs.give(far, 9, by=None))
    assert sorted(map(str, outcomes)) == ["None", "bib_taken"]
    assert Entry.objects.filter(bib=9).count() == 1


def at_once(*calls) -> list[object]:
    """What each call returned, or the code with which it was refused; all begin together, each on its own connection."""
    gate, outcomes = threading.Barrier(len(calls)), []

    def run(call) -> None:
        try:
            gate.wait(10)
            outcomes.append(call())
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes
