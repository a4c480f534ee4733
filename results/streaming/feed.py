"""The chain of revisions of one race, as far as it was sent to spectators; pure.

A delta turns the board at its `start` into the board at its `to` and can be used on no other. Messages may come twice,
late, out of order or not at all; the board read from Redis is the truth, and the deltas are only the short way to it.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

RING = 256  # deltas kept for those who come back
PENDING = 256  # deltas that wait for their board


@dataclass(frozen=True, slots=True)
class Board:
    """A board as published: encoded once, plain and gzipped. `race` is the race's key in the record."""

    revision: int
    json: bytes
    gz: bytes
    race: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    """The way from the board at `start` to the board at `to`; `block` is the finished event without its id."""

    start: int
    to: int
    block: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """What spectators of the race are sent: deltas that connect, or (`whole`) the board itself, or nothing."""

    deltas: tuple[Delta, ...] = ()
    whole: bool = False


@dataclass(slots=True)
class Feed:
    """One race: the board last sent, the deltas that led to it, and the deltas that came for later ones."""

    board: Board
    ring: deque[Delta] = field(default_factory=deque)
    pending: dict[int, Delta] = field(default_factory=dict)

    @property
    def sent(self) -> int:
        """The revision every spectator of this race has, or is being sent."""
        return self.board.revision

    def note(self, deltas: Iterable[Delta]) -> bool:
        """Keep the deltas that lead on from here; True if there was any."""
        fresh = {delta.start: delta for delta in deltas if self.sent <= delta.start < delta.to}
        self.pending |= fresh
        while len(self.pending) > PENDING:
            del self.pending[min(self.pending)]
        return bool(fresh)

    def way_to(self, revision: int) -> tuple[Delta, ...] | None:
        """The kept deltas from the board sent last to that revision; None if one is missing."""
        way: list[Delta] = []
        reached = self.sent
        while reached < revision:
            delta = self.pending.get(reached)
            if delta is None or delta.to > revision:
                return None
            way.append(delta)
            reached = delta.to
        return tuple(way)

    def advance(self, board: Board) -> Step:
        """Make `board` the one that is held, and say what spectators are sent for it. An older one changes nothing."""
        if board.revision <= self.sent:
            return Step()
        way = self.way_to(board.revision)
        self.board = board
        self.pending = {start: delta for start, delta in self.pending.items() if start >= board.revision}
        if way is None or sum(len(delta.block) for delta in way) > len(board.json):
            self.ring.clear()
            return Step(whole=True)
        self.ring.extend(way)
        self._trim()
        return Step(way)

    def restart(self, board: Board) -> Step:
        """Hold `board` whatever its revision: another race stands under this slug."""
        self.board = board
        self.ring.clear()
        self.pending.clear()
        return Step(whole=True)

    def backfill(self, deltas: Iterable[Delta]) -> None:
        """Put the deltas that led to the board first read into the ring (a process that just started has none)."""
        by_end = {delta.to: delta for delta in deltas if delta.start < delta.to}
        first = self.ring[0].start if self.ring else self.sent
        while (delta := by_end.get(first)) is not None:
            self.ring.appendleft(delta)
            first = delta.start
        self._trim()

    def since(self, revision: int) -> tuple[Delta, ...] | None:
        """What a spectator with that revision has missed; None: unknown, or heavier than the board itself."""
        if revision == self.sent:
            return ()
        missed = tuple(delta for delta in self.ring if delta.start >= revision)
        if not missed or missed[0].start != revision or revision > self.sent:
            return None
        return missed if sum(len(delta.block) for delta in missed) <= len(self.board.json) else None

    def _trim(self) -> None:
        """Deltas that weigh more than the board are of no use to anybody who comes back."""
        weight = sum(len(delta.block) for delta in self.ring)
        while len(self.ring) > RING or weight > len(self.board.json):
            weight -= len(self.ring.popleft().block)
