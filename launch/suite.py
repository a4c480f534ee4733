"""`./run test`: services of this run's own, then pytest, whose summary is the last line."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launch import browser, packages
from launch.console import progress
from launch.places import PYTHON, ROOT, STATES
from launch.processes import foreground
from launch.site import opened
from launch.state import State


def main(arguments: list[str]) -> int:
    """Run the tests (all of them, or what the arguments say); the exit code is pytest's."""
    console = progress()
    with a_run() as name, opened(name, console, "test", durable=False, locks=packages.DEVELOPMENT) as site:
        environment = site.environment() | {"CHROMIUM": browser.ensure(console)}
        # A run starts this project some fifty times: it is compiled once, whatever the shell says.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        # Three on two cores: much of a test is waiting for another process, and a third one fills that.
        several = [] if says_how_many(arguments) else ["-n", "3", "--dist", "worksteal"]
        command = [str(PYTHON), "-m", "pytest", *several, *arguments]
        return foreground(command, environment, ROOT)


def says_how_many(arguments: list[str]) -> bool:
    """Whether the arguments name the number of processes themselves."""
    return any(word.startswith(("-n", "--numprocesses")) or word == "no:xdist" for word in arguments)


@contextmanager
def a_run() -> Iterator[str]:
    """The name of a state folder of this run's own, removed at the end: several runs may test one clone at a time."""
    parent = STATES / "test"
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent)
    name = f"test/{Path(tempfile.mkdtemp(prefix='run-', dir=parent)).name}"
    try:
        yield name
    finally:
        State(name).remove()


def sweep(parent: Path) -> None:
    """End and remove what killed runs left: a folder whose lock is free belongs to nobody."""
    for folder in parent.glob("run-*"):
        state = State(f"test/{folder.name}")
        if (folder / "lock").exists() and state.try_take():
            state.remove()
