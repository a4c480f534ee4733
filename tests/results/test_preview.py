"""What a ruling would change is told before it is signed, and nobody signs over a colleague."""

import json

import pytest

from race.models import Category, Edition
from race.refused import Refused
from results import preview, rulings
from results.models import Ruling
from tests import cast
from tests.results.test_facts import RACED, raced

pytestmark = pytest.mark.django_db


def places(found):
    return [(one.bib, one.before.rank, one.after.rank, one.after.status) for one in found.found.changes]


def test_a_preview_is_the_board_that_the_ruling_then_makes_and_writes_nothing():
    stage = raced()
    Category.objects.filter(race=stage.race).update(prizes_fen=[80_000, 50_000])
    found = preview.of_ruling(stage.race, "dsq", bib=1)
    assert places(found) == [(2, 2, 1, "FIN"), (3, 3, 2, "FIN"), (4, 4, 3, "racing"), (1, 1, None, "DSQ")]
    assert [(one.bib, one.before, one.after) for one in found.prizes] == [
        (2, 50_000, 80_000), (3, 0, 50_000), (1, 80_000, 0),
    ]  # fmt: skip
    assert found.prize_difference_fen == 0
    assert (stage.table(), Ruling.objects.count()) == (RACED, 0)
    signed = rulings.issue(stage.race, "dsq", bib=1, reason="helmet", by=None, seen=found.revision, article="R-HELMET")
    assert signed.article == "R-HELMET" and json.loads(bytes(signed.link.canonical))["article"] == "R-HELMET"
    back = preview.of_revocation(signed)
    assert places(back) == [(1, None, 1, "FIN"), (2, 1, 2, "FIN"), (3, 2, 3, "FIN"), (4, 3, 4, "racing")]
    rulings.revoke(signed, reason="wrong rider", by=None)
    assert stage.table() == RACED


def test_who_shares_a_place_no_more_has_another_prize_though_the_place_is_the_same():
    stage = raced()
    Category.objects.filter(race=stage.race).update(prizes_fen=[80_000, 50_000])
    rulings.issue(stage.race, "finish_order", detail={"order": [[1, 2]]}, reason="dead heat", by=None)
    found = preview.of_ruling(stage.race, "dsq", bib=2)
    assert 1 not in [one.bib for one in found.found.changes]
    assert [(one.bib, one.before, one.after) for one in found.prizes] == [
        (1, 65_000, 80_000), (3, 0, 50_000), (2, 65_000, 0),
    ]  # fmt: skip
    assert found.prize_difference_fen == 0


def test_teams_move_with_their_riders():
    stage = raced()
    Edition.objects.filter(pk=stage.edition.pk).update(result_rules={"team_count": 1, "unknown": 2})
    stage.edition.refresh_from_db()
    stage.race.refresh_from_db()
    teams = {entry.bib: entry.team.name_zh for entry in stage.race.entries.select_related("team") if entry.team}
    found = preview.of_ruling(stage.race, "dsq", bib=1)
    assert all(move.before != move.after for move in found.teams)
    assert {move.team for move in found.teams} <= set(teams.values())


def test_who_looked_before_a_colleague_ruled_has_to_look_again():
    stage = raced()
    seen = preview.of_ruling(stage.race, "time_penalty", bib=3, detail={"seconds": 20}).revision
    first = rulings.issue(stage.race, "dsq", bib=3, reason="colleague", by=None, seen=seen)
    with pytest.raises(Refused) as refused:
        rulings.issue(stage.race, "time_penalty", bib=3, detail={"seconds": 20}, reason="feeding", by=None, seen=seen)
    assert refused.value.code == "ruled_meanwhile"
    # Another rider's ruling is nobody's business; one on the whole race is everybody's.
    rulings.issue(stage.race, "warning", bib=2, reason="litter", by=None, seen=seen)
    rulings.issue(stage.race, "results_at_lap", detail={"lap": 1}, reason="storm", by=None)
    with pytest.raises(Refused) as refused:
        rulings.issue(stage.race, "warning", bib=2, reason="again", by=None, seen=first.revision)
    assert refused.value.code == "ruled_meanwhile"


def test_the_api_previews_and_refuses_what_it_would_refuse_to_sign(client):
    stage = raced()
    headers = cast.bearer(stage.edition, "commissaire")

    def ask(body):
        address = "/api/v1/races/open/rulings/preview/"
        answer = client.post(address, json.dumps(body), content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    status, told = ask({"kind": "dnf", "bib": 2})
    line = {"rank": 2, "status": "FIN", "laps": 2, "time_s": 2400, "gap_s": 0, "relegated": False}
    assert (status, told["warnings"], told["places"]) == (200, ["has_finished"], 3)
    assert told["changes"][-1]["before"] == line
    assert ask({"kind": "dnf", "bib": 77})[1]["errors"][0]["code"] == "not_on_list"
    assert ask({"kind": "finish_order", "detail": {"order": [[1], [1]]}})[1]["errors"][0]["code"] == "bad_detail"
    assert ask({"kind": "finish_order", "detail": {"order": [[2], [99]]}})[1]["errors"][0]["code"] == "not_on_list"
    status, told = ask({"kind": "finish_order", "detail": {"order": [[2], [1]]}})
    assert [(one["bib"], one["after"]["rank"]) for one in told["changes"]] == [(2, 1), (1, 2)]


@pytest.mark.parametrize("order", [[], [[1]], [1, 2], [[1], []], [["1"], [2]], [[True], [2]], [[1, 2], [2]]])
def test_an_order_that_is_none_is_refused(order):
    stage = raced()
    with pytest.raises(Refused) as refused:
        rulings.check(stage.race, "finish_order", None, {"order": order})
    assert refused.value.code == "bad_detail"
