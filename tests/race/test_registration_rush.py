"""Many at once, with real threads on the real database: nothing is sold twice, nothing is lost, nobody is passed over."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from bench import unguarded
from race import places, registration, self_service, transactions
from race.models import Category, Entry, LogLine, Message, Registration, Rider
from race.refused import Refused
from tests.entering import Field, enter, open_entries, person, resident_number

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("alone")]
State = Entry.State


def at_once(*acts: Callable[[], Any], threads: int = 8) -> list[Any]:
    """Let threads do the acts, begun together; what each gave, a Refused as its code."""
    together = threading.Barrier(min(threads, len(acts)), timeout=20)

    def one(number: int) -> Any:
        try:
            if number < together.parties:
                together.wait()
            return acts[number]()
        except Refused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(min(threads, len(acts))) as pool:
        return list(pool.map(one, range(len(acts))))


def newcomer(field: Field, name: str) -> Entry:
    """Enter a rider whose number nobody else has: another birth date for another name."""
    born = date(1970, 1, 1) + timedelta(days=sum(map(ord, name)) % 7000)
    return enter(field, name, number=resident_number(name, born))


def newcomers(field: Field, names: Sequence[str]) -> list[Callable[[], Any]]:
    return [lambda name=name: newcomer(field, name).state for name in names]  # type: ignore[misc]


def riders(count: int) -> list[str]:
    return [f"车手{chr(0x4E00 + number)}" for number in range(count)]


def assert_counted(category: Category) -> tuple[int, int]:
    """The counters are what the rows say, and no more than there is."""
    category.refresh_from_db()
    rows = Counter(Entry.objects.filter(category=category).values_list("state", flat=True))
    placed = sum(rows[state] for state in Entry.PLACED)
    assert (category.taken, category.waiting) == (placed, rows[State.WAITING])
    assert category.taken <= category.capacity
    return category.taken, category.waiting


def test_a_double_click_is_one_registration() -> None:
    field = open_entries(capacity=5)
    keys = at_once(*[lambda: enter(field, "甲一", key="one").pk for _click in range(8)])
    assert (len(set(keys)), Registration.objects.count(), Rider.objects.count()) == (1, 1, 1)
    assert Message.objects.filter(kind="registered").count() == LogLine.objects.filter(what="registered").count() == 1
    assert assert_counted(field.category) == (1, 0)


def test_two_tabs_are_one_entry_and_one_rider() -> None:
    field = open_entries(capacity=5)
    found = at_once(*[lambda key=key: enter(field, "甲一", key=key).state for key in "abcd"])
    assert sorted(found) == ["already_entered"] * 3 + ["held"]
    assert (Registration.objects.count(), Rider.objects.count()) == (1, 1)
    assert assert_counted(field.category) == (1, 0)


def test_two_tabs_for_two_days_are_one_rider() -> None:
    field, other = open_entries(capacity=5), open_entries(capacity=5, slug="other")
    number = resident_number("甲一")
    for _round in range(3):
        at_once(*[lambda one=one: enter(one, "甲一", key="k", number=number).state for one in (field, other)])
    assert (Rider.objects.count(), Entry.objects.count()) == (1, 2)


def test_the_last_place_is_sold_once() -> None:
    field = open_entries(capacity=1)
    found = at_once(*newcomers(field, riders(20)), threads=20)
    assert sorted(found) == ["held"] + ["waiting"] * 19
    numbers = Entry.objects.filter(state=State.WAITING).order_by("queue_number").values_list("queue_number", flat=True)
    assert list(numbers) == list(range(1, 20))
    assert assert_counted(field.category) == (1, 19)


def test_a_freed_place_never_goes_to_a_newcomer_while_others_wait() -> None:
    field = open_entries(capacity=3)
    first = [newcomer(field, name) for name in riders(8)]
    leaving = [lambda entry=entry: registration.withdraw(entry, by=None) for entry in first[:3]]
    late = [f"新人{name}" for name in riders(6)]
    found = at_once(*[act for pair in zip(leaving, newcomers(field, late[:3]), strict=True) for act in pair],
                    *newcomers(field, late[3:]))  # fmt: skip
    assert Counter(found) == {None: 3, "waiting": 6}
    offered = Entry.objects.filter(state=State.OFFERED).order_by("pk").values_list("pk", flat=True)
    assert list(offered) == [entry.pk for entry in first[3:6]]
    assert assert_counted(field.category) == (3, 8)


def test_leaving_the_line_while_a_place_is_offered_to_it() -> None:
    for turn in range(4):
        field = open_entries(capacity=1, slug=f"turn{turn}")
        one, two, three = (enter(field, f"{name}{chr(0x4E00 + turn)}") for name in ("甲", "乙", "丙"))
        at_once(
            lambda: registration.withdraw(one, by=None),  # noqa: B023
            lambda: self_service.leave(two),  # noqa: B023
        )
        states = [Entry.objects.get(pk=entry.pk).state for entry in (one, two, three)]
        assert states == ["withdrawn", "withdrawn", "offered"]
        assert assert_counted(field.category) == (1, 0)


def test_more_places_in_the_middle_of_a_rush() -> None:
    field = open_entries(capacity=5)
    raises = [lambda: [len(places.set_capacity(field.category, size)) for size in (8, 12, 15)]]
    found = at_once(*newcomers(field, riders(10)), *raises, *newcomers(field, riders(30)[10:]))
    # The number of places stands in the regulations: whoever read the version before is asked to read again.
    answers = Counter(found[:10] + found[11:])
    assert set(answers) <= {"held", "waiting", "new_version"}
    assert assert_counted(field.category) == (15, 15 - answers["new_version"])
    waiting = (
        Entry.objects.filter(state=State.WAITING).order_by("queue_number").values_list("queue_number", flat=True)[0]
    )
    served = Entry.objects.filter(state=State.OFFERED).count()
    assert waiting == served + 1  # whoever was offered a place stood before everybody who waits


def test_two_categories_in_either_order_are_no_deadlock() -> None:
    field = open_entries(capacity=4)
    other = Category.objects.get(pk=field.category.pk)
    other.pk, other.code, other.capacity, other._state.adding = None, "MM", 3, True
    other.save()
    entries = [newcomer(field, name) for name in riders(8)]
    moves = [lambda entry=entry: self_service.move(entry, other).category_id for entry in entries[:4]]
    found = at_once(*moves, *newcomers(field, [f"新人{name}" for name in riders(6)]))
    assert Counter(found[:4]) == {other.pk: 3, "full": 1}
    for category in (field.category, other):
        assert_counted(category)
    assert assert_counted(other) == (3, 0)


def test_a_rush_is_exact() -> None:
    field = open_entries(capacity=40)
    found = Counter(at_once(*newcomers(field, riders(200))))
    assert (found, assert_counted(field.category)) == ({"held": 40, "waiting": 160}, (40, 160))


def test_the_guard_is_what_keeps_the_last_place_from_being_sold_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them have counted before the first has committed: what a rush does sooner or later, without luck."""
    field, counted = open_entries(capacity=1), threading.Barrier(4, timeout=20)

    def slow(entry: Entry, *, queue: bool = True) -> int:
        position = unguarded.counted_and_taken(entry, queue=queue)
        counted.wait()
        return position

    with unguarded.guard_off(), monkeypatch.context() as patch:  # undone before the guard is on again
        patch.setattr(places, "take", slow)
        found = at_once(*newcomers(field, riders(4)))
    assert found == ["held"] * 4
    assert Entry.objects.filter(state__in=Entry.PLACED).count() == 4 > field.category.capacity


def test_a_deadlock_is_tried_again_from_the_beginning() -> None:
    field = open_entries(capacity=5)
    one, two = (enter(field, name).rider for name in ("甲一", "乙二"))
    both, tries = threading.Barrier(2, timeout=20), []

    @transactions.retried
    def crossing(first: Rider, second: Rider) -> str:
        tries.append(first.pk)
        Rider.objects.filter(pk=first.pk).update(uci_id="1")
        if len(tries) < 3:
            both.wait()
        Rider.objects.filter(pk=second.pk).update(uci_id="2")
        return "done"

    assert at_once(lambda: crossing(one, two), lambda: crossing(two, one)) == ["done", "done"]
    # Three; four where the second try was quicker to its first row than the other, whom the broken one had let go.
    assert len(tries) in (3, 4)


def test_a_broken_off_transaction_is_tried_three_times_and_not_inside_another() -> None:
    tries: list[int] = []

    @transactions.retried
    def never() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")

    with pytest.raises(OperationalError):
        never()
    assert len(tries) == transactions.TRIES
    with pytest.raises(OperationalError), transaction.atomic():
        never()
    assert len(tries) == transactions.TRIES + 1


def test_a_known_person_with_another_name_is_another_rider_for_one_place() -> None:
    field = open_entries(capacity=5)
    number = person("甲一").identity_number
    found = at_once(*[lambda name=name: enter(field, name, number=number).state for name in ("甲一", "乙二")])
    assert sorted(found) == ["already_entered", "held"]
    assert Rider.objects.count() == 1
