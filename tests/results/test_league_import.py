"""Rounds ridden elsewhere: a list is judged row by row, taken in whole or not at all, and joined by a person."""

import pytest

from race.models import LogLine
from race.refused import Refused
from results.league import imports, joining, standings
from results.models import RoundResult
from tests import cast
from tests.results.test_league import season, sheet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]
LIST = "名次,姓名,车队,组别\n1,车手4,洛阳飞驰车队,男子组\n2,外地人,嵩山车队,ME\nDNF,别人,,ME\nDNS,没来,,ME\n".encode()


def stage_and_round():
    stage = cast.make()
    made = season(stage)
    return stage, made, made.rounds.get(order=3)


def told(found):
    return found.written, found.added, found.changed, found.removed, found.unchanged, found.wrong


def test_a_list_is_taken_in_once_and_a_newer_one_replaces_its_groups():
    stage, _made, third = stage_and_round()
    assert told(imports.dry_run(third, LIST)) == (False, 3, 0, 0, 0, 0)
    assert told(imports.apply(third, LIST, edition=stage.edition, by=None)) == (True, 3, 0, 0, 0, 0)
    assert told(imports.apply(third, LIST, edition=stage.edition, by=None)) == (True, 0, 0, 0, 3, 0)
    newer = LIST.replace(b"2,", b"3,").replace("DNF,别人,,ME\n".encode(), b"")
    assert told(imports.apply(third, newer, edition=stage.edition, by=None)) == (True, 0, 1, 1, 1, 0)
    assert list(third.results.values_list("place", "name")) == [(1, "车手4"), (3, "外地人")]


def test_a_wrong_row_is_named_and_nothing_is_written():
    stage, made, third = stage_and_round()
    before = RoundResult.objects.count()
    bad = "名次,姓名,组别,身份证号\nx,甲,ME,\n2,,ME,\n3,乙,铁人组,\n4,丙,ME,4.10311E+17\n5,丁,ME,\n5,丁,ME,\n".encode()
    found = imports.dry_run(third, bad)
    assert [(row.number, [column for column, _text in row.problems]) for row in found.rows if row.problems] == [
        (2, ["place"]), (3, ["name"]), (4, ["category"]), (5, ["number"]), (7, ["name"]),
    ]  # fmt: skip
    with pytest.raises(Refused) as refused:
        imports.apply(third, bad, edition=stage.edition, by=None)
    assert (refused.value.code, RoundResult.objects.count()) == ("rows_wrong", before)
    with pytest.raises(Refused) as refused:
        imports.dry_run(made.rounds.get(order=2), LIST)
    assert refused.value.code == "round_is_ours"
    with pytest.raises(Refused) as refused:
        imports.dry_run(third, b"a,b\n1,2\n")
    assert refused.value.code == "no_columns"


def refused(act, *arguments, **more):
    with pytest.raises(Refused) as no:
        act(*arguments, **more)
    return no.value.code


def test_a_rider_known_by_name_and_team_is_proposed_joined_and_parted():
    stage, made, third = stage_and_round()
    who = {"edition": stage.edition, "by": None, "reason": "same name and team"}
    imports.apply(third, LIST, edition=stage.edition, by=None)
    found = {(one.line.round.order, one.line.name): one for one in joining.loose(made)}
    told = {at: [(one.basis, one.bib, one.line) for one in row.likely] for at, row in found.items()}
    first, other = (found[order, "外地人"].line for order in (1, 3))
    assert told == {
        (1, "外地人"): [("name_and_team", None, other.pk)], (3, "车手4"): [("name_and_team", 4, None)],
        (3, "外地人"): [("name_and_team", None, first.pk)], (3, "别人"): [],
    }  # fmt: skip
    line, entry = found[3, "车手4"].line, stage.entries[4]
    assert refused(joining.join, line, entry, edition=stage.edition, by=None, reason=" ") == "reason_missing"
    assert joining.join_sure(made, {line.pk: entry.pk, other.pk: entry.pk}, **who) == (1, 1)
    assert joining.join(line, entry, **who) is False
    assert refused(joining.join, line, stage.entries[2], **who) == "joined_meanwhile"
    assert refused(joining.join, other, entry, **who) == "joined_twice"
    assert sheet(standings.of(made, "ME"))[0] == "1 车手4 10: - - 10"
    imports.apply(third, LIST, edition=stage.edition, by=None)
    line.refresh_from_db()
    assert line.entry == entry
    assert refused(joining.part, line, seen="another", **who) == "joined_meanwhile"
    assert [joining.part(line, seen=joining.mark(line), **who) for _twice in range(2)] == [True, False]
    assert [one.sure.bib for one in joining.loose(made) if one.line == line] == [4]
    # Two rows of somebody who rode elsewhere only are one season, and go together to the rider found later.
    assert joining.join(other, first, **who)
    assert sheet(standings.of(made, "ME"))[:2] == ["1 外地人 12: 5 - 7", "2 车手4 10: - - 10"]
    assert joining.join(first, stage.entries[4], **who)
    assert sheet(standings.of(made, "ME"))[0] == "1 外地人 12: 5 - 7"
    assert refused(joining.join, line, entry, **who) == "joined_twice"
    known = made.rounds.get(order=1).results.get(name="车手3")
    assert refused(joining.join, known, entry, **who) == "known_by_document"
    log = LogLine.objects.filter(what__startswith="league_").values_list("what", "entry__bib", "details__round")
    assert list(log) == [
        ("league_imported", None, 3), ("league_joined", 4, 3), ("league_parted", 4, 3), ("league_joined", None, 3),
        ("league_joined", 4, 1),
    ]  # fmt: skip


def test_what_two_people_do_at_once_is_seen():
    stage, _made, third = stage_and_round()
    looked = imports.dry_run(third, LIST)
    imports.apply(third, LIST.replace(b"2,", b"3,"), edition=stage.edition, by=None)
    assert refused(imports.apply, third, LIST, edition=stage.edition, by=None, seen=looked.seen) == "round_changed"
    line = third.results.get(name="外地人")
    imports.apply(third, LIST.replace("2,外地人,嵩山车队,ME\n".encode(), b""), edition=stage.edition, by=None)
    assert refused(joining.join, line, stage.entries[4], edition=stage.edition, by=None, reason="x") == "row_gone"
