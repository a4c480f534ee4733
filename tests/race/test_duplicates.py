"""One person who is there twice: found, merged, and put back."""

from datetime import date

import pytest

from race import duplicates, links, selection, vault
from race.models import Acceptance, Entry, LogLine, Rider, User
from race.refused import Refused
from race.selection import Selection
from tests import entering
from tests.entering import Field

pytestmark = pytest.mark.django_db


@pytest.fixture
def field() -> Field:
    return entering.open_entries()


@pytest.fixture
def by() -> User:
    return User.objects.create(username="zhou")


def twice(field: Field) -> tuple[Rider, Rider]:
    """张伟 with his resident number, and once more with a passport; the first one withdrew."""
    first = entering.enter(field, "张伟", number=entering.resident_number("one"))
    second = entering.enter(field, "张伟", number=entering.resident_number("two"), key="again")
    Entry.objects.filter(pk=first.pk).update(state="withdrawn")
    return first.rider, second.rider


def found(field: Field) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(pair.one.pk, pair.other.pk, pair.why) for pair in duplicates.pairs(field.edition)]


def test_the_same_name_and_birth_date_is_a_pair(field: Field):
    one, other = twice(field)
    entering.enter(field, "李雷", number=entering.resident_number("three"))
    assert found(field) == [(one.pk, other.pk, ("born",))]
    assert duplicates.count(field.edition) == 1


def test_the_same_document_on_two_riders_is_the_surest(field: Field):
    one, other = entering.enter(field, "张伟").rider, entering.enter(field, "王芳").rider
    Rider.objects.filter(pk=other.pk).update(identity_hash=one.identity_hash)
    assert found(field) == [(one.pk, other.pk, ("document",))]


def test_a_shared_phone_is_a_pair_only_with_a_like_name(field: Field):
    one, other, third = (entering.enter(field, name).rider for name in ("张伟", "张玮", "王芳"))
    Rider.objects.update(phone_hash="same")
    Rider.objects.filter(pk=other.pk).update(birth_date=date(1991, 1, 1))
    assert (third.pk, found(field)) == (third.pk, [(one.pk, other.pk, ("phone",))])


def test_riders_without_a_phone_are_no_pair(field: Field):
    for name in ("张伟", "王芳"):
        entering.enter(field, name)
    assert found(field) == []


def test_two_people_are_not_shown_again(field: Field, by: User):
    one, other = twice(field)
    duplicates.two_people(field.edition, other, one, by=by)
    duplicates.two_people(field.edition, one, other, by=by)
    assert (found(field), duplicates.count(field.edition)) == ([], 0)
    assert LogLine.objects.filter(what="two_people").count() == 1


def test_a_merge_moves_everything_and_says_what_moved(field: Field, by: User):
    one, other = twice(field)
    link = links.make(Entry.objects.get(rider=other).registration, other)
    line = duplicates.merge(one, other, by=by, reason="same face")
    entry = Entry.objects.get(state="held")
    other.refresh_from_db()
    assert (entry.rider, entry.identity_hash, other.merged_into) == (one, one.identity_hash, one)
    assert sorted(Acceptance.objects.values_list("rider", flat=True)) == [one.pk, other.pk]
    assert not selection.entries(field.edition, Selection(waiver="old")).exists()
    link.refresh_from_db()
    assert link.rider == one
    assert line.details == {
        "documents": [], "messages": [], "links": [link.pk], "revoked": [], "replaced": {},
        "entries": [entry.pk], "keep": one.pk, "reason": "same face",
    }  # fmt: skip
    assert found(field) == []


def test_an_unmerge_puts_everything_back(field: Field, by: User):
    one, other = twice(field)
    link = links.make(Entry.objects.get(rider=other).registration, other)
    hashes = sorted(Entry.objects.values_list("pk", "rider", "identity_hash"))
    duplicates.merge(one, other, by=by, reason="same face")
    duplicates.unmerge(other, by=by, reason="brothers")
    link.refresh_from_db()
    assert link.rider == other
    assert sorted(Entry.objects.values_list("pk", "rider", "identity_hash")) == hashes
    with pytest.raises(Refused) as refused:
        duplicates.unmerge(other, by=by, reason="again")
    assert refused.value.code == "not_merged"


def test_who_is_entered_twice_on_a_day_withdraws_first(field: Field, by: User):
    one, other = twice(field)
    Entry.objects.update(state="confirmed")
    with pytest.raises(Refused) as refused:
        duplicates.merge(one, other, by=by, reason="same face")
    assert refused.value.code == "both_entered"
    assert Rider.objects.filter(merged_into=None).count() == 2


def test_a_merge_needs_a_reason_and_two_living_riders(field: Field, by: User):
    one, other = twice(field)
    codes = []
    for keep, gone, reason in ((one, other, " "), (one, one, "x"), (one, other, "x"), (one, other, "x")):
        try:
            duplicates.merge(keep, gone, by=by, reason=reason)
        except Refused as refused:
            codes.append(refused.code)
    assert codes == ["reason_missing", "same_rider", "already_merged"]


def test_the_log_holds_no_identity_data(field: Field, by: User):
    one, other = twice(field)
    duplicates.merge(one, other, by=by, reason="same face")
    kept = str([line.details for line in LogLine.objects.all()])
    for secret in (one.identity_hash, other.identity_hash, vault.unseal(one.identity_sealed), "张伟"):
        assert secret not in kept


def test_the_document_of_a_merged_rider_is_the_kept_one_s(field: Field, by: User):
    """Or the same person would be among the duplicates again with each entry."""
    one, other = twice(field)
    duplicates.merge(one, other, by=by, reason="same person")
    Entry.objects.update(state="withdrawn")
    again = entering.enter(field, "张伟", number=entering.resident_number("two"), key="third")
    assert (again.rider, again.identity_hash, Rider.objects.count()) == (one, one.identity_hash, 2)
