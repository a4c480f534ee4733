"""A Chromium for the browser tests: one that is here, else one that is fetched, else a clear failure. Never a skip."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from launch.console import Console, Trouble
from launch.places import PYTHON

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
PLAYWRIGHT = (
    "chromium_headless_shell-*/*/*headless[-_]shell",
    "chromium-*/*/chrome",
    "chromium-*/*/*.app/Contents/MacOS/*",
)
FETCH_LIMIT = 300  # seconds
NONE = (
    "No Chromium for the browser tests, and none could be fetched. Install one (Debian: sudo apt install chromium; "
    "elsewhere: .venv/bin/python -m playwright install --only-shell chromium) or name one in $CHROMIUM."
)


def ensure(console: Console) -> str:
    """The path of a Chromium that starts. Raises Trouble when there is none to be had."""
    if (found := find()) is not None:
        return found
    if os.getuid() == 0 and shutil.which("apt-get"):
        console.step("no Chromium here: installing Debian's (once)")
        _fetch(["apt-get", "update", "-q"])
        _fetch(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"])
        if (found := find()) is not None:
            return found
    console.step("no Chromium here: asking Playwright for its own (once)")
    _fetch([str(PYTHON), "-m", "playwright", "install", "--only-shell", "chromium"])
    if (found := find()) is not None:
        return found
    raise Trouble(NONE)


def find() -> str | None:
    """$CHROMIUM, Playwright's own, then whatever this machine has; the first that starts."""
    if named := os.environ.get("CHROMIUM"):
        if not _starts(named):
            raise Trouble(f"$CHROMIUM names {named}, which does not start.")
        return named
    on_path = [found for name in NAMES if (found := shutil.which(name))]
    return next((path for path in (*_of_playwright(), *on_path, *APPLICATIONS) if _starts(path)), None)


def _of_playwright() -> list[str]:
    default = "~/Library/Caches/ms-playwright" if sys.platform == "darwin" else "~/.cache/ms-playwright"
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or default).expanduser()
    try:
        return [str(path) for pattern in PLAYWRIGHT for path in sorted(folder.glob(pattern), reverse=True)]
    except OSError:
        return []


def _starts(path: str) -> bool:
    """A browser without its libraries is no browser."""
    if not os.access(path, os.X_OK):
        return False
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _fetch(command: Sequence[str]) -> None:
    """Try to get one; whether it worked is seen by looking for it again."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(
            list(command), capture_output=True, timeout=FETCH_LIMIT, env=environment, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return
