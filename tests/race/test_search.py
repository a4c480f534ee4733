"""One box finds a rider by whatever somebody knows of them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from race import names, registration, search, transponders
from race.models import Edition, Entry, Race, Registration, Rider, Team
from tests import entering
from tests.entering import Field

pytestmark = pytest.mark.django_db


@pytest.fixture
def field() -> Field:
    """张三 (bib 7, chip BX-77, team), 李四, 章硕 and a Colombian with passport A1234."""
    field = entering.open_entries()
    entries = [entering.enter(field, name) for name in ("张三", "李四", "章硕")]
    passport = registration.Person(
        "passport", "A12345", identity_country="COL", surname_latin="Zúñiga", given_latin="Santiago", sex="M",
        birth_date=entering.date(1990, 1, 1), nation="COL", private={"email": "z@example.co", "phone": "+57 300 123 4567"},
    )  # fmt: skip
    made = registration.register(
        field.edition, passport, [field.category], contact=registration.Contact("Z", email="z@example.co"),
        signature=registration.Signature("Z", 1), key="z", language="en",
    )  # fmt: skip
    team = Team.objects.create(edition=field.edition, name_zh="洛阳飞驰二队", name_en="Feichi Two")
    Entry.objects.filter(pk__in=[*(entry.pk for entry in entries), made.entries.get().pk]).update(state="confirmed")
    Entry.objects.filter(pk=entries[0].pk).update(bib=7, team=team, pass_code="ABCDEFGH23")
    transponders.hand_out(field.edition, [(entries[0], "BX-77", None, None)], by=None)
    return field


def found(edition: Edition, text: str) -> list[str]:
    return [f"{hit.entry.rider} {hit.why}" for hit in search.find(edition, text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zs", ["张三 name", "章硕 name", "ZÚÑIGA Santiago name"]),
        ("zhang san", ["张三 name"]),
        ("ZHANGSAN", ["张三 name"]),
        ("san zhang", ["张三 name"]),
        ("张三", ["张三 name"]),
        ("张", ["张三 name"]),
        ("zhang", ["张三 name", "章硕 name"]),
        ("zuniga", ["ZÚÑIGA Santiago name"]),
        ("7", ["张三 bib"]),
        ("bx-77", ["张三 chip"]),
        ("a 12345", ["ZÚÑIGA Santiago document"]),
        ("A12345", ["ZÚÑIGA Santiago document"]),
        ("z@example.co", ["ZÚÑIGA Santiago contact"]),
        ("Z@EXAMPLE.CO ", ["ZÚÑIGA Santiago contact"]),
        ("+573001234567", ["ZÚÑIGA Santiago contact"]),
        ("abcdefgh23", ["张三 pass"]),
        ("飞驰二", ["张三 team"]),
        ("feichi", ["张三 team"]),
        ("", []),
        ("nobody", []),
        ("\x00", []),
        ("|", []),
        ("%", []),
    ],
)
def test_what_somebody_types_finds_the_rider(field: Field, text: str, expected: list[str]):
    assert found(field.edition, text) == expected


def test_a_resident_number_finds_its_owner_and_a_part_of_it_nobody(field: Field):
    number = entering.resident_number("李四")
    assert (found(field.edition, number), found(field.edition, number[:-1])) == (["李四 document"], [])


def test_it_takes_at_most_four_queries(field: Field):
    for text in ("zs", "13800000000", entering.resident_number("李四"), "7", "abcdefgh23"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            search.find(field.edition, text)
        assert len(queries) <= 4, text


def test_another_edition_is_not_looked_into(field: Field):
    other = entering.open_entries(slug="other")
    assert found(other.edition, "张三") == []


def test_withdrawn_entries_come_last(field: Field):
    Entry.objects.filter(rider__name_zh="张三").update(state="withdrawn", bib=None)
    assert found(field.edition, "zs") == ["章硕 name", "ZÚÑIGA Santiago name", "张三 name"]


def test_the_public_finds_names_bibs_and_teams_and_nothing_private(field: Field):
    Race.objects.filter(edition=field.edition).update(published_at=entering.timezone.now())
    public = {
        text: [hit.entry.rider.name_zh or hit.entry.rider.latin for hit in search.find_public(field.edition, text)]
        for text in ("zs", "7", "飞驰二", "bx-77", "A12345", "z@example.co", "+573001234567", "abcdefgh23")
    }
    assert public == {
        "zs": ["张三", "章硕", "ZÚÑIGA Santiago"], "7": ["张三"], "飞驰二": ["张三"], "bx-77": [], "A12345": [],
        "z@example.co": [], "+573001234567": [], "abcdefgh23": [],
    }  # fmt: skip
    Entry.objects.update(state="waiting", queue_number=1)
    assert search.find_public(field.edition, "zs") == []


def test_seeded_riders_have_the_keys_that_are_searched():
    from seeds import field as fields
    from seeds import planting

    rider = planting.rider_row(next(one for one in fields.build(10).riders if one.nation == "CHN"))
    family, _own = names.pinyin(rider.name_zh)
    initials = names.query_key(f"{family[0]}")
    assert isinstance(rider, Rider) and rider.search_key.split("|")[0] == names.query_key(rider.name_zh)
    assert any(key.startswith(initials) for key in rider.search_key.split("|")[1:])
    assert Registration.objects.count() == 0
