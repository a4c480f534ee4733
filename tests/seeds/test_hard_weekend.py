"""The hard line against the real thing: five makes, wrong clocks, a dead decoder, and an operator who puts it all right.

A small field in two races; everything else is what `./run demo --once --line hard` plays. Through a bridge that is killed in
mid-race: tests/chaos/test_bridge_weekend.py.
"""

import asyncio
import dataclasses
import json

import pytest

from launch import patience
from race.models import Assignment
from race.transponders import take_back
from seeds import accounts, planting
from seeds import field as fields
from seeds.simulator import cards as race_cards
from seeds.simulator import clock, playing
from seeds.simulator.api import Desk
from seeds.simulator.checker import boards
from seeds.simulator.operator import PUT_RIGHT
from tests.ports import free_port
from tests.timing.peers import listens

pytestmark = pytest.mark.django_db(transaction=True)
RIDERS = 40
CODES = ("ME", "XO")
#: A weekend of so few in which every kind of correction is needed.
SEED = 15
ROUGH_STEP_MS = 4 * clock.STEP_MS
MISSED_S = 20.0


def small(seed, codes=CODES, riders=RIDERS):
    """The first riders of some categories."""
    whole = WHOLE(seed)
    listed = [[entry for entry in whole.entries if entry.category == code][:riders] for code in codes]
    entries = tuple(entry for some in listed for entry in some)
    indices = {entry.rider.index for entry in entries}
    return dataclasses.replace(
        whole, riders=tuple(one for one in whole.riders if one.index in indices), entries=entries
    )


WHOLE = fields.build
CARDS = tuple(card for card in race_cards.weekend() if card.code in CODES)


@pytest.fixture
def order(web, worker, started, tmp_path, monkeypatch):
    """A running system with the small field, and what is to be played on it."""
    monkeypatch.setattr(fields, "build", small)
    monkeypatch.setattr(race_cards, "weekend", lambda: CARDS)
    monkeypatch.setattr(clock, "STEP_MS", ROUGH_STEP_MS)
    port = free_port()
    edition = planting.plant_tenth(by=accounts.owner(), gateway_port=port, line="hard")
    told = accounts.write_credentials(tmp_path / "credentials.json", edition, [], {"mylaps": port})
    gateway = started("hard-gateway", "manage.py", "gateway")
    patience.until(lambda: listens(port), 60, "the gateway")
    truth = tmp_path / "truth.json"
    yield playing.Order(told, web, ("127.0.0.1", port), seed=SEED, speed=0.0, truth=truth, line="hard")
    gateway.end()


class Undoer:
    """Takes back what the operator did, one kind after the other, and does it again."""

    def __init__(self, desk, edition, truths):
        self.desk, self.edition, self.truths = desk, edition, truths

    async def source(self, name):
        answer = await self.desk.get("timing/sources/", "timing_crew", edition=self.edition)
        return next(f"timing/sources/{row['id']}/" for row in answer["results"] if row["name"] == name)

    async def wrong(self):
        found = await boards(self.desk, self.truths)
        return sum(one.positions_wrong + one.times_wrong for one in found.values())

    async def until(self, wanted, what):
        """Wait until the boards show that something is missing, or is back."""
        for _time in range(int(MISSED_S / 0.1)):
            if bool(await self.wrong()) is wanted:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{what}: {await self.wrong()} lines differ")

    async def patched(self, name, away, back):
        where = await self.source(name)
        for body in (away, back):
            await self.desk.patch(where, "timing_crew", body | {"reason": "a test"})
            yield

    async def offsets(self, name):
        where = f"{await self.source(name)}offsets/"
        said = await self.desk.get(where, "timing_crew")
        for factor in (0, 1):
            for row in said:
                body = {"from": row["since"], "offset_ms": factor * row["offset_us"] // 1000, "evidence": "a test"}
                await self.desk.post(where, "timing_crew", body)
            yield

    async def corrections(self, evidence):
        made = await self.desk.get("timing/corrections/", "timing_crew", edition=self.edition)
        standing = [row["id"] for row in made if row["evidence"] == evidence]
        assert standing
        for _time in range(2):
            body = {"kind": "undo", "evidence": "a test"}
            undone = [
                await self.desk.post("timing/corrections/", "timing_crew", body | {"correction": one})
                for one in standing
            ]
            standing = [row["id"] for row in undone]
            yield


async def _each_is_missed(order, truths):
    desk = Desk(order.base_url, order.credentials["tokens"])
    undoer = Undoer(desk, order.credentials["edition"], truths)
    road = {"course": "road", "point": "F", "role": "backup"}
    kinds = {
        "map": undoer.patched("D-50712", {"point": None}, road),
        "zone": undoer.patched("FIN-MTB", {"zone": "Asia/Shanghai"}, {"zone": "UTC"}),
        "offsets": undoer.offsets("D-50712"),
        "adds": undoer.corrections("终点录像"),
        "moves": undoer.corrections("终点摄像"),
        "ignores": undoer.corrections("收容车带回的车，录像可见"),
    }
    for kind, deeds in kinds.items():
        await anext(deeds)
        await undoer.until(True, f"without {kind}")
        await anext(deeds)
        await undoer.until(False, f"with {kind} again")
    await asyncio.to_thread(_take_spares_back)
    await undoer.until(True, "without chips")
    await desk.close()
    return {*kinds, "chips"}


def _take_spares_back():
    for held in Assignment.objects.filter(transponder__code__startswith="SP"):
        take_back(held, held.during.lower, by=None, reason="a test")


def test_a_hard_weekend_ends_right_and_what_is_left_out_is_missed(order, monkeypatch):
    said, laid_out = [], []
    prepare = playing.prepare

    async def prepared(*arguments):
        assert not order.truth.exists()
        laid_out.append(await prepare(*arguments))
        return laid_out[0]

    def say(line):
        assert order.truth.exists()  # the truth is written before anything happens
        said.append(line)

    monkeypatch.setattr(playing, "prepare", prepared)
    summary = asyncio.run(playing.play(order, say))
    assert summary["ok"], (summary, said[-30:])
    totals = summary["totals"]
    assert totals["reads_sent"] == totals["reads_stored"] + totals["duplicates"] + totals["rejected"]
    assert [name for name in PUT_RIGHT if not summary["put_right"][name]] == []
    assert set(json.loads(order.truth.read_text("utf-8"))["races"]) == set(summary["races"])
    assert asyncio.run(_each_is_missed(order, laid_out[0].truths)) == set(PUT_RIGHT)
