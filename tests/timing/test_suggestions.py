"""Whose chip it may be: chips that were read and that nobody carries."""

from hypothesis import given
from hypothesis import strategies as st

from timing import suggestions
from timing.chip_codes import Kin, difference, plain
from timing.chip_findings import Sighting, sort_out
from timing.passings import ChipHeld
from timing.suggestions import Field, Rider

FINISH, SUMMIT = 10, 11  # points
POINTS = {1: FINISH, 2: FINISH, 3: SUMMIT}  # source -> point; source 2 is the backup
MINUTE = 60_000_000
LAP = 20 * MINUTE
EVERYWHERE = frozenset({FINISH, SUMMIT})


def lap_times(*laps: int, behind: int = 0) -> list[int]:
    """When a rider comes to the finish at the end of these laps."""
    return [lap * LAP + behind for lap in laps]


def seen(chip: str, *instants: int, source: int = 1) -> list[Sighting]:
    return [Sighting(source, chip, at_us, at_us + 200_000, 3) for at_us in instants]


def asked(held: list[ChipHeld], sightings: list[Sighting], riders: dict[int, Rider] | None = None) -> list[str]:
    """Everything that is said of unknown chips, a line each: chip, laps, then each rider with the reasons; * if proposed."""
    people = riders or {one.bib: Rider(one.bib, "open", EVERYWHERE, 0) for one in held}
    known = Field(people, held, sort_out(sightings, held), POINTS)
    lines = []
    for one in suggestions.unknown(known):
        told = [
            f"{'*' if one.proposed and not place else ''}{who.bib} {'+'.join(reason.code for reason in who.reasons)}"
            for place, who in enumerate(one.suggestions)
        ]
        lines.append(f"{one.chip} x{len(one.sightings)} laps {','.join(map(str, one.laps)) or '–'}: {'; '.join(told)}")
    return lines


def bunch(*bibs: int, laps: int = 4) -> tuple[list[ChipHeld], list[Sighting]]:
    """Riders whose chips are numbered like their bibs, and who were read in every lap."""
    held = [ChipHeld(f"BX4K-{bib:04}", bib) for bib in bibs]
    found = [one for chip in held for one in seen(chip.chip, *lap_times(*range(1, laps + 1), behind=chip.bib * 1000))]
    return held, found


def test_two_digits_swapped_when_the_chip_was_written_down():
    held, found = bunch(217, 218, 220, 221)
    held.append(ChipHeld("BX4K-0291", 219))
    assert asked(held, found + seen("BX4K-0219", *lap_times(1, 2, 3, 4))) == [
        "BX4K-0219 x4 laps 1,2,3,4: *219 swapped+neighbours+only_missing+laps_fit"
    ]


def test_nobody_is_sought_for_each_of_thousands_of_chips(monkeypatch):
    """A file of another race that somebody counted: the tray took half a minute, and the chips of our riders were in it."""
    monkeypatch.setattr(suggestions, "SOUGHT", 1)
    held, found = bunch(217, 218, 220, 221)
    held.append(ChipHeld("BX4K-0291", 219))
    strangers = [one for number in range(9) for one in seen(f"BX4K-0{number}19", *lap_times(2, 3))]
    told = asked(held, found + seen("BX4K-0219", *lap_times(1, 2, 3, 4)) + strangers)
    assert told[0].startswith("BX4K-0219 x4 laps 1,2,3,4: *219")
    assert [line.partition(": ")[2] for line in told[1:]] == [""] * len(told[1:])
    assert len(told) == 9


def test_one_digit_off_means_only_the_rider_who_was_not_read_otherwise():
    """Chips out of one box differ in one digit all the time: whoever was read there with an own chip is out."""
    held, found = bunch(*range(100, 110))
    held.append(ChipHeld("BX4K-8204", 150))
    assert asked(held, found + seen("BX4K-8205", *lap_times(1, 2))) == [
        "BX4K-8205 x2 laps 1,2: *150 one_sign+only_missing+laps_fit"
    ]


def test_leading_zeros_and_dashes_lost():
    held, found = bunch(1, 2)
    held.append(ChipHeld("00E2-41", 3))
    assert asked(held, found + seen("E241", *lap_times(1, 2)))[0].startswith("E241 x2 laps 1,2: *3 same_but_for+")


def test_the_end_of_a_long_code():
    held, found = bunch(1, 2)
    held.append(ChipHeld("E20034120155F7A1F", 3))
    assert asked(held, found + seen("55F7A1F", *lap_times(1, 2)))[0].startswith("55F7A1F x2 laps 1,2: *3 part_of+")


def test_a_rider_to_whom_nothing_was_handed_out_and_whose_chip_is_missing_in_the_box():
    held, found = bunch(217, 218, 220, 221)
    people = {one.bib: Rider(one.bib, "open", EVERYWHERE, 0) for one in held} | {
        219: Rider(219, "open", EVERYWHERE, 0), 300: Rider(300, "open", EVERYWHERE, 0),
    }  # fmt: skip
    assert asked(held, found + seen("BX4K-0219", *lap_times(1, 2)), people) == [
        "BX4K-0219 x2 laps 1,2: *219 neighbours+no_chip+laps_fit+missing; 300 no_chip+laps_fit+missing"
    ]


def test_a_chip_that_came_back_and_the_new_one_was_not_written_down():
    held, found = bunch(1, 2, 3)
    held.append(ChipHeld("58C3020", 4, None, LAP + MINUTE))
    found += seen("58C3020", LAP)
    assert asked(held, found + seen("KV86583", *lap_times(2, 3, 4))) == [
        "KV86583 x3 laps 2,3,4: *4 no_chip_since+only_missing+laps_fit"
    ]


def test_a_chip_that_was_handed_out_only_later_or_taken_back_before():
    held, found = bunch(1, 2)
    held += [ChipHeld("A77777", 3, 3 * LAP - MINUTE), ChipHeld("B99999", 4, None, LAP + MINUTE)]
    found += seen("A77777", *lap_times(1, 2, 3)) + seen("B99999", *lap_times(1, 2, behind=5))
    assert asked(held, found) == [
        "A77777 x2 laps 1,2: *3 held_later+only_missing+laps_fit",
        "B99999 x1 laps 2: *4 held_before+laps_fit+missing",
    ]


def test_who_is_looked_for_is_named_at_the_chip_that_fits_and_not_at_every_one():
    """No chip is down for 9, who was not read: that says nothing of a ticket, and of two chips alike not which."""
    held, found = bunch(1, 2)
    people = {bib: Rider(bib, "open", EVERYWHERE, 0) for bib in (1, 2, 9)}
    ticket, one, other, third = (
        seen("TICKET", LAP, LAP + 3 * MINUTE), *(seen(f"{letter * 6}", *lap_times(1, 2, 3)) for letter in "PQR"),
    )  # fmt: skip
    fits = "9 no_chip+only_missing+laps_fit"
    assert asked(held, found + ticket + one, people) == [
        f"PPPPPP x3 laps 1,2,3: *{fits}", "TICKET x2 laps 1: ",
    ]  # fmt: skip
    assert asked(held, found + one + other, people) == [
        f"PPPPPP x3 laps 1,2,3: {fits}+shared", f"QQQQQQ x3 laps 1,2,3: {fits}+shared",
    ]  # fmt: skip
    assert [line.endswith(": ") for line in asked(held, found + one + other + third, people)] == [True] * 3


def test_nobody_is_like_a_ticket_at_the_road_side():
    held, found = bunch(1, 2, 3)
    assert asked(held, found + seen("E20034127A1F", LAP + 5 * MINUTE, source=3)) == ["E20034127A1F x1 laps –: "]


def test_whoever_was_read_with_an_own_chip_at_that_time_is_out_on_a_backup_too():
    held = [ChipHeld("AB-1234", 1), ChipHeld("CD-7777", 2), ChipHeld("EF-8888", 3)]
    found = [
        *seen("AB-1234", *lap_times(1, 2), source=2),
        *seen("CD-7777", *lap_times(1, 2)),
        *seen("EF-8888", *lap_times(1, 2)),
    ]
    assert asked(held, found + seen("AB-1243", *lap_times(1, 2))) == ["AB-1243 x2 laps 1,2: "]


def test_a_race_that_does_not_go_over_the_mat_has_no_riders_there():
    held, found = bunch(1, 2)
    held.append(ChipHeld("BX4K-0030", 3))
    people = {one.bib: Rider(one.bib, "open", EVERYWHERE, 0) for one in held[:2]} | {
        3: Rider(3, "other", frozenset({99}), 0)
    }
    assert asked(held, found + seen("BX4K-0003", LAP), people)[0].count("3 swapped") == 0


codes = st.text("ABC0123456789-", min_size=4, max_size=8)


@given(st.sets(codes, max_size=20), codes)
def test_kin_finds_exactly_what_comparing_with_all_would(known, code):
    found = {other: how for other, how in Kin(known).of(code).items() if how in ("swapped", "one_sign")}
    wanted = {other: how for other in known if (how := difference(code, other)) is not None}
    stronger = {other for other in known if plain(other) == plain(code)}
    assert {other: how for other, how in wanted.items() if other not in stronger} == found


@given(codes, codes)
def test_a_difference_is_the_same_both_ways(one, other):
    assert difference(one, other) == difference(other, one)


@given(st.randoms(use_true_random=False))
def test_the_order_of_reads_and_hand_outs_changes_nothing(random):
    held, found = bunch(217, 218, 220, 221)
    held.append(ChipHeld("BX4K-0291", 219))
    found += seen("BX4K-0219", *lap_times(1, 2, 3)) + seen("ZZZZZ", LAP)
    before = asked(held, found)
    random.shuffle(held)
    random.shuffle(found)
    assert asked(held, found + found) == before
