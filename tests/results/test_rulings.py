"""Rulings: what takes back what, which details make sense, and what an official is told."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from race import gun
from race.refused import Refused
from results import facts, rulings
from results.models import Ruling
from tests import cast
from tests.results.test_facts import RACED, raced

GUN_US = facts.microseconds(cast.GUN)
HOUR_US = 3_600_000_000
DSQ = ["1 2 FIN 2", "2 3 FIN 2", "3 4 racing 1", "– 1 DSQ 2"]


def post(client, stage, body):
    """Status and body of a ruling sent by a commissaire."""
    headers = cast.bearer(stage.edition, "commissaire")
    address = "/api/v1/races/open/rulings/"
    answer = client.post(address, json.dumps(body), content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


@given(st.lists(st.booleans(), max_size=12))
def test_what_holds_is_what_nothing_that_holds_takes_back(links):
    made: list[tuple[int, int | None]] = []
    free: list[int] = []
    for number, takes_back in enumerate(links):
        made.append((number, free.pop() if takes_back and free else None))
        free.append(number)
    gone = facts._taken_back(made)
    by = {earlier: number for number, earlier in made if earlier is not None}
    assert gone == {number for number, _ in made if number in by and by[number] not in gone}


@pytest.mark.django_db
def test_a_revoked_revocation_brings_the_first_ruling_back_at_any_depth():
    stage = raced()
    ruling, tables = rulings.issue(stage.race, "dsq", bib=1, reason="no helmet", by=None), []
    for _ in range(4):
        ruling = rulings.revoke(Ruling.objects.get(pk=ruling.pk), reason="the other way round", by=None)
        tables.append(stage.table())
    assert tables == [RACED, DSQ, RACED, DSQ]
    assert [one.number for one in facts.gather(stage.race).facts.rulings] == [1]


@pytest.mark.django_db
def test_the_board_between_two_revocations_can_still_be_asked_for():
    stage = raced()
    first = rulings.issue(stage.race, "dsq", bib=1, reason="no helmet", by=None)
    second = rulings.revoke(first, reason="another rider", by=None)
    third = rulings.revoke(second, reason="it was him", by=None)
    assert [stage.table(one.revision) for one in (first, second, third)] == [DSQ, RACED, DSQ]


@pytest.mark.django_db
def test_each_ruling_is_revoked_once(client):
    stage = raced()
    rulings.issue(stage.race, "dsq", bib=1, reason="no helmet", by=None)
    taken = [post(client, stage, {"revokes": number, "reason": "x"})[0] for number in (1, 1, 2, 2)]
    assert taken == [201, 409, 201, 409]


@pytest.mark.django_db
@pytest.mark.parametrize("reason", [None, "", "  "])
@pytest.mark.parametrize("body", [{"kind": "dnf", "bib": 4}, {"revokes": 1}])
def test_a_ruling_without_a_reason_is_refused_by_the_rule(client, body, reason):
    stage = raced()
    rulings.issue(stage.race, "dsq", bib=1, reason="no helmet", by=None)
    said = {} if reason is None else {"reason": reason}
    status, answer = post(client, stage, {**body, **said})
    assert (status, [error["code"] for error in answer["errors"]]) == (409, ["reason_missing"])


SENSE = [
    ("time_penalty", 1, {"seconds": 0}, "seconds is a number from 1 to 86400."),
    ("time_penalty", 1, {"seconds": -5}, "seconds is a number from 1 to 86400."),
    ("time_penalty", 1, {"seconds": 86_401}, "seconds is a number from 1 to 86400."),
    ("neutralise", None, {"us": 0}, "us is a number from 1 to 86400000000."),
    ("results_at_lap", None, {"lap": 0}, "lap is a number from 1 to 2."),
    ("results_at_lap", None, {"lap": 3}, "lap is a number from 1 to 2."),
    ("pulled", 4, {"after_lap": -1}, "after_lap is a number from 0 to 2."),
    ("pulled", 4, {"after_lap": 3}, "after_lap is a number from 0 to 2."),
    ("chip_swap", None, {"a": 1, "b": 1}, "b is the bib of another rider on the start list."),
    ("chip_swap", None, {"a": 99, "b": 1}, "a is the bib of another rider on the start list."),
    ("chip_swap", None, {"a": 1, "b": 2**62}, "b is the bib of another rider on the start list."),
    ("credit_time_of", 1, {"of": 1}, "of is the bib of another rider on the start list."),
    ("credit_time_of", 1, {"of": 99}, "of is the bib of another rider on the start list."),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "bib", "detail", "sentence"), SENSE)
def test_details_that_make_no_sense_are_refused_with_their_range(client, kind, bib, detail, sentence):
    stage = raced()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    status, answer = post(client, stage, {"kind": kind, "bib": bib, "detail": detail, "reason": "x"})
    assert (status, answer["errors"]) == (422, [{"code": "bad_detail", "detail": sentence, "attr": None}])
    assert Ruling.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "bib", "detail"),
    [
        ("time_penalty", 1, {"seconds": 1}),
        ("time_penalty", 1, {"seconds": 86_400}),
        ("results_at_lap", None, {"lap": 1}),
        ("pulled", 4, {"after_lap": 0}),
        ("pulled", 4, {"after_lap": 2, "at_us": GUN_US + HOUR_US}),
        ("chip_swap", None, {"a": 1, "b": 2}),
        ("credit_time_of", 1, {"of": 2}),
        ("neutralise", None, {"us": 1}),
    ],
)
def test_details_at_the_edge_of_their_range_are_taken(client, kind, bib, detail):
    stage = raced()
    status, answer = post(client, stage, {"kind": kind, "bib": bib, "detail": detail, "reason": "x"})
    assert (status, answer["detail"]) == (201, detail)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["manual_finish", "confirm_missed", "pulled"])
def test_a_time_is_within_a_day_of_the_gun(client, kind):
    stage = raced()
    around = [GUN_US - 1, GUN_US, GUN_US + 24 * HOUR_US, GUN_US + 24 * HOUR_US + 1, 5, 2**62]
    sent = [{"kind": kind, "bib": 4, "detail": {"at_us": at_us}, "reason": "x"} for at_us in around]
    assert [post(client, stage, body)[0] for body in sent] == [422, 201, 201, 422, 422, 422]


@pytest.mark.django_db
def test_before_the_gun_a_time_is_measured_from_an_hour_before_the_programme(client):
    stage = cast.make()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    body = {"kind": "confirm_missed", "bib": 4, "reason": "x", "detail": {"at_us": GUN_US - HOUR_US}}
    assert post(client, stage, body)[0] == 201
    status, answer = post(client, stage, {**body, "detail": {"at_us": GUN_US - HOUR_US - 1}})
    assert (status, answer["errors"][0]["detail"]) == (
        422,
        f"at_us is a number from {GUN_US - HOUR_US} to {GUN_US + 24 * HOUR_US}: "
        "microseconds from 2024-05-25T08:00:00+08:00 to 2024-05-26T09:00:00+08:00.",
    )


@pytest.mark.django_db
def test_a_category_with_more_laps_widens_the_range(client):
    stage = raced()
    stage.race.rules["laps_by_category"] = {"ME": 5}
    stage.race.save()
    body = {"kind": "pulled", "bib": 4, "detail": {"after_lap": 5}, "reason": "x"}
    assert post(client, stage, body)[0] == 201


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "bib", "warnings"),
    [("pulled", 1, ["has_finished"]), ("dnf", 1, ["has_finished"]), ("dnf", 4, []), ("dsq", 1, [])],
)
def test_who_has_finished_can_be_ruled_out_with_a_warning(client, kind, bib, warnings):
    status, answer = post(client, raced(), {"kind": kind, "bib": bib, "reason": "x"})
    assert (status, answer["warnings"]) == (201, warnings)


@pytest.mark.django_db
def test_guns_and_rulings_tell_the_time_of_the_venue(client):
    stage = cast.make()
    gun.fire(stage.wave, cast.GUN + timedelta(milliseconds=400), by=None)
    rulings.issue(stage.race, "dnf", bib=1, reason="x", by=None)
    guns, made = (client.get(f"/api/v1/races/open/{what}/").json() for what in ("guns", "rulings"))
    assert guns[0]["at"] == "2024-05-25T09:00:00.400000+08:00"
    told = [guns[0]["recorded_at"], made[0]["at"], made[0]["recorded_at"]]
    assert [time[-6:] for time in told] == ["+08:00"] * 3


@pytest.mark.django_db
def test_a_second_click_is_no_second_penalty():
    stage = cast.make()
    again = {"bib": 1, "detail": {"seconds": 20}, "reason": "feed", "by": None}
    first = rulings.issue(stage.race, "time_penalty", **again)
    with pytest.raises(Refused) as refused:
        rulings.issue(stage.race, "time_penalty", **again)
    assert (refused.value.code, Ruling.objects.count()) == ("already_ruled", 1)
    rulings.issue(stage.race, "time_penalty", **again | {"reason": "feed, second time"})
    rulings.revoke(first, reason="wrong rider", by=None)
    assert rulings.issue(stage.race, "time_penalty", **again).number == 4


@pytest.mark.django_db
def test_a_ruling_is_not_taken_back_over_a_colleagues_newer_one(client):
    stage = raced()
    first = rulings.issue(stage.race, "dsq", bib=1, reason="no helmet", by=None)
    rulings.issue(stage.race, "warning", bib=2, reason="litter", by=None)
    newer = rulings.issue(stage.race, "time_penalty", bib=1, detail={"seconds": 30}, reason="feeding", by=None)
    late = {"revokes": 1, "reason": "it was another", "seen": first.revision}
    status, answer = post(client, stage, late)
    assert (status, [error["code"] for error in answer["errors"]], Ruling.objects.count()) == (
        409,
        ["ruled_meanwhile"],
        3,
    )
    assert post(client, stage, {"revokes": 2, "reason": "x", "seen": first.revision + 1})[0] == 201, "another rider's"
    assert post(client, stage, late | {"seen": newer.revision})[0] == 201


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["", "preview/"])
def test_an_article_leads_to_its_own_sanctions_only(client, page):
    stage = raced()
    body = {"kind": "dsq", "bib": 1, "reason": "litter", "article": "R-LITTER"}
    headers, address = cast.bearer(stage.edition, "commissaire"), f"/api/v1/races/open/rulings/{page}"

    def sent(**other):
        answer = client.post(address, json.dumps(body | other), content_type="application/json", headers=headers)
        return answer.status_code, [error["code"] for error in answer.json().get("errors", ())]

    assert sent() == (422, ["article_forbids"])
    assert Ruling.objects.count() == 0
    assert sent(kind="warning")[0] in (200, 201)
