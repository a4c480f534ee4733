"""Live, provisional, official, amended: what each step needs, what the public sees, what never moves by itself."""

import hashlib
import json
from datetime import timedelta

import orjson
import pytest

from race import clock, revision
from race.models import Edition
from race.refused import Refused
from results import chain, facts, live, publication, rulings
from results.models import Communique, Link, Protest, ProtestStep, Publication
from tests import cast
from tests.results.test_facts import raced

pytestmark = pytest.mark.django_db
PROVISIONAL, OFFICIAL, AMENDED = "provisional", "official", "amended"


def refusal(call, *arguments, **options):
    with pytest.raises(Refused) as refused:
        call(*arguments, **options)
    return refused.value.code


def at(stage, minutes):
    """It is so many minutes after the gun."""
    edition = Edition.objects.get(pk=stage.edition.pk)
    clock.set_rehearsal(edition, event=cast.GUN + timedelta(minutes=minutes), speed=0)
    stage.race.edition.refresh_from_db()


def finished():
    """A race with four home, closed, an hour after the gun."""
    stage = raced()
    Edition.objects.filter(pk=stage.edition.pk).update(rehearsal=True)
    stage.reads("C4 09:42:00")
    rulings.issue(stage.race, "close", reason="all in", by=None)
    at(stage, 60)
    return stage


def seen(stage):
    """What the public sees: how far the result is, its version, and the places."""
    board = orjson.loads(live.board(stage.race).json)
    places = [f"{row[0]}:{row[1]}" for row in board["rows"]]
    return board["standing"], (board["publication"] or {}).get("version"), places


def test_a_result_goes_from_live_to_official_and_only_an_amendment_moves_it_then():
    stage = finished()
    assert seen(stage) == ("live", None, ["1:1", "2:2", "3:3", "4:4"])
    first = publication.publish(stage.race, by=None)
    assert seen(stage) == (PROVISIONAL, 1, ["1:1", "2:2", "3:3", "4:4"])
    rulings.issue(stage.race, "dsq", bib=2, reason="cut the course", by=None)
    assert seen(stage)[2] == ["1:1", "3:2", "4:3", "2:None"]
    at(stage, 95)
    assert refusal(publication.publish, stage.race, by=None, standing=OFFICIAL) == "moved_since"
    publication.publish(stage.race, by=None)
    assert refusal(publication.publish, stage.race, by=None, standing=OFFICIAL) == "window_open"
    at(stage, 125)
    publication.publish(stage.race, by=None, standing=OFFICIAL)
    official = (OFFICIAL, 3, ["1:1", "3:2", "4:3", "2:None"])
    assert seen(stage) == official
    assert refusal(publication.publish, stage.race, by=None) == "already_official"
    # A late read and a late ruling are open items: they are seen by officials and change nothing.
    stage.reads("C3 09:39:00", source="Backup")
    late = rulings.issue(stage.race, "time_penalty", bib=1, detail={"seconds": 600}, reason="feeding", by=None)
    assert seen(stage) == official
    assert [one.bib for one in publication.moved_since(facts.gather(stage.race)).changes] == [3, 4, 1]
    amend = {"by": None, "standing": AMENDED}
    assert refusal(publication.publish, stage.race, **amend) == "reason_missing"
    publication.publish(stage.race, **amend, reason="penalty of rider 1", cause="disciplinary")
    assert seen(stage) == (AMENDED, 4, ["3:1", "4:2", "1:3", "2:None"])
    assert refusal(publication.publish, stage.race, **amend, reason="x", cause="protest") == "nothing_changed"
    assert late.revision is not None and first.revision is not None
    assert seen_at(stage, first.revision) == (PROVISIONAL, 1, ["1:1", "2:2", "3:3", "4:4"])


def seen_at(stage, number):
    board = orjson.loads(live.board(stage.race, number).json)
    return board["standing"], board["publication"]["version"], [f"{row[0]}:{row[1]}" for row in board["rows"]]


def test_an_open_race_and_an_open_protest_bar_and_open_items_are_confirmed_by_name():
    stage = raced()
    Edition.objects.filter(pk=stage.edition.pk).update(rehearsal=True)
    at(stage, 60)
    assert refusal(publication.publish, stage.race, by=None, standing=OFFICIAL) == "not_provisional"
    made = publication.publish(stage.race, by=None)
    at(stage, 91)
    assert refusal(publication.publish, stage.race, by=None, standing=OFFICIAL) == "riders_out"
    rulings.issue(stage.race, "close", detail={"out": [4]}, reason="swept", by=None)
    publication.publish(stage.race, by=None)
    filed = Protest.objects.create(
        edition=stage.edition, race=stage.race, publication=made, number=1, at=cast.GUN + timedelta(minutes=92), bibs=[2],
        text="he pushed me",
    )  # fmt: skip
    revision.advance(stage.edition, [stage.race], [filed])
    assert orjson.loads(live.board(stage.race).json)["disputed"] == [2]
    at(stage, 122)
    official = {"by": None, "standing": OFFICIAL}
    assert refusal(publication.publish, stage.race, **official) == "open_protest"
    settled = ProtestStep.objects.create(
        edition=stage.edition, protest=filed, kind="rejected", at=cast.GUN + timedelta(minutes=121)
    )
    revision.advance(stage.edition, [stage.race], [settled])
    assert orjson.loads(live.board(stage.race).json)["disputed"] == []
    assert publication.open_items(facts.gather(stage.race)) == ["no_result:4"]
    assert refusal(publication.publish, stage.race, **official) == "open_items"
    publication.publish(stage.race, **official, confirmed=["no_result:4"])
    assert seen(stage)[0] == OFFICIAL


def test_a_correction_of_a_recording_error_ends_after_thirty_days_and_discipline_never():
    stage = finished()
    publication.publish(stage.race, by=None)
    at(stage, 91)
    publication.publish(stage.race, by=None, standing=OFFICIAL)
    rulings.issue(stage.race, "dsq", bib=1, reason="doping", by=None)
    at(stage, 31 * 24 * 60)
    amend = {"by": None, "standing": AMENDED, "reason": "later found"}
    assert refusal(publication.publish, stage.race, **amend, cause="recording_error") == "too_late"
    publication.publish(stage.race, **amend, cause="disciplinary")
    assert seen(stage)[2][0] == "2:1"


def test_every_publication_is_a_numbered_communique_that_names_the_one_it_supersedes_and_what_differs():
    stage = finished()
    publication.publish(stage.race, by=None)
    rulings.issue(stage.race, "dsq", bib=1, reason="helmet", article="R-HELMET", by=None)
    publication.publish(stage.race, by=None)
    one, two = Communique.objects.order_by("number")
    assert (one.number, two.number, two.supersedes, one.supersedes) == (1, 2, one, None)
    content = orjson.loads(bytes(two.content))
    assert (content["supersedes"], [change["bib"] for change in content["changes"]]) == (1, [2, 3, 4, 1])
    assert [(made["kind"], made["bib"], made["article"]) for made in content["rulings"]] == [("dsq", 1, "R-HELMET")]
    assert two.code == f"C2-{two.sha256[:4].upper()}"
    # The paper carries the head of the chain as it was before it: that of the publication it tells of.
    assert content["previous"] == two.publication.link.hash == two.link.previous_hash
    assert chain.broken_at(stage.edition) is None
    assert Link.objects.count() == 2 + Publication.objects.count() + Communique.objects.count()


def test_over_http_a_commissaire_publishes_and_only_the_chief_makes_it_official(client):
    stage = finished()
    address = "/api/v1/races/open/publications/"

    def post(role, **body):
        headers = cast.bearer(stage.edition, role)
        answer = client.post(address, json.dumps(body), content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    assert client.get(address).json() == {
        "publications": [], "bars": ["not_provisional"], "open_items": [], "out": [], "moved": 0,
    }  # fmt: skip
    status, made = post("commissaire")
    assert (status, made["version"], made["standing"], made["communique"]) == (201, 1, "provisional", 1)
    at(stage, 91)
    assert post("commissaire", standing="official")[0] == 403
    status, made = post("chief", standing="official")
    assert (status, made["standing"], made["communique"]) == (201, "official", 2)
    papers = client.get("/api/v1/communiques/?edition=edition-open").json()
    assert [(one["number"], one["supersedes"], one["code"]) for one in papers] == [
        (1, None, papers[0]["code"]), (2, 1, made["code"]),
    ]  # fmt: skip
    shown = client.get(f"/api/v1/verify/{made['code'].lower()}/").json()
    assert shown == papers[1]
    file = client.get(f"/api/v1/verify/{made['code']}/communique.json")
    assert hashlib.sha256(file.content).hexdigest() == shown["files"][0]["sha256"] == shown["sha256"]
    assert client.get("/api/v1/verify/C9-0000/").status_code == 404
