"""Rounds ridden elsewhere: a list is judged row by row, taken in whole or not at all, and joined by a person."""

import pytest

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


def test_a_rider_known_by_name_and_team_is_proposed_joined_and_parted():
    stage, made, third = stage_and_round()
    imports.apply(third, LIST, edition=stage.edition, by=None)
    line, entry = next(iter(joining.proposals(made)))
    assert (line.name, entry.bib) == ("车手4", 4)
    joining.join(line, entry, edition=stage.edition, by=None)
    assert joining.proposals(made) == []
    joining.join(line, entry, edition=stage.edition, by=None)
    with pytest.raises(Refused) as refused:
        joining.join(third.results.get(name="外地人"), entry, edition=stage.edition, by=None)
    assert refused.value.code == "joined_twice"
    assert sheet(standings.of(made, "ME"))[0] == "1 车手4 10: - - 10"
    imports.apply(third, LIST, edition=stage.edition, by=None)
    assert third.results.get(name="车手4").entry == entry
    joining.part(line, edition=stage.edition, by=None)
    assert [one.line.name for one in joining.proposals(made)] == ["车手4"]
