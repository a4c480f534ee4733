"""A protest on its way: from the private link to the desk and back, what each page says and keeps to itself."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from race import links
from race.models import Entry, Registration
from results import publication, rulings
from results.models import Evidence, Protest
from tests.results.test_protests import PNG
from tests.results.test_publication import at, finished
from tests.results.test_view_officials import browser, words

pytestmark = pytest.mark.django_db


def private(stage, bib):
    """The private link of a rider, and a phone."""
    entry = Entry.objects.get(race=stage.race, bib=bib)
    registration = Registration.objects.create(edition=stage.edition, key=f"K{bib}")
    Entry.objects.filter(pk=entry.pk).update(registration=registration)
    return Client(headers={"accept-language": "en"}), links.path(links.make(registration)), entry


def test_a_rider_files_once_with_a_photo_and_the_page_follows():
    stage = finished()
    phone, home, entry = private(stage, 2)
    assert "can be protested now" in words(phone.get(f"{home}protest/"))
    publication.publish(stage.race, by=None)
    page = phone.get(f"{home}protest/?race=open&bib=1")
    assert ("until 10:30" in words(page), page["Cache-Control"]) == (True, "no-store")
    form = {"entry": entry.pk, "bibs": "1", "text": "short"}
    bad = phone.post(f"{home}protest/", form | {"photo": SimpleUploadedFile("x.png", b"<svg>")})
    assert (bad.status_code, "no PDF, JPEG" in bad.content.decode(), "short" in bad.content.decode()) == (
        409,
        True,
        True,
    )
    assert phone.post(f"{home}protest/", form | {"bibs": "1; DROP"}).status_code == 409
    assert phone.post(f"{home}protest/", form | {"entry": "x"}).status_code == 409
    assert Protest.objects.count() == 0
    for _again in range(2):  # a second click, or a try after a lost answer
        made = phone.post(f"{home}protest/", form | {"photo": SimpleUploadedFile("IMG.png", PNG)})
        assert (made.status_code, made["Location"]) == (302, f"{home}protest/1/")
    assert (Protest.objects.count(), Evidence.objects.count()) == (1, 1)
    assert "Open" in words(phone.get(f"{home}protest/1/"))
    assert "officials have it" in words(phone.get(f"{home}protest/1/", headers={"HX-Request": "true"}))
    _other, elsewhere, _entry = private(stage, 3)
    assert phone.get(f"{elsewhere}protest/1/").status_code == 404
    for _again in range(2):
        assert phone.post(f"{home}protest/1/withdraw/").status_code == 302
    assert "Withdrawn" in words(phone.get(f"{home}protest/1/"))
    assert phone.post(f"{home}protest/1/show/", {"photo": SimpleUploadedFile("b.png", PNG + b"2")}).status_code == 409
    at(stage, 91)
    late = phone.post(f"{home}protest/", form)
    assert (late.status_code, "time for protests is over" in late.content.decode()) == (409, True)


def test_the_desk_takes_one_in_person_keeps_its_deposit_and_decides_it():
    stage = finished()
    publication.publish(stage.race, by=None)
    judge, boss, clerk = browser(stage), browser(stage, "organiser"), browser(stage, "office")
    desk = "/officials/protests/"
    form = {"race": "open", "bibs": "1", "filed_by": "Manager Wang", "text": "left his line", "next": desk}
    assert boss.post(desk, form).status_code == 403
    for _again in range(2):
        assert judge.post(desk, form)["Location"] == desk
    assert Protest.objects.count() == 1
    told = words(judge.get(desk))
    assert "P1" in told and "Manager Wang" in told and "Protests until" in told
    assert "Time of the group" in words(judge.get(f"{desk}1/"))
    assert clerk.post(f"{desk}1/step/", {"do": "deposit"}).status_code == 302
    assert clerk.post(f"{desk}1/step/", {"do": "rejected", "reason": "x"}).status_code == 403
    assert "¥500 taken" in words(clerk.get("/office/ledger/protests/"))
    ruling = rulings.issue(stage.race, "relegate_group", bib=1, reason="irregular sprint", by=None)
    said = {"do": "upheld", "reason": "seen on the photo", "ruling": str(ruling.number), "next": f"{desk}1/"}
    for _again in range(2):
        assert judge.post(f"{desk}1/step/", said).status_code == 302
    assert judge.post(f"{desk}1/step/", {"do": "returned"}).status_code == 302
    page = words(judge.get(f"{desk}1/"))
    assert "Upheld" in page and "seen on the photo" in page and f"Ruling {ruling.number}" in page


def test_a_spectator_is_told_how_and_never_what_was_written():
    stage = finished()
    anybody = Client(headers={"accept-language": "en"})
    assert "no published result yet" in words(anybody.get("/live/open/1/protest/"))
    publication.publish(stage.race, by=None)
    assert "In person: anybody" in words(anybody.get("/live/open/1/protest/"))
    assert anybody.get("/live/open/99/protest/").status_code == 404
