"""Ticks of the desks: each counts once, the first to arrive wins, and nothing that was tapped is lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from race import clock, desk_roster, desk_sync, ledger, regulations, transponders
from race.desk_ticks import Event
from race.models import (
    Acceptance,
    Assignment,
    Category,
    Change,
    DeskTick,
    Edition,
    Entry,
    LedgerLine,
    Rider,
    Transponder,
)
from tests import cast

pytestmark = pytest.mark.django_db
HALF_PAST_EIGHT = cast.GUN - timedelta(minutes=30)


@pytest.fixture
def stage() -> cast.Cast:
    """The cast's race half an hour before its start, nobody signed on; bibs 1 to 4 have chips C1 to C4."""
    made = cast.make()
    Entry.objects.update(signed_on=False)
    stand_at(made, HALF_PAST_EIGHT)
    return made


def stand_at(stage: cast.Cast, event: datetime) -> None:
    """The event's clock stands at an instant."""
    clock.set_rehearsal(stage.edition, event=event, speed=0)
    stage.edition.refresh_from_db()


def tick(stage: cast.Cast, bib: int, item: str, value: str = "1", *, key: UUID | None = None, **more: Any) -> Event:
    """A tick of desk 2 on a roster it got just now."""
    stamp = desk_roster.instants(stage.edition)["stamp"]
    told: dict[str, Any] = {"at": HALF_PAST_EIGHT, "stamp": stamp, "desk": "2"} | more
    return Event(key=key or uuid4(), entry=stage.entries[bib].pk, item=item, value=value, **told)


def take(stage: cast.Cast, *events: Event, roles: tuple[str, ...] = ("office",)) -> list[str]:
    """The outcomes of a batch."""
    by = cast.person(stage.edition, roles[0])
    return [answer["outcome"] for answer in desk_sync.take(stage.edition, events, by=by, roles=roles)]


def here() -> list[int | None]:
    return list(Entry.objects.filter(signed_on=True).order_by("bib").values_list("bib", flat=True))


def test_a_rider_is_handed_everything_and_signs_on(stage: cast.Cast) -> None:
    batch = [
        tick(stage, 1, item, value)
        for item, value in [
            ("identity", "1"),
            ("cloth", "1"),
            ("plate", "1"),
            ("chip", "c1"),
            ("deposit", "cash"),
            ("sign_on", "1"),
        ]
    ]
    assert take(stage, *batch) == ["done"] * 6
    assert here() == [1]
    row = desk_roster.rows(stage.edition, [stage.entries[1].pk])[0]
    assert {name: given["value"] for name, given in row["ticks"].items()} == {
        "identity": "1", "cloth": "1", "plate": "1", "chip": "C1", "deposit": "cash", "sign_on": "1",
    }  # fmt: skip
    assert list(LedgerLine.objects.values_list("kind", "amount_fen", "method")) == [("deposit", 10_000, "cash")]


def test_a_batch_sent_again_changes_nothing(stage: cast.Cast) -> None:
    batch = [
        tick(stage, 1, "cloth"),
        tick(stage, 1, "chip", "X9"),
        tick(stage, 1, "deposit", "cash"),
        tick(stage, 1, "sign_on"),
    ]
    assert take(stage, *batch) == ["done"] * 4
    before = (DeskTick.objects.count(), Assignment.objects.count(), LedgerLine.objects.count(), Change.objects.count())
    assert take(stage, *batch) == ["known"] * 4
    assert take(stage, *batch, *batch) == ["known"] * 8
    after = (DeskTick.objects.count(), Assignment.objects.count(), LedgerLine.objects.count(), Change.objects.count())
    assert after == before


def test_the_same_tick_twice_in_one_batch_counts_once(stage: cast.Cast) -> None:
    one = tick(stage, 1, "deposit", "cash")
    assert take(stage, one, one) == ["done", "known"]
    assert LedgerLine.objects.count() == 1


def test_two_desks_give_a_cloth_once_and_the_second_sees_who_did(stage: cast.Cast) -> None:
    assert take(stage, tick(stage, 1, "cloth", desk="2")) == ["done"]
    other = tick(stage, 1, "cloth", desk="3")
    answer = desk_sync.take(stage.edition, [other], by=None, roles=())
    assert answer == [
        {"key": str(other.key), "outcome": "given", "value": "1", "at": HALF_PAST_EIGHT.isoformat(), "desk": "2",
         "by": f"office@{stage.edition.slug}"}
    ]  # fmt: skip
    # The lost answer is asked for again: the conflict is still told.
    assert desk_sync.take(stage.edition, [other], by=None, roles=()) == answer


def test_two_desks_never_give_the_same_chip(stage: cast.Cast) -> None:
    assert take(stage, tick(stage, 1, "chip", "X9")) == ["done"]
    other = tick(stage, 2, "chip", " x9 ", desk="3")
    answer = desk_sync.take(stage.edition, [other], by=None, roles=())
    assert answer == [
        {"key": str(other.key), "outcome": "chip_taken", "bib": 1, "chip": "X9", "value": "X9",
         "at": HALF_PAST_EIGHT.isoformat(), "desk": "2", "by": f"office@{stage.edition.slug}"}
    ]  # fmt: skip
    assert list(Assignment.objects.filter(transponder__code="X9").values_list("entry__bib", flat=True)) == [1]
    assert take(stage, tick(stage, 2, "chip", "X8"), tick(stage, 3, "chip", "X8")) == ["done", "chip_taken"]


@pytest.mark.django_db(transaction=True)
def test_eight_desks_at_once_give_a_chip_and_a_cloth_once(stage: cast.Cast) -> None:
    """Real transactions in real threads: one is first, the others are told."""
    batches = [[tick(stage, bib, "chip", "X9", desk=str(bib))] for bib in (1, 2, 3, 4)]
    batches += [[tick(stage, 1, "cloth", desk=str(desk))] for desk in (5, 6, 7, 8)]
    regulations.current(stage.edition)  # published now, so that its lock does not make them wait for each other
    start = Barrier(len(batches))

    def send(batch: list[Event]) -> list[str]:
        try:
            start.wait()
            edition = Edition.objects.get(pk=stage.edition.pk)
            return [answer["outcome"] for answer in desk_sync.take(edition, batch, by=None, roles=())]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(batches)) as desks:
        told = [outcome for (outcome,) in desks.map(send, batches)]
    assert (sorted(told[:4]), sorted(told[4:])) == (["chip_taken"] * 3 + ["done"], ["done"] + ["given"] * 3)
    assert Assignment.objects.filter(transponder__code="X9").count() == 1
    assert DeskTick.objects.filter(item="cloth", outcome="done").count() == 1


def test_a_chip_is_swapped_with_its_history_and_the_first_rider_is_without(stage: cast.Cast) -> None:
    assert take(stage, tick(stage, 2, "chip", "C2")) == ["done"]
    assert take(stage, tick(stage, 1, "chip_swap", "C2")) == ["done"]
    history = Assignment.objects.filter(transponder__code="C2").order_by("pk")
    assert [(one.entry.bib, one.during.lower, one.during.upper) for one in history] == [
        (2, None, HALF_PAST_EIGHT), (1, HALF_PAST_EIGHT, None),
    ]  # fmt: skip
    rows = {row["bib"]: row for row in desk_roster.rows(stage.edition)}
    assert (rows[2]["chips"], rows[2]["missing"], "chip" in rows[2]["ticks"]) == ([], [{"code": "no_chip"}], False)
    assert (rows[1]["chips"], rows[1]["ticks"]["chip"]["value"]) == (["C1", "C2"], "C2")


def test_a_chip_takes_the_place_of_the_riders_own(stage: cast.Cast) -> None:
    assert take(stage, tick(stage, 1, "chip_replace", "X1")) == ["done"]
    assert desk_roster.rows(stage.edition, [stage.entries[1].pk])[0]["chips"] == ["X1"]
    assert take(stage, tick(stage, 2, "chip", "C1")) == ["done"]  # it is free again


def test_a_chip_given_and_taken_back_in_one_batch_is_with_nobody(stage: cast.Cast) -> None:
    assert take(stage, tick(stage, 1, "chip", "X1"), tick(stage, 1, "chip", "off")) == ["done", "done"]
    assert not Assignment.objects.filter(transponder__code="X1").exists()
    assert take(stage, tick(stage, 2, "chip", "X1")) == ["done"]


@pytest.mark.parametrize("code", ["", "!", "A", "X" * 33, "张三"])
def test_what_is_no_chip_is_refused(stage: cast.Cast, code: str) -> None:
    assert take(stage, tick(stage, 1, "chip", code)) == ["bad_chip"]


def test_who_lacks_something_is_not_signed_on(stage: cast.Cast) -> None:
    Entry.objects.filter(bib=1).update(fee_fen=10_000)
    event = tick(stage, 1, "sign_on")
    answer = desk_sync.take(stage.edition, [event], by=None, roles=())
    assert answer == [
        {"key": str(event.key), "outcome": "missing", "missing": [{"code": "unpaid", "fen": 10_000}]}
    ]  # fmt: skip
    assert here() == []
    assert take(stage, tick(stage, 1, "cash", "9000"), tick(stage, 1, "cash", "10000"), tick(stage, 1, "cash", "10000")) == [
        "changed", "done", "known",
    ]  # fmt: skip
    assert take(stage, tick(stage, 1, "sign_on")) == ["done"]
    assert list(LedgerLine.objects.values_list("kind", "method", "amount_fen")) == [("fee", "cash", 10_000)]
    assert Entry.objects.get(bib=1).paid_fen == 10_000


def test_the_waiver_is_signed_on_the_desks_screen_in_the_version_that_counts(stage: cast.Cast) -> None:
    Edition.objects.update(waiver_zh="本人自愿参加。")
    stage.edition.refresh_from_db()
    body, _digest = desk_roster.roster(stage.edition)
    version = body["waiver"]["version"]
    assert [gap["code"] for gap in body["rows"][0]["missing"]] == ["waiver"]
    assert take(
        stage, tick(stage, 1, "waiver", "车手一", version=version + 1), tick(stage, 1, "waiver", "", version=version),
        tick(stage, 1, "waiver", "车手一", version=version), tick(stage, 1, "waiver", "车手一", version=version),
        tick(stage, 1, "sign_on"),
    ) == ["new_version", "bad_value", "done", "known", "done"]  # fmt: skip
    signed = Acceptance.objects.get()
    assert (signed.signer, signed.rider_id, signed.waiver_sha256, signed.guardian) == (
        "车手一", stage.entries[1].rider_id, signed.regulations.waiver_sha256, False,
    )  # fmt: skip
    Category.objects.update(capacity=F("capacity") + 10)
    desk_roster.roster(stage.edition)
    Category.objects.update(fee_fen=F("fee_fen") + 100)
    Entry.objects.update(paid_fen=F("fee_fen"))
    desk_roster.roster(stage.edition)
    assert take(stage, tick(stage, 2, "waiver", "车手二", version=version)) == ["done"]  # the waiver is the same
    assert Acceptance.objects.get(signer="车手二").regulations.version == version  # the one that was shown
    version += 2
    Edition.objects.update(waiver_zh="本人自愿参加，风险自负。")
    stage.edition.refresh_from_db()
    gap = desk_roster.rows(stage.edition, [stage.entries[1].pk])[0]["missing"][0]
    assert (gap["code"], gap["signed"], gap["newest"]) == ("waiver_old", version - 2, version + 1)
    assert take(stage, tick(stage, 1, "waiver", "车手一", version=version)) == ["new_version"]


def test_for_a_minor_the_guardian_signs(stage: cast.Cast) -> None:
    Edition.objects.update(waiver_zh="监护人同意。", entry_rules={"documents": []})
    Category.objects.update(min_age=14)
    Rider.objects.filter(entries__bib=1).update(birth_date="2009-01-01")
    stage.edition.refresh_from_db()
    version = desk_roster.roster(stage.edition)[0]["waiver"]["version"]
    own, guardian = (
        tick(stage, 1, "waiver", "车手", version=version),
        tick(stage, 1, "waiver_guardian", "父", version=version),
    )
    assert take(stage, own, tick(stage, 1, "sign_on"), guardian, tick(stage, 1, "sign_on")) == [
        "done", "missing", "done", "done",
    ]  # fmt: skip


def test_a_paper_may_be_shown_at_the_desk(stage: cast.Cast) -> None:
    Edition.objects.update(entry_rules={"documents": [{"kind": "insurance"}]})
    stage.edition.refresh_from_db()
    assert take(stage, tick(stage, 1, "document", "licence"), tick(stage, 1, "sign_on")) == ["known", "missing"]
    assert take(stage, tick(stage, 1, "document", "insurance"), tick(stage, 1, "sign_on")) == ["done", "done"]


@pytest.mark.parametrize(
    ("minutes", "outcome"), [(-61, "sign_on_not_open"), (-60, "done"), (-11, "done"), (-10, "sign_on_closed")]
)
def test_the_tablets_stamp_decides_whether_it_was_in_time(stage: cast.Cast, minutes: int, outcome: str) -> None:
    """Made without a network, sent after the race: what counts is when it was made."""
    stamp = desk_roster.STAMP.sign(f"{stage.edition.pk} {(cast.GUN - timedelta(hours=3)).isoformat()}")
    stand_at(stage, cast.GUN + timedelta(hours=1))
    at = cast.GUN + timedelta(minutes=minutes)
    assert take(stage, tick(stage, 1, "cloth", at=at, stamp=stamp), tick(stage, 1, "sign_on", at=at, stamp=stamp)) == [
        "done", outcome,
    ]  # fmt: skip


def test_stamps_that_cannot_be_right_are_refused_and_kept(stage: cast.Cast) -> None:
    later, earlier = HALF_PAST_EIGHT + timedelta(minutes=5), HALF_PAST_EIGHT - timedelta(minutes=5)
    other = cast.make(slug="other")
    foreign = desk_roster.instants(other.edition)["stamp"]
    assert take(
        stage, tick(stage, 1, "cloth", at=later), tick(stage, 1, "cloth", at=earlier), tick(stage, 1, "cloth", stamp="x"),
        tick(stage, 1, "cloth", stamp=foreign),
    ) == ["time_ahead", "time_before_roster", "bad_stamp", "bad_stamp"]  # fmt: skip
    assert list(DeskTick.objects.values_list("outcome", flat=True)) == [
        "time_ahead", "time_before_roster", "bad_stamp", "bad_stamp",
    ]  # fmt: skip
    assert desk_roster.rows(stage.edition, [stage.entries[1].pk])[0]["ticks"] == {}


def test_the_chief_lets_through_with_a_reason_and_nobody_else(stage: cast.Cast) -> None:
    Entry.objects.filter(bib=1).update(fee_fen=10_000)
    through: dict[str, Any] = {"item": "let_through", "reason": "Pays after the race, seen by the organiser"}
    assert take(stage, tick(stage, 1, **through)) == ["not_allowed"]
    assert take(stage, tick(stage, 1, "let_through"), roles=("chief",)) == ["reason_missing"]
    assert take(stage, tick(stage, 1, **through), roles=("chief",)) == ["done"]
    assert here() == [1]
    assert Change.objects.order_by("-pk")[0].reason == "Pays after the race, seen by the organiser"


def test_after_closing_the_chief_signs_on_with_a_reason(stage: cast.Cast) -> None:
    stand_at(stage, cast.GUN)
    late: dict[str, Any] = {"at": cast.GUN, "reason": "Flat tyre at the gate"}
    assert take(stage, tick(stage, 1, "sign_on", **late)) == ["sign_on_closed"]
    assert take(stage, tick(stage, 1, "sign_on", at=cast.GUN), roles=("chief",)) == ["sign_on_closed"]
    assert take(stage, tick(stage, 1, "sign_on", **late), roles=("chief",)) == ["done"]


def test_mistakes_are_taken_back(stage: cast.Cast) -> None:
    batch = [("cloth", "1"), ("deposit", "wechat"), ("chip", "C1"), ("sign_on", "1")]
    assert take(stage, *(tick(stage, 1, *one) for one in batch)) == ["done"] * 4
    back = ("sign_on", "chip", "deposit", "cloth")
    assert take(stage, *(tick(stage, 1, item, "off") for item in back)) == ["done"] * 4
    assert take(stage, *(tick(stage, 1, item, "off") for item in back)) == ["known"] * 4
    row = desk_roster.rows(stage.edition, [stage.entries[1].pk])[0]
    assert (row["ticks"], row["here"], row["chips"]) == ({}, False, [])
    assert sum(LedgerLine.objects.values_list("amount_fen", flat=True)) == 0


def test_a_deposit_taken_for_a_chip_is_given_back_once(stage: cast.Cast) -> None:
    """The office took it for the chip; sign-on gives it back; the office has nothing left to give."""
    entry = stage.entries[1]
    chip = Transponder.objects.create(edition=stage.edition, code="N1")
    ledger.deposit(entry, chip, 10_000, "cash", None)
    assert take(stage, tick(stage, 1, "deposit", "off")) == ["done"]
    assert (ledger.deposits_by_chip(stage.edition), ledger.held(entry, chip)) == ({}, 0)


def test_unknown_riders_and_those_of_another_edition(stage: cast.Cast) -> None:
    other = cast.make(slug="other", riders=0)
    foreign = cast.enter(other, 7)
    strange = [
        Event(uuid4(), key, "cloth", "1", HALF_PAST_EIGHT, desk_roster.instants(stage.edition)["stamp"])
        for key in (foreign.pk, 999_999)
    ]
    assert take(stage, *strange) == ["unknown_entry"] * 2
    assert DeskTick.objects.count() == 0


def test_a_desk_hears_what_the_others_did_since(stage: cast.Cast) -> None:
    start = desk_sync.since(stage.edition, 0)
    assert (start["cursor"], start["rows"]) == (0, [])
    take(stage, tick(stage, 1, "cloth"), tick(stage, 3, "cloth"), tick(stage, 3, "cloth"))
    heard = desk_sync.since(stage.edition, 0)
    assert [row["bib"] for row in heard["rows"]] == [1, 3]
    assert desk_sync.since(stage.edition, heard["cursor"])["rows"] == []
    take(stage, tick(stage, 1, "chip_swap", "C4"))
    assert [row["bib"] for row in desk_sync.since(stage.edition, heard["cursor"])["rows"]] == [1, 4]


def queries(riders: int, slug: str) -> tuple[int, int]:
    """How many queries a whole batch takes, and a roster, for so many riders."""
    made = cast.make(riders=riders, slug=slug)
    Entry.objects.update(signed_on=False)
    stand_at(made, HALF_PAST_EIGHT)
    batch = [tick(made, bib, item) for bib in made.entries for item in ("identity", "cloth", "plate", "sign_on")]
    batch += [tick(made, bib, "chip", f"N{bib}") for bib in made.entries]
    with CaptureQueriesContext(connection) as taken:
        assert take(made, *batch) == ["done"] * 5 * riders
    with CaptureQueriesContext(connection) as told:
        assert len(desk_roster.roster(made.edition)[0]["rows"]) == riders
    return len(taken), len(told)


def test_a_batch_and_a_roster_take_the_same_queries_at_any_size() -> None:
    assert queries(2, "small") == queries(20, "large")


def test_the_roster_holds_no_document_phone_or_birth_date(stage: cast.Cast) -> None:
    body, digest = desk_roster.roster(stage.edition)
    assert set(body["rows"][0]) == {
        "id", "bib", "zh", "latin", "key", "race", "category", "team", "region", "nation", "pass", "age", "paid_fen", "signed",
        "emergency", "chips", "here", "missing", "ticks",
    }  # fmt: skip
    text = str(body)
    assert "SYNTHETIC" not in text and "1990" not in text
    assert desk_roster.roster(stage.edition)[1] == digest
    take(stage, tick(stage, 1, "cloth"))
    assert desk_roster.roster(stage.edition)[1] != digest


def test_a_stamp_tells_when_the_roster_was_fetched(stage: cast.Cast) -> None:
    stamp = desk_roster.instants(stage.edition)["stamp"]
    assert desk_roster.stamped_at(stage.edition, stamp) == HALF_PAST_EIGHT
    assert isinstance(desk_roster.stamped_at(stage.edition, stamp), datetime)
    assert transponders.normal(" c1 ") == "C1"
