"""Entering by the API: whole answers, replays, refusals, and what the private link may do."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from race import dossier, places, registration, regulations
from race.models import Category, Edition, Entry, LogLine, Race, Rider, User
from tests import cast
from tests.entering import Field, enter, open_entries, resident_number
from tests.race.test_teams import register as team_registered
from tests.race.test_teams import rows as team_rows

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/registrations/"
State = Entry.State


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


def form(field: Field, name: str = "甲一", **more):
    """The body of a form."""
    who = {
        "identity_kind": "resident", "identity_number": resident_number(name), "name_zh": name, "region_code": "41",
        "private": {"emergency_name": "家人", "emergency_phone": "138 0000 0000"},
    }  # fmt: skip
    return {
        "edition": field.edition.slug, "categories": ["ME"], "person": who | more.pop("person", {}),
        "contact": {"name": name, "email": "one@example.org"}, "language": "en",
        "signature": {"signer": name, "version": regulations.current(field.edition).version},
    } | more  # fmt: skip


def post(client, body, key="key-1", address=ADDRESS, **headers):
    headers = {"Idempotency-Key": key} | headers if key else headers
    return client.post(address, json.dumps(body), content_type="application/json", headers=headers)


def code(answer):
    return answer.status_code, [error["code"] for error in answer.json()["errors"]]


def act(client, of: Entry, what: str, **body):
    link = registration.links.make(of.registration)
    secret = registration.links.path(link).split("/")[2]
    address = f"{ADDRESS}mine/{what}/"
    return post(client, {"entry": of.pk} | body, "", address, Authorization=f"Link {secret}")


def test_a_form_is_a_held_place_and_the_same_form_again_the_same_place(client):
    field = open_entries(capacity=5)
    first, again = post(client, form(field)), post(client, form(field))
    entry = Entry.objects.get()
    assert first.json() == {
        "registration": entry.registration_id,
        "link": first.json()["link"],
        "entries": [
            {"id": entry.pk, "race": "entering", "category": "ME", "state": "held", "fee_fen": 10_000, "position": None,
             "held_until": entry.held_until.isoformat()}
        ],
    }  # fmt: skip
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    assert client.get(first.json()["link"]) is not None
    assert code(post(client, form(field, "乙二"))) == (422, ["key_reused"])
    assert (Rider.objects.count(), entry.rider.name_zh) == (1, "甲一")


def test_whoever_comes_too_late_waits_and_sees_the_position(client):
    field = open_entries(capacity=1)
    answers = [post(client, form(field, name), name) for name in ("甲一", "乙二", "丙三")]
    seats = [answer.json()["entries"][0] for answer in answers]
    assert [(seat["state"], seat["position"]) for seat in seats] == [("held", None), ("waiting", 1), ("waiting", 2)]
    assert [post(client, form(field, name), name).json() for name in ("甲一", "乙二", "丙三")] == [
        answer.json() for answer in answers
    ]


def test_a_replay_is_answered_after_the_window_closed_and_a_newcomer_is_not(client):
    field = open_entries(capacity=5)
    first = post(client, form(field))
    Edition.objects.update(entry_closes_at=timezone.now() - timedelta(minutes=1))
    assert (post(client, form(field)).json(), code(post(client, form(field, "乙二"), "key-2"))) == (
        first.json(),
        (409, ["entries_closed"]),
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"person": {"name_zh": "长" * 61}}, (422, ["too_long"])),
        ({"person": {"name_zh": "甲\x07一"}}, (422, ["bad_characters"])),
        ({"person": {"name_zh": "\u202e\u200b"}}, (422, ["incomplete"])),
        ({"person": {"identity_number": "41031119900307001X"}}, (422, ["identity_check_digit"])),
        ({"person": {"identity_kind": "permit"}}, (422, ["identity_unknown_kind"])),
        ({"person": {"birth_date": "1990-03-08"}}, (422, ["identity_mismatch"])),
        ({"person": {"name_zh": ""}}, (422, ["incomplete"])),
        ({"person": {"nation": "QQQ"}}, (422, ["unknown_nation"])),
        ({"person": {"region_code": "洛阳"}}, (422, ["unknown_region"])),
        ({"person": {"private": {"emergency_phone": "12"}}}, (422, ["bad_phone"])),
        ({"person": {"private": {"colour": "red"}}}, (422, ["unknown_field"])),
        ({"person": {"private": {"insured_until": "2024-02-30"}}}, (422, ["bad_date"])),
        ({"person": {"private": {"medical": "x" * 1001}}}, (422, ["too_long"])),
        ({"person": {"professional": {"registered": True, "rank": "1"}}}, (422, ["unknown_field"])),
        ({"person": {"professional": {"retired_on": "never"}}}, (422, ["bad_date"])),
        ({"contact": {"name": "甲一"}}, (422, ["no_contact"])),
        ({"contact": {"name": "甲一", "email": "one at example"}}, (422, ["bad_email"])),
        ({"contact": {"name": "甲一", "phone": "abc"}}, (422, ["bad_phone"])),
        ({"signature": {"signer": " ", "version": 1}}, (422, ["incomplete"])),
        ({"signature": {"signer": "甲一", "version": 7}}, (409, ["new_version"])),
        ({"categories": ["XX"]}, (422, ["no_category"])),
        ({"categories": []}, (400, ["min_length"])),
        ({"edition": "nowhere"}, (404, ["not_found"])),
        ({"team": "队" * 81}, (422, ["too_long"])),
        ({"person": {"identity_number": resident_number("乙", female=True)}}, (409, ["men_only"])),
    ],
)
def test_bad_input_is_a_clear_refusal_and_nothing_is_written(client, change, expected):
    field = open_entries(capacity=5)
    assert code(post(client, form(field, **change))) == expected
    assert (Rider.objects.count(), Entry.objects.count(), Category.objects.get().taken) == (0, 0, 0)


def test_a_key_is_needed_and_not_too_long(client):
    field = open_entries(capacity=5)
    missing = post(client, form(field), "")
    assert (missing.status_code, missing.json()["errors"][0]["attr"]) == (400, "Idempotency-Key")
    assert code(post(client, form(field), "k" * 81)) == (422, ["too_long"])


def test_a_tag_is_a_name_like_any_other(client):
    field = open_entries(capacity=5)
    post(
        client,
        form(field, person={"name_zh": "<script>alert(1)</script>"}, contact={"name": "<b>", "phone": "13800000000"}),
    )
    assert Rider.objects.get().name_zh == "<script>alert(1)</script>"


def test_a_minor_needs_a_guardian(client):
    field = open_entries(capacity=5, min_age=10)
    number = resident_number("少年", timezone.localdate() - timedelta(days=15 * 365))
    body = form(field, "少年", person={"identity_number": number})
    assert code(post(client, body, "k1")) == (422, ["guardian_missing"])
    body["signature"]["guardian"] = True
    assert code(post(client, body, "k2")) == (422, ["guardian_missing"])
    body["person"]["private"] |= {"guardian_name": "母亲", "guardian_phone": "13800000000"}
    assert post(client, body, "k3").status_code == 201


def test_a_known_rider_is_used_again_and_a_forgotten_or_other_one_is_not(client):
    field = open_entries(capacity=9)
    first = enter(field, "甲一")
    registration.withdraw(first, by=None)
    post(client, form(field, contact={"name": "甲一", "email": dossier.read(first.rider)["email"]}))
    assert Rider.objects.count() == 1
    registration.withdraw(Entry.objects.order_by("-pk")[0], by=None)
    Rider.objects.update(erased_at=timezone.now())
    post(client, form(field), "key-2")
    assert [rider.erased_at is None for rider in Rider.objects.order_by("pk")] == [False, True]
    registration.withdraw(Entry.objects.order_by("-pk")[0], by=None)
    stranger = form(field, "乙二", person={"identity_number": resident_number("甲一")})
    post(client, stranger, "key-3")
    assert sorted(Rider.objects.values_list("name_zh", flat=True)) == ["乙二", "甲一", "甲一"]


def test_number_and_name_alone_open_nothing_of_a_known_rider(client):
    field = open_entries(capacity=9)
    known = enter(field, "甲一")
    before = dossier.read(known.rider)
    registration.withdraw(known, by=None)
    answer = post(client, form(field, person={"private": {"email": "somebody@example.org", "medical": "none"}}))
    made = Entry.objects.latest("pk")
    known.rider.refresh_from_db()
    assert (answer.status_code, made.rider != known.rider, made.identity_hash == known.identity_hash) == (
        201,
        True,
        True,
    )
    assert dossier.read(known.rider) == before
    shown = client.get(f"{answer.json()['link']}data/{made.rider_id}.json").json()
    assert (shown["private"]["emergency_name"], len(shown["entries"])) == ("", 1)
    assert client.get(f"{answer.json()['link']}data/{known.rider_id}.json").status_code == 404


def test_the_office_joins_a_known_rider_by_number_and_name(client):
    field = open_entries(capacity=9)
    known = enter(field, "甲一")
    registration.withdraw(known, by=None)
    by = User.objects.create(username="office")
    made = enter(field, "甲一", key="again", by=by)
    assert made.rider == known.rider


@pytest.mark.parametrize("what", ["withdraw", "leave", "accept-offer", "payments"])
def test_a_rider_of_a_team_may_not_do_what_the_payer_does(client, what):
    booked = team_registered(open_entries(), team_rows("甲一"))
    entry = booked.entries.get()
    link = booked.links.get(rider=entry.rider)
    body = {"provider": "on_site"} if what == "payments" else {"entry": entry.pk}
    secret = registration.links.path(link).split("/")[2]
    answer = post(client, body, "", f"{ADDRESS}mine/{what}/", Authorization=f"Link {secret}")
    entry.refresh_from_db()
    assert (code(answer), entry.state) == ((409, ["not_the_payer"]), "held")


def test_a_free_place_is_confirmed_at_once(client):
    field = open_entries(capacity=1, fee_fen=0)
    seats = [post(client, form(field, name), name).json()["entries"][0] for name in ("甲一", "乙二")]
    assert [(seat["state"], seat["held_until"]) for seat in seats] == [("confirmed", None), ("waiting", None)]
    registration.withdraw(Entry.objects.order_by("pk")[0], by=None)
    assert act(client, Entry.objects.order_by("pk")[1], "accept-offer").json()["entries"][0]["state"] == "confirmed"


def test_the_link_sees_its_own_and_no_number(client):
    field = open_entries(capacity=5)
    made = post(client, form(field)).json()
    secret = made["link"].split("/")[2]
    answer = client.get(f"{ADDRESS}mine/", headers={"Authorization": f"Link {secret}"})
    entry = Entry.objects.get()
    assert answer.json() == {
        "registration": entry.registration_id, "edition": field.edition.slug, "language": "en",
        "contact": {"name": "甲一", "email": "one@example.org", "phone": ""},
        "change_until": registration.change_deadline(field.edition).isoformat(),
        "entries": [made["entries"][0] | {"owed_fen": 10_000, "bib": None, "rider": "甲一", "team": ""}],
    }  # fmt: skip
    assert resident_number("甲一") not in answer.content.decode()
    assert code(client.get(f"{ADDRESS}mine/")) == (401, ["not_authenticated"])
    assert code(client.get(f"{ADDRESS}mine/", headers={"Authorization": "Link nonsense"})) == (401, ["bad_link"])


def test_withdraw_passes_the_place_on_and_the_offer_is_taken_or_left(client):
    field = open_entries(capacity=1)
    one, two, three = (enter(field, name) for name in ("甲一", "乙二", "丙三"))
    assert act(client, one, "leave").json()["errors"][0]["code"] == "not_waiting"
    assert [act(client, one, "withdraw").json()["entries"][0]["state"] for _twice in range(2)] == ["withdrawn"] * 2
    assert act(client, two, "accept-offer").json()["entries"][0]["state"] == "held"
    assert code(act(client, three, "accept-offer")) == (409, ["no_offer"])
    assert act(client, three, "leave").json()["entries"][0]["state"] == "withdrawn"
    assert code(act(client, two, "withdraw", entry=one.pk)) == (404, ["not_found"])
    category = Category.objects.get()
    assert (category.taken, category.waiting) == (1, 0)


def test_an_offer_is_good_until_its_time_even_before_it_is_cleared_away(client):
    field = open_entries(capacity=1)
    one, two = enter(field, "甲一"), enter(field, "乙二")
    registration.withdraw(one, by=None)
    Entry.objects.filter(pk=two.pk).update(held_until=timezone.now() - timedelta(seconds=1))
    assert code(act(client, two, "accept-offer")) == (409, ["no_offer"])


def test_offers_end_before_the_race_and_the_office_may_still_make_them():
    field = open_entries(capacity=1)
    one, two = enter(field, "甲一"), enter(field, "乙二")
    Edition.objects.update(entry_rules={"offers_end_days_before": 70})
    registration.withdraw(one, by=None)
    three = enter(field, "丙三")
    assert [Entry.objects.get(pk=entry.pk).state for entry in (two, three)] == ["waiting", "waiting"]
    assert [entry.pk for entry in places.offer(field.category, by=cast.person(field.edition, "office"))] == [two.pk]


def test_places_are_told_to_everybody_in_two_queries(client, django_assert_max_num_queries):
    field = open_entries(capacity=1)
    for name in ("甲一", "乙二"):
        enter(field, name)
    with django_assert_max_num_queries(2):
        answer = client.get(f"/api/v1/editions/{field.edition.slug}/places/")
    assert answer.json() == {
        "categories": [{"race": "entering", "category": "ME", "capacity": 1, "taken": 1, "left": 0, "waiting": 1}]
    }
    assert answer.headers["Cache-Control"] == "max-age=1"


def test_the_organiser_changes_how_many_places_there_are(client):
    field = open_entries(capacity=1)
    for name in ("甲一", "乙二"):
        enter(field, name)
    headers = cast.bearer(field.edition, "organiser")
    address = "/api/v1/races/entering/categories/ME/"
    more, fewer = (
        client.patch(address, {"capacity": capacity}, content_type="application/json", headers=headers)
        for capacity in (3, 1)
    )
    assert more.json() == {"category": "ME", "capacity": 3, "taken": 2, "left": 1, "waiting": 0, "offered": 1}
    assert code(fewer) == (409, ["below_taken"])
    line = LogLine.objects.get(what="capacity")
    assert line.details == {"race": "entering", "category": "ME", "before": 1, "after": 3}


def test_one_address_cannot_send_without_end(client, settings):
    settings.ENTRIES_PER_ADDRESS = 2
    field = open_entries(capacity=5)
    statuses = [post(client, form(field)).status_code for _time in range(3)]
    assert statuses == [201, 200, 429]


def test_a_team_is_made_by_its_first_rider_and_not_by_a_refused_one(client):
    field = open_entries(capacity=5)
    teams = field.edition.teams.filter(name_zh="新车队")
    refused = post(client, form(field, team="新车队", signature={"signer": "甲一", "version": 7}))
    assert (code(refused), teams.exists()) == ((409, ["new_version"]), False)
    for name in ("甲一", "乙二"):
        assert post(client, form(field, name, team="新车队"), name).status_code == 201
    assert (teams.count(), Entry.objects.filter(team=teams.get()).count(), Race.objects.count()) == (1, 2, 1)


def test_what_a_link_tells_is_kept_by_no_cache(client):
    field = open_entries(capacity=5)
    secret = post(client, form(field)).json()["link"].split("/")[2]
    mine = client.get("/api/v1/registrations/mine/", headers={"authorization": f"Link {secret}"})
    races = client.get("/api/v1/races/")
    assert (mine.status_code, mine["Cache-Control"], "Cache-Control" in races) == (200, "no-store", False)


def test_a_name_holds_no_letters_that_nobody_sees(client):
    field = open_entries(capacity=5)
    given = form(field)
    given["person"] |= {"name_zh": "甲\u202e\u200b一\ufeff"}
    assert post(client, given).status_code == 201
    assert Rider.objects.get().name_zh == "甲一"
