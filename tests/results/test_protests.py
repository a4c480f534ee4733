"""Protests: in time or not, once, settled once; what they hold up and what they mark."""

from datetime import timedelta

import orjson
import pytest

from race import clock
from race.models import Edition, Entry
from race.refused import Refused
from results import chain, live, protests, publication, rulings
from results.models import ProtestStep
from tests import cast
from tests.results.test_publication import at, finished, refusal

pytestmark = pytest.mark.django_db


def filed(stage, bib=2, about=(1,)):
    entry = Entry.objects.get(race=stage.race, bib=bib)
    return protests.file(stage.race, bibs=about, text="took my line in the sprint", by_entry=entry)


def disputed(stage):
    return orjson.loads(live.board(stage.race).json)["disputed"]


def test_a_protest_is_filed_within_the_window_of_the_newest_publication():
    stage = finished()
    assert refusal(filed, stage) == "nothing_published"
    publication.publish(stage.race, by=None)
    at(stage, 90)
    first = filed(stage)
    assert (first.number, first.bibs, disputed(stage)) == (1, [1], [1])
    assert refusal(filed, stage) == "already_protested"
    assert refusal(filed, stage, about=(77,)) == "not_on_list"
    assert refusal(filed, stage, about=()) == "not_on_list"
    with pytest.raises(Refused, match="Say what happened"):
        protests.file(stage.race, bibs=[1], text="  no ")
    edition = Edition.objects.get(pk=stage.edition.pk)
    clock.set_rehearsal(edition, event=cast.GUN + timedelta(minutes=90, microseconds=1), speed=0)
    stage.race.edition.refresh_from_db()
    assert refusal(filed, stage, about=(3,)) == "window_over"


def test_a_verdict_settles_it_once_and_is_an_official_act():
    stage = finished()
    publication.publish(stage.race, by=None)
    protest = filed(stage)
    assert refusal(protests.decide, protest, "upheld", reason=" ", by=None) == "reason_missing"
    assert refusal(protests.decide, protest, "returned", reason="x", by=None) == "unknown_kind"
    ruling = rulings.issue(stage.race, "relegate_group", bib=1, reason="irregular sprint", by=None)
    verdict = protests.decide(protest, "upheld", reason="seen on the photo", by=None, ruling=ruling)
    assert orjson.loads(bytes(verdict.link.canonical))["ruling"] == ruling.number
    assert (disputed(stage), chain.broken_at(stage.edition)) == ([], None)
    assert refusal(protests.decide, protest, "rejected", reason="x", by=None) == "already_settled"
    assert refusal(protests.withdraw, protest, by=None) == "already_settled"
    assert filed(stage).number == 2


def test_the_deposit_is_taken_once_and_given_back_or_kept_once():
    stage = finished()
    publication.publish(stage.race, by=None)
    protest = filed(stage)
    give = {"amount_fen": 50_000, "by": None}
    assert refusal(protests.deposit, protest, "returned", **give) == "bad_step"
    protests.deposit(protest, "deposit", **give)
    assert refusal(protests.deposit, protest, "deposit", **give) == "bad_step"
    protests.withdraw(protest, by=None)
    protests.deposit(protest, "returned", **give)
    assert refusal(protests.deposit, protest, "kept", **give) == "bad_step"
    assert refusal(protests.deposit, protest, "upheld", **give) == "bad_step"
    assert list(ProtestStep.objects.order_by("pk").values_list("kind", flat=True)) == [
        "deposit",
        "withdrawn",
        "returned",
    ]
