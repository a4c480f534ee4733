"""Child processes that never outlive `./run`, and that can be found again if they do."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launch import patience
from launch.console import Trouble

PR_SET_PDEATHSIG = 1
LAST_LINES = 20


class PartFailed(Trouble):
    """A part did not do what it must; the message ends with the last lines it wrote."""


@dataclass
class Part:
    """One child process: what it is called, how it is started, where it writes, how it is asked to stop."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    output: Path | None = None  # stdout apart from the log, where it is an answer
    restarts: bool = True
    shown: bool = True  # its log, where logs are shown
    folder: str = "/"
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """Process id; it leads its own process group of the same number."""
        assert self.process is not None, f"{self.name} was not started"
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs (a dead one is reaped by the look)."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it in a process group of its own, with a signal waiting for it should its parent die."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log, (self.output or self.log).open("ab") as output:
            self.process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                env=dict(self.environment),
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=follows_parent(self.stop_signal),
                **as_user(self.user),
            )

    def ask(self) -> None:
        """Ask it to stop; its own children are its own affair."""
        if self.alive:
            os.kill(self.pid, self.stop_signal)

    def end(self) -> None:
        """Kill whatever is left of its process group, also when the leader is long dead."""
        if self.process is not None:
            kill_group(self.pid)
            if self.alive:
                self.process.wait(timeout=5)


def follows_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child does before it becomes its program: on Linux the kernel then sends it a signal when `run` dies.

    Set after the change of user, which would clear it. Elsewhere the next start finds left-overs by services.json.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died between the fork and the line above
            os._exit(1)

    return arrange


def as_user(name: str | None) -> dict[str, Any]:
    """Popen arguments that run a child as another user, with no groups left over from ours."""
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def kill_group(leader: int) -> None:
    """SIGKILL to a process group; that it is already gone is what we want."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says EPERM of a group that has only zombies
        return


def last_lines(log: Path, count: int = LAST_LINES) -> str:
    """The end of a log, indented, for a message."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 16_384))
            lines = stream.read().decode("utf-8", "replace").splitlines()[-count:]
    except FileNotFoundError:
        lines = []
    return "\n".join(f"  | {line}" for line in lines) or "  | (it wrote nothing)"


def start_mark(pid: int) -> str | None:
    """When a process started (Linux: boot and tick); together with its pid that names it. None: it does not run."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, timeout=5)
        return answer.stdout.strip() or None
    state, *rest = stat.rpartition(")")[2].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None if state == "Z" else f"{boot} {rest[18]}"


def finish(part: Part, seconds: float, doing: str, meanwhile: Callable[[], None] = patience.look) -> None:
    """Run a part to its end, which has to be a good one and in time."""
    part.start()
    assert part.process is not None
    deadline = time.monotonic() + seconds
    try:
        while part.alive:
            patience.look()
            meanwhile()
            if time.monotonic() > deadline:
                raise PartFailed(f"{doing} did not finish within {seconds:g} s:\n{last_lines(part.log)}")
            time.sleep(patience.PAUSE)
    finally:
        part.end()
    if part.process.returncode != 0:
        raise PartFailed(f"{doing} failed (exit {part.process.returncode}):\n{last_lines(part.log)}")


def foreground(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> int:
    """Run a command that owns the terminal, and return its exit code.

    Ctrl-C reaches it from the terminal itself; what was sent to `run` alone is passed on. 15 s after being
    asked to stop it is killed.
    """
    process = subprocess.Popen(
        list(command), env=dict(environment), cwd=folder, preexec_fn=follows_parent(signal.SIGTERM)
    )
    deadline = None
    while process.poll() is None:
        if deadline is None and patience.asked():
            deadline = time.monotonic() + 15
            number = patience.asked()[0]
            if number != signal.SIGINT or not os.isatty(0):
                process.send_signal(number)
        if deadline is not None and (time.monotonic() > deadline or len(patience.asked()) > 2):
            process.kill()
        time.sleep(patience.PAUSE)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode
