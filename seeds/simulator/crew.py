"""The crews at work: every decoder of the line with the way its reads go, and the balance of what arrived."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from seeds.simulator import ledger as ledgers
from seeds.simulator.api import Desk, Unplayable
from seeds.simulator.boxes import BOXES, Box
from seeds.simulator.checker import DELIVERIES
from seeds.simulator.clock import Clock
from seeds.simulator.handsets import HANDSETS, Feibot, Pad
from seeds.simulator.ledger import Ledger, Wire
from seeds.simulator.line import Line
from seeds.simulator.mats import Detection
from seeds.simulator.weekend import Weekend

PATIENCE_S = 90.0
LOOK_S = 0.1
#: What is held is final when it has not changed for so long.
STILL_S = 1.0


class Crew:
    """Laptops that call, machines that are dialled, handsets and phones.

    `ports`: where the machines listen that a bridge dials; then `address` is the bridge's MYLAPS port. None: there is no
    bridge, and the gateway is told by its API where each machine listens.
    """

    def __init__(
        self,
        weekend: Weekend,
        desk: Desk,
        edition: str,
        address: tuple[str, int],
        ledger: Ledger,
        ports: Mapping[str, int] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.desk, self.edition, self.ledger, self.ports, self.clock = desk, edition, ledger, ports, clock
        pool = "" if ports is None else "mylaps"
        self.lines = {
            version: Line(address, version, names, ledger, self._before, pool=pool)
            for version in (1, 2)
            if (names := [mat.name for mat in weekend.mats if mat.version == version])
        }
        mats = {mat.name: mat for mat in weekend.mats}
        holes = weekend.day.holes
        self.boxes: dict[str, Box] = {
            name: BOXES[mat.make](mat, ledger, holes) for name, mat in mats.items() if mat.make in BOXES
        }
        self.handsets: dict[str, Feibot | Pad] = {
            name: HANDSETS[mat.make](mat, desk, ledger) for name, mat in mats.items() if mat.make in HANDSETS
        }

    async def _before(self, peer: str) -> int:
        return 0 if self.ports is not None else await self.held(peer)

    async def held(self, peer: str) -> int:
        """Return how many bytes of data frames the server holds from this address."""
        return int((await self.desk.get("timing/deliveries/", "timing_crew", peer=peer))["bytes"])

    async def _records(self, pool: str) -> tuple[int, bool]:
        """Return how many records the server holds of a machine, or of a make from bridges; whether more are on the way."""
        total, waits, offset, more = 0, False, 0, True
        asked = {"edition": self.edition, "limit": DELIVERIES} | ({"peer": pool} if self.ports is None else {})
        while more:
            answer = await self.desk.get("timing/deliveries/", "timing_crew", **asked, offset=offset)
            for row in answer["results"]:
                if self.ports is None or (row["name"], row["make"]) == ("bridge", pool):
                    total += sum(row["counts"][name] for name in ("new", "known", "rejected"))
                    waits = waits or row["status"] != "taken"
            offset, more = offset + DELIVERIES, answer["next"] is not None
        return total, waits

    async def set_up(self) -> None:
        """Switch the machines on and wait until each is dialled.

        At more than the pace of the day they do not tell their clocks: by the time somebody hears it, it is later.
        """
        for name, box in self.boxes.items():
            box.clock = self.clock.now_ms if self.clock is not None and self.clock.speed <= 1 else None
            if self.ports is not None:
                await box.open(self.ports[name], box.mat.make)
            else:
                port = await box.open()
                told = {"make": box.mat.make, "label": name, "host": "127.0.0.1", "port": port}
                await self.desk.post("timing/channels/", "timing_crew", told)
        await self._until_settled()

    def others(self, reads: Sequence[Detection], until_ms: int) -> list[Coroutine[Any, Any, None]]:
        """Return what those who do not call have to send until an instant."""
        mine: defaultdict[str, list[Detection]] = defaultdict(list)
        for read in reads:
            mine[read.source].append(read)
        sending = [box.take(mine[name], until_ms) for name, box in self.boxes.items()]
        return sending + [handset.send(mine[name]) for name, handset in self.handsets.items() if mine[name]]

    async def pack_up(self) -> None:
        """Wait until the machines have said everything, draw the balance, and go home."""
        for line in self.lines.values():
            await line.close()
        await self._until_settled()
        await self.settle()
        for box in self.boxes.values():
            await box.close()

    async def _until_settled(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while waiting := [name for name, box in self.boxes.items() if not box.settled]:
            if time.monotonic() > until:
                raise Unplayable(f"nobody asks {', '.join(waiting)} for what is missing ({PATIENCE_S:.0f} s)")
            await asyncio.sleep(LOOK_S)

    async def settle(self) -> None:
        """Ask how much the server holds of every connection on which something was left without an answer."""
        pools: defaultdict[str, list[Wire]] = defaultdict(list)
        for wire in self.ledger.wires:
            if wire.pool:
                pools[wire.pool].append(wire)
            elif wire.in_doubt:
                wire.committed = await self.held(wire.peer) - wire.before
        for pool, wires in pools.items():
            if any(wire.in_doubt for wire in wires):
                ledgers.share(wires, await self._final(pool, wires))

    async def _final(self, pool: str, wires: Sequence[Wire]) -> int:
        """Return how many records of a pool the server holds once there will be no more: what is open still comes whole."""
        alive = [box.link[1] for box in self.boxes.values() if box.link is not None]
        least = sum(
            wire.sent_bytes
            if wire in alive
            else max((one.end for one in wire.transmissions if one.answered), default=0)
            for wire in wires
        )
        until = time.monotonic() + PATIENCE_S
        before = -1
        while True:
            total, waits = await self._records(pool)
            if (total >= least and total == before and not waits) or time.monotonic() > until:
                return total
            before = total
            await asyncio.sleep(STILL_S)
