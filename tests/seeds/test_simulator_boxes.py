"""Machines that listen, met by the sessions of the decoders: whatever is lost on the way is asked for, and all arrives."""

import asyncio
import contextlib
from datetime import date

import pytest

from launch.demo import LINES
from seeds.simulator import crews
from seeds.simulator.boxes import BOXES
from seeds.simulator.ledger import Item, Ledger, Wire, share
from seeds.simulator.mats import Detection, Hole, Mat
from seeds.simulator.operator import measured
from seeds.simulator.weekend import lay_out
from tests.seeds.played import mats, starters, weekend
from timing import decoders
from timing.decoders.model import Context

START_MS = 1_716_600_000_000
HOLE = Hole("BOX", START_MS + 100_000, START_MS + 200_000)


def reads(mat, first, count):
    """A read every second."""
    instants = [START_MS + 1000 * (first + number) for number in range(count)]
    return [Detection(at_ms, "BOX", f"AB{at_ms % 10**5:05d}", mat.local_ms(at_ms), "race") for at_ms in instants]


class Caller:
    """Whoever dials: a session of the make, over as many connections as it takes."""

    def __init__(self, make, port):
        self.session, self.port = decoders.decoder(make).session("TEST"), port
        self.kept, self.calls, self.stopped = b"", 0, False

    async def run(self):
        while not self.stopped:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            self.calls += 1
            writer.write(self.session.opening())
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(4096):
                    for frame in self.session.feed(data):
                        self.kept += frame.raw if frame.keep else b""
                        writer.write(frame.reply)
            writer.close()
            await asyncio.sleep(0.01)


async def played(make):
    """Four minutes of reads, the cable out for a part of them. The ledger, who dialled, and all reads."""
    mat = Mat("BOX", "road", "F", backup=True, zone="Asia/Shanghai", make=make, really="UTC", slow_ppm=556)
    ledger = Ledger()
    box = BOXES[make](mat, ledger, [HOLE])
    caller = Caller(make, await box.open())
    calling = asyncio.create_task(caller.run())

    async def settled():
        while not box.settled:
            await asyncio.sleep(0.01)

    await asyncio.wait_for(settled(), 10)
    everything = []
    for minute in range(24):
        batch = reads(mat, 10 * minute, 10)
        everything += batch
        await box.take(batch, batch[-1].at_ms)
        await asyncio.sleep(0.005)
    await asyncio.wait_for(settled(), 10)
    await asyncio.sleep(0.05)
    caller.stopped = True
    await box.close()
    await asyncio.wait_for(calling, 10)
    return ledger, caller, everything


@pytest.mark.parametrize("make", sorted(BOXES))
def test_all_that_was_seen_arrives_over_an_outage_and_lost_lines(make, monkeypatch):
    monkeypatch.setattr("seeds.simulator.boxes.LOST_ON_THE_WAY", 0.1)
    ledger, caller, everything = asyncio.run(played(make))
    parsed = decoders.decoder(make).parse(caller.kept, Context("UTC", date(2024, 5, 25), source="BOX"))
    assert parsed.rejects == ()
    assert {(read.source, read.chip, read.local_us) for read in parsed.reads} == {
        (read.source, read.chip, read.local_ms * 1000) for read in everything
    }
    assert share(ledger.wires, len(parsed.reads))
    assert [item.detection.identity for item in ledger.items()] == [
        (read.source, read.chip, read.local_us // 1000) for read in parsed.reads
    ]
    assert caller.calls > 1
    assert len(parsed.reads) >= len(everything)


def test_a_battery_goes_down():
    told = {}
    for at_ms in (START_MS, START_MS + 3_600_000, START_MS + 40 * 3_600_000):
        box = BOXES["raceresult"](Mat("BOX", "road", "P", backup=False, zone="UTC", make="raceresult"), Ledger())
        asyncio.run(box.take([], START_MS))
        asyncio.run(box.take([], at_ms))
        parsed = decoders.decoder("raceresult").parse(box.answer(b"GETSTATUS"), Context("UTC", None))
        told[at_ms] = parsed.control[0]["battery_pct"]
    assert list(told.values()) == [100, 92, 5]


def wire(*sizes, answered=0):
    made = Wire("", pool="x")
    for number, size in enumerate(sizes):
        made.note(number, [Item(Detection(number, "A", "C", number, ""))], size).acknowledged = number < answered
    return made


@pytest.mark.parametrize(
    ("wires", "total", "committed"),
    [
        ([wire(10, 10)], 10, [10]),
        ([wire(10, 12), wire(11, 11)], 32, [10, 22]),
        ([wire(10, 12, answered=1), wire(11, 11), wire(5)], 37, [10, 22, 5]),
        ([wire(10), wire(), wire(7)], 7, [0, 0, 7]),
    ],
)
def test_what_the_server_holds_of_all_is_shared_out(wires, total, committed):
    assert share(wires, total)
    assert [one.committed for one in wires] == committed


def test_a_total_that_cannot_be_is_told():
    wires = [wire(10, 10, answered=1), wire(7)]
    assert not share(wires, 9)
    assert [one.committed for one in wires] == [20, 7]


def test_a_clock_is_measured_in_steps_by_the_chips_that_both_read():
    ours = {f"C{number}": [START_MS + number * 1000] for number in range(700)}
    theirs = {chip: [at_ms - 2_000 - (at_ms - START_MS) // 100] for chip, (at_ms,) in ours.items()}
    theirs |= {"STRANGE": [START_MS], "FAR": [START_MS]}
    ours |= {"FAR": [START_MS + 100_000]}
    assert measured(ours, theirs) == {
        START_MS: (3_490, 300),
        START_MS + 300_000: (6_490, 300),
        START_MS + 600_000: (8_490, 100),
    }


def test_a_plain_line_is_what_it_was():
    assert crews.equip("plain", mats(), weekend(1).cards) == mats()
    assert weekend(1).trouble is None


def test_strange_chips_of_a_mixed_line_are_read_beside_those_that_count():
    plain, mixed = weekend(1), lay_out(1, starters(), mats(), line="mixed")
    tags = crews.tags("mixed", mixed.cards, starters())
    chips = {starter.bib: starter.chips for listed in starters().values() for starter in listed}
    assert [len(some) for some in tags.values()] == [2] * 5
    strange = {tag: chips[bib][0] for some in tags.values() for bib, tag in some.items()}
    assert not strange.keys() & {chip for codes in chips.values() for chip in codes}
    more = {read for read in mixed.day.live if read.chip in strange}
    assert {read for read in mixed.day.live if read.chip not in strange} == set(plain.day.live)
    own = {(read.source, read.chip, read.at_ms) for read in mixed.day.live}
    assert more
    assert all((read.source, strange[read.chip], read.at_ms - 20) in own for read in more)


@pytest.mark.parametrize("line", crews.LINES)
def test_run_knows_which_machines_are_dialled(line):
    equipped = crews.equip(line, mats(), weekend(1).cards)
    assert LINES[line] == {mat.name: mat.make for mat in equipped if mat.make in BOXES}
