"""Where a measurement happens: a database and a Valkey of its own, gone afterwards, and children that work on them."""

import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from launch import patience
from launch.console import Trouble
from launch.processes import Part, last_lines
from tests.config.running import valkey

ROOT = Path(__file__).resolve().parents[1]
START_LIMIT_S = 60.0


def named(database_url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(database_url)
    # urlunsplit would drop the empty host of a URL that names a socket folder in its query.
    return f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")


@contextmanager
def own_place(database_url: str) -> Iterator[None]:
    """This process, with Django set up, on a migrated database `bench_<pid>` of that server and on a private Valkey."""
    name = sql.Identifier(f"bench_{os.getpid()}")
    with psycopg.connect(database_url, autocommit=True) as server, tempfile.TemporaryDirectory() as folder:
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            with valkey(Path(folder)) as store:
                os.environ |= {
                    "DATABASE_URL": named(database_url, f"bench_{os.getpid()}"),
                    "REDIS_URL": store.url,
                    "DJANGO_SETTINGS_MODULE": "config.settings",
                    "LOG_LEVEL": "WARNING",
                }
                _migrate()
                yield
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _migrate() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def child_environment() -> dict[str, str]:
    """The environment in which a child works on the database and the Redis of this process."""
    from django.conf import settings

    url = named(os.environ["DATABASE_URL"], settings.DATABASES["default"]["NAME"])
    return os.environ | {"DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL, "LOG_LEVEL": "WARNING"}


@contextmanager
def child(name: str, *arguments: str) -> Iterator[Part]:
    """A Python process of this project, until the end of the block. It cannot outlive this process."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / f"{name}.log"
        part = Part(name, [sys.executable, *arguments], log, child_environment(), folder=str(ROOT))
        part.start()
        try:
            yield part
        except BaseException:
            print(f"the last words of {name}:\n{last_lines(log)}", file=sys.stderr)
            raise
        finally:
            part.ask()
            try:
                patience.until(lambda: not part.alive, 10, f"the end of {name}")
            finally:
                part.end()


def ready(part: Part, answers: Callable[[], bool]) -> None:
    """Wait until a child answers; Trouble if it does not in time, or ends before."""
    patience.until(lambda: answers() or not part.alive, START_LIMIT_S, part.name)
    if not part.alive:
        raise Trouble(f"{part.name} did not start")


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
