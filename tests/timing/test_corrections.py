"""Corrections by the API: a stray read decides no race for longer than it takes to say so."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from race.models import Race
from results import facts, memory
from tests import cast
from tests.results.test_facts import RACED, raced
from timing import corrections, ingest
from timing.models import Correction, Read, Source

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/timing/corrections/"
WORDS = {
    "read": None,
    "delivery": None,
    "race": None,
    "bib": None,
    "point": None,
    "at": None,
    "correction": None,
    "evidence": "film",
}
IGNORED = ["1 2 FIN 2", "2 3 FIN 2", "3 1 racing 1", "4 4 racing 1"]


class Desk:
    """A person with one role at the edition, at the API."""

    def __init__(self, client, stage, role="timing_crew"):
        self.client, self.headers = client, cast.bearer(stage.edition, role)

    def post(self, **body):
        """Status and answer of a correction; the codes of the errors, where it is refused."""
        body = {"evidence": "film", **body}
        answer = self.client.post(ADDRESS, json.dumps(body), content_type="application/json", headers=self.headers)
        said = answer.json()
        return answer.status_code, said if answer.status_code < 400 else [
            (error["code"], error["attr"]) for error in said["errors"]
        ]

    def get(self, address=ADDRESS):
        """An answer."""
        return self.client.get(address, headers=self.headers).json()


def lasting(row):
    """A correction without its numbers, which differ from run to run."""
    return {key: value for key, value in row.items() if key not in ("id", "revision", "recorded_at")}


@pytest.mark.parametrize("role", ["timing_crew", "commissaire"])
def test_a_stray_read_is_found_and_ignored_and_that_undone(client, role):
    stage = raced()
    desk = Desk(client, stage, role)
    found = desk.get("/api/v1/timing/reads/?chip=C1&source=Finish")["results"]
    stray = [read["id"] for read in found if read["local"] == "2024-05-25T09:40:00.000000"]
    status, made = desk.post(kind="ignore", read=stray[0])
    assert (status, lasting(made)) == (201, {"kind": "ignore", **WORDS, "read": stray[0]})
    assert stage.table() == IGNORED
    status, undone = desk.post(kind="undo", correction=made["id"], evidence="it was the rider")
    assert (status, lasting(undone)) == (
        201,
        {"kind": "undo", **WORDS, "correction": made["id"], "evidence": "it was the rider"},
    )
    assert stage.table() == RACED
    assert desk.get() == [made, undone]


def test_undoing_an_undo_brings_the_correction_back_and_moves_the_race(client):
    stage = raced()
    desk, tables, revisions = Desk(client, stage), [], []
    made = desk.post(kind="ignore", read=stage.read("C1", "09:40:00").pk)[1]
    for _ in range(3):
        made = desk.post(kind="undo", correction=made["id"])[1]
        tables.append(stage.table())
        revisions.append(Race.objects.get().revision == made["revision"])
    assert (tables, revisions) == ([RACED, IGNORED, RACED], [True, True, True])


def test_a_read_is_moved_to_where_the_camera_saw_it(client):
    stage = raced()
    read = stage.read("C3", "09:40:10").pk
    status, made = Desk(client, stage).post(kind="move", read=read, at="2024-05-25T01:39:00.250Z")
    at = "2024-05-25T09:39:00.250000+08:00"
    assert (status, lasting(made)) == (201, {"kind": "move", **WORDS, "read": read, "at": at})
    assert stage.table()[0] == "1 3 FIN 2"


def test_a_passing_that_somebody_saw_is_added(client):
    stage = raced()
    where = {"race": "open", "bib": 4, "point": "F"}
    status, made = Desk(client, stage).post(kind="add", at="2024-05-25T09:45:00+08:00", **where)
    assert (status, lasting(made)) == (201, {"kind": "add", **WORDS, **where, "at": "2024-05-25T09:45:00+08:00"})
    assert stage.table()[3] == "4 4 FIN 2"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"kind": "erase", "read": 1}, (400, [("invalid_choice", "kind")])),
        ({"kind": "ignore"}, (400, [("required", "read")])),
        ({"kind": "ignore", "read": 1, "delivery": 1}, (400, [("not_wanted", "delivery")])),
        ({"kind": "ignore", "delivery": 10**12}, (400, [("invalid", "delivery")])),
        ({"kind": "move", "delivery": 1, "at": "2024-05-25T09:45:00Z"}, (400, [("required", "read")])),
        ({"kind": "ignore", "read": 10**12}, (400, [("invalid", "read")])),
        ({"kind": "ignore", "read": 1, "bib": 3}, (400, [("not_wanted", "bib")])),
        ({"kind": "move", "read": 1}, (400, [("required", "at")])),
        ({"kind": "move", "read": 1, "at": "2024-05-25T09:45:00"}, (400, [("no_zone", "at")])),
        ({"kind": "add", "race": "open", "bib": 4, "at": "2024-05-25T09:45:00Z"}, (400, [("required", "point")])),
        (
            {"kind": "add", "race": "open", "bib": 99, "point": "F", "at": "2024-05-25T09:45:00Z"},
            (400, [("invalid", "bib")]),
        ),
        (
            {"kind": "add", "race": "open", "bib": 4, "point": "Q", "at": "2024-05-25T09:45:00Z"},
            (400, [("invalid", "point")]),
        ),
        (
            {"kind": "add", "race": "open", "bib": 4, "point": "F", "at": "1970-01-01T09:45:00Z"},
            (409, [("not_in_edition", None)]),
        ),
        ({"kind": "undo", "correction": 10**12}, (400, [("invalid", "correction")])),
    ],
)  # fmt: skip
def test_a_correction_that_cannot_be(client, body, expected):
    assert Desk(client, raced()).post(**body) == expected
    assert Correction.objects.count() == 0


@pytest.mark.parametrize("kind", ["ignore", "move"])
def test_a_correction_needs_its_evidence(client, kind):
    stage = raced()
    body = {"kind": kind, "read": stage.read("C1", "09:40:00").pk, "evidence": " "}
    body |= {"at": "2024-05-25T09:45:00+08:00"} if kind == "move" else {}
    assert Desk(client, stage).post(**body) == (409, [("evidence_missing", None)])


def test_a_correction_is_undone_once(client):
    stage = raced()
    desk = Desk(client, stage)
    made = desk.post(kind="ignore", read=stage.read("C1", "09:40:00").pk)[1]
    again = [desk.post(kind="undo", correction=made["id"]) for _ in range(2)]
    assert (again[0][0], again[1]) == (201, (409, [("already_undone", None)]))


def test_another_edition_has_other_reads_and_corrections(client):
    stage, other = raced(), cast.make(slug="other")
    read = stage.read("C1", "09:40:00")
    made = corrections.ignore(read, by=None, evidence="film")
    desk = Desk(client, other)
    assert desk.get() == []
    assert desk.post(kind="ignore", read=read.pk) == (400, [("invalid", "read")])
    assert desk.post(kind="undo", correction=made.pk) == (400, [("invalid", "correction")])


@pytest.mark.parametrize(
    ("day", "taken"),
    [("2024-05-23T23:59:59.999999Z", False), ("2024-05-24T00:00:00Z", True), ("2024-05-27T23:59:59Z", True),
     ("2024-05-28T00:00:00Z", False)],
)  # fmt: skip
def test_a_time_is_on_the_days_of_the_edition(client, day, taken):
    stage = raced()
    status = Desk(client, stage).post(kind="move", read=stage.read("C1", "09:40:00").pk, at=day)[0]
    assert status == (201 if taken else 409)


def test_reads_are_found_by_chip_source_and_delivery(client):
    stage = raced()
    backup = stage.reads("C1 09:40:01", "C9 09:40:02", source="Backup")
    desk = Desk(client, stage)

    def found(query):
        return [(row["source"], row["chip"]) for row in desk.get(f"/api/v1/timing/reads/?{query}")["results"]]

    assert found("chip=C1") == [("Finish", "C1"), ("Finish", "C1"), ("Backup", "C1")]
    assert found("source=Backup") == [("Backup", "C1"), ("Backup", "C9")]
    assert found("source=Backup&chip=C9") == [("Backup", "C9")]
    assert found(f"delivery={backup.pk}") == [("Backup", "C1"), ("Backup", "C9")]
    assert found("source=nowhere") == found("delivery=0") == []
    assert client.get("/api/v1/timing/reads/?delivery=x", headers=desk.headers).status_code == 400


def test_a_wrong_file_is_taken_out_read_by_read(client):
    """What docs/race-day.md says: ask for what the delivery brought, ignore each."""
    stage = raced()
    wrong = stage.reads("C3 09:21:01", "C4 09:39:30")
    assert stage.table() != RACED
    desk = Desk(client, stage)
    for read in desk.get(f"/api/v1/timing/reads/?delivery={wrong.pk}")["results"]:
        desk.post(kind="ignore", read=read["id"], evidence="file of the wrong day")
    assert stage.table() == RACED


def test_an_upload_is_undone_as_a_whole_and_that_undone(client):
    """What the delivery was the first to bring no longer counts; what another one had brought before counts on."""
    stage = raced()
    wrong = stage.reads("C3 09:21:01", "C4 09:39:30", "C1 09:40:00")
    assert stage.table() != RACED
    desk = Desk(client, stage)
    status, made = desk.post(kind="ignore", delivery=wrong.pk, evidence="file of the wrong day")
    said = {"kind": "ignore", **WORDS, "delivery": wrong.pk, "evidence": "file of the wrong day"}
    assert (status, lasting(made), stage.table()) == (201, said, RACED)
    assert Race.objects.get().revision == made["revision"]
    assert desk.post(kind="ignore", delivery=wrong.pk) == (409, [("already_ignored", None)])
    assert corrections.ignored_deliveries(stage.edition) == {wrong.pk: made["id"]}
    chain = [made["id"]]
    for _ in range(3):
        chain.append(desk.post(kind="undo", correction=chain[-1])[1]["id"])
        held = corrections.ignored_deliveries(stage.edition)
        assert (held, stage.table() == RACED) == (({wrong.pk: chain[-1]}, True) if len(chain) % 2 else ({}, False))


def test_the_past_knows_the_upload_that_was_undone_later():
    stage = raced()
    stage.reads("C3 09:21:01", "C4 09:39:30")
    stage.race.refresh_from_db()
    then, table = stage.race.revision, stage.table()
    corrections.ignore_delivery(stage.channel.deliveries.latest("pk"), by=None, evidence="film")
    assert (stage.table(), stage.table(at=then)) == (RACED, table)


def test_a_part_that_is_taken_in_after_the_undo_does_not_count_either():
    stage = raced()
    later = stage.delivered("C3 09:21:01", "C4 09:39:30")
    corrections.ignore_delivery(later, by=None, evidence="film")
    memory.known(stage.race)
    ingest.take_in(stage.channel.pk)
    assert (Read.objects.filter(ingestion__delivery=later).count(), stage.table()) == (2, RACED)
    known, gathered = memory.known(stage.race), facts.gather(stage.race)
    assert set(known.facts.passings) == set(gathered.facts.passings)


def test_an_undone_upload_costs_no_query_more(django_assert_num_queries):
    stage = raced()
    with CaptureQueriesContext(connection) as before:
        facts.gather(stage.race)
    for second in range(3):
        wrong = stage.reads(f"C3 09:21:0{second}", "C4 09:39:30")
        corrections.ignore_delivery(wrong, by=None, evidence="film")
    with django_assert_num_queries(len(before)):
        facts.gather(stage.race)


def test_the_thread_of_a_spare_bike(client):
    """The read stays stored; it only does not count."""
    stage = raced()
    stray = stage.reads("C4 09:25:00").pk
    assert stage.table()[0] == "1 4 FIN 2"
    desk = Desk(client, stage)
    read = desk.get(f"/api/v1/timing/reads/?chip=C4&delivery={stray}")["results"][0]
    desk.post(kind="ignore", read=read["id"], evidence="spare bike of 4, carried back over the mat")
    assert stage.table() == RACED
    known = facts.gather(stage.race)
    assert known.ground.ignored == frozenset({read["id"]})
    assert Source.objects.get(name="Finish").reads.filter(pk=read["id"]).exists()
    assert max(one.at_us for one in known.facts.passings) == facts.microseconds(
        cast.GUN + timedelta(minutes=40, seconds=10)
    )
