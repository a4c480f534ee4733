"""How many of a race are here, at any moment."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from race import clock, desk_roster, desk_sync, head_count
from race.desk_ticks import Event
from race.head_count import Absent
from race.models import Entry
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def late_stage() -> cast.Cast:
    stage = cast.make()
    Entry.objects.update(signed_on=False)
    clock.set_rehearsal(stage.edition, event=cast.GUN, speed=0)
    stage.edition.refresh_from_db()
    return stage


def test_everybody_is_counted_once_in_three_queries(
    client: Client, django_assert_num_queries: Callable[[int], Any]
) -> None:
    stage = cast.make(riders=6)
    Entry.objects.filter(bib__in=[3, 4, 5]).update(signed_on=False)
    Entry.objects.filter(bib=5).update(state="held", held_until=cast.GUN)
    Entry.objects.filter(bib=6).update(state="withdrawn")
    with django_assert_num_queries(3):
        counted = head_count.of(stage.race)
    assert (counted.entered, counted.confirmed, counted.signed_on, counted.let_through, counted.missing) == (
        5,
        4,
        2,
        0,
        2,
    )
    assert counted.absent == (
        Absent(3, "车手3", "RIDER No3", "洛阳飞驰车队", "ME"),
        Absent(4, "车手4", "RIDER No4", "洛阳飞驰车队", "ME"),
    )
    answer = client.get("/api/v1/races/open/head-count/", headers=cast.bearer(stage.edition, "commissaire")).json()
    assert answer == {
        "race": "open", "entered": 5, "confirmed": 4, "signed_on": 2, "let_through": 0, "missing": 2,
        "absent": [
            {"bib": bib, "name_zh": f"车手{bib}", "latin": f"RIDER No{bib}", "team": "洛阳飞驰车队", "category": "ME"}
            for bib in (3, 4)
        ],
    }  # fmt: skip


def test_who_was_let_through_is_told_apart(late_stage: cast.Cast) -> None:
    stage = late_stage
    stamp = desk_roster.instants(stage.edition)["stamp"]
    event = Event(
        uuid4(), stage.entries[2].pk, "let_through", "1", clock.now(stage.edition), stamp, "Seen by the organiser"
    )
    desk_sync.take(stage.edition, [event], by=cast.person(stage.edition, "chief"), roles=("chief",))
    counted = head_count.of(stage.race)
    assert (counted.signed_on, counted.let_through, counted.missing) == (1, 1, 3)
