"""Expected and missing passings over the interface for machines: whole answers, what they cost, what confirming does."""

import json
from datetime import timedelta

import pytest

from race import clock, gun
from results import expected, live, memory, rulings
from results.models import Watch
from tests import cast

pytestmark = pytest.mark.django_db
EXPECTED, MISSING = "/api/v1/races/open/expected/", "/api/v1/races/open/missing/"


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch):
    monkeypatch.setattr(expected, "KEPT_S", 0.0)
    expected.forget()
    memory.forget()


def raced(laps=3, riders=4):
    """All pass P at 09:10 and the line at 09:20, but for bib 4, whom the line did not see; at 09:30 three pass P again."""
    stage = cast.make(laps=laps, riders=riders)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads(*[f"C{bib} 09:10:0{bib}" for bib in range(1, 5)], source="Pass")
    stage.reads(*[f"C{bib} 09:20:0{bib}" for bib in range(1, 3)])
    stage.reads("C3 09:20:03", source="Backup")
    stage.reads(*[f"C{bib} 09:30:0{bib}" for bib in (1, 2, 4)], source="Pass")
    at(stage, 33)
    return stage


def at(stage, minute):
    clock.set_rehearsal(stage.edition, event=cast.GUN + timedelta(minutes=minute), speed=0)


def asked(client, stage, address, role="commissaire"):
    answer = client.get(address, headers=cast.bearer(stage.edition, role))
    assert answer.status_code == 200
    return answer.json()


def posted(client, stage, address, body, role="commissaire"):
    headers = cast.bearer(stage.edition, role)
    answer = client.post(address, json.dumps(body), content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def test_the_whole_of_what_is_expected(client):
    stage = raced()
    told = asked(client, stage, EXPECTED, "announcer")
    stage.race.refresh_from_db()
    assert {key: told[key] for key in ("race", "revision", "now", "on_course")} == {
        "race": "open", "revision": stage.race.revision, "now": "2024-05-25T09:33:00.000+08:00", "on_course": 4,
    }  # fmt: skip
    assert told["overdue"] == [
        {
            "bib": 3, "point": "P", "lap": 2, "at": "2024-05-25T09:30:05.000+08:00", "error_ms": 10_000,
            "late_ms": 174_999, "last": {"point": "F", "lap": 1, "at": "2024-05-25T09:20:03.000+08:00"}, "group": 2,
            "there": 2, "laps_down": 0, "slowing": False, "watch": None,
        }
    ]  # fmt: skip
    assert told["points"] == [
        {"point": "P", "lap": 1, "expected": 4, "main": 4, "backup": 0, "missing": 0, "overdue": 0},
        {"point": "F", "lap": 1, "expected": 4, "main": 2, "backup": 1, "missing": 1, "overdue": 0},
        {"point": "P", "lap": 2, "expected": 4, "main": 3, "backup": 0, "missing": 0, "overdue": 1},
    ]
    assert [(one["bib"], one["point"], one["lap"]) for one in told["riders"]] == [
        (1, "F", 2), (2, "F", 2), (3, "P", 2), (4, "F", 2),
    ]  # fmt: skip


def test_what_nobody_read_is_proposed_and_counts_only_once_it_is_ruled(client):
    stage = raced()
    told = asked(client, stage, MISSING)
    backup = stage.read("C3", "09:20:03", source="Backup")
    assert told["backup"] == [
        {"bib": 3, "point": "F", "lap": 1, "at": "2024-05-25T09:20:03.000+08:00", "reads": [backup.pk]}
    ]
    assert [{**one, "ruling": None} for one in told["missing"]] == [
        {
            "bib": 4, "point": "F", "lap": 1, "at": "2024-05-25T09:20:03.000+08:00", "error_ms": 60_000, "how": "mats",
            "beside": 0, "before": "2024-05-25T09:10:04.000+08:00", "after": "2024-05-25T09:30:04.000+08:00", "ruling": None,
        }
    ]  # fmt: skip
    assert "4 racing 0" in " ".join(stage.table())
    ruling = told["missing"][0]["ruling"] | {"reason": "film of the line"}
    assert posted(client, stage, "/api/v1/races/open/rulings/", ruling)[0] == 201
    assert "4 racing 1" in " ".join(stage.table())
    assert asked(client, stage, MISSING)["missing"] == []


def test_marks_are_seen_by_all_the_last_one_holds_and_clearing_twice_is_harmless(client):
    stage = raced()
    body = {"bib": 3, "point": "P", "lap": 2}
    assert posted(client, stage, EXPECTED, body | {"kind": "check"}, "timing_crew")[0] == 200
    status, made = posted(client, stage, EXPECTED, body | {"kind": "wait"}, "timing_crew")
    assert (status, made) == (200, {
        "kind": "wait", "until": "2024-05-25T09:38:00+08:00", "at": "2024-05-25T09:33:00+08:00",
        "by": "timing_crew@edition-open",
    })  # fmt: skip
    assert asked(client, stage, EXPECTED)["overdue"][0]["watch"] == made
    for _ in range(2):
        assert posted(client, stage, EXPECTED, body | {"kind": "clear"}) == (200, {})
    assert Watch.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"bib": 3, "point": "P", "lap": 2, "kind": "shoot"}, 422, "unknown_mark"),
        ({"bib": 99, "point": "P", "lap": 2, "kind": "check"}, 409, "not_on_list"),
        ({"bib": 2**40, "point": "P", "lap": 2, "kind": "check"}, 409, "not_on_list"),
        ({"bib": 3, "point": "Q", "lap": 2, "kind": "check"}, 422, "unknown_point"),
        ({"bib": 3, "point": "P", "lap": 0, "kind": "check"}, 422, "unknown_point"),
        ({"bib": 3, "point": "P", "lap": 2**40, "kind": "check"}, 422, "unknown_point"),
    ],
)
def test_a_mark_that_cannot_be(client, body, status, code):
    stage = raced()
    got, told = posted(client, stage, EXPECTED, body)
    assert (got, [error["code"] for error in told["errors"]]) == (status, [code])


def test_what_it_costs_and_that_asking_again_costs_next_to_nothing(django_assert_max_num_queries):
    few, many = raced(), cast.make(riders=40, slug="many")
    gun.fire(many.wave, cast.GUN, by=None)
    many.reads(*[f"C{bib} 09:20:{bib:02d}" for bib in range(1, 41)])
    for stage in (few, many):
        stage.race.refresh_from_db()
        with django_assert_max_num_queries(28):
            expected.of(stage.race)
        with django_assert_max_num_queries(0):
            expected.of(stage.race)


def test_an_answer_is_of_the_newest_facts_and_at_most_a_second_old_while_they_pour_in(monkeypatch):
    stage = raced()
    stage.race.refresh_from_db()
    first = expected.of(stage.race)
    rulings.issue(stage.race, "dnf", bib=3, reason="retired", by=None)
    stage.race.refresh_from_db()
    monkeypatch.setattr(expected, "KEPT_S", 60.0)
    assert expected.of(stage.race) is first
    monkeypatch.setattr(expected, "KEPT_S", 0.0)
    assert expected.of(stage.race).revision == stage.race.revision
    assert expected.of(stage.race).overdue() == []


def test_it_sees_what_the_board_sees():
    """The cache and the whole of the facts tell the same."""
    stage = raced()
    stage.race.refresh_from_db()
    expected.of(stage.race)
    stage.reads("C3 09:32:00", source="Pass")
    stage.race.refresh_from_db()
    seen = expected.of(stage.race)
    expected.forget()
    memory.forget()
    assert (seen.outlook, seen.revision) == (expected.of(stage.race).outlook, live.board(stage.race).revision)
