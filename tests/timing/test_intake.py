"""Bytes arrive once, whatever the sender does."""

import threading

import pytest
from django.db import connection, transaction

from race.refused import Refused
from tests import cast
from timing import ingest, intake, parsing
from timing.models import Channel, Delivery, Ingestion, Pending, Read, Reject, Source

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("alone")]


def in_threads(*calls):
    """Run calls at the same time, each on its own connection; returns what they returned or raised."""
    answers = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(index, call):
        try:
            gate.wait(10)
            answers[index] = call()
        except Exception as problem:
            answers[index] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index, call)) for index, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_a_delivery_is_kept_byte_for_byte():
    stage = cast.make()
    body = bytes(range(256)) * 5
    made = intake.receive(stage.channel, body, "k", options={"make": "csv"}, peer="127.0.0.1:1").delivery
    kept = Delivery.objects.get(pk=made.pk)
    assert (bytes(kept.body), kept.size, kept.peer, kept.options) == (body, 1280, "127.0.0.1:1", {"make": "csv"})
    assert Pending.objects.get().delivery_id == made.pk


def test_the_same_key_is_the_same_delivery_and_other_bytes_are_refused():
    stage = cast.make()
    first, again = (intake.receive(stage.channel, b"x", "k", options={}) for _time in range(2))
    assert (first.new, again.new, first.delivery.pk) == (True, False, again.delivery.pk)
    with pytest.raises(Refused) as refused:
        intake.receive(stage.channel, b"y", "k", options={})
    assert (refused.value.code, Delivery.objects.count(), Pending.objects.count()) == ("key_reused", 1, 1)


def test_twenty_senders_of_one_key_at_once_make_one_delivery():
    stage = cast.make()
    answers = in_threads(*[lambda: intake.receive(stage.channel, b"x", "k", options={})] * 20)
    assert sorted(answer.new for answer in answers) == [False] * 19 + [True]
    assert (Delivery.objects.count(), Pending.objects.count()) == (1, 1)


def test_counts_add_up_and_the_same_reads_again_are_known():
    stage = cast.make()
    first = stage.reads("C1 09:30:00", "X9 09:30:01", "C1 09:30:00", "C2 nonsense")
    again = stage.reads("C1 09:30:00", "X9 09:30:01")
    counts = ingest.totals([first.pk, again.pk])
    assert dict(counts[first.pk]) == {"new": 2, "known": 1, "rejected": 1, "unknown": 1, "markers": 0}
    assert dict(counts[again.pk]) == {"new": 0, "known": 2, "rejected": 0, "unknown": 0, "markers": 0}
    assert Read.objects.count() == 2
    assert [(bytes(row.raw), row.reason) for row in Reject.objects.all()] == [
        (b'{"source": "Finish", "chip": "C2", "local": "2024-05-25Tnonsense"}', "bad_time")
    ]
    assert Pending.objects.count() == 0


def test_an_unknown_source_is_stored_and_counts_nowhere():
    stage = cast.make()
    stage.reads("C1 09:30:00", source="Somewhere")
    made = Source.objects.get(name="Somewhere")
    assert (made.point, made.zone, Read.objects.get().source_id) == (None, "Asia/Shanghai", made.pk)
    assert stage.table() == ["– 1 waiting 0", "– 2 waiting 0", "– 3 waiting 0", "– 4 waiting 0"]


def test_a_channel_with_named_sources_takes_reads_of_no_other():
    stage = cast.make()
    stage.channel.sources.add(Source.objects.get(name="Finish"))
    made = stage.reads("C1 09:30:00", source="Backup")
    assert dict(ingest.totals([made.pk])[made.pk])["rejected"] == 1
    assert (Read.objects.count(), Reject.objects.get().reason) == (0, "source_not_allowed")


def test_a_large_delivery_goes_in_part_by_part(monkeypatch):
    monkeypatch.setattr(ingest, "PART_READS", 3)
    stage = cast.make()
    made = stage.reads(*[f"C1 09:30:{second:02d}" for second in range(8)])
    parts = made.ingestions.order_by("first").values_list("first", "count", "new", "last")
    assert list(parts) == [(0, 3, 3, False), (3, 3, 3, False), (6, 2, 2, True)]
    assert (Read.objects.count(), Pending.objects.count()) == (8, 0)


def test_live_goes_before_files():
    stage = cast.make()
    for key, file in (("file", True), ("live", False)):
        intake.receive(stage.channel, b'{"reads": []}', key, options={"make": "json"}, file=file)
    ingest.take_in(stage.channel.pk)
    assert list(Ingestion.objects.order_by("pk").values_list("delivery__key", flat=True)) == ["live", "file"]


def test_a_decoder_that_fails_stops_nothing(monkeypatch):
    stage = cast.make()
    real = parsing.decoders.decoder

    class Broken:
        @staticmethod
        def parse(body, context):
            raise ZeroDivisionError

    monkeypatch.setattr(parsing.decoders, "decoder", lambda make: Broken if make == "broken" else real(make))
    intake.receive(stage.channel, b"bytes", "bad", options={"make": "broken"})
    stage.reads("C1 09:30:00")
    assert [(bytes(row.raw), row.reason) for row in Reject.objects.all()] == [(b"bytes", "decoder_failed")]
    assert Read.objects.count() == 1


def test_two_crews_with_the_same_reads_in_other_orders_at_once():
    stage = cast.make()
    other = Channel.objects.create(edition=stage.edition, kind="http", make="json", label="second crew")
    times = [f"C{1 + n % 4} 09:{30 + n // 60:02d}:{n % 60:02d}" for n in range(400)]
    stage.delivered(*times)
    mine, stage.channel = stage.channel, other
    stage.delivered(*reversed(times))
    answers = in_threads(lambda: ingest.take_in(mine.pk), lambda: ingest.take_in(other.pk))
    assert answers == [1, 1]
    assert Read.objects.count() == 400
    assert sum(Ingestion.objects.values_list("new", flat=True)) == 400
    assert sum(Ingestion.objects.values_list("known", flat=True)) == 400


def test_eight_workers_on_one_channel_take_each_delivery_in_once():
    stage = cast.make()
    for second in range(30):
        stage.delivered(f"C1 09:30:{second:02d}")
    answers = in_threads(*[lambda: ingest.take_in(stage.channel.pk)] * 8)
    assert sum(answers) == 30
    assert (Ingestion.objects.count(), Read.objects.count(), Pending.objects.count()) == (30, 30, 0)


def test_a_worker_leaves_a_channel_that_another_is_at():
    stage = cast.make()
    stage.delivered("C1 09:30:00")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ingest.LOCK_CHANNEL, stage.channel.pk])
        assert in_threads(lambda: ingest.take_in(stage.channel.pk, wait=False)) == [0]
    assert in_threads(lambda: ingest.take_in(stage.channel.pk, wait=False)) == [1]


def test_who_waits_for_one_delivery_does_not_do_the_work_of_those_before_it():
    stage = cast.make()
    stage.delivered("C1 09:30:00")
    mine = stage.delivered("C2 09:30:00")
    assert ingest.take_in(stage.channel.pk, wait=False, only=mine.pk) == 1
    assert list(Read.objects.values_list("chip", flat=True)) == ["C2"]
    assert ingest.take_in(stage.channel.pk) == 1


def test_a_large_file_is_parsed_before_the_transaction(monkeypatch):
    stage = cast.make()
    monkeypatch.setattr(parsing, "LARGE", 10)
    inside = []
    read = parsing.read_body
    monkeypatch.setattr(parsing, "read_body", lambda *what: (inside.append(connection.in_atomic_block), read(*what))[1])
    stage.reads("C1 09:30:00")
    assert (inside, Read.objects.count()) == ([False], 1)


def test_what_is_remembered_of_a_file_is_of_its_bytes():
    """After a restored dump a key may be another delivery's."""
    stage = cast.make()
    first = stage.delivered("C1 09:30:00")
    assert [read.chip for read in parsing.parsed(first, stage.channel).reads] == ["C1"]
    other = stage.delivered("C2 09:30:00")
    Pending.objects.all().delete()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Delivery.objects.filter(pk=first.pk).delete()
        Delivery.objects.filter(pk=other.pk).update(id=first.pk)
    assert [read.chip for read in parsing.parsed(Delivery.objects.get(pk=first.pk), stage.channel).reads] == ["C2"]


def test_a_large_file_is_parsed_once_though_live_reads_come_between_its_parts(monkeypatch):
    stage = cast.make()
    monkeypatch.setattr(parsing, "LARGE", 300)
    monkeypatch.setattr(ingest, "PART_READS", 3)
    sizes, store, read = [], ingest._store, parsing.read_body
    monkeypatch.setattr(parsing, "read_body", lambda body, *how: (sizes.append(len(body) > 300), read(body, *how))[1])

    def storing(channel, parts):
        store(channel, parts)
        if parts[0].pending.file and not parts[0].last:
            stage.delivered(f"C2 09:31:{len(sizes):02d}")  # a live one arrives while the file is at it

    monkeypatch.setattr(ingest, "_store", storing)
    rows = "".join(f"C1,2024-05-25 09:30:{second:02d},Finish\n" for second in range(12))
    intake.receive(stage.channel, f"chip,time,point\n{rows}".encode(), "f", options={"make": "csv"}, file=True)
    ingest.take_in(stage.channel.pk)
    assert sizes == [True, False, False, False]
    lane = Ingestion.objects.order_by("revision").values_list("delivery__options__make", "first")
    assert list(lane) == [("csv", 0), ("json", 0), ("csv", 3), ("json", 0), ("csv", 6), ("json", 0), ("csv", 9)]
    assert Read.objects.count() == 15


def test_live_reads_of_another_channel_go_between_the_parts_of_a_long_backlog(monkeypatch):
    """Two hours without a network, then everything at once: the mats that are live keep their pace, with one worker, too."""
    stage = cast.make()
    monkeypatch.setattr(ingest, "PART_READS", 2_000)
    live = Channel.objects.create(edition=stage.edition, kind="http", make="json", label="live mat")
    backlog, store, said = stage.channel, ingest._store, []

    def storing(channel, parts):
        store(channel, parts)
        if channel.pk == backlog.pk:
            said.append(len(said))
            reads = f'{{"reads": [{{"source": "Backup", "chip": "C2", "local": "2024-05-25T09:31:{len(said):02d}"}}]}}'
            intake.receive(live, reads.encode(), f"live {len(said)}", options={"make": "json"})

    monkeypatch.setattr(ingest, "_store", storing)
    rows = "".join(f"C1,2024-05-25 {8 + n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d},Finish\n" for n in range(20_000))
    intake.receive(backlog, f"chip,time,point\n{rows}".encode(), "stick", options={"make": "csv"}, file=True)
    assert ingest.take_in(backlog.pk) == 10
    lane = Ingestion.objects.order_by("revision").values_list("delivery__key", flat=True)
    assert list(lane) == [key for part in range(1, 11) for key in ("stick", f"live {part}")]
    assert Read.objects.count() == 20_010
