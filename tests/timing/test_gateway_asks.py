"""The lines alone, without a database: machines are asked how they are, and who says nothing or never ends is cut."""

import asyncio

import pytest

from tests.ports import free_port
from timing.decoders.live import LIVE
from timing.gateway import line as one_line
from timing.gateway import lines as all_lines
from timing.gateway.lines import Lines, Place


class Kept(Lines):
    """Lines that remember what was to be kept: its key, its bytes, whether it tells how a machine is."""

    def __init__(self, make, port, host=""):
        place = Place(1, "mats", make, host, port)
        super().__init__(
            lambda: [place], lambda make: LIVE[make].session("LYDG"), self.receive, lambda _place: b"", address="127.0.0.1"
        )  # fmt: skip
        self.kept = []

    def receive(self, line, body):
        self.kept.append((line.key.startswith(one_line.TELLING), body, line.heard_at is not None))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Everything that takes seconds takes a moment."""
    monkeypatch.setattr(all_lines, "POLL_S", 0.02)
    monkeypatch.setattr(one_line, "KEEP_ALIVE_S", 0.1)


async def meet(lines, port, talk):
    """Call, talk, and end."""
    running = asyncio.create_task(lines.run())
    try:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0.02)
        await asyncio.wait_for(talk(reader, writer), 20)
        writer.close()
    finally:
        lines.stopping.set()
        await running
    return lines.kept


def test_the_timing_software_is_asked_how_its_devices_are_and_its_answer_stands_apart():
    port = free_port()

    async def talk(reader, writer):
        writer.write(b"Finish@Pong@$")
        assert (await reader.readuntil(b"$")).startswith(b"LYDG@AckPong")
        assert [await reader.readuntil(b"$") for _word in range(2)] == [b"LYDG@Ping@$", b"LYDG@GetInfo@$"]
        writer.write(b"Finish@AckPing@$Finish@AckGetInfo@id=1|n=Main|bat=71@$Finish@Passing@c=A|t=9:00:00@7@$")
        while b"AckPassing" not in await reader.readuntil(b"$"):
            pass
        assert await reader.readuntil(b"$") == b"LYDG@Ping@$"

    kept = asyncio.run(meet(Kept("mylaps", port), port, talk))
    said = b"".join(body for _state, body, _heard in kept)
    assert said == b"Finish@AckGetInfo@id=1|n=Main|bat=71@$Finish@Passing@c=A|t=9:00:00@7@$"
    # One of the two ways in which a network may have cut it: together, or the word about itself alone.
    assert [state for state, _body, _heard in kept] in ([False], [True, False])
    assert kept[0][2]


def test_a_wiclax_box_is_told_to_read_as_soon_as_it_calls():
    port = free_port()

    async def talk(reader, writer):
        assert [await reader.readuntil(b"\r") for _word in range(2)] == [b"CLOCK\r", b"STARTREAD\r"]
        writer.write(b"CLOCK 25-05-2024 09:00:00\r")
        assert await reader.readuntil(b"\r") == b"CLOCK\r"

    assert asyncio.run(meet(Kept("wiclax", port), port, talk)) == [(True, b"CLOCK 25-05-2024 09:00:00\r", True)]


@pytest.mark.parametrize(("make", "said"), [("mylaps", b""), ("mylaps", b"Finish@Pong@$"), ("jchip", b"")])
def test_who_says_nothing_is_cut(make, said, monkeypatch):
    monkeypatch.setattr(one_line, "FIRST_S", 0.3)
    monkeypatch.setattr(one_line, "IDLE_S", 0.3)
    port = free_port()

    async def talk(reader, writer):
        writer.write(said)
        await reader.read(-1)  # until it is closed

    assert asyncio.run(meet(Kept(make, port), port, talk)) == []


def test_a_drip_is_no_first_word(monkeypatch):
    """Whoever sends a byte now and then and never a message holds none of the few places of an address."""
    monkeypatch.setattr(one_line, "FIRST_S", 0.3)
    port = free_port()

    async def talk(reader, writer):
        closed = asyncio.create_task(reader.read(-1))
        async with asyncio.timeout(20):
            while not closed.done():
                writer.write(b"F")
                await asyncio.sleep(0.05)

    assert asyncio.run(meet(Kept("mylaps", port), port, talk)) == []


def test_a_reader_that_takes_no_question_may_be_silent(monkeypatch):
    """A JChip reader at a lonely mat: to cut it would lose what is under way."""
    monkeypatch.setattr(one_line, "FIRST_S", 0.3)
    monkeypatch.setattr(one_line, "IDLE_S", 0.3)
    port = free_port()

    async def talk(reader, writer):
        writer.write(b"N0000R\r")
        assert await reader.readuntil(b"\r") == b"GT\r"
        writer.write(b"GT0090000000 date=20240525\r")
        assert await reader.readuntil(b"\r") == b"S0000\r"
        await asyncio.sleep(1)
        writer.write(b"DAC1 09:00:00.0000 10 x date=20240525\r")
        while not [body for _state, body, _heard in lines.kept if b"DAC1" in body]:
            await asyncio.sleep(0.02)

    lines = Kept("jchip", port)
    kept = asyncio.run(meet(lines, port, talk))
    assert [(state, heard) for state, _body, heard in kept] == [(True, True), (False, False)]


def test_who_never_listens_is_cut(monkeypatch):
    """It asks and asks, and takes no answer: the answers would fill our memory."""
    monkeypatch.setattr(one_line, "IDLE_S", 0.5)
    port = free_port()

    async def talk(reader, writer):
        with pytest.raises(ConnectionError):
            while True:
                writer.write(b"Finish@Ping@$" * 5000)
                await writer.drain()

    assert asyncio.run(meet(Kept("mylaps", port), port, talk)) == []
