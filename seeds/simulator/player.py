"""Plays a weekend against a running system, as its crews and officials would."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from seeds.simulator.api import PATIENCE_S, Desk, Unplayable
from seeds.simulator.cards import RaceCard, from_ms, iso
from seeds.simulator.clock import Clock
from seeds.simulator.crew import Crew
from seeds.simulator.faults import Faults
from seeds.simulator.ledger import Item, Ledger
from seeds.simulator.line import Message
from seeds.simulator.mats import MINUTE_MS, Detection
from seeds.simulator.mylaps import RECORDS, stick_file
from seeds.simulator.operator import Operator
from seeds.simulator.truth import RulingPlan
from seeds.simulator.weekend import Act, Weekend, stick_items

#: The first gun comes this long after the simulator was started, so that whoever opens the page then waits no longer;
#: but there is always time to open it.
FIRST_GUN_S, LEAST_LEAD_S = 20, 10
REPEATED = 0.03
Say = Callable[[str], None]
Due = TypeVar("Due", Act, Detection)


class Player:
    """One playing of one weekend. `say` is told in a line what happens; for `ports` see `Crew`, for `without` `Operator`."""

    def __init__(
        self, weekend: Weekend, desk: Desk, edition: str, address: tuple[str, int], speed: float, say: Say,
        ports: Mapping[str, int] | None = None, without: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.weekend, self.desk, self.edition, self.say = weekend, desk, edition, say
        self.began = time.monotonic()
        self.ledger = Ledger()
        self.clock = Clock(desk, edition, speed)
        self.faults: Faults | None = None
        self.rng = random.Random(f"player {weekend.seed}")
        self.crew = Crew(weekend, desk, edition, address, self.ledger, ports, self.clock)
        self.lines = self.crew.lines
        self.operator = Operator(weekend, desk, edition, say, without)
        self.acts = list(weekend.acts)
        self.reads = list(weekend.day.live)

    async def play(self) -> None:
        """Play from sign-on to the last closing, then draw the balance of what was in doubt."""
        first_gun_ms = min(truth.gun_ms for truth in self.weekend.truths.values())
        standing_ms = min(self.acts[0].at_ms, first_gun_ms)
        await self.clock.set(standing_ms, standing=True)
        await self.crew.set_up()
        await self._declare_offsets()
        while self.acts and self.acts[0].duty == "sign_on" and self.acts[0].at_ms < first_gun_ms:
            act = self.acts.pop(0)
            if act.at_ms > standing_ms:  # each race has its own window, by the event's clock
                standing_ms = act.at_ms
                await self.clock.set(standing_ms, standing=True)
            await self._do(act)
        if self.clock.speed:
            lead_s = max(LEAST_LEAD_S, FIRST_GUN_S - (time.monotonic() - self.began))
            await self.clock.set(max(standing_ms, first_gun_ms - round(lead_s * self.clock.speed * 1000)))
        while self.acts or self.reads:
            due_ms = min(item[0].at_ms for item in (self.acts, self.reads) if item)
            await self._step(await self.clock.reach(due_ms))
        if self.clock.speed:
            await self.clock.set(self.clock.now_ms() + MINUTE_MS, standing=True)
        await self.crew.pack_up()
        if self.clock.speed:
            await self.clock.leave()

    async def _declare_offsets(self) -> None:
        answer = await self.desk.get("timing/sources/", "timing_crew", edition=self.edition)
        ids = {source["name"]: source["id"] for source in answer["results"]}
        for mat in self.weekend.mats:
            if mat.offset_ms and not mat.slow_ppm:
                body = {"from": None, "offset_ms": mat.offset_ms, "evidence": "与主计时设备对时（发令前三次对照）"}
                await self.desk.post(f"timing/sources/{ids[mat.name]}/offsets/", "timing_crew", body)
                self.say(f"{mat.name}: clock offset {mat.offset_ms:+d} ms declared")

    async def _step(self, until_ms: int) -> None:
        """Do what is due: guns first, then what the decoders saw (while things may break), then what officials rule."""
        due = self._take(self.acts, until_ms)
        for act in due:
            if act.duty in ("sign_on", "gun"):
                await self._do(act)
        await self._send(self._take(self.reads, until_ms), until_ms)
        for act in due:
            if act.duty not in ("sign_on", "gun"):
                await self._do(act)

    @staticmethod
    def _take(queue: list[Due], until_ms: int) -> list[Due]:
        """Take from the front of a queue, which is in order of time, what is due by an instant."""
        count = next((index for index, item in enumerate(queue) if item.at_ms > until_ms), len(queue))
        taken, queue[:count] = queue[:count], []
        return taken

    async def _send(self, reads: Sequence[Detection], until_ms: int) -> None:
        batches = {version: self._messages(version, reads) for version in self.lines}
        sending = [self.lines[version].send(messages) for version, messages in batches.items() if messages]
        sending += self.crew.others(reads, until_ms)
        busy = [self.lines[version] for version, messages in batches.items() if messages]
        if self.faults is None:
            await asyncio.gather(*sending)
        else:
            before = len(self.faults.happened)
            await asyncio.gather(self.faults.strike(until_ms, busy), *sending)
            for fault in self.faults.happened[before:]:
                self.say(f"FAULT {fault.kind}: whole again after {fault.back_after_s:.1f} s")

    def _messages(self, version: int, reads: Sequence[Detection]) -> list[Message]:
        """Pack reads into messages by source; damaged records go first and sound again after, some messages twice."""
        messages: list[Message] = []
        for name in self.lines[version].sources:
            items = [Item(read) for read in reads if read.source == name]
            damaged = [Item(item.detection, True) for item in items if item.detection.identity in self.weekend.damaged]
            queue = damaged + items
            for start in range(0, len(queue), RECORDS[version]):
                message = Message(name, queue[start : start + RECORDS[version]])
                messages += [message] * (2 if self.rng.random() < REPEATED else 1)
        return messages

    async def _do(self, act: Act) -> None:
        card = next((card for card in self.weekend.cards if card.slug == act.race), None)
        if act.stick is not None:
            await self._bring_stick(act)
        elif card is not None and act.duty == "sign_on":
            await self._sign_on(card)
        elif card is not None and act.duty == "gun":
            body = {"wave": card.code, "at": iso(act.at_ms), "reason": ""}
            await self.desk.post(f"races/{card.slug}/guns/", "commissaire", body)
            self.say(f"{self._time(act)} gun for {card.code}")
        elif act.duty == "operator":
            await self.operator.do(act)
        elif act.ruling is not None:
            await self._rule(act.race, act.ruling)
            about = f" bib {act.ruling.bib}" if act.ruling.bib else ""
            self.say(f"{self._time(act)} {act.race} {act.ruling.kind}{about}")

    async def _rule(self, race: str, ruling: RulingPlan) -> None:
        """Issue a ruling. Whoever closes a race names those who are not home; the last reads may change that list meanwhile."""
        said, until = ruling.body(), time.monotonic() + PATIENCE_S
        while True:
            if ruling.kind == "close":
                said["detail"] = {"out": await self._not_home(race)}
            try:
                await self.desk.post(f"races/{race}/rulings/", "commissaire", said)
                return
            except Unplayable as refused:
                if refused.code != "riders_out" or time.monotonic() > until:
                    raise
            await asyncio.sleep(0.2)

    async def _not_home(self, race: str) -> list[int]:
        """Ask who has not come home."""
        state = await self.desk.get(f"races/{race}/publications/", "commissaire")
        return list(state.get("out", []))

    async def _sign_on(self, card: RaceCard) -> None:
        absent = self.weekend.truths[card.slug].absent
        bibs = [starter.bib for starter in self.weekend.starters[card.slug] if starter.bib not in absent]
        await self.desk.post("entries/sign-on/", "office", {"race": card.slug, "bibs": bibs})
        self.say(f"{card.slug}: {len(bibs)} signed on, {len(absent)} not here")

    async def _bring_stick(self, act: Act) -> None:
        """Upload a decoder's memory; its date and zone are told with it, as a crew has to."""
        stick = act.stick
        assert stick is not None
        mat = next(mat for mat in self.weekend.mats if mat.name == stick.source)
        local = from_ms(stick.due_ms + mat.zone_ms)
        answer = await self.desk.upload(
            "timing/deliveries/",
            "deliveries",
            stick_file(stick.detections),
            f"stick-{self.weekend.seed}-{stick.source}",
            make="csv",
            zone=mat.set_to,
            date=f"{local:%Y-%m-%d}",
            name=f"{stick.source}.csv",
        )
        self.ledger.files.append(stick_items(stick))
        self.say(f"{self._time(act)} memory of {stick.source}: {len(stick.detections)} reads ({answer.get('status')})")

    @staticmethod
    def _time(act: Act) -> str:
        return f"{from_ms(act.at_ms + 8 * 3_600_000):%a %H:%M:%S}"
