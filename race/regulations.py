"""The regulations: made of the very configuration the engine enforces, frozen in versions that riders accept.

Nothing is written twice: ages, fees, quotas, limits and deadlines stand in the edition's rows, `document` reads them, and a
changed row makes a new version (docs/decisions/regulations.md). The page and the PDF show a version, never the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

import orjson
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from race import eligibility, rows
from race.entry_rules import EntryRules
from race.models import Category, Edition, Race, Regulations, User
from race.refused import Refused

EDITION = (
    "number", "name_zh", "name_en", "venue_zh", "venue_en", "sponsor_zh", "sponsor_en", "zone", "league", "contact",
    "illustrative",
)  # fmt: skip
NEWEST = """
SELECT id, edition_id, version, waiver_sha256 FROM race_regulations WHERE edition_id = $1 ORDER BY version DESC LIMIT 1
"""


def document(edition: Edition) -> dict[str, Any]:
    """The whole configuration as plain JSON. Four queries at any size."""
    races = (
        Race.objects.filter(edition=edition).select_related("course", "edition").prefetch_related("categories", "waves")
    )
    return {
        "edition": {name: getattr(edition, name) for name in EDITION}
        | {"starts_on": edition.starts_on.isoformat(), "ends_on": edition.ends_on.isoformat()}
        | {"entry_opens_at": _iso(edition.entry_opens_at), "entry_closes_at": _iso(edition.entry_closes_at)},
        "entry_rules": _plain(asdict(EntryRules.of(edition.entry_rules))),
        "races": [_race(race) for race in races.order_by("day", "order", "slug")],
        "waiver": {"zh": edition.waiver_zh, "en": edition.waiver_en},
    }


def current(edition: Edition, *, by: User | None = None) -> Regulations:
    """The version that says what the configuration says now; a new one is published where it changed."""
    now = document(edition)
    digest = sha256(now)
    newest = Regulations.objects.filter(edition=edition).order_by("-version").first()
    if newest is not None and newest.sha256 == digest:
        return newest
    return _published(edition, now, digest, by)


@transaction.atomic
def _published(edition: Edition, now: dict[str, Any], digest: str, by: User | None) -> Regulations:
    Edition.objects.select_for_update().get(pk=edition.pk)
    newest = Regulations.objects.filter(edition=edition).order_by("-version").first()
    if newest is not None and newest.sha256 == digest:
        return newest
    return Regulations.objects.create(
        edition=edition, version=newest.version + 1 if newest else 1, document=now, sha256=digest,
        waiver_sha256=sha256(now["waiver"]), by=by,
    )  # fmt: skip


def accepted(edition: Edition, version: int) -> Regulations:
    """The version somebody signs. Refused (`new_version`) when a newer one asks for more: they have not read what counts."""
    newest = rows.ask(NEWEST, [edition.pk])
    if not newest or newest[0][2] != version:
        return _as_good(edition, version)
    found: Regulations = Regulations.from_db(
        DEFAULT_DB_ALIAS, ["id", "edition_id", "version", "waiver_sha256"], newest[0]
    )
    return found


def _as_good(edition: Edition, version: int) -> Regulations:
    shown = as_good(edition, [version]).get(version)
    if shown is None:
        raise Refused("new_version", _("The regulations have a new version. Read and accept it."))
    return shown


def as_good(edition: Edition, versions: Collection[int]) -> dict[int, Regulations]:
    """Those versions that ask whoever enters for what the newest asks, by their number. Two queries."""
    kept = Regulations.objects.filter(edition=edition)
    newest = kept.order_by("-version").first()
    asked = kept.filter(version__in=versions)
    return {one.version: one for one in asked if newest and same_terms(one.document, newest.document)}


def same_waiver(edition: Edition) -> dict[int, Regulations]:
    """Every version whose waiver is the one that counts, by its number, without the documents."""
    found = Regulations.objects.filter(edition=edition, waiver_sha256=waiver_now(edition))
    return {one.version: one for one in found.defer("document")}


def waiver_now(edition: Edition) -> QuerySet[Any]:
    """The hash of the waiver that counts, as a subquery: whoever signed this text need not sign again."""
    return Regulations.objects.filter(edition=edition).order_by("-version").values("waiver_sha256")[:1]


def same_terms(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two documents say the same of all that is signed: everything but how many places there are."""
    return _signed_part(one) == _signed_part(other)


def _signed_part(document: Mapping[str, Any]) -> dict[str, Any]:
    races = [
        race | {"categories": [{**category, "capacity": None} for category in race["categories"]]}
        for race in document.get("races", [])
    ]
    return {**document, "races": races}


def terms(category: Category, rules: EntryRules) -> eligibility.CategoryTerms:
    """What the pure rules know of a category (its race loaded)."""
    excludes = {code for pair in rules.exclusions if category.code in pair for code in pair} - {category.code}
    return eligibility.CategoryTerms(
        code=category.code, race_slug=category.race.slug, day=category.race.day, discipline=category.race.format,
        sex=cast(Literal["M", "F", "A"], category.sex), min_age=category.min_age, max_age=category.max_age,
        age_by=cast(Literal["race_day", "birth_year"], category.age_by),
        professionals=cast(Literal["allowed", "barred"], category.professionals),
        barred_years=rules.barred_years, excludes=frozenset(excludes),
    )  # fmt: skip


def professional(declared: Mapping[str, Any]) -> eligibility.Professional | None:
    """What a rider declared about a licence as professional; None for nothing."""
    if not any(declared.values()):
        return None
    until, retired = declared.get("uci_team_until"), declared.get("retired_on")
    return eligibility.Professional(
        registered=bool(declared.get("registered")),
        uci_team_until=date.fromisoformat(until) if until else None,
        retired_on=date.fromisoformat(retired) if retired else None,
    )


def days_before(edition: Edition, days: int) -> datetime:
    """The end, at the venue, of the day that lies so many days before the first race day."""
    day = edition.starts_on - timedelta(days=days)
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(edition.zone))


def sha256(value: Any) -> str:
    """The SHA-256 of the canonical JSON of a value: sorted keys, UTF-8, no blanks."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _race(race: Race) -> dict[str, Any]:
    waves = {wave.pk: wave.planned_at for wave in race.waves.all()}
    zone = ZoneInfo(race.edition.zone)
    columns = (
        "code", "mark", "name_zh", "name_en", "sex", "min_age", "max_age", "age_by", "professionals", "capacity", "fee_fen",
        "quotas", "first_bib", "last_bib", "regulations",
    )  # fmt: skip
    return {
        "slug": race.slug, "name_zh": race.name_zh, "name_en": race.name_en, "day": race.day.isoformat(),
        "format": race.format, "laps": race.laps, "lap_m": race.course.lap_m, "rules": race.rules,
        "course_zh": race.course.name_zh, "course_en": race.course.name_en,
        "categories": [
            {name: getattr(category, name) for name in columns}
            | {"gun": waves[category.wave_id].astimezone(zone).isoformat()}
            for category in race.categories.all()
        ],
    }  # fmt: skip


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))
