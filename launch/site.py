"""A state folder with its services up, and what every command that works in it shares."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from launch import packages, patience
from launch.backing import SERVICES, Backing
from launch.console import Console
from launch.places import PYTHON, ROOT
from launch.processes import Part, finish
from launch.state import MARK, State
from launch.supervisor import Supervisor

# Warnings that hold of every demo: static files are found without being collected, and root may run one.
NOT_NEWS = ("No directory at", "You're running the worker with superuser privileges")


class Site:
    """The services of a state folder, the parts that use them, and their record in services.json."""

    def __init__(self, state: State, console: Console, what: str, *, durable: bool, show_logs: bool) -> None:
        self.state = state
        self.console = console
        self.facts: dict[str, Any] = {"what": what}
        self.extra: dict[str, str] = {}  # environment of the parts of this run only
        self.supervisor = Supervisor(console, self.record, show_logs=show_logs)
        self.backing = Backing(state, self.supervisor, durable=durable)

    def record(self) -> None:
        """Write services.json anew: a part has a new pid, or there is more to tell."""
        self.facts |= {"database_url": self.backing.database_url, "redis_url": self.backing.redis_url}
        self.facts["sockets"] = str(self.backing.sockets) if self.backing.sockets else None
        self.state.write_record(self.facts, self.supervisor.parts)

    def open(self) -> None:
        """Start the services and make the database."""
        self.backing.start()
        self.backing.create_database()
        self.facts["ready"] = True
        self.record()

    def close(self) -> None:
        """Everything down in order, the lock given back."""
        self.supervisor.stop(SERVICES)
        self.backing.remove_sockets()
        self.state.release()

    def environment(self) -> dict[str, str]:
        """The environment of a Django process here."""
        return django_environment(self.state, self.backing.database_url, self.backing.redis_url) | self.extra

    def part(self, name: str, *arguments: str, **more: Any) -> Part:
        """A Python process of the virtual environment as a part."""
        environment = self.environment() | {MARK: str(self.state.folder)}
        log = self.state.logs / f"{name}.log"
        quiet = [word for warning in NOT_NEWS for word in ("-W", f"ignore:{warning}")]
        return Part(name, [str(PYTHON), *quiet, *arguments], log, environment, folder=str(ROOT), **more)

    def manage(self, *arguments: str, seconds: float, doing: str) -> None:
        """Run a Django command to its good end."""
        finish(self.part(arguments[0], "manage.py", *arguments), seconds, doing, self.supervisor.tick)


def django_environment(state: State, database_url: str, redis_url: str) -> dict[str, str]:
    """Settings for a Django process; what the user set already stays."""
    given = {name: value for name, value in os.environ.items() if name != MARK}
    defaults = {"SECRET_KEY": state.secret(), "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]"}
    ours: Mapping[str, str] = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "STATE_DIR": str(state.folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
    }
    return defaults | given | dict(ours)


@contextmanager
def opened(
    name: str,
    console: Console,
    what: str,
    *,
    durable: bool = True,
    anew: bool = False,
    show_logs: bool = False,
    locks: tuple[str, ...] = packages.RUNTIME,
) -> Iterator[Site]:
    """The site of that name for this run alone: locked, with its services up, and all of it down at the end.

    The lock comes before anything else, so that a second start says so at once; the packages come next.
    """
    state = State(name)
    state.take()
    site = Site(state, console, what, durable=durable, show_logs=show_logs)
    try:
        if anew:
            state.wipe()
        site.record()
        packages.ensure(locks, console)
        site.open()
        yield site
    finally:
        site.close()


def wait_for_record(state: State) -> Mapping[str, Any]:
    """What a run that is just starting here will have written when its services are up."""
    patience.until(lambda: bool(state.record().get("ready")), 120, f"The services of {state.folder}")
    return state.record()


def folder_of(path: Path) -> str:
    """A path as a person would type it from the clone."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
