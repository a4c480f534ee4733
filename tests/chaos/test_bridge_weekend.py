"""A small weekend through a bridge that is killed in mid-race. By its own command: `./run test tests/chaos`."""

import asyncio
import json
import threading

import pytest

from launch import patience
from seeds import accounts, planting
from seeds import field as fields
from seeds.simulator import cards as race_cards
from seeds.simulator import clock, faults, playing
from tests.ports import free_port
from tests.seeds.test_hard_weekend import CARDS, ROUGH_STEP_MS, small
from tests.timing.peers import listens

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos]


def test_through_a_bridge_that_is_killed_all_is_right(web, worker, started, killed, tmp_path, monkeypatch):
    card = CARDS[1]
    monkeypatch.setattr(fields, "build", lambda seed: small(seed, (card.code,), 12))
    monkeypatch.setattr(race_cards, "weekend", lambda: (card,))
    monkeypatch.setattr(clock, "STEP_MS", ROUGH_STEP_MS)
    monkeypatch.setattr(faults, "SCHEDULE", (("gateway killed", 22),))
    port = free_port()
    edition = planting.plant_tenth(by=accounts.owner(), gateway_port=free_port(), line="plain")
    told = accounts.write_credentials(tmp_path / "credentials.json", edition, [], {"mylaps": port})
    services = tmp_path / "services.json"
    bridges = []

    def start():
        arguments = ["--server", web, "--token", told["tokens"]["deliveries"], "--folder", str(tmp_path / "spool")]
        bridges.append(started("bridge", "-m", "timing.bridge", *arguments, "--page", "0", f"mylaps:{port}"))
        services.write_text(json.dumps({"services": {"bridge": bridges[-1].pid}}), "utf-8")

    def watch():
        bridges[0].process.wait()
        start()
        bridges[1].process.wait()  # a child goes with the thread that started it

    start()
    patience.until(lambda: listens(port), 60, "the bridge")
    threading.Thread(target=watch, daemon=True).start()
    order = playing.Order(told, web, ("127.0.0.1", port), speed=0.0, ports={}, faults=True, services=services)
    said = []
    summary = asyncio.run(playing.play(order, said.append))
    for bridge in bridges:
        bridge.end()
    assert summary["ok"], (summary, said[-30:])
    assert [fault["kind"] for fault in summary["faults"]] == ["bridge killed"]
    assert len(bridges) == 2
