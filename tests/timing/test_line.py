"""The health of the line, its alarms, and the page that shows both."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis import Redis

from race.models import Role
from tests import cast
from timing.line import health, tally

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _counted_anew(redis: Redis) -> Iterator[None]:
    tally.forget()
    yield
    tally.forget()


@pytest.fixture
def race() -> cast.Cast:
    return cast.make()


def crew(race: cast.Cast, role: str = Role.Name.TIMING_CREW) -> Client:
    client = Client()
    client.force_login(cast.person(race.edition, role))
    return client


def test_the_page_shows_each_source(race: cast.Cast) -> None:
    race.reads("C1 09:30:00.250", "C2 09:30:01.000")
    answer = crew(race).get("/line/", headers={"accept-language": "en"})
    assert answer.status_code == 200
    rows = [(row["source"].name, row["health"].reads, row["health"].state) for row in answer.context["rows"]]
    assert rows == [("Backup", 0, "idle"), ("Finish", 2, "ok"), ("Pass", 0, "idle")]


def queries(race: cast.Cast) -> int:
    with CaptureQueriesContext(connection) as made:
        health.of(race.edition)
    return len(made)


def test_the_health_of_the_line_costs_the_same_however_much_there_is(race: cast.Cast) -> None:
    for minute in range(10, 40):
        race.reads(*(f"C{bib} 09:{minute}:0{bib}.000" for bib in (1, 2, 3, 4)))
    tally.forget()
    many = queries(race)
    assert (many, queries(race)) == (9, 6)


@pytest.mark.parametrize("role", ["timing_crew", "commissaire", "organiser"])
def test_the_pages_of_sources_and_the_bridge_open(race: cast.Cast, role: str) -> None:
    race.reads("C1 09:30:00.250", source="Elsewhere")
    race.reads("C1 09:30:00.250")
    browser = crew(race, role)
    pk = race.edition.sources.get(name="Finish").pk
    for page in ("sources/", f"sources/{pk}/", "bridge/", "now/", "alarms/"):
        assert browser.get(f"/line/{page}").status_code == 200, page
