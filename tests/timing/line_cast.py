"""A race whose line is looked at: a rehearsal that stands still at 09:30, so that ages are exact."""

from datetime import datetime, timedelta
from typing import Any

import orjson
from django.test import Client

from race import clock
from race.models import Role
from tests import cast
from timing import ingest, intake
from timing.line import alarms, health
from timing.line.health import Health, SourceHealth
from timing.models import Delivery

RIDERS = range(1, 7)


def make() -> cast.Cast:
    """The race, at 09:30."""
    made = cast.make(riders=len(RIDERS))
    at(made, "09:30:00")
    return made


def at(race: cast.Cast, time: str) -> None:
    """Go to a time of the race day and stand still there."""
    instant = datetime.fromisoformat(f"2024-05-25T{time}+08:00")
    race.edition.refresh_from_db()
    clock.set_rehearsal(race.edition, event=instant, speed=0)
    race.edition.refresh_from_db()


def line(race: cast.Cast) -> Health:
    """The line as it is."""
    race.edition.refresh_from_db()
    return health.of(race.edition)


def one(race: cast.Cast, name: str) -> SourceHealth:
    """A source as it is."""
    return next(found for found in line(race).sources if found.source.name == name)


def told(race: cast.Cast) -> list[tuple[str, str]]:
    """Code and source of every alarm."""
    return [(found.code, found.source.source.name if found.source else "") for found in alarms.of(line(race))]


def pass_by(race: cast.Cast, time: str, source: str, ahead_us: int = 0, riders: Any = RIDERS) -> None:
    """The riders cross, ten seconds apart, as a source wrote it whose clock is ahead."""
    begin = datetime.fromisoformat(f"2024-05-25T{time}") + timedelta(microseconds=ahead_us)
    rows = [
        {"source": source, "chip": f"C{bib}", "local": (begin + timedelta(seconds=10 * bib)).isoformat(timespec="milliseconds")}
        for bib in riders
    ]  # fmt: skip
    deliver(race, orjson.dumps({"reads": rows}), {"make": "json"})


def deliver(race: cast.Cast, body: bytes, options: dict[str, str], *, taken: bool = True) -> Delivery:
    """Deliver bytes, and take them in unless it is said otherwise; a named file goes behind what is live."""
    race.sent += 1
    made = intake.receive(race.channel, body, str(race.sent), options=options, file="name" in options).delivery
    if taken:
        ingest.take_in(race.channel.pk)
    return made


def crew(race: cast.Cast, role: str = Role.Name.TIMING_CREW) -> Client:
    """The browser of somebody of the line, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.person(race.edition, role))
    return client
