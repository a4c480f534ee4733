"""The Luoyang league round of the seeds, from the start list to the season: live, provisional, official, and a late ruling."""

import dataclasses
from datetime import timedelta

import orjson
import pytest
from django.utils.translation import override

from race import clock, gun
from race.models import Assignment, Race, Wave
from results import live, paper, preview, protests, publication, rulings
from results.league import history, joining, rules, standings
from results.models import League
from seeds import accounts, planting
from seeds import field as fields
from tests.results.test_league import sheet
from tests.seeds.test_hard_weekend import WHOLE
from timing import ingest, intake
from timing.models import Channel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]
#: Bibs as they come home, ten seconds apart; 1 is first.
HOME = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
LAPS, LAP_S = 6, 1500


def small(seed):
    """The first ten riders of the elite, nobody else."""
    whole = WHOLE(seed)
    entries = tuple(entry for entry in whole.entries if entry.category == "ME")[: len(HOME)]
    indices = {entry.rider.index for entry in entries}
    return dataclasses.replace(
        whole, riders=tuple(one for one in whole.riders if one.index in indices), entries=entries
    )


@pytest.fixture
def race(monkeypatch):
    """The elite's race of the seeds, ridden: every rider over the mat of the finish at every lap."""
    monkeypatch.setattr(fields, "build", small)
    edition = planting.plant_tenth(by=accounts.owner(), gateway_port=3999)
    race = Race.objects.select_related("edition").get(edition=edition, slug="luoyang-2024-me")
    wave = Wave.objects.get(race=race)
    gun.fire(wave, wave.planned_at, by=None)
    chips = dict(Assignment.objects.filter(entry__race=race).values_list("entry__bib", "transponder__code"))
    reads = [
        {"source": "FIN-ROAD", "chip": chips[bib], "local": f"{at:%Y-%m-%dT%H:%M:%S}"}
        for place, bib in enumerate(HOME)
        for lap in range(LAPS + 1)
        for at in [wave.planned_at + timedelta(hours=8, seconds=60 + lap * LAP_S + place * 10)]
    ]
    channel = Channel.objects.create(edition=edition, kind="http", make="json", label="played")
    intake.receive(channel, orjson.dumps({"reads": reads}), "1", options={"make": "json"})
    ingest.take_in(channel.pk)
    at(race, wave.planned_at + timedelta(hours=4))
    return race


def at(race, instant):
    """It is this instant of the weekend."""
    clock.set_rehearsal(race.edition, event=instant, speed=0)
    race.edition.refresh_from_db()
    race.refresh_from_db()


def told(season, *, now=False):
    """The elite's season: how far our round has come, and who, the sum, the rounds."""
    table = standings.of(season, "ME", now=now)
    return [table.columns[2].state, *sheet(table)]


ELSEWHERE = """
    1 谢立飞 80: 40 40 - -
    2 姜晨然 59: 24 35 - -
    3 胡安·卡斯特罗 51: 31 20 - -
    4 郭振勇 50: 28 22 - -
    5 帕维尔·科瓦连科 49: 18 31 - -
    6 林毅 46: 20 26 - -
    7 张子波 46: 22 24 - -
    8 黄嘉鹏 44: 26 18 - -
    9 罗宇峰 35: 35 - - -
    10 谢尔盖·舍甫琴科 28: - 28 - -
    11 罗宇峰 16: - 16 - -
    12 谢尔盖·舍甫琴科 16: 16 - - -
"""
RIDDEN = """
    1 谢立飞 98: 40 40 18 -
    2 姜晨然 90: 24 35 31 -
    3 林毅 86: 20 26 40 -
    4 黄嘉鹏 79: 26 18 35 -
    5 胡安·卡斯特罗 79: 31 20 28 -
    6 帕维尔·科瓦连科 75: 18 31 26 -
    7 罗宇峰 71: 35 16 20 -
    8 张子波 70: 22 24 24 -
    9 谢尔盖·舍甫琴科 66: 16 28 22 -
    10 郭振勇 66: 28 22 16 -
"""
PROTESTED = """
    1 谢立飞 98: 40 40 18 -
    2 姜晨然 90: 24 35 31 -
    3 林毅 86: 20 26 40 -
    4 胡安·卡斯特罗 79: 31 20 28 -
    5 帕维尔·科瓦连科 75: 18 31 26 -
    6 罗宇峰 71: 35 16 20 -
    7 张子波 70: 22 24 24 -
    8 谢尔盖·舍甫琴科 66: 16 28 22 -
    9 郭振勇 66: 28 22 16 -
    10 黄嘉鹏 44: 26 18 (35) -
"""
WITHOUT_1 = """
    1 谢立飞 100: 40 40 20 -
    2 姜晨然 94: 24 35 35 -
    3 黄嘉鹏 84: 26 18 40 -
    4 胡安·卡斯特罗 82: 31 20 31 -
    5 帕维尔·科瓦连科 77: 18 31 28 -
    6 罗宇峰 73: 35 16 22 -
    7 张子波 72: 22 24 26 -
    8 谢尔盖·舍甫琴科 68: 16 28 24 -
    9 郭振勇 68: 28 22 18 -
    10 林毅 46: 20 26 0 -
"""
#: group bib points before > after, place before > after
MOVED = """
    ME 9 98>100 1>1
    ME 3 90>94 2>2
    ME 2 79>84 4>3
    ME 4 79>82 5>4
    ME 5 75>77 6>5
    ME 8 71>73 7>6
    ME 6 70>72 8>7
    ME 7 66>68 9>8
    ME 10 66>68 10>9
    ME 1 86>46 3>10
"""
TEAMS_MOVED = """
    北京破风单车俱乐部 177>184 1>1
    白俄罗斯明斯克车队 141>145 2>2
    开封破风单车俱乐部 90>94 3>3
    哥伦比亚安第斯车队 79>82 5>4
    成都破风单车俱乐部 71>73 6>5
    邯郸飞驰车队 66>68 7>6
    信阳破风单车俱乐部 86>46 4>7
"""


def rows(text):
    return [line.strip() for line in text.strip().splitlines()]


def moves(found, group="ME"):
    return [
        f"{f'{group} {one.bib}' if one.bib else one.name} {one.points_before}>{one.points_after} "
        f"{one.rank_before}>{one.rank_after}"
        for one in found
        if one.group == group
    ]


def test_a_round_is_ridden_becomes_official_and_a_late_ruling_moves_the_season(race):
    season, nobody = League.objects.get(), {"by": None}
    assert told(season) == ["upcoming", *rows(ELSEWHERE)]
    # Two rows without a document are two seasons until somebody joins them.
    sure = {one.line.pk: one.sure.entry for one in joining.loose(season) if one.sure}
    assert joining.join_sure(season, sure, edition=race.edition, reason="same name and team", **nobody) == (2, 0)
    live.refresh(race.pk)
    assert told(season, now=True) == ["live", *rows(RIDDEN)]
    publication.publish(race, **nobody)
    assert told(season) == ["provisional", *rows(RIDDEN)]
    protest = protests.file(race, bibs=[2], text="irregular sprint", filed_by="Team")
    assert told(season) == ["provisional", *rows(PROTESTED)]
    (first,) = history.steps(season, "ME")  # nothing of the row under protest
    assert [one.bib for one in first.moved] == [9, 3, 1, 4, 5, 8, 6, 7, 10]
    protests.decide(protest, "rejected", reason="he held his line", **nobody)
    rulings.issue(race, "close", reason="all home", **nobody)
    at(race, clock.now(race.edition) + timedelta(minutes=40))
    publication.publish(race, standing="official", **nobody)
    assert told(season) == ["official", *rows(RIDDEN)]
    # After it is official a ruling moves nothing by itself: the preview tells, the amendment does it.
    looked = preview.of_ruling(race, "dsq", bib=1).league
    assert (moves(looked), moves(looked, rules.TEAMS)) == (rows(MOVED), rows(TEAMS_MOVED))
    rulings.issue(race, "dsq", bib=1, reason="a test of the federation", **nobody)
    assert told(season) == told(season, now=True) == ["official", *rows(RIDDEN)]
    publication.publish(race, standing="amended", reason="DSQ 1", cause="disciplinary", **nobody)
    assert told(season) == ["amended", *rows(WITHOUT_1)]
    steps = history.steps(season, "ME")
    assert [(one.publication.version, one.publication.standing, one.first, one.paper.number) for one in steps] == [
        (3, "amended", False, 3), (2, "official", False, 2), (1, "provisional", True, 1),
    ]  # fmt: skip
    assert [moves(one.moved) for one in steps[:2]] == [rows(MOVED), []]
    assert [[one.moved for one in history.steps(season, "ME", most)] for most in (1, 2)] == [
        [one.moved for one in steps[:most]] for most in (1, 2)
    ]
    assert moves(history.steps(season, rules.TEAMS)[0].moved, rules.TEAMS) == rows(TEAMS_MOVED)
    # The paper of the amendment: the points of the round beside each result, and which teams moved.
    with override("en"):
        told_then = paper.printed(steps[0].paper)
    assert [row["bib"] + " " + row["league"] for row in told_then["groups"][0]["rows"]] == [
        "2 40", "3 35", "4 31", "5 28", "6 26", "7 24", "8 22", "9 20", "10 18",
    ]  # fmt: skip
    assert told_then["changes"][-1] == (
        "Places in the team league: Andes Ciclismo Colombia 5 → 4, Chengdu Pofeng Cycling Club 6 → 5, "
        "Handan Feichi 7 → 6, Xinyang Pofeng Cycling Club 4 → 7."
    )
