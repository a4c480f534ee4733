"""The virtual environment: made without ensurepip, filled from the locks by the pip that is at hand.

pip and not a faster installer: pip is what a bare machine has, and it follows the user's own mirror settings.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from launch import patience
from launch.console import Console, Trouble
from launch.places import PYTHON, ROOT, STATES, VENV
from launch.processes import follows_parent, kill_group

RUNTIME = ("requirements.lock", "requirements-local.lock")
DEVELOPMENT = (*RUNTIME, "requirements-dev.lock")
STAMP = VENV / ".stamp.json"
LIMIT = 900  # seconds for pip as a whole
OLDEST_PIP = [22, 3]  # the first that knows --python
NO_PIP = "python3 has no pip: install it (Debian and Ubuntu: apt install python3-pip; elsewhere: python3 -m ensurepip)."
# Talk about configured places that do not exist here, notices and the like: nothing a person can act on.
NOISE = re.compile(r"^(WARNING: Location .* is ignored|\[notice\]|WARNING: Running pip as the 'root' user|\s*$)")


def ensure(locks: tuple[str, ...], console: Console) -> None:
    """Everything the locks name is installed; a second start costs a look at a stamp."""
    wanted = {lock: _digest(lock) for lock in locks}
    if _missing(wanted) == []:
        return
    STATES.mkdir(exist_ok=True)
    with (STATES / "packages.lock").open("w") as lock:
        _take_turn(lock.fileno(), console)
        missing = _missing(wanted)
        if not missing:
            return
        _look_for_pip()
        if not _usable():
            console.step(f"making .venv with Python {sys.version.split()[0]}")
            _make_venv()
        _install(missing, console)
        STAMP.write_text(json.dumps(_stamp() | {lock: wanted[lock] for lock in missing}))


def _look_for_pip() -> None:
    """Installing into an environment that has no pip of its own needs one outside that knows how."""
    if importlib.util.find_spec("pip") is None:
        raise Trouble(NO_PIP)
    version = importlib.metadata.version("pip")
    if [int(number) for number in re.findall(r"\d+", version)[:2]] < OLDEST_PIP:
        raise Trouble(f"pip {version} is too old (22.3 is needed): python3 -m pip install --user --upgrade pip")


def _digest(lock: str) -> str:
    text = (ROOT / lock).read_bytes() + sys.version.encode() + sys.platform.encode()
    return hashlib.sha256(text).hexdigest()


def _stamp() -> dict[str, str]:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def _missing(wanted: dict[str, str]) -> list[str]:
    stamp = _stamp() if os.path.exists(PYTHON) else {}
    return [lock for lock, digest in wanted.items() if stamp.get(lock) != digest]


def _take_turn(lock: int, console: Console) -> None:
    """One installer at a time: `./run test` may be started while `./run demo` still installs."""

    def taken() -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    if not taken():
        console.step("another ./run is installing packages: waiting for it")
        patience.until(taken, LIMIT, "The other installation")


def _usable() -> bool:
    """A .venv of another Python, or of a Python that has gone, is made anew."""
    if not os.path.exists(PYTHON):  # a Path raises where the answer is only that we may not look
        return False
    show = "import sys; print(sys.version)"
    answer = subprocess.run([str(PYTHON), "-c", show], capture_output=True, text=True, timeout=30)
    return answer.stdout.strip() == sys.version.strip()


def _make_venv() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--clear", str(VENV)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if made.returncode != 0:
        raise Trouble(f"Cannot make {VENV}: {(made.stderr or made.stdout).strip()}")


def _install(locks: list[str], console: Console) -> None:
    total = sum(len(re.findall(r"^\S+==", (ROOT / lock).read_text(), re.MULTILINE)) for lock in locks)
    console.step(f"installing about {total} packages into .venv (once)")
    command = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--progress-bar=off"]
    for lock in locks:
        command += ["-r", str(ROOT / lock)]
    log = STATES / "packages.log"
    with log.open("w+b") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            preexec_fn=follows_parent(signal.SIGTERM),
        )
        try:
            _follow(process, log, total, console)
        finally:
            kill_group(process.pid)
            process.wait(timeout=10)


def _whole_lines(stream: TextIO) -> Iterator[str]:
    """The lines that are complete by now; half a line is left for the next look."""
    while True:
        position = stream.tell()
        line = stream.readline()
        if not line.endswith("\n"):
            stream.seek(position)
            return
        yield line


def _follow(process: "subprocess.Popen[bytes]", log: Path, total: int, console: Console) -> None:
    """A line for each package as pip comes to it, and the end of its log if it fails."""
    deadline, count, kept = time.monotonic() + LIMIT, 0, []
    with log.open(encoding="utf-8", errors="replace") as stream:
        while True:
            over = process.poll() is not None
            for line in _whole_lines(stream):
                if NOISE.match(line):
                    continue
                kept.append(line.rstrip())
                if found := re.match(r"Collecting (\S+?)==", line):
                    count += 1
                    console.say(f"  {count:>3}/{total} {found[1]}")
                elif line.startswith("Installing collected packages"):
                    console.step("unpacking them")
            if over:
                break
            patience.look()
            if time.monotonic() > deadline:
                raise Trouble(f"pip did not finish within {LIMIT} s; its log: {log}")
            time.sleep(patience.PAUSE)
    if process.returncode != 0:
        raise Trouble("pip could not install the packages:\n" + "\n".join(f"  | {line}" for line in kept[-20:]))
