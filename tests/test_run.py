"""./run as a person meets it: what it says, what it starts, and that nothing stays behind."""

import os
import shlex
import signal
import subprocess
import sys
from ast import literal_eval
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from redis import ConnectionError as RedisConnectionError
from redis import Redis

from launch import packages, patience
from launch.state import BUSY, State
from tests.clone import Clone, gone

# A Unix socket's path may have 107 bytes; a clone's may be much longer.
LONG = "a-clone-in-a-folder-with-a-very-long-name-" * 4


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    """A clone in a folder that only its owner may enter, as root's home is, and with a long path."""
    made = Clone(tmp_path / LONG / "clone")
    yield made
    made.close()


def exports(text: str) -> dict[str, str]:
    """What a shell would know after running these lines."""
    lines = [shlex.split(line)[1].partition("=") for line in text.splitlines()]
    return {name: value for name, _, value in lines}


def test_an_unknown_command_is_answered_with_the_known_ones(clone: Clone) -> None:
    known = "demo, test, check, manage, services, reset, bench, fuzz"
    assert clone.answer("dmeo") == (os.EX_USAGE, "", f"./run: there is no command 'dmeo'; there are: {known}\n")


def test_usage_names_every_command(clone: Clone) -> None:
    code, text, _ = clone.answer("help")
    listed = [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line[2] != " "]
    assert (code, listed) == (0, ["demo", "test", "check", "manage", "services", "reset", "bench", "fuzz"])


def test_without_pip_it_says_so_in_one_line(clone: Clone, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    (clone.folder / ".venv").unlink()
    command = [str(tmp_path / "bare" / "bin" / "python"), "run", "services"]
    done = subprocess.run(command, cwd=clone.folder, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"./run services: {packages.NO_PIP}\n")


def test_services_start_answer_and_leave_nothing(clone: Clone) -> None:
    run = clone.start("services")
    record = run.wait_ready()
    run.wait(lambda: run.out.read_text().count("\n") == 4, "export lines")
    named = exports(run.out.read_text())
    with psycopg.connect(named["DATABASE_URL"]) as connection:
        show = "SELECT current_setting(name) FROM unnest(%s::text[]) AS name"
        names = ["fsync", "synchronous_commit", "listen_addresses", "server_encoding"]
        answer = [row[0] for row in connection.execute(show, [names])]
    assert answer == ["on", "on", "", "UTF8"]
    with Redis.from_url(named["REDIS_URL"]) as redis:
        assert redis.config_get("appendonly", "appendfsync") == {"appendonly": "yes", "appendfsync": "everysec"}
    assert run.end(signal.SIGINT) == 0
    assert gone(record["services"])
    assert (Path(record["sockets"]).exists(), run.record_file.exists()) == (False, False)


def test_a_killed_run_leaves_no_orphan_and_the_next_one_has_its_data(clone: Clone) -> None:
    run = clone.start("services")
    record = run.wait_ready()
    with psycopg.connect(record["database_url"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    run.end(signal.SIGKILL)
    if sys.platform == "linux":  # the kernel tells the children; elsewhere the next start ends them
        patience.until(lambda: gone(record["services"]), 30, "the end of the services")
    again = clone.start("services")
    again.wait(lambda: again.record_file.exists() and again.record()["run"] == again.process.pid, "a new record")
    now = again.wait_ready()
    assert gone(record["services"])
    assert not Path(record["sockets"]).exists()
    with psycopg.connect(now["database_url"]) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]


def test_a_killed_service_comes_back_with_what_it_acknowledged(clone: Clone, killed: Callable[[int], None]) -> None:
    run = clone.start("services")
    record = run.wait_ready()
    with psycopg.connect(record["database_url"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with Redis.from_url(record["redis_url"]) as redis:
        redis.set("kept", 7)
        redis.execute_command("WAITAOF", 1, 0, 5000)
    for name in ("postgres", "valkey"):
        killed(record["services"][name])
    run.wait(lambda: not set(run.record()["services"].values()) & set(record["services"].values()), "new processes")
    run.wait(lambda: number_kept(record["database_url"]) == [(7,)], "PostgreSQL with its row")
    with Redis.from_url(record["redis_url"], retry_on_timeout=True) as redis:
        run.wait(lambda: _answer(lambda: redis.get("kept")) == b"7", "Valkey with its key")


def number_kept(url: str) -> list[tuple[int]] | None:
    """The rows of the table, or nothing while the server does not take connections."""
    try:
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT number FROM kept").fetchall()
    except psycopg.OperationalError:
        return None


def _answer(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except RedisConnectionError:
        return None


def test_while_services_run_others_share_them_or_say_why_not(clone: Clone) -> None:
    run = clone.start("services")
    run.wait_ready()
    who = f"already running (./run services, pid {run.process.pid})"
    assert clone.answer("demo") == (BUSY, "", f"./run demo: {who}\n")
    assert clone.answer("services") == (BUSY, "", f"./run services: {who}\n")
    assert clone.answer("reset") == (BUSY, "", f"./run reset: cannot reset: {who}; stop it first\n")
    show = "from django.conf import settings; print(settings.DATABASE_URL, settings.REDIS_URL)"
    code, text, _ = clone.answer("manage", "shell", "--no-imports", "-c", show)
    assert (code, text) == (0, f"{run.record()['database_url']} {run.record()['redis_url']}\n")


def test_a_second_demo_says_where_the_first_one_is(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launch.places.STATES", clone.folder / ".state")
    first = State("demo")
    first.take()
    first.write_record({"what": "demo", "url": "http://127.0.0.1:8000", "ready": True}, {})
    assert clone.answer("demo") == (0, "./run demo is already running at http://127.0.0.1:8000/live/\n", "")
    first.release()


def test_named_services_are_used_and_none_is_started(clone: Clone) -> None:
    given = {"DATABASE_URL": "postgresql://somebody@example.invalid/theirs", "REDIS_URL": "redis://example.invalid/5"}
    run = clone.start("services", **given)
    assert run.wait_ready()["services"] == {}
    run.wait(lambda: run.out.read_text().count("\n") == 4, "export lines")
    named = exports(run.out.read_text())
    assert {name: named[name] for name in given} == given


def test_manage_starts_services_for_itself_and_keeps_their_data(clone: Clone) -> None:
    ask = (
        "from django.db import connection as c; k = c.cursor(); k.execute({!r}); print(k.description and k.fetchall())"
    )
    # The tables are there from the first command on.
    make = "CREATE TABLE kept AS SELECT count(*) > 0 AS number FROM django_migrations"
    show = "SELECT number, current_setting('data_directory') FROM kept"
    shell = ("manage", "shell", "--no-imports", "-c")
    assert clone.answer(*shell, ask.format(make))[:2] == (0, "None\n")
    code, text, _ = clone.answer(*shell, ask.format(show))
    ((number, data),) = literal_eval(text)
    assert (code, number, (Path(data) / "PG_VERSION").exists()) == (0, True, True)
    assert clone.answer("reset")[0] == 0
    assert (Path(data).exists(), (clone.folder / ".state" / "demo").exists()) == (False, False)


def test_a_service_that_cannot_start_is_named_with_its_last_words(clone: Clone) -> None:
    run = clone.start("services")
    with psycopg.connect(run.wait_ready()["database_url"]) as connection:
        (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    run.end()
    (Path(data) / "postgresql.conf").write_text("no_such_setting = 1\n")
    code, text, error = clone.answer("services")
    last = [line for line in error.splitlines() if "no_such_setting" in line]
    assert (code, text, "./run services: postgres keeps failing (exit 1):" in error, last != []) == (1, "", True, True)
    assert clone.answer("reset")[0] == 0
