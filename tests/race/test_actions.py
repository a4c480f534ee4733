"""What an office and a commissaire do, and when a rule says no."""

from datetime import timedelta

import pytest

from race import gun, sign_on, start_list, tokens, transponders, vault
from race.models import Entry, Gun
from race.permissions import living, may, roles
from race.refused import Refused
from tests import cast

pytestmark = pytest.mark.django_db


def refusal(call, *args, **kwargs):
    with pytest.raises(Refused) as refused:
        call(*args, **kwargs)
    return refused.value.code


def test_sign_on_is_all_or_nothing_and_a_second_scan_is_no_error():
    stage = cast.make()
    Entry.objects.update(signed_on=False)
    assert sign_on.sign_on(stage.race, [1, 2], by=None) == 2
    assert sign_on.sign_on(stage.race, [2, 3], by=None) == 1
    assert refusal(sign_on.sign_on, stage.race, [4, 99], by=None) == "not_on_list"
    assert list(Entry.objects.filter(signed_on=True).values_list("bib", flat=True)) == [1, 2, 3]


def test_the_newest_gun_counts_and_a_correction_needs_a_reason():
    stage = cast.make()
    gun.fire(stage.wave, cast.GUN, by=None)
    assert refusal(gun.fire, stage.wave, cast.GUN + timedelta(seconds=1), by=None) == "reason_missing"
    gun.fire(stage.wave, cast.GUN + timedelta(seconds=1), by=None, reason="flag seen on film")
    assert refusal(gun.fire, stage.wave, cast.GUN + timedelta(days=1), by=None, reason="x") == "wrong_day"
    assert refusal(gun.fire, stage.wave, cast.GUN.replace(tzinfo=None), by=None, reason="x") == "no_zone"
    assert list(Gun.objects.order_by("revision").values_list("at", flat=True)) == [
        cast.GUN,
        cast.GUN + timedelta(seconds=1),
    ]


def test_a_chip_is_never_with_two_riders_at_once():
    stage = cast.make()
    noon = cast.GUN + timedelta(hours=3)
    assert (
        refusal(transponders.hand_out, stage.edition, [(stage.entries[2], "c1", None, None)], by=None) == "chip_taken"
    )
    transponders.take_back(stage.entries[1].assignments.get(), noon, by=None, reason="day 2")
    transponders.hand_out(stage.edition, [(stage.entries[2], " c1 ", noon, None)], by=None)
    assert sorted(stage.entries[2].assignments.values_list("transponder__code", flat=True)) == ["C1", "C2"]


def test_a_start_list_without_a_bib_is_not_published():
    stage = cast.make(published=False)
    Entry.objects.filter(bib=4).update(bib=None)
    assert refusal(start_list.publish, [stage.race], by=None) == "no_bib"
    stage.race.refresh_from_db()
    assert stage.race.published_at is None


def test_identity_numbers_are_sealed_and_found_by_their_hash():
    number = "410311199001010017"
    sealed = vault.seal(number)
    assert number not in sealed
    assert vault.unseal(sealed) == number
    assert vault.fingerprint("resident", "41031119900101 001７") == vault.fingerprint("resident", number)
    assert vault.fingerprint("passport", number) != vault.fingerprint("resident", number)


def test_roles_are_of_one_edition_and_a_chief_is_a_commissaire():
    stage, other = cast.make(), cast.make(slug="other")
    chief = cast.person(stage.edition, "chief")
    assert roles(chief, stage.edition) == {"chief", "commissaire"}
    assert roles(chief, other.edition) == set()
    assert may(cast.person(stage.edition, "announcer"), stage.edition, "commissaire") is False


def test_a_token_is_one_role_whatever_its_owner_may_be_and_can_be_revoked():
    stage, other = cast.make(), cast.make(slug="other")
    owner = cast.person(stage.edition, "administrator")
    token, secret = tokens.issue(stage.edition, owner, "deliveries", "mat 1")
    assert roles(owner, stage.edition, token) == {"deliveries"}
    assert roles(owner, other.edition, token) == set()
    assert secret not in token.digest
    assert living(token)
    tokens.revoke(token)
    token.refresh_from_db()
    assert not living(token)
