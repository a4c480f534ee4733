"""A state folder: who uses it now, what was started in it, and what an earlier run may have left running."""

import contextlib
import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launch import places
from launch.console import Trouble
from launch.processes import Part, kill_group, start_mark

MARK = "DAGUGUAN_RUN"  # set for parts only, never for a shell or a command in the foreground
BUSY = 3  # exit code: somebody else is at work here


class Busy(Trouble):
    """Another run holds this state folder."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = record
        url = f" at {record['url']}" if record.get("url") else ""
        super().__init__(
            f"already running{url} (./run {record.get('what', '...')}, pid {record.get('run', '?')})", BUSY
        )


class State:
    """One folder under .state with a lock; only its holder starts or ends anything in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = places.STATES / name
        self.logs = self.folder / "log"
        self.record_file = self.folder / "services.json"
        self._lock: int | None = None

    def take(self) -> None:
        """Take the lock, and end what a killed run left behind. Raises Busy when another run lives."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise Busy(self.record()) from None
        self._lock = lock
        self._end_leftovers()

    def try_take(self) -> bool:
        """Take the lock if it is free."""
        try:
            self.take()
        except Busy:
            return False
        return True

    def release(self) -> None:
        """Give the lock back; what was recorded is over."""
        self.record_file.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def record(self) -> dict[str, Any]:
        """What the running holder wrote about itself; empty when there is nothing to read."""
        try:
            return dict(json.loads(self.record_file.read_text()))
        except (OSError, ValueError):
            return {}

    def write_record(self, facts: Mapping[str, Any], parts: Mapping[str, Part]) -> None:
        """services.json: the facts, the pid of each part, and what tells its process from a later one of that pid."""
        pids = {name: part.pid for name, part in parts.items() if part.process is not None}
        marks = {name: start_mark(pid) for name, pid in pids.items()}
        stops = {name: int(parts[name].stop_signal) for name in pids}
        text = json.dumps({"run": os.getpid(), **facts, "services": pids, "started": marks, "stop": stops}, indent=1)
        making = self.record_file.with_suffix(".new")
        making.write_text(text)
        making.replace(self.record_file)

    def secret(self) -> str:
        """A secret key of this folder's own, kept so that a session survives a restart."""
        path = self.folder / "secret-key"
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
                stream.write(secrets.token_urlsafe(50))
        return path.read_text()

    def wipe(self) -> None:
        """Remove everything but the lock that is held, also what lies outside the clone."""
        for path in self.folder.iterdir():
            if path.name != "lock":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        outside = self._outside()
        shutil.rmtree(outside, ignore_errors=True)
        for folder in outside.parents:
            if folder.parent == places.PUBLIC:
                break
            with contextlib.suppress(OSError):  # not empty: another state of this clone lies there
                folder.rmdir()

    def remove(self) -> None:
        """Remove the folder itself, and the lock with it."""
        self.wipe()
        self.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def data_folder(self, user: str | None) -> Path:
        """Where services keep their data: here, or under /var/tmp when that user cannot come here."""
        if user is None or _can_enter(self.folder, user):
            return self.folder
        places.outside(places.clone_mark(), *self.name.split("/"))
        return self._outside()

    def socket_folder(self, user: str | None) -> Path:
        """A fresh folder with a short name: a socket's path may have 107 bytes, a clone's own path may be longer."""
        folder = Path(tempfile.mkdtemp(prefix="dgg-", dir="/tmp"))
        if user is not None:
            shutil.chown(folder, user)
        return folder

    def _outside(self) -> Path:
        return places.PUBLIC / f"{places.NAME}-{os.getuid()}" / places.clone_mark() / self.name

    def _end_leftovers(self) -> None:
        """End what a run that was killed itself started here: politely, then by force after 10 s."""
        record = self.record()
        marks, stops = record.get("started", {}), record.get("stop", {})

        def left() -> dict[str, int]:
            return {name: pid for name, pid in record.get("services", {}).items() if _is(pid, marks.get(name))}

        for name, pid in left().items():
            os.kill(pid, stops.get(name, signal.SIGTERM))
        deadline = time.monotonic() + 10
        while left() and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in left().values():
            kill_group(pid)
        for pid in _marked(self.folder):
            os.kill(pid, signal.SIGKILL)
        if sockets := record.get("sockets"):
            shutil.rmtree(sockets, ignore_errors=True)
        self.record_file.unlink(missing_ok=True)


def _is(pid: int, mark: str | None) -> bool:
    """Whether this pid is still the process that was marked, not a later one that was given the same number."""
    return mark is not None and start_mark(pid) == mark


def _marked(folder: Path) -> list[int]:
    """Processes that carry this folder's mark in their environment: children of parts whose leader is long dead."""
    wanted = f"{MARK}={folder}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:  # somebody else's, or gone meanwhile
            continue
    return found


def _can_enter(folder: Path, user: str) -> bool:
    """Whether every folder on the way lets a user pass who shares no group with us."""
    uid = pwd.getpwnam(user).pw_uid
    for path in (folder, *folder.parents):
        found = path.stat()
        if not found.st_mode & (0o100 if found.st_uid == uid else 0o001):
            return False
    return True
