"""Keeps the parts running: whoever dies is started again; everybody stops in order."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from launch import patience
from launch.console import Console
from launch.processes import Part, PartFailed, last_lines

LOOK = 0.1  # seconds between two looks at the children
SHORT_LIFE = 5.0  # seconds: who dies sooner is not well
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds before a restart, doubled each time
PATIENCE = 8  # short lives in a row before the whole is given up
PATIENCE_AT_START = 4  # the same, for a part that never was well
LOG_LIMIT = 20 * 1024 * 1024  # bytes; a demo may stay up for days


@dataclass
class Watched:
    """A part, and how it has been doing."""

    part: Part
    started: float = 0.0
    short_lives: int = 0
    was_well: bool = False
    start_at: float | None = None  # when it is due to be started again
    seen: int = 0  # bytes of its log already shown


class Supervisor:
    """Owner of all parts; `changed` is called whenever a part has a new pid."""

    def __init__(self, console: Console, changed: Callable[[], None], *, show_logs: bool) -> None:
        self.console = console
        self.changed = changed
        self.show_logs = show_logs
        self.watched: dict[str, Watched] = {}

    @property
    def parts(self) -> dict[str, Part]:
        """The parts by name."""
        return {name: watched.part for name, watched in self.watched.items()}

    def start(self, part: Part) -> None:
        """Start a part and watch it from now on; its log begins anew."""
        part.log.unlink(missing_ok=True)
        self.watched[part.name] = watched = Watched(part)
        self._spawn(watched)

    def tick(self) -> None:
        """Look once at every part: restart the dead, show what was logged."""
        for watched in self.watched.values():
            if watched.start_at is not None:
                if time.monotonic() >= watched.start_at:
                    self._spawn(watched)
            elif not watched.part.alive and watched.part.restarts:
                self._plan_restart(watched)
            self._show(watched)

    def until(self, condition: Callable[[], bool], seconds: float, what: str, part: str | None = None) -> None:
        """Watch until the condition holds; in time, or the failing part is named with its last lines."""
        deadline = time.monotonic() + seconds
        while not condition():
            patience.look()
            self.tick()
            if time.monotonic() > deadline:
                end = f"; the last lines of {part}:\n{last_lines(self.parts[part].log)}" if part else "."
                raise PartFailed(f"{what}: not within {seconds:g} s{end}")
            time.sleep(patience.PAUSE)

    def run(self, over: Callable[[], bool]) -> None:
        """Watch until it is over or somebody stops it."""
        while not over():
            patience.look()
            self.tick()
            time.sleep(LOOK)

    def stop(self, last: tuple[str, ...] = ()) -> None:
        """Everybody down within 10 s: first who uses the services, then the services (`last`)."""
        first = [watched.part for name, watched in self.watched.items() if name not in last]
        self._down(first, 6.0)
        self._down([self.watched[name].part for name in last if name in self.watched], 3.0)
        self.watched.clear()

    def _down(self, parts: list[Part], seconds: float) -> None:
        before, deadline = len(patience.asked()), time.monotonic() + seconds
        for part in parts:
            part.ask()
        while any(part.alive for part in parts) and time.monotonic() < deadline:
            if len(patience.asked()) > max(before, 1):  # Ctrl-C once more: at once
                break
            time.sleep(patience.PAUSE)
        for part in parts:
            part.end()

    def _spawn(self, watched: Watched) -> None:
        watched.start_at = None
        watched.started = time.monotonic()
        watched.part.start()
        self.changed()

    def _plan_restart(self, watched: Watched) -> None:
        """Its own children go with it; it comes back after a pause that grows while it keeps dying young."""
        part = watched.part
        assert part.process is not None
        part.end()
        short = time.monotonic() - watched.started < SHORT_LIFE
        watched.short_lives = watched.short_lives + 1 if short else 0
        watched.was_well = watched.was_well or not short
        if watched.short_lives >= (PATIENCE if watched.was_well else PATIENCE_AT_START):
            raise PartFailed(f"{part.name} keeps failing (exit {part.process.returncode}):\n{last_lines(part.log)}")
        pause = min(FIRST_PAUSE * 2**watched.short_lives, LONGEST_PAUSE)
        watched.start_at = time.monotonic() + pause
        self.console.line(part.name, f"ended (exit {part.process.returncode}); starting it again in {pause:g} s")

    def _show(self, watched: Watched) -> None:
        """Whole new lines of its log; a log that grew too long starts anew."""
        log = watched.part.log
        if (
            not (self.show_logs and watched.part.shown)
            or not log.exists()
            or (size := log.stat().st_size) == watched.seen
        ):
            return
        lines, watched.seen = _new_lines(log, min(watched.seen, size))
        for line in lines:
            self.console.line(watched.part.name, line)
        if size > LOG_LIMIT:
            log.write_bytes(b"")  # it is open for appending, so its writer goes on at the new end
            watched.seen = 0


def _new_lines(log: Path, start: int) -> tuple[list[str], int]:
    with log.open("rb") as stream:
        stream.seek(start)
        fresh = stream.read(1024 * 1024)
    whole = fresh.rfind(b"\n") + 1
    return fresh[:whole].decode("utf-8", "replace").splitlines(), start + whole
