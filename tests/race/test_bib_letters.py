"""Riders are told their numbers, once each."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from race import bib_letters, bibs, links, messages, vault
from race.models import Entry, Message, PrivateLink
from tests import cast, desk_field
from tests.race.test_bibs import stage

pytestmark = pytest.mark.django_db


def test_riders_are_told_their_number_once_and_again_when_it_changes():
    made = stage(3)
    bibs.give(Entry.objects.get(rider__given_latin="N1"), 7, by=None)
    assert [bib_letters.tell(made.edition, by=None) for _time in range(2)] == [1, 0]
    message = Message.objects.get()
    assert (message.kind, message.channel, vault.unseal(message.to_sealed)) == ("bib", "sms", "13800000001")
    subject, text = messages.content(message)
    assert subject == "第十届公开赛：您的号码是 7 号"
    assert text.startswith("第十届公开赛：您的号码是 7 号 http")
    bibs.give(Entry.objects.get(rider__given_latin="N1"), 8, by=None)
    assert [entry.bib for entry in bib_letters.untold(made.edition)] == [8]
    assert bib_letters.tell(made.edition, by=None) == 1
    assert PrivateLink.objects.count() == 1


def test_a_mail_says_the_number_and_when_sign_on_is_open():
    made = stage(1)
    entry = Entry.objects.get()
    type(entry.rider).objects.update(private_sealed="")
    bibs.give(entry, 7, by=None)
    bib_letters.tell(made.edition, by=None)
    _subject, text = messages.content(Message.objects.get())
    link = PrivateLink.objects.get()
    assert text.splitlines() == [
        "车手N1以 7 号参加男子组。 检录时间 2024-05-25 08:00 至 08:50，09:00 发令（当地时间）。",
        "",
        links.url(link),
    ]


def test_telling_takes_the_same_number_of_queries_for_three_and_for_three_hundred():
    counted = []
    for size in (3, 300):
        made = cast.make(riders=0, published=False, slug=f"t{size}")
        desk_field.confirmed(made, size, prefix=f"T{size}-")
        Entry.objects.filter(edition=made.edition).update(bib=F("pk"))
        with CaptureQueriesContext(connection) as queries:
            assert bib_letters.tell(made.edition, by=None) == size
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10
