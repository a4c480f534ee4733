"""Cutting a TCP stream into whole messages, however the network cut it."""

from collections.abc import Callable, Iterator

from timing.decoders.model import MAX_FRAME, Frame, FrameTooLong

NOISE = b"\x00\r\n"  # seen between messages of real streams: it belongs to none of them


def split_frames(body: bytes, end: bytes) -> Iterator[bytes]:
    """The messages of a body, each with its end mark and without noise before it; last the unfinished tail, if any."""
    start = 0
    while (found := body.find(end, start)) >= 0:
        yield body[start : found + len(end)].lstrip(NOISE)
        start = found + len(end)
    if tail := body[start:].lstrip(NOISE):
        yield tail


class Missing:
    """Numbers that a machine left out and was asked for again, lowest first. It answers in the order of its numbers: what lies
    below a number that came late will not come any more."""

    MOST = 100  # gaps; a machine that leaves out more is asked for all from the last of them on

    def __init__(self) -> None:
        self._gaps: list[tuple[int, int]] = []

    @property
    def first(self) -> int | None:
        """The lowest; None where nothing is missing."""
        return self._gaps[0][0] if self._gaps else None

    def leave_out(self, first: int, last: int) -> None:
        """Numbers beyond all that were seen are missing."""
        if len(self._gaps) == self.MOST:
            first, _ = self._gaps.pop()
        self._gaps.append((first, last))

    def came(self, number: int) -> None:
        """A number came late."""
        self._gaps = [(max(first, number + 1), last) for first, last in self._gaps if last > number]

    def forget(self) -> None:
        """The machine counts anew."""
        self._gaps.clear()


class Telling:
    """How often a machine is asked how it is, and which of its answers are kept: of each kind the first since then.

    Some say it unasked several times a second, which would be most of what is kept.
    """

    EVERY = 6  # of the keep-alives: once a minute
    MOST = 200  # kinds; more of them is no machine

    def __init__(self) -> None:
        self._heard: set[str] = set()
        self._beats = 0

    def due(self) -> bool:
        """At a keep-alive: whether to ask now. The first time it is."""
        due = self._beats % self.EVERY == 0
        self._beats += 1
        if due:
            self._heard.clear()
        return due

    def new(self, kind: str) -> bool:
        """Whether this kind of answer is to be kept."""
        if kind in self._heard or len(self._heard) >= self.MOST:
            return False
        self._heard.add(kind)
        return True


class DelimitedSession:
    """A live connection whose messages close with an end mark.

    answer gives for one message its reply and whether it must be kept; withhold tells which unfinished tail must
    never be shown or stored (a login).
    """

    def __init__(
        self, end: bytes, answer: Callable[[bytes], tuple[bytes, bool]], withhold: Callable[[bytes], bool]
    ) -> None:
        self._end = end
        self._answer = answer
        self._withhold = withhold
        self._tail = b""

    @property
    def pending(self) -> bytes:
        """The unfinished end of the stream; empty when it is a login."""
        return b"" if self._withhold(self._tail) else self._tail

    def opening(self) -> bytes:
        """Nothing: the machine speaks first."""
        return b""

    def keep_alive(self) -> bytes:
        """Nothing, unless the make knows such a question."""
        return b""

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; give the messages they complete.

        Raises FrameTooLong when a message passes MAX_FRAME; its `frames` are the whole ones before it.
        """
        frames: list[Frame] = []
        self._tail += data
        for raw in split_frames(self._take(), self._end):
            if len(raw) + (not raw.endswith(self._end)) > MAX_FRAME:
                raise FrameTooLong(frames)
            if not raw.endswith(self._end):
                self._tail = raw
            elif raw != self._end:
                frames.append(self._frame(raw))
        return frames

    def _frame(self, raw: bytes) -> Frame:
        """One whole message; a make whose messages lean on earlier ones writes those before it."""
        return Frame(raw, *self._answer(raw))

    def _take(self) -> bytes:
        """Everything held; the unfinished rest is put back by feed."""
        held, self._tail = self._tail, b""
        return held
