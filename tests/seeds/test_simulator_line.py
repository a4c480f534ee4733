"""The laptop at the road side against a gateway that misbehaves: everything arrives, and the balance closes."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import pytest

from seeds.simulator.ledger import Item, Ledger, Wire
from seeds.simulator.line import Line, Message
from seeds.simulator.mats import Detection

RESEND_S = 0.15
SOURCES = ("FIN", "PASS")


@dataclass
class Gateway:
    """A gateway that keeps what it commits by peer, and can be told to misbehave at the n-th data frame.

    silent     keeps the frame, does not answer it
    broken     keeps it, then breaks the connection without an answer
    refusing   breaks the connection without keeping it
    """

    plan: dict[int, str] = field(default_factory=dict)
    kept: dict[str, list[bytes]] = field(default_factory=dict)
    greeted: list[str] = field(default_factory=list)
    frames: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = writer.get_extra_info("peername")[:2]
        mine = self.kept.setdefault(f"{host}:{port}", [])
        try:
            while True:
                frame = await reader.readuntil(b"$")
                if not await self.take(frame, mine, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # what is left of a cut frame is not a frame
        finally:
            writer.close()

    async def take(self, frame: bytes, mine: list[bytes], writer: asyncio.StreamWriter) -> bool:
        source, function, *rest = frame.decode().split("@")
        if function == "Pong":
            self.greeted.append(source)
            writer.write(b"GW@AckPong@Version2.1@$GW@Ping@$")
            return True
        if function == "AckPing":
            return True
        self.frames += 1
        deed = self.plan.get(self.frames, "")
        if deed != "refusing":
            mine.append(frame)
        if not deed:
            writer.write(f"GW@Ack{function}@{rest[-2]}@$".encode())
        return deed not in ("broken", "refusing")

    async def held(self, peer: str) -> int:
        return sum(map(len, self.kept.get(peer, [])))

    def records(self) -> Counter[str]:
        """How often each record is in what was kept."""
        return Counter(
            record for frames in self.kept.values() for frame in frames for record in frame.decode().split("@")[2:-2]
        )


def messages(count: int, source: str = "FIN", damaged: bool = False) -> list[Message]:
    return [
        Message(source, [Item(Detection(n, source, f"AB{n:05d}", n * 1000, f"race-{n % 2}"), damaged)])
        for n in range(count)
    ]


def send(gateway: Gateway, version: int, mischief: str = "", count: int = 4) -> Ledger:
    """Send one-record messages through a line to the gateway and draw the balance."""

    async def play() -> Ledger:
        server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()[:2]
        ledger = Ledger()
        line = Line(address, version, SOURCES, ledger, gateway.held, resend_s=RESEND_S)
        done = asyncio.Event()
        if mischief == "cut":
            line.mischief.cut = done
        if mischief == "lose":
            line.mischief.lose_acknowledgement = done
        await line.send(messages(count))
        await line.close()
        assert done.is_set() == bool(mischief)
        for wire in ledger.wires:
            wire.committed = await gateway.held(wire.peer) - wire.before
        server.close()
        return ledger

    return asyncio.run(asyncio.wait_for(play(), 30))


def balance(ledger: Ledger) -> tuple[int, int, int]:
    """(sent, distinct, duplicates) over all races."""
    tallies = ledger.tallies(["race-0", "race-1"]).values()
    return (
        sum(tally.sent for tally in tallies),
        sum(len(tally.identities) for tally in tallies),
        sum(tally.duplicates for tally in tallies),
    )


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("deed", "sent", "lost"),
    [("", 4, 0), ("silent", 5, 0), ("broken", 5, 0), ("refusing", 4, 1)],
)
def test_the_balance_is_what_the_gateway_holds(version, deed, sent, lost):
    """One message at a time, so that only the one that meets the deed is concerned."""
    gateway = Gateway({2: deed})
    ledger = send(gateway, version, count=4) if version == 1 else _one_by_one(gateway, 4)
    assert balance(ledger) == (sent, 4, sent - 4)
    assert sum(gateway.records().values()) == sent
    assert ledger.lost == lost


def _one_by_one(gateway: Gateway, count: int) -> Ledger:
    async def play() -> Ledger:
        server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
        ledger = Ledger()
        line = Line(server.sockets[0].getsockname()[:2], 2, SOURCES, ledger, gateway.held, resend_s=RESEND_S)
        for message in messages(count):
            await line.send([message])
        await line.close()
        for wire in ledger.wires:
            wire.committed = await gateway.held(wire.peer) - wire.before
        server.close()
        return ledger

    return asyncio.run(asyncio.wait_for(play(), 30))


@pytest.mark.parametrize("version", [1, 2])
def test_a_frame_cut_in_the_middle_is_sent_again_on_a_new_connection_and_counts_once(version):
    gateway = Gateway()
    ledger = send(gateway, version, "cut")
    assert len({wire.peer for wire in ledger.wires}) == 2
    assert balance(ledger)[1:] == (4, balance(ledger)[0] - 4)
    assert sum(gateway.records().values()) == balance(ledger)[0]
    assert ledger.lost >= 1


def test_a_lost_acknowledgement_makes_a_duplicate():
    gateway = Gateway()
    ledger = send(gateway, 1, "lose")
    assert balance(ledger) == (5, 4, 1)
    assert [one.acknowledgement_lost for wire in ledger.wires for one in wire.transmissions].count(True) == 1
    assert gateway.frames == 5


def test_every_source_is_introduced_on_every_connection():
    gateway = Gateway({2: "broken"})
    send(gateway, 1)
    assert gateway.greeted == [*SOURCES, *SOURCES]


@pytest.mark.parametrize(("version", "most"), [(1, 1), (2, 10)])
def test_no_more_messages_are_under_way_than_the_protocol_allows(version, most):
    """A gateway that answers nothing gets as many messages as may be outstanding, and no further one."""
    gateway = Gateway(dict.fromkeys(range(1, 100), "silent"))

    async def play() -> int:
        server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
        line = Line(server.sockets[0].getsockname()[:2], version, SOURCES, Ledger(), gateway.held, resend_s=60)
        sending = asyncio.create_task(line.send(messages(25)))
        while gateway.frames < most:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await line.close()
        server.close()
        return gateway.frames

    assert asyncio.run(asyncio.wait_for(play(), 30)) == most


def test_what_was_never_answered_counts_up_to_the_bytes_the_server_has():
    wire = Wire("127.0.0.1:5000")
    items = [message.items for message in messages(3)]
    first, second, third = (wire.note(number, items[number], 100) for number in range(3))
    first.acknowledged = True
    wire.committed = 299
    assert ([one.number for one in wire.counted()], wire.in_doubt) == ([0, 1], True)
    wire.committed = 300
    assert [one.number for one in wire.counted()] == [0, 1, 2]
    second.acknowledgement_lost = third.acknowledged = True
    assert wire.in_doubt is False


def test_damaged_records_are_rejected_and_not_stored():
    ledger = Ledger(files=[messages(2)[0].items, messages(2, damaged=True)[0].items, messages(2)[1].items])
    told = {
        race: (tally.sent, tally.duplicates, tally.rejected)
        for race, tally in ledger.tallies(["race-0", "race-1"]).items()
    }
    assert told == {"": (0, 0, 0), "race-0": (2, 0, 1), "race-1": (1, 0, 0)}
