"""The manager's page: who sees it, paying for all at once, the list as a file, sending another rider."""

import pytest
from django.test import Client

from race import dossier, links, sheet
from race.models import Entry, Registration
from tests.entering import open_entries, resident_number
from tests.race.test_teams import NAMES, register, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def booked() -> Registration:
    return register(open_entries(capacity=2), rows(*NAMES[:3]))


def page(booked: Registration, rider: str = "") -> str:
    """The address behind the manager's link, or behind a rider's."""
    link = booked.links.get(rider__name_zh=rider) if rider else booked.links.get(rider=None)
    return links.path(link)


def test_the_manager_sees_the_team_and_a_rider_only_the_own_page(client: Client, booked: Registration) -> None:
    mine = client.get(page(booked))
    assert (mine.status_code, next(t.name for t in mine.templates)) == (200, "race/team_grid.html")
    assert (mine.context["placed"], mine.context["waiting"], mine.context["incomplete"], mine.context["owed"]) == (
        2, 1, 3, 20_000,
    )  # fmt: skip
    own = client.get(page(booked, NAMES[0]))
    assert (own.status_code, NAMES[1] in own.content.decode()) == (200, False)
    for place in ("team/add/", "team/list.xlsx"):
        assert client.get(page(booked, NAMES[0]) + place).status_code == 404
    for text in (resident_number(NAMES[0]), "1990-03-07", "@example.org"):
        assert text not in mine.content.decode()


def test_all_places_are_paid_at_once(client: Client, booked: Registration) -> None:
    answer = client.post(page(booked) + "pay/", {"way": "on_site"})
    assert answer.status_code == 302
    assert list(booked.entries.order_by("pk").values_list("state", flat=True)) == ["confirmed", "confirmed", "waiting"]
    assert client.get(page(booked)).status_code == 200


def test_a_rider_is_asked_on_the_own_page_for_whom_to_call(client: Client, booked: Registration) -> None:
    own = page(booked, NAMES[0])
    asked = "还缺：紧急联系人的姓名与电话。"
    first = client.get(own)
    assert (first.context["missing"], asked in first.content.decode()) == (2, True)
    rider = first.context["people"][0].rider
    client.post(f"{own}riders/{rider.pk}/change/", {"emergency_name": "家人", "emergency_phone": "13800000000"})
    after = client.get(own)
    assert (after.context["missing"], asked in after.content.decode()) == (1, False)


def test_links_that_were_not_sent_again_are_not_called_sent(client: Client, booked: Registration) -> None:
    chosen = {"do": "links", "entry": list(booked.entries.values_list("pk", flat=True))}
    answer = client.post(page(booked) + "team/act/", chosen)
    assert (answer.context["told"], answer.context["told_as"]) == ("没有重新发送：五分钟内刚发过。", "note")


def test_the_list_of_the_team_holds_no_document_number(client: Client, booked: Registration) -> None:
    table = sheet.read(client.get(page(booked) + "team/list.xlsx").content)
    assert [row[1] for row in table[1:]] == NAMES[:3]
    assert resident_number(NAMES[0]) not in str(table)


def test_another_rider_is_sent_in_place_of_one(client: Client, booked: Registration) -> None:
    client.post(page(booked) + "pay/", {"way": "on_site"})
    gone = booked.entries.get(rider__name_zh=NAMES[0])
    there = f"{page(booked)}team/{gone.pk}/substitute/"
    wrong = client.post(there, {"r1_name": "新人", "r1_number": "1", "r1_phone": "13800000009"})
    assert [problem.code for problem in wrong.context["form"].judged[0].problems] == ["identity_length"]
    client.post(there, {"r1_name": "新人", "r1_number": resident_number("新人"), "r1_phone": "13800000009"})
    alive = booked.entries.filter(state__in=Entry.PLACED).order_by("pk").values_list("rider__name_zh", flat=True)
    assert sorted(alive) == sorted([NAMES[1], "新人"])


def test_the_manager_reads_and_writes_nothing_private_of_the_riders(client: Client, booked: Registration) -> None:
    """Not even beside a refusal, and not through the interface for machines: the riders have links of their own."""
    rider = booked.entries.order_by("pk")[0].rider
    answer = client.post(page(booked) + "pay/", {"way": "nothing"})
    assert (answer.status_code, next(one.name for one in answer.templates)) == (409, "race/team_grid.html")
    assert "@example.org" not in answer.content.decode()
    for place in ("change/", "sign/"):
        assert (
            client.post(f"{page(booked)}riders/{rider.pk}/{place}", {"email": "manager@example.org"}).status_code == 404
        )
    before = dossier.read(rider)
    changed = client.post(
        "/api/v1/registrations/mine/change/",
        {"entry": booked.entries.get(rider=rider).pk, "private": {"email": "manager@example.org"}},
        content_type="application/json", headers={"Authorization": f"Link {page(booked).split('/')[2]}"},
    )  # fmt: skip
    rider.refresh_from_db()
    assert (changed.status_code, changed.json()["errors"][0]["code"]) == (409, "not_the_rider")
    assert dossier.read(rider) == before


def test_figures_that_are_none_choose_nothing(client: Client, booked: Registration) -> None:
    for entry in ("²", "9" * 5000):
        assert client.post(page(booked) + "team/act/", {"entry": entry, "do": "links"}).status_code == 409
