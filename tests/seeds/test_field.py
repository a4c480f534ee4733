"""The made-up field: as many riders, of the ages and from the places that the regulations and the news say."""

import random
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from seeds import field, names, regulations, residence
from seeds.field import age_on

CAPACITY = {race["code"]: race["capacity"] for race in regulations.tenth()["races"]}


@pytest.fixture(scope="module")
def built():
    return field.build()


@pytest.mark.parametrize("seed", range(1, 6))
def test_twelve_hundred_riders_within_the_caps(seed):
    built = field.build(seed)
    entered = Counter(entry.category for entry in built.entries)
    assert 1200 <= len(built.riders) <= 1299
    assert [code for code, cap in CAPACITY.items() if not cap - 4 <= entered[code] <= cap] == []
    assert {rider.index for rider in built.riders} == {entry.rider.index for entry in built.entries}


def test_the_same_seed_gives_the_same_field_and_another_one_another():
    assert field.build(7) == field.build(7)
    assert field.build(7) != field.build(8)


def test_every_mainland_province_and_two_nations_ride(built):
    provinces = Counter(rider.province.prefix for rider in built.riders if rider.province)
    assert set(provinces) == set(residence.provinces())
    assert len(provinces) == 31
    assert provinces.most_common(1)[0][0] == "41"
    assert Counter(rider.nation for rider in built.riders if rider.nation != "CHN") == {"COL": 9, "BLR": 10}


def test_ages_and_sexes_are_those_of_the_category_on_the_race_day(built):
    races = {race["code"]: race for race in regulations.tenth()["races"]}
    wrong = [
        entry
        for entry in built.entries
        for race in [races[entry.category]]
        if not race["min_age"] <= age_on(entry.rider.born, regulations.race_day(race)) <= race["max_age"]
        or entry.rider.female != (race["sex"] == "F")
    ]
    assert wrong == []


def test_resident_numbers_are_valid_and_say_that_they_are_synthetic(built):
    chinese = [rider for rider in built.riders if rider.identity_kind == "resident"]
    for rider in chinese:
        assert ric.calc_check_digit(rider.identity) == rider.identity[17]
        assert rider.identity[:2] == rider.province.prefix
        assert rider.identity[6:14] == f"{rider.born:%Y%m%d}"
        assert int(rider.identity[14:17]) in residence.SYNTHETIC_SEQUENCES
        assert (int(rider.identity[16]) % 2 == 0) == rider.female
        assert rider.is_synthetic


def test_the_last_weights_of_the_check_digit():
    """The worked example of the standard itself (GB 11643, appendix)."""
    assert residence.check_digit("11010519491231002") == "X"
    assert residence.check_digit("44052418800101001") == "4"


def test_nobody_is_entered_twice_on_a_day_and_nothing_is_shared(built):
    day = {race["code"]: race["day"] for race in regulations.tenth()["races"]}
    assert max(Counter((entry.rider.identity, day[entry.category]) for entry in built.entries).values()) == 1
    assert max(Counter(entry.bib for entry in built.entries).values()) == 1
    assert max(Counter((chip.code, chip.day) for entry in built.entries for chip in entry.chips).values()) == 1
    assert max(Counter(rider.identity for rider in built.riders).values()) == 1
    assert max(Counter(rider.phone for rider in built.riders).values()) == 1


def test_bibs_run_from_the_first_of_the_category_and_have_four_digits(built):
    firsts = {race["code"]: race["first_bib"] for race in regulations.tenth()["races"]}
    entered = Counter(entry.category for entry in built.entries)
    assert sorted(entry.bib for entry in built.entries) == sorted(
        first + place for code, first in firsts.items() for place in range(entered[code])
    )
    assert max(entry.bib for entry in built.entries) <= 9999


def test_some_ride_twice_some_carry_two_chips_and_some_chips_change_hands(built):
    entries = Counter(entry.rider.index for entry in built.entries)
    twice = [index for index, count in entries.items() if count == 2]
    assert len(twice) == len(built.entries) - len(built.riders) > 40
    assert max(entries.values()) == 2
    for index in twice:
        first, second = [entry for entry in built.entries if entry.rider.index == index]
        assert (first.category, second.category) in {("ME", "XO"), ("MM", "XM")}
        assert [chip.code for chip in first.chips] == [chip.code for chip in second.chips]
    assert Counter(len(entry.chips) for entry in built.entries).keys() == {1, 2}
    worn = {}
    for entry in built.entries:
        for chip in entry.chips:
            worn.setdefault(chip.code, set()).add(entry.rider.index)
    assert sum(len(riders) == 2 for riders in worn.values()) > 100


@pytest.mark.parametrize(
    ("zh", "latin"),
    [
        ("单雄伟", "SHAN Xiongwei"),
        ("曾国强", "ZENG Guoqiang"),
        ("区建", "OU Jian"),
        ("仇英", "QIU Ying"),
        ("解晓明", "XIE Xiaoming"),
        ("查良", "ZHA Liang"),
        ("盖伟", "GE Wei"),
        ("欧阳浩", "OUYANG Hao"),
        ("尉迟永", "YUCHI Yong"),
        ("令狐强", "LINGHU Qiang"),
        ("吕明", "LYU Ming"),
        ("任伟", "REN Wei"),
        ("赵一鸣", "ZHAO Yiming"),
    ],
)
def test_surnames_are_read_as_surnames(zh, latin):
    assert names.romanise(zh) == latin


@given(st.integers(0, 10_000))
def test_every_name_is_printable_in_both_scripts(seed):
    rng = random.Random(seed)
    for prefix in ("41", "65", "54", "15"):
        name = names.of_province(rng, prefix, female=bool(seed % 2))
        surname, given_name = name.latin.split(" ")
        assert surname == surname.upper() and given_name[:1].isupper()
        assert 2 <= len(name.zh) <= 12 and all(char == "·" or "一" <= char <= "鿿" for char in name.zh)


def test_civil_age_turns_on_the_birthday():
    assert [age_on(date(2000, 5, 25), date(2024, 5, day)) for day in (24, 25, 26)] == [23, 24, 24]
