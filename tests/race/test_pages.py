"""The start list and the way in."""

import re

import pytest
from django.test import Client

from race.models import Role
from tests import cast

pytestmark = pytest.mark.django_db


def rows(page):
    """The table as text, a line a rider."""
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", page, re.S)]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in line] for line in cells if line]


def test_the_start_list_says_who_rides_and_nothing_of_their_papers(client):
    cast.make(riders=2)
    page = client.get("/start-list/").content.decode()
    assert rows(page) == [["1", "车手1 RIDER No1", "洛阳飞驰车队", ""], ["2", "车手2 RIDER No2", "洛阳飞驰车队", ""]]
    assert "SYNTHETIC" not in page
    assert "1990" not in page


def test_in_english_the_latin_name_comes_first(client):
    cast.make(riders=1)
    client.cookies["django_language"] = "en"
    assert rows(client.get("/start-list/").content.decode()) == [["1", "RIDER No1 车手1", "Luoyang Feichi", ""]]


def test_before_it_is_published_there_is_no_list(client):
    cast.make(riders=2, published=False)
    assert client.get("/start-list/").status_code == 404
    page = client.get("/editions/edition-open/start-list/").content.decode()
    assert rows(page) == []
    assert "发车名单尚未发布" in page


def test_ten_queries_at_any_size(client, django_assert_max_num_queries):
    cast.make(riders=60)
    with django_assert_max_num_queries(10):
        client.get("/start-list/")


def test_signing_in_with_the_right_password_only(client):
    stage = cast.make(riders=0)
    person = cast.person(stage.edition, Role.Name.OFFICE)
    person.set_password("a long enough one")
    person.save()
    wrong = client.post("/login/", {"username": person.username, "password": "guess"}, REMOTE_ADDR="127.0.0.9")
    assert "账号与密码不符" in wrong.content.decode()
    right = client.post(
        "/login/", {"username": person.username, "password": "a long enough one"}, REMOTE_ADDR="127.0.0.9"
    )
    assert (right.status_code, right["Location"]) == (302, "/")
    assert client.post("/logout/")["Location"] == "/login/"


def test_ten_wrong_passwords_lock_the_account_for_a_while(client):
    stage = cast.make(riders=0)
    person = cast.person(stage.edition, Role.Name.OFFICE)
    person.set_password("a long enough one")
    person.save()
    tries = [client.post("/login/", {"username": person.username, "password": str(n)}).status_code for n in range(11)]
    last = client.post("/login/", {"username": person.username, "password": "a long enough one"}).status_code
    assert (tries, last) == ([200] * 9 + [429, 429], 429)


@pytest.mark.parametrize("address", ["/start-list/", "/login/", "/live/", "/ui/", "/api/docs/"])
def test_no_page_loosens_the_policy_for_scripts(client, address):
    cast.make(riders=1)
    policy = client.get(address)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy
    assert "unsafe-eval" not in policy


def test_the_back_office_shows_facts_and_edits_none(admin_client):
    cast.make(riders=1)
    assert admin_client.get("/admin/race/entry/").status_code == 200
    assert admin_client.get("/admin/race/entry/add/").status_code == 403
    assert admin_client.post("/admin/race/gun/add/", {}).status_code == 403


def test_wrong_passwords_lock_nobody_else(client):
    """Neither another account at that address, which a whole venue shares, nor this one at another address."""
    edition, password = cast.make(riders=0).edition, "a long enough one"
    office, chief = cast.person(edition, Role.Name.OFFICE), cast.person(edition, Role.Name.CHIEF)
    for person in (office, chief):
        person.set_password(password)
        person.save()
    for number in range(11):
        client.post("/login/", {"username": office.username, "password": str(number)}, REMOTE_ADDR="127.0.0.9")
    tries = [(chief, "127.0.0.9"), (office, "127.0.0.10"), (office, "127.0.0.9")]
    answers = [
        Client().post("/login/", {"username": one.username, "password": password}, REMOTE_ADDR=address)
        for one, address in tries
    ]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
