"""A person's own data: in one file for its owner, forgotten on demand and when its time is over."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from race import links, privacy, registration, vault
from race.models import Document, Edition, Entry, LedgerLine, LogLine, Message, PrivateLink, Rider
from race.refused import Refused
from tests.entering import enter, open_entries, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> Entry:
    return enter(open_entries(), "单雨桐")


def secret(entry: Entry) -> str:
    return vault.unseal(PrivateLink.objects.get(registration=entry.registration).secret_sealed)


def test_the_file_holds_everything_and_the_number_in_full(entry: Entry) -> None:
    told = privacy.export(entry.rider)
    assert told["person"] == {
        "name_zh": "单雨桐", "surname_latin": "SHAN", "given_latin": "Yutong", "passport_name": "", "sex": "M",
        "nation": "CHN", "region_zh": "", "uci_id": "", "birth_date": "1990-03-07", "professional": {},
        "document": {"kind": "resident", "country": "", "number": person("单雨桐").identity_number},
    }  # fmt: skip
    assert told["private"]["emergency_phone"] == "+8613800000000"
    assert [(one["race"], one["state"], one["fee_fen"]) for one in told["entries"]] == [("entering", "held", 10_000)]
    assert [one["signer"] for one in told["waivers"]] == ["单雨桐"]
    assert [one["what"] for one in told["log"]] == ["registered"]
    assert [told[name] for name in ("documents", "payments", "messages")] == [[], [], []]


def test_who_is_entered_cannot_be_forgotten_before_the_race(entry: Entry) -> None:
    with pytest.raises(Refused) as refused:
        privacy.erase(entry.rider, by=None)
    assert refused.value.code == "still_entered"
    entry.rider.refresh_from_db()
    assert entry.rider.private_sealed != ""


def test_nobody_is_forgotten_in_the_last_evening_of_a_race_far_in_the_west(entry: Entry) -> None:
    Edition.objects.update(zone="America/Bogota", ends_on="2026-05-03")
    with time_machine.travel("2026-05-03T21:00:00-05:00", tick=False), pytest.raises(Refused) as refused:
        privacy.erase(entry.rider, by=None)
    with time_machine.travel("2026-05-05T00:30:00-05:00", tick=False):
        privacy.erase(entry.rider, by=None)
    assert (refused.value.code, Rider.objects.get().private_sealed) == ("still_entered", "")


def test_forgetting_leaves_nothing_to_read_and_the_way_back_is_closed(entry: Entry) -> None:
    number, opened = person("单雨桐").identity_number, secret(entry)
    Document.objects.create(
        rider=entry.rider, edition=entry.edition, kind="insurance", file_name="a.pdf", content_type="application/pdf",
        size=1, sha256="0" * 64, sealed=vault.seal_bytes(b"x"),
    )  # fmt: skip
    registration.withdraw(entry, by=None)
    privacy.erase(entry.rider, by=None)
    rider = Rider.objects.get(pk=entry.rider_id)
    kept = (rider.private_sealed, rider.identity_sealed, rider.email_hash, rider.name_zh, rider.search_key)
    assert kept == ("", "", "", "", "")
    assert (str(rider.birth_date), rider.identity_hash == vault.fingerprint("resident", number)) == (
        "1990-01-01",
        False,
    )
    assert Document.objects.count() == 0
    assert set(Message.objects.values_list("to_sealed", "content_sealed")) == {("", "")}
    entry.registration.refresh_from_db()
    assert (entry.registration.contact_sealed, entry.registration.email_hash) == ("", "")
    assert links.find(opened) is None
    assert list(LogLine.objects.filter(what="erased").values_list("rider", "details")) == [
        (rider.pk, {"reason": "asked"})
    ]


def test_a_name_that_stood_on_a_published_start_list_stays(entry: Entry) -> None:
    Entry.objects.filter(pk=entry.pk).update(bib=7, state=Entry.State.CONFIRMED)
    entry.race.published_at = timezone.now()
    entry.race.save(update_fields=["published_at"])
    Edition.objects.filter(pk=entry.edition_id).update(ends_on=timezone.localdate() - timedelta(days=2))
    privacy.erase(entry.rider, by=None)
    assert str(Rider.objects.get(pk=entry.rider_id)) == "单雨桐"


def test_data_is_forgotten_when_its_time_is_over_and_not_a_day_before(entry: Entry) -> None:
    ended = timezone.now() - timedelta(days=365)
    Edition.objects.filter(pk=entry.edition_id).update(ends_on=ended.date())
    assert privacy.retain() == 0
    Edition.objects.filter(pk=entry.edition_id).update(ends_on=ended.date() - timedelta(days=1))
    assert (privacy.retain(), privacy.retain()) == (1, 0)
    entry.refresh_from_db()
    assert (entry.identity_hash, entry.rider.erased_at is not None) == (f"erased {entry.pk}", True)


def test_a_rider_who_enters_again_keeps_the_data(entry: Entry) -> None:
    Edition.objects.filter(pk=entry.edition_id).update(ends_on=timezone.localdate() - timedelta(days=400))
    again = enter(open_entries(slug="next"), "单雨桐", key="again")
    assert (again.rider_id, privacy.retain()) == (entry.rider_id, 0)


def test_money_is_never_forgotten(entry: Entry) -> None:
    LedgerLine.objects.create(edition=entry.edition, kind="fee", method="cash", amount_fen=10_000, entry=entry)
    registration_key = entry.registration.key
    Entry.objects.filter(pk=entry.pk).update(state=Entry.State.WITHDRAWN)
    privacy.erase(entry.rider, by=None)
    assert list(LedgerLine.objects.values_list("entry", "amount_fen")) == [(entry.pk, 10_000)]
    assert Entry.objects.get(pk=entry.pk).registration.key == registration_key


def test_the_owner_takes_the_file_along_and_nobody_else(client: Client, entry: Entry) -> None:
    answer = client.get(f"/my/{secret(entry)}/data/{entry.rider_id}.json")
    assert json.loads(answer.content) == json.loads(json.dumps(privacy.export(entry.rider)))
    assert (answer["Content-Disposition"], answer["Referrer-Policy"]) == (
        'attachment; filename="my-data.json"',
        "same-origin",
    )
    assert "no-store" in answer["Cache-Control"]
    stranger = enter(open_entries(slug="other"), "陌生人")
    assert client.get(f"/my/{secret(stranger)}/data/{entry.rider_id}.json").status_code == 404
    assert client.get("/my/wrong/data/1.json").status_code == 404


def test_the_page_asks_once_more_before_it_forgets(client: Client, entry: Entry) -> None:
    Entry.objects.filter(pk=entry.pk).update(state=Entry.State.WITHDRAWN)
    address = f"/my/{secret(entry)}/data/"
    unsure = client.post(address, {"forget": entry.rider_id})
    assert (unsure.status_code, Rider.objects.get(pk=entry.rider_id).erased_at) == (409, None)
    # With `no-referrer`, in the header or in the page, a browser sends the form with `Origin: null`, and it is refused.
    assert (unsure["Referrer-Policy"], "no-referrer" in unsure.content.decode()) == ("same-origin", False)
    sure = client.post(address, {"forget": entry.rider_id, "sure": "yes"})
    assert (sure.status_code, Rider.objects.get(pk=entry.rider_id).erased_at is None) == (200, False)
    assert (f'href="/my/{secret(entry)}/"' in sure.content.decode(), client.get(address).status_code) == (False, 404)
