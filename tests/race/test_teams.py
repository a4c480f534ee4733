"""A manager enters a team in one go: exactly, once, and each rider has a link of their own."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from race import dossier, messages, registration, regulations, teams
from race.entry_columns import Row
from race.models import Acceptance, Category, Edition, Entry, Message, PrivateLink, Registration, Rider, Team
from race.particulars import Contact, Signature
from race.refused import Refused
from tests.entering import Field, enter, open_entries, resident_number

pytestmark = pytest.mark.django_db
NAMES = [f"队员{number}" for number in "甲乙丙丁戊己庚辛壬癸子丑"]
MANAGER = Contact("经理", email="manager@example.org")


def row(name: str, number: int = 2, **more: str) -> Row:
    """A row of a good rider."""
    cells = {"name": name, "number": resident_number(name), "email": f"r{abs(hash(name))}@example.org"}
    return Row(number, cells | more)


def rows(*names: str) -> list[Row]:
    return [row(name, number) for number, name in enumerate(names, 2)]


def register(field: Field, wanted: list[Row], **more: Any) -> Registration:
    given = {"contact": MANAGER, "signature": Signature("经理", 1), "key": "k", "language": "zh-hans"} | more
    return teams.register(field.edition, "飞驰车队", wanted, **given)


def states(booked: Registration) -> list[str]:
    entries = booked.entries.select_related("rider").order_by("pk")
    return [f"{entry.rider.name_zh} {entry.state}" for entry in entries]


def counts(category: Category) -> tuple[int, int]:
    category.refresh_from_db()
    return category.taken, category.waiting


def test_a_team_of_three_has_places_one_registration_and_a_link_each() -> None:
    field = open_entries(capacity=10)
    booked = register(field, rows(*NAMES[:3]))
    assert states(booked) == ["队员甲 held", "队员乙 held", "队员丙 held"]
    assert (booked.kind, str(booked.team), counts(field.category)) == ("team", "飞驰车队", (3, 0))
    assert sorted(link.rider.name_zh if link.rider else "manager" for link in booked.links.all()) == [
        "manager", "队员丙", "队员乙", "队员甲",
    ]  # fmt: skip
    told = Message.objects.order_by("pk")
    assert [(message.kind, message.rider.name_zh if message.rider else "") for message in told] == [
        ("team_registered", ""), ("team_rider", "队员甲"), ("team_rider", "队员乙"), ("team_rider", "队员丙"),
    ]  # fmt: skip
    assert "/my/" in messages.content(told[1])[1]
    assert Acceptance.objects.count() == 0


def test_the_same_list_sent_again_is_the_same_registration() -> None:
    field = open_entries(capacity=10)
    first = register(field, rows(*NAMES[:3]))
    assert register(field, rows(*NAMES[:3])) == first
    with pytest.raises(Refused) as other:
        register(field, rows(*NAMES[3:5]))
    assert other.value.code == "key_reused"
    with pytest.raises(Refused) as again:
        register(field, rows(*NAMES[:4]), key="k2")
    assert again.value.code == "rows_wrong"
    assert (Entry.objects.count(), counts(field.category), Message.objects.count()) == (3, (3, 0), 4)


def test_nine_of_twelve_have_a_place_and_three_queue_or_stay_out() -> None:
    field = open_entries(capacity=9)
    booked = register(field, rows(*NAMES))
    assert [entry.split()[1] for entry in states(booked)] == ["held"] * 9 + ["waiting"] * 3
    assert list(booked.entries.filter(state="waiting").order_by("pk").values_list("queue_number", flat=True)) == [
        1,
        2,
        3,
    ]
    assert counts(field.category) == (9, 3)

    other = open_entries(capacity=9, slug="other")
    booked = register(other, rows(*NAMES), queue=False)
    assert [entry.split()[1] for entry in states(booked)] == ["held"] * 9
    assert (counts(other.category), booked.links.count()) == ((9, 0), 10)
    with pytest.raises(Refused) as full:
        register(other, rows("队员寅"), queue=False, key="k3")
    assert full.value.code == "full"


def test_while_somebody_waits_a_team_queues() -> None:
    field = open_entries(capacity=2)
    first = enter(field, "甲一")
    enter(field, "乙二")
    enter(field, "丙三")
    registration.withdraw(first, by=None)
    assert [entry.split()[1] for entry in states(register(field, rows(*NAMES[:2])))] == ["waiting"] * 2
    assert counts(field.category) == (2, 2)


def test_places_of_a_region_are_counted_once_for_all() -> None:
    field = open_entries(capacity=10, quotas=[{"prefix": "41", "max": 2}])
    wanted = [row(name, region="河南") for name in NAMES[:2]]
    register(field, wanted)
    assert field.category.quota_counts.get().taken == 2
    with pytest.raises(Refused) as full:
        register(field, [row(NAMES[3], region="河南")], key="k2")
    assert (full.value.code, counts(field.category)) == ("rows_wrong", (2, 0))


@pytest.mark.parametrize(
    ("wanted", "code"),
    [([], "no_rows"), ([row("")], "rows_wrong"), ([row(f"队{n}") for n in range(201)], "too_many_riders")],
)
def test_what_cannot_be_entered_writes_nothing(wanted: list[Row], code: str) -> None:
    field = open_entries(capacity=10)
    with pytest.raises(Refused) as refused:
        register(field, wanted)
    assert (
        refused.value.code,
        Registration.objects.count(),
        Rider.objects.count(),
        Team.objects.filter(name_zh="飞驰车队").count(),
    ) == (code, 0, 0, 0)


def test_after_the_window_a_replay_is_answered_and_a_newcomer_refused() -> None:
    field = open_entries(capacity=10)
    booked = register(field, rows(*NAMES[:2]))
    field.edition.entry_closes_at = timezone.now() - timedelta(minutes=1)
    field.edition.save(update_fields=["entry_closes_at"])
    version = Signature("经理", 1)
    assert register(field, rows(*NAMES[:2]), signature=version) == booked
    with pytest.raises(Refused) as closed:
        register(field, rows(NAMES[4]), signature=version, key="k2")
    assert closed.value.code == "entries_closed"


def test_a_known_rider_keeps_the_address_on_file() -> None:
    field = open_entries(capacity=10)
    known = enter(field, NAMES[0])
    registration.withdraw(known, by=None)
    booked = register(field, [row(NAMES[0], email="stranger@example.org", emergency_name="某人")])
    rider = booked.entries.get().rider
    assert rider == known.rider
    assert dossier.read(rider)["email"] != "stranger@example.org"
    assert dossier.read(rider)["emergency_name"] == "家人"


def test_riders_are_added_once_and_withdrawn_in_part() -> None:
    field = open_entries(capacity=3)
    booked = register(field, rows(*NAMES[:2]))
    assert len(teams.add(booked, rows(*NAMES[2:4]), key="more")) == 2
    assert teams.add(booked, rows(*NAMES[2:4]), key="more") == []
    assert [entry.split()[1] for entry in states(booked)] == ["held", "held", "held", "waiting"]
    gone = list(booked.entries.order_by("pk")[:2])
    assert teams.withdraw(booked, gone) == 2
    assert [entry.split()[1] for entry in states(booked)] == ["withdrawn", "withdrawn", "held", "offered"]
    assert teams.withdraw(booked, gone) == 2
    stranger = enter(field, "外人")
    assert teams.withdraw(booked, [stranger]) == 0
    stranger.refresh_from_db()
    assert stranger.state == "held"


def test_links_are_sent_again_but_not_at_once() -> None:
    field = open_entries(capacity=3)
    booked = register(field, rows(*NAMES[:2]))
    riders = [entry.rider for entry in booked.entries.select_related("rider")]
    assert teams.send_links(booked, riders) == 0
    Message.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert teams.send_links(booked, riders) == 2
    assert PrivateLink.objects.filter(registration=booked).count() == 3


def test_what_a_rider_still_has_to_do() -> None:
    field = open_entries(capacity=3, min_age=10)
    child = Row(3, row(NAMES[1]).cells | {"number": resident_number("k", date(2012, 1, 1))})
    booked = register(field, [row(NAMES[0], emergency_name="家人", emergency_phone="13800000000"), child])
    adult, minor = booked.entries.select_related("rider", "edition").order_by("pk")
    assert teams.missing(adult) == ["waiver", "payment"]
    assert teams.missing(minor) == ["waiver", "emergency", "guardian", "paper:guardian_consent", "payment"]
    version = regulations.current(field.edition)
    for entry in (adult, minor):
        Acceptance.objects.create(
            rider=entry.rider, registration=booked, regulations=version, waiver_sha256=version.waiver_sha256,
            signer="x", language="en",
        )  # fmt: skip
    assert teams.missing_of([adult, minor]) == {
        adult.pk: ["payment"],
        minor.pk: ["waiver", "emergency", "guardian", "paper:guardian_consent", "payment"],
    }
    Edition.objects.filter(pk=field.edition.pk).update(waiver_zh="新的声明。")
    regulations.current(Edition.objects.get(pk=field.edition.pk))
    assert teams.missing(adult) == ["waiver", "payment"]


def test_twelve_and_two_hundred_riders_take_the_same_queries() -> None:
    seen = {}
    for count in (12, 200):
        field = open_entries(capacity=300, slug=f"n{count}")
        wanted = [
            Row(
                number,
                row(f"队员{number}").cells | {"number": resident_number("x", date(1980, 1, 1) + timedelta(number))},
            )
            for number in range(count)
        ]
        with CaptureQueriesContext(connection) as captured:
            register(field, wanted, signature=Signature("经理", 1))
        seen[count] = len([query for query in captured if "SAVEPOINT" not in (query["sql"] or "")])
        assert counts(field.category) == (count, 0)
    assert seen[12] == seen[200]
    assert seen[12] <= 20
