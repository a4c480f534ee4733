"""What the office changes about an entry, and what it may not."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from race import dossier, ledger, office_entries, places
from race.models import Category, Change, Edition, Entry, LogLine, Message, Race, Refund, Regulations, User
from race.refused import Refused
from tests import entering
from tests.entering import Field

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _alone(alone: None) -> None:
    """No worker sends or refunds anything meanwhile."""


@pytest.fixture
def field() -> Field:
    return entering.open_entries(capacity=2)


@pytest.fixture
def by() -> User:
    return User.objects.create(username="zhou")


@pytest.fixture
def masters(field: Field) -> Category:
    """A second category of the race: from 40 years, one place, another fee, bibs from 500."""
    category = Category.objects.get(pk=field.category.pk)
    category.pk = None
    category.code, category.name_zh, category.min_age, category.capacity = "MM", "大师组", 40, 1
    category.taken = category.waiting = category.queue_last = 0
    category.fee_fen, category.first_bib, category.last_bib = 8_000, 500, 599
    category.save(force_insert=True)
    return Category.objects.select_related("race__edition").get(pk=category.pk)


def paid(field: Field, name: str) -> Entry:
    entry = entering.enter(field, name)
    ledger.mark_paid(entry, method="cash", amount_fen=10_000, by=None)
    return reread(entry)


def reread(entry: Entry) -> Entry:
    entries = Entry.objects.select_related("category__race__edition", "race", "edition", "rider", "registration")
    return entries.get(pk=entry.pk)


def counts(category: Category) -> tuple[int, int]:
    category.refresh_from_db()
    return category.taken, category.waiting


def code(action: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(Refused) as refused:
        action(*arguments, **named)
    return refused.value.code


def test_names_are_corrected_with_their_keys_and_the_log_names_columns_only(field: Field, by: User):
    entry = paid(field, "张伟")
    changed = office_entries.edit_rider(entry, {"name_zh": "单伟", "email": "new@example.org"}, by=by, reason="typo")
    rider = reread(entry).rider
    assert (changed, rider.name_zh) == (("email", "name_zh"), "单伟")
    assert "shanwei" in rider.search_key and dossier.read(rider)["email"] == "new@example.org"
    assert dossier.read(rider)["emergency_name"] == "家人"
    line = LogLine.objects.get(what="rider_edited")
    assert (line.details, line.by) == ({"columns": ["email", "name_zh"], "reason": "typo"}, by)


def test_an_edit_needs_a_reason_and_a_name(field: Field, by: User):
    entry = paid(field, "张伟")
    assert code(office_entries.edit_rider, entry, {"name_zh": "李伟"}, by=by, reason=" ") == "reason_missing"
    nothing = {"name_zh": "", "surname_latin": "", "given_latin": ""}
    assert code(office_entries.edit_rider, entry, nothing, by=by, reason="x") == "incomplete"
    assert reread(entry).rider.name_zh == "张伟"


def test_a_birth_date_that_the_document_denies_is_refused(field: Field, by: User):
    entry = paid(field, "张伟")
    wanted = {"birth_date": date(1991, 3, 7)}
    assert code(office_entries.edit_rider, entry, wanted, by=by, reason="x", anyway=True) == "identity_mismatch"


def test_an_edit_that_makes_a_rider_unfit_is_the_offices_decision(field: Field, by: User):
    entry = paid(field, "张伟")
    entry.rider.identity_sealed = ""
    entry.rider.save(update_fields=["identity_sealed"])
    assert code(office_entries.edit_rider, entry, {"sex": "F"}, by=by, reason="x") == "men_only"
    assert office_entries.edit_rider(entry, {"sex": "F"}, by=by, reason="x", anyway=True) == ("sex",)


def test_a_team_is_changed_as_a_fact_once_the_list_is_published(field: Field, by: User):
    entry = paid(field, "张伟")
    team = office_entries.set_team(entry, "  洛阳  飞驰 ", by=by, reason="new club")
    assert team is not None and (team.name_zh, Change.objects.count()) == ("洛阳 飞驰", 0)
    Race.objects.update(published_at=timezone.now())
    office_entries.set_team(entry, "", by=by, reason="left")
    change = Change.objects.get()
    assert (change.before, change.after, change.reason) == ({"team_id": team.pk}, {"team_id": None}, "left")


def test_a_move_takes_the_new_place_and_passes_the_old_one_on(field: Field, masters: Category, by: User):
    entry, other = paid(field, "张伟"), paid(field, "李雷")
    waiting = entering.enter(field, "王芳")
    assert (waiting.state, other.state) == ("waiting", "confirmed")
    assert code(office_entries.move, entry, masters, by=by, reason="x") == "too_young"
    moved = reread(office_entries.move(entry, masters, by=by, reason="asked", anyway=True))
    assert (moved.category, moved.fee_fen, moved.owed_fen, moved.state) == (masters, 8_000, -2_000, "confirmed")
    assert (counts(field.category), counts(masters), reread(waiting).state) == ((2, 0), (1, 0), "offered")
    (back,) = Refund.objects.filter(entry=entry)  # what the new place costs less, once
    assert (back.amount_fen, back.reason) == (2_000, "fee_changed")


def test_a_move_keeps_a_bib_only_inside_the_range(field: Field, masters: Category, by: User):
    entry = paid(field, "张伟")
    for bib, kept in ((7, None), (505, 505)):
        Entry.objects.filter(pk=entry.pk).update(bib=bib)
        moved = office_entries.move(reread(entry), masters, by=by, reason="x", anyway=True)
        assert reread(moved).bib == kept
        office_entries.move(reread(entry), field.category, by=by, reason="back", anyway=True)


def test_a_full_category_takes_nobody_and_nothing_moves(field: Field, masters: Category, by: User):
    one, other = paid(field, "张伟"), paid(field, "李雷")
    office_entries.move(one, masters, by=by, reason="x", anyway=True)
    assert code(office_entries.move, other, masters, by=by, reason="x", anyway=True) == "full"
    assert (counts(field.category), counts(masters), reread(other).category) == ((1, 0), (1, 0), field.category)


def test_a_withdrawn_entry_comes_back_where_a_place_is_free(field: Field, by: User):
    entry = paid(field, "张伟")
    office_entries.withdraw(entry, by=by, reason="ill")
    assert (reread(entry).state, counts(field.category)) == ("withdrawn", (0, 0))
    back = reread(office_entries.reinstate(entry, by=by, reason="well again"))
    assert (back.state, counts(field.category), bool(back.pass_code)) == ("confirmed", (1, 0), True)
    assert code(office_entries.reinstate, entry, by=by, reason="again") == "is_alive"


def test_nobody_comes_back_past_those_who_wait(field: Field, by: User):
    entry = paid(field, "张伟")
    paid(field, "李雷")
    entering.enter(field, "王芳")
    office_entries.withdraw(entry, by=by, reason="ill")
    assert code(office_entries.reinstate, entry, by=by, reason="well again") == "full"
    assert counts(field.category) == (2, 0)


def test_nobody_comes_back_twice_on_a_day(field: Field, by: User):
    entry = paid(field, "张伟")
    office_entries.withdraw(entry, by=by, reason="ill")
    entering.enter(field, "张伟", key="again")
    assert code(office_entries.reinstate, entry, by=by, reason="x") == "already_entered"
    assert counts(field.category) == (1, 0)


def test_the_office_gives_everything_back_once(field: Field, by: User):
    entry = paid(field, "张伟")
    refund = office_entries.refund(entry, by=by, reason="our mistake")
    assert (refund.amount_fen, refund.reason) == (10_000, "our_fault")
    assert code(office_entries.refund, entry, by=by, reason="again") == "nothing_to_refund"
    assert Refund.objects.count() == 1


def test_a_changed_window_or_capacity_is_a_new_version_of_the_regulations(field: Field, by: User):
    edition, version = field.edition, Regulations.objects.count()
    opens, closes = edition.entry_opens_at, edition.entry_closes_at
    assert opens and closes
    assert office_entries.set_window(edition, opens, closes, by=by) is False
    assert office_entries.set_window(edition, opens, closes + timedelta(days=1), by=by) is True
    assert office_entries.set_capacity(field.category, 5, by=by) == []
    assert Regulations.objects.count() == version + 2
    assert code(office_entries.set_window, edition, closes, opens, by=by) == "bad_window"
    paid(field, "张伟")
    assert code(office_entries.set_capacity, field.category, 0, by=by) == "below_taken"
    assert Edition.objects.get(pk=edition.pk).entry_closes_at == closes + timedelta(days=1)


def test_more_places_go_to_the_line(field: Field, by: User):
    paid(field, "张伟"), paid(field, "李雷")
    waiting = entering.enter(field, "王芳")
    assert [entry.pk for entry in office_entries.set_capacity(field.category, 3, by=by)] == [waiting.pk]
    assert places.position(reread(waiting)) is None


def test_the_link_is_sent_again(field: Field, by: User):
    entry = paid(field, "张伟")
    before = Message.objects.count()
    assert [message.kind for message in office_entries.send_link(entry, by=by)] == ["link"]
    assert Message.objects.count() == before + 1
    entry.registration = None
    assert code(office_entries.send_link, entry, by=by) == "no_registration"


def test_whoever_sees_a_number_is_in_the_log(field: Field, by: User):
    entry = paid(field, "张伟")
    number = office_entries.shown(entry, by=by)
    line = LogLine.objects.get(what="identity_shown")
    assert (number, line.by, line.details) == (entering.resident_number("张伟"), by, {})


def test_what_is_masked_shows_only_its_ends():
    shown = [office_entries.masked(text) for text in ("410311199003070017", "13800001234", "ab@c.org", "A12345", "")]
    assert shown == ["410*************17", "138******34", "a***@c.org", "A****5", ""]
