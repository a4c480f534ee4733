"""From the credentials to the verdict: one playing of the weekend."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seeds.simulator import cards as race_cards
from seeds.simulator import checker
from seeds.simulator.api import Desk, Unplayable
from seeds.simulator.cards import RaceCard, Starter
from seeds.simulator.checker import Verdict
from seeds.simulator.faults import Faults
from seeds.simulator.mats import Mat
from seeds.simulator.player import Player, Say
from seeds.simulator.summary import Summary, summarise
from seeds.simulator.weekend import Weekend, lay_out

#: What a decoder of the start list's system may be; a phone is none.
MAKES = ("mylaps", "raceresult", "ultra", "feibot")


@dataclass(frozen=True)
class Order:
    """How to play. `speed` 0: as fast as the work is done. `services` is needed where things shall break.

    `line`: see `crews`; `ports`: see `Crew` (not None: `gateway` is a bridge's port); `without`: see `Operator`.
    """

    credentials: Mapping[str, Any]
    base_url: str
    gateway: tuple[str, int]
    seed: int = 1
    speed: float = 30.0
    faults: bool = False
    services: Path | None = None
    truth: Path | None = None
    shift_one_ms: int = 0
    patience_s: float = checker.PATIENCE_S
    line: str = "plain"
    ports: Mapping[str, int] | None = None
    without: tuple[str, ...] = ()


def credentials(path: Path) -> Mapping[str, Any]:
    """Read the credentials that `seed` wrote. Unplayable where there are none."""
    try:
        read: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise Unplayable(f"no credentials in {path}: {problem}") from problem
    return read


async def play(order: Order, say: Say) -> Summary:
    """Play the weekend and return what came of it. Raises Unplayable when it cannot be played to the end."""
    began = time.monotonic()
    if order.faults and order.services is None:
        raise Unplayable("faults need the file in which the running system tells its process ids (--services)")
    desk = Desk(order.base_url, order.credentials["tokens"])
    try:
        edition = order.credentials["edition"]
        weekend = await prepare(desk, edition, order.seed, order.line)
        if order.truth is not None:
            weekend.write_truth(order.truth)
        say(f"seed {order.seed}: {sum(map(len, weekend.starters.values()))} starters, {len(weekend.day.live)} reads")
        if order.shift_one_ms:
            weekend = weekend.shift_one(order.shift_one_ms)
        player = Player(weekend, desk, edition, order.gateway, order.speed, say, order.ports, order.without)
        player.began = began
        if order.faults and order.services is not None:
            first_gun_ms = min(truth.gun_ms for truth in weekend.truths.values())
            player.faults = Faults(order.services, desk, edition, first_gun_ms, bridged=order.ports is not None)
        await player.play()
        verdict = await checker.examine(desk, edition, weekend.truths, player.ledger, say, order.patience_s)
        if not verdict.right:
            _say_why(verdict, say)
        happened = player.faults.happened if player.faults else []
        missing = player.faults.missing() if player.faults else []
        summary = summarise(weekend, player.ledger, verdict, happened, missing, time.monotonic() - began)
        hard = {"line": order.line, "put_right": player.operator.done} if weekend.trouble else {}
        return {**summary, **hard}
    finally:
        await desk.close()


def _say_why(verdict: Verdict, say: Say) -> None:
    """Say what is wrong, the first few of each kind."""
    for slug, difference in verdict.differences.items():
        if not difference.closed:
            say(f"{slug}: not closed")
        for note in difference.notes[:10]:
            say(f"{slug}: {note}")
    for name, identities in (("missing", verdict.missing), ("never sent", verdict.strange)):
        for identity in sorted(identities)[:10]:
            say(f"read {name}: {identity}")
    if verdict.told != verdict.due:
        say(f"the system tells {verdict.told}, the balance says {verdict.due}")


async def prepare(desk: Desk, edition: str, seed: int, line: str = "plain") -> Weekend:
    """Read the start lists and the decoders from the system, and lay the weekend out."""
    cards = race_cards.weekend()
    starters = {card.slug: await _starters(desk, card) for card in cards}
    answer = await desk.get("timing/sources/", "timing_crew", edition=edition, limit=200)
    return lay_out(seed, starters, _mats(seed, answer["results"]), cards, line)


async def _starters(desk: Desk, card: RaceCard) -> Sequence[Starter]:
    answer = await desk.get("entries/", "office", race=card.slug, limit=2000)
    starters = [
        Starter(entry["bib"], tuple(entry["chips"]))
        for entry in answer["results"]
        if entry["state"] == "confirmed" and entry["bib"] and entry["chips"]
    ]
    if not starters:
        raise Unplayable(f"the start list of {card.slug} is empty")
    return starters


def _mats(seed: int, sources: Sequence[Mapping[str, Any]]) -> list[Mat]:
    """Take the mapped decoders as they stand; every backup's clock is some seconds off, each by its own."""
    rng = random.Random(f"clocks {seed}")
    mats = []
    for source in sorted(sources, key=lambda source: source["name"]):
        offset_ms = rng.choice((-1, 1)) * rng.randint(1_500, 60_000)
        if source["point"] is not None and source["make"] in MAKES:
            backup = source["role"] == "backup"
            mats.append(
                Mat(
                    name=source["name"],
                    course=source["point"]["course"],
                    point=source["point"]["code"],
                    backup=backup,
                    zone=source["zone"],
                    offset_ms=offset_ms if backup else 0,
                )
            )
    return mats
