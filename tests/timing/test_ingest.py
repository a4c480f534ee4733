"""The two ways of reads into the table say the same, whatever the reads hold."""

import pytest
from django.db import connection

from tests import cast
from timing import ingest, intake, named, parking, parsing, rejects
from timing.decoders.model import Parsed
from timing.decoders.model import Read as Sent
from timing.models import Delivery, Ingestion, Pending, Read, Reject, Source

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("alone")]


def stored():
    rows = Read.objects.order_by("local_us", "chip").values_list("chip", "local_us", "seq", "rssi", "lap", "device")
    return [(chip, local_us - cast.local_us("09:00:00"), *said) for chip, local_us, *said in rows]


def counts():
    return list(Ingestion.objects.order_by("pk").values_list("new", "known", "unknown"))


def copies(monkeypatch):
    """The tables that reads were copied into, in order."""
    tables = []
    real = ingest._copy
    monkeypatch.setattr(
        ingest, "_copy", lambda cursor, table, lines: (tables.append(table), real(cursor, table, lines))
    )
    return tables


def test_new_reads_go_straight_in_and_those_among_known_ones_do_not(monkeypatch):
    tables = copies(monkeypatch)
    stage = cast.make()
    stage.reads("C1 09:00:01", "X9 09:00:03")
    stage.reads("C1 09:00:05", "C1 09:00:06")
    stage.reads("C1 09:00:02", "C1 09:00:03", "X9 09:00:03", "X8 09:00:03")
    stage.reads("C1 09:00:02", source="Backup")
    assert tables == ["timing_read", "timing_read", "arriving", "timing_read"]
    assert counts() == [(2, 0, 1), (2, 0, 0), (3, 1, 1), (1, 0, 0)]
    assert [row[:2] for row in stored()] == [
        ("C1", 1_000_000), ("C1", 2_000_000), ("C1", 2_000_000), ("C1", 3_000_000), ("X8", 3_000_000),
        ("X9", 3_000_000), ("C1", 5_000_000), ("C1", 6_000_000),
    ]  # fmt: skip


@pytest.mark.parametrize("first", [(), ("Z 09:00:00", "Z 10:00:00")], ids=["straight", "among known ones"])
def test_no_letter_of_a_chip_or_a_device_is_lost_or_breaks_a_row(first, monkeypatch):
    stage = cast.make()
    if first:
        stage.reads(*first)
    told = [
        ("A\\B", 1_000_000, 5, -61, 3, "tab\tend\nback\\slash\r"),
        ("\\N", 2_000_000, None, None, None, "\\N"),
        ("\\.", 3_000_000, None, None, None, "洛阳"),
    ]
    start = cast.local_us("09:00:00")
    reads = [
        Sent("Finish", chip, start + at, seq=seq, rssi=rssi, lap=lap, device=device)
        for chip, at, seq, rssi, lap, device in told
    ]

    class Odd:
        @staticmethod
        def parse(body, context):
            return Parsed(tuple(reads))

    monkeypatch.setattr(parsing.decoders, "decoder", lambda make: Odd)
    intake.receive(stage.channel, b"bytes", "odd", options={"make": "odd"})
    ingest.take_in(stage.channel.pk)
    assert [row for row in stored() if row[0] != "Z"] == told


def test_every_read_has_its_source_and_its_ingestion(monkeypatch):
    monkeypatch.setattr(ingest, "PART_READS", 3)
    stage = cast.make()
    stage.reads(*[f"C1 09:30:{second:02d}" for second in range(8)])
    stage.reads("C1 09:30:01", "C2 09:30:01", source="Somewhere")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(s.id), count(i.id) FROM timing_read r LEFT JOIN timing_source s ON s.id = r.source_id"
            " LEFT JOIN timing_ingestion i ON i.id = r.ingestion_id"
        )
        assert cursor.fetchone() == (10, 10, 10)


def test_a_machine_gone_mad_costs_one_part_no_more_than_another(monkeypatch):
    """Ten megabytes of junk were one transaction of millions of rejects: it ran out of time, and again, and nothing of the
    channel was ever taken in behind it."""
    monkeypatch.setattr(ingest, "PART_READS", 100)
    monkeypatch.setattr(rejects, "MOST", 40)
    stage = cast.make()
    sizes = [30, 40, 50, 1]
    for number, size in enumerate(sizes):
        intake.receive(stage.channel, b"@@@$" * size, f"junk {number}", options={"make": "mylaps"})
    real, parts = ingest._store, []
    monkeypatch.setattr(ingest, "_store", lambda channel, cut: (parts.append(len(cut)), real(channel, cut)))
    stage.reads("C1 09:00:01")
    assert (parts, Pending.objects.count(), stored()) == ([3, 2], 0, [("C1", 1_000_000, None, None, None, "")])
    assert list(Ingestion.objects.order_by("delivery").values_list("rejected", flat=True)) == [*sizes, 0]
    kept = list(Reject.objects.order_by("pk").values_list("raw", "reason"))
    assert [(bytes(raw), reason) for raw, reason in kept if reason != "bad_frame"] == [(b"10", "and_more")]
    assert [bytes(raw) for raw, reason in kept if reason == "bad_frame"] == [b"@@@"] * (30 + 40 + 40 + 1)


def test_what_cannot_be_read_is_kept_byte_for_byte():
    stage = cast.make()
    body = b'Finish@Store@\\N\\.\xff\x01"\x7f%@4@$'
    intake.receive(stage.channel, body, "odd", options={"make": "mylaps"})
    ingest.take_in(stage.channel.pk)
    assert [(bytes(one.raw), one.reason) for one in Reject.objects.all()] == [(b'\\N\\.\xff\x01"\x7f%', "bad_length")]


def test_a_table_whose_chips_were_taken_for_places_makes_no_sources():
    stage = cast.make()
    rows = "".join(f"C1,2024-05-25 09:30:{second % 60:02d},M{second}\n" for second in range(named.MOST_NEW + 1))
    body = b"chip,time,point\n" + rows.encode()
    before = set(Source.objects.values_list("name", flat=True))
    for key, file in (("file", True), ("live", False)):
        intake.receive(stage.channel, body, key, options={"make": "csv"}, file=file)
    good = b"chip,time,point\nC1,2024-05-25 09:40:00,New\n"
    intake.receive(stage.channel, good, "good", options={"make": "csv"})
    ingest.take_in(stage.channel.pk)
    assert set(Source.objects.values_list("name", flat=True)) == before | {"New"}
    assert list(Pending.objects.values_list("delivery__key", "parked_why")) == [("file", "many_sources")]
    assert set(Reject.objects.values_list("reason", flat=True)) == {"too_many_sources"}
    parking.count(Delivery.objects.get(key="file"), by=None)  # a person may say that it is right
    ingest.take_in(stage.channel.pk)
    assert Source.objects.count() == len(before) + 1 + named.MOST_NEW + 1


def test_who_speaks_for_one_source_makes_no_other(monkeypatch):
    stage = cast.make()
    stage.channel.sources.set(Source.objects.filter(name="Finish"))
    stage.reads("C1 09:00:01", source="Evil")
    assert list(Reject.objects.values_list("reason", flat=True)) == ["source_not_allowed"]
    stage.channel.sources.clear()
    monkeypatch.setattr(named, "MOST_UNMAPPED", 1)
    stage.reads("C1 09:00:02", source="One")
    stage.reads("C1 09:00:03", source="Two")
    assert not Source.objects.filter(name__in=("Evil", "Two")).exists()
    assert Source.objects.filter(name="One").exists()
