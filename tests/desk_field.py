"""Riders in any number, written at once, for tests of the office's desk."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models.functions import Greatest
from django.utils import timezone

from race import dossier, names, vault
from race.models import Category, Entry, Race, Registration, Rider, Team, Wave
from tests.cast import DAY, GUN, Cast


def confirmed(
    stage: Cast, count: int, *, category: Category | None = None, prefix: str = "N", **more: Any
) -> list[Entry]:
    """So many confirmed entries without a bib, entered a second apart, each with a registration and a phone."""
    category = category or stage.category
    riders = Rider.objects.bulk_create([rider(f"{prefix}{number}") for number in range(1, count + 1)])
    phones = [dossier.contact_columns("", f"{one.given_latin}@example.org", "") for one in riders]
    registrations = Registration.objects.bulk_create(
        [
            Registration(edition=stage.edition, key=f"{prefix}-{category.pk}-{number}", asked="", **columns)
            for number, columns in enumerate(phones)
        ]
    )
    entries = Entry.objects.bulk_create(
        [
            Entry(
                edition=stage.edition, race=category.race, category=category, rider=one, registration=registration,
                day=category.race.day, identity_hash=one.identity_hash, pass_code=f"P{one.pk}",
                **more,
            )
            for one, registration in zip(riders, registrations, strict=True)
        ]
    )  # fmt: skip
    first = timezone.now() - timedelta(days=30)
    for number, entry in enumerate(entries):
        entry.created_at = first + timedelta(seconds=number)
    Entry.objects.bulk_update(entries, ["created_at"])
    Category.objects.filter(pk=category.pk).update(taken=len(entries), capacity=Greatest("capacity", len(entries)))
    return entries


def rider(given: str) -> Rider:
    """A rider, not written yet."""
    number = f"SYNTHETIC-{given}"
    return Rider(
        name_zh=f"车手{given}", surname_latin="Rider", given_latin=given, sort_key=f"rider {given.lower()}",
        search_key=names.search_keys(f"车手{given}", "Rider", given), sex="M", birth_date=date(1990, 1, 1),
        identity_kind="passport", identity_hash=vault.fingerprint("passport", number), identity_sealed=vault.seal(number),
        region_zh="河南", region_en="Henan", synthetic=True,
        **dossier.columns({"phone": "13800000001", "emergency_name": f"家人{given}", "emergency_phone": "13900000002"}),
    )  # fmt: skip


def teams(stage: Cast, entries: list[Entry], size: int) -> list[Team]:
    """Put the entries into teams of this size, dealt out in turn."""
    made = Team.objects.bulk_create(
        [Team(edition=stage.edition, name_zh=f"车队{number}") for number in range(len(entries) // size)]
    )
    for number, entry in enumerate(entries):
        entry.team = made[number % len(made)]
    Entry.objects.bulk_update(entries, ["team"])
    return made


def another_race(stage: Cast, code: str = "WO") -> Category:
    """A second race of the edition with one category."""
    race = Race.objects.create(
        edition=stage.edition, course=stage.race.course, slug=f"{stage.race.slug}-{code.lower()}", name_zh="女子组",
        name_en="Women", day=DAY, format="road", laps=2, order=1,
    )  # fmt: skip
    wave = Wave.objects.create(race=race, code=code, planned_at=GUN)
    return Category.objects.create(race=race, wave=wave, code=code, name_zh="女子组", name_en="Women", capacity=100)


def ranged(category: Category, first: int | None, last: int | None = None) -> Category:
    """The category with this range of numbers."""
    Category.objects.filter(pk=category.pk).update(first_bib=first, last_bib=last)
    category.refresh_from_db()
    return category
