"""What was really sent, counted so that the balance closes whatever broke on the way.

A transmission counts when it was acknowledged, when its acknowledgement was lost on purpose, or when the server's byte
count for its connection shows that it was committed before the connection broke. Any other was lost on the way; its
message was sent again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from seeds.simulator.mats import Detection

Identity = tuple[str, str, int]


@dataclass(frozen=True)
class Item:
    """One record of a message; a damaged one has a wrong checksum and must be rejected."""

    detection: Detection
    damaged: bool = False


@dataclass
class Transmission:
    """One sending of one message on one connection. `end` counts the connection's data bytes up to its last one."""

    number: int
    items: Sequence[Item]
    end: int
    acknowledged: bool = False
    acknowledgement_lost: bool = False

    @property
    def answered(self) -> bool:
        """Whether the server is known to have it, because it said so."""
        return self.acknowledged or self.acknowledgement_lost


@dataclass
class Wire:
    """One TCP connection: its own address as the server sees it, and what went over it.

    `before` is what the server held from this address before (an operating system may hand a port out again);
    `committed` what it held of this connection when the balance was drawn. Of wires with the same `pool` the server only
    tells how many records it holds of all together (`share`): there sizes are counted in records and not in bytes, since
    what machines tell of themselves is kept as well, now and then.
    """

    peer: str
    before: int = 0
    pool: str = ""
    sent_bytes: int = 0
    committed: int = 0
    transmissions: list[Transmission] = field(default_factory=list)

    def note(self, number: int, items: Sequence[Item], size: int) -> Transmission:
        """Write down a message that is being sent now."""
        self.sent_bytes += size
        transmission = Transmission(number, items, self.sent_bytes)
        self.transmissions.append(transmission)
        return transmission

    def counted(self) -> Iterator[Transmission]:
        """Yield the transmissions that the server has."""
        return (one for one in self.transmissions if one.answered or one.end <= self.committed)

    @property
    def in_doubt(self) -> bool:
        """Whether something sent here was never answered."""
        return not all(one.answered for one in self.transmissions)


def share(wires: Sequence[Wire], total: int) -> bool:
    """Say of each wire of a pool how much of it the server has, which has `total` records of all; whether that can be.

    Of each wire it has whole messages from the beginning, at least those it answered.
    """
    options = []
    for wire in wires:
        least = max((one.end for one in wire.transmissions if one.answered), default=0)
        options.append([end for end in (0, *(one.end for one in wire.transmissions)) if end >= least])
    found = _summing(options, total)
    for wire, committed in zip(wires, found or [ends[-1] for ends in options], strict=True):
        wire.committed = committed
    return found is not None


def _summing(options: Sequence[Sequence[int]], total: int) -> list[int] | None:
    """Return one of each (they ascend), together the total; None where there are none."""
    if not options:
        return [] if total == 0 else None
    ends, rest = options[0], options[1:]
    if not rest:
        at = bisect_left(ends, total)
        return [total] if at < len(ends) and ends[at] == total else None
    most = sum(other[-1] for other in rest)
    for end in ends[bisect_left(ends, total - most) : bisect_right(ends, total)]:
        found = _summing(rest, total - end)
        if found is not None:
            return [end, *found]
    return None


@dataclass
class Tally:
    """The balance of one race, or of all: reads_sent = stored + duplicates + rejected."""

    sent: int = 0
    rejected: int = 0
    identities: set[Identity] = field(default_factory=set)

    @property
    def duplicates(self) -> int:
        """Sound records that were sent before."""
        return self.sent - self.rejected - len(self.identities)

    def add(self, item: Item) -> None:
        """Count one record that reached the server."""
        self.sent += 1
        if item.damaged:
            self.rejected += 1
        else:
            self.identities.add(item.detection.identity)


@dataclass
class Ledger:
    """Everything that was sent, over wires and as files."""

    wires: list[Wire] = field(default_factory=list)
    files: list[Sequence[Item]] = field(default_factory=list)

    def open(self, peer: str, before: int, pool: str = "") -> Wire:
        """Begin the account of a new connection."""
        wire = Wire(peer, before, pool)
        self.wires.append(wire)
        return wire

    @property
    def lost(self) -> int:
        """Transmissions that never arrived as a whole."""
        return sum(len(wire.transmissions) - len(list(wire.counted())) for wire in self.wires)

    def items(self) -> Iterator[Item]:
        """Yield every record that reached the server, as often as it did."""
        for wire in self.wires:
            for transmission in wire.counted():
                yield from transmission.items
        for items in self.files:
            yield from items

    def tallies(self, races: Iterable[str]) -> dict[str, Tally]:
        """Return the balance of each race by its slug, and under "" that of reads which belong to none."""
        tallies = {race: Tally() for race in ("", *races)}
        for item in self.items():
            tallies[item.detection.race].add(item)
        return tallies

    def sources(self) -> Counter[str]:
        """Return how many records of each source reached the server."""
        return Counter(item.detection.source for item in self.items())
