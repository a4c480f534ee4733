"""The person at the line desk of a hard weekend: puts right by the public API what machines got wrong.

What a camera would show is known from the trail. A clock that goes slow is measured from chips that two sources read, in
steps of five minutes, so it stays right to about a tenth of a second: enough to count laps and to confirm the main decoder, too
little for an order in a bunch. So where only such a clock, or a person's thumb, saw somebody come home, the read is moved to
the time that the camera shows.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median_low

from seeds.simulator.api import Answer, Desk, Unplayable
from seeds.simulator.cards import iso
from seeds.simulator.checker import PAGE, local_ms
from seeds.simulator.mats import FINISH, MINUTE_MS, Detection, Mat, typed
from seeds.simulator.truth import Crossing
from seeds.simulator.weekend import Act, Weekend

#: What can be left undone, to see that it is missed.
PUT_RIGHT = ("map", "chips", "zone", "offsets", "adds", "moves", "ignores")
STEP_MS, NEAR_MS, BURST_MS, MOVED_MS = 5 * MINUTE_MS, 60_000, 2_500, 50
LEAST_PAIRS = 3
PATIENCE_S = 60.0
Hits = Mapping[str, Sequence[int]]


class Operator:
    """Does what is due of `crews.tasks`. `without`: what of `PUT_RIGHT` is left undone."""

    def __init__(
        self, weekend: Weekend, desk: Desk, edition: str, say: Callable[[str], None], without: Iterable[str] = ()
    ) -> None:
        self.weekend, self.desk, self.edition, self.say = weekend, desk, edition, say
        self.without = frozenset(without)
        self.segments: dict[tuple[str, int], int] = {}
        self.done: dict[str, int] = dict.fromkeys(PUT_RIGHT, 0)
        self._seen = self._by_chip()

    async def do(self, act: Act) -> None:
        """Put one thing right."""
        deeds = {
            "map": self._map, "chips": self._chips, "zone": self._zones, "offsets": self._offsets, "camera": self._camera,
        }  # fmt: skip
        if act.task not in self.without:
            await deeds[act.task](act.race)

    def _count(self, what: str, told: str) -> None:
        self.done[what] += 1
        self.say(f"operator: {told}")

    async def _sources(self) -> dict[str, Answer]:
        answer = await self.desk.get("timing/sources/", "timing_crew", edition=self.edition, limit=200)
        return {source["name"]: source for source in answer["results"]}

    async def _map(self, _race: str) -> None:
        sources = await self._sources()
        for mat in self.weekend.mats:
            if mat.name in sources and sources[mat.name]["point"] is None:
                role = "backup" if mat.backup else "main"
                body = {
                    "course": mat.course,
                    "point": mat.point,
                    "role": role,
                    "reason": "备机用自己的编号，先前没有登记",
                }
                await self.desk.patch(f"timing/sources/{sources[mat.name]['id']}/", "timing_crew", body)
                self._count("map", f"{mat.name} stands at {mat.course} {mat.point} as {role}")

    async def _chips(self, race: str) -> None:
        trouble = self.weekend.trouble
        for bib, chip in trouble.spares.get(race, {}).items() if trouble else ():
            await self.desk.post("transponders/", "office", {"bib": bib, "chip": chip})
            self._count("chips", f"unknown chip {chip} is bib {bib}'s")

    async def _zones(self, _race: str) -> None:
        sources = await self._sources()
        for mat in self.weekend.mats:
            if mat.name in sources and sources[mat.name]["zone"] != mat.set_to:
                body = {"zone": mat.set_to, "reason": "计时盒时钟为 UTC，差 8 小时"}
                await self.desk.patch(f"timing/sources/{sources[mat.name]['id']}/", "timing_crew", body)
                self._count("zone", f"the clock of {mat.name} is set to {mat.set_to}")

    async def _offsets(self, _race: str) -> None:
        sources = await self._sources()
        for mat in self.weekend.mats:
            if mat.slow_ppm:
                main = next(one for one in self.weekend.mats if _same_place(one, mat) and not one.backup)
                ours, theirs = await self._reads(main), await self._reads(mat)
                for at_ms, (offset_ms, pairs) in measured(ours, theirs).items():
                    await self._declare(mat, main, sources[mat.name]["id"], at_ms, offset_ms, pairs)

    async def _reads(self, mat: Mat) -> dict[str, list[int]]:
        """Return when each chip was read by a source, by its own clock, the zone taken off (ms)."""
        reads: defaultdict[str, list[int]] = defaultdict(list)
        asked = {"edition": self.edition, "source": mat.name, "limit": PAGE}
        async for row in self.desk.pages("timing/reads/", "timing_crew", **asked):
            reads[row["chip"]].append(local_ms(row["local"]) - mat.zone_ms)
        return {chip: sorted(at) for chip, at in reads.items()}

    async def _declare(self, mat: Mat, main: Mat, source: int, at_ms: int, offset_ms: int, pairs: int) -> None:
        """Say what the clock is off from a moment on, unless that was said already. The first segment has no beginning."""
        first = not any(name == mat.name for name, _ in self.segments)
        said = self.segments.get((mat.name, at_ms))
        if said is not None and abs(said - offset_ms) < MOVED_MS:
            return
        earliest = first or at_ms == min(since for name, since in self.segments if name == mat.name)
        body = {
            "from": None if earliest else iso(at_ms),
            "offset_ms": offset_ms,
            "evidence": f"{pairs} 枚芯片同时被 {main.name} 读到，取中位数",
        }
        await self.desk.post(f"timing/sources/{source}/offsets/", "timing_crew", body)
        self.segments[mat.name, at_ms] = offset_ms
        self._count("offsets", f"{mat.name} is {offset_ms:+d} ms from {iso(at_ms)} on ({pairs} pairs)")

    def _by_chip(self) -> Mapping[str, list[Detection]]:
        """Return what finish decoders saw of each chip, on the line or in their memory."""
        points = {mat.name: mat.point for mat in self.weekend.mats}
        day = self.weekend.day
        seen: defaultdict[str, set[Detection]] = defaultdict(set)
        for reads in (day.live, *(stick.detections for stick in day.sticks)):
            for read in reads:
                if points[read.source] == FINISH:
                    seen[read.chip].add(read)
        return {chip: sorted(reads) for chip, reads in seen.items()}

    async def _camera(self, race: str) -> None:
        """Look through the film of a race: who was seen by nobody, or too roughly, and what was no rider at all."""
        card = next(card for card in self.weekend.cards if card.slug == race)
        loose = {mat.name for mat in self.weekend.mats if mat.slow_ppm or mat.make == "json"}
        chips = {starter.bib: starter.chips for starter in self.weekend.starters[race]}
        spares = self.weekend.trouble.spares.get(race, {}) if self.weekend.trouble else {}
        for crossing in self.weekend.truths[race].crossings:
            if crossing.point != FINISH or not crossing.lap:
                continue
            codes = [*chips[crossing.bib], typed(crossing.bib), spares.get(crossing.bib, "")]
            reads = sorted(read for code in codes for read in self._near(code, crossing.at_ms))
            if not reads:
                await self._add(race, crossing)
            elif crossing.lap == card.laps and all(read.source in loose for read in reads):
                await self._move(reads, crossing)
        for read in self.weekend.day.carried:
            if read.race == race and "ignores" not in self.without:
                body = {"kind": "ignore", "read": await self._id(read), "evidence": "收容车带回的车，录像可见"}
                await self._correct("ignores", body, f"chip {read.chip} at {iso(read.at_ms)} came by the broom wagon")

    def _near(self, chip: str, at_ms: int) -> list[Detection]:
        reads = self._seen.get(chip, [])
        return [read for read in reads if 0 <= read.at_ms - at_ms < BURST_MS]

    async def _add(self, race: str, crossing: Crossing) -> None:
        if "adds" not in self.without:
            body = {
                "kind": "add", "race": race, "bib": crossing.bib, "point": crossing.point, "at": iso(crossing.at_ms),
                "evidence": "终点录像",
            }  # fmt: skip
            await self._correct("adds", body, f"bib {crossing.bib} passed at {iso(crossing.at_ms)}, as the film shows")

    async def _move(self, reads: Sequence[Detection], crossing: Crossing) -> None:
        """The first read of a burst is given the camera's time; the others, which may lie before it, do not count."""
        if "moves" in self.without:
            return
        first, *others = [await self._id(read) for read in reads]
        body = {"kind": "move", "read": first, "at": iso(crossing.at_ms), "evidence": "终点摄像"}
        await self._correct(
            "moves", body, f"bib {crossing.bib} came home at {iso(crossing.at_ms)}, as the camera shows"
        )
        for read in others:
            await self._correct("", {"kind": "ignore", "read": read, "evidence": "终点摄像，同一次过线"}, "")

    async def _correct(self, what: str, body: Mapping[str, object], told: str) -> None:
        await self.desk.post("timing/corrections/", "timing_crew", body)
        if what:
            self._count(what, told)

    async def _id(self, read: Detection) -> int:
        """Return the number of a read; it may still be on its way."""
        asked = {"edition": self.edition, "source": read.source, "chip": read.chip}
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            async for row in self.desk.pages("timing/reads/", "timing_crew", **asked):
                if local_ms(row["local"]) == read.local_ms:
                    return int(row["id"])
            await asyncio.sleep(0.2)
        raise Unplayable(f"the read that is to be corrected did not come for {PATIENCE_S:.0f} s: {read}")


def _same_place(one: Mat, other: Mat) -> bool:
    return (one.course, one.point) == (other.course, other.point)


def measured(ours: Hits, theirs: Hits) -> dict[int, tuple[int, int]]:
    """Return what to add to another clock to get ours, in steps of five minutes: start (ms) -> (ms, how many chips told it).

    The median of a step; one with fewer than three chips tells nothing.
    """
    steps: defaultdict[int, list[int]] = defaultdict(list)
    for chip, instants in theirs.items():
        for at_ms in instants:
            near = _nearest(ours.get(chip, ()), at_ms)
            if near is not None:
                steps[near - near % STEP_MS].append(near - at_ms)
    return {
        start: (median_low(offsets), len(offsets))
        for start, offsets in sorted(steps.items())
        if len(offsets) >= LEAST_PAIRS
    }


def _nearest(instants: Sequence[int], at_ms: int) -> int | None:
    after = bisect_left(instants, at_ms)
    near = min(instants[max(after - 1, 0) : after + 1], key=lambda one: abs(one - at_ms), default=None)
    return near if near is not None and abs(near - at_ms) < NEAR_MS else None
