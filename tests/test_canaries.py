"""Personal data that a rider gave us is in no byte that anybody else can see: pages, API, stream, logs, Redis, tables.

The canary is one rider whose number, phone, birth date, e-mail, emergency contact and medical note are found nowhere else.
Every public address is walked; a new one that this walk cannot fill in fails here until it is told how.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import date

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from race import dossier, payments, registration, vault
from race.models import Entry, Payment, PrivateLink, Rider
from results import live
from tests import cast
from tests.entering import enter, open_entries, resident_number

BORN = date(1987, 6, 5)
NUMBER = resident_number("canary", BORN)
PRIVATE = {
    "email": "canary@secret.example", "phone": "13912345678", "emergency_name": "金丝雀家人", "emergency_phone": "13787654321",
    "medical": "对青霉素过敏", "policy": "POL-CANARY-1", "guardian_phone": "13611112222", "blood": "AB-CANARY",
}  # fmt: skip
DATES = ("1987-06-05", "1987年6月5日", "1987/6/5", "5 June 1987", "June 5, 1987", "5 Jun 1987", "19870605")
CANARIES = (NUMBER, NUMBER[:-1], *PRIVATE.values(), *DATES)
#: Addresses that are no page of ours: the administrator's back office is behind its own sign-in (test below).
NOT_WALKED = re.compile(r"^(admin/|static/|api/v1/timing/)")


@pytest.fixture
def canary(db: None, redis: redis.Redis) -> Entry:
    """The cast's race with the canary on its published start list, read twice, on the board; and entered for next year."""
    stage = cast.make(published=True)
    entry = cast.enter(stage, 5)
    number, columns = NUMBER, dossier.columns(PRIVATE)
    Rider.objects.filter(pk=entry.rider_id).update(
        name_zh="金丝雀", birth_date=BORN, identity_kind="resident", identity_sealed=vault.seal(number),
        identity_hash=vault.fingerprint("resident", number), **columns,
    )  # fmt: skip
    stage.reads("C1 09:30:00.250")
    live.refresh(stage.race.pk)
    field = open_entries(slug="next")
    made = enter(field, "金丝雀", number=NUMBER)
    Rider.objects.filter(pk=made.rider_id).update(**columns)
    registration.withdraw(enter(field, "路人"), by=None)
    payments.start(made.registration, "sandbox")
    return made


def patterns(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for one in resolver.url_patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, here)
        elif isinstance(one, URLPattern):
            yield here


def addresses(pattern: str) -> list[str]:
    """The pattern with its placeholders filled; every one of them, or the walk does not know the way."""
    slugs = ("edition-open", "edition-next") if "editions/" in pattern else ("open", "next")
    return sorted({_filled(pattern, slug) for slug in slugs})


def _filled(pattern: str, slug: str) -> str:
    filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: _value(match[1], slug), pattern)
    return "/" + filled.replace("^", "").replace("$", "").replace("\\Z", "")


def _value(name: str, slug: str) -> str:
    """What stands for a placeholder: the canary's own where there is one, else something that fits."""
    own = {"slug": slug, "bib": "5", "rider": _key(Rider), "entry": _key(Entry), "number": Payment.objects.get().number}
    values = own | {
        "pk": "1", "code": "en", "secret": "no-such-secret", "token": "no-such-token", "version": "1", "provider": "sandbox",
        "day": "2026-01-01", "kind": "xlsx", "form": "pdf", "what": "money", "document": "1",
        "race": "open", "league": "luoyang", "group": "ME", "language": "zh",
    }  # fmt: skip
    assert name in values, f"the canary's walk does not know what stands for <{name}>"
    return values[name]


def _key(model: type[Rider] | type[Entry]) -> str:
    newest = model.objects.order_by("-pk").first()
    assert newest is not None
    return str(newest.pk)


def songs(content: bytes) -> list[str]:
    """Which canaries sing in these bytes, also where JSON or HTML escaped them."""
    text = content.decode(errors="replace")
    folded = text.replace(" ", "").replace("-", "")
    unescaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return [one for one in CANARIES if one in text or one in unescaped or (one.isdigit() and one in folded)]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_public_address_tells(
    canary: Entry, client: Client, language: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.raise_request_exception = False
    walked, named, sung = 0, 0, {}
    for pattern in patterns(get_resolver()):
        if NOT_WALKED.match(pattern):
            continue
        for address in addresses(pattern):
            for query in ("", "?q=金丝雀&race=open&edition=edition-next"):
                answer = client.get(address + query, headers={"Accept-Language": language})
                content = b"".join(answer.streaming_content) if answer.streaming else answer.content
                walked += 1
                if found := songs(content + str(answer.headers).encode()):
                    sung[address] = found
                named += "金丝雀" in content.decode(errors="replace")
                assert answer.status_code != 500, address
    assert sung == {}
    # The walk came by the rider: pages that name nobody tell nothing.
    assert walked > 40 and named > 3
    assert songs(caplog.text.encode()) == []


def test_refused_requests_do_not_repeat_what_they_were_given(canary: Entry, client: Client) -> None:
    body = {
        "person": {"identity_number": NUMBER, "private": PRIVATE, "birth_date": "1987-06-05"},
        "edition": "edition-next",
    }
    for address in ("/api/v1/registrations/", "/api/v1/entries/sign-on/", "/api/v1/races/open/guns/"):
        answer = client.post(
            address, json.dumps(body), content_type="application/json", headers={"Idempotency-Key": "canary"}
        )
        assert (answer.status_code >= 400, songs(answer.content)) == (True, []), address


def test_nothing_private_lies_open_in_redis(canary: Entry) -> None:
    store = redis.Redis.from_url(settings.REDIS_URL)
    kinds = {b"string": store.get, b"list": lambda key: store.lrange(key, 0, -1), b"hash": store.hgetall}
    held = {key: repr(kinds[store.type(key)](key)).encode() for key in store.scan_iter() if store.type(key) in kinds}
    assert held != {}
    assert {key: songs(value) for key, value in held.items() if songs(value)} == {}


def test_nothing_private_lies_open_in_a_table(canary: Entry) -> None:
    """A dump shows no number, phone, address or note. The birth date stands in one column, which eligibility needs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        singing = {}
        for table in tables:
            cursor.execute(f'SELECT to_jsonb(row)::text FROM "{table}" row')
            found = sorted({one for (text,) in cursor.fetchall() for one in songs(text.encode())})
            if found:
                singing[table] = found
    assert singing == {"race_rider": ["1987-06-05", "19870605"]} or singing == {"race_rider": ["1987-06-05"]}


def test_the_canary_can_be_heard(canary: Entry, client: Client) -> None:
    """The ears are on: where the owner may read it, the walk's own check finds it."""
    secret = vault.unseal(PrivateLink.objects.get(registration=canary.registration).secret_sealed)
    heard = songs(client.get(f"/my/{secret}/data/{canary.rider_id}.json").content)
    assert set(heard) >= {NUMBER, PRIVATE["email"], PRIVATE["phone"], "1987-06-05"}


def test_the_back_office_asks_who_comes(client: Client) -> None:
    assert client.get("/admin/race/entry/").status_code == 302
