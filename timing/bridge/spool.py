"""What machines said, on the laptop's disk: kept before it is acknowledged, and until the server has it, and after.

One SQLite file, each write flushed to the disk before it returns. Bodies are put into parcels, a parcel is one delivery.
Which bodies a parcel holds is written down before it is sent: after a power cut the same parcel goes out under the same key
once more, and the server knows it already.
"""

import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from timing.gateway.line import TELLING, NotKept
from timing.gateway.lines import LAST_BODIES

PARCEL_BYTES = 256 * 1024
#: Before the source of a body: what to call reads that name no reader, unless the server knows better.
UNNAMED = "?"
TELLS = f"(key LIKE '{TELLING}%')"
TABLES = """
CREATE TABLE IF NOT EXISTS bridge (id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS parcel (
  id INTEGER PRIMARY KEY AUTOINCREMENT, make TEXT NOT NULL, date TEXT NOT NULL, source TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'ready', told TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS body (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, make TEXT NOT NULL, label TEXT NOT NULL,
  source TEXT NOT NULL, at TEXT NOT NULL, date TEXT NOT NULL, bytes BLOB NOT NULL, parcel INTEGER REFERENCES parcel
);
CREATE INDEX IF NOT EXISTS body_waiting ON body (id) WHERE parcel IS NULL;
CREATE INDEX IF NOT EXISTS parcel_waiting ON parcel (id) WHERE state = 'ready';
CREATE INDEX IF NOT EXISTS body_of_parcel ON body (parcel);
"""


class Parcel(NamedTuple):
    """One delivery: bodies of one make, source and day, in the order in which they were said."""

    number: int
    key: str
    make: str
    date: str
    source: str  # the name of machines that have none; empty for those that name themselves
    since: datetime  # when its first body came
    body: bytes


class Queue(NamedTuple):
    """What waits: how many bodies and bytes, and since when; what the server would not have."""

    bodies: int
    bytes: int
    since: datetime | None
    refused: int


class Spool:
    """The file. Its methods may be called from any thread.

    Opening raises NotKept where another bridge has the file, or the folder cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        with _said():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = sqlite3.connect(path, timeout=2, isolation_level=None, check_same_thread=False)
            self.file.execute("PRAGMA locking_mode = EXCLUSIVE")  # one bridge at a time
            self.file.execute("PRAGMA journal_mode = WAL")
            self.file.execute("PRAGMA synchronous = FULL")
            self.file.executescript(TABLES)
            with self._write():
                known = self.file.execute("SELECT id FROM bridge").fetchone()
                self.id = known[0] if known else uuid.uuid4().hex
                if not known:
                    self.file.execute("INSERT INTO bridge VALUES (?)", [self.id])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self.file.close()

    def keep(self, key: str, make: str, label: str, body: bytes, *, at: datetime, date: str, source: str = "") -> None:
        """Keep a body; when this returns, it is on the disk. The same key again is the same body. Raises NotKept."""
        columns = "key, make, label, at, date, source, bytes"
        values = (key, make, label, at.isoformat(), date, source, body)
        with self._write():
            self.file.execute(
                f"INSERT INTO body ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values
            )

    def last(self, label: str) -> bytes:
        """The last bodies of a machine that told more than how it is, in order, as one; empty for none. Raises NotKept."""
        said = f"SELECT bytes FROM body WHERE label = ? AND NOT {TELLS} ORDER BY id DESC LIMIT {LAST_BODIES}"
        with self._lock, _said():
            rows = self.file.execute(said, [label]).fetchall()
        return b"".join(bytes(row[0]) for row in reversed(rows))

    def next(self) -> Parcel | None:
        """The parcel that is to be sent now, the oldest first; None when all is sent. Raises NotKept."""
        with self._write():
            ready = "SELECT id, make, date, source FROM parcel WHERE state = 'ready' ORDER BY id"
            number, make, date, source = self.file.execute(ready).fetchone() or self._packed() or (0, "", "", "")
        if not number:
            return None
        with self._lock, _said():
            rows = self.file.execute("SELECT at, bytes FROM body WHERE parcel = ? ORDER BY id", [number]).fetchall()
        body = b"".join(row[1] for row in rows)
        return Parcel(
            number, f"bridge {self.id} {number}", make, date, source, datetime.fromisoformat(rows[0][0]), body
        )

    def _packed(self) -> tuple[int, str, str, str] | None:
        """What only tells how a machine is goes alone: when it was said is then when the parcel began."""
        waiting = f"SELECT make, date, source, {TELLS} FROM body WHERE parcel IS NULL ORDER BY id"
        first = self.file.execute(waiting).fetchone()
        if first is None:
            return None
        number = self.file.execute("INSERT INTO parcel (make, date, source) VALUES (?, ?, ?)", first[:3]).lastrowid
        size = 0
        chosen: list[tuple[int | None, int]] = []
        same = f"parcel IS NULL AND make = ? AND date = ? AND source = ? AND {TELLS} = ?"
        for body, length in self.file.execute(f"SELECT id, length(bytes) FROM body WHERE {same} ORDER BY id", first):
            if chosen and (first[3] or size + length > PARCEL_BYTES):
                break
            chosen.append((number, body))
            size += length
        self.file.executemany("UPDATE body SET parcel = ? WHERE id = ?", chosen)
        assert number is not None
        return number, first[0], first[1], first[2]

    def done(self, parcel: Parcel, *, refused: str = "") -> None:
        """The server has it; or it would not, and why: then it stays here for somebody to look at. Raises NotKept."""
        with self._write():
            state = "refused" if refused else "sent"
            self.file.execute(
                "UPDATE parcel SET state = ?, told = ? WHERE id = ?", [state, refused[:500], parcel.number]
            )

    def queue(self) -> Queue:
        """What waits."""
        waiting = (
            "FROM body LEFT JOIN parcel ON parcel.id = body.parcel WHERE parcel.id IS NULL OR parcel.state = 'ready'"
        )
        with self._lock, _said():
            row = self.file.execute(f"SELECT count(*), coalesce(sum(length(bytes)), 0), min(at) {waiting}").fetchone()
            refused = self.file.execute("SELECT count(*) FROM parcel WHERE state = 'refused'").fetchone()[0]
        return Queue(row[0], row[1], datetime.fromisoformat(row[2]) if row[2] else None, refused)

    @contextmanager
    def _write(self) -> Iterator[None]:
        with self._lock, _said():
            self.file.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.file.execute("COMMIT")
            except BaseException:
                if self.file.in_transaction:
                    self.file.execute("ROLLBACK")
                raise


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as problem:
        raise NotKept(f"the disk does not take it: {problem}") from problem
