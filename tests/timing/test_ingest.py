"""The two ways of reads into the table say the same, whatever the reads hold."""

import pytest
from django.db import connection

from tests import cast
from timing import ingest, intake, parsing
from timing.decoders.model import Parsed
from timing.decoders.model import Read as Sent
from timing.models import Ingestion, Read

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
