"""Waiting: always with a deadline, always ready to be stopped."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from launch.console import Stopped, Trouble

PAUSE = 0.05  # seconds between two looks
_asked_to_stop: list[int] = []


def _note(number: int, _frame: FrameType | None) -> None:
    _asked_to_stop.append(number)


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP are noted, and raised as Stopped at the next look, never in the middle of a step."""
    _asked_to_stop.clear()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _note) for number in signals}
    if before[signal.SIGHUP] is signal.SIG_IGN:  # started by nohup: it is meant to outlive its terminal
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _asked_to_stop.clear()


def asked() -> tuple[int, ...]:
    """The signals by which somebody asked to stop; two of them mean: at once."""
    return tuple(_asked_to_stop)


def look() -> None:
    """Raise Stopped if somebody asked for it."""
    if _asked_to_stop:
        raise Stopped


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until the condition holds; Trouble names what did not happen in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        look()
        if time.monotonic() > deadline:
            raise Trouble(f"{what}: not within {seconds:g} s.")
        time.sleep(PAUSE)
