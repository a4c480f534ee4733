"""The league: points over rounds of ours and of others, what waits, what would be now, and what a late ruling moves."""

from datetime import date, timedelta

import pytest
from django.test import Client

from race import bibs, clock, gun
from race.models import Entry
from results import facts, league, live, preview, protests, publication, rulings, scoring
from results.league import rules, standings
from results.models import League, Round, RoundCategory, RoundResult
from tests import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]
RULES = {"table": [10, 7, 5, 3], "best": 2, "team": {"riders": 2}}


def season(stage):
    """A league of one group: a round elsewhere, ours, and one to come."""
    made = League.objects.create(
        slug="city", name_zh="城市联赛", name_en="City League", season="2024", rules=RULES,
        groups=[{"code": "ME", "zh": "男子组", "en": "Men"}],
    )  # fmt: skip
    first = Round.objects.create(league=made, order=1, name_zh="甲站", name_en="First", held_on=date(2024, 4, 1))
    second = Round.objects.create(
        league=made, order=2, name_zh="乙站", name_en="Second", held_on=date(2024, 5, 25), edition=stage.edition
    )
    Round.objects.create(league=made, order=3, name_zh="丙站", name_en="Third", held_on=date(2024, 9, 1))
    RoundCategory.objects.create(round=second, category=stage.category, group="ME")
    for place, bib in ((1, 3), (2, 1), (None, 2)):
        RoundResult.objects.create(
            round=first, group="ME", place=place, name=f"车手{bib}", team="洛阳飞驰车队",
            identity_hash=stage.entries[bib].identity_hash,
        )  # fmt: skip
    RoundResult.objects.create(round=first, group="ME", place=3, name="外地人", team="嵩山车队")
    return made


def raced():
    """Bibs 1 to 3 are home in this order, 4 is on the road; an hour after the gun."""
    stage = cast.make(laps=2)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "C2 09:20:01", "C3 09:20:02", "C4 09:20:03")
    stage.reads("C1 09:40:00", "C2 09:40:10", "C3 09:40:20")
    clock.set_rehearsal(stage.edition, event=cast.GUN + timedelta(minutes=60), speed=0)
    return stage


def posted(stage, standing="provisional", **more):
    stage.race.refresh_from_db()
    return publication.publish(stage.race, by=None, standing=standing, **more)


def sheet(table):
    """`rank name points: cell cell`; a cell is points, - for not there, [n] dropped, (n) waiting."""

    def cell(one):
        if one.waits:
            return f"({one.waits})"
        if one.points is None:
            return "-"
        return str(one.points) if one.counts else f"[{one.points}]"

    return [
        f"{line.rank} {line.who.zh if line.who else line.team[0]} {line.points}: {' '.join(map(cell, line.cells))}"
        for line in table.lines
    ]


def heads(table):
    return [(column.state, column.waiting) for column in table.columns]


def test_nothing_counts_before_it_is_published_but_for_if_it_stopped_now():
    stage = raced()
    made = season(stage)
    table = standings.of(made, "ME")
    assert sheet(table) == ["1 车手3 10: 10 - -", "2 车手1 7: 7 - -", "3 外地人 5: 5 - -"]
    assert (heads(table), table.without) == ([("imported", 0), ("upcoming", 0), ("upcoming", 0)], 1)
    live.refresh(stage.race.pk)
    table = standings.of(made, "ME", now=True)
    assert sheet(table) == [
        "1 车手1 17: 7 10 -", "2 车手3 15: 10 5 -", "3 车手2 7: 0 7 -", "4 外地人 5: 5 - -", "5 车手4 3: - 3 -",
    ]  # fmt: skip
    assert heads(table) == [("imported", 0), ("live", 0), ("upcoming", 0)]


def test_a_provisional_round_counts_and_rows_under_protest_wait():
    stage = raced()
    made = season(stage)
    posted(stage)
    protests.file(stage.race, bibs=[1], text="no helmet in lap 2", filed_by="Team")
    table = standings.of(made, "ME")
    assert sheet(table) == [
        "1 车手3 15: 10 5 -", "2 车手2 7: 0 7 -", "3 车手1 7: 7 (10) -", "4 外地人 5: 5 - -", "5 车手4 3: - 3 -",
    ]  # fmt: skip
    assert heads(table) == [("imported", 0), ("provisional", 1), ("upcoming", 0)]
    assert [line.waits for line in table.lines if line.who.zh == "车手1"] == [10]


def test_a_board_is_read_with_the_bibs_of_its_day():
    stage = raced()
    made = season(stage)
    posted(stage)
    before = sheet(standings.of(made, "ME"))
    bibs.replace_lost(stage.entries[1], bib=41, by=None, reason="lost")
    assert sheet(standings.of(made, "ME")) == before


def test_who_has_no_right_to_a_rank_is_not_in_it_and_holds_no_place():
    stage = cast.make(laps=2)
    Entry.objects.filter(pk=stage.entries[1].pk).update(ranked=False)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "C2 09:20:01", "C3 09:20:02")
    stage.reads("C1 09:40:00", "C2 09:40:10", "C3 09:40:20")
    made = season(stage)
    live.refresh(stage.race.pk)
    table = standings.of(made, "ME", now=True)
    assert sheet(table) == [
        "1 车手3 17: 10 7 -", "2 车手2 10: 0 10 -", "3 车手1 7: 7 - -", "4 外地人 5: 5 - -",
    ]  # fmt: skip


def test_the_team_league_adds_the_best_of_each_team():
    stage = raced()
    made = season(stage)
    posted(stage)
    table = standings.of(made, rules.TEAMS)
    assert sheet(table) == ["1 洛阳飞驰车队 34: 17 17 -", "2 嵩山车队 5: 5 - -"]


def test_only_the_best_rounds_count():
    stage = raced()
    made = season(stage)
    League.objects.update(rules=RULES | {"best": 1})
    posted(stage)
    made.refresh_from_db()
    assert sheet(standings.of(made, "ME"))[:2] == ["1 车手1 10: [7] 10 -", "2 车手3 10: 10 [5] -"]


def test_a_late_disqualification_tells_what_it_moves_in_the_season():
    stage = raced()
    season(stage)
    posted(stage)
    before = preview.of_ruling(stage.race, "dsq", bib=1)
    told = [tuple(move)[1:9] for move in before.league]
    assert told == [
        ("ME", 3, "车手3", "洛阳飞驰车队", 15, 17, 2, 1),
        ("ME", 2, "车手2", "洛阳飞驰车队", 7, 10, 3, 2),
        ("ME", 1, "车手1", "洛阳飞驰车队", 17, 7, 1, 3),
        ("ME", 4, "车手4", "洛阳飞驰车队", 3, 5, 5, 4),
        ("ME", None, "外地人", "嵩山车队", 5, 5, 4, 5),
    ]  # fmt: skip
    assert before.league_points == sum(move.points_before != move.points_after for move in before.league)
    rulings.issue(stage.race, "dsq", bib=1, reason="helmet", by=None)
    posted(stage)
    made = League.objects.get()
    after = {(line.who.zh, line.points, line.rank) for line in standings.of(made, "ME").lines}
    promised = {(move.name, move.points_after, move.rank_after) for move in before.league if move.group == "ME"}
    assert promised <= after
    assert league.difference(stage.race, scored(stage), scored(stage)) == ()


def scored(stage):
    return scoring.score(facts.gather(stage.race).facts)


def test_the_page_shows_names_and_points_and_nothing_of_who_they_are(django_assert_max_num_queries):
    stage = raced()
    season(stage)
    posted(stage)
    live.refresh(stage.race.pk)
    client, people = Client(headers={"accept-language": "en"}), list(Entry.objects.select_related("rider"))
    for address in ("/league/", "/league/city/", "/league/city/ME/", "/league/city/teams/", "/league/?now=1"):
        with django_assert_max_num_queries(8):
            page = client.get(address)
        text = page.content.decode()
        assert page.status_code == 200
        assert all(entry.identity_hash not in text and entry.rider.identity_sealed not in text for entry in people)
    assert client.get("/league/none/").status_code == client.get("/league/city/none/").status_code == 404
