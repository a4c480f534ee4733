"""Where things lie: the clone, its virtual environment, and what is kept elsewhere when a clone cannot be reached."""

import hashlib
import os
import stat
import sys
from pathlib import Path

from launch.console import Trouble

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STATES = ROOT / ".state"
NAME = "daguguan"
PUBLIC = Path("/var/tmp")  # survives a restart, unlike /tmp


def site_packages() -> Path:
    """The packages of the virtual environment, which was made by the Python that runs this."""
    return VENV / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def outside(*names: str) -> Path:
    """A folder of ours under /var/tmp, for services that run as a user who cannot enter the clone (root's home).

    The name holds our user id and the folder must be ours and closed to other writers: /var/tmp is everybody's, and who
    gets there first must not be able to hand us binaries.
    """
    folder = PUBLIC / f"{NAME}-{os.getuid()}"
    for name in ("", *names):
        folder = folder / name
        folder.mkdir(mode=0o755, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
            raise Trouble(f"{folder} is not ours alone: remove it, or ask its owner to.")
        folder.chmod(0o755)
    return folder


def clone_mark() -> str:
    """A short name for this clone, for what is kept outside it."""
    return hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
