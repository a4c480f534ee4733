"""The bridge itself: lines to the machines, a spool on the disk, a sender to the server, and a page that shows all three."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from timing.bridge import options, page
from timing.bridge.sender import Sender, Server
from timing.bridge.spool import UNNAMED, Spool
from timing.decoders.live import LIVE
from timing.gateway.line import Line, NotKept
from timing.gateway.lines import Lines

logger = logging.getLogger("bridge")
SHOWN_EVERY_S = 5.0
GOODBYE_S = 5.0


class Bridge(Lines):
    """The machines of the command line; what they say goes to the spool."""

    def __init__(self, told: options.Options, spool: Spool, sender: Sender) -> None:
        super().__init__(
            lambda: told.places, lambda make: LIVE[make].session("BRIDGE"), self._receive,
            lambda place: spool.last(place.label), address="0.0.0.0",
        )  # fmt: skip
        self.told, self.spool, self.sender = told, spool, sender
        self.problem = ""

    def _receive(self, line: Line, body: bytes) -> None:
        place, now = self.told.places[line.place], datetime.now(UTC)
        date = self.told.date or now.astimezone().date().isoformat()
        try:
            source = self.told.sources[line.place] or UNNAMED + place.label
            self.spool.keep(line.key, place.make, place.label, body, at=now, date=date, source=source)
        except NotKept as problem:
            self.problem = str(problem)
            raise
        self.problem = ""
        self.sender.bell.set()

    def standing(self) -> page.Standing:
        """How everything stands now."""
        connected = [place.label for place in self.told.places for line in list(self.lines) if line.place == place.key]
        machines = {place.label: connected.count(place.label) for place in self.told.places}
        return page.Standing(
            machines, self.spool.queue(), self.problem or self.sender.problem, self.sender.sent_at, self.told.server
        )


async def work(bridge: Bridge) -> None:
    """Until Ctrl-C or SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has Ctrl-C only
            loop.add_signal_handler(number, bridge.stopping.set)
    shown = asyncio.create_task(_show(bridge))
    try:
        await bridge.run()
    finally:
        shown.cancel()


async def _show(bridge: Bridge) -> None:
    said = ""
    while True:
        with contextlib.suppress(NotKept):
            text = bridge.standing().line()
            if text != said:
                print(datetime.now(UTC).astimezone().strftime("%H:%M:%S"), text, flush=True)
            said = text
        await asyncio.sleep(SHOWN_EVERY_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it. 2 for options that cannot be, 1 where the folder cannot be used."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    told = options.read(arguments, LIVE)
    try:
        spool = Spool(told.folder / "spool.sqlite3")
    except NotKept as problem:
        print(f"{told.folder}: {problem}. Is another bridge running in this folder?", file=sys.stderr)
        return 1
    sender = Sender(spool, Server(told.server, told.token))
    bridge = Bridge(told, spool, sender)
    sender.start()
    served = page.serve(told.page, bridge.standing)
    try:
        with contextlib.suppress(KeyboardInterrupt):  # how Windows says Ctrl-C
            asyncio.run(work(bridge))
    finally:
        sender.stopping.set()
        sender.bell.set()
        sender.join(GOODBYE_S)
        if served is not None:
            served.shutdown()
    waiting = spool.queue().bodies
    print(f"Ended. {waiting} waiting: they go out at the next start." if waiting else "Ended. Everything is sent.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
