"""Another category, another rider, out of the line: places exact, money along, nothing lost on a refusal."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from race import payments, places, registration, regulations, self_service
from race.models import Category, Change, Edition, Entry, LedgerLine, Race, Refund, Team
from race.refused import Refused
from race.registration import Signature
from tests.entering import Field, enter, open_entries, person

pytestmark = pytest.mark.django_db
State = Entry.State


def beside(field: Field, code: str = "MM", **columns: Any) -> Category:
    """Another category of the same race."""
    made = Category.objects.get(pk=field.category.pk)
    made.pk, made.code, made._state.adding = None, code, True
    made.save()
    Category.objects.filter(pk=made.pk).update(taken=0, waiting=0, queue_last=0, **columns)
    return Category.objects.select_related("race__edition").get(pk=made.pk)


def paid(entry: Entry) -> Entry:
    """The entry, confirmed and paid in the sandbox."""
    assert entry.registration is not None
    payment = payments.start(entry.registration, "sandbox")
    assert payments.settle(payment, payment.amount_fen, f"ref-{entry.pk}", None) == "settled"
    entry.refresh_from_db()
    return entry


def code(act: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*args, **kwargs)
    return refused.value.code


def counts(*categories: Category) -> list[tuple[int, int]]:
    return [Category.objects.values_list("taken", "waiting").get(pk=category.pk) for category in categories]


def teamed(field: Field, name: str) -> Entry:
    team, _made = Team.objects.get_or_create(edition=field.edition, name_zh="飞驰")
    return paid(enter(field, name, team=team))


def test_another_category_takes_a_place_there_and_passes_the_old_one_on() -> None:
    field = open_entries(capacity=1)
    other = beside(field, capacity=1, fee_fen=12_000)
    one, two = paid(enter(field, "甲一")), enter(field, "乙二")
    moved = self_service.move(one, other)
    two.refresh_from_db()
    assert (moved.category_id, moved.state, moved.owed_fen) == (other.pk, State.CONFIRMED, 2_000)
    assert (two.state, counts(field.category, other)) == (State.OFFERED, [(1, 0), (1, 0)])
    assert self_service.move(moved, other).pk == one.pk
    assert counts(field.category, other) == [(1, 0), (1, 0)]


def test_a_cheaper_category_gives_the_difference_back() -> None:
    field = open_entries(capacity=1)
    other = beside(field, capacity=1, fee_fen=7_000)
    self_service.move(paid(enter(field, "甲一")), other)
    assert list(Refund.objects.values_list("amount_fen", "reason", "entry__category__code")) == [
        (3_000, "fee_changed", "MM")
    ]


def test_a_full_category_leaves_the_old_place_alone() -> None:
    field = open_entries(capacity=2)
    other = beside(field, capacity=0)
    one = paid(enter(field, "甲一"))
    assert code(self_service.move, one, other) == "full"
    one.refresh_from_db()
    assert (one.category_id, one.state, counts(field.category, other)) == (
        field.category.pk,
        "confirmed",
        [(1, 0), (0, 0)],
    )


def test_from_the_line_into_a_category_with_room() -> None:
    field = open_entries(capacity=1)
    other = beside(field, capacity=1)
    enter(field, "甲一")
    moved = self_service.move(enter(field, "乙二"), other)
    assert (moved.state, moved.queue_number, counts(field.category, other)) == ("held", None, [(1, 0), (1, 0)])
    assert moved.held_until is not None


def test_what_cannot_be_moved() -> None:
    field = open_entries(capacity=1)
    women, foreign = beside(field, "WE", capacity=1, sex="F"), open_entries(capacity=1, slug="foreign").category
    one, two = enter(field, "甲一"), enter(field, "乙二")
    assert code(self_service.move, one, women) == "women_only"
    assert code(self_service.move, one, foreign) == "no_category"
    Entry.objects.filter(pk=one.pk).update(bib=7)
    assert code(self_service.move, one, beside(field, "MM", capacity=1)) == "bib_given"
    registration.withdraw(one, by=None)
    assert [code(self_service.move, entry, women) for entry in (one, two)] == ["not_now", "not_now"]
    Edition.objects.update(entry_rules={"change_days_before": 90})
    two.refresh_from_db()
    assert code(self_service.move, Entry.objects.get(pk=two.pk), women) == "too_late"


def test_a_move_after_the_start_list_is_a_change_of_both_races() -> None:
    field = open_entries(capacity=2)
    other = beside(field, capacity=1)
    one = paid(enter(field, "甲一"))
    Race.objects.update(published_at=timezone.now())
    self_service.move(Entry.objects.get(pk=one.pk), other)
    change = Change.objects.get()
    assert (change.before, change.after) == ({"category_id": field.category.pk}, {"category_id": other.pk})
    assert Race.objects.get().revision == Edition.objects.get().revision > change.revision - 1


def test_another_rider_takes_the_very_place_and_the_money_goes_along() -> None:
    field = open_entries(capacity=1)
    old, waiting = teamed(field, "甲一"), enter(field, "乙二")
    Entry.objects.filter(pk=old.pk).update(bib=12)
    made = self_service.substitute(Entry.objects.get(pk=old.pk), person("丙三"))
    old.refresh_from_db()
    waiting.refresh_from_db()
    assert (old.state, old.paid_fen, old.bib) == ("withdrawn", 0, None)
    assert (made.state, made.paid_fen, made.owed_fen, made.bib, made.substitutes_id) == (
        "confirmed",
        10_000,
        0,
        12,
        old.pk,
    )
    assert (made.rider.name_zh, made.team_id, waiting.state) == ("丙三", old.team_id, "waiting")
    assert counts(field.category) == [(1, 1)]
    assert sum(LedgerLine.objects.values_list("amount_fen", flat=True)) == 10_000
    assert self_service.substitute(old, person("丙三")).pk == made.pk
    registration.withdraw(made, by=None)
    assert list(Refund.objects.values_list("entry", "amount_fen")) == [(made.pk, 8_000)]


def test_who_may_not_be_sent() -> None:
    field = open_entries(capacity=4)
    old, other = teamed(field, "甲一"), teamed(field, "乙二")
    assert code(self_service.substitute, old, person("乙二")) == "already_entered"
    assert code(self_service.substitute, paid(enter(field, "丁四")), person("丙三")) == "not_a_team"
    assert code(self_service.substitute, enter(field, "戊五", team=other.team), person("丙三")) == "not_confirmed"
    Category.objects.update(max_age=20)
    assert code(self_service.substitute, Entry.objects.get(pk=old.pk), person("丙三")) == "too_old"
    Edition.objects.update(entry_rules={"substitute_days_before": 90})
    assert code(self_service.substitute, Entry.objects.get(pk=old.pk), person("丙三")) == "too_late"
    assert Entry.objects.filter(state="withdrawn").count() == 0


def test_a_quota_counts_the_one_who_rides() -> None:
    field = open_entries(capacity=5, quotas=[{"prefix": "41", "max": 1}, {"each": 1}])
    old = teamed(field, "甲一")
    enter(field, "乙二", region="65")
    assert code(self_service.substitute, old, person("丙三", region="65")) == "region_full"
    self_service.substitute(Entry.objects.get(pk=old.pk), person("丙三", region="54"))
    assert enter(field, "丁四", region="41").state == "held"


def test_places_go_to_another_person_only_where_the_rules_say_so() -> None:
    field = open_entries(capacity=1)
    old = paid(enter(field, "甲一"))
    signature = Signature("丙三", regulations.current(field.edition).version)
    assert code(self_service.transfer, old, person("丙三"), signature=signature) == "no_transfers"
    Edition.objects.update(entry_rules={"transfers_allowed": True})
    signature = Signature("丙三", regulations.current(Edition.objects.get()).version)
    made = self_service.transfer(Entry.objects.get(pk=old.pk), person("丙三"), signature=signature)
    assert (made.rider.name_zh, made.state, made.rider.acceptances.get().signer) == ("丙三", "confirmed", "丙三")
    Edition.objects.update(starts_on=timezone.localdate() + timedelta(days=3))
    late = Entry.objects.get(pk=made.pk)
    assert code(self_service.transfer, late, person("丁四"), signature=signature) == "too_late"


def test_the_line_can_be_left_at_any_time() -> None:
    field = open_entries(capacity=1)
    one, two, three = (enter(field, name) for name in ("甲一", "乙二", "丙三"))
    Edition.objects.update(entry_rules={"change_days_before": 90})
    self_service.leave(two)
    self_service.leave(two)
    assert (code(self_service.leave, one), counts(field.category)) == ("not_waiting", [(1, 1)])
    assert places.position(Entry.objects.get(pk=three.pk)) == 1
