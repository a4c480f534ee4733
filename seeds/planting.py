"""Writes the seeds into the database: the 10th edition with its field, and the 11th with its entry window open."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from race import clock, dossier, links, names, start_list, transponders, vault
from race.models import Category, Course, Edition, Entry, Event, Race, Rider, Team, TimingPoint, User, Wave
from race.transponders import HandOut
from seeds import field as fields
from seeds import league, regulations
from seeds.field import Field, FieldEntry, FieldRider
from seeds.simulator import crews
from timing.models import Channel, Source

Document = Mapping[str, Any]


def edition_named(slug: str) -> Edition | None:
    """Return the edition of this slug, if it is there."""
    return Edition.objects.filter(slug=slug).first()


@transaction.atomic
def plant_tenth(*, by: User, gateway_port: int, field_seed: int = 10, line: str = "plain") -> Edition:
    """Write the 10th edition, its field, its decoders and their channel; publish the start lists; stop its clock.

    All or nothing. The rehearsal's clock stands at six in the morning of the first day until somebody sets it.
    """
    document = regulations.tenth()
    event, _ = Event.objects.get_or_create(slug=document["event"]["slug"], defaults=document["event"])
    edition = _edition(event, document["edition"], document["edition"]["starts_on"], document["edition"]["ends_on"])
    closes = datetime.datetime.fromisoformat(document["edition"]["entry_closes"])
    Edition.objects.filter(pk=edition.pk).update(entry_closes_at=closes, rehearsal=True)
    edition.refresh_from_db()
    races = plant_programme(edition, regulations.race_day(document["races"][0]))
    field = fields.build(field_seed)
    entries = plant_field(edition, races, field)
    _hand_out(edition, field, entries, by)
    start_list.publish(races.values(), by=by)
    _decoders(edition, gateway_port, line)
    league.plant(edition, field_seed)
    dawn = datetime.datetime.combine(edition.starts_on, datetime.time(6), ZoneInfo(edition.zone))
    clock.set_rehearsal(edition, event=dawn, speed=0)
    return edition


@transaction.atomic
def plant_eleventh(*, today: datetime.date) -> Edition:
    """Write the 11th edition, made up: on a Saturday some weeks from today, entries open now, nobody entered yet."""
    document = regulations.eleventh()["edition"]
    event = Event.objects.get(slug=regulations.tenth()["event"]["slug"])
    first = today + datetime.timedelta(days=document["days_from_today"])
    first += datetime.timedelta(days=(5 - first.weekday()) % 7)
    edition = _edition(event, document, first.isoformat(), (first + datetime.timedelta(days=1)).isoformat())
    opens, closes = document["entry_window_days"]
    midnight = datetime.datetime.combine(today, datetime.time(), ZoneInfo(edition.zone))
    Edition.objects.filter(pk=edition.pk).update(
        entry_opens_at=midnight + datetime.timedelta(days=opens),
        entry_closes_at=midnight + datetime.timedelta(days=closes),
    )
    plant_programme(edition, first)
    edition.refresh_from_db()
    return edition


def _edition(event: Event, document: Document, starts_on: str, ends_on: str) -> Edition:
    columns = (
        "slug", "number", "name_zh", "name_en", "short_zh", "short_en", "sponsor_zh", "sponsor_en", "venue_zh",
        "venue_en", "zone", "league", "illustrative",
    )  # fmt: skip
    given = {column: document[column] for column in columns}
    # What both editions share stands in the 10th.
    shared = {**regulations.tenth()["edition"], **document}
    given |= {column: shared[column] for column in ("entry_rules", "result_rules", "contact", "waiver_zh", "waiver_en")}
    return Edition.objects.create(event=event, starts_on=starts_on, ends_on=ends_on, **given)


def plant_programme(edition: Edition, first_day: datetime.date) -> dict[str, Race]:
    """Write courses, timing points, races, waves and categories of the regulations; return the races by category code."""
    document = regulations.tenth()
    courses = {row["code"]: _course(edition, row) for row in document["courses"]}
    races = {}
    for row in document["races"]:
        day = first_day + datetime.timedelta(days=row["day"])
        race = Race.objects.create(
            edition=edition,
            course=courses[row["course"]],
            slug=regulations.race_slug(edition.slug, row),
            day=day,
            **{name: row[name] for name in ("name_zh", "name_en", "order", "format", "laps", "rules")},
        )
        hour, minute = map(int, row["gun"].split(":"))
        planned = datetime.datetime.combine(day, datetime.time(hour, minute), ZoneInfo(edition.zone))
        wave = Wave.objects.create(race=race, code=row["code"], planned_at=planned)
        columns = (
            "code", "mark", "name_zh", "name_en", "sex", "min_age", "max_age", "capacity", "fee_fen", "first_bib",
            "professionals", "regulations", "prizes_fen",
        )  # fmt: skip
        Category.objects.create(race=race, wave=wave, **{name: row[name] for name in columns})
        races[row["code"]] = race
    return races


def _course(edition: Edition, row: Document) -> Course:
    columns = ("code", "name_zh", "name_en", "lap_m", "profile", "summit")
    course = Course.objects.create(edition=edition, **{name: row[name] for name in columns})
    TimingPoint.objects.bulk_create([TimingPoint(course=course, **point) for point in row["points"]])
    return course


def plant_field(edition: Edition, races: Mapping[str, Race], field: Field) -> list[tuple[FieldEntry, Entry]]:
    """Write riders, teams and entries, each table at once; return the entries beside what they were made of."""
    clubs = {rider.club for rider in field.riders if rider.club is not None}
    teams = Team.objects.bulk_create(
        [Team(edition=edition, name_zh=club.zh, name_en=club.en) for club in sorted(clubs)]
    )
    team_of = {team.name_zh: team for team in teams}
    riders = dict(
        zip(
            (rider.index for rider in field.riders),
            Rider.objects.bulk_create([rider_row(rider) for rider in field.riders]),
            strict=True,
        )
    )
    categories = {category.code: category for category in Category.objects.filter(race__in=races.values())}
    made = Entry.objects.bulk_create(
        [
            Entry(
                edition=edition,
                race=races[entry.category],
                category=categories[entry.category],
                rider=riders[entry.rider.index],
                team=team_of[entry.rider.club.zh] if entry.rider.club else None,
                day=races[entry.category].day,
                bib=entry.bib,
                pass_code=links.pass_code_of(f"{edition.slug} {entry.category} {entry.rider.index}"),
                identity_hash=riders[entry.rider.index].identity_hash,
                identity_key_version=vault.KEY_VERSION,
            )
            for entry in field.entries
        ]
    )
    for category in categories.values():
        taken = sum(entry.category == category.code for entry in field.entries)
        Category.objects.filter(pk=category.pk).update(taken=taken)
    return list(zip(field.entries, made, strict=True))


def rider_row(rider: FieldRider, **private: str) -> Rider:
    """Return a made-up rider as a row, not written yet; `private` is what else is sealed beside the phone."""
    surname, _, given = rider.name.latin.partition(" ")
    region = (rider.province.zh, rider.province.en) if rider.province else fields.NATIONS[rider.nation]
    issuer = rider.nation if rider.identity_kind == "passport" else ""
    return Rider(
        name_zh=rider.name.zh,
        surname_latin=surname,
        given_latin=given,
        sort_key=names.sort_key(rider.name.zh, surname, given),
        search_key=names.search_keys(rider.name.zh, surname, given),
        sex="F" if rider.female else "M",
        birth_date=rider.born,
        nation=rider.nation,
        region_code=rider.province.code if rider.province else "",
        region_zh=region[0],
        region_en=region[1],
        **dossier.columns({"phone": rider.phone} | private),
        identity_kind=rider.identity_kind,
        identity_country=issuer,
        identity_sealed=vault.seal(rider.identity),
        identity_hash=vault.fingerprint(vault.document_kind(rider.identity_kind, issuer), rider.identity),
        identity_key_version=vault.KEY_VERSION,
        synthetic=rider.is_synthetic,
    )


def _hand_out(edition: Edition, field: Field, entries: list[tuple[FieldEntry, Entry]], by: User) -> None:
    """Hand the chips out: Saturday's until six in the evening, Sunday's from then on."""
    evening = datetime.datetime.combine(edition.starts_on, datetime.time(fields.HAND_OVER_HOUR), ZoneInfo(edition.zone))
    hand_outs: list[HandOut] = [
        (entry, chip.code, evening if chip.day else None, None if chip.day else evening)
        for made_of, entry in entries
        for chip in made_of.chips
    ]
    transponders.hand_out(edition, hand_outs, by=by)


def _decoders(edition: Edition, gateway_port: int, line: str) -> None:
    """The decoders as the crew of that line has announced them."""
    points = {
        (point.course.code, point.code): point
        for point in TimingPoint.objects.filter(course__edition=edition).select_related("course")
    }
    Source.objects.bulk_create(
        [
            Source(
                edition=edition,
                name=row["name"],
                make=crews.make_at(line, row["course"], row["point"], row["role"] == "backup"),
                zone=edition.zone,
                role=row["role"],
                point=points[row["course"], row["point"]],
            )
            for row in regulations.tenth()["sources"]
        ]
    )
    # No sources are named for the port: a mat that somebody renames in mid-race is stored as a new, unmapped source.
    Channel.objects.create(edition=edition, kind=Channel.Kind.TCP, make="mylaps", label="MYLAPS", port=gateway_port)
