"""One spectator: a bounded queue of finished blocks. The same bytes object stands in every queue."""

import asyncio
from collections import deque

MAX_BLOCKS = 128
MAX_BYTES = 512 * 1024
STALL_S = 30.0  # the oldest block waits at most this long for a reader


class Client:
    """The races a connection follows and what it has not been sent yet."""

    __slots__ = ("_waiter", "address", "head_since", "over", "queue", "races", "size")

    def __init__(self, races: tuple[str, ...], address: str) -> None:
        self.races, self.address = races, address
        self.queue: deque[bytes] = deque()
        self.size = 0
        self.head_since = 0.0
        self.over = False
        self._waiter: asyncio.Future[None] | None = None

    def put(self, block: bytes, now: float) -> bool:
        """Queue a block; False when this reader is too slow to be kept. An empty queue takes a block of any size."""
        if not self.queue:
            self.head_since = now
        elif len(self.queue) >= MAX_BLOCKS or self.size + len(block) > MAX_BYTES or now - self.head_since > STALL_S:
            return False
        self.queue.append(block)
        self.size += len(block)
        self._wake()
        return True

    def finish(self) -> None:
        """Nothing more will come: the connection ends after what is queued."""
        self.over = True
        self._wake()

    async def take(self) -> bytes:
        """All that is queued, in one piece, as soon as there is something; empty when it is over."""
        while not self.queue:
            if self.over:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        blocks = self.queue.popleft() if len(self.queue) == 1 else b"".join(self.queue)
        self.queue.clear()
        self.size = 0
        return blocks

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
