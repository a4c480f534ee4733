"""Entering in a real browser, as on a phone: a draft that survives, one entry however often one taps, and the held place."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from race.models import Category, Course, Edition, Race, Wave
from tests.entering import open_entries, resident_number

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.browser
NUMBER = resident_number("单雨桐", date(1998, 6, 12))
#: code, mark, names, day, laps, sex, ages, places, taken, waiting, fee, gun
PROGRAMME = (
    ("ME", "circle", "男子公路精英组", "Men's road elite", 0, 6, "M", (18, 45), 200, 177, 0, 12_000, (8, 30)),
    ("MM", "square", "男子公路大众组", "Men's road mass", 0, 4, "M", (18, 60), 400, 252, 0, 10_000, (9, 10)),
    ("WO", "diamond", "女子公开组", "Women's open", 0, 3, "F", (18, 55), 150, 89, 0, 10_000, (8, 45)),
    ("XO", "peak", "男子山地公开组", "Men's MTB open", 1, 6, "M", (18, 45), 250, 250, 6, 10_000, (8, 30)),
    ("XM", "peaks", "男子山地大众组", "Men's MTB mass", 1, 4, "M", (18, 60), 300, 188, 0, 10_000, (10, 30)),
)


def weekend(*, full: bool = True, **rules: object) -> Edition:
    """The five categories of the Open on two days in two months; `full`: many have entered."""
    field = open_entries(slug="weekend")
    edition = field.edition
    for one in (field.category, field.category.wave, field.category.race):
        one.delete()
    saturday = timezone.localdate() + timedelta(
        days=60 + (5 - (timezone.localdate() + timedelta(days=60)).weekday()) % 7
    )
    Edition.objects.filter(pk=edition.pk).update(
        starts_on=saturday, ends_on=saturday + timedelta(days=1), short_zh="大谷关公开赛", short_en="Daguguan Open",
        venue_zh="洛阳伊滨", venue_en="Yibin, Luoyang", entry_rules=rules,
    )  # fmt: skip
    courses = [
        Course.objects.create(edition=edition, code=code, name_zh=zh, name_en=en, lap_m=lap)
        for code, zh, en, lap in (("road", "公路", "road", 14_000), ("mtb", "山地", "MTB", 5_000))
    ]
    for code, mark, zh, en, day, laps, sex, ages, places, taken, waiting, fee, gun in PROGRAMME:
        on = saturday + timedelta(days=day)
        race = Race.objects.create(
            edition=edition, course=courses[day], slug=f"weekend-{code.lower()}", name_zh=zh, name_en=en, day=on,
            order=gun[0] * 60 + gun[1], format="road", laps=laps,
        )  # fmt: skip
        at = datetime(on.year, on.month, on.day, *gun, tzinfo=ZoneInfo("Asia/Shanghai"))
        wave = Wave.objects.create(race=race, code="A", planned_at=at)
        Category.objects.create(
            race=race, wave=wave, code=code, mark=mark, name_zh=zh, name_en=en, sex=sex, min_age=ages[0], max_age=ages[1],
            capacity=places, taken=taken if full else 0, waiting=waiting if full else 0, queue_last=waiting if full else 0,
            fee_fen=fee, professionals="barred" if code in ("MM", "XM") else "allowed",
        )  # fmt: skip
    edition.refresh_from_db()
    return edition
