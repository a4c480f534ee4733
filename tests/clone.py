"""A clone of this project in a folder of its own, and its ./run as a person would start it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from launch import patience
from launch.processes import follows_parent, start_mark

ROOT = Path(__file__).resolve().parent.parent
# What Python compiled goes with it: each clone would otherwise compile the project anew.
LEFT_OUT = (".venv", ".state", ".git", "node_modules", "static", ".*_cache", ".hypothesis")
LIMIT = 90.0  # seconds for anything to happen
OURS = ("DATABASE_URL", "REDIS_URL", "STATE_DIR", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")


def outside_environment(**more: str) -> dict[str, str]:
    """The environment of a person who set nothing."""
    return {name: value for name, value in os.environ.items() if name not in OURS} | more


class Run:
    """One ./run that was started and is looked at while it runs."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.record_file = folder / ".state" / "demo" / "services.json"
        self.out, self.err = folder / ".state" / "out", folder / ".state" / "err"
        self.out.parent.mkdir(exist_ok=True)
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, str(folder / "run"), *arguments],
                cwd="/",
                env=outside_environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=follows_parent(signal.SIGTERM),
            )

    def record(self) -> dict[str, Any]:
        """services.json as it is now."""
        return dict(json.loads(self.record_file.read_text()))

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something of it; its own words are the message when it does not come."""
        try:
            patience.until(lambda: condition() or self.process.poll() is not None, LIMIT, what)
            assert condition(), f"{what}: it ended with {self.process.poll()}"
        except Exception as error:
            raise AssertionError(f"{error}\n{self.out.read_text()}\n{self.err.read_text()}") from error

    def wait_ready(self) -> dict[str, Any]:
        """Wait until its services are up; what it wrote about them."""
        self.wait(lambda: self.record_file.exists() and bool(self.record().get("ready")), "services")
        return self.record()

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send it a signal and wait for its end; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout=LIMIT)
        finally:
            if self.process.poll() is None:
                self.process.kill()


class Clone:
    """The files of this project elsewhere, with the same virtual environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs: list[Run] = []
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (folder / ".venv").symlink_to(ROOT / ".venv")

    def start(self, *arguments: str, **environment: str) -> Run:
        """Start ./run and go on."""
        self.runs.append(Run(self.folder, *arguments, **environment))
        return self.runs[-1]

    def answer(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Run ./run to its end: exit code, stdout, stderr."""
        done = subprocess.run(
            [sys.executable, str(self.folder / "run"), *arguments],
            cwd="/",
            env=outside_environment(**environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        return done.returncode, done.stdout, done.stderr

    def close(self) -> None:
        """End whatever was started here and forget its data, also what lies under /var/tmp."""
        for run in self.runs:
            run.end()
        self.answer("reset")


def gone(pids: dict[str, int]) -> bool:
    """Whether none of these processes runs any more."""
    return all(start_mark(pid) is None for pid in pids.values())
