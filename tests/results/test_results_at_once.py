"""Two officials at once, a rider and the chief at once: real threads over real connections, one outcome each."""

from __future__ import annotations

import pytest

from race.models import Category, Entry
from results import chain, prizes, protests, publication, rulings
from results.models import Communique, PrizePayment, Protest, ProtestStep, Publication, Ruling
from tests.race.test_payments_together import together
from tests.results.test_publication import at, finished

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("alone")]


def settled_once(race):
    for about in (1, 2, 3, 4):  # a verdict, a withdrawal and money for the same protest
        made = protests.file(race, bibs=[about], text="took my line", filed_by="A manager")
        outcomes = together(
            lambda made=made: str(protests.decide(made, "upheld", reason="seen", by=None).kind),
            lambda made=made: str(protests.decide(made, "rejected", reason="not seen", by=None).kind),
            lambda made=made: str(protests.withdraw(made, by=None).kind),
            lambda made=made: str(protests.deposit(made, "deposit", by=None).kind),
            lambda made=made: str(protests.deposit(made, "deposit", by=None).kind),
        )
        assert sorted(outcomes[:3]).count("already_settled") == 2, outcomes
        assert sorted(outcomes[3:]) == ["bad_step", "deposit"], outcomes
        assert ProtestStep.objects.filter(protest=made).count() == 2


def protested_or_official(stage, race):
    at(stage, 90)
    for rival in range(2, 5):  # the last minute of the window, and the chief who makes it official
        late, chief = together(
            lambda rival=rival: protests.file(
                race, bibs=[1], text="took my line", by_entry=Entry.objects.get(race=race, bib=rival)
            ),
            lambda: publication.publish(race, by=None, standing="official", after=1),
        )
        if isinstance(chief, Publication):
            break
        protests.withdraw(late, by=None)
    newest = Publication.objects.filter(race=race).latest("version")
    if newest.standing == "official":
        assert late == "official_stands"
        assert not protests.undecided().filter(race=race).exists()
    return newest


def test_whatever_is_done_twice_or_against_each_other_is_done_once():
    """One race for all of it: building one costs more than what is tried on it."""
    stage = finished()
    race = stage.race
    Category.objects.filter(race=race).update(prizes_fen=[80_000])

    done = together(*[lambda: publication.publish(race, by=None, after=0).version] * 3)
    assert sorted(map(str, done)) == ["1", "published_meanwhile", "published_meanwhile"]

    fouled = {"bib": 3, "reason": "feeding", "by": None}
    done = together(*[lambda: rulings.issue(race, "warning", **fouled).number] * 3)
    assert sorted(map(str, done))[1:] == ["already_ruled"] * 2
    warned = Ruling.objects.get(kind="warning")
    done = together(*[lambda: rulings.revoke(warned, reason="not him", by=None).number] * 3)
    assert sorted(map(str, done))[1:] == ["already_revoked"] * 2

    settled_once(race)
    newest = protested_or_official(stage, race)
    at(stage, 95)
    if newest.standing != "official":
        publication.publish(race, by=None, standing="official")
    pay = {"amount_fen": 80_000, "receipt": "x", "by": None}
    done = together(*[lambda: prizes.pay(race, "ME", "bib:1", **pay).gross_fen] * 3)
    assert sorted(map(str, done)) == ["80000", "prize_paid", "prize_paid"]
    part = {"amount_fen": 30_000, "reason": "a mistake", "by": None}
    done = together(*[lambda: prizes.take_back(race, "ME", "bib:1", seen_fen=80_000, **part).gross_fen] * 2)
    assert sorted(map(str, done)) == ["-30000", "amount_moved"]
    assert PrizePayment.objects.count() == 2

    numbers = list(Communique.objects.filter(edition=stage.edition).order_by("pk").values_list("number", flat=True))
    assert (numbers, chain.broken_at(stage.edition)) == ([1, 2], None)
    assert Protest.objects.filter(edition=stage.edition).count() == len(set(Protest.objects.values_list("number")))
