"""PostgreSQL and Valkey of our own, on Unix sockets in a private folder, or those named from outside."""

import os
import shutil
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from launch import binaries
from launch.processes import Part, finish
from launch.state import MARK, State
from launch.supervisor import Supervisor

SERVICES = ("valkey", "postgres")  # the order in which they stop
OWNER = "app"
START_LIMIT = 60.0  # seconds; a recovery after SIGKILL takes a few
# For a machine of two cores that also runs everything else. Acknowledged means committed: see design, four ideas, 3.
TUNING = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "unix_socket_permissions": "0700",
}
# A test cluster is thrown away after the run: nothing has to reach the disk.
THROWN_AWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Backing:
    """The two services of one state folder."""

    def __init__(self, state: State, supervisor: Supervisor, *, durable: bool) -> None:
        self.state = state
        self.supervisor = supervisor
        self.durable = durable
        self.database_url = os.environ.get("DATABASE_URL", "")
        self.redis_url = os.environ.get("REDIS_URL", "")
        self.own_database = not self.database_url
        self.own_redis = not self.redis_url
        self.database_is_new = False
        self.sockets: Path | None = None
        self.user: str | None = None
        self.data = state.folder

    def start(self) -> None:
        """Start what was not named from outside, and wait until it answers."""
        if not (self.own_database or self.own_redis):
            return
        self.supervisor.console.step("starting PostgreSQL and Valkey")
        self.user = binaries.service_user()
        self.data = self.state.data_folder(self.user)
        self.sockets = self.state.socket_folder(self.user)
        if self.own_redis:
            self._start_valkey(self.sockets)
        if self.own_database:
            self._start_postgres(self.sockets)
        if self.own_redis:
            path = self.sockets / "valkey.sock"
            self.supervisor.until(lambda: _pong(path), START_LIMIT, "Valkey did not answer", "valkey")
            self.redis_url = f"unix://{path}?db=0"

    def remove_sockets(self) -> None:
        """The private folder goes when its servers have gone."""
        if self.sockets is not None:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def create_database(self) -> None:
        """Make our database in a fresh cluster; one named from outside is taken as it is."""
        made = self.data / "database-made"
        if not self.own_database or made.exists():
            return
        command = [str(self.postgres.bin / "createdb"), "-h", str(self.sockets), "-U", OWNER]
        command += ["--maintenance-db=postgres", "--template=template0", OWNER]
        finish(self._part("createdb", command, signal.SIGTERM), 60, "Making the database (createdb)")
        self.database_is_new = True
        made.touch()

    def _start_postgres(self, sockets: Path) -> None:
        self.postgres = binaries.postgres(self.user)
        cluster = self._cluster()
        settings = TUNING | ({} if self.durable else THROWN_AWAY) | {"unix_socket_directories": str(sockets)}
        command = [str(self.postgres.bin / "postgres"), "-D", str(cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        part = self._part("postgres", command, signal.SIGINT)  # SIGINT: PostgreSQL's fast shutdown
        self.supervisor.start(part)
        self.supervisor.until(lambda: _ready(cluster, part), START_LIMIT, "PostgreSQL did not answer", "postgres")
        self.database_url = f"postgresql://{OWNER}@/{OWNER}?host={sockets}"

    def _cluster(self) -> Path:
        """The data directory, initialised the first time; half-made ones are made again."""
        parent = self._folder_for_user("postgres")
        cluster = parent / str(self.postgres.major)
        if cluster.exists():
            return cluster
        making = parent / "making"
        shutil.rmtree(making, ignore_errors=True)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [str(self.postgres.bin / "initdb"), "-D", str(making), "-U", OWNER, "--auth=trust", "--encoding=UTF8"]
        command += locale if self.postgres.major >= 17 else ["--locale=C.UTF-8"]
        command += ["--no-instructions"] + ([] if self.durable else ["--no-sync"])
        (self.data / "database-made").unlink(missing_ok=True)
        finish(self._part("initdb", command, signal.SIGTERM), 60, "Making the database cluster (initdb)")
        making.rename(cluster)
        return cluster

    def _start_valkey(self, sockets: Path) -> None:
        folder = self._folder_for_user("valkey")
        command = [str(binaries.valkey(self.user)), "--port", "0", "--unixsocket", str(sockets / "valkey.sock")]
        command += ["--unixsocketperm", "700", "--dir", str(folder), "--databases", "64", "--daemonize", "no"]
        command += ["--save", "", "--appendonly", "yes" if self.durable else "no", "--appendfsync", "everysec"]
        command += ["--maxmemory-policy", "noeviction", "--loglevel", "warning", "--logfile", ""]
        self.supervisor.start(self._part("valkey", command, signal.SIGTERM))

    def _folder_for_user(self, name: str) -> Path:
        folder = self.data / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user is not None:
            shutil.chown(folder, self.user)
        return folder

    def _part(self, name: str, command: list[str], stop_signal: signal.Signals) -> Part:
        log, environment = self.state.logs / f"{name}.log", service_environment(self.state)
        # Their logs are for when something is wrong: they say much that is of no concern to a race.
        return Part(name, command, log, environment, self.user, stop_signal, shown=False)


def service_environment(state: State) -> Mapping[str, str]:
    """What the services see of our environment: nothing that could change what they do."""
    kept = {name: os.environ[name] for name in ("PATH", "TZ", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C", MARK: str(state.folder)}


def _ready(cluster: Path, part: Part) -> bool:
    """PostgreSQL writes its state in the eighth line of its pid file; its own pg_ctl waits for that too."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and part.alive and lines[0] == str(part.pid) and lines[7].strip() == "ready"


def _pong(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(1)
        try:
            asking.connect(str(path))
            asking.sendall(b"PING\r\n")
            return asking.recv(64).startswith(b"+PONG")
        except OSError:
            return False
