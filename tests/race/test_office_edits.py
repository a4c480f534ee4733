"""Two people of the office at one rider, and what the office may write into a field: no edit undoes another unseen."""

import re
from typing import Any

import pytest
from django.test import Client

from race import dossier, papers
from race.models import Category, Document, Edition, Entry, LogLine, Rider
from tests import cast, entering
from tests.entering import Field

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


@pytest.fixture
def field() -> Field:
    return entering.open_entries(capacity=20)


@pytest.fixture
def office(field: Field) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.person(field.edition, "office"))
    return client


def form(office: Client, entry: Entry, **typed: str) -> dict[str, str]:
    """The form that corrects a rider as the page shows it now, with what somebody typed into it."""
    page = office.get(f"/office/entries/{entry.pk}/").content.decode()
    mine = re.search(rf'action="[^"]*/entries/{entry.pk}/rider/">(.*?)</form>', page, re.DOTALL)
    assert mine is not None
    given = dict(re.findall(r'<input [^>]*name="(\w+)"[^>]* value="([^"]*)"', mine[1]))
    for name, choices in re.findall(r'<select [^>]*name="(\w+)"[^>]*>(.*?)</select>', mine[1], re.DOTALL):
        chosen = re.search(r'value="(\w*)" selected', choices)
        given[name] = chosen[1] if chosen else ""
    del given["anyway"]
    return given | {"next": "/office/", "reason": "seen"} | typed


def told(office: Client, entry: Entry, given: dict[str, str]) -> list[str]:
    answer = office.post(f"/office/entries/{entry.pk}/rider/", given, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_two_forms_at_once_change_two_fields_and_neither_undoes_the_other(office: Client, field: Field) -> None:
    entry = entering.enter(field, "张伟")
    one, other = form(office, entry, name_zh="章伟"), form(office, entry, region_code="650000")
    assert (told(office, entry, one), told(office, entry, other)) == (
        ["Changed: Chinese name."], ["Changed: Region."],
    )  # fmt: skip
    rider = Rider.objects.get()
    assert (rider.name_zh, rider.region_code) == ("章伟", "650000")


def test_the_same_field_twice_is_told_to_the_second(office: Client, field: Field) -> None:
    entry = entering.enter(field, "张伟")
    one, other = form(office, entry, name_zh="章伟"), form(office, entry, name_zh="掌伟")
    told(office, entry, one)
    assert told(office, entry, other) == ["Somebody else has changed this rider meanwhile. Look at it again."]
    assert told(office, entry, one) == ["Nothing is different."]
    assert (Rider.objects.get().name_zh, LogLine.objects.filter(what="rider_edited").count()) == ("章伟", 1)


def test_a_riders_city_stays_when_something_else_is_corrected(office: Client, field: Field) -> None:
    Category.objects.update(quotas=[{"prefix": "4103", "max": 9, "name_zh": "洛阳", "name_en": "Luoyang"}])
    entry = entering.enter(field, "张伟", region="410300")
    given = form(office, entry, name_zh="章伟")
    assert (given["region_code"], told(office, entry, given)) == ("410300", ["Changed: Chinese name."])
    assert Rider.objects.get().region_code == "410300"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": "a@example.org, b@example.org"}, "This is not an e-mail address."),
        ({"email": "a@example.org\r\nBcc: b@example.org"}, "E-mail has characters that cannot be shown."),
        ({"phone": "call me"}, "Phone: this is not a phone number."),
        ({"name_zh": "张" * 61}, "Chinese name: at most 60 characters."),
        ({"name_zh": "张\u0085伟"}, ""),
    ],
)
def test_the_office_writes_no_address_that_nobody_reads(
    office: Client, field: Field, typed: dict[str, str], said: str
) -> None:
    entry = entering.enter(field, "张伟")
    before = dossier.read(entry.rider)
    (answer,) = told(office, entry, form(office, entry, **typed))
    rider = Rider.objects.get()
    if said:
        assert answer == said
        assert (rider.name_zh, dossier.read(rider)) == ("张伟", before)
    else:
        assert (answer, rider.name_zh) == ("Changed: Chinese name.", "张 伟")


def test_an_address_is_kept_as_forms_of_riders_keep_it(office: Client, field: Field) -> None:
    entry = entering.enter(field, "张伟")
    assert told(office, entry, form(office, entry, phone="138 0000 0001", email=" new@example.org ")) == [
        "Changed: E-mail, Phone."
    ]
    kept = dossier.read(Rider.objects.get())
    assert (kept["phone"], kept["email"]) == ("+8613800000001", "new@example.org")


def test_the_second_review_of_a_paper_is_told_of_the_first(office: Client, field: Field) -> None:
    Edition.objects.filter(pk=field.edition.pk).update(entry_rules={"documents": [{"kind": "health_certificate"}]})
    field.edition.refresh_from_db()
    entry = entering.enter(field, "张伟")
    paper = papers.send(entry.rider, field.edition, "health_certificate", "a.pdf", b"%PDF-1.7", None)
    page = office.get("/office/to-do/review/").content.decode()
    assert page.count('name="seen" value="sent"') == 2

    def reviewed(**given: Any) -> list[str]:
        there = f"/office/papers/{paper.pk}/review/"
        answer = office.post(there, given | {"next": "/office/", "seen": "sent"}, follow=True)
        return [str(message) for message in answer.context["messages"]]

    assert reviewed(verdict="accept") == ["Health certificate of 张伟 accepted."]
    assert reviewed(verdict="refuse", reason="unreadable") == [
        "Somebody else has reviewed this paper meanwhile. Look at it again."
    ]
    assert Document.objects.get().state == "accepted"


@pytest.mark.parametrize("given", [{"team": "a\x00b"}, {"a\x00": "b"}])
def test_a_nul_in_a_form_is_refused_before_any_query(office: Client, field: Field, given: dict[str, str]) -> None:
    entry = entering.enter(field, "张伟")
    there = f"/office/entries/{entry.pk}/team/"
    answer = office.post(there, given | {"reason": "x", "next": "/office/"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid")
    assert office.post(there, {"team": "ab", "reason": "x", "next": "/office/"}).status_code == 302
