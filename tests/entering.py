"""A race that can be entered, and riders who enter it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from race import registration, regulations
from race.models import Category, Edition, Entry
from race.registration import Contact, Person, Signature
from tests import cast


@dataclass
class Field:
    """An edition whose entries are open, with one category."""

    edition: Edition
    category: Category


def open_entries(capacity: int = 10, *, slug: str = "entering", **category: Any) -> Field:
    """The cast's race in two months, entries open until a month from now; nobody entered, start list not published."""
    made = cast.make(riders=0, published=False, slug=slug)
    now, first = timezone.now(), timezone.localdate() + timedelta(days=60)
    Edition.objects.filter(pk=made.edition.pk).update(
        entry_opens_at=now - timedelta(days=1), entry_closes_at=now + timedelta(days=30), rehearsal=False,
        starts_on=first, ends_on=first + timedelta(days=1), waiver_zh="本人自愿参加。", waiver_en="I ride at my own risk.",
    )  # fmt: skip
    made.race.day = first
    made.race.save(update_fields=["day"])
    Category.objects.filter(pk=made.category.pk).update(
        **{"capacity": capacity, "fee_fen": 10_000, "sex": "M", "min_age": 18, "max_age": 60} | category
    )
    made.edition.refresh_from_db()
    regulations.current(made.edition)
    return Field(made.edition, Category.objects.select_related("race__edition").get(pk=made.category.pk))


def resident_number(seed: str, born: date = date(1990, 3, 7), *, female: bool = False) -> str:
    """A made-up resident number with the right check digit; the same for the same seed."""
    order = (zlib.crc32(seed.encode()) % 499) * 2 + (0 if female else 1)
    body = f"410311{born:%Y%m%d}{order:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def person(name: str, *, number: str = "", region: str = "41", **more: Any) -> Person:
    """A rider of this name with a resident number of their own."""
    private = {
        "email": f"{zlib.crc32(name.encode())}@example.org",
        "emergency_name": "家人",
        "emergency_phone": "13800000000",
    }
    return Person(
        "resident", number or resident_number(name), name_zh=name, region_code=region, private=private, **more
    )


def enter(field: Field, name: str, *, key: str = "", number: str = "", region: str = "41", **more: Any) -> Entry:
    """Enter a rider for the category; the entry."""
    who = person(name, number=number, region=region)
    made = registration.register(
        field.edition, who, [field.category],
        contact=Contact(name, email=who.private["email"]),
        signature=Signature(name, regulations.current(field.edition).version),
        key=key or f"key-{name}", language="zh-hans", **more,
    )  # fmt: skip
    return made.entries.get()
