"""Document numbers: what each says, and that a slip of the finger is noticed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from race import nations
from race.identity import HMT, PROVINCES, Examined, UciId, examine, examine_uci_id, masked

MAN = "410311199003071019"


def checked(first17: str) -> str:
    return first17 + mod_11_2.calc_check_digit(first17)


def numbers(prefixes=PROVINCES) -> st.SearchStrategy[str]:
    """Valid resident numbers of any province, day of birth and order."""
    return st.builds(
        lambda prefix, rest, days, order: checked(
            f"{prefix}{rest:04d}{date(1900, 1, 1) + timedelta(days):%Y%m%d}{order:03d}"
        ),
        st.sampled_from(sorted(prefixes)),
        st.integers(0, 9999),
        st.integers(0, 50_000),
        st.integers(0, 999),
    )


@pytest.mark.parametrize(
    ("kind", "number", "examined"),
    [
        ("resident", MAN, Examined("resident", MAN, True, None, date(1990, 3, 7), "M", "41")),
        (
            "resident",
            " ４１０３０３-1988 0229 1048 ",
            Examined("resident", "410303198802291048", True, None, date(1988, 2, 29), "F", "41"),
        ),
        (
            "resident",
            "11010119900307002x",
            Examined("resident", "11010119900307002X", True, None, date(1990, 3, 7), "F", "11"),
        ),
        (
            "residence_permit_hmt",
            checked("81000019900307001"),
            Examined(
                "residence_permit_hmt", checked("81000019900307001"), True, None, date(1990, 3, 7), "M", "81"
            ),
        ),
        ("permit_hm", "h12345678", Examined("permit_hm", "H12345678", True)),
        ("permit_tw", "12345678", Examined("permit_tw", "12345678", True)),
        ("passport", "ax 900-001", Examined("passport", "AX900001", True)),
        ("pr_card", "can110174120601", Examined("pr_card", "CAN110174120601", True)),
        ("pr_card", "911124198108030024", Examined("pr_card", "911124198108030024", True, born=date(1981, 8, 3))),
        ("uci_id", "100 592 086 79", Examined("uci_id", "10059208679", True)),
    ],
)  # fmt: skip
def test_a_valid_number_says_what_it_can(kind, number, examined):
    assert examine(kind, number, country="COL") == examined


@pytest.mark.parametrize(
    ("kind", "number", "problem"),
    [
        ("resident", "410311199003071011", "check_digit"),
        ("resident", checked("41031119890229101"), "no_such_date"),
        ("resident", checked("41031118990307101"), "no_such_date"),
        ("resident", checked("16010119900307101"), "unknown_province"),
        ("resident", checked("81000019900307001"), "unknown_province"),
        ("resident", checked("71000019900307001"), "unknown_province"),
        ("resident", "410311900307101", "fifteen_digits"),
        ("resident", "", "length"),
        ("resident", MAN[:-1], "length"),
        ("resident", MAN + "0", "length"),
        ("resident", "4103111990O3071019", "characters"),
        ("resident", "X10311199003071019", "characters"),
        ("resident", "洛阳市洛龙区", "characters"),
        ("residence_permit_hmt", MAN, "unknown_province"),
        ("residence_permit_hmt", "410311900307101", "length"),
        ("permit_hm", "T12345678", "characters"),
        ("permit_hm", "H1234567801", "length"),
        ("permit_tw", "1234567A", "characters"),
        ("permit_tw", "123456789", "length"),
        ("passport", "AX90", "length"),
        ("passport", "A" * 16, "length"),
        ("passport", "AX90É01", "characters"),
        ("pr_card", "CA1110174120601", "characters"),
        ("pr_card", "811124198108030024", "characters"),
        ("pr_card", "911124198108030025", "check_digit"),
        ("pr_card", checked("91112419810230002"), "no_such_date"),
        ("pr_card", "9111241981080300", "length"),
        ("uci_id", "10008169806", "check_digit"),
        ("id_card", MAN, "unknown_kind"),
    ],
)
def test_a_number_that_is_not_valid_says_why_and_nothing_else(kind, number, problem):
    examined = examine(kind, number, country="COL")
    assert examined == Examined(kind, examined.number, False, problem)


def test_a_passport_is_known_with_its_issuer_only():
    assert examine("passport", "AX900001") == Examined("passport", "AX900001", False, "country_missing")
    assert examine("passport", "AX", country=" ") == Examined("passport", "AX", False, "length")


@given(numbers())
def test_every_resident_number_is_accepted_with_what_it_says(number):
    born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    sex = "M" if int(number[16]) % 2 else "F"
    assert examine("resident", number) == Examined("resident", number, True, None, born, sex, number[:2])


@given(numbers(HMT))
def test_every_residence_permit_is_accepted_as_one_and_not_as_a_resident_number(number):
    assert (examine("residence_permit_hmt", number).valid, examine("resident", number).valid) == (True, False)


@given(numbers(), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_refused(number, at, by):
    digit = str(((10 if number[at] == "X" else int(number[at])) + by) % 10)
    if digit != number[at]:
        assert not examine("resident", number[:at] + digit + number[at + 1 :]).valid


@given(numbers(), st.integers(0, 16))
def test_two_swapped_neighbours_are_always_refused(number, at):
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert examine("resident", swapped).valid == (swapped == number)


@given(st.text(max_size=24), st.sampled_from(["resident", "pr_card", "passport", "permit_hm", "uci_id", "?"]))
def test_nothing_that_can_be_typed_raises(text, kind):
    examined = examine(kind, text, country="COL")
    assert examined.valid == (examined.problem is None)
    assert masked(text) == masked(examined.number)


@pytest.mark.parametrize(
    ("text", "examined"),
    [
        ("10059208679", UciId("10059208679", True)),
        ("100 592 086 79", UciId("10059208679", True)),
        ("１００ 592 086 79", UciId("10059208679", True)),
        ("00000009797", UciId("00000009797", True)),
        ("10008169806", UciId("10008169806", False, "check_digit")),
        ("1005920867", UciId("", False, "length")),
        ("COL19900307", UciId("", False, "characters")),
        ("", UciId("", False, "length")),
    ],
)
def test_a_uci_id_is_kept_when_it_has_the_form_and_warned_of_when_its_check_fails(text, examined):
    assert examine_uci_id(text) == examined


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("11010119900307003x", "****** ******** **3X"),
        (MAN, "****** ******** **19"),
        ("H12345678", "*******78"),
        ("AX900001", "******01"),
        ("12", "**"),
        ("", ""),
    ],
)
def test_a_masked_number_shows_its_last_two_characters(number, shown):
    assert masked(number) == shown


def test_nations_have_both_codes():
    all_of_them = nations.nations()
    assert (len(all_of_them), sum(nation.noc for nation in all_of_them.values())) == (207, 206)
    assert len({nation.iso for nation in all_of_them.values()}) == 207
    assert (
        len({nation.zh for nation in all_of_them.values()})
        == len({nation.en for nation in all_of_them.values()})
        == 207
    )
    assert nations.of_iso("deu") == nations.Nation("GER", "DEU", "德国", "Germany") == nations.of_ioc(" ger ")
    pairs = [
        ("NED", "NLD"),
        ("SUI", "CHE"),
        ("TPE", "TWN"),
        ("BRN", "BHR"),
        ("BRU", "BRN"),
        ("COL", "COL"),
        ("BLR", "BLR"),
    ]
    assert [(ioc, nations.of_ioc(ioc).iso, nations.of_iso(iso).ioc) for ioc, iso in pairs] == [
        (ioc, iso, ioc) for ioc, iso in pairs
    ]
    assert (nations.of_ioc("DEU"), nations.of_iso("GER"), nations.of_iso("")) == (None, None, None)
