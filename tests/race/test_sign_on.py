"""Sign-on: who is here, from when until when, and what became of who is not."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from race import clock, gun, sign_on
from race.entry_rules import EntryRules
from race.models import Change, Entry
from race.refused import Refused
from tests import cast

pytestmark = pytest.mark.django_db


def at(stage: cast.Cast, minutes: int) -> None:
    """So many minutes before (below 0) or after the planned start."""
    clock.set_rehearsal(stage.edition, event=cast.GUN + timedelta(minutes=minutes), speed=0)
    stage.edition.refresh_from_db()
    stage.race.edition = stage.edition


def outcome(stage: cast.Cast, role: str = "office", **more: object) -> str:
    """Sign on bib 1: how many changed, or the code of the refusal."""
    by = cast.person(stage.edition, role)
    try:
        return str(sign_on.sign_on(stage.race, [1], by=by, roles={role}, **more))  # type: ignore[arg-type]
    except Refused as refused:
        return refused.code


@pytest.fixture
def stage() -> cast.Cast:
    made = cast.make()
    Entry.objects.update(signed_on=False)
    return made


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(-61, "sign_on_not_open"), (-60, "1"), (-11, "1"), (-10, "sign_on_closed"), (5, "sign_on_closed")],
)
def test_sign_on_opens_and_closes_by_the_events_clock(stage: cast.Cast, minutes: int, said: str) -> None:
    at(stage, minutes)
    assert outcome(stage) == said
    assert Entry.objects.get(bib=1).signed_on is (said == "1")


@pytest.mark.parametrize(("role", "said"), [("chief", "1"), ("organiser", "1"), ("office", "sign_on_closed")])
def test_outside_the_window_only_chief_and_organiser_with_a_reason(stage: cast.Cast, role: str, said: str) -> None:
    at(stage, -5)
    assert outcome(stage, role) == "sign_on_closed"
    assert outcome(stage, role, reason="The bus from Zhengzhou was late") == said
    assert list(Change.objects.filter(reason__startswith="The bus").values_list("after", flat=True)) == (
        [{"signed_on": True}] if said == "1" else []
    )


def test_a_mistake_is_taken_back_at_any_time_and_who_is_here_is_not_asked_again(stage: cast.Cast) -> None:
    at(stage, -30)
    assert outcome(stage) == "1"
    at(stage, 5)
    assert outcome(stage) == "0"
    assert outcome(stage, here=False) == "1"


def test_the_window_is_the_edition_s_own(stage: cast.Cast) -> None:
    rules = EntryRules.of({"sign_on_opens_min": 90, "sign_on_closes_min": 20})
    window = sign_on.window(stage.wave, rules)
    assert (window.opens_at, window.closes_at) == (cast.GUN - timedelta(minutes=90), cast.GUN - timedelta(minutes=20))


def test_who_was_not_called_up_did_not_start_unless_a_mat_or_a_ruling_says_otherwise(stage: cast.Cast) -> None:
    at(stage, -30)
    sign_on.sign_on(stage.race, [1, 2], by=cast.person(stage.edition, "office"), roles={"office"})
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "C3 09:21:00")
    assert stage.table() == ["1 1 racing 1", "2 3 racing 1", "– 2 racing 0", "– 4 DNS 0"]


def test_through_the_api_the_window_holds_and_a_reason_of_the_chief_opens_it(client: Client, stage: cast.Cast) -> None:
    at(stage, 0)

    def post(role: str, **more: str) -> tuple[int, object]:
        headers = cast.bearer(stage.edition, role)
        body = {"race": "open", "bibs": [1], **more}
        answer = client.post("/api/v1/entries/sign-on/", body, content_type="application/json", headers=headers)
        told = answer.json()
        return answer.status_code, told["errors"][0]["code"] if "errors" in told else told

    assert post("office") == (409, "sign_on_closed")
    assert post("office", reason="please") == (409, "sign_on_closed")
    assert post("chief", reason="Flat tyre at the gate") == (200, {"signed_on": 1})


def test_the_roster_and_the_ticks_through_the_api(client: Client, stage: cast.Cast) -> None:
    at(stage, -30)
    office = cast.bearer(stage.edition, "office")
    first = client.get("/api/v1/sign-on/roster/", headers=office)
    roster = first.json()
    assert [row["bib"] for row in roster["rows"]] == [1, 2, 3, 4]
    again = client.get("/api/v1/sign-on/roster/", headers=office | {"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    zipped = client.get("/api/v1/sign-on/roster/", headers=office | {"Accept-Encoding": "gzip"})
    assert zipped["Content-Encoding"] == "gzip" and len(zipped.content) < len(first.content)
    weak = client.get("/api/v1/sign-on/roster/", headers=office | {"If-None-Match": zipped["ETag"]})
    assert weak.status_code == 304
    tick = {
        "key": "0b8f6d3e-6e9c-4b53-8f52-0c6b1d6f0b11", "entry": roster["rows"][0]["id"], "item": "sign_on", "value": "1",
        "desk": "2", "at": roster["event_now"], "stamp": roster["stamp"],
    }  # fmt: skip

    def post(**more: object) -> Any:
        body = {"ticks": [tick | more], "cursor": roster["cursor"]}
        return client.post("/api/v1/sign-on/ticks/", body, content_type="application/json", headers=office).json()

    answer = post()
    assert answer["answers"] == [{"key": tick["key"], "outcome": "done"}]
    assert [(row["bib"], row["here"]) for row in answer["rows"]] == [(1, True)]
    assert post()["answers"] == [{"key": tick["key"], "outcome": "known"}]
    assert post(at="2024-05-25T08:30:00")["errors"][0]["code"] == "no_zone"
