"""What every test may ask for: a database and Redis of its own worker's, real processes, a real browser.

`./run test` starts the services and names them in DATABASE_URL and REDIS_URL. Tests of pure code need neither.
"""

import gc
import os
import signal
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from launch import browser, patience
from launch.processes import Part
from tests.ports import free_port

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from playwright.sync_api import Browser, Page
    from redis import Redis

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT = 60.0  # seconds
NO_SERVICES = "This test needs PostgreSQL and Redis; ./run test starts them and sets DATABASE_URL and REDIS_URL."

# No deadlines: a slow machine is not a wrong answer.
_anywhere = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
hypothesis_settings.register_profile("quick", max_examples=50, **_anywhere)
hypothesis_settings.register_profile("thorough", max_examples=1000, print_blob=True, **_anywhere)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def redis_of_worker(url: str, worker: str) -> str:
    """The Redis URL of a test process: databases 0 and 1 (live data, broker) for gw0, 2 and 3 for gw1..."""
    number = 2 * int(worker.removeprefix("gw") or 0) if worker.startswith("gw") else 0
    parts = urlsplit(url)
    if parts.scheme == "unix":
        first = int(parse_qs(parts.query).get("db", ["0"])[0])
        return f"unix://{parts.path}?db={first + number}"
    return parts._replace(path=f"/{int(parts.path.strip('/') or 0) + number}").geturl()


def pytest_configure(config: pytest.Config) -> None:
    """Point this process, and whatever it starts, to its own Redis databases before anything connects."""
    if url := os.environ.get("REDIS_URL"):
        from django.conf import settings

        from config.settings import broker_url

        own = redis_of_worker(url, os.environ.get("PYTEST_XDIST_WORKER", ""))
        settings.REDIS_URL = own
        settings.CELERY_BROKER_URL = broker_url(own)


BROWSER = "tests/browser/"
# Files of tests that start the whole project anew, and mostly wait.
PROJECT = tuple(
    f"tests/{name}.py" for name in ("test_run_demo", "test_deploy", "test_run", "seeds/test_replay", "test_bench")
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each of two processes begins with its share of the long tests; what is left at the end is short, and stolen.

    Database tests may come in any order: no migration writes a row that emptying the tables would take away.
    """
    first = sorted((item for item in items if item.nodeid.startswith(BROWSER)), key=lambda item: item.path)
    middle = [item for item in items if item.nodeid.startswith(PROJECT)]
    others = [item for item in items if not item.nodeid.startswith((BROWSER, *PROJECT))]
    half = max(len(items) // 2 - len(first), 0)
    items[:] = first + others[:half] + middle + others[half:]


def pytest_collection_finish() -> None:
    """Four thousand tests and the project live to the end; looking for garbage among them is a seventh of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """The first thing a test with a database does: say so clearly when there is none."""
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        pytest.fail(NO_SERVICES, pytrace=False)
    request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


@pytest.fixture(scope="session", autouse=True)
def _emptying_is_quick() -> None:
    """Between tests only the tables that have rows are emptied; what migrations wrote (kinds of rows, rights) stays.

    Truncating every table costs a quarter of a second, and a third of the suite's time. Real workers and gateways still
    look into the tables meanwhile: a deadlock of the two is nobody's fault and is tried again.
    """
    from django.core.management.commands import flush
    from django.db import OperationalError
    from django.db.backends.postgresql.operations import DatabaseOperations

    def nothing(self: DatabaseOperations, style: object, tables: object, **options: bool) -> list[str]:
        return [f"SELECT {len(list(tables))}"]  # type: ignore[call-overload]

    def empty(self: DatabaseOperations, sql_list: list[str]) -> None:
        for _time in range(9):
            try:
                return _empty(self.connection)
            except OperationalError:
                continue
        return _empty(self.connection)

    DatabaseOperations.sql_flush = nothing  # type: ignore[assignment]
    DatabaseOperations.execute_sql_flush = empty  # type: ignore[method-assign]
    flush.emit_post_migrate_signal = lambda *arguments, **options: None


WRITTEN_BY_MIGRATIONS = ("django_content_type", "auth_permission", "django_migrations")
LARGE = 1024 * 1024  # bytes from which on a new file costs less than dead rows


def _empty(connection: "BaseDatabaseWrapper") -> None:
    """Empty the tables that have rows, in one transaction. Rules and triggers that keep facts do not hold here."""
    from django.db import transaction

    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(relname), pg_relation_size(oid) > %s FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relname = ANY(%s)",
            [LARGE, list(WRITTEN_BY_MIGRATIONS)],
        )
        tables = dict(cursor.fetchall())
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables))
        full = [name for (name,) in cursor.fetchall()]
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in full:
            cursor.execute(f"TRUNCATE {name} CASCADE" if tables[name] else f"DELETE FROM {name}")


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_no_work() -> None:
    """The passwords of tests are hashed by the real hasher, but need not withstand anybody."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 1024


@pytest.fixture(autouse=True)
def _own_language() -> "Iterator[None]":
    """The language a request of one test was answered in is not that of the next test."""
    from django.utils import translation

    yield
    translation.deactivate()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody hears the doorbell: what happens is what the test does, though a worker of another test still runs."""
    from race import doorbell

    monkeypatch.setattr(doorbell, "ring", lambda task, arguments: False)


@pytest.fixture(scope="session")
def _redis_emptied() -> None:
    """Both databases of this process start empty; the broker's is not emptied again: a worker is bound to it."""
    from django.conf import settings
    from redis import Redis

    if not os.environ.get("REDIS_URL"):
        pytest.fail(NO_SERVICES, pytrace=False)
    Redis.from_url(settings.REDIS_URL).flushdb()
    Redis.from_url(settings.CELERY_BROKER_URL.replace("redis+socket", "unix").replace("virtual_host", "db")).flushdb()


@pytest.fixture
def redis(_redis_emptied: None) -> "Iterator[Redis]":
    """The live data's Redis database, empty."""
    from django.conf import settings
    from redis import Redis

    with Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client


@pytest.fixture(scope="session")
def mail_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where real processes leave the mails they send: a file each. Ask for `mail` in a test."""
    return tmp_path_factory.mktemp("mail")


@pytest.fixture
def mail(mail_folder: Path) -> Path:
    """The folder of sent mails, empty."""
    for path in mail_folder.iterdir():
        path.unlink()
    return mail_folder


@pytest.fixture(scope="session")
def process_environment(django_db_setup: None, _redis_emptied: None, mail_folder: Path) -> dict[str, str]:
    """The environment in which a child process works on the test database and on this process's Redis."""
    from django.conf import settings

    name = settings.DATABASES["default"]["NAME"]
    parts = urlsplit(os.environ["DATABASE_URL"])
    # urlunsplit drops the empty host of a URL that names a socket folder in its query.
    database_url = f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")
    own = {"DATABASE_URL": database_url, "REDIS_URL": settings.REDIS_URL, "EMAIL_URL": f"filemail:///{mail_folder}"}
    return os.environ | own


@pytest.fixture(scope="session")
def started(process_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Part]:
    """Start a Python process of this project on the test database: `started("web", "-m", "uvicorn", ...)`.

    Whoever calls it ends it. It cannot outlive the test process.
    """
    logs = tmp_path_factory.mktemp("logs")

    def start(name: str, *arguments: str) -> Part:
        part = Part(name, [sys.executable, *arguments], logs / f"{name}.log", process_environment, folder=str(ROOT))
        part.start()
        return part

    return start


@contextmanager
def running(part: Part, ready: Callable[[], bool]) -> Iterator[Part]:
    """A part from when it is ready to the end of the block; its log is the message when it does not become ready."""
    try:
        try:
            patience.until(lambda: ready() or not part.alive, START_LIMIT, part.name)
        finally:
            assert part.alive, f"{part.name} did not start:\n{part.log.read_text()}"
        yield part
    finally:
        part.ask()
        try:
            patience.until(lambda: not part.alive, 10, f"the end of {part.name}")
        finally:
            part.end()


@pytest.fixture(scope="session")
def worker_process(started: Callable[..., Part]) -> Iterator[Part]:
    """A real Celery worker over the real broker, one for all tests of this process. Ask for `worker` in a test."""
    from config.celery import app

    command = [
        "-m",
        "celery",
        "-q",
        "-A",
        "config",
        "worker",
        "-P",
        "solo",
        "-Q",
        "live,ingest,celery",
        "-l",
        "WARNING",
    ]
    part = started("worker", *command, "--without-gossip", "--without-mingle")
    with running(part, lambda: bool(app.control.ping(timeout=0.5))):
        yield part


@pytest.fixture
def worker(worker_process: Part, transactional_db: None, redis: "Redis") -> Part:
    """A real Celery worker that sees what the test commits."""
    return worker_process


@pytest.fixture(scope="session")
def web_process(started: Callable[..., Part]) -> Iterator[str]:
    """The real web server, one for all tests of this process. Ask for `web` in a test."""
    port = free_port()
    command = ["-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    part = started("web", *command, "--log-level", "warning", "--timeout-graceful-shutdown", "1")
    with running(part, lambda: answers(f"http://127.0.0.1:{port}/healthz/live")):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def web(web_process: str, transactional_db: None, redis: "Redis") -> str:
    """The address of a real web server that sees what the test commits."""
    return web_process


def answers(url: str) -> bool:
    """Whether this address answers with a page."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """A real browser. None to be found is a failure, never a skip.

    It ends with its module: as long as it is there its event loop runs in this thread, and no other can.
    """
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)  # a slow machine is not a wrong page
    path = browser.find()
    assert path is not None, browser.NONE
    # Playwright's own loop runs in this thread, which Django takes for an async view that must not touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            found = playwright.chromium.launch(executable_path=path)
            yield found
            found.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(chromium: "Browser") -> "Iterator[Page]":
    """A fresh page of the size of a phone, in Chinese; an error in its scripts fails the test."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def killed() -> Callable[[int], None]:
    """Kill a process that this test started, as a power cut would."""
    return lambda pid: os.kill(pid, signal.SIGKILL)
