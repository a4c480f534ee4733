"""What arrived stays what arrived: it can be fetched with its hash, and nobody edits or deletes it, nor a part of it."""

import base64
import hashlib
import random

import pytest
from django.db import DatabaseError, connection, transaction

from tests import cast
from timing import evidence, ingest, intake
from timing.models import Delivery, Ingestion, Marker, Read, Reject

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]

GUN = b"Finish@Marker@t=09:00:00|mt=Gunshot|n=1@2@$"
ODD = bytes(range(256)) * 40


@pytest.fixture
def stage():
    """The small race with a read, a reject and a gun marker."""
    made = cast.make()
    made.reads("C1 09:30:00", "C2 nonsense")
    reads = Read.objects.values_list("source", "ingestion")[0]
    Marker.objects.create(source_id=reads[0], ingestion_id=reads[1], kind="gun", name="A", local_us=1)
    return made


# --- the database refuses ---------------------------------------------------------------------------------------------

#: Model and a column that somebody might want to be otherwise.
COLUMNS = [
    (Delivery, "body", b"other"), (Delivery, "sha256", "0" * 64), (Delivery, "received_at", "2024-05-25T00:00:00Z"),
    (Delivery, "options", "{}"), (Read, "chip", "C9"), (Read, "local_us", 0), (Read, "ingestion_id", 0),
    (Marker, "local_us", 0), (Marker, "kind", "x"), (Reject, "raw", b""), (Reject, "reason", "none"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "column", "value"), COLUMNS, ids=lambda part: getattr(part, "__name__", str(part)))
def test_no_column_of_the_evidence_can_be_changed(stage, model, column, value):
    before = model.objects.values().first()
    with pytest.raises(DatabaseError, match="is evidence"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = %s WHERE id = %s", [value, before["id"]])
    assert model.objects.values().first() == before


@pytest.mark.parametrize("model", [Delivery, Read, Marker, Reject])
def test_no_row_of_the_evidence_can_be_deleted(stage, model):
    count = model.objects.count()
    for where in (f"WHERE id = {model.objects.first().pk}", ""):
        with pytest.raises(DatabaseError, match="is evidence"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {model._meta.db_table} {where}")
    with pytest.raises(DatabaseError, match="is evidence"), transaction.atomic():
        model.objects.all()._raw_delete("default")
    assert model.objects.count() == count > 0


@pytest.mark.parametrize("model", [Delivery, Read, Marker, Reject])
def test_it_is_the_trigger_that_refuses(stage, model):
    """Without it the database would not mind: so the tests above see the guard, and nothing else."""
    table, pk = model._meta.db_table, model.objects.first().pk
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER kept")
        cursor.execute(f"UPDATE {table} SET id = id WHERE id = %s", [pk])
        assert cursor.rowcount == 1
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER kept")
    with pytest.raises(DatabaseError, match="is evidence"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET id = id WHERE id = %s", [pk])


# --- the bytes again --------------------------------------------------------------------------------------------------


def fetched(client, number, **headers):
    return client.get(f"/api/v1/timing/deliveries/{number}/body/", headers=headers)


@pytest.fixture
def kept(client):
    """A delivery of odd bytes, larger than a piece; who asks is of the crew."""
    made = cast.make()
    client.force_login(cast.person(made.edition, "timing_crew"))
    return intake.receive(made.channel, ODD, "k", options={"make": "csv", "name": "终点 1.csv"}).delivery


def test_the_bytes_come_back_with_their_name_and_hash(client, kept, monkeypatch):
    monkeypatch.setattr(evidence, "PIECE", 1000)
    answer = fetched(client, kept.pk)
    digest = hashlib.sha256(ODD)
    assert b"".join(answer.streaming_content) == ODD
    told = {name: answer[name] for name in ("Content-Type", "Content-Disposition", "Content-Length", "ETag")}
    assert told == {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": "attachment; filename*=utf-8''%E7%BB%88%E7%82%B9%201.csv",
        "Content-Length": str(len(ODD)),
        "ETag": f'"{digest.hexdigest()}"',
    }
    assert answer["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert fetched(client, kept.pk, **{"If-None-Match": answer["ETag"]}).status_code == 304


def test_bytes_that_somebody_changed_behind_the_trigger_are_not_handed_out(client, kept):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE timing_delivery DISABLE TRIGGER kept")
        cursor.execute("UPDATE timing_delivery SET body = set_byte(body, 3, 7) WHERE id = %s", [kept.pk])
        cursor.execute("ALTER TABLE timing_delivery ENABLE TRIGGER kept")
    answer = fetched(client, kept.pk)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "evidence_changed")


def test_a_delivery_without_a_name_and_one_that_is_not(client, kept):
    plain = intake.receive(kept.channel, b"x", "n", options={}).delivery
    assert fetched(client, plain.pk)["Content-Disposition"] == f'attachment; filename="delivery-{plain.pk}.bin"'
    assert fetched(client, plain.pk + 1).status_code == 404


def test_crews_of_another_edition_and_deliveries_keys_get_nothing(client, kept):
    client.logout()
    other = cast.make(slug="other")
    for headers in (cast.bearer(other.edition, "timing_crew"), cast.bearer(kept.channel.edition, "deliveries"), {}):
        assert fetched(client, kept.pk, **headers).status_code in (401, 403)


# --- what goes in comes out -------------------------------------------------------------------------------------------


def test_every_row_is_a_read_or_a_reject_with_its_own_bytes():
    stage, dice = cast.make(), random.Random(4)
    good = [b"C%d,2024-05-25 09:%02d:%02d,Finish" % (n % 4 + 1, n // 60, n % 60) for n in range(200)]
    bad = [b"C1,nonsense,Finish", b"C2", b",2024-05-25 09:00:00,Finish", b"C3,2024-05-25 09:00:00," + b"x" * 200]
    bad += [b"C\xff\xfe,2024-05-25 09:00:00,Finish", b"C4,2024-05-25 29:00:00,Finish"] * 3
    lines = good + bad + good[:50]
    dice.shuffle(lines)
    body = b"chip,time,point\n" + b"\n".join(lines) + b"\n"
    made = intake.receive(stage.channel, body, "k", options={"make": "csv"}, file=True).delivery
    ingest.take_in(stage.channel.pk)
    counts = ingest.totals([made.pk])[made.pk]
    assert (counts["new"], counts["known"], counts["rejected"]) == (200, 50, len(bad))
    assert sorted(bytes(raw) for raw in Reject.objects.values_list("raw", flat=True)) == sorted(bad)
    assert all(Reject.objects.values_list("reason", flat=True))
    assert Ingestion.objects.get().count + len(bad) == len(lines)


def test_a_stream_too():
    stage = cast.make()
    frames = [b"Finish@Store@LZ6302115:37:40.704 5 0F  1000125030862@1@$", GUN, b"Finish@Odd@x@3@$", b"no frame at all"]
    made = intake.receive(
        stage.channel, b"".join(frames), "k", options={"make": "mylaps", "date": "2024-05-25"}
    ).delivery
    ingest.take_in(stage.channel.pk)
    counts = ingest.totals([made.pk])[made.pk]
    rejects = sorted(bytes(raw) for raw in Reject.objects.values_list("raw", flat=True))
    assert (counts["new"], counts["markers"], counts["rejected"], rejects) == (1, 1, 2, [b"Finish@Odd@x@3@", frames[3]])
