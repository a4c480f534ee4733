"""`./run check`: lint, types, import contracts, Django's own, migrations, translations: each with a line."""

import sys
import time
from collections.abc import Iterator

from launch import packages
from launch.console import Console
from launch.places import ROOT
from launch.processes import PartFailed, finish
from launch.site import opened
from launch.suite import a_run

LIMIT = 600.0  # seconds for one check
IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def checks() -> Iterator[tuple[str, list[str]]]:
    """Name and Python arguments of each check."""
    yield "lint", ["-m", "ruff", "check", ".", "run"]
    yield "format", ["-m", "ruff", "format", "--check", ".", "run"]
    yield "types", ["-m", "mypy"]
    yield "imports", ["-c", IMPORTS]
    yield "django", ["manage.py", "check", "--fail-level", "WARNING"]
    yield "migrations", ["manage.py", "makemigrations", "--check", "--dry-run"]
    if any(ROOT.glob("*/management/commands/check_translations.py")):
        yield "translations", ["manage.py", "check_translations"]


def main(arguments: list[str]) -> int:
    """Run every check, also after one has failed; 0 only if all are content."""
    console, failed = Console(sys.stdout), []
    with a_run() as name, opened(name, console, "check", durable=False, locks=packages.DEVELOPMENT) as site:
        for name, command in checks():
            begun = time.monotonic()
            part = site.part(f"check-{name}", *command)
            try:
                finish(part, LIMIT, name)
            except PartFailed:
                failed.append(name)
            word = console.paint("failed", "31") if name in failed else console.paint("ok", "32")
            console.say(f"{name:<14} {word} ({time.monotonic() - begun:.1f} s)")
            if name in failed:
                console.say(part.log.read_text(errors="replace").rstrip())
    console.say(f"failed: {', '.join(failed)}" if failed else "all ok")
    return 1 if failed else 0
