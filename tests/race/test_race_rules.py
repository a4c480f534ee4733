"""Settings of timing points and rules of races: judged with a clear word, a fact each, undone in the past."""

import json
from dataclasses import fields

import pytest

from race import gun, race_rules, timing_points
from race.models import Change, Wave
from race.refused import Refused
from results import facts, live, memory
from results.scoring.race_facts import Rules
from tests import cast

pytestmark = pytest.mark.django_db


def patch(client, stage, role, address, body):
    headers = cast.bearer(stage.edition, role)
    answer = client.patch(f"/api/v1/{address}", json.dumps(body), content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def raced():
    """Bib 1 was read by the main mat at 09:20:00 and 09:20:04, bib 2 at 09:20:02."""
    stage = cast.make(laps=1)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "C1 09:20:04", "C2 09:20:02")
    return stage


def test_a_points_policy_changes_the_board_and_the_past_keeps_its_own(client):
    stage = raced()
    stage.race.refresh_from_db()
    then = stage.race.revision
    memory.forget()
    assert memory.known(stage.race).facts.passings == facts.gather(stage.race).facts.passings
    body = {"policy": "last", "reason": "the judges take the rear wheel"}
    status, told = patch(client, stage, "timing_crew", f"timing-points/{stage.finish.pk}/", body)
    assert (status, told["policy"], told["dedup_ms"]) == (200, "last", 5000)
    assert stage.table()[:2] == ["1 2 FIN 1", "2 1 FIN 1"]
    assert stage.table(then)[:2] == ["1 1 FIN 1", "2 2 FIN 1"]
    stage.race.refresh_from_db()
    assert live.encode(memory.known(stage.race)) == live.board(stage.race)
    change = Change.objects.get(model="race.TimingPoint")
    assert (change.before, change.after, change.reason) == ({"policy": "first"}, {"policy": "last"}, body["reason"])


def test_the_backup_window_is_each_points_own():
    stage = raced()
    timing_points.change(stage.finish, {"backup_ms": 9000, "dedup_ms": 0}, by=None, reason="mats 60 m apart")
    rules = {rule.code: rule for rule in facts.ground(stage.race).points}
    assert (rules["F"].backup_us, rules["F"].dedup_us, rules["P"].backup_us) == (9_000_000, 0, 3_000_000)


@pytest.mark.parametrize(
    ("values", "reason", "code"),
    [
        ({"dedup_ms": -1}, "x", "bad_setting"),
        ({"backup_ms": 600_001}, "x", "bad_setting"),
        ({"dedup_ms": True}, "x", "bad_setting"),
        ({"policy": "best"}, "x", "bad_setting"),
        ({"policy": "last"}, " ", "reason_missing"),
    ],
)
def test_a_setting_that_cannot_be_changes_nothing(values, reason, code):
    stage = raced()
    with pytest.raises(Refused) as refused:
        timing_points.change(stage.finish, values, by=None, reason=reason)
    assert (refused.value.code, Change.objects.filter(model="race.TimingPoint").count()) == (code, 0)


def test_every_rule_that_the_core_reads_can_be_set():
    """The rest of `Rules` comes from the race's own columns and from its course."""
    assert set(race_rules.RULES) == {one.name for one in fields(Rules)} - {"format", "laps", "finish", "points"}


def test_rules_are_set_one_by_one_and_taken_away_and_the_past_keeps_its_own(client):
    stage = raced()
    stage.race.refresh_from_db()
    then = stage.race.revision
    window = {"point": "F", "wave": "A", "from_s": 1201, "until_s": 9000}
    body = {"laps": 2, "rules": {"windows": [window], "min_lap_us": None, "bunch": False}, "reason": "the panel"}
    status, told = patch(client, stage, "chief", "races/open/", body)
    assert (status, told["laps"], told["rules"]) == (200, 2, {"windows": [window], "bunch": False})
    assert stage.table()[:2] == ["1 2 racing 1", "– 1 racing 0"]
    assert stage.table(then)[:2] == ["1 1 FIN 1", "2 2 FIN 1"]
    why = client.get("/api/v1/races/open/why/1/").json()["steps"]
    assert [(step["kind"], step["reason"]) for step in why] == [
        ("set_aside", "outside_window"), ("merged", "same_passing"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rules",
    [
        {"min_laps_us": 1}, {"min_lap_us": "60"}, {"min_lap_us": -1}, {"bunch": 1}, {"lapped": "never"},
        {"limit": {"percentage": 10}}, {"limit": {"percent": -1}}, {"laps_by_category": {"ZZ": 1}}, {"time_point": "Q"},
        {"laps_by_category": {"ME": 0}}, {"min_lap_us_by_category": {"ME": "x"}}, {"min_lap_us_by_category": []},
        {"windows": {"point": "F"}}, {"windows": [{"point": "Q", "from_s": 1}]}, {"windows": [{"point": "F"}]},
        {"windows": [{"point": "F", "wave": "Z", "from_s": 1}]}, {"windows": [{"from_s": 1}]},
        {"windows": [{"point": "F", "from_s": 9, "until_s": 9}]}, {"windows": [{"point": "F", "from_s": -1}]},
        {"windows": [{"point": "F", "from_s": 1}, {"point": "F", "until_s": 9}]},
        {"windows": [{"point": "F", "from": 1}]},
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused_with_its_key_and_changes_nothing(client, rules):
    stage = raced()
    status, told = patch(client, stage, "organiser", "races/open/", {"rules": rules, "reason": "x"})
    assert (status, [error["code"] for error in told["errors"]]) == (422, ["bad_rule"])
    assert next(iter(rules)) in told["errors"][0]["detail"]
    stage.race.refresh_from_db()
    assert stage.race.rules == {"min_lap_us": 60_000_000}


def test_a_race_that_has_begun_needs_a_reason_and_one_that_has_not_needs_none():
    stage = cast.make()
    Wave.objects.create(race=stage.race, code="B", planned_at=cast.GUN)
    race_rules.change(stage.race, rules={"windows": [{"point": "F", "wave": "B", "until_s": 60}]}, by=None)
    gun.fire(stage.wave, cast.GUN, by=None)
    with pytest.raises(Refused) as refused:
        race_rules.change(stage.race, laps=3, by=None)
    assert refused.value.code == "reason_missing"
