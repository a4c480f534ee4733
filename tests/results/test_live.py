"""From a read to the published board, through the real worker, whatever is killed or emptied."""

import gzip

import orjson
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from kombu.exceptions import OperationalError
from redis import Redis

from launch import patience
from race import clock, doorbell, gun, revision
from race.models import Change
from results import board, live, rulings
from results.tasks import sweep
from tests import cast
from tests.results.test_facts import apply
from timing.models import Pending

pytestmark = pytest.mark.django_db(transaction=True)


def started_race(**kwargs):
    stage = cast.make(**kwargs)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.race.refresh_from_db()
    return stage


def caught_up(stage):
    if Pending.objects.exists():
        return False
    stage.race.refresh_from_db()
    return live.held(stage.race) >= stage.race.revision


def published(stage):
    return live.store().hget(f"board:{stage.race.slug}", "json")


def test_a_delivery_reaches_the_board_through_the_worker(worker):
    stage = started_race()
    stage.delivered("C1 09:20:00")
    patience.until(lambda: caught_up(stage), 30, "the board")
    assert orjson.loads(published(stage))["rows"][0][:4] == [1, 1, "racing", 1]


def test_the_published_bytes_are_those_of_the_view(client, redis, alone):
    stage = started_race()
    clock.set_rehearsal(stage.edition, event=cast.GUN, speed=0)
    stage.reads("C1 09:20:00", "C2 09:20:00.5")
    live.refresh(stage.race.pk)
    answer = client.get("/api/v1/races/open/board/")
    held = live.store().hgetall("board:open")
    assert answer.content == held[b"json"] == gzip.decompress(held[b"gz"])
    assert answer["ETag"] == f'"{int(held[b"revision"])}"'


def test_an_older_board_never_replaces_a_newer_one(redis, alone):
    stage = started_race()
    old = live.board(stage.race)
    stage.reads("C1 09:20:00")
    assert live.refresh(stage.race.pk) == 1
    assert live.publish(old) == 0
    stage.race.refresh_from_db()
    assert live.held(stage.race) == stage.race.revision > old.revision
    assert redis.llen("deltas:open") == 1


def test_a_record_that_was_set_back_gets_numbers_that_nobody_has_seen(redis, alone):
    """A dump is restored under running processes: boards, memories, pages hold numbers that the record does not know."""
    stage = started_race()
    live.refresh(stage.race.pk)
    dump = {row: row.revision for row in (stage.edition, stage.race) if row.refresh_from_db() is None}
    rulings.issue(stage.race, "dnf", bib=1, reason="crash", by=None)
    assert live.refresh(stage.race.pk) == 1
    shown = live.held(stage.race)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in ("results_ruling", "results_link"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET session_replication_role = origin")
    for row, number in dump.items():
        type(row).objects.filter(pk=row.pk).update(revision=number)
    assert live.lagging() == [stage.race.pk]
    assert live.refresh(stage.race.pk) == 1
    assert (live.lagging(), live.refresh(stage.race.pk)) == ([], 0)
    stage.race.refresh_from_db()
    assert live.held(stage.race) == stage.race.revision == shown + revision.MARGIN + 1
    assert published(stage) == live.board(stage.race).json
    assert orjson.loads(published(stage))["rows"][0][2] != "DNF"
    told = Change.objects.get(model="race.Edition")
    assert (told.before, told.revision) == ({"revision": dump[stage.edition]}, stage.race.revision)
    assert orjson.loads(redis.lindex("deltas:open", 0).split(b"\n")[0])["from"] == shown


def test_what_only_a_web_process_has_shown_counts_too(redis, alone):
    """The record was set back and Redis lost: the hub tells what it has shown."""
    stage = started_race()
    live.refresh(stage.race.pk)
    redis.hset(live.SHOWN, stage.race.pk, 700)
    assert live.lagging() == [stage.race.pk]
    assert (live.refresh(stage.race.pk), live.lagging()) == (1, [])
    assert live.held(stage.race) == 700 + revision.MARGIN + 1


def test_a_board_of_another_race_of_that_name_gives_way(redis, alone):
    stage = started_race()
    redis.hset("board:open", mapping={"race": stage.race.pk + 1, "revision": 700, "json": b"{}", "gz": b""})
    redis.lpush("deltas:open", b"old")
    assert live.lagging() == [stage.race.pk]
    assert (live.refresh(stage.race.pk), live.lagging()) == (1, [])
    assert published(stage) == live.board(stage.race).json
    assert [orjson.loads(one.split(b"\n")[0])["kind"] for one in redis.lrange("deltas:open", 0, -1)] == ["board"]


def test_the_announced_delta_leads_from_board_to_board(redis, alone):
    stage = started_race()
    live.refresh(stage.race.pk)
    before = orjson.loads(published(stage))
    stage.reads("C2 09:20:00", "C1 09:20:00.2")
    live.refresh(stage.race.pk)
    head, payload = redis.lrange("deltas:open", 0, 0)[0].split(b"\n", 1)
    after = orjson.loads(published(stage))
    assert orjson.loads(head) == {
        "race": "open",
        "from": before["revision"],
        "to": after["revision"],
        "kind": "delta",
    }
    assert apply(before, orjson.loads(payload)) == after
    assert orjson.loads(payload) == board.delta(before, after)


def test_refreshing_what_is_up_to_date_publishes_nothing(redis, alone):
    stage = started_race()
    assert [live.refresh(stage.race.pk), live.refresh(stage.race.pk)] == [1, 0]


def test_a_fact_that_came_before_the_lock_was_let_go_is_published_too(redis, alone):
    stage = started_race()
    stage.reads("C1 09:20:00")
    late = ["C2 09:20:01"]

    def a_fact_comes_first(execute, sql, *rest):
        if "pg_advisory_unlock" in sql and late:
            stage.reads(late.pop())
        return execute(sql, *rest)

    with connection.execute_wrapper(a_fact_comes_first):
        assert live.refresh(stage.race.pk) == 2
    assert caught_up(stage)


def test_the_sweep_rings_for_what_a_lost_redis_forgot(worker, redis):
    stage = started_race()
    with pytest.MonkeyPatch.context() as lost:
        lost.setattr(doorbell, "ring", lambda task, arguments: False)
        stage.delivered("C1 09:20:00")
    redis.flushdb()
    assert not caught_up(stage)
    patience.until(lambda: sweep() is not None and caught_up(stage), 30, "the sweep")
    assert orjson.loads(published(stage))["rows"][0][:4] == [1, 1, "racing", 1]


def test_a_killed_worker_and_an_emptied_redis_lose_nothing(started, transactional_db, redis, killed):
    """The worker dies by SIGKILL in mid-race, Redis is emptied twice; the boards catch up by themselves."""
    stage = started_race(laps=40)
    command = ["-m", "celery", "-q", "-A", "config", "worker", "-c", "1", "-Q", "live,ingest,celery", "-l", "WARNING"]
    first = started("worker-1", *command)
    beat = started(
        "beat", "-m", "celery", "-q", "-A", "config", "beat", "-l", "WARNING", "-s", "/tmp/none/beat", "-S", STATIC
    )
    second = None
    try:
        for lap in range(40):
            stage.delivered(*[f"C{bib} 09:{10 + lap:02d}:0{bib}" for bib in range(1, 5)])
            if lap == 10:
                patience.until(lambda: live.held(stage.race) > 0, 60, "the first worker")
                first.end()
            if lap == 20:
                empty_everything()
                second = started("worker-2", *command)
            if lap == 30:
                empty_everything()
        patience.until(lambda: caught_up(stage), 60, "the second worker")
    finally:
        for part in (first, second, beat):
            if part is not None:
                part.end()
    assert published(stage) == live.board(stage.race).json
    assert [row[3] for row in orjson.loads(published(stage))["rows"]] == [40] * 4


STATIC = "celery.beat.Scheduler"  # keeps its schedule in memory: nothing on disk


def empty_everything():
    """FLUSHALL would empty the other test processes' databases too."""
    live.store().flushdb()
    broker = settings.CELERY_BROKER_URL.replace("redis+socket", "unix").replace("virtual_host", "db")
    Redis.from_url(broker).flushdb()


def test_a_board_that_cannot_be_computed_is_named(client, redis, alone, monkeypatch):
    stage = started_race()
    live.refresh(stage.race.pk)
    live.lagging()
    assert (live.late(), client.get("/healthz/ready").json()["boards"]) == ({}, "ok")
    stage.reads("C1 09:20:00")
    live.lagging()
    monkeypatch.setattr(live, "LATE_S", -1)
    assert list(live.late()) == ["open"]
    assert client.get("/healthz/ready").json()["boards"].startswith("open late for ")
    live.refresh(stage.race.pk)
    live.lagging()
    assert live.late() == {}


def test_draining_needs_neither_worker_nor_broker(redis, capsys, alone):
    stage = started_race()
    stage.delivered("C1 09:20:00")
    call_command("drain")
    assert caught_up(stage)
    assert capsys.readouterr().out == "1 parts taken in, 1 boards of 1 races published\n"


def test_a_doorbell_that_is_out_of_order_holds_up_nothing(alone, monkeypatch):
    """The ring fails at once and is not tried again for a while; the delivery is committed all the same."""
    monkeypatch.undo()
    tries = []

    def broken(*arguments, **options):
        tries.append(options["retry"])
        raise OperationalError("no broker")

    monkeypatch.setattr(doorbell.current_app, "send_task", broken)
    monkeypatch.setattr(doorbell, "_silent_until", 0.0)
    stage = cast.make()
    for second in range(5):
        stage.delivered(f"C1 09:20:0{second}")
    monkeypatch.setattr(doorbell, "_silent_until", 0.0)
    assert (Pending.objects.count(), tries) == (5, [False])
