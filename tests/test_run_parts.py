"""What ./run is made of: parts that are watched, state folders with one owner, ports, browsers, packages."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launch import binaries, browser, packages, patience, places, supervisor
from launch.console import Console, Stopped, Trouble
from launch.demo import _port as port
from launch.demo import _qr, options
from launch.packages import NOISE, _whole_lines
from launch.processes import Part, PartFailed, last_lines, start_mark
from launch.state import MARK, Busy, State
from launch.suite import says_how_many, sweep
from launch.supervisor import Supervisor

SLEEP = "import time; time.sleep(600)"
# A part with a child of its own; both pids go to the log.
FAMILY = (
    "import os, subprocess, sys, time\n"
    f"child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
    "print(os.getpid(), child.pid, flush=True); time.sleep(600)"
)


@pytest.fixture
def part(tmp_path: Path) -> Callable[..., Part]:
    def make(name: str, program: str, **more: object) -> Part:
        environment = dict(os.environ)
        return Part(name, [sys.executable, "-c", program], tmp_path / f"{name}.log", environment, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    made = Supervisor(Console(io.StringIO()), lambda: None, show_logs=True)
    yield made
    made.stop()


def family(log: Path) -> list[int]:
    """The pids in the newest whole line of the log of a FAMILY."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [int(word) for word in lines[-1].split()] if lines else []


def test_a_killed_part_comes_back_without_its_old_children(
    watch: Supervisor, part: Callable[..., Part], killed: Callable[[int], None]
) -> None:
    worker = part("worker", FAMILY)
    watch.start(worker)
    watch.until(lambda: len(family(worker.log)) == 2, 30, "the family")
    before = family(worker.log)
    killed(before[0])
    watch.until(lambda: len(family(worker.log)) == 2 and family(worker.log) != before, 30, "the new family")
    patience.until(lambda: all(start_mark(pid) is None for pid in before), 30, "the end of the old family")
    after = family(worker.log)
    assert after[0] == worker.pid
    watch.stop()
    patience.until(lambda: all(start_mark(pid) is None for pid in after), 30, "the end of the new family")


def test_a_part_that_keeps_dying_is_named_with_its_last_words(watch: Supervisor, part: Callable[..., Part]) -> None:
    watch.start(part("gateway", "import sys; sys.exit('the mat is wet')"))
    with pytest.raises(PartFailed) as failed:
        watch.run(lambda: False)
    lines = "\n".join(["  | the mat is wet"] * supervisor.PATIENCE_AT_START)
    assert str(failed.value) == f"gateway keeps failing (exit 1):\n{lines}"


def test_a_part_that_is_late_is_named_with_its_last_words(watch: Supervisor, part: Callable[..., Part]) -> None:
    web = part("web", f"print('still lacing my shoes', flush=True); {SLEEP}")
    watch.start(web)
    watch.until(lambda: "shoes" in web.log.read_text(), 30, "its words")
    with pytest.raises(PartFailed) as failed:
        watch.until(lambda: False, 0.1, "The web server did not answer", "web")
    words = "The web server did not answer: not within 0.1 s; the last lines of web:\n  | still lacing my shoes"
    assert str(failed.value) == words


def test_logs_are_shown_line_by_line_with_the_name_of_their_part(watch: Supervisor, part: Callable[..., Part]) -> None:
    watch.start(part("beat", "print('one'); print('two'); print('half a line', end='', flush=True); " + SLEEP))
    shown = watch.console.stream
    assert isinstance(shown, io.StringIO)
    watch.until(lambda: shown.getvalue().count("\n") == 2, 30, "two lines")
    assert shown.getvalue() == "beat      | one\nbeat      | two\n"


def test_services_stop_after_those_who_use_them(watch: Supervisor, part: Callable[..., Part], tmp_path: Path) -> None:
    book = tmp_path / "book"
    program = (
        "import signal, sys, time\n"
        f"def bye(*_): open({str(book)!r}, 'a').write(sys.argv[1] + '\\n'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, bye); print('up', flush=True); time.sleep(600)"
    )
    for name in ("postgres", "web"):
        one = part(name, program)
        one.command = [*one.command, name]
        watch.start(one)
        watch.until(lambda log=one.log: "up" in log.read_text(), 30, name)  # type: ignore[misc]
    watch.stop(("postgres",))
    assert book.read_text() == "web\npostgres\n"


def test_a_part_that_does_not_listen_is_killed(
    watch: Supervisor, part: Callable[..., Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    stubborn = part("web", f"import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True); {SLEEP}")
    watch.start(stubborn)
    watch.until(lambda: "up" in stubborn.log.read_text(), 30, "it")
    watch._down([stubborn], 0.2)
    assert stubborn.process is not None
    assert stubborn.process.returncode == -signal.SIGKILL


def test_a_log_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none.log") == "  | (it wrote nothing)"


@pytest.fixture
def states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "STATES", tmp_path / "states")
    return tmp_path / "states"


def test_a_state_folder_has_one_owner_at_a_time(states: Path) -> None:
    first, second = State("demo"), State("demo")
    first.take()
    first.write_record({"what": "demo", "url": "http://127.0.0.1:8000"}, {})
    with pytest.raises(Busy) as busy:
        second.take()
    assert str(busy.value) == f"already running at http://127.0.0.1:8000 (./run demo, pid {os.getpid()})"
    first.release()
    second.take()
    second.release()


def test_what_a_killed_run_left_is_ended_and_nothing_else(
    states: Path, part: Callable[..., Part], killed: Callable[[int], None]
) -> None:
    state = State("demo")
    state.take()
    left, stranger, headless = part("left", SLEEP), part("stranger", SLEEP), part("headless", FAMILY)
    headless.environment = dict(os.environ) | {MARK: str(state.folder)}
    for one in (left, stranger, headless):
        one.start()
    patience.until(lambda: len(family(headless.log)) == 2, 30, "the family")
    state.write_record({"what": "demo"}, {"left": left, "stranger": stranger, "headless": headless})
    record = state.record()
    record["started"]["stranger"] = "an earlier boot, tick 1"  # its number belonged to another process then
    state.record_file.write_text(json.dumps(record))
    os.close(state._lock or 0)  # the run is killed: its lock is free, its record stays
    killed(headless.pid)  # its child lives on
    again = State("demo")
    again.take()
    patience.until(lambda: start_mark(family(headless.log)[1]) is None, 30, "the end of the child")
    seen = {"left": left.alive, "stranger": stranger.alive}
    again.release()
    stranger.end()
    assert seen == {"left": False, "stranger": True}


def test_folders_of_killed_test_runs_are_swept_and_those_in_use_are_not(states: Path) -> None:
    used, left = State("test/run-used"), State("test/run-left")
    used.take()
    left.take()
    left.release()
    sweep(states / "test")
    assert (used.folder.exists(), left.folder.exists()) == (True, False)
    used.remove()


def test_a_secret_is_kept_and_only_ours_to_read(states: Path) -> None:
    state = State("demo")
    state.take()
    first = state.secret()
    assert (state.secret(), len(first) >= 50, (state.folder / "secret-key").stat().st_mode & 0o777) == (
        first,
        True,
        0o600,
    )
    state.release()


def test_a_port_that_is_taken_is_passed_over_but_not_when_it_was_asked_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(Trouble) as trouble:
            port(number, "127.0.0.1")
        assert str(trouble.value) == f"Port {number} cannot be used: Address already in use."


def test_an_old_pip_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr("importlib.metadata.version", lambda name: "22.0.4")
    with pytest.raises(Trouble) as trouble:
        packages._look_for_pip()
    wanted = "pip 22.0.4 is too old (22.3 is needed): python3 -m pip install --user --upgrade pip"
    assert str(trouble.value) == wanted
    monkeypatch.setattr("importlib.metadata.version", lambda name: "23.0.1")
    packages._look_for_pip()


def test_what_nohup_started_outlives_its_terminal() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with patience.stoppable():
        os.kill(os.getpid(), signal.SIGHUP)
        assert patience.asked() == ()
    assert signal.signal(signal.SIGHUP, before) is signal.SIG_IGN


def test_phones_get_a_code_to_scan() -> None:
    lines = _qr("http://192.0.2.1:8000/live/").splitlines()
    assert (len(lines) > 10, set("".join(lines)) - set(" █▀▄\x1b[0123456789;m")) == (True, set())


def test_options_of_once_need_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(["--json"])
    assert capsys.readouterr().err.splitlines()[-1] == "./run demo: error: --json and --faults belong to --once"


def test_a_live_demo_has_a_mixed_line_and_once_the_plain_one() -> None:
    lines = [
        options(arguments).line for arguments in ([], ["--once"], ["--line", "hard"], ["--once", "--line", "hard"])
    ]
    assert lines == ["mixed", "plain", "hard", "hard"]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [([], False), (["-k", "board"], False), (["-n", "0"], True), (["-n4"], True), (["-p", "no:xdist"], True)],
)
def test_a_number_of_processes_in_the_arguments_is_left_alone(arguments: list[str], answer: bool) -> None:
    assert says_how_many(arguments) is answer


def test_the_named_browser_has_to_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(Trouble) as trouble:
        browser.find()
    assert str(trouble.value) == f"$CHROMIUM names {tmp_path / 'none'}, which does not start."


def test_without_a_browser_the_run_fails_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tried: list[str] = []
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setattr(browser, "APPLICATIONS", ())
    monkeypatch.setattr(browser, "_fetch", lambda command: tried.append(" ".join(command[1:])))
    with pytest.raises(Trouble) as trouble:
        browser.ensure(Console(io.StringIO()))
    assert (str(trouble.value), tried) == (browser.NONE, ["-m playwright install --only-shell chromium"])
    assert "\n" not in browser.NONE


def test_a_browser_without_its_libraries_is_no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, whole = tmp_path / "chromium", tmp_path / "google-chrome"
    broken.write_text("#!/bin/sh\nexit 127\n")
    whole.write_text("#!/bin/sh\nexit 0\n")
    for script in (broken, whole):
        script.chmod(0o755)
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert browser.find() == str(whole)


def test_what_nobody_can_act_on_is_not_shown() -> None:
    lines = [
        "WARNING: Location 'file:///some/where' is ignored: it is neither a file nor a directory.",
        "[notice] A new release of pip is available",
        "",
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
    ]
    assert [line for line in lines if not NOISE.match(line)] == lines[-1:]


def test_half_a_line_waits_for_its_other_half() -> None:
    stream = io.StringIO("Collecting a==1\nCollec")
    assert list(_whole_lines(stream)) == ["Collecting a==1\n"]
    end = stream.tell()
    stream.seek(0, io.SEEK_END)
    stream.write("ting b==2\n")
    stream.seek(end)
    assert list(_whole_lines(stream)) == ["Collecting b==2\n"]


def test_a_changed_lock_is_installed_again_and_an_unchanged_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.lock").write_text("a==1\n")
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    monkeypatch.setattr(packages, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(packages, "STAMP", tmp_path / "stamp")
    wanted = {"requirements.lock": packages._digest("requirements.lock")}
    assert packages._missing(wanted) == ["requirements.lock"]
    (tmp_path / "stamp").write_text(f'{{"requirements.lock": "{wanted["requirements.lock"]}"}}')
    assert packages._missing(wanted) == []
    (tmp_path / "requirements.lock").write_text("a==2\n")
    assert packages._missing({"requirements.lock": packages._digest("requirements.lock")}) == ["requirements.lock"]


def test_a_folder_that_others_may_write_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PUBLIC", tmp_path)
    ours = places.outside("bin")
    assert ours == tmp_path / f"daguguan-{os.getuid()}" / "bin"
    ours.parent.chmod(0o777)
    with pytest.raises(Trouble) as trouble:
        places.outside("bin")
    assert str(trouble.value) == f"{ours.parent} is not ours alone: remove it, or ask its owner to."


def test_postgresql_of_the_machine_comes_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Path(f"/usr/lib/postgresql/{major}/bin/postgres") for major in ("9.6", "15", "18")]
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(found))
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert [path.parts[4] for path in binaries._installed_postgres()] == ["18", "15", "9.6"]


def test_a_wait_ends_when_somebody_asks_to_stop() -> None:
    with patience.stoppable():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped):
            patience.until(lambda: False, 30, "nothing")


def test_a_wait_has_a_deadline() -> None:
    with pytest.raises(Trouble) as trouble:
        patience.until(lambda: False, 0.1, "The mat")
    assert str(trouble.value) == "The mat: not within 0.1 s."


def test_only_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for stream, quiet, line in (
        (Terminal(), "", "\033[32mweb       |\033[0m up\n"),
        (Terminal(), "1", "web       | up\n"),
        (io.StringIO(), "", "web       | up\n"),
    ):
        monkeypatch.setenv("NO_COLOR", quiet)
        Console(stream).line("web", "up")
        assert stream.getvalue() == line


def test_launch_needs_nothing_but_python() -> None:
    modules = sorted(path.stem for path in (places.ROOT / "launch").glob("*.py"))
    load = "; ".join(f"import launch.{name}" for name in modules if name != "__init__")
    command = [sys.executable, "-S", "-c", load]
    done = subprocess.run(command, cwd=places.ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
