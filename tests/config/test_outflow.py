"""An answer leaves its thread at once and its reader takes it when it can."""

import asyncio
from dataclasses import replace
from typing import Any

from config.door.limits import limits
from config.door.outflow import PIECE, Held, Outflow

LIMITS = replace(limits(1000, 100), held_answer=3 * PIECE, held_answers=4 * PIECE, reader_idle=60.0)
START = {"type": "http.response.start", "status": 200, "headers": []}


def body(size: int, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": b"x" * size, "more_body": more}


class Reader:
    """A client that takes a message when told to."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.turns = asyncio.Semaphore(0)

    async def send(self, message: Any) -> None:
        await self.turns.acquire()
        self.taken.append(len(message.get("body", b"")))

    def take(self, turns: int) -> None:
        for _ in range(turns):
            self.turns.release()


def test_an_answer_is_held_for_a_slow_reader_up_to_its_limit() -> None:
    async def slow() -> list[Any]:
        reader, held = Reader(), Held()
        outflow = Outflow(reader.send, LIMITS, held)
        await outflow.put(START)
        await outflow.put(body(3 * PIECE, more=True))
        waits = asyncio.create_task(outflow.put(body(10, more=False)))
        await asyncio.sleep(0.01)
        seen = [waits.done(), held.size]
        reader.take(4)
        await waits
        reader.take(1)
        await outflow.finish()
        return [*seen, reader.taken, held.size]

    assert asyncio.run(slow()) == [False, 3 * PIECE + 10, [0, PIECE, PIECE, PIECE, 10], 0]


def test_when_all_readers_together_hold_too_much_every_thread_waits() -> None:
    async def crowded() -> list[bool]:
        readers, held, waiting = [Reader() for _ in range(3)], Held(), []
        for reader in readers:
            outflow = Outflow(reader.send, LIMITS, held)
            waiting.append(asyncio.create_task(outflow.put(body(2 * PIECE, more=False))))
            await asyncio.sleep(0.01)
        done = [task.done() for task in waiting]
        for reader in readers:
            reader.take(2)
        await asyncio.gather(*waiting)
        return done

    assert asyncio.run(crowded()) == [True, True, False]


def test_a_reader_that_takes_nothing_is_dropped_and_the_application_is_not_told() -> None:
    async def dropped() -> list[Any]:
        reader, held = Reader(), Held()
        outflow = Outflow(reader.send, replace(LIMITS, reader_idle=0.01), held)
        await outflow.put(body(5 * PIECE, more=True))
        await outflow.put(body(5 * PIECE, more=False))
        await outflow.finish()
        return [reader.taken, held.size, held.deadlines]

    assert asyncio.run(dropped()) == [[], 0, set()]


def test_the_end_of_the_server_is_the_end_for_every_reader() -> None:
    async def ended() -> list[Any]:
        reader, held = Reader(), Held()
        outflow = Outflow(reader.send, LIMITS, held)
        await outflow.put(body(2 * PIECE, more=False))
        held.hurry(0.02)
        reader.take(1)
        await outflow.finish()
        return [reader.taken, held.size]

    assert asyncio.run(ended()) == [[PIECE], 0]
