"""Lists: many riders ruled on at once, each by an act of its own, all of them or none; the time cut."""

import pytest
from django.test import Client

from race import gun
from race.models import Race
from race.refused import Refused
from results import ruling_lists, to_do
from results.models import Ruling
from tests import cast

pytestmark = pytest.mark.django_db
THERE = "/officials/rulings/open/many/"


@pytest.fixture
def stage():
    to_do.forget()
    stage = cast.make(laps=1)
    Race.objects.filter(pk=stage.race.pk).update(rules=stage.race.rules | {"limit": {"percent": 10}})
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "C2 09:30:00", "C3 09:31:00")
    stage.race.refresh_from_db()
    return stage


@pytest.fixture
def client(stage):
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.person(stage.edition, "commissaire"))
    return client


def made():
    return list(Ruling.objects.order_by("number").values_list("kind", "entry__bib", "article", "reason"))


def test_numbers_are_read_as_people_write_them():
    assert ruling_lists.bibs(" 12, 7，9、 12\n3 ") == [12, 7, 9, 3]
    with pytest.raises(Refused) as refused:
        ruling_lists.bibs("12 x3")
    assert refused.value.code == "bad_number"


def test_a_list_becomes_rulings_all_of_them_or_none(stage, client):
    body = {"kind": "dnf", "bibs": "4, 99", "reason": "broom wagon"}
    refused = client.post(THERE, body)
    assert (refused.status_code, made()) == (409, [])
    assert "4, 99" in refused.content.decode(), "what was written is still there"
    client.post(THERE, body | {"bibs": "4 3"})
    assert made() == [("dnf", 4, "UCI 1.3.080", "broom wagon"), ("dnf", 3, "UCI 1.3.080", "broom wagon")]
    assert client.post(THERE, body | {"bibs": "4 3"}).status_code == 409, "a second click rules nobody twice"
    assert len(made()) == 2


def test_the_time_cut_is_proposed_and_waived_for_one_or_for_all(stage, client):
    page = client.get(THERE).content.decode()
    assert [f'value="{bib}"' in page for bib in (1, 2, 3)] == [False, True, True]
    client.post(THERE, {"kind": "otl_waive", "bibs": ["3"], "reason": "mechanical at the pass"})
    assert stage.table() == ["1 1 FIN 1", "2 3 FIN 1", "– 4 racing 0", "– 2 OTL 1"]
    client.post(THERE, {"kind": "otl_waive_all", "reason": "the road was closed"})
    assert stage.table()[:3] == ["1 1 FIN 1", "2 2 FIN 1", "3 3 FIN 1"]
    for body in ({"kind": "otl_waive", "reason": "x"}, {"kind": "dsq", "bibs": "1", "reason": "x"}):
        assert client.post(THERE, body).status_code == 409
