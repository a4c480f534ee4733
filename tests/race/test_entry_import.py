"""The office takes in a list: all of it or nothing, once, in a fixed number of queries."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from race import dossier, entry_import, links, start_list
from race.models import (
    Assignment,
    Category,
    Change,
    Edition,
    Entry,
    LedgerLine,
    Registration,
    Rider,
    Team,
    Transponder,
)
from race.refused import Refused
from tests.entering import Field, enter, open_entries, resident_number

pytestmark = pytest.mark.django_db
HEADINGS = "姓名,证件号码,组别,车队,省份,手机,号码,芯片,付款"


def lines(count: int, first: int = 1, **more: str) -> str:
    """A list of so many riders, with bibs, chips and paid marks."""
    rows = []
    for number in range(first, first + count):
        cells = {
            "name": f"车手{'甲乙丙丁戊己庚辛壬癸'[number % 10]}{number}",
            "id": resident_number("x", date(1975, 1, 1) + timedelta(number)),
            "category": "ME", "team": f"车队{number % 7}", "region": "河南", "phone": f"1380000{number:04}",
            "bib": str(number), "chip": f"C{number}", "paid": "是" if number % 2 else "",
        } | more  # fmt: skip
        rows.append(",".join(cells.values()))
    return "\n".join(rows)


def sheet_of(*parts: str) -> bytes:
    return "\n".join([HEADINGS, *parts]).encode("gb18030")


def take_in(edition: Edition, body: bytes, **more: Any) -> entry_import.Outcome:
    return entry_import.apply(edition, body, **({"key": "k", "by": None} | more))


def nothing() -> tuple[int, ...]:
    return tuple(
        model.objects.count()  # type: ignore[attr-defined]
        for model in (Entry, Rider, Registration, LedgerLine, Assignment, Transponder, Change)
    )


def told(outcome: entry_import.Outcome) -> tuple[int, int, int, int]:
    return outcome.added, outcome.updated, outcome.unchanged, outcome.wrong


@pytest.fixture
def field() -> Field:
    return open_entries(capacity=20)


def test_a_list_becomes_entries_with_bibs_chips_money_teams_and_links(field: Field) -> None:
    outcome = take_in(field.edition, sheet_of(lines(3)))
    assert (told(outcome), outcome.written) == ((3, 0, 0, 0), True)
    entries = list(Entry.objects.select_related("rider", "team").order_by("bib"))
    assert [(e.rider.name_zh, e.state, e.bib, str(e.team), e.fee_fen, e.paid_fen) for e in entries] == [
        ("车手乙1", "confirmed", 1, "车队1", 10_000, 10_000),
        ("车手丙2", "confirmed", 2, "车队2", 10_000, 0),
        ("车手丁3", "confirmed", 3, "车队3", 10_000, 10_000),
    ]
    assert [(line.method, line.amount_fen) for line in LedgerLine.objects.all()] == [("list", 10_000), ("list", 10_000)]
    assert list(Assignment.objects.order_by("pk").values_list("transponder__code", "entry__bib")) == [
        ("C1", 1), ("C2", 2), ("C3", 3),
    ]  # fmt: skip
    booked = Registration.objects.get()
    assert (booked.kind, booked.links.count()) == ("office", 3)
    assert links.find(links.path(booked.links.all()[0]).split("/")[2]) is not None
    field.category.refresh_from_db()
    assert field.category.taken == 3


def test_a_dry_run_and_one_wrong_row_write_nothing(field: Field) -> None:
    before = nothing()
    body = sheet_of(lines(3), lines(1, 9, id="410311199003073000"))
    outcome = entry_import.dry_run(field.edition, body)
    assert told(outcome) == (3, 0, 0, 1)
    assert [[problem.code for problem in row.problems] for row in outcome.rows] == [
        [],
        [],
        [],
        ["identity_check_digit"],
    ]
    with pytest.raises(Refused) as refused:
        take_in(field.edition, body)
    assert (refused.value.code, nothing()) == ("rows_wrong", before)


@pytest.mark.parametrize("broken", ["bib_taken", "full"])
def test_what_goes_wrong_late_leaves_nothing_behind(field: Field, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = nothing()
    judge = entry_import.entry_sheet.judge

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        found = judge(*args, **kwargs)
        if broken == "full":
            Category.objects.update(taken=20)
        else:
            found[1].bib = found[0].bib
        return found

    monkeypatch.setattr(entry_import.entry_sheet, "judge", meanwhile)
    with pytest.raises(Refused) as refused:
        take_in(field.edition, sheet_of(lines(3)))
    assert (refused.value.code, nothing()) == (broken, before)


def test_a_worker_that_dies_leaves_nothing_behind(field: Field) -> None:
    before = nothing()

    def killed(step: str, done: int, total: int) -> None:
        if done:
            raise SystemExit

    with pytest.raises(SystemExit):
        take_in(field.edition, sheet_of(lines(5)), progress=killed)
    assert nothing() == before


def test_the_same_list_again_is_answered_and_with_another_key_changes_nothing(field: Field) -> None:
    body = sheet_of(lines(4))
    take_in(field.edition, body)
    before = nothing()
    again = take_in(field.edition, body)
    assert (told(again), again.written, nothing()) == ((4, 0, 0, 0), True, before)
    other = take_in(field.edition, body, key="other")
    assert told(other) == (0, 0, 4, 0)
    assert nothing()[3:] == before[3:]


def test_a_known_rider_with_other_data_is_refused_or_changed(field: Field) -> None:
    take_in(field.edition, sheet_of(lines(2)))
    body = sheet_of(lines(1, 2, bib="77", team="新车队", phone="13911112222", paid="是", chip="C2 D2"))
    outcome = entry_import.dry_run(field.edition, body)
    assert told(outcome) == (0, 0, 0, 1)
    assert outcome.differs == {
        2: {
            "bib": ("2", "77"), "team": ("车队2", "新车队"), "chip": ("C2", "C2 D2"), "paid": ("", "yes"),
            "phone": ("+8613800000002", "+8613911112222"),
        }
    }  # fmt: skip
    assert told(take_in(field.edition, body, update=True)) == (0, 1, 0, 0)
    entry = Entry.objects.select_related("rider", "team").get(bib=77)
    assert (str(entry.team), entry.paid_fen, dossier.read(entry.rider)["phone"]) == ("新车队", 10_000, "+8613911112222")
    assert sorted(entry.assignments.values_list("transponder__code", flat=True)) == ["C2", "D2"]
    assert told(take_in(field.edition, body, key="again")) == (0, 0, 1, 0)


def test_bibs_may_change_places_but_not_once_they_are_frozen(field: Field) -> None:
    take_in(field.edition, sheet_of(lines(2)))
    swapped = sheet_of(lines(1, 1, bib="2"), lines(1, 2, bib="1"))
    outcome = entry_import.dry_run(field.edition, swapped, update=True)
    assert [[problem.code for problem in row.problems] for row in outcome.rows] == [["bib_taken"], ["bib_taken"]]
    field.edition.bibs_frozen_at = field.edition.entry_opens_at
    field.edition.save(update_fields=["bibs_frozen_at"])
    outcome = entry_import.dry_run(field.edition, sheet_of(lines(1, 1, bib="9")), update=True)
    assert [[problem.code for problem in row.problems] for row in outcome.rows] == [["bibs_frozen"]]


def test_somebody_new_on_a_published_list_is_a_fact(field: Field) -> None:
    take_in(field.edition, sheet_of(lines(2)))
    start_list.publish([field.category.race], by=None)
    field.edition.refresh_from_db()
    before = field.edition.revision
    take_in(field.edition, sheet_of(lines(1, 3)))
    field.edition.refresh_from_db()
    assert field.edition.revision == before + 1
    change = Change.objects.get(revision=before + 1)
    assert (change.before, change.after, change.object_id) == (
        {"state": "withdrawn"}, {"state": "confirmed"}, Entry.objects.get(bib=3).pk,
    )  # fmt: skip
    field.category.race.refresh_from_db()
    assert field.category.race.revision == before + 1
    with pytest.raises(Refused):
        take_in(field.edition, sheet_of(lines(1, 4, bib="")))


def test_an_online_entry_keeps_its_place_when_the_list_names_it(field: Field) -> None:
    entry = enter(field, "车手乙1", number=resident_number("x", date(1975, 1, 2)))
    outcome = take_in(field.edition, sheet_of(lines(2)), update=True)
    assert told(outcome) == (1, 1, 0, 0)
    entry.refresh_from_db()
    assert (entry.bib, Entry.objects.count()) == (1, 2)


@pytest.mark.parametrize("published", [False, True])
def test_three_and_twelve_hundred_rows_take_the_same_queries(published: bool) -> None:
    seen = {}
    for count in (3, 1_200):
        field = open_entries(capacity=1_300, slug=f"n{count}")
        if published:
            start_list.publish([field.category.race], by=None)
        body = sheet_of(lines(count))
        edition = Edition.objects.get(pk=field.edition.pk)
        with CaptureQueriesContext(connection) as captured:
            assert told(take_in(edition, body)) == (count, 0, 0, 0)
        seen[count] = [query["sql"] for query in captured if "SAVEPOINT" not in str(query["sql"])]
    assert len(seen[3]) == len(seen[1_200])
    assert len(seen[3]) <= 20, [str(sql)[:60] for sql in seen[3]]
    assert Team.objects.filter(edition__slug="edition-n1200").count() == 8
