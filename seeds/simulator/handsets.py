"""What comes by HTTP while the race is on: a Feibot handset's uploads, and taps on a phone."""

from __future__ import annotations

import random
from collections.abc import Sequence

from seeds.simulator.api import Desk
from seeds.simulator.ledger import Item, Ledger
from seeds.simulator.mats import Detection, Mat
from seeds.simulator.mylaps import wall_clock

BATCH = 30
#: A batch whose answer the handset never got is uploaded once more, as another request.
AGAIN = 0.05


class Feibot:
    """A handset that uploads what its reader saw, a batch a request."""

    def __init__(self, mat: Mat, desk: Desk, ledger: Ledger) -> None:
        self.mat, self.desk, self.ledger = mat, desk, ledger
        self.rng = random.Random(f"feibot {mat.name}")
        self.number = 0

    async def send(self, reads: Sequence[Detection]) -> None:
        """Upload."""
        for start in range(0, len(reads), BATCH):
            batch = reads[start : start + BATCH]
            for _time in range(2 if self.rng.random() < AGAIN else 1):
                await self._upload(batch)

    async def _upload(self, reads: Sequence[Detection]) -> None:
        self.number += 1
        pieces = [f"{index}={read.chip}@{_time(read)}" for index, read in enumerate(reads, 1)]
        query = "&".join([f"machineId={self.mat.name}", "eventId=1024", f"epcNum={len(reads)}", *pieces])
        body = f"GET /time/api/cpvUpload2?{query} HTTP/1.1\r\n".encode()
        key = f"feibot {self.mat.name} {self.number}"
        await self.desk.upload("timing/deliveries/", "deliveries", body, key, make="feibot", live="yes")
        self.ledger.files.append([Item(read) for read in reads])


def _time(read: Detection) -> str:
    """The last group counts milliseconds and is not padded."""
    clock = wall_clock(read.local_ms)
    return f"{clock:%y-%m-%d~%H:%M:%S}:{clock.microsecond // 1000}"


class Pad:
    """A person who taps when somebody passes; the phone sends what it has as JSON."""

    def __init__(self, mat: Mat, desk: Desk, ledger: Ledger) -> None:
        self.mat, self.desk, self.ledger = mat, desk, ledger
        self.opened = False

    async def send(self, reads: Sequence[Detection]) -> None:
        """Send the taps; before the first ones somebody of the crew hands out a key for the phone."""
        if not self.opened:
            where = {"course": self.mat.course, "point": self.mat.point, "name": self.mat.name}
            answer = await self.desk.post("timing/pads/", "timing_crew", where)
            self.desk.carry(self.mat.name, answer["secret"])
            self.opened = True
        taps = [
            {"source": self.mat.name, "chip": read.chip, "local": wall_clock(read.local_ms).isoformat()}
            for read in reads
        ]
        await self.desk.post("timing/reads/", self.mat.name, {"reads": taps})
        self.ledger.files.append([Item(read) for read in reads])


HANDSETS: dict[str, type[Feibot] | type[Pad]] = {"feibot": Feibot, "json": Pad}
