"""Who may enter a category: reasons against it, or none.

| source | rule | function | |
|---|---|---|---|
| UCI 1.1.034 | age is the year of the race less the year of birth | `uci_age` | done |
| UCI 1.1.036 | men and women: youth to 16, junior 17-18, under 23 19-22, elite from 23 | `uci_category` | done |
| UCI 1.1.036, .037 | women ride elite from 19, masters ride as such by choice from 30 | | not done: a licence's choice |
| 托木尔峰 2025, 平谷 | a category may count whole years on the race day instead; it says which of the two | `check` | done |
| 千岛湖 2020 | under 18 a guardian is present and signs | `needs_guardian` | done |
| 拱墅 2024 | barred: registered professionals, UCI team within 2 years, retired within 2 years | `check` | done |
| 环梵净山 2019 | places for locals, for any other single city, inside the cap | `quota_key` | done |
| 湖北联赛 2015 | one race a day; elite and mass of one discipline exclude each other | `check` | done |

Chinese sources: the regulations of comparable races. Each number is a category's or an edition's data
(`race.entry_rules`), none is fixed here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Sex = Literal["M", "F"]
Value = str | int | date

JUNIOR, UNDER_23, ELITE = 17, 19, 23
"""The UCI ages at which a rider becomes each (UCI 1.1.036)."""


@dataclass(frozen=True, slots=True)
class Professional:
    """What a rider declared: registered now, in a UCI team until a day, retired on a day. None: never."""

    registered: bool = False
    uci_team_until: date | None = None
    retired_on: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who wants to enter. `nation` is an IOC code, `region_code` GB/T 2260 as the rider gave it, empty for none."""

    sex: Sex
    born: date
    nation: str = "CHN"
    region_code: str = ""
    professional: Professional | None = None


@dataclass(frozen=True, slots=True)
class CategoryTerms:
    """What a category asks for. `sex` A is for all; ages are whole years, both ends allowed.

    `barred_years` is how long a professional of a UCI team, or a retired one, stays out where `professionals` is
    "barred". `excludes` holds codes of categories that nobody may ride besides this one, whichever is chosen first.
    """

    code: str
    race_slug: str
    day: date
    discipline: str = ""
    sex: Literal["M", "F", "A"] = "A"
    min_age: int = 0
    max_age: int = 999
    age_by: Literal["race_day", "birth_year"] = "race_day"
    professionals: Literal["allowed", "barred"] = "allowed"
    barred_years: int = 2
    excludes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: a code for a sentence, and what the sentence has to name."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `max` places of a category for riders whose region code begins with `prefix`."""

    prefix: str
    max: int


def check(
    person: Person, category: CategoryTerms, chosen: Sequence[CategoryTerms], *, one_a_day: bool = True
) -> tuple[Reason, ...]:
    """Every reason why a person may not enter a category beside those already chosen; empty if they may.

    Always in this order: sex, age, professional, one a day, exclusion; the last two by day, race and code of what was
    chosen, whatever order it came in. Values: `men_only`, `women_only` none; `too_young`, `too_old` the `age`, the
    limit (`min_age`, `max_age`), `age_by` and the `day`; `professional_registered` none; `professional_uci_team`,
    `professional_retired` the first day `open_from` on which it would be allowed; `one_a_day`, `excluded_by` the
    `category`, `race` and `day` of the other one, and the latter its `discipline`.
    """
    others = sorted(chosen, key=lambda other: (other.day, other.race_slug, other.code))
    return (
        *_sex(person, category),
        *_age(person, category),
        *_professional(person, category),
        *(Reason("one_a_day", _named(other)) for other in others if one_a_day and other.day == category.day),
        *(
            Reason("excluded_by", {**_named(other), "discipline": other.discipline})
            for other in others
            if other.code in category.excludes or category.code in other.excludes
        ),
    )


def needs_guardian(person: Person, day: date, under: int = 18) -> bool:
    """Whether somebody has to sign for the rider: younger than `under` whole years on the day."""
    return civil_age(person.born, day) < under


def civil_age(born: date, day: date) -> int:
    """Whole years on a day. Born on 29 February, one is a year older on 1 March of a common year. Below 0 before birth."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def uci_age(born: date, day: date) -> int:
    """The age of the whole season: year of the race less year of birth (UCI 1.1.034)."""
    return day.year - born.year


def uci_category(sex: Sex, age: int) -> str:
    """The UCI's category at a UCI age (1.1.036): MY, MJ, MU, ME for men and WY, WJ, WU, WE for women.

    Y youth, J junior, U under 23, E elite. Masters are riders who chose to be (1.1.037); no age makes one.
    """
    letter = "Y" if age < JUNIOR else "J" if age < UNDER_23 else "U" if age < ELITE else "E"
    return ("M" if sex == "M" else "W") + letter


def quota_key(region_code: str, quotas: Sequence[Quota], each: int | None) -> tuple[str, int] | None:
    """The counter a rider falls under inside a category's cap, and how many places it has; None for no limit.

    The longest prefix that fits wins. Where none fits, `each` limits every other city (four digits), or the province
    (two) where the city is not known. Riders without a region, such as those from abroad, fall under none.
    """
    fitting = [quota for quota in quotas if quota.prefix and region_code.startswith(quota.prefix)]
    if fitting:
        longest = max(fitting, key=lambda quota: len(quota.prefix))
        return longest.prefix, longest.max
    if each is None or len(region_code) < 2:
        return None
    city_known = len(region_code) >= 4 and region_code[2:4] != "00"
    return region_code[: 4 if city_known else 2], each


def _sex(person: Person, category: CategoryTerms) -> Iterator[Reason]:
    if category.sex not in ("A", person.sex):
        yield Reason("men_only" if category.sex == "M" else "women_only")


def _age(person: Person, category: CategoryTerms) -> Iterator[Reason]:
    count = uci_age if category.age_by == "birth_year" else civil_age
    age = count(person.born, category.day)
    told: dict[str, Value] = {"age": age, "age_by": category.age_by, "day": category.day}
    if age < category.min_age:
        yield Reason("too_young", {**told, "min_age": category.min_age})
    if age > category.max_age:
        yield Reason("too_old", {**told, "max_age": category.max_age})


def _professional(person: Person, category: CategoryTerms) -> Iterator[Reason]:
    declared = person.professional
    if declared is None or category.professionals != "barred":
        return
    if declared.registered:
        yield Reason("professional_registered")
    for code, last in (
        ("professional_uci_team", declared.uci_team_until),
        ("professional_retired", declared.retired_on),
    ):
        if last is not None and category.day < (opens := _years_after(last, category.barred_years)):
            yield Reason(code, {"open_from": opens})


def _years_after(day: date, years: int) -> date:
    """The same day some years later; 1 March where that year has no 29 February, as `civil_age` counts."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _named(other: CategoryTerms) -> dict[str, Value]:
    return {"category": other.code, "race": other.race_slug, "day": other.day}
