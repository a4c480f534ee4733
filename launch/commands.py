"""`./run manage`, `services`, `reset`, `bench` and `fuzz`: the small commands."""

import os
import shlex
import sys

from launch import packages
from launch.console import Console, Trouble, progress
from launch.places import PYTHON, ROOT
from launch.processes import foreground
from launch.site import django_environment, opened, wait_for_record
from launch.state import BUSY, Busy, State
from launch.suite import a_run

DEMO = "demo"
EXPORTS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "STATE_DIR")


def manage(arguments: list[str]) -> int:
    """A Django command with the demo's services: those that run now, else its data and services for this command.

    A database of ours that is made on this occasion gets its tables first; one named from outside is left alone.
    """
    command = [str(PYTHON), "manage.py", *arguments]
    state = State(DEMO)
    try:
        with opened(DEMO, progress(), "manage") as site:
            if site.backing.database_is_new and arguments[:1] != ["migrate"]:
                site.manage("migrate", "--no-input", "-v", "0", seconds=180, doing="Creating the tables (migrate)")
            return foreground(command, site.environment(), ROOT)
    except Busy:
        record = wait_for_record(state)
    packages.ensure(packages.RUNTIME, progress())
    return foreground(command, django_environment(state, record["database_url"], record["redis_url"]), ROOT)


def services(arguments: list[str]) -> int:
    """PostgreSQL and Valkey with the demo's data until Ctrl-C, and what a shell needs to use them."""
    _nothing_more("services", arguments)
    with opened(DEMO, progress(), "services") as site:
        environment = site.environment()
        for name in EXPORTS:
            print(f"export {name}={shlex.quote(environment[name])}", flush=True)
        site.console.step("PostgreSQL and Valkey are up until Ctrl-C")
        site.supervisor.run(lambda: False)
    return 0


def reset(arguments: list[str]) -> int:
    """Remove the demo's state; not while it runs."""
    _nothing_more("reset", arguments)
    state = State(DEMO)
    try:
        state.take()
    except Busy as busy:
        raise Trouble(f"cannot reset: {busy}; stop it first", BUSY) from None
    state.remove()
    Console(sys.stdout).say("The demo's state is gone; the next ./run demo starts with nothing.")
    return 0


def bench(arguments: list[str]) -> int:
    """Measurements, with services that write to disk as in production."""
    with opened("bench", progress(), "bench", anew=True) as site:
        return foreground([str(PYTHON), "-m", "bench", *arguments], site.environment(), ROOT)


def fuzz(arguments: list[str]) -> int:
    """Throw random bytes at whatever takes bytes from outside."""
    with a_run() as name, opened(name, progress(), "fuzz", durable=False, locks=packages.DEVELOPMENT) as site:
        return foreground([str(PYTHON), "-m", "bench.fuzz", *arguments], site.environment(), ROOT)


def _nothing_more(command: str, arguments: list[str]) -> None:
    if arguments:
        raise Trouble(f"./run {command} takes no arguments.", os.EX_USAGE)
