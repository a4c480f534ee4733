"""The phone pad at the server: a bib typed by a person counts like a chip, and a pad's key can do nothing else."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from race import bibs, gun, tokens
from race.models import Entry, LogLine, TimingPoint, Token
from race.refused import Refused
from tests import cast
from timing import corrections, ingest, pad, typed
from timing.models import Correction, Delivery, Ingestion, Read, Source, Status

pytestmark = pytest.mark.django_db
CLOCK, OWN, READS = "/api/v1/timing/clock/", "/api/v1/timing/pad/", "/api/v1/timing/reads/"


@pytest.fixture
def stage() -> cast.Cast:
    made = cast.make()
    gun.fire(made.wave, cast.GUN, by=None)
    return made


def opened(stage: cast.Cast, name: str = "Pad A", point: TimingPoint | None = None) -> pad.Pad:
    return pad.open_pad(stage.edition, point or stage.finish, name, by=cast.person(stage.edition, "timing_crew"))


class Phone:
    """A phone with a pad's key."""

    def __init__(self, made: pad.Pad) -> None:
        self.client, self.source = Client(), made.source.name
        self.headers = {"Authorization": f"Bearer {made.secret}"}

    def reads(self, *reads: str, source: str = "") -> dict[str, Any]:
        """Send reads, `"BIB:3 09:40:00.500"`."""
        rows = [
            {"source": source or self.source, "chip": chip, "local": f"2024-05-25T{at}", "told": "raw 1 ms"}
            for chip, at in map(str.split, reads)
        ]
        return self.says(READS, {"reads": rows})

    def back(self, *reads: str, **status: Any) -> dict[str, Any]:
        rows = [{"chip": chip, "local": f"2024-05-25T{at}"} for chip, at in map(str.split, reads)]
        return self.says(OWN, {"back": rows} | ({"status": status} if status else {}))

    def says(self, address: str, body: object) -> dict[str, Any]:
        answer = self.client.post(address, json.dumps(body), content_type="application/json", headers=self.headers)
        told: dict[str, Any] = answer.json() | {"http": answer.status_code}
        return told


def test_a_typed_bib_counts_like_a_chip_where_the_main_source_was_silent(stage: cast.Cast) -> None:
    phone = Phone(opened(stage))
    stage.reads("C1 09:20:00", "C2 09:20:01", "C1 09:40:00", "C2 09:40:02")
    answer = phone.reads(
        "BIB:1 09:40:00.800", "BIB:3 09:20:05.123", "BIB:3 09:40:05.250", "TAP 09:40:07", "BIB:99 09:40:08"
    )
    assert (answer["http"], answer["counts"]) == (
        201,
        {"new": 5, "known": 0, "rejected": 0, "unknown": 1, "markers": 0},
    )
    assert (answer["unknown_chips"], answer["unmapped"]) == (["BIB:99"], [])
    assert stage.table() == ["1 1 FIN 2", "2 2 FIN 2", "3 3 FIN 2", "– 4 racing 0"]
    body = json.loads(bytes(Delivery.objects.get(pk=answer["id"]).body))
    assert body["reads"][0]["told"] == "raw 1 ms"
    again = phone.reads("BIB:3 09:40:05.250")
    assert again["counts"] == {"new": 0, "known": 1, "rejected": 0, "unknown": 0, "markers": 0}


def test_a_bib_typed_before_it_was_handed_out_counts_from_the_day_it_is_worn(stage: cast.Cast) -> None:
    phone = Phone(opened(stage))
    phone.reads("BIB:44 09:20:00", "BIB:44 09:40:00")
    assert stage.table()[0] == "– 1 racing 0"
    bibs.give(stage.entries[4], 44, by=None, reason="plate was torn")
    assert stage.table()[0] == "1 44 FIN 2"


def test_what_is_taken_back_does_not_count_and_telling_it_twice_changes_nothing(stage: cast.Cast) -> None:
    phone = Phone(opened(stage))
    phone.reads("BIB:3 09:20:00", "TAP 09:20:00")
    assert stage.table()[0] == "1 3 racing 1"
    assert phone.back("BIB:3 09:20:00", "TAP 09:20:00", "BIB:3 09:21:00")["back"] == ["done", "done", "later"]
    assert stage.table()[0] == "– 1 racing 0"
    assert phone.back("BIB:3 09:20:00.000", "TAP 09:20:00")["back"] == ["known", "known"]
    assert [made.evidence for made in Correction.objects.all()] == ["Taken back at the pad Pad A"] * 2
    ignored = Correction.objects.filter(read__chip="BIB:3").get()
    corrections.undo(ignored, by=None, evidence="it was right")
    assert phone.back("BIB:3 09:20:00")["back"] == ["known"]
    assert stage.table()[0] == "1 3 racing 1"


def test_a_pads_key_adds_reads_of_its_pad_and_does_nothing_else(stage: cast.Cast) -> None:
    phone = Phone(opened(stage))
    assert phone.reads("BIB:3 09:20:00", source="Finish")["rejects"][0]["reason"] == "source_not_allowed"
    assert stage.table()[0] == "– 1 racing 0"
    own, other = stage.reads("C1 09:20:00"), Phone(opened(stage, "Pad B"))
    other.reads("BIB:2 09:20:00")
    assert phone.back("C1 09:20:00", "BIB:2 09:20:00")["back"] == ["later", "later"]
    for method, address in (("GET", READS), ("POST", "/api/v1/timing/corrections/"), ("GET", "/api/v1/entries/?race=open"),
                            ("POST", "/api/v1/timing/pads/"), ("GET", f"/api/v1/timing/deliveries/{own.pk}/")):  # fmt: skip
        assert phone.client.generic(method, address, headers=phone.headers).status_code == 403, address
    bare = cast.bearer(stage.edition, Token.DELIVERIES)
    answer = phone.client.get(OWN, headers=bare)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "not_a_pad")


def test_a_phone_learns_who_rides_and_nothing_else_of_anybody(stage: cast.Cast) -> None:
    phone = Phone(opened(stage))
    answer = phone.client.get(OWN, headers=phone.headers)
    told = answer.json()
    assert {name: told[name] for name in ("edition", "zone", "source", "point", "races")} == {
        "edition": "edition-open", "zone": "Asia/Shanghai", "source": "Pad A",
        "point": {"code": "F", "name": "F", "course": "绕圈"},
        "races": [{"race": "open", "name": "男子组", "here": True, "min_lap_ms": 60_000}],
    }  # fmt: skip
    assert told["rows"][0] == [1, "车手1", "RIDER No1", "open", "ME", "", "男子组"]
    tag = {"If-None-Match": answer["ETag"]}
    assert phone.client.get(OWN, headers=phone.headers | tag).status_code == 304
    Entry.objects.filter(bib=4).update(bib=40)
    assert phone.client.get(OWN, headers=phone.headers | tag).status_code == 200


def test_a_withdrawn_key_is_refused_and_its_reads_stay(stage: cast.Cast) -> None:
    made, crew = opened(stage), cast.person(stage.edition, "timing_crew")
    phone = Phone(made)
    phone.reads("BIB:3 09:20:00")
    client = Client()
    client.force_login(crew)
    assert client.delete(f"/api/v1/timing/pads/{made.token.pk}/").status_code == 204
    assert phone.reads("BIB:2 09:20:00")["http"] == 401
    assert stage.table()[:2] == ["1 3 racing 1", "– 1 racing 0"]
    told = client.get("/api/v1/timing/pads/?edition=edition-open").json()
    assert [(one["source"], one["point"], one["revoked_at"] is None, one["heard_at"] is None) for one in told] == [
        ("Pad A", "F", False, False)
    ]
    assert list(LogLine.objects.order_by("pk").values_list("what", flat=True)) == ["pad_opened", "pad_withdrawn"]
    unlike = tokens.issue(stage.edition, crew, Token.DELIVERIES, "a mat")[0]
    assert client.delete(f"/api/v1/timing/pads/{unlike.pk}/").status_code == 404


def test_a_pad_stands_at_its_point_from_its_first_read_on_and_its_name_is_its_own(stage: cast.Cast) -> None:
    made = opened(stage)
    place = Source.objects.get(pk=made.source.pk)
    assert (place.make, place.role, place.zone, place.point_id) == ("pad", "backup", "Asia/Shanghai", stage.finish.pk)
    assert opened(stage).source == made.source
    summit = TimingPoint.objects.get(code="P")
    for name, point, code in (
        (" ", summit, "bad_name"),
        ("Finish", stage.finish, "name_taken"),
        ("Pad A", summit, "other_point"),
    ):
        with pytest.raises(Refused) as refused:
            opened(stage, name, point)
        assert refused.value.code == code
    assert Token.objects.count() == 2


def test_a_crew_opens_a_pad_without_a_browser(stage: cast.Cast) -> None:
    client = Client()
    headers = cast.bearer(stage.edition, "timing_crew")
    body = {"course": "loop", "point": "P", "name": "Climb"}
    answer = client.post("/api/v1/timing/pads/", body, content_type="application/json", headers=headers)
    told = answer.json()
    assert (answer.status_code, told["source"], told["course"], told["point"]) == (201, "Climb", "loop", "P")
    found = client.get(OWN, headers={"Authorization": f"Bearer {told['secret']}"})
    assert found.json()["point"]["code"] == "P"
    wrong = client.post("/api/v1/timing/pads/", body | {"point": "X"}, content_type="application/json", headers=headers)
    assert wrong.status_code == 400


def test_a_phone_says_how_it_is(stage: cast.Cast) -> None:
    phone = Phone(opened(stage))
    phone.back(battery=61, mains=False, queue=12, clock_us=-2_000_000, error_ms=9)
    status = Status.objects.get()
    assert (status.source.name, status.battery, status.mains, status.queue, status.clock_us) == (
        "Pad A", 61, False, 12, -2_000_000,
    )  # fmt: skip
    assert status.said["error_ms"] == 9
    phone.back(queue=0)
    status.refresh_from_db()
    assert (status.battery, status.queue) == (None, 0)


def test_the_clock_says_real_time_and_the_law_of_the_event(stage: cast.Cast) -> None:
    answer = Client().get(f"{CLOCK}?edition=edition-open")
    assert set(answer.json()) == {"now", "clock"} and answer["Cache-Control"] == "no-store"
    assert datetime.fromisoformat(answer.json()["now"]).utcoffset() is not None
    assert len(answer.content) < 200


@pytest.mark.parametrize(
    ("chip", "bib"),
    [("BIB:57", 57), ("BIB:1", 1), ("BIB:057", None), ("BIB:0", None), ("BIB:", None), ("BIB57", None), ("57", None),
     ("BIB:1234567", None), ("BIB:５", None), ("TAP", None), ("BIB:-1", None)],
)  # fmt: skip
def test_one_bib_has_one_code(chip: str, bib: int | None) -> None:
    assert typed.bib_of(chip) == bib
    assert bib is None or typed.chip_of(bib) == chip


def test_reads_of_a_pad_are_reads_like_any_other(stage: cast.Cast) -> None:
    phone = Phone(opened(stage))
    phone.reads("BIB:3 09:20:00.250")
    assert list(Read.objects.values_list("source__name", "chip", "local_us")) == [
        ("Pad A", "BIB:3", cast.local_us("09:20:00.250"))
    ]
    assert Ingestion.objects.get().unknown == 0
    assert ingest.totals([Delivery.objects.get().pk])
