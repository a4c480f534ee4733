"""Places are sold exactly, and passed on in the order of the waiting list."""

from datetime import timedelta

import pytest
from django.utils import timezone

from race import places, registration
from race.models import Category, Entry, Message
from race.refused import Refused
from tests.entering import Field, enter, open_entries, person

pytestmark = pytest.mark.django_db
State = Entry.State


def states(field: Field) -> list[str]:
    """The entries in the order in which they came: `name state number`."""
    rows = Entry.objects.select_related("rider").order_by("pk")
    return [f"{row.rider.name_zh} {row.state}{f' {row.queue_number}' if row.queue_number else ''}" for row in rows]


def counts(category: Category) -> tuple[int, int, int]:
    category.refresh_from_db()
    return category.taken, category.waiting, category.capacity


def test_newcomers_get_places_then_numbers() -> None:
    field = open_entries(capacity=2)
    for name in ("甲一", "乙二", "丙三", "丁四"):
        enter(field, name)
    assert states(field) == ["甲一 held", "乙二 held", "丙三 waiting 1", "丁四 waiting 2"]
    assert counts(field.category) == (2, 2, 2)
    assert [places.position(entry) for entry in Entry.objects.order_by("pk")] == [None, None, 1, 2]


def test_a_freed_place_goes_to_the_first_one_waiting_and_never_to_a_newcomer() -> None:
    field = open_entries(capacity=1)
    first, _second, _third = (enter(field, name) for name in ("甲一", "乙二", "丙三"))
    registration.withdraw(first, by=None)
    enter(field, "丁四")
    assert states(field) == ["甲一 withdrawn", "乙二 offered", "丙三 waiting 2", "丁四 waiting 3"]
    assert counts(field.category) == (1, 2, 1)
    assert list(
        Message.objects.filter(kind="offer").values_list("registration__entries__rider__name_zh", flat=True)
    ) == ["乙二"]


def test_a_hold_that_is_over_frees_its_place_and_the_offer_expires_to_the_next() -> None:
    field = open_entries(capacity=1)
    for name in ("甲一", "乙二", "丙三"):
        enter(field, name)
    later = timezone.now() + timedelta(minutes=16)
    assert registration.expire(field.edition, now=later) == 1
    assert states(field) == ["甲一 expired", "乙二 offered", "丙三 waiting 2"]
    assert registration.expire(field.edition, now=later) == 0
    assert registration.expire(field.edition, now=later + timedelta(hours=25)) == 1
    assert states(field) == ["甲一 expired", "乙二 expired", "丙三 offered"]
    assert counts(field.category) == (1, 0, 1)


def test_more_places_are_offered_to_the_line_and_fewer_than_taken_are_refused() -> None:
    field = open_entries(capacity=1)
    for name in ("甲一", "乙二", "丙三", "丁四"):
        enter(field, name)
    offered = places.set_capacity(field.category, 3)
    assert [entry.rider.name_zh for entry in offered] == ["乙二", "丙三"]
    assert counts(field.category) == (3, 1, 3)
    with pytest.raises(Refused) as refused:
        places.set_capacity(field.category, 2)
    assert refused.value.code == "below_taken"


def test_a_region_has_no_more_places_than_its_quota() -> None:
    field = open_entries(capacity=10, quotas=[{"prefix": "41", "max": 1}, {"each": 2}])
    enter(field, "甲一", region="41")
    with pytest.raises(Refused) as refused:
        enter(field, "乙二", region="41")
    assert refused.value.code == "region_full"
    enter(field, "丙三", region="65")
    registration.withdraw(Entry.objects.get(rider__name_zh="甲一"), by=None)
    enter(field, "丁四", region="41")
    assert states(field) == ["甲一 withdrawn", "丙三 held", "丁四 held"]
    assert counts(field.category) == (2, 0, 10)


def test_the_same_form_sent_twice_is_one_entry_and_another_form_with_its_key_is_refused() -> None:
    field = open_entries(capacity=5)
    one = enter(field, "甲一", key="form-1")
    assert enter(field, "甲一", key="form-1", number=person("甲一").identity_number).pk == one.pk
    with pytest.raises(Refused) as refused:
        enter(field, "乙二", key="form-1")
    assert refused.value.code == "key_reused"
    with pytest.raises(Refused) as again:
        enter(field, "甲一", key="form-2")
    assert again.value.code == "already_entered"
    assert states(field) == ["甲一 held"]
