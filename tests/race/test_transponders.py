"""Chips at the desk: handed out, swapped, brought back, lost, and by file; never with two riders at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from race import chip_sheet, clock, gun, sheet, transponders
from race.models import Assignment, Change, Entry, LogLine, Transponder
from race.refused import Refused
from tests import cast, desk_field
from tests.race.test_bibs import at_once, refusal

pytestmark = pytest.mark.django_db


def desk() -> cast.Cast:
    """The cast at its desk, an hour before the gun; the clock stands still."""
    made = cast.make()
    clock.set_rehearsal(made.edition, event=cast.GUN - timedelta(hours=1), speed=0)
    made.edition.refresh_from_db()
    return made


def at(made: cast.Cast, minutes: int) -> None:
    """So many minutes after the gun."""
    clock.set_rehearsal(made.edition, event=cast.GUN + timedelta(minutes=minutes), speed=0)
    made.edition.refresh_from_db()


def history(code: str) -> list[str]:
    """Who had a chip: `bib from-until`, minutes from the gun."""

    def minute(instant) -> str:
        return "" if instant is None else str(round((instant - cast.GUN).total_seconds() / 60))

    found = Assignment.objects.filter(transponder__code=code).order_by("pk").select_related("entry")
    return [f"{item.entry.bib} {minute(item.during.lower)}..{minute(item.during.upper)}" for item in found]


def told(what: str = "") -> list[str]:
    lines = LogLine.objects.filter(what__startswith=what or "chip").order_by("pk").select_related("entry")
    return [f"{line.what} {line.entry.bib if line.entry else '–'} {line.details.get('chip')}" for line in lines]


def test_a_chip_is_handed_out_from_now_on_and_a_second_scan_changes_nothing():
    made = desk()
    entry = cast.enter(made, 5)
    first = transponders.give(entry, " n7 ", by=None)
    assert transponders.give(entry, "N7", by=None) == first
    assert history("N7") == ["5 -60.."]
    assert told() == ["chip_given 5 N7"]


def test_two_chips_a_rider_and_no_third():
    made = desk()
    transponders.give(made.entries[1], "SECOND", by=None)
    assert refusal(transponders.give, made.entries[1], "THIRD", by=None) == "two_chips"
    assert refusal(transponders.swap_to, made.entries[1], "C2", by=None) == "two_chips"
    carried = transponders.carried(made.entries.values(), clock.now(made.edition))
    assert {key: [item.transponder.code for item in items] for key, items in carried.items()} == {
        made.entries[1].pk: ["C1", "SECOND"], **{made.entries[bib].pk: [f"C{bib}"] for bib in (2, 3, 4)},
    }  # fmt: skip


def test_a_chip_that_somebody_has_is_named_and_swapped_with_history():
    made = desk()
    late = cast.enter(made, 5)
    with pytest.raises(Refused) as refused:
        transponders.give(late, "c2", by=None)
    assert (refused.value.code, str(refused.value)) == ("chip_taken", "该时段芯片 C2 属 2 号。")
    assert transponders.holder(made.edition, "c2").entry.bib == 2
    before = Change.objects.count()
    transponders.swap_to(late, "c2", by=None)
    transponders.swap_to(late, "c2", by=None)
    assert history("C2") == ["2 ..-60", "5 -60.."]
    assert transponders.holder(made.edition, "C2").entry.bib == 5
    assert Change.objects.count() == before + 1
    assert told() == ["chip_swapped 2 C2", "chip_given 5 C2"]


def test_a_chip_goes_through_many_hands_within_one_instant():
    made = desk()
    others = [cast.enter(made, bib) for bib in (5, 6)]
    for entry in (others[0], others[1], others[0]):
        transponders.swap_to(entry, "N1", by=None)
    transponders.bring_back(made.edition, "N1", by=None, reason="battery")
    assert transponders.holder(made.edition, "N1") is None
    transponders.give(others[1], "N1", by=None)
    assert transponders.holder(made.edition, "N1").entry.bib == 6
    spans = [item.during for item in Assignment.objects.filter(transponder__code="N1").order_by("during")]
    assert [one.upper for one in spans[:-1]] == [other.lower for other in spans[1:]]
    assert not any(span.isempty for span in spans) and spans[-1].upper is None


def test_a_chip_goes_out_until_whoever_is_down_for_it_next():
    made = desk()
    day_two = cast.GUN + timedelta(hours=9)
    transponders.hand_out(made.edition, [(made.entries[1], "X1", day_two, None)], by=None)
    transponders.give(cast.enter(made, 5), "X1", by=None)
    assert history("X1") == ["1 540..", "5 -60..540"]


def test_a_chip_comes_back_after_the_gun_or_with_a_reason():
    made = desk()
    with pytest.raises(Refused) as refused:
        transponders.bring_back(made.edition, "C1", by=None)
    assert (refused.value.code, str(refused.value)) == ("before_the_gun", "1 号尚未出发。写明现在收回芯片的理由。")
    transponders.bring_back(made.edition, "C2", by=None, reason="does not start")
    gun.fire(made.wave, cast.GUN, by=None)
    at(made, 90)
    assert transponders.bring_back(made.edition, "c1", by=None).entry.bib == 1
    assert transponders.bring_back(made.edition, "c1", by=None).entry.bib == 1
    assert (history("C1"), history("C2")) == (["1 ..90"], ["2 ..-60"])
    assert [item.entry.bib for item in transponders.outstanding(made.edition)] == [3, 4]
    assert refusal(transponders.bring_back, made.edition, "NEVER", by=None) == "unknown_chip"


def test_a_lost_chip_is_with_nobody_and_goes_to_nobody_until_it_is_found():
    made = desk()
    assert refusal(transponders.lose, made.edition, "C1", by=None, reason=" ") == "reason_missing"
    transponders.lose(made.edition, "c1", by=None, reason="fell into the river")
    transponders.lose(made.edition, "c1", by=None, reason="again")
    assert transponders.lost(made.edition) == {"C1": "fell into the river"}
    late = cast.enter(made, 5)
    assert refusal(transponders.give, late, "C1", by=None) == "chip_lost"
    assert refusal(transponders.swap_to, late, "C1", by=None) == "chip_lost"
    transponders.bring_back(made.edition, "C1", by=None)
    assert transponders.lost(made.edition) == {}
    transponders.give(late, "C1", by=None)
    assert history("C1") == ["1 ..-60", "5 -60.."]
    assert told() == ["chip_lost 1 C1", "chip_found 1 C1", "chip_given 5 C1"]


@pytest.mark.parametrize("code", ["", " ", "芯片", "A" * 33, "A B", "=1+1", "A;B"])
def test_what_no_decoder_would_send_is_no_chip(code):
    made = desk()
    assert refusal(transponders.give, made.entries[1], code, by=None) == "bad_chip"


def test_only_a_confirmed_rider_gets_a_chip():
    made = desk()
    entry = cast.enter(made, 5)
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn")
    assert refusal(transponders.give, entry, "N1", by=None) == "not_confirmed"
    assert not Transponder.objects.filter(code="N1").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", [transponders.give, transponders.swap_to])
def test_two_desks_with_one_chip_never_give_it_to_both(action):
    made = desk()
    riders = [cast.enter(made, bib) for bib in (5, 6)]
    outcomes = at_once(*(lambda entry=entry: action(entry, "N1", by=None).entry.bib for entry in riders))
    wanted = {"give": 1, "swap_to": 2}[action.__name__]
    assert [type(outcome) for outcome in outcomes].count(int) == wanted
    assert [outcome for outcome in outcomes if not isinstance(outcome, int)] == ["chip_taken"] * (2 - wanted)
    now = clock.now(made.edition) + transponders.AFTER
    assert Assignment.objects.filter(transponder__code="N1", during__contains=now).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_desks_never_give_one_rider_three_chips():
    made = desk()
    calls = [lambda code=code: transponders.give(made.entries[1], code, by=None) for code in ("N1", "N2", "N3")]
    assert sorted(map(str, at_once(*calls)))[-2:] == ["two_chips", "two_chips"]


# --- by file --------------------------------------------------------------------------------------------------------


def judged(made: cast.Cast, text: str) -> list[str]:
    rows = chip_sheet.judge(made.edition, chip_sheet.rows(sheet.pasted(text))).rows
    return [f"{row.line} {row.bib} {'+'.join(row.new)} {row.problem}".strip() for row in rows]


def test_a_file_is_judged_row_by_row_and_nothing_is_written():
    made = desk()
    transponders.lose(made.edition, "C3", by=None, reason="lost")
    text = "号码,芯片,芯片2\n1,C1,A1\n2,C1,\n9,A2,\n3,C3\n4,A1\n1,A4\nx,A5\n,A6\n2,,\n3,a b\n4,A7,A8\n"
    assert judged(made, text) == [
        "2 1 A1",
        "3 2  C1 属于 1 号。",
        "4 9  没有这个号码的车手。",
        "5 3  C3 已标为遗失。",
        "6 4  A1 在第 2 行已经出现。",
        "7 1  号码在第 2 行已经出现。",
        "8 x  这不是号码。",
        "9   缺少号码。",
        "10 2  缺少芯片。",
        "11 3  这不是芯片号：只能是字母和数字，最多 32 位。",
        "12 4  已有两个芯片：C4。",
    ]
    assert not Transponder.objects.filter(code__startswith="A").exists()


def test_without_a_heading_the_columns_stand_in_order():
    assert chip_sheet.rows(sheet.pasted("1;A1;A2\n\n2.0;'007")) == [(1, "1", ("A1", "A2")), (3, "2", ("007",))]
    assert chip_sheet.rows(sheet.pasted("Chip\tBib\nA1\t7\n")) == [(2, "7", ("A1",))]


def test_a_file_is_taken_in_whole_or_not_at_all_and_once():
    made = desk()
    rows = chip_sheet.rows(sheet.pasted("1,C1,A1\n2,A2\n"))
    with pytest.raises(Refused) as refused:
        chip_sheet.take_in(made.edition, [*rows, (3, "9", ("A9",))], by=None)
    assert (refused.value.code, str(refused.value)) == ("bad_rows", "未导入任何内容：1 行有错。")
    assert not Transponder.objects.filter(code__startswith="A").exists()
    assert [chip_sheet.take_in(made.edition, rows, by=None) for _time in range(2)] == [2, 0]
    assert (history("A1"), history("A2")) == (["1 .."], ["2 .."])
    assert LogLine.objects.get(what="chips_imported").details == {"rows": 2, "chips": 2}


def test_a_chip_with_a_history_counts_from_now_on():
    made = desk()
    transponders.bring_back(made.edition, "C1", by=None, reason="does not start")
    late = cast.enter(made, 5)
    assert chip_sheet.take_in(made.edition, [(1, "5", ("C1",))], by=None) == 1
    assert transponders.holder(made.edition, "C1").entry_id == late.pk


def test_the_same_number_of_queries_for_three_rows_and_for_twelve_hundred():
    counted = []
    for size in (3, 1200):
        made = cast.make(riders=0, slug=f"q{size}")
        desk_field.confirmed(made, size, prefix=f"Q{size}-")
        Entry.objects.filter(edition=made.edition).update(bib=F("pk"))
        keys = Entry.objects.filter(edition=made.edition).order_by("pk").values_list("bib", flat=True)
        rows = [(line, str(bib), (f"A{bib}", f"B{bib}")) for line, bib in enumerate(keys, 1)]
        with CaptureQueriesContext(connection) as queries:
            assert chip_sheet.take_in(made.edition, rows, by=None) == 2 * size
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 20
