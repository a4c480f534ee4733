"""The fixed cast: one small race that every test knows, and short ways to make things happen in it.

Bibs 1 to 4 carry chips C1 to C4. The course has the finish F (main source `Finish`, backup `Backup`) and the pass P
(source `Pass`). The gun is planned at 09:00 Beijing time on 25 May 2024.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import orjson
from django.db import transaction

from race import start_list, transponders, vault
from race.models import (
    Category,
    Course,
    Edition,
    Entry,
    Event,
    Race,
    Rider,
    Role,
    Team,
    TimingPoint,
    Token,
    User,
    Wave,
)
from race.tokens import issue
from results import live
from timing import ingest, intake
from timing.decoders.wall_clock import day_us, time_us
from timing.models import Channel, Delivery, Read, Source

DAY = date(2024, 5, 25)
GUN = datetime(2024, 5, 25, 1, 0, tzinfo=UTC)


@dataclass
class Cast:
    """A race with its people and machines."""

    edition: Edition
    race: Race
    wave: Wave
    category: Category
    finish: TimingPoint
    channel: Channel
    entries: dict[int, Entry] = field(default_factory=dict)
    sent: int = 0

    def reads(self, *reads: str, source: str = "Finish") -> Delivery:
        """Deliver reads as a decoder wrote them, `"C1 09:30:00.250"`, and take them in."""
        delivery = self.delivered(*reads, source=source)
        ingest.take_in(self.channel.pk)
        return delivery

    def delivered(self, *reads: str, source: str = "Finish") -> Delivery:
        """The same, not taken in yet."""
        rows = [{"source": source, "chip": chip, "local": f"2024-05-25T{time}"} for chip, time in map(str.split, reads)]
        self.sent += 1
        options = {"make": "json"}
        return intake.receive(self.channel, orjson.dumps({"reads": rows}), str(self.sent), options=options).delivery

    def table(self, at: int | None = None) -> list[str]:
        """The board as a judge's sheet: `rank bib status laps`, a line each."""
        self.race.refresh_from_db()
        board = orjson.loads(live.board(self.race, at).json)
        return [f"{rank or '–'} {bib} {status} {laps}" for bib, rank, status, laps, *_rest in board["rows"]]

    def read(self, chip: str, time: str, source: str = "Finish") -> Read:
        """The stored read of a chip at a time."""
        return Read.objects.get(chip=chip, local_us=local_us(time), source__name=source)


def local_us(time: str) -> int:
    """A time of the race day on the device's wall clock."""
    return day_us(DAY.year, DAY.month, DAY.day) + time_us(time)


@transaction.atomic
def make(laps: int = 2, riders: int = 4, *, published: bool = True, slug: str = "open") -> Cast:
    """The race of the cast."""
    event, _made = Event.objects.get_or_create(slug="event", defaults={"name_zh": "公开赛"})
    edition = Edition.objects.create(
        event=event, slug=f"edition-{slug}", number=10, name_zh="第十届公开赛", name_en="10th Open",
        zone="Asia/Shanghai", starts_on=DAY, ends_on=DAY + timedelta(days=1), rehearsal=True,
    )  # fmt: skip
    course = Course.objects.create(edition=edition, code="loop", name_zh="绕圈", name_en="Loop", lap_m=14000)
    finish, summit = (
        TimingPoint.objects.create(course=course, code=code, name_zh=code, kind=kind, at_m=at_m)
        for code, kind, at_m in (("F", "finish", 14000), ("P", "intermediate", 8200))
    )
    for name, point, role in (("Finish", finish, "main"), ("Backup", finish, "backup"), ("Pass", summit, "main")):
        Source.objects.create(edition=edition, point=point, name=name, role=role, zone="Asia/Shanghai", make="json")
    race = Race.objects.create(
        edition=edition, course=course, slug=slug, name_zh="男子组", name_en="Men", day=DAY, format="road", laps=laps,
        rules={"min_lap_us": 60_000_000},
    )  # fmt: skip
    wave = Wave.objects.create(race=race, code="A", planned_at=GUN)
    category = Category.objects.create(race=race, wave=wave, code="ME", name_zh="男子组", capacity=200)
    channel = Channel.objects.create(edition=edition, kind="http", make="json", label="cast")
    cast = Cast(edition, race, wave, category, finish, channel)
    team = Team.objects.create(edition=edition, name_zh="洛阳飞驰车队", name_en="Luoyang Feichi")
    for bib in range(1, riders + 1):
        cast.entries[bib] = enter(cast, bib, team)
    if riders:
        transponders.hand_out(edition, [(entry, f"C{bib}", None, None) for bib, entry in cast.entries.items()], by=None)
    if published:
        start_list.publish([race], by=None)
    cast.edition.refresh_from_db()
    cast.race.refresh_from_db(fields=["revision", "published_at"])
    return cast


def enter(cast: Cast, bib: int, team: Team | None = None) -> Entry:
    """One more rider, signed on."""
    number = f"SYNTHETIC{bib:04d}"
    rider = Rider.objects.create(
        name_zh=f"车手{bib}", surname_latin="Rider", given_latin=f"No{bib}", sex="M", birth_date=date(1990, 1, 1),
        identity_kind="passport", identity_hash=vault.fingerprint("passport", number),
        identity_sealed=vault.seal(number), synthetic=True,
    )  # fmt: skip
    return Entry.objects.create(
        edition=cast.edition, race=cast.race, category=cast.category, rider=rider, team=team, day=DAY, bib=bib,
        signed_on=True, identity_hash=rider.identity_hash,
    )  # fmt: skip


def person(edition: Edition, role: str) -> User:
    """Somebody with one role at the edition."""
    user, _made = User.objects.get_or_create(username=f"{role}@{edition.slug}")
    if role != Token.DELIVERIES:
        Role.objects.get_or_create(user=user, edition=edition, name=role)
    return user


def bearer(edition: Edition, role: str) -> dict[str, str]:
    """Headers of a request with a fresh token of that role."""
    _token, secret = issue(edition, person(edition, role), role, f"{role} test")
    return {"Authorization": f"Bearer {secret}"}
