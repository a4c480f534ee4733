"""The categories of an edition as cards, by day: places, price, and why somebody may enter, may wait, or may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from race import dates, eligibility, places, regulations, words
from race.entry_rules import EntryRules
from race.models import Category, Edition, Race
from race.views.entry_form import Filled

FEW = 0.15
"""Of the places; fewer than these are written in the colour of a warning."""


@dataclass(frozen=True)
class Card:
    """One category. `state`: open, chosen, queue (full, one may wait) or closed; `reason` is always there."""

    category: Category
    line: str
    state: str
    icon: str
    reason: str
    chosen: bool = False
    mine: tuple[str, ...] = ()

    @property
    def taken_percent(self) -> int:
        """How much of the bar is full."""
        return min(100, round(100 * self.category.taken / self.category.capacity)) if self.category.capacity else 100

    @property
    def few(self) -> bool:
        """Whether so few places are left that one should hurry."""
        return 0 < self.category.left <= self.category.capacity * FEW


@dataclass(frozen=True)
class Day:
    """The cards of one race day."""

    day: date
    title: str
    note: str
    cards: list[Card] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """Who looks at the cards: the (perhaps incomplete) person, what is ticked, what this browser entered before."""

    person: eligibility.Person | None = None
    chosen: frozenset[int] = frozenset()
    closed: str = ""
    mine: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def categories(edition: Edition) -> list[Category]:
    """Every category of an edition in the order of its programme. At most three queries."""
    found = Category.objects.filter(race__edition=edition).select_related("race__course", "wave")
    listed = list(found.order_by("race__day", "race__order", "race__slug", "wave__planned_at", "code"))
    for category in listed:
        category.race.edition = edition
    return listed


def asked(filled: Filled, *, closed: str = "", mine: Mapping[int, tuple[str, ...]] | None = None) -> Asked:
    """Who this form is about; no person as long as birth date or sex are not known."""
    person = None
    if filled.born is not None and filled.sex:
        region = filled["region_code"] if filled.nation == "CHN" else ""
        person = eligibility.Person(
            sex="F" if filled.sex == "F" else "M", born=filled.born, nation=filled.nation, region_code=region,
            professional=regulations.professional(filled.professional),
        )  # fmt: skip
    return Asked(person, filled.chosen, closed, mine or {})


def days(edition: Edition, listed: list[Category], who: Asked) -> list[Day]:
    """The cards by day. Only where a category has quotas are their counts asked for: one query more."""
    rules = EntryRules.of(edition.entry_rules)
    full = _full_regions(listed, who)
    zone = ZoneInfo(edition.zone)
    made: list[Day] = []
    for day, group in groupby(listed, key=lambda category: category.race.day):
        rows = list(group)
        courses = list(dict.fromkeys(_course(category.race) for category in rows))
        title = " · ".join([dates.weekday(day), *courses])
        cards = [_card(category, listed, who, rules, zone, full) for category in rows]
        made.append(Day(day, title, _day_note(rules, made), cards))
    return made


def total_fen(days_: Iterable[Day]) -> int:
    """What the ticked categories cost together; what one may only wait for costs nothing yet."""
    return sum(card.category.fee_fen for day in days_ for card in day.cards if card.chosen and card.category.left)


def _course(race: Race) -> str:
    return (
        race.course.name_en or race.course.name_zh if (get_language() or "").startswith("en") else race.course.name_zh
    )


def _day_note(rules: EntryRules, before: list[Day]) -> str:
    if not rules.one_a_day:
        return ""
    return _("In addition to %(day)s") % {"day": dates.weekday_name(before[-1].day)} if before else _("One race a day")


def _card(
    category: Category, listed: list[Category], who: Asked, rules: EntryRules, zone: ZoneInfo, full: set[int]
) -> Card:
    line = " · ".join(_facts(category, zone))
    chosen = category.pk in who.chosen
    card = Card(category, line, "closed", "cross", who.closed, mine=who.mine.get(category.pk, ()))
    if who.closed:
        return replace(card, icon="clock")
    others = [other for other in listed if other.pk in who.chosen and other.pk != category.pk]
    if why := _why_not(category, others, who, rules, {other.code: other.name for other in listed}):
        # What is ticked stays ticked, so that it can be taken off again.
        return replace(card, reason=why, chosen=chosen)
    if category.pk in full:
        return replace(card, reason=_("The places for your region are taken."), chosen=chosen)
    if not category.left:
        reason = _queue_words(category, rules)
        return replace(card, state="chosen" if chosen else "queue", icon="clock", reason=reason, chosen=chosen)
    known = who.person is not None
    reason = _("Open to you") if known else _("Whether it is open to you shows when your document is filled in.")
    state = "chosen" if chosen else "open"
    return replace(card, state=state, icon="check" if known else "help", reason=reason, chosen=chosen)


def _queue_words(category: Category, rules: EntryRules) -> str:
    last = regulations.days_before(category.race.edition, rules.offers_end_days_before + 1)
    told = {"n": category.waiting + 1, "day": dates.day(last.date())}
    if timezone.now() >= last:
        return _("You can queue: you would be number %(n)d.") % told
    return _("You can queue: you would be number %(n)d. Freed places are offered in order until %(day)s.") % told


def _why_not(
    category: Category, others: list[Category], who: Asked, rules: EntryRules, named: Mapping[str, str]
) -> str:
    """The first reason against this category; without a person only what the ticks say."""
    terms = regulations.terms(category, rules)
    # Without a person only what is ticked can stand in the way.
    fitting = eligibility.Person(sex="F" if category.sex == "F" else "M", born=_fitting_birth(category))
    chosen = [regulations.terms(one, rules) for one in others]
    reasons = eligibility.check(who.person or fitting, terms, chosen, one_a_day=rules.one_a_day)
    return words.reason(reasons[0], named) if reasons else ""


def _fitting_birth(category: Category) -> date:
    """A birth date with which age is no reason, as long as we do not know it."""
    return date(category.race.day.year - category.min_age - 1, 1, 1)


def _facts(category: Category, zone: ZoneInfo) -> list[str]:
    race = category.race
    metres = race.course.lap_m * race.laps
    km = f"{metres / 1000:.1f}".rstrip("0").rstrip(".")
    gun = category.wave.planned_at.astimezone(zone)
    facts = [
        f"{km} km",
        ngettext("%(n)d lap", "%(n)d laps", race.laps) % {"n": race.laps},
        _("gun %(time)s") % {"time": f"{gun.hour}:{gun.minute:02}"},
    ]
    if category.age_by == "birth_year":
        years = (race.day.year - category.max_age, race.day.year - category.min_age)
        return [*facts, _("born %(first)d–%(last)d") % {"first": years[0], "last": years[1]}]
    return [*facts, _("ages %(min)d–%(max)d") % {"min": category.min_age, "max": category.max_age}]


def _full_regions(listed: list[Category], who: Asked) -> set[int]:
    """The categories in which the places of this person's region are taken."""
    if who.person is None or not any(category.quotas for category in listed):
        return set()
    counted = Category.objects.filter(pk__in=[one.pk for one in listed if one.quotas]).values_list(
        "pk", "quota_counts__key", "quota_counts__taken"
    )
    taken: dict[tuple[int, str], Any] = {(pk, key): count for pk, key, count in counted}
    keys = {one.pk: places.quota_key(one, who.person.region_code) for one in listed}
    return {
        one.pk
        for one in listed
        if keys[one.pk] and taken.get((one.pk, keys[one.pk]), 0) >= places.quota_cap(one, keys[one.pk])
    }
