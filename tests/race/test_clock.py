"""Event time: real, or played."""

from datetime import UTC, datetime, timedelta

import pytest

from race import clock
from race.models import Edition
from race.refused import Refused
from tests import cast

REAL = datetime(2026, 1, 1, 12, tzinfo=UTC)


def played(*segments):
    return Edition(
        rehearsal=True, clock=[dict(zip(("real", "event", "speed"), part, strict=True)) for part in segments]
    )


def test_a_real_edition_runs_in_real_time():
    assert clock.now(Edition(clock=[]), REAL) == REAL


def test_a_rehearsal_runs_at_its_speed_and_skips():
    edition = played(
        (REAL.isoformat(), "2024-05-25T09:00:00+08:00", 30),
        ((REAL + timedelta(minutes=1)).isoformat(), "2024-05-26T08:29:40+08:00", 60),
    )
    at = [clock.now(edition, REAL + timedelta(seconds=seconds)).isoformat() for seconds in (0, 10, 60, 61)]
    assert at == [
        "2024-05-25T09:00:00+08:00",
        "2024-05-25T09:05:00+08:00",
        "2024-05-26T08:29:40+08:00",
        "2024-05-26T08:30:40+08:00",
    ]


def test_speed_zero_stands_still():
    edition = played((REAL.isoformat(), "2024-05-25T09:00:00+08:00", 0))
    assert clock.now(edition, REAL + timedelta(days=1)).isoformat() == "2024-05-25T09:00:00+08:00"


def test_a_rehearsal_left_running_stands_still_after_a_year():
    edition = played((REAL.isoformat(), "2024-05-25T09:00:00+08:00", 1000))
    assert clock.now(edition, REAL + timedelta(days=9999)).isoformat() == "2025-05-26T09:00:00+08:00"


@pytest.mark.django_db
def test_only_a_rehearsal_has_a_clock_to_set_and_it_never_goes_back():
    edition = cast.make(riders=0, published=False).edition
    clock.set_rehearsal(edition, event=cast.GUN, speed=0)
    edition.refresh_from_db()
    assert clock.now(edition) == cast.GUN
    refusals = []
    for wanted in (
        {"event": cast.GUN - timedelta(minutes=1), "speed": 1},
        {"event": cast.GUN, "speed": -1},
        {"event": cast.GUN.replace(tzinfo=None), "speed": 1},
        {"event": cast.GUN.replace(year=9999), "speed": 1},
    ):
        with pytest.raises(Refused) as refused:
            clock.set_rehearsal(edition, **wanted)
        refusals.append(refused.value.code)
    Edition.objects.filter(pk=edition.pk).update(rehearsal=False)
    with pytest.raises(Refused) as refused:
        clock.set_rehearsal(edition, event=cast.GUN, speed=1)
    assert [*refusals, refused.value.code] == ["back_in_time", "bad_speed", "no_zone", "wrong_day", "not_a_rehearsal"]
