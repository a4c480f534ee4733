"""Every cell of an entry list is judged at once, and the reason stands at its cell."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from race import entry_columns, entry_sheet, sheet
from race.entry_sheet import JudgedRow
from race.models import Edition
from tests.entering import Field, enter, open_entries, person, resident_number

pytestmark = pytest.mark.django_db
HEADINGS = "姓名,证件类型,证件号码,手机,组别"


def judged(edition: Edition, *lines: str, headings: str = HEADINGS, office: bool = False) -> list[JudgedRow]:
    """The rows under these headings, judged, with the sentences in English."""
    table = sheet.pasted("\n".join([headings, *lines]))
    with translation.override("en"):
        return entry_sheet.judge(entry_columns.rows(table, entry_columns.find(table)), edition, office=office)


def told(rows: list[JudgedRow]) -> list[list[str]]:
    """What is wrong with each row: `column code`, a star for what is only told."""
    return [[f"{p.column} {p.code}{'' if p.blocks else '*'}" for p in row.problems] for row in rows]


def line(who: str, **more: str) -> str:
    """A good row of this name, or one with other cells."""
    cells = {
        "name": who,
        "kind": "身份证",
        "number": resident_number(who),
        "phone": "13800001234",
        "category": "男子组",
    }
    return ",".join((cells | more).values())


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_heading_of_our_own_list_is_known(language: str) -> None:
    with translation.override(language):
        assert [entry_columns.column(str(word)) for word in entry_columns.LABELS.values()] == list(entry_columns.LABELS)


@pytest.fixture
def field() -> Field:
    return open_entries(capacity=10)


def test_good_rows_become_people(field: Field) -> None:
    rows = judged(
        field.edition,
        line("欧阳明"),
        line("GÓMEZ Juan", kind="passport", number="AB 123456", category="ME") + ",COL,M,1990-03-07,,",
        line("丁 海涛", kind="") + ",中国,男,32939,河南省洛阳市,10012345625",
        headings=HEADINGS + ",国籍,性别,出生日期,地区,UCI ID",
    )
    assert told(rows) == [[], [], ["uci_id uci_id_doubtful*"]]
    people = [row.person for row in rows]
    assert [
        (who.name_zh, who.surname_latin, who.given_latin, who.identity_kind, who.identity_country, who.nation, who.sex)
        for who in people
        if who
    ] == [
        ("欧阳明", "OUYANG", "Ming", "resident", "", "CHN", "M"),
        ("", "GÓMEZ", "Juan", "passport", "COL", "COL", "M"),
        ("丁海涛", "DING", "Haitao", "resident", "", "CHN", "M"),
    ]
    assert [(who.birth_date, who.region_code, who.private["phone"]) for who in people if who] == [
        (date(1990, 3, 7), "", "+8613800001234"),
        (date(1990, 3, 7), "", "+8613800001234"),
        (date(1990, 3, 7), "410000", "+8613800001234"),
    ]
    assert [row.seat for row in rows] == ["place", "place", "place"]


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ({"name": ""}, ["name name_missing"]),
        ({"name": "Juan Gomez"}, ["name name_order"]),
        ({"number": ""}, ["number number_missing"]),
        ({"number": "4.10311E+17"}, ["number number_ruined"]),
        ({"number": "410311199003071"}, ["number identity_fifteen_digits"]),
        ({"number": "410311199003073000"}, ["number identity_check_digit"]),
        ({"kind": "驾驶证"}, ["number unknown_kind"]),
        ({"phone": ""}, ["phone no_contact"]),
        ({"phone": "12"}, ["phone bad_phone", "phone no_contact"]),
        ({"phone": "1.38E+10"}, ["phone number_ruined"]),
        ({"category": ""}, []),
        ({"category": "女子组"}, ["category category_unknown"]),
        ({"number": resident_number("x", date(2015, 1, 1))}, ["category too_young"]),
        ({"number": resident_number("x", female=True)}, ["category men_only"]),
    ],
)
def test_each_wrong_cell_has_its_reason(field: Field, cells: dict[str, str], wrong: list[str]) -> None:
    (row,) = judged(field.edition, line("丁海涛", **cells))
    assert told([row]) == [wrong[:1] if wrong and wrong[0].startswith("phone") else wrong]
    assert row.ok is (wrong == [])


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ("女,", ["sex identity_mismatch"]),
        (",1991-03-07", ["birth_date identity_mismatch"]),
        (",7/3/1990", ["birth_date date_unreadable"]),
        ("?,", ["sex sex_unreadable"]),
    ],
)
def test_a_day_or_a_sex_that_is_not_the_documents(field: Field, cells: str, wrong: list[str]) -> None:
    rows = judged(field.edition, f"{line('丁海涛')},{cells}", headings=HEADINGS + ",性别,出生日期")
    assert told(rows) == [wrong]


def test_a_passport_needs_a_day_and_a_sex_and_a_known_nation(field: Field) -> None:
    headings = HEADINGS + ",国籍"
    rows = judged(field.edition, line("DOE Jane", kind="护照", number="AB123456") + ",Utopia", headings=headings)
    assert told(rows) == [["nation nation_unknown", "birth_date incomplete", "sex incomplete"]]


def test_the_same_person_twice_and_one_who_is_entered_already(field: Field) -> None:
    enter(field, "甲一")
    number = person("甲一").identity_number
    rows = judged(
        field.edition, line("乙二"), line("丙三", number=resident_number("乙二")), line("甲一", number=number)
    )
    assert told(rows) == [[], ["number duplicate_row"], ["number already_entered"]]
    assert rows[1].problems[0].text == "The same person stands in row 2 for that day."


def test_rows_beyond_the_places_would_queue_and_for_the_office_they_are_wrong() -> None:
    field = open_entries(capacity=2)
    lines = [line(name) for name in ("甲一", "乙二", "丙三")]
    assert [row.seat for row in judged(field.edition, *lines)] == ["place", "place", "queue"]
    rows = judged(field.edition, *lines, office=True)
    assert told(rows) == [[], [], ["category full"]]


def test_a_region_has_no_more_places_than_its_quota() -> None:
    field = open_entries(capacity=5, quotas=[{"prefix": "41", "max": 1}])
    rows = judged(
        field.edition, line("甲一") + ",河南", line("乙二") + ",41", line("丙三") + ",新疆", headings=HEADINGS + ",省份"
    )
    assert told(rows) == [[], ["region region_full"], []]


def test_bibs_and_chips_are_one_riders_each(field: Field) -> None:
    made = enter(field, "甲一")
    made.bib = 7
    made.save(update_fields=["bib"])
    headings = HEADINGS + ",号码,芯片,付款"
    rows = judged(
        field.edition,
        line("乙二") + ",7,C1,是",
        line("丙三") + ",8,C1,?",
        line("丁四") + ",8,C2/C3,120",
        line("戊五") + ",x,1.2E+5,",
        headings=headings,
        office=True,
    )
    assert told(rows) == [
        ["bib bib_taken"],
        ["paid paid_unreadable", "chip chip_twice"],
        ["bib bib_twice"],
        ["bib bib_unreadable", "chip chip_ruined"],
    ]
    assert (rows[0].chips, rows[2].chips, rows[2].paid) == (("C1",), ("C2", "C3"), True)


def test_headings_are_found_by_what_they_say_and_unknown_ones_are_shown() -> None:
    table = sheet.pasted("第十届公开赛 报名表\n\n序号,姓 名,身份证号（18位）,*组别,T恤\n1,丁海涛,X,ME,L")
    found = entry_columns.find(table)
    assert (found.row, found.columns) == (2, ("", "name", "number", "category", ""))
    assert found.unknown == [(0, "序号"), (4, "T恤")]
    assert entry_columns.mapped(found, {4: "team", 0: "nonsense"}).columns == ("", "name", "number", "category", "team")
    assert [(row.number, dict(row.cells)) for row in entry_columns.rows(table, found)] == [
        (4, {"name": "丁海涛", "number": "X", "category": "ME"})
    ]


def test_a_list_without_headings_has_every_column_unknown() -> None:
    found = entry_columns.find(sheet.pasted("丁海涛,X\n甲一,Y"))
    assert (found.row, found.columns) == (0, ("", ""))


@pytest.mark.parametrize("office", [False, True])
def test_any_number_of_rows_takes_the_same_queries(field: Field, office: bool) -> None:
    def queries(count: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            judged(field.edition, *(line(f"车手{number}") for number in range(count)), office=office)
        return len(seen)

    assert queries(3) == queries(120) == 3
