"""Who comes into the office, and which edition it is about."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from race import staff_pages
from race.models import Edition, Role, User
from tests import cast

pytestmark = pytest.mark.django_db


def member(edition: Edition | None, role: str = Role.Name.OFFICE, name: str = "zhou") -> Client:
    """A browser in which somebody of this role is signed in."""
    user, _made = User.objects.get_or_create(username=name)
    if edition is not None:
        Role.objects.get_or_create(user=user, edition=edition, name=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def test_whoever_is_not_signed_in_signs_in_and_comes_back():
    cast.make(riders=0)
    answer = Client().get("/office/?a=1")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/office/%3Fa%3D1")


def test_a_form_that_is_sent_after_the_session_ended_leads_back_to_its_page_and_says_so():
    made = cast.make(riders=0)
    visitor = Client(headers={"accept-language": "en"})
    asked = {"next": "/line/chips/?chip=A", "chip": "A"}
    assert visitor.post("/line/chips/assign/", asked)["Location"] == "/login/?next=/line/chips/%3Fchip%3DA"
    for elsewhere in ("//evil.example/", "/\t/evil.example/", "/\\evil.example", "https://evil.example/"):
        away = visitor.post(f"/editions/{made.edition.slug}/line/chips/assign/", {"next": elsewhere})
        assert away["Location"] == f"/login/?next=/editions/{made.edition.slug}/line/"
    visitor.force_login(cast.person(made.edition, Role.Name.TIMING_CREW))
    assert "You had been signed out. Send the form once more." in visitor.get("/line/chips/").content.decode()


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.Name.OFFICE, 200),
        (Role.Name.ORGANISER, 200),
        (Role.Name.ADMINISTRATOR, 200),
        (Role.Name.COMMISSAIRE, 403),
        (Role.Name.CHIEF, 403),
        (Role.Name.TIMING_CREW, 403),
        (Role.Name.ANNOUNCER, 403),
    ],
)
def test_only_office_and_organiser_come_in(role: str, status: int):
    edition = cast.make(riders=0).edition
    answer = member(edition, role).get("/office/")
    assert answer.status_code == status
    assert ("has no role for this page" in answer.content.decode()) == (status == 403)


def test_a_role_at_one_edition_opens_no_other():
    mine, other = cast.make(riders=0).edition, cast.make(riders=0, slug="other").edition
    client = member(mine)
    assert [client.get(f"/editions/{slug}/office/").status_code for slug in (mine.slug, other.slug, "nowhere")] == [
        200, 403, 404,
    ]  # fmt: skip


def test_without_a_name_it_is_the_next_edition_that_is_not_over():
    past, coming, later = (cast.make(riders=0, slug=slug).edition for slug in ("past", "coming", "later"))
    for edition, days in ((past, -300), (coming, 20), (later, 400)):
        day = timezone.localdate() + timedelta(days=days)
        Edition.objects.filter(pk=edition.pk).update(starts_on=day, ends_on=day)
        client = member(edition)
    assert client.get("/office/").context["request"].desk.edition == coming
    assert client.get(f"/editions/{past.slug}/office/").context["request"].desk.edition == past


def test_an_edition_is_not_over_before_its_last_evening_is():
    tonight, later = (cast.make(riders=0, slug=slug).edition for slug in ("tonight", "later"))
    Edition.objects.filter(pk=tonight.pk).update(zone="America/Bogota", starts_on="2026-05-03", ends_on="2026-05-03")
    Edition.objects.filter(pk=later.pk).update(starts_on="2027-05-03", ends_on="2027-05-03")
    editions = list(Edition.objects.order_by("pk"))
    seen = []
    for at in ("2026-05-03T21:00:00-05:00", "2026-05-04T00:30:00-05:00"):
        with time_machine.travel(at, tick=False):
            seen.append(staff_pages.chosen(editions, None))
    assert seen == [tonight, later]


def test_nothing_of_the_office_is_kept_by_a_cache():
    answer = member(cast.make(riders=0).edition).get("/office/")
    assert "no-store" in answer["Cache-Control"] and "private" in answer["Cache-Control"]
