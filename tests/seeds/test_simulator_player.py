"""A whole weekend against a system that only writes down what it is told: who does what, when, and in which order."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections import Counter

import pytest
from django.core.management import CommandError, call_command

from seeds.simulator import playing
from seeds.simulator.api import Unplayable
from seeds.simulator.cards import iso
from seeds.simulator.clock import STEP_MS, Clock
from seeds.simulator.faults import Faults
from seeds.simulator.player import Player
from seeds.simulator.playing import Order
from tests.seeds.played import weekend
from tests.seeds.test_simulator_line import Gateway

EDITION = "luoyang-2024"


class Desk:
    """Writes every request down and answers as the system would."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.asked = []

    async def get(self, path, role="office", **params):
        if path == "timing/deliveries/":
            return {"bytes": await self.gateway.held(params["peer"])}
        return {"results": [{"name": mat.name, "id": number} for number, mat in enumerate(weekend(1).mats)]}

    async def post(self, path, role, body):
        self.asked.append((path, role, body))
        return {}

    async def upload(self, path, role, body, key, **params):
        self.asked.append((path, role, {"key": key, "rows": body.count(b"\r\n") - 1, **params}))
        return {"status": "taken"}

    def told(self, ending):
        return [(path, body) for path, _role, body in self.asked if path.endswith(ending)]


@pytest.fixture(scope="module")
def played():
    """The weekend of seed 1, played at once: the player, the desk and the gateway afterwards."""
    gateway = Gateway()
    desk = Desk(gateway)

    async def play():
        server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
        player = Player(weekend(1), desk, EDITION, server.sockets[0].getsockname()[:2], 0.0, lambda line: None)
        await player.play()
        server.close()
        return player

    return asyncio.run(asyncio.wait_for(play(), 120)), desk, gateway


def test_every_read_is_sent_and_the_balance_closes(played):
    player, _, gateway = played
    day = weekend(1).day
    made = {read.identity for read in day.live} | {read.identity for stick in day.sticks for read in stick.detections}
    assert {item.detection.identity for item in player.ledger.items() if not item.damaged} == made
    in_frames = sum(gateway.records().values()) + sum(len(stick.detections) for stick in day.sticks)
    assert sum(1 for _ in player.ledger.items()) == in_frames
    assert {item.detection.identity for item in player.ledger.items() if item.damaged} == weekend(1).damaged


def test_guns_are_fired_when_the_truth_says_so(played):
    assert played[1].told("/guns/") == [
        (f"races/{card.slug}/guns/", {"wave": card.code, "at": iso(weekend(1).truths[card.slug].gun_ms), "reason": ""})
        for card in weekend(1).cards
    ]


def test_who_is_here_is_signed_on_and_who_is_not_is_not(played):
    told = {body["race"]: body["bibs"] for _, body in played[1].told("sign-on/")}
    assert told == {
        slug: [starter.bib for starter in listed if starter.bib not in weekend(1).truths[slug].absent]
        for slug, listed in weekend(1).starters.items()
    }


def test_officials_enter_every_ruling_and_close_every_race_last(played):
    rulings = played[1].told("/rulings/")
    for slug, truth in weekend(1).truths.items():
        told = [(body["kind"], body["bib"]) for path, body in rulings if path == f"races/{slug}/rulings/"]
        assert told == [*((ruling.kind, ruling.bib) for ruling in truth.rulings), ("close", None)]


def test_every_wrong_clock_is_declared(played):
    offsets = {path: body["offset_ms"] for path, body in played[1].told("/offsets/")}
    ids = {mat.name: number for number, mat in enumerate(weekend(1).mats)}
    assert offsets == {
        f"timing/sources/{ids[mat.name]}/offsets/": mat.offset_ms for mat in weekend(1).mats if mat.offset_ms
    }


def test_memory_sticks_are_brought_once_with_zone_and_date(played):
    assert [body for _, body in played[1].told("timing/deliveries/")] == [
        {
            "key": f"stick-1-{stick.source}",
            "rows": len(stick.detections),
            "make": "csv",
            "zone": "Asia/Shanghai",
            "date": date,
            "name": f"{stick.source}.csv",
        }
        for stick, date in zip(
            sorted(weekend(1).day.sticks, key=lambda stick: stick.due_ms), ("2024-05-25", "2024-05-26"), strict=True
        )
    ]


def test_the_clock_never_goes_back_and_empty_hours_are_skipped(played):
    told = [body["event"] for _, body in played[1].told("/clock/")]
    assert told == sorted(told)
    assert len(told) < 700
    assert {body["speed"] for _, body in played[1].told("/clock/")} == {0.0}


def test_everyone_acts_with_the_key_of_the_own_role(played):
    roles = {(path.rstrip("/").rpartition("/")[2], role) for path, role, _ in played[1].asked}
    assert roles == {
        ("clock", "organiser"),
        ("sign-on", "office"),
        ("offsets", "timing_crew"),
        ("deliveries", "deliveries"),
        ("guns", "commissaire"),
        ("rulings", "commissaire"),
    }


def test_a_step_ends_a_minute_after_what_is_due():
    desk = Desk(Gateway())
    clock = Clock(desk, EDITION, 0.0)
    assert asyncio.run(clock.reach(1_000_000)) == 1_000_000 + STEP_MS
    assert asyncio.run(clock.reach(1_030_000)) == 1_000_000 + 2 * STEP_MS


def test_running_event_time_skips_empty_hours_only():
    desk = Desk(Gateway())
    clock = Clock(desk, EDITION, 1_000.0)

    async def run():
        await clock.set(0)
        await clock.reach(100_000)
        await clock.reach(50_000_000)

    asyncio.run(run())
    assert [body["event"] for _, body in desk.told("/clock/")] == [iso(0), iso(50_000_000 - 60_000)]


def test_after_the_last_act_a_running_clock_runs_on_as_fast_as_real_time():
    desk, gateway = Desk(Gateway()), Gateway()

    async def play():
        server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
        player = Player(weekend(1), desk, EDITION, server.sockets[0].getsockname()[:2], 60.0, lambda line: None)
        player.acts, player.reads = player.acts[:1], []
        await player.play()
        server.close()

    asyncio.run(play())
    told = [body for _, body in desk.told("/clock/")]
    assert [body["speed"] for body in told] == [0.0, 60.0, 0.0, 1.0]
    assert told[-1]["event"] >= told[-2]["event"]


@pytest.fixture
def victim():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def write(path, pid):
    path.write_text(json.dumps({"services": {"worker": pid}, "redis_url": ""}), "utf-8")


def test_a_killed_service_is_waited_for_until_another_process_has_its_place(tmp_path, victim):
    services = tmp_path / "services.json"
    write(services, victim.pid)

    def start_again():
        victim.wait()
        write(services, victim.pid + 1)

    watcher = threading.Thread(target=start_again)
    watcher.start()
    faults = Faults(services, Desk(Gateway()), EDITION, 0)
    line = object()
    asyncio.run(faults.strike(22 * 60_000 - 1, [line]))
    assert faults.happened == []
    asyncio.run(faults.strike(22 * 60_000, []))
    assert faults.happened == []
    asyncio.run(faults.strike(22 * 60_000, [line]))
    watcher.join()
    assert victim.returncode == -signal.SIGKILL
    assert [(fault.kind, fault.event) for fault in faults.happened] == [("worker killed", iso(22 * 60_000))]
    assert faults.missing() == [
        "redis emptied",
        "gateway killed",
        "connection cut in a frame",
        "acknowledgement lost",
        "postgres killed",
    ]


def test_a_service_that_is_not_named_cannot_be_killed(tmp_path):
    services = tmp_path / "services.json"
    write(services, None)
    with pytest.raises(Unplayable, match="names no process for worker"):
        asyncio.run(Faults(services, Desk(Gateway()), EDITION, 0).strike(22 * 60_000, [object()]))


def test_reads_are_packed_within_the_limits_of_the_protocol(played):
    player, _, _ = played
    sizes = Counter(len(one.items) for wire in player.ledger.wires for one in wire.transmissions)
    assert max(sizes) <= 100


def test_faults_need_to_know_the_processes():
    order = Order({"tokens": {}, "edition": EDITION}, "http://127.0.0.1:1", ("127.0.0.1", 1), faults=True)
    with pytest.raises(Unplayable, match="--services"):
        asyncio.run(playing.play(order, print))


def test_without_credentials_nothing_is_played_and_the_last_line_says_so(tmp_path, capsys):
    with pytest.raises(CommandError, match="no credentials in"):
        call_command(
            "simulate",
            "--json",
            credentials=tmp_path / "none.json",
            base_url="http://127.0.0.1:1",
            gateway="127.0.0.1:1",
        )
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["ok"], last["seed"], last["error"][:19]) == (False, 1, "no credentials in /")


class Late(Desk):
    """The last rider's reads are counted only after the list was read: the first list is too short."""

    lists = [[7], [7, 9]]

    async def get(self, path, role="office", **params):
        return {"out": self.lists.pop(0)}

    async def post(self, path, role, body):
        await super().post(path, role, json.loads(json.dumps(body)))
        if len(self.asked) == 1:
            raise Unplayable("409", "riders_out")
        return {}


def test_a_race_closed_before_its_last_reads_are_counted_is_closed_by_the_newer_list():
    desk = Late(None)
    player = Player(weekend(1), desk, EDITION, ("127.0.0.1", 1), 0.0, lambda line: None)
    [closing, *_] = [act for act in player.acts if act.ruling is not None and act.ruling.kind == "close"]
    asyncio.run(player._do(closing))
    assert [body["detail"] for _path, _role, body in desk.asked] == [{"out": [7]}, {"out": [7, 9]}]
