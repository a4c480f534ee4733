"""Who may enter: the reasons, as a rider reads them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from race.eligibility import (
    CategoryTerms,
    Person,
    Professional,
    Quota,
    Reason,
    check,
    civil_age,
    needs_guardian,
    quota_key,
    uci_age,
    uci_category,
)

SATURDAY, SUNDAY = date(2024, 5, 25), date(2024, 5, 26)
ROAD_ELITE = CategoryTerms("ME", "road-me", SATURDAY, "road", "M", 18, 45, excludes=frozenset({"MM"}))
ROAD_MASS = CategoryTerms("MM", "road-mm", SATURDAY, "road", "M", 18, 60, professionals="barred")
WOMEN = CategoryTerms("WO", "road-wo", SATURDAY, "road", "F", 18, 55)
MOUNTAIN = CategoryTerms("XM", "mtb-xm", SUNDAY, "mtb", "M", 18, 60, professionals="barred")
MAN = Person("M", date(1990, 3, 7), "CHN", "410311")
DAYS = st.dates(date(1930, 1, 1), date(2030, 12, 31))


def test_a_rider_of_age_and_sex_may_enter():
    assert check(MAN, ROAD_ELITE, ()) == ()
    assert check(MAN, MOUNTAIN, (ROAD_ELITE,)) == ()
    assert check(replace(MAN, sex="F"), replace(MOUNTAIN, sex="A"), ()) == ()


def test_a_category_of_one_sex_is_closed_to_the_other():
    assert check(replace(MAN, sex="F"), ROAD_ELITE, ()) == (Reason("men_only"),)
    assert check(MAN, WOMEN, ()) == (Reason("women_only"),)


@pytest.mark.parametrize(
    ("born", "age_by", "reasons"),
    [
        (date(2006, 5, 25), "race_day", ()),
        (
            date(2006, 5, 26),
            "race_day",
            (Reason("too_young", {"age": 17, "age_by": "race_day", "day": SATURDAY, "min_age": 18}),),
        ),
        (date(2006, 12, 31), "birth_year", ()),
        (
            date(2007, 1, 1),
            "birth_year",
            (Reason("too_young", {"age": 17, "age_by": "birth_year", "day": SATURDAY, "min_age": 18}),),
        ),
        (date(1978, 5, 26), "race_day", ()),
        (
            date(1978, 5, 25),
            "race_day",
            (Reason("too_old", {"age": 46, "age_by": "race_day", "day": SATURDAY, "max_age": 45}),),
        ),
        (date(1979, 1, 1), "birth_year", ()),
        (
            date(1978, 12, 31),
            "birth_year",
            (Reason("too_old", {"age": 46, "age_by": "birth_year", "day": SATURDAY, "max_age": 45}),),
        ),
    ],
)
def test_age_counts_on_the_race_day_or_by_the_year(born, age_by, reasons):
    assert check(replace(MAN, born=born), replace(ROAD_ELITE, age_by=age_by), ()) == reasons


@pytest.mark.parametrize(
    ("professional", "reasons"),
    [
        (Professional(), ()),
        (Professional(registered=True), (Reason("professional_registered"),)),
        (Professional(uci_team_until=date(2022, 5, 25)), ()),
        (
            Professional(uci_team_until=date(2022, 5, 26)),
            (Reason("professional_uci_team", {"open_from": date(2024, 5, 26)}),),
        ),
        (Professional(retired_on=date(2022, 5, 25)), ()),
        (
            Professional(retired_on=date(2024, 2, 29)),
            (Reason("professional_retired", {"open_from": date(2026, 3, 1)}),),
        ),
        (
            Professional(True, date(2023, 12, 31), date(2024, 1, 1)),
            (
                Reason("professional_registered"),
                Reason("professional_uci_team", {"open_from": date(2025, 12, 31)}),
                Reason("professional_retired", {"open_from": date(2026, 1, 1)}),
            ),
        ),
    ],
)
def test_a_professional_is_barred_where_the_category_says_so(professional, reasons):
    rider = replace(MAN, professional=professional)
    assert (check(rider, ROAD_MASS, ()), check(rider, ROAD_ELITE, ())) == (reasons, ())


def test_one_race_a_day():
    other = replace(ROAD_ELITE, excludes=frozenset())
    reason = Reason("one_a_day", {"category": "ME", "race": "road-me", "day": SATURDAY})
    assert check(MAN, ROAD_MASS, (other,)) == (reason,)
    assert check(MAN, ROAD_MASS, (other,), one_a_day=False) == ()


def test_an_exclusion_holds_both_ways():
    def excluded(other: CategoryTerms) -> Reason:
        values = {"category": other.code, "race": other.race_slug, "day": SATURDAY, "discipline": "road"}
        return Reason("excluded_by", values)

    assert check(MAN, ROAD_MASS, (ROAD_ELITE,), one_a_day=False) == (excluded(ROAD_ELITE),)
    assert check(MAN, ROAD_ELITE, (ROAD_MASS,), one_a_day=False) == (excluded(ROAD_MASS),)


def test_all_reasons_come_in_one_order():
    woman = Person("F", date(2010, 1, 1), professional=Professional(registered=True))
    chosen = (WOMEN, ROAD_ELITE)
    expected = ["men_only", "too_young", "professional_registered", "one_a_day", "one_a_day", "excluded_by"]
    assert [reason.code for reason in check(woman, ROAD_MASS, chosen)] == expected
    assert check(woman, ROAD_MASS, chosen) == check(woman, ROAD_MASS, chosen[::-1])


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2006, 5, 25), date(2024, 5, 24), 17),
        (date(2006, 5, 25), date(2024, 5, 25), 18),
        (date(2024, 6, 1), date(2024, 5, 25), -1),
    ],
)
def test_civil_age_turns_on_the_birthday(born, day, age):
    assert civil_age(born, day) == age


@given(DAYS, DAYS)
def test_both_ages_differ_by_a_year_at_most_and_agree_at_its_end(born, day):
    assert uci_age(born, day) - civil_age(born, day) in (0, 1)
    assert uci_age(born, day) == civil_age(born, date(day.year, 12, 31))
    assert civil_age(born, day) <= civil_age(born, day + timedelta(1)) <= civil_age(born, day) + 1


@pytest.mark.parametrize(
    ("sex", "categories"),
    [("M", ["MY", "MJ", "MJ", "MU", "MU", "ME", "ME"]), ("F", ["WY", "WJ", "WJ", "WU", "WU", "WE", "WE"])],
)
def test_uci_categories(sex, categories):
    assert [uci_category(sex, age) for age in (16, 17, 18, 19, 22, 23, 60)] == categories


def test_a_guardian_signs_until_the_birthday():
    rider = replace(MAN, born=date(2006, 5, 26))
    assert [needs_guardian(rider, day) for day in (SATURDAY, SUNDAY)] == [True, False]
    assert needs_guardian(rider, SUNDAY, under=20)


LOCAL, CENTRE = Quota("4103", 60), Quota("410311", 10)


@pytest.mark.parametrize(
    ("region", "quotas", "each", "key"),
    [
        ("410311", (LOCAL, CENTRE), 50, ("410311", 10)),
        ("410311", (CENTRE, LOCAL), 50, ("410311", 10)),
        ("410303", (LOCAL, CENTRE), 50, ("4103", 60)),
        ("410105", (LOCAL,), 50, ("4101", 50)),
        ("410105", (LOCAL,), None, None),
        ("410000", (LOCAL,), 50, ("41", 50)),
        ("41", (LOCAL,), 50, ("41", 50)),
        ("4101", (), 50, ("4101", 50)),
        ("", (LOCAL,), 50, None),
        ("", (Quota("", 5),), None, None),
    ],
)
def test_a_rider_counts_against_one_quota(region, quotas, each, key):
    assert quota_key(region, quotas, each) == key
